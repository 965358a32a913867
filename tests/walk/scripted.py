"""A call without sound models: loud is speech, each segment is one utterance, all of it scripted."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from app.call.listening import LiveBasis
from app.call.session import Session
from app.cases.reader import CaseReader
from app.cases.writer import CaseWriter
from audio.source import AudioSource
from audio.types import CALL_RATE, AudioGap, Channel
from detection.events import Event, GapHeard, NotJudged, UtteranceHeard
from detection.segmenter import Segmenter
from detection.types import EngineInfo, Segment, Utterance


class LoudVad:
    """Speech where the samples are not zero."""

    def reset(self) -> None: ...

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        return (np.abs(windows).max(axis=1) > 0).astype(np.float32)


class ScriptedPipeline:
    """Turns each segment into one utterance; `before` runs first, on the inference thread."""

    subject = Channel.CALLER

    def __init__(self, before: Callable[[Segment], object] = lambda _: None) -> None:
        self._before = before
        self.ticks: list[int] = []
        self.is_whole: bool | None = None

    def hear(self, segment: Segment) -> list[Event]:
        self._before(segment)
        heard = Utterance(segment.channel, segment.start, segment.end, "words", 1.0)
        return [UtteranceHeard(heard, segment.end)]

    def lose(self, gap: AudioGap, at: int) -> list[Event]:
        return [GapHeard(gap.channel, gap.start, gap.end, gap.reason, at)]

    def advance(self, at: int) -> list[Event]:
        self.ticks.append(at)
        return []

    def skip(self, segment: Segment, reason: str) -> list[Event]:
        at = segment.end
        return [NotJudged("all", segment.channel, segment.start, at, reason, at)]

    def finish(self, at: int, *, is_whole: bool) -> list[Event]:
        self.is_whole = is_whole
        return []


def speech(seconds: int, pause_every_s: float = 2.0) -> np.ndarray:
    """Ones, with half a second of zeros after every so many seconds."""
    samples = np.ones(seconds * CALL_RATE, np.float32) * 0.5
    period = round((pause_every_s + 0.6) * CALL_RATE)
    for start in range(round(pause_every_s * CALL_RATE), len(samples), period):
        samples[start : start + round(0.6 * CALL_RATE)] = 0
    return samples


def session_of(
    source: AudioSource,
    pipeline: ScriptedPipeline,
    writer: CaseWriter,
    listener: Callable[[str, Sequence[Event]], None] | None = None,
    basis: LiveBasis | None = None,
) -> Session:
    segmenters = {
        channel: Segmenter(channel, LoudVad())  # pyright: ignore[reportArgumentType]
        for channel in source.channels
    }
    engines = (EngineInfo("transcript", "scripted", "1"),)
    return Session(source, segmenters, pipeline, engines, writer, listener, basis=basis)  # pyright: ignore[reportArgumentType]


def stored(tmp_path: Path, case_id: str) -> list[Event]:
    with CaseReader(tmp_path / "cases.db") as reader:
        return [entry.event for entry in reader.events(case_id)]
