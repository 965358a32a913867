"""Recordings for an evaluation: the same resampling and segments as in a call, without its threads."""

from collections.abc import Iterator
from pathlib import Path

from audio.decoder import Block, Recording
from audio.resample import ChannelResampler
from audio.types import AudioChunk, AudioGap, Channel
from detection.segmenter import Segmenter
from detection.types import Segment
from detection.vad import SileroVad


def segments(path: Path, vad: SileroVad) -> Iterator[Segment]:
    """The speech in a recording, all channels mixed to the caller's. Raises `AudioError`."""
    recording = Recording(path)
    resampler, segmenter = ChannelResampler(Channel.CALLER), Segmenter(Channel.CALLER, vad.stream())
    for part in recording.blocks():
        if isinstance(part, Block):
            item = AudioChunk(Channel.CALLER, part.start, recording.rate, part.samples.mean(axis=0))
        else:
            item = AudioGap(Channel.CALLER, part.start, part.end, recording.rate, "damaged")
        for sound in resampler.push(item):
            yield from _cut(segmenter, sound)
    for sound in resampler.flush():
        yield from _cut(segmenter, sound)
    yield from segmenter.flush()


def _cut(segmenter: Segmenter, sound: AudioChunk | AudioGap) -> list[Segment]:
    return segmenter.skip(sound) if isinstance(sound, AudioGap) else segmenter.push(sound)
