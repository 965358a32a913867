"""What a live call has that a recording has not: evidence audio, echo, and trouble with the sound."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from audio.echo.watch import EchoWatch, Heard
from audio.errors import AudioError
from audio.recording.recorder import Recorder
from audio.trouble.watch import TroubleWatch
from audio.types import AudioChunk, AudioGap, Channel, Trouble
from detection.events import ConsentRecorded, EchoHeard, Event, RecordingEnded, SoundKept, SoundTroubled
from detection.types import Segment

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveBasis:
    """On what consent a live call is kept, and in which folder its sound; None keeps no sound."""

    consent: ConsentRecorded
    recordings: Path | None


class Listening:
    """Follows one live call's sound, at `CALL_RATE`, on the thread that takes it in.

    Without a `recorder` no sound is kept.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder
        self._echo = EchoWatch()
        self._trouble = TroubleWatch()

    @classmethod
    def begin(cls, basis: LiveBasis, case_id: str) -> Self:
        """For the call of `case_id`. Raises `AudioError` where it is to be recorded and cannot be."""
        folder = basis.recordings
        return cls(Recorder(folder, case_id, tuple(Channel)) if folder else None)

    def hear(self, sound: AudioChunk | AudioGap, *, has_speech: bool) -> list[Event]:
        """Take in the next sound of either channel; what there is to store about it."""
        self._echo.push(sound)
        found = self._trouble.push(sound, has_speech=has_speech)
        events: list[Event] = [troubled(trouble) for trouble in found]
        if self._recorder:
            try:
                self._recorder.push(sound)
            except AudioError as error:
                events.append(self._recorded(self._recorder, sound.end, str(error)))
                self._recorder = None
        return events

    def can_keep(self, segment: Segment) -> bool:
        """Whether enough was heard of the other side to tell what of `segment` is echo."""
        return segment.channel is not Channel.AGENT or segment.end <= self._echo.heard_until

    def keep(self, segment: Segment, *, is_open: bool = False) -> tuple[Segment | None, list[Event]]:
        """What of a segment is to be judged: all, the agent's own words, or nothing of an echo.

        Of speech that `is_open` nothing is learnt: how often it is looked at depends on the machine.
        """
        if segment.channel is not Channel.AGENT:
            return segment, []
        judged = self._echo.judge(segment.start, segment.end, learns=not is_open)
        if judged.heard is Heard.ECHO:
            delay_ms, level_db = judged.delay_ms or 0.0, judged.level_db or 0.0
            return None, [EchoHeard(segment.start, segment.end, delay_ms, level_db, segment.end)]
        if judged.heard is Heard.BOTH and judged.samples is not None:
            return replace(segment, samples=judged.samples), []
        return segment, []

    def abandon(self) -> None:
        """The call did not begin: nothing is left of its recording."""
        if self._recorder:
            self._recorder.discard()

    def end(self, at: int) -> list[Event]:
        """The call is over: what was recorded of it."""
        if self._recorder is None:
            return []
        problem = ""
        try:
            self._recorder.close()
        except AudioError as error:
            problem = str(error)
        return [self._recorded(self._recorder, at, problem)]

    def _recorded(self, recorder: Recorder, at: int, problem: str) -> RecordingEnded:
        if problem:
            _log.warning("%s", problem)
        files = tuple(
            SoundKept(file.channel, file.path.name, file.samples, file.sha256)
            for file in recorder.files()
        )
        return RecordingEnded(files, problem, at)


def troubled(trouble: Trouble) -> SoundTroubled:
    """The event of a trouble that has begun or ended."""
    return SoundTroubled(trouble.kind, trouble.channel, trouble.start, trouble.end, trouble.told)
