"""The last seconds of one channel, by sample index."""

import numpy as np

from audio.types import AudioChunk, AudioGap, Samples


class History:
    """Keeps up to `length` samples of a channel; what was lost is silence. Belongs to one thread."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._buffer = np.zeros(2 * length, np.float32)
        self._buffer_start = 0
        self.end = 0
        """Index one past the latest sample."""

    @property
    def start(self) -> int:
        """Index of the earliest sample that is kept."""
        return max(0, self.end - self._length)

    def push(self, item: AudioChunk | AudioGap) -> None:
        """Take in what comes next; what was heard before is not heard again."""
        self._make_room(item.end)
        if isinstance(item, AudioChunk):
            first = max(item.start, self.end, self._buffer_start)
            if first < item.end:
                kept = item.samples[first - item.start :]
                self._buffer[first - self._buffer_start : item.end - self._buffer_start] = kept
        self.end = max(self.end, item.end)

    def piece(self, start: int, end: int) -> Samples:
        """Samples `start` to `end`, a copy; silence where nothing is kept."""
        piece = np.zeros(end - start, np.float32)
        first, last = max(start, self.start), min(end, self.end)
        if first < last:
            kept = self._buffer[first - self._buffer_start : last - self._buffer_start]
            piece[first - start : last - start] = kept
        return piece

    def _make_room(self, end: int) -> None:
        if end - self._buffer_start <= len(self._buffer):
            return
        start = max(self._buffer_start, end - self._length)
        kept = self._buffer[start - self._buffer_start :][: self._length].copy()
        self._buffer[:] = 0
        self._buffer[: len(kept)] = kept
        self._buffer_start = start
