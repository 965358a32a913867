"""The caller's speech as windows: joined without its pauses, each window with its place in the call."""

from dataclasses import dataclass

import numpy as np

from audio.types import CALL_RATE, Samples
from detection.types import Segment


@dataclass(frozen=True, slots=True)
class SpeechWindow:
    """Speech to be scored at once, shape (n,) at `CALL_RATE`.

    `start` and `end` are the sample indexes of the call between which it was heard; pauses in between
    are not in `samples`. `fresh` is how many of its samples no earlier window of the row held.
    """

    samples: Samples
    start: int
    end: int
    fresh: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / CALL_RATE


class SpeechWindows:
    """Joins segments and cuts windows of `size` samples every `hop` as they fill.

    Holds less than one window of speech between calls, however long the call.
    """

    def __init__(self, size: int, hop: int) -> None:
        self._size = size
        self._hop = hop
        self._samples = np.zeros(0, np.float32)
        self._heard_at = np.zeros(0, np.int64)
        self._any_full = False

    @property
    def partial(self) -> SpeechWindow | None:
        """The speech so far while it is too short for a window; None before any and once one filled."""
        if self._any_full or not len(self._samples):
            return None
        return self._window(0, len(self._samples), len(self._samples))

    def push(self, segment: Segment) -> list[SpeechWindow]:
        """Take in the next segment; the windows that filled with it."""
        heard_at = np.arange(segment.start, segment.start + len(segment.samples))
        self._samples = np.concatenate([self._samples, segment.samples])
        self._heard_at = np.concatenate([self._heard_at, heard_at])
        windows = []
        for at in range(0, len(self._samples) - self._size + 1, self._hop):
            fresh = self._hop if self._any_full else self._size
            windows.append(self._window(at, at + self._size, fresh))
            self._any_full = True
        used = len(windows) * self._hop
        self._samples = self._samples[used:].copy()
        self._heard_at = self._heard_at[used:].copy()
        return windows

    def restart(self, at: int) -> int:
        """Forget what was heard before sample `at` of the call; how many samples are left."""
        later = self._heard_at >= at
        self._samples, self._heard_at = self._samples[later], self._heard_at[later]
        self._any_full = False
        return len(self._samples)

    def flush(self) -> SpeechWindow | None:
        """Give up what is held: the speech of a caller who never filled a window, if there is any."""
        rest = self.partial
        self._samples, self._heard_at = self._samples[:0], self._heard_at[:0]
        return rest

    def _window(self, first: int, end: int, fresh: int) -> SpeechWindow:
        heard_at = self._heard_at[first:end]
        return SpeechWindow(self._samples[first:end], int(heard_at[0]), int(heard_at[-1]) + 1, fresh)
