"""What the digital silence of a microphone means.

No microphone gives digital silence by itself: its own noise is there when nobody speaks. So silence is
a mute switch or a missing permission, except behind noise suppression that gives zeros whenever nobody
speaks. A microphone counts as open, so that its silence means something, once its noise was heard: a
while of steady sound, or of sound that never paused. Silence that comes and goes takes that back.
"""

from collections import deque

from audio.blocks import BLOCKS_PER_S, Block

SILENCE_TOLD = 25
"""Blocks of digital silence in a row from which it is told: 2.5 s."""

_HEARD = BLOCKS_PER_S // 2
"""Blocks of sound from which a microphone has been heard; a click is shorter."""
_UNMUTED = 2 * BLOCKS_PER_S
_STEADY = 3 * BLOCKS_PER_S
_STEADY_DB = 10.0
"""Levels within that range for so many blocks are noise; speech is not as steady."""
_UNBROKEN = 10 * BLOCKS_PER_S
_PAUSES = 3
"""Pauses of digital silence that noise suppression makes, and buttons and bad cables seldom."""
_ANSWERED = 10 * BLOCKS_PER_S
"""Speech of the far side that nobody hears without having said a word."""


class MicrophoneSilence:
    """Follows one microphone, block by block."""

    def __init__(self) -> None:
        self.unheard_since: int | None = None
        """From which sample on nothing has been heard of the device, where that is a trouble."""
        self.muted_since: int | None = None
        """From which sample on a device that was heard is muted."""
        self._gates = False
        self.forget()

    def forget(self) -> None:
        """The device was away: another one may have come."""
        self.unheard_since = self.muted_since = None
        self._is_heard = False
        self._is_open = False
        self._silent = 0
        self._sound = 0
        self._unbroken = 0
        self._pauses = 0
        self._unanswered = 0
        self._levels: deque[float] = deque(maxlen=_STEADY)

    def take(self, block: Block, *, far_speaks: bool) -> None:
        """Take in the microphone's next block, and whether the far side speaks meanwhile."""
        self._unanswered += far_speaks
        if block.is_silent:
            self._take_silence(block)
        else:
            self._take_sound(block)

    def _take_silence(self, block: Block) -> None:
        self._silent += 1
        self._unbroken = -1
        self._levels.clear()
        if self._silent < SILENCE_TOLD:
            return
        self._sound = 0
        since = block.end - self._silent * (block.end - block.start)
        if not self._is_heard:
            if self.unheard_since is None and (not self._gates or self._unanswered >= _ANSWERED):
                self.unheard_since = since
        elif self._is_open and self.muted_since is None:
            self.muted_since = since

    def _take_sound(self, block: Block) -> None:
        if self._is_heard and 0 < self._silent < SILENCE_TOLD:
            self._note_pause()
        self._silent = 0
        self._sound += 1
        self._is_heard = self._is_heard or self._sound >= _HEARD
        if self._is_heard:
            self.unheard_since = None
        if self._sound >= _UNMUTED:
            self.muted_since = None
        self._levels.append(block.level_dbfs)
        self._unbroken += self._unbroken >= 0
        is_steady = len(self._levels) == _STEADY and max(self._levels) - min(self._levels) <= _STEADY_DB
        if is_steady or self._unbroken >= _UNBROKEN:
            self._is_open = True
            self._gates = False
            self._pauses = 0

    def _note_pause(self) -> None:
        self._pauses += 1
        if self._pauses >= _PAUSES:
            self._is_open = False
            self._gates = True
