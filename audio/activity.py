"""Where a call begins and ends, from the sound of the far side, for listening to call after call.

Only speech opens a call: a ping, a ring that nobody answers and music are none. But the call begins
with the first sound before that speech, such as ring-back or a hiss of the line.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from audio.blocks import BLOCKS_PER_S, Block, Blocks
from audio.levels import FLOOR_DBFS
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel


@dataclass(frozen=True, slots=True)
class CallBegan:
    """A call has been found. Sample indices at `CALL_RATE`, counted as those of the sound pushed."""

    start: int
    """Its first sound."""
    told: int


@dataclass(frozen=True, slots=True)
class CallOver:
    """The call is over. Sample indices as in `CallBegan`."""

    end: int
    """Behind its last sound."""
    told: int


@dataclass(frozen=True, slots=True)
class ActivitySettings:
    """Seconds that decide what is a call."""

    quiet_s: float = 20.0
    """Quiet of both sides that ends a call. A caller on hold who says nothing is as quiet."""
    window_s: float = 15.0
    """The last sound, in which there has to be speech for a call to begin."""
    far_alone_s: float = 5.0
    """Speech of the far side in that window that begins a call where the agent only listens."""
    far_s: float = 1.5
    """Speech of the far side that begins one where the agent speaks, too."""
    agent_s: float = 1.0
    kept_open_s: float = 60.0
    """The agent's speech keeps a call open no longer than that after the far side's last sound."""
    speechless_s: float = 300.0
    """Sound without speech that ends a call: hold music that no announcement breaks."""
    joined_s: float = 6.0
    """Quiet inside what comes before the speech; ring-back has up to 5 s."""
    greeting_s: float = 8.0
    """The agent's speech that long before the far side's first sound belongs to the call."""
    preroll_s: float = 30.0
    """How far back a call can begin."""


_HEARD_DBFS = -75.0
_ABOVE_FLOOR_DB = 6.0
_FLOOR_S = 10
_FLOORS = 12
"""Stretches of `_FLOOR_S` from which the noise between calls is known."""


class CallActivity:
    """Fed on one thread with both channels, each in time order, between calls and in them."""

    def __init__(self, settings: ActivitySettings | None = None) -> None:
        self._settings = settings or ActivitySettings()
        self._blocks = {channel: Blocks() for channel in Channel}
        self._floor = _Floor()
        self._now = 0
        self._closed = 0
        self._await()

    @property
    def is_open(self) -> bool:
        """Whether a call goes on."""
        return self._is_open

    def push(
        self, sound: AudioChunk | AudioGap, *, has_speech: bool = False
    ) -> list[CallBegan | CallOver]:
        """Take in the next sound of either channel, at `CALL_RATE`; what began or ended with it.

        `has_speech`: voice activity finds speech in it.
        """
        blocks = self._blocks[sound.channel].push(sound, has_speech=has_speech)
        if sound.channel is Channel.AGENT:
            for block in blocks:
                self._take_agent(block)
            return []
        if isinstance(sound, AudioGap):
            self._lose(sound)
        told = []
        for block in blocks:
            self._take_far(block)
            told += self._judge()
        return told or list(self._judge())

    def _take_agent(self, block: Block) -> None:
        if block.has_speech:
            self._agent_spoke = block.end
            self._agent_speech.append(block.start)

    def _take_far(self, block: Block) -> None:
        self._now, self._lost = block.end, 0
        if not self._is_open and not block.has_speech:
            self._floor.take(block)
        is_heard = not block.is_silent and block.level_dbfs >= self._floor.heard_dbfs
        if not (is_heard or block.has_speech):
            return
        pause = block.start - self._far_sound
        self._far_sound = block.end
        if self._first is None or pause > self._settings.joined_s * CALL_RATE:
            self._first = block.start
        if block.has_speech:
            self._far_spoke = block.end
            self._far_speech.append(block.start)

    def _lose(self, gap: AudioGap) -> None:
        """What is lost may have been sound, but not for ever."""
        self._now = gap.end
        self._lost += gap.end - gap.start
        if self._is_open and self._lost <= self._settings.kept_open_s * CALL_RATE:
            self._far_sound = gap.end

    def _judge(self) -> Iterator[CallBegan | CallOver]:
        settings = self._settings
        if not self._is_open:
            for spoken in (self._far_speech, self._agent_speech):
                while spoken and spoken[0] < self._now - settings.window_s * CALL_RATE:
                    spoken.popleft()
            if self._is_call:
                yield self._open()
            return
        kept_open = self._far_sound + round(settings.kept_open_s * CALL_RATE)
        last = max(self._far_sound, min(self._agent_spoke, kept_open))
        speech = max(self._far_spoke, self._agent_spoke, self._opened)
        if self._now - last >= settings.quiet_s * CALL_RATE:
            yield self._close(last)
        elif self._now - speech >= settings.speechless_s * CALL_RATE:
            yield self._close(self._now)

    @property
    def _is_call(self) -> bool:
        far_s = len(self._far_speech) / BLOCKS_PER_S
        is_answered = len(self._agent_speech) / BLOCKS_PER_S >= self._settings.agent_s
        return far_s >= (self._settings.far_s if is_answered else self._settings.far_alone_s)

    def _open(self) -> CallBegan:
        first = self._now if self._first is None else self._first
        greeting = round(self._settings.greeting_s * CALL_RATE)
        greeted = [at for at in self._agent_speech if at >= first - greeting]
        earliest = self._now - round(self._settings.preroll_s * CALL_RATE)
        self._is_open = True
        self._opened = self._far_sound = self._now
        return CallBegan(max(min([first, *greeted]), earliest, self._closed), self._now)

    def _close(self, end: int) -> CallOver:
        self._closed = end
        self._await()
        self._far_sound = self._now
        return CallOver(end, self._now)

    def _await(self) -> None:
        self._is_open = False
        self._opened = 0
        self._first: int | None = None
        self._far_sound = 0
        self._far_spoke = 0
        self._agent_spoke = 0
        self._lost = 0
        self._far_speech: deque[int] = deque()
        self._agent_speech: deque[int] = deque()


class _Floor:
    """The noise of the far side between calls, a hiss or none: the loudest of the quietest 10 s."""

    def __init__(self) -> None:
        self._loudest: deque[float] = deque(maxlen=_FLOORS)
        self._levels: list[float] = []

    @property
    def heard_dbfs(self) -> float:
        """Level from which a block is sound."""
        return max(_HEARD_DBFS, min(self._loudest, default=FLOOR_DBFS) + _ABOVE_FLOOR_DB)

    def take(self, block: Block) -> None:
        """Take in a block between calls in which nobody speaks."""
        self._levels.append(FLOOR_DBFS if block.is_silent else block.level_dbfs)
        if len(self._levels) == _FLOOR_S * BLOCKS_PER_S:
            self._loudest.append(max(self._levels))
            self._levels = []
