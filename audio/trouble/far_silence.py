"""What the digital silence of the far side means.

It is normal: nobody speaks, and a loopback delivers nothing while nothing plays. It is a trouble where
the call goes on all the same: the agent speaks and speaks, or the output that should be heard plays.
"""

from audio.blocks import BLOCKS_PER_S, Block

_HEARD = BLOCKS_PER_S // 2
"""Blocks of sound from which the far side has been heard; a click is shorter."""
_SPOKEN_TO_NOBODY = 12 * BLOCKS_PER_S
"""Speech of the agent without any sound of the far side yet: more than a greeting."""
_SPOKEN_TO_SILENCE = 45 * BLOCKS_PER_S
"""The same once the far side was heard: more than what is read out or left on a voice mail."""
_SPOKEN_BESIDE_OUTPUT = BLOCKS_PER_S
"""Speech of the agent that shows a call under way while another meter hears the output play."""
_PLAYS_DBFS = -60.0
_PLAYED = 25
_PLAYED_AFTER_HEARD = 10 * BLOCKS_PER_S
"""Blocks for which the output plays while its tap is silent: other sounds are shorter."""


class FarSilence:
    """Follows the far side, block by block, and what says that there should be sound."""

    def __init__(self) -> None:
        self.silent_since: int | None = None
        """From which sample on the far side is missing, while it is."""
        self.blind_since: int | None = None
        """From which sample on the output has played unheard, while it does."""
        self.forget()

    def forget(self) -> None:
        """The device was away: another one may have come."""
        self.silent_since = self.blind_since = None
        self._sound = 0
        self._output_dbfs = float("-inf")
        self._begin_silence()

    def take(self, block: Block) -> None:
        """Take in the far side's next block."""
        if not block.is_silent:
            self._sound += 1
            if self._is_heard:
                self.silent_since = self.blind_since = None
                self._begin_silence()
            return
        if self._began is None:
            self._began = block.start
        self._played += self._output_dbfs >= _PLAYS_DBFS
        played = _PLAYED_AFTER_HEARD if self._is_heard else _PLAYED
        spoken = _SPOKEN_TO_SILENCE if self._is_heard else _SPOKEN_TO_NOBODY
        if self._played >= played and self._spoken >= _SPOKEN_BESIDE_OUTPUT:
            self.blind_since = self._began
            self.silent_since = None
        elif self._spoken >= spoken:
            self.silent_since = self._began

    def note_agent_speech(self) -> None:
        """The agent spoke for one block."""
        self._spoken += 1

    def note_output(self, level_dbfs: float) -> None:
        """How loud the system says that the tapped program or output plays, until it says otherwise."""
        self._output_dbfs = level_dbfs

    @property
    def _is_heard(self) -> bool:
        return self._sound >= _HEARD

    def _begin_silence(self) -> None:
        self._began: int | None = None
        self._spoken = 0
        self._played = 0
