"""The threads of a call: order, overload, failure and stopping, with scripted sources and judges."""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from app.call.listening import LiveBasis
from app.call.session import Session
from app.cases.writer import CaseWriter
from app.errors import CaseLogError
from audio.errors import AudioError
from audio.types import CALL_RATE, AudioGap, Channel
from detection.events import (
    CallEnded,
    CallStarted,
    ConsentRecorded,
    Event,
    GapHeard,
    NotJudged,
    RecordingEnded,
    UtteranceHeard,
)
from detection.segmenter import Segmenter
from detection.transcribe.live import OpenSpeech
from detection.types import PartialText, Segment
from tests.audio.hearing import until
from tests.fakes import ScriptedSource, chunks_of
from tests.walk.scripted import LoudVad, ScriptedPipeline, session_of, speech, stored

CALLER = Channel.CALLER


def test_a_file_waits_for_slow_judges_and_loses_nothing(tmp_path: Path, writer: CaseWriter):
    source = ScriptedSource(chunks_of(CALLER, speech(60)))
    session = session_of(source, ScriptedPipeline(lambda _: time.sleep(0.01)), writer)
    session.start()
    assert session.wait(30)
    events = stored(tmp_path, session.case_id)
    assert isinstance(events[0], CallStarted)
    assert events[-1] == CallEnded("finished", 60 * CALL_RATE)
    assert not [e for e in events if isinstance(e, NotJudged | GapHeard)]
    heard = [e.utterance for e in events if isinstance(e, UtteranceHeard)]
    assert len(heard) == 24
    assert session.progress == (60.0, 60.0)


def test_a_live_call_never_falls_behind_and_stores_what_it_skipped(tmp_path: Path, writer: CaseWriter):
    """100 s arrive at once: the ring keeps 4 s and the queue 30; all else is in the log as lost."""
    go_on = threading.Event()
    source = ScriptedSource(chunks_of(CALLER, speech(100)), is_live=True, hold=True)
    session = session_of(source, ScriptedPipeline(lambda _: go_on.wait(10)), writer)
    session.start()
    time.sleep(0.5)
    go_on.set()
    session.stop()
    assert session.wait(20)
    events = stored(tmp_path, session.case_id)
    spans = sorted(
        [(e.utterance.start, e.utterance.end) for e in events if isinstance(e, UtteranceHeard)]
        + [(e.start, e.end) for e in events if isinstance(e, NotJudged | GapHeard)]
    )
    assert any(isinstance(e, NotJudged | GapHeard) for e in events), "nothing was skipped: no overload"
    end = 0
    for start, after in spans:
        assert start - end <= CALL_RATE, f"samples {end}-{start} are neither judged nor recorded as lost"
        end = max(end, after)
    assert events[-1].kind == "call_ended"
    assert events[-1].reason == "stopped"  # pyright: ignore[reportAttributeAccessIssue]


def test_the_listener_hears_only_what_is_in_the_log(tmp_path: Path, writer: CaseWriter):
    missing: list[Event] = []
    told: list[Event] = []

    def listener(case_id: str, events: Sequence[Event]) -> None:
        in_log = stored(tmp_path, case_id)
        missing.extend(event for event in events if event not in in_log)
        told.extend(events)

    session = session_of(
        ScriptedSource(chunks_of(CALLER, speech(20))), ScriptedPipeline(), writer, listener
    )
    session.start()
    assert session.wait(20)
    assert missing == []
    assert told == stored(tmp_path, session.case_id)


def test_a_gap_is_stored_where_it_was(tmp_path: Path, writer: CaseWriter):
    before, after = chunks_of(CALLER, speech(2)), chunks_of(CALLER, speech(6))[80:]
    gap = AudioGap(CALLER, 2 * CALL_RATE, 4 * CALL_RATE, CALL_RATE, "unplugged")
    session = session_of(ScriptedSource([*before, gap, *after]), ScriptedPipeline(), writer)
    session.start()
    assert session.wait(20)
    (event,) = (e for e in stored(tmp_path, session.case_id) if isinstance(e, GapHeard))
    assert (event.start, event.end, event.reason) == (2 * CALL_RATE, 4 * CALL_RATE, "unplugged")


def test_the_clock_never_runs_past_speech_that_is_still_open(writer: CaseWriter):
    starts: list[tuple[int, list[int]]] = []
    pipeline = ScriptedPipeline()
    pipeline._before = lambda segment: starts.append((segment.start, list(pipeline.ticks)))
    caller, agent = speech(30, 5.0), speech(30, 3.0)
    both = [
        chunk
        for pair in zip(chunks_of(CALLER, caller), chunks_of(Channel.AGENT, agent), strict=True)
        for chunk in pair
    ]
    session = session_of(ScriptedSource(both), pipeline, writer)
    session.start()
    assert session.wait(20)
    assert starts
    assert all(tick <= start for start, ticks in starts for tick in ticks)
    assert pipeline.ticks[-1] > 20 * CALL_RATE


