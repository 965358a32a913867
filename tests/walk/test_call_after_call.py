"""Calls found in what is heard, each a case of its own."""

import threading
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
from detection.events import CallEnded, GapHeard, UtteranceHeard
from detection.segmenter import Segmenter
from tests.audio.hearing import until
from tests.fakes import ScriptedSource, chunks_of
from tests.walk.scripted import LoudVad, ScriptedPipeline, session_of, speech, stored

QUIET_S = 40


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
        opened.append(session_of(call, ScriptedPipeline(), writer))
        return opened[-1]

    calls = CallAfterCall(source, segmenters(), open_call)
    calls.start()
    assert calls.wait(60)
    return opened, calls


def end_of(tmp_path: Path, session: Session) -> str:
    last = stored(tmp_path, session.case_id)[-1]
    assert isinstance(last, CallEnded)
    return last.reason


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
        assert end_of(tmp_path, session) == "finished"


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
        opened.append(session_of(call, ScriptedPipeline(), writer))
        return opened[-1]

    source = ScriptedSource(both_sides(far), hold=True)
    calls = CallAfterCall(source, segmenters(), open_call)
    calls.start()
    until(lambda: opened and opened[0].progress[0] >= 20)
    assert not calls.wait(0)
    calls.stop()
    assert calls.wait(30)
    assert calls.error is None
    assert end_of(tmp_path, opened[0]) == "stopped"


def test_a_call_that_is_found_while_the_last_is_judged_is_kept_from_its_start_on(
    tmp_path: Path, writer: CaseWriter
):
    """Though it is over, and more than the pre-roll long, before its turn comes."""
    may_judge = threading.Event()
    opened: list[Session] = []

    def open_call(call: AudioSource) -> Session:
        pipeline = ScriptedPipeline(lambda _: may_judge.wait(30))
        opened.append(session_of(call, pipeline, writer))
        return opened[-1]

    far = np.concatenate([quiet(2), speech(10), quiet(QUIET_S), speech(35), quiet(QUIET_S)])
    calls = CallAfterCall(ScriptedSource(both_sides(far)), segmenters(), open_call)
    calls.start()
    until(lambda: calls._waiting)
    assert not calls.wait(0)
    may_judge.set()
    assert calls.wait(60)
    assert calls.error is None
    first, second = opened
    assert [end_of(tmp_path, call) for call in (first, second)] == ["finished", "finished"]
    told = stored(tmp_path, second.case_id)
    assert not [event for event in told if isinstance(event, GapHeard)]
    heard = [event.utterance for event in told if isinstance(event, UtteranceHeard)]
    assert heard[0].start < 0.5 * CALL_RATE
    assert heard[-1].end == pytest.approx(35 * CALL_RATE, abs=CALL_RATE)


def test_listening_ends_with_a_call_that_fails_and_tells_why(writer: CaseWriter):
    def open_call(call: AudioSource) -> Session:
        def fail(_: object) -> None:
            raise ValueError("the judge is broken")

        return session_of(call, ScriptedPipeline(fail), writer)

    source = ScriptedSource(both_sides(np.concatenate([quiet(2), speech(60)])), hold=True)
    calls = CallAfterCall(source, segmenters(), open_call)
    calls.start()
    assert calls.wait(30)
    assert str(calls.error) == "the judge is broken"


def test_a_source_that_fails_to_stop_does_not_keep_listening_from_ending(
    tmp_path: Path, writer: CaseWriter
):
    class Stuck(ScriptedSource):
        def stop(self) -> None:
            super().stop()
            raise OSError("the device is gone")

    far = np.concatenate([quiet(2), speech(20)])
    opened, calls = listen(Stuck(both_sides(far)), writer)
    assert str(calls.error) == "the device is gone"
    assert end_of(tmp_path, opened[0]) == "failed"


def test_listening_that_ends_by_itself_tells_why(tmp_path: Path, writer: CaseWriter):
    lost = AudioError("Speakers were lost.")
    far = np.concatenate([quiet(2), speech(20)])
    opened, calls = listen(ScriptedSource(both_sides(far), error=lost), writer)
    assert calls.error is lost
    assert end_of(tmp_path, opened[0]) == "failed"
