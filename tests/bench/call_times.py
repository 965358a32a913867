"""Notes, in a running call, when each block passes the tap, the ring and the segmenter."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from audio.live.clock import now_s
from audio.live.line import LiveLine
from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples
from detection.segmenter import Segmenter
from tests.bench.marked_sound import RATE, Pcm, pcm

_POINTS = 8
"""Samples of each chunk whose delay is taken."""


@dataclass
class ChannelTimes:
    """What passed on one channel. Moments are `now_s`."""

    blocks: list[tuple[float, int, float]] = field(default_factory=list)
    """When the tap delivered, how many samples at `RATE`, and where the call's line (s) then ended."""
    pieces: list[Pcm] = field(default_factory=list)
    """What left the ring, at `RATE`."""
    placed: list[tuple[float, int]] = field(default_factory=list)
    """Where on the call's line (s) each of them was placed, and the number of its first sample."""
    gaps: list[AudioGap] = field(default_factory=list)
    given: list[tuple[float, int, int]] = field(default_factory=list)
    """When the segmenter was given samples start to end, at `CALL_RATE`."""

    @property
    def received(self) -> Pcm:
        """All that left the ring."""
        return np.concatenate(self.pieces)

    def jitter_s(self) -> NDArray[np.float64]:
        """By how much the time from one block to the next differs from what the block lasts."""
        at_s, count, _ = (np.array(column) for column in zip(*self.blocks, strict=True))
        return np.abs(np.diff(at_s) - count[1:] / RATE)

    def delivered(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Samples up to and with each block, as they leave the ring, and when it was delivered.

        The line puts in silence of its own, as while the other side's device is opened: what the taps
        gave says nothing of what a sample's number is behind the ring.
        """
        at_s, _, covered_s = (np.array(column) for column in zip(*self.blocks, strict=True))
        line_s, number = (np.array(column) for column in zip(*self.placed, strict=True))
        left = covered_s <= line_s[-1]
        return np.interp(covered_s[left], line_s, number), at_s[left]

    def given_samples(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Numbers of samples at `RATE` (evenly spread), and when the segmenter was given each."""
        at_s, start, end = (np.array(column) for column in zip(*self.given, strict=True))
        line_s, number = (np.array(column) for column in zip(*self.placed, strict=True))
        shares = (np.arange(_POINTS) + 0.5) / _POINTS
        points = (start[:, None] + (end - start)[:, None] * shares) / CALL_RATE
        numbers = np.interp(points.ravel(), line_s, number)
        return numbers, np.repeat(at_s, _POINTS)


Times = dict[Channel, ChannelTimes]


@contextmanager
def watched() -> Iterator[Times]:
    """Note what passes until the block ends, on the threads on which it does."""
    times = {channel: ChannelTimes() for channel in Channel}
    counted = dict.fromkeys(Channel, 0)

    def hear(line: LiveLine, samples: Samples, at_s: float, lost: bool) -> None:
        delivered_s = now_s()
        heard(line, samples, at_s, lost)
        times[line.channel].blocks.append((delivered_s, len(samples), line._covered_s))

    def resample(resampler: ChannelResampler, item: AudioChunk | AudioGap) -> Any:
        noted = times[item.channel]
        if isinstance(item, AudioGap):
            noted.gaps.append(item)
        else:
            noted.placed.append((item.start / item.rate, counted[item.channel]))
            noted.pieces.append(pcm(item.samples))
            counted[item.channel] += len(item.samples)
        return resampled(resampler, item)

    def segment(segmenter: Segmenter, chunk: AudioChunk) -> Any:
        times[chunk.channel].given.append((now_s(), chunk.start, chunk.end))
        return segmented(segmenter, chunk)

    heard, resampled, segmented = LiveLine.hear, ChannelResampler.push, Segmenter.push
    with (
        patch.object(LiveLine, "hear", hear),
        patch.object(ChannelResampler, "push", resample),
        patch.object(Segmenter, "push", segment),
    ):
        yield times
