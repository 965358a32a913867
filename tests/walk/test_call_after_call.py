"""Calls found in what is heard, each a case of its own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.call.call_after_call import CallAfterCall
from app.call.session import Session
from app.cases.reader import CaseReader
from app.cases.writer import CaseWriter
from audio.errors import AudioError
from audio.source import AudioSource
from audio.types import CALL_RATE, AudioChunk, Channel
from detection.events import CallEnded, Event, GapHeard, UtteranceHeard
from detection.segmenter import Segmenter
from tests.fakes import ScriptedSource, chunks_of
from tests.walk.test_session import LoudVad, ScriptedPipeline, session_of, speech

QUIET_S = 40


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CaseWriter]:
    writer = CaseWriter(tmp_path / "cases.db")
    yield writer
    writer.close()


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * CALL_RATE), np.float32)


def both_sides(far: np.ndarray) -> list[AudioChunk]:
    """`far` as the caller's side, and the same beside it as the agent's, block by block."""
    sound = far * np.resize(np.array([1, -1], np.float32), len(far))
    caller, agent = chunks_of(Channel.CALLER, sound), chunks_of(Channel.AGENT, sound * 0.5)
    return [item for pair in zip(caller, agent, strict=True) for item in pair]


def segmenters() -> dict[Channel, Segmenter]:
    return {channel: Segmenter(channel, LoudVad()) for channel in Channel}  # pyright: ignore[reportArgumentType]


def listen(source: ScriptedSource, writer: CaseWriter) -> tuple[list[Session], CallAfterCall]:
    opened: list[Session] = []

    def open_call(call: AudioSource) -> Session:
        opened.append(session_of(call, ScriptedPipeline(), writer))  # pyright: ignore[reportArgumentType]
        return opened[-1]

    calls = CallAfterCall(source, segmenters(), open_call)
    calls.start()
    assert calls.wait(60)
    return opened, calls


def stored(tmp_path: Path, case_id: str) -> list[Event]:
    with CaseReader(tmp_path / "cases.db") as reader:
        return [entry.event for entry in reader.events(case_id)]


def test_each_call_is_a_case_from_its_first_word_to_its_last(tmp_path: Path, writer: CaseWriter):
    far = np.concatenate([quiet(5), speech(30), quiet(QUIET_S), speech(20), quiet(QUIET_S)])
    opened, calls = listen(ScriptedSource(both_sides(far), pause_s=0.0005), writer)
    assert calls.error is None
    assert len(opened) == 2
    for session, seconds in zip(opened, (30, 20), strict=True):
        events = stored(tmp_path, session.case_id)
        heard = [
            event.utterance
            for event in events
            if isinstance(event, UtteranceHeard) and event.utterance.channel is Channel.CALLER
        ]
        assert heard[0].start < 0.5 * CALL_RATE
        assert heard[-1].end == pytest.approx(seconds * CALL_RATE, abs=1.0 * CALL_RATE)
        assert not [event for event in events if isinstance(event, GapHeard)]
        ended = events[-1]
        assert isinstance(ended, CallEnded)
        assert ended.reason == "finished"


def test_a_ping_is_no_call_and_leaves_no_case(tmp_path: Path, writer: CaseWriter):
    far = np.concatenate([quiet(5), speech(1), quiet(QUIET_S)])
    opened, _ = listen(ScriptedSource(both_sides(far)), writer)
    assert opened == []
    with CaseReader(tmp_path / "cases.db") as reader:
        assert list(reader.summaries()) == []


def test_a_call_that_goes_on_when_listening_is_stopped_ends_there(tmp_path: Path, writer: CaseWriter):
    far = np.concatenate([quiet(2), speech(30)])
    opened: list[Session] = []

    def open_call(call: AudioSource) -> Session:
        opened.append(session_of(call, ScriptedPipeline(), writer))  # pyright: ignore[reportArgumentType]
        return opened[-1]

    source = ScriptedSource(both_sides(far), hold=True)
    calls = CallAfterCall(source, segmenters(), open_call)
    calls.start()
    while not opened or opened[0].progress[0] < 20:
        assert not calls.wait(0.05)
    calls.stop()
    assert calls.wait(30)
    assert isinstance(stored(tmp_path, opened[0].case_id)[-1], CallEnded)


def test_listening_that_ends_by_itself_tells_why(tmp_path: Path, writer: CaseWriter):
    lost = AudioError("Speakers were lost.")
    far = np.concatenate([quiet(2), speech(20)])
    opened, calls = listen(ScriptedSource(both_sides(far), error=lost), writer)
    assert calls.error is lost
    assert isinstance(stored(tmp_path, opened[0].case_id)[-1], CallEnded)
