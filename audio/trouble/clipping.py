"""Whether a channel is overdriven: flat tops at full scale again and again, not in one plosive."""

from collections import deque

from audio.blocks import BLOCKS_PER_S, Block

_WINDOW = 3 * BLOCKS_PER_S
_CLIPPED = 8
"""Blocks within `_WINDOW`, a quarter of it. Speech with peaks 12 dB too high has 8 or more, recordings
of any kind as they come less."""
_LOUD_DBFS = -40.0
_CLEAN = 5 * BLOCKS_PER_S
"""Loud blocks without a flat top after which the input has been turned down."""


class Clipping:
    """Follows one channel, block by block."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The device was away: another one may have come."""
        self.since: int | None = None
        self._clipped: deque[int] = deque()
        self._clean = 0

    def take(self, block: Block) -> None:
        """Take in the channel's next block."""
        while self._clipped and self._clipped[0] < block.end - _WINDOW * (block.end - block.start):
            self._clipped.popleft()
        if block.is_clipped:
            self._clipped.append(block.start)
            self._clean = 0
        elif block.level_dbfs >= _LOUD_DBFS:
            self._clean += 1
        if self.since is None:
            self.since = self._clipped[0] if len(self._clipped) >= _CLIPPED else None
        elif self._clean >= _CLEAN:
            self.since = None
