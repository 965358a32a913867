"""One channel of a live call: what its device delivers, at its place on the call's time line."""

import math
import threading

import numpy as np

from audio.live.clock import DeviceClock
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel, Samples

_NOT_YET = "the device had not started yet"
_OVERFLOW = "the sound device delivered faster than it was read"
_UNSAID = "the device or the machine stood still"

_OPENING_S = 0.5
"""Devices are opened one after the other: so much later is no loss, the call had not begun."""
_LATE_S = 0.25
"""Sound that comes later than that from now on was lost before it; less is a busy machine's delay."""
_SURE_S = 3.0
_PAUSE_S = 0.2
"""A tap that pauses while nothing plays has paused where it is silent for so long."""
_STOOD_S = 5.0
"""A pause is looked at ten times a second: what was not looked at for so long was no pause."""
_LEAST_GAP_S = 0.001
"""Sound was lost, but not for how long."""
_PIECE_S = 0.5
"""A gap that goes on is told in pieces, so that the call's clock does."""


class Origin:
    """When the call began: the first sample that any of its devices delivered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything was delivered yet."""
        return self._began is not None

    def since(self, moment: float) -> float:
        """Seconds from the call's begin to `moment` of `now_s`; the first to ask sets the begin."""
        with self._lock:
            if self._began is None:
                self._began = moment
            return moment - self._began


class LiveLine:
    """Places one device after another on one channel's time line, and pushes it into the ring.

    `hear` is called on the taps' threads, the rest on the keeper's. The lock is held only while a block
    is placed, so that a real-time thread may call `hear`.
    """

    def __init__(self, channel: Channel, ring: AudioRing, origin: Origin) -> None:
        self.overflows = 0
        """How often a device reported that sound was lost before it was read."""
        self.channel = channel
        self._ring = ring
        self._origin = origin
        self._lock = threading.Lock()
        self._covered_s = 0.0
        self._rate = 0
        self._pauses = False
        self._clock: DeviceClock | None = None
        self._absent: str | None = _NOT_YET
        self._paused = False
        self._lateness = math.inf
        self._look_again_s = 0.0

    def attach(self, rate: int, *, pauses: bool) -> None:
        """From now on a device of `rate` Hz is heard; `pauses` as its tap's."""
        with self._lock:
            self._rate = rate
            self._pauses = pauses
            self._paused = False
            self._clock = None

    def detach(self, reason: str) -> None:
        """The device is gone for the `reason`: until the next is heard, time passes as a gap."""
        with self._lock:
            self._rate = 0
            self._clock = None
            self._absent = reason

    def hear(self, samples: Samples, at_s: float, lost: bool) -> None:
        """Take in a block of the attached device (`audio.devices.tap.Hear`)."""
        with self._lock:
            if not self._rate or not len(samples):
                return
            seconds = len(samples) / self._rate
            heard_s = max(0.0, self._origin.since(at_s - seconds)) + seconds
            begin_s = heard_s - seconds
            if self._clock is None:
                self._begin(begin_s)
            elif lost:
                self.overflows += 1
                self._lose_until(max(begin_s, self._covered_s + _LEAST_GAP_S), _OVERFLOW)
            elif self._pauses:
                samples = self._after_pause(samples, begin_s)
            elif self._stood_still(begin_s):
                self._lose_until(begin_s, _UNSAID)
            self._push(samples, heard_s)

    def catch_up(self, at_s: float) -> None:
        """Let time pass on a channel from which nothing comes: as a gap, or as silence of a pause."""
        with self._lock:
            if not self._origin.is_set:
                return
            here_s = self._origin.since(at_s)
            if self._clock is None:
                if self._rate and self._pauses:
                    self._begin(max(self._covered_s, here_s - _PAUSE_S))
                    self._paused = True
                elif here_s - self._covered_s >= _PIECE_S and self._absent:
                    self._gap_until(here_s, self._absent)
            elif self._pauses and here_s - self._covered_s > 2 * _PAUSE_S:
                self._pass_pause(here_s - _PAUSE_S)
                self._paused = True

    def _begin(self, begin_s: float) -> None:
        self._clock = DeviceClock(self._covered_s)  # `_fill_until` places by it
        if self._absent is _NOT_YET and begin_s <= _OPENING_S:
            self._fill_until(begin_s)
        elif self._absent:
            self._gap_until(begin_s, self._absent)
        self._absent = None
        self._clock = DeviceClock(self._covered_s)
        self._forget_lateness()

    def _after_pause(self, samples: Samples, begin_s: float) -> Samples:
        """Fills what a pause left open; of the block, what has not been filled already."""
        if not self._paused and begin_s - self._covered_s <= _PAUSE_S:
            return samples
        self._paused = False
        if begin_s > self._covered_s:
            self._pass_pause(begin_s)
            return samples
        return samples[round((self._covered_s - begin_s) * self._rate) :]

    def _pass_pause(self, here_s: float) -> None:
        """Nothing played up to there, or nobody knows whether anything did."""
        if here_s - self._covered_s > _STOOD_S:
            self._lose_until(here_s, _UNSAID)
        else:
            self._fill_until(here_s)

    def _stood_still(self, begin_s: float) -> bool:
        """Whether all that came lately was so late that sound before it must be missing."""
        self._lateness = min(self._lateness, begin_s - self._covered_s)
        if begin_s < self._look_again_s:
            return False
        late = self._lateness > _LATE_S
        self._forget_lateness()
        return late

    def _forget_lateness(self) -> None:
        self._lateness = math.inf
        self._look_again_s = self._covered_s + _SURE_S

    def _lose_until(self, here_s: float, reason: str) -> None:
        self._gap_until(here_s, reason)
        self._clock = DeviceClock(self._covered_s)
        self._forget_lateness()

    def _gap_until(self, here_s: float, reason: str) -> None:
        rate = self._rate or 1000
        start, end = round(self._covered_s * rate), round(here_s * rate)
        if end > start:
            self._ring.push(AudioGap(self.channel, start, end, rate, reason))
            self._covered_s = end / rate

    def _fill_until(self, here_s: float) -> None:
        count = round((here_s - self._covered_s) * self._rate)
        self._push(np.zeros(count, np.float32), here_s)

    def _push(self, samples: Samples, heard_s: float) -> None:
        if self._clock is None or not len(samples):
            return
        start, stretch = round(self._covered_s * self._rate), self._clock.stretch
        self._ring.push(AudioChunk(self.channel, start, self._rate, samples, stretch))
        self._clock.place(len(samples) / self._rate, heard_s)
        self._covered_s = self._clock.placed_s
