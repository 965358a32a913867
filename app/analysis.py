"""A recording from start to finished case, for the commands that wait for it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.call.session import Session
from app.case_state import CaseState
from app.cases.writer import CaseWriter
from app.engines import Engines
from audio.errors import AudioError
from audio.file_source import Caller, FileSource
from audio.types import Channel
from detection.events import Event
from detection.voice.enrolment import Enrolment, WatchedVoice

Progress = Callable[[float, float | None], None]
"""Told how many seconds were taken in, and of how many where that is known."""

_POLL_S = 0.1


def analyze_file(
    path: Path,
    caller: Caller | None,
    engines: Engines,
    writer: CaseWriter,
    on_progress: Progress | None = None,
    *,
    claimed: Enrolment | None = None,
    watched: Sequence[WatchedVoice] = (),
    subject: Channel = Channel.CALLER,
) -> tuple[CaseState, Exception | None]:
    """Walk one recording as fast as it goes and store its case.

    `subject` is the side whose voice is judged and who has to say that it is an AI; `claimed` and
    `watched` are for callers. Returns the state folded from what was stored, and why the walk ended
    early where it did. Raises `AudioError` where the file is no recording or has no side of its own for
    `subject`, and `DetectionError` where `claimed` cannot be compared; then no case is made.
    """
    source = FileSource(path, caller)
    if subject not in source.channels:
        raise AudioError(
            f"{path} has no side of the help desk to judge, for everything in it is on one channel: "
            "export both sides of the call as two channels."
        )
    state = CaseState("")

    def on_stored(case_id: str, events: Sequence[Event]) -> None:
        state.case_id = case_id
        for event in events:
            state.apply(event)

    session = engines.session(source, writer, on_stored, claimed, watched, subject=subject)
    session.start()
    try:
        while not session.wait(_POLL_S):
            if on_progress:
                on_progress(*session.progress)
    except BaseException:
        _end(session)
        raise
    return state, session.error


def _end(session: Session) -> None:
    """Stop and wait; each further Ctrl-C gives up on judging what was heard, never on storing it."""
    judge_rest = True
    while True:
        session.stop(judge_rest=judge_rest)
        try:
            session.wait()
        except KeyboardInterrupt:
            judge_rest = False
        else:
            return
