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

    `start` is the index of its first sample from call start, counted at `rate` (Hz). `stretch` is how
    many seconds of the call a second of a device's samples fills, near 1; None where it is no device's.
    """

    channel: Channel
    start: int
    rate: int
    samples: Samples
    stretch: float | None = None

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


class DeviceKind(StrEnum):
    """What can be listened to."""

    INPUT = "input"
    OUTPUT = "output"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A microphone, an output whose sound can be tapped, or a program that plays sound.

    `id` stays the same when the device is connected again and when the machine is started again. `rate`
    (Hz) is the one at which the device runs by itself.
    """

    id: str
    name: str
    kind: DeviceKind
    rate: int
    is_default: bool


class TroubleKind(StrEnum):
    """What can be wrong with what is heard."""

    NOT_HEARD = "not_heard"
    """The microphone has given nothing but digital silence: no permission, or muted all along."""
    MUTED = "muted"
    """The microphone, which was heard, gives digital silence."""
    CLIPPING = "clipping"
    SAME_SOUND = "same_sound"
    """Both channels carry one sound: one device is used for both, or the microphone is none."""
    NO_FAR_SIDE = "no_far_side"
    """The agent speaks to somebody of whom nothing is heard: what plays is played elsewhere."""
    LOST = "lost"
    """The device is away: unplugged, taken by another program, or its sound server is down."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble that has begun, or with `end` one that is over. Sample indices at `CALL_RATE`."""

    kind: TroubleKind
    channel: Channel
    start: int
    """Since when it has been there."""
    told: int
    """When that could be known: the end of the sound after which this was said."""
    end: int | None = None
