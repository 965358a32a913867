"""Recordings for an evaluation: the same resampling and segments as in a call, without its threads."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from audio.decoder import Block, Recording
from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples
from detection.segmenter import Segmenter
from detection.types import Segment
from detection.vad import SileroVad


def segments(path: Path, vad: SileroVad, side: Channel | None = None) -> Iterator[Segment]:
    """The speech in a recording as the caller's, all channels mixed to one. Raises `AudioError`.

    `side` takes one channel of two instead, the caller's being the left.
    """
    return _cut(_sounds(path, side), vad)


def read_sound(path: Path) -> Samples:
    """A whole recording at `CALL_RATE`, mixed to one channel, silence where sound was lost.

    Raises `AudioError`.
    """
    parts = [
        np.zeros(sound.end - sound.start, np.float32) if isinstance(sound, AudioGap) else sound.samples
        for sound in _sounds(path)
    ]
    return np.concatenate([np.zeros(0, np.float32), *parts])


def speech_in(sound: Samples, vad: SileroVad) -> list[Segment]:
    """The speech in `sound` (at `CALL_RATE`) as the caller's."""
    return list(_cut([AudioChunk(Channel.CALLER, 0, CALL_RATE, sound)], vad))


def first_seconds(speech: Iterable[Segment], seconds: float) -> Iterator[Segment]:
    """The first `seconds` of `speech`, pauses not counted; all of it where there is less."""
    left = round(seconds * CALL_RATE)
    for segment in speech:
        if left <= 0:
            return
        samples = segment.samples[:left]
        yield replace(segment, end=segment.start + len(samples), samples=samples)
        left -= len(samples)


def slices(speech: Iterable[Segment], seconds: float) -> Iterator[Segment]:
    """`speech` in pieces of at most `seconds`, as a listener at that moment would have heard it."""
    size = round(seconds * CALL_RATE)
    for segment in speech:
        for at in range(0, len(segment.samples), size):
            samples = segment.samples[at : at + size]
            start = segment.start + at
            yield replace(segment, start=start, end=start + len(samples), samples=samples)


def _sounds(path: Path, side: Channel | None = None) -> Iterator[AudioChunk | AudioGap]:
    recording = Recording(path)
    resampler = ChannelResampler(Channel.CALLER)
    for part in recording.blocks():
        if isinstance(part, Block):
            sound = part.samples.mean(axis=0)
            if side and len(part.samples) > 1:
                sound = part.samples[0 if side is Channel.CALLER else 1]
            item = AudioChunk(Channel.CALLER, part.start, recording.rate, sound)
        else:
            item = AudioGap(Channel.CALLER, part.start, part.end, recording.rate, "damaged")
        yield from resampler.push(item)
    yield from resampler.flush()


def _cut(sounds: Iterable[AudioChunk | AudioGap], vad: SileroVad) -> Iterator[Segment]:
    segmenter = Segmenter(Channel.CALLER, vad.stream())
    for sound in sounds:
        yield from segmenter.skip(sound) if isinstance(sound, AudioGap) else segmenter.push(sound)
    yield from segmenter.flush()
