"""What the rest of the program knows about sound: channels, chunks, gaps and devices."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

CALL_RATE = 16_000
"""Hz. Every time in a call after resampling is a sample index at this rate, counted from call start."""

Samples = NDArray[np.float32]
"""Mono sound, shape (n,), float32, full scale at +-1.0."""


class Channel(StrEnum):
    """Whose voice a channel carries."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A block of one channel's sound.

    `start` is the index of its first sample from call start, counted at `rate` (Hz).
    """

    channel: Channel
    start: int
    rate: int
    samples: Samples

    @property
    def end(self) -> int:
        """Index one past the last sample, at `rate`."""
        return self.start + len(self.samples)


@dataclass(frozen=True, slots=True)
class AudioGap:
    """Sound of one channel that was lost: samples `start` to `end` from call start, at `rate` (Hz)."""

    channel: Channel
    start: int
    end: int
    rate: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A sound device as the system names it; `id` stays the same while `index` may change."""

    id: str
    name: str
    index: int
    input_channels: int
    output_channels: int
    default_rate: int
    is_default_input: bool
