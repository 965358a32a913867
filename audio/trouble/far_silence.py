"""What the digital silence of the far side means.

It is normal: nobody speaks, and a loopback delivers nothing while nothing plays. It is a trouble where
the call goes on all the same: the agent speaks and speaks.
"""

from audio.blocks import BLOCKS_PER_S, Block

_HEARD = BLOCKS_PER_S // 2
"""Blocks of sound from which the far side has been heard; a click is shorter."""
_SPOKEN_TO_NOBODY = 12 * BLOCKS_PER_S
"""Speech of the agent without any sound of the far side yet: more than a greeting."""
_SPOKEN_TO_SILENCE = 45 * BLOCKS_PER_S
"""The same once the far side was heard: more than what is read out or left on a voice mail."""


class FarSilence:
    """Follows the far side, block by block, and the agent who speaks to it."""

    def __init__(self) -> None:
        self.silent_since: int | None = None
        """From which sample on the far side is missing, while it is."""
        self.forget()

    def forget(self) -> None:
        """The device was away: another one may have come."""
        self.silent_since = None
        self._sound = 0
        self._begin_silence()

    def take(self, block: Block) -> None:
        """Take in the far side's next block."""
        if not block.is_silent:
            self._sound += 1
            if self._is_heard:
                self.silent_since = None
                self._begin_silence()
            return
        if self._began is None:
            self._began = block.start
        if self._spoken >= (_SPOKEN_TO_SILENCE if self._is_heard else _SPOKEN_TO_NOBODY):
            self.silent_since = self._began

    def note_agent_speech(self) -> None:
        """The agent spoke for one block."""
        self._spoken += 1

    @property
    def _is_heard(self) -> bool:
        return self._sound >= _HEARD

    def _begin_silence(self) -> None:
        self._began: int | None = None
        self._spoken = 0