def test_a_failing_engine_ends_the_call_with_its_reason_in_the_log(
    tmp_path: Path, writer: CaseWriter, caplog: pytest.LogCaptureFixture
):
    def fail(_: Segment) -> None:
        raise RuntimeError("the judge broke")

    session = session_of(ScriptedSource(chunks_of(CALLER, speech(20))), ScriptedPipeline(fail), writer)
    session.start()
    assert session.wait(20)
    assert "the judge broke" in str(session.error)
    assert stored(tmp_path, session.case_id)[-1].kind == "call_ended"
    assert "ended early" in caplog.text


def test_a_case_log_that_cannot_be_written_ends_the_call(
    writer: CaseWriter, caplog: pytest.LogCaptureFixture
):
    shown: list[Event] = []

    def fill_the_disk(segment: Segment) -> None:
        if segment.start > 10 * CALL_RATE:
            writer._failed = CaseLogError("The disk is full.")

    session = session_of(
        ScriptedSource(chunks_of(CALLER, speech(60)), hold=True),
        ScriptedPipeline(fill_the_disk),
        writer,
        lambda _, events: shown.extend(events),
    )
    session.start()
    assert session.wait(20)
    assert str(session.error) == "The disk is full."
    assert max(e.at for e in shown) <= 15 * CALL_RATE
    with pytest.raises(CaseLogError):
        writer.close()


def test_stopping_keeps_what_was_heard(tmp_path: Path, writer: CaseWriter):
    source = ScriptedSource(chunks_of(CALLER, speech(10)), hold=True)
    session = session_of(source, ScriptedPipeline(), writer)
    session.start()
    until(lambda: session.progress[0] >= 9.9)
    session.stop()
    session.stop()
    assert session.wait(20)
    events = stored(tmp_path, session.case_id)
    assert len([e for e in events if isinstance(e, UtteranceHeard)]) == 4
    assert events[-1] == CallEnded("stopped", 10 * CALL_RATE)


def test_stopping_at_once_stores_the_rest_as_not_judged(tmp_path: Path, writer: CaseWriter):
    judging, go_on = threading.Event(), threading.Event()

    def judge(_: Segment) -> None:
        judging.set()
        go_on.wait(10)

    pipeline = ScriptedPipeline(judge)
    session = session_of(ScriptedSource(chunks_of(CALLER, speech(40))), pipeline, writer)
    session.start()
    assert judging.wait(10)
    session.stop(judge_rest=False)
    go_on.set()
    assert session.wait(10)
    events = stored(tmp_path, session.case_id)
    assert len([e for e in events if isinstance(e, UtteranceHeard)]) == 1
    reasons = {e.reason for e in events if isinstance(e, NotJudged)}
    assert reasons == {"the call was stopped before this was judged"}
    assert pipeline.is_whole is False


@pytest.mark.parametrize(
    ("is_live", "error", "is_whole"),
    [
        (False, None, True),
        (True, None, True),
        (False, AudioError("cut off"), False),
    ],
)
def test_only_a_call_heard_to_its_end_is_whole(
    writer: CaseWriter, is_live: bool, error: Exception | None, is_whole: bool
):
    pipeline = ScriptedPipeline()
    source = ScriptedSource(chunks_of(CALLER, speech(3)), is_live=is_live, error=error, hold=is_live)
    session = session_of(source, pipeline, writer)
    session.start()
    if is_live:
        session.stop()
    assert session.wait(10)
    assert pipeline.is_whole is is_whole


def test_a_source_that_fails_to_stop_does_not_hang_the_call(
    tmp_path: Path, writer: CaseWriter, caplog: pytest.LogCaptureFixture
):
    class Stuck(ScriptedSource):
        def stop(self) -> None:
            super().stop()
            raise OSError("the device is gone")

    session = session_of(Stuck(chunks_of(CALLER, speech(3))), ScriptedPipeline(), writer)
    session.start()
    assert session.wait(10)
    assert str(session.error) == "the device is gone"
    assert stored(tmp_path, session.case_id)[-1].kind == "call_ended"


def test_a_source_that_cannot_start_leaves_an_ended_case_and_no_recording(
    tmp_path: Path, writer: CaseWriter
):
    class Broken(ScriptedSource):
        def start(self, ring: object) -> None:
            raise OSError("unplugged")

    source, basis = Broken(chunks_of(CALLER, speech(1))), recorded_in(tmp_path)
    session = session_of(source, ScriptedPipeline(), writer, basis=basis)
    with pytest.raises(OSError, match="unplugged"):
        session.start()
    writer.close()
    *_, last = told = stored(tmp_path, session.case_id)
    assert isinstance(last, CallEnded)
    assert last.reason == "failed"
    assert not [event for event in told if isinstance(event, RecordingEnded)]
    assert list((tmp_path / "recordings").iterdir()) == []


