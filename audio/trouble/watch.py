"""What is wrong with the sound of a live call, told from the sound itself."""

from collections.abc import Iterator

from audio.blocks import Block, Blocks
from audio.trouble.clipping import Clipping
from audio.trouble.far_silence import FarSilence
from audio.trouble.muting import MicrophoneSilence
from audio.trouble.same_sound import Copying
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Trouble, TroubleKind

_LOST_S = 1.0
"""A gap that long can be a device that was away, and what comes after it another one."""


class TroubleWatch:
    """Follows both channels of a live call on one thread.

    Of each kind there is at most one trouble per channel at a time.
    """

    def __init__(self) -> None:
        self._blocks = {channel: Blocks() for channel in Channel}
        self._lost = dict.fromkeys(Channel, 0)
        self._microphone = MicrophoneSilence()
        self._far = FarSilence()
        self._clipping = {channel: Clipping() for channel in Channel}
        self._copying = Copying()
        self._far_speaks = False
        self._open: dict[tuple[TroubleKind, Channel], Trouble] = {}

    def push(self, sound: AudioChunk | AudioGap, *, has_speech: bool = False) -> list[Trouble]:
        """Take in the next sound of either channel, at `CALL_RATE`, each in time order.

        `has_speech`: voice activity finds speech in it. What has begun or ended with it.
        """
        channel = sound.channel
        blocks = self._blocks[channel].push(sound, has_speech=has_speech)
        if isinstance(sound, AudioGap):
            self._lose(sound)
            return list(self._changes(sound.end))
        self._lost[channel] = 0
        told = []
        for block in blocks:
            self._take(channel, block)
            told += self._changes(block.end)
        return told

    def _lose(self, gap: AudioGap) -> None:
        self._lost[gap.channel] += gap.end - gap.start
        if self._lost[gap.channel] < _LOST_S * CALL_RATE:
            return
        self._clipping[gap.channel].forget()
        self._copying.forget()
        (self._microphone if gap.channel is Channel.AGENT else self._far).forget()

    def _take(self, channel: Channel, block: Block) -> None:
        self._clipping[channel].take(block)
        self._copying.take(block, is_microphone=channel is Channel.AGENT)
        if channel is Channel.CALLER:
            self._far_speaks = block.has_speech
            self._far.take(block)
            return
        self._microphone.take(block, far_speaks=self._far_speaks)
        if block.has_speech:
            self._far.note_agent_speech()

    def _changes(self, now: int) -> Iterator[Trouble]:
        for kind, channel, since in self._found():
            key = (kind, channel)
            known = self._open.get(key)
            if since is not None and known is None:
                self._open[key] = Trouble(kind, channel, since, now)
                yield self._open[key]
            elif since is None and known is not None:
                del self._open[key]
                yield Trouble(kind, channel, known.start, now, end=now)

    def _found(self) -> Iterator[tuple[TroubleKind, Channel, int | None]]:
        yield TroubleKind.NOT_HEARD, Channel.AGENT, self._microphone.unheard_since
        yield TroubleKind.MUTED, Channel.AGENT, self._microphone.muted_since
        yield TroubleKind.SAME_SOUND, Channel.AGENT, self._copying.since
        yield TroubleKind.NO_FAR_SIDE, Channel.CALLER, self._far.silent_since
        for channel, clipping in self._clipping.items():
            yield TroubleKind.CLIPPING, channel, clipping.since
