"""What a Whisper model costs on this machine, measured over five seconds of speech."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from app.evaluation.hearing import segments
from audio.types import CALL_RATE, Channel
from detection.transcribe.transcriber import Transcriber
from detection.types import Segment
from detection.vad import SileroVad

SPEECH_S = 5.0

LIMIT = 0.35
"""Core-seconds per second of speech that a model may take: with it, two people who talk at once and text
that is renewed while they speak still fit on two cores."""


@dataclass(frozen=True, slots=True)
class Speed:
    """`cores` is core-seconds, `wall` seconds of waiting, each per second of speech; `size` bytes."""

    model_id: str
    size: int
    cores: float
    wall: float

    @property
    def keeps_up(self) -> bool:
        return self.cores <= LIMIT and self.wall < 1


def phrase(recording: Path) -> Segment:
    """The first `SPEECH_S` of the caller's first phrase in `recording` that lasts so long."""
    length = round(SPEECH_S * CALL_RATE)
    found = next(s for s in segments(recording, SileroVad(), Channel.CALLER) if len(s.samples) >= length)
    return replace(found, end=found.start + length, samples=found.samples[:length])


def measure(model_id: str, size: int, transcriber: Transcriber, speech: Segment) -> Speed:
    """The cost of transcribing `speech` once, after a first time that warms everything up.

    Counts the cores' time of the whole process, so nothing else should be at work in it.
    """
    transcriber.transcribe(speech)
    cores, wall = time.process_time(), time.perf_counter()
    transcriber.transcribe(speech)
    cores, wall = time.process_time() - cores, time.perf_counter() - wall
    return Speed(model_id, size, cores / speech.duration_s, wall / speech.duration_s)


def best(speeds: Iterable[Speed]) -> Speed | None:
    """The largest that keeps up, for the larger a Whisper model is the fewer errors it makes."""
    return max((speed for speed in speeds if speed.keeps_up), key=lambda speed: speed.size, default=None)