def test_a_recording_is_completed_whatever_fails_at_the_end(tmp_path: Path, writer: CaseWriter):
    class Stuck(ScriptedSource):
        def stop(self) -> None:
            super().stop()
            raise OSError("the device is gone")

    class Failing(Segmenter):
        def flush(self) -> list[Segment]:
            raise ValueError("the detector is broken")

    source = Stuck(chunks_of(CALLER, speech(3)), is_live=True)
    session = session_of(source, ScriptedPipeline(), writer, basis=recorded_in(tmp_path))
    session._segmenters = {CALLER: Failing(CALLER, LoudVad())}  # pyright: ignore[reportArgumentType]
    session.start()
    assert session.wait(10)
    (recording,) = [e for e in stored(tmp_path, session.case_id) if isinstance(e, RecordingEnded)]
    assert [file.samples for file in recording.files] == [3 * CALL_RATE, 0]
    assert recording.problem == ""


def recorded_in(tmp_path: Path) -> LiveBasis:
    consent = ConsentRecorded("works agreement", None, keeps_audio=True)
    return LiveBasis(consent, tmp_path / "recordings")


class ScriptedText:
    """Open speech to text: how many seconds there were; `before` runs first, on the inference thread."""

    interval_s = 0.9

    def __init__(self, before: Callable[[Segment], object] = lambda _: None) -> None:
        self._before = before
        self.heard: list[Segment] = []

    def hear(self, speech: OpenSpeech) -> PartialText:
        segment = speech.segment
        self._before(segment)
        self.heard.append(segment)
        said = f"{segment.duration_s:.1f} s"
        return PartialText(segment.channel, segment.start, segment.end, said, "")


def paced(seconds: int) -> ScriptedSource:
    """Phrases of four seconds in a live call that runs five times as fast."""
    chunks = chunks_of(CALLER, speech(seconds, pause_every_s=4))
    return ScriptedSource(chunks, is_live=True, hold=True, pause_s=0.01)


def live_session(
    source: ScriptedSource, pipeline: ScriptedPipeline, writer: CaseWriter, text: ScriptedText
) -> Session:
    segmenters = {
        channel: Segmenter(channel, LoudVad())  # pyright: ignore[reportArgumentType]
        for channel in source.channels
    }
    return Session(source, segmenters, pipeline, (), writer, None, text)  # pyright: ignore[reportArgumentType]


def test_open_speech_is_read_before_it_ends_and_never_stored(tmp_path: Path, writer: CaseWriter):
    source = paced(9)
    text = ScriptedText()
    session = live_session(source, ScriptedPipeline(), writer, text)
    session.start()
    until(lambda: session.progress[0] > 8.9)
    session.stop()
    assert session.wait(10)
    assert all(later.end > earlier.end for earlier, later in pairwise(text.heard))
    assert session.partials[CALLER].end == text.heard[-1].end
    events = stored(tmp_path, session.case_id)
    assert {type(event) for event in events} == {CallStarted, UtteranceHeard, CallEnded}
    said = {event.utterance.start for event in events if isinstance(event, UtteranceHeard)}
    assert {speech.start for speech in text.heard} == said


def test_open_speech_of_a_file_read_ahead_is_not_asked_for(writer: CaseWriter):
    source = ScriptedSource(chunks_of(CALLER, speech(10)))
    text = ScriptedText()
    session = live_session(source, ScriptedPipeline(), writer, text)
    session.start()
    assert session.wait(20)
    assert not text.heard
    assert not session.partials


def test_under_load_open_speech_is_passed_over_and_said_to_be_and_it_catches_up(writer: CaseWriter):
    """The judges hang over the first phrase while the second goes on."""
    go_on = threading.Event()
    hangs = threading.Event()

    def hang(_: Segment) -> None:
        hangs.set()
        go_on.wait(30)

    source = paced(9)
    text = ScriptedText()
    session = live_session(source, ScriptedPipeline(hang), writer, text)
    session.start()
    assert hangs.wait(30)
    before = len(text.heard)
    until(lambda: session.is_text_behind)
    assert len(text.heard) == before
    go_on.set()
    until(lambda: not session.is_text_behind)
    session.stop()
    assert session.wait(10)


def test_a_recognizer_that_fails_on_open_speech_costs_only_that(tmp_path: Path, writer: CaseWriter):
    failed: list[Segment] = []

    def fail(segment: Segment) -> None:
        failed.append(segment)
        raise RuntimeError("broken")

    source = paced(5)
    session = live_session(source, ScriptedPipeline(), writer, ScriptedText(fail))
    session.start()
    until(lambda: session.progress[0] > 4.9)
    session.stop()
    assert session.wait(10)
    assert failed
    assert session.error is None
    assert not session.partials
    assert sum(isinstance(e, UtteranceHeard) for e in stored(tmp_path, session.case_id)) == 2
