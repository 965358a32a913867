"""The last seconds before a call is kept: in memory, and nowhere else."""

from collections import deque
from dataclasses import replace

from audio.types import CALL_RATE, AudioChunk, AudioGap


class Preroll:
    """Holds the latest `seconds` of every channel, at `CALL_RATE`, and forgets what is older.

    Sound is held in whole chunks, so up to one chunk longer; a gap is held as such, cut to the time that
    is held. Belongs to one thread. What it holds goes to nobody but the caller of `drain`.
    """

    def __init__(self, seconds: float = 30.0) -> None:
        self._length = round(seconds * CALL_RATE)
        self._held: deque[AudioChunk | AudioGap] = deque()
        self._end = 0

    def push(self, item: AudioChunk | AudioGap) -> None:
        """Hold what came next of one channel. All channels share one time line."""
        self._held.append(item)
        self._end = max(self._end, item.end)
        while self._held and self._held[0].end <= self._begin:
            self._held.popleft()

    def drain(self) -> list[AudioChunk | AudioGap]:
        """All that is held, in the order in which it came; nothing is held after that."""
        begin = self._begin
        drained = [
            replace(item, start=max(item.start, begin)) if isinstance(item, AudioGap) else item
            for item in self._held
            if item.end > begin
        ]
        self.clear()
        return drained

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._end = 0

    @property
    def _begin(self) -> int:
        """Sample index from which on sound is held."""
        return self._end - self._length
