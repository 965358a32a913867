"""The one clock of a call, and how each device's own clock is held to it."""

import sys
import time
from collections import deque

import numpy as np

if sys.platform == "linux":

    def now_s() -> float:
        """Seconds on a clock that never steps and goes on while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

elif sys.platform == "darwin":

    def now_s() -> float:
        """Seconds on a clock that never steps and goes on while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

else:

    def now_s() -> float:
        """Seconds on a clock that never steps and goes on while the machine sleeps."""
        return time.monotonic()


_WINDOW_S = 5.0
"""A delivery can only be late, never early: the least late one in so many seconds tells the truth."""
_REMEMBERED = 60
"""Windows from which the rate is told."""
_LEAST_WINDOWS = 6
_SETTLE_S = 60.0
"""Time in which a displacement is taken back."""
MOST_BENT = 1e-3
"""Share by which the rate is bent at most: ten times what cheap devices need, too little to hear."""


class DeviceClock:
    """Holds one stream of a device to the call's clock.

    A device that calls itself 48 kHz delivers a little more or less. Told of each block when it was
    delivered, this says where on the call's time line the block belongs.
    """

    def __init__(self, start_s: float) -> None:
        self.placed_s = start_s
        """Seconds from call start up to which the device's sound has been placed."""
        self._device_s = start_s
        self._window_end_s = start_s + _WINDOW_S
        self._least = float("inf")
        self._windows: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        self._bend = 0.0

    @property
    def stretch(self) -> float:
        """Seconds of the call that the device's next second is to fill, near 1."""
        return 1.0 + self._bend

    def place(self, seconds: float, heard_s: float) -> None:
        """A block of `seconds` by the device's count was delivered, its last sample at `heard_s`."""
        self._device_s += seconds
        self.placed_s += seconds * self.stretch
        self._least = min(self._least, heard_s - self._device_s)
        if self._device_s >= self._window_end_s:
            self._windows.append((self._device_s, self._least))
            self._steer()
            self._window_end_s = self._device_s + _WINDOW_S
            self._least = float("inf")

    def _steer(self) -> None:
        times, late = np.array(self._windows).T
        drift = 0.0
        if len(times) >= _LEAST_WINDOWS:
            apart = times - times.mean()
            drift = np.clip(apart @ late / (apart @ apart), -MOST_BENT, MOST_BENT)
        displaced_s = self._device_s + late[-1] - self.placed_s
        self._bend = float(np.clip(drift + displaced_s / _SETTLE_S, -MOST_BENT, MOST_BENT))
