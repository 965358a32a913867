"""Is a piece of the agent's microphone the caller's voice again, out of the loudspeaker?"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from audio.echo.delay import BLOCK, EARLIEST, LATEST, Delay, find_delay
from audio.echo.history import History
from audio.echo.path import HOP, PARTS, predict_echo
from audio.echo.remains import measure, suppress
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples

HISTORY_S = 30.0
"""Seconds of both channels that are kept."""

_BEFORE = 64
_FIRST_ECHO = -128
_SURE = 10.0
_AGENT_S = 0.06
_LEAST_REMOVED_DB = 3.0
_OBSERVED = 30
_AGREE = 80
_AGREEING = 2
_POINTS_FOR_ORDER = (2, 5)
_FADED = 10 ** (-6 * HOP / CALL_RATE / 0.3 * np.arange(12))
_ACTIVE = 1e-6
_SAME_LAG = 480
_SAME_BANDS_HZ = (250, 500, 1000, 2000, 4000)
_SAME = 0.98
_SAME_DB = 6.0


class Heard(StrEnum):
    """Whose voice a piece of the microphone's sound holds."""

    AGENT = "agent"
    ECHO = "echo"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class EchoJudgement:
    """Whose voice a piece holds.

    With both, `samples` is the piece with the echo taken away, as long as it was. `delay_ms` is how late
    the microphone hears the caller, `level_db` how loud over what was played, `agent_s` the seconds that
    the echo does not explain.
    """

    heard: Heard
    delay_ms: float | None = None
    level_db: float | None = None
    agent_s: float | None = None
    samples: Samples | None = None


class EchoWatch:
    """Listens to both channels of a call at `CALL_RATE` for the caller's voice in the microphone.

    Belongs to the pump thread. The result depends on the sound alone, not on how it was cut into chunks.
    """

    def __init__(self) -> None:
        self._histories = {channel: History(round(HISTORY_S * CALL_RATE)) for channel in Channel}
        self._next_block = 0
        self._found: deque[int | None] = deque(maxlen=_OBSERVED)
        self._couplings: deque[float] = deque(maxlen=1500)

    def push(self, item: AudioChunk | AudioGap) -> None:
        """Take in the next sound of a channel, at `CALL_RATE`."""
        self._histories[item.channel].push(item)
        self._next_block = max(self._next_block, self.heard_until - round(HISTORY_S * CALL_RATE))
        while self._next_block + BLOCK - EARLIEST <= self.heard_until:
            self._observe(self._next_block)
            self._next_block += BLOCK

    @property
    def heard_until(self) -> int:
        """Index up to which both channels were heard: what ends before it can be judged."""
        return min(history.end for history in self._histories.values())

    def judge(self, start: int, end: int, *, learns: bool = True) -> EchoJudgement:
        """Whose voice the microphone's samples `start` to `end` hold; see `heard_until`.

        What it `learns` of the echo's level, later pieces are judged by.
        Where nothing proves an echo it is the agent's: to lose what they say is worse than to have a
        line twice. So it is where the sound is no longer kept, and where both channels are one device's.
        """
        agent, caller = self._histories[Channel.AGENT], self._histories[Channel.CALLER]
        if start < agent.start:
            return EchoJudgement(Heard.AGENT)
        near, played = agent.piece(start, end), caller.piece(start - LATEST, end - EARLIEST)
        delay = find_delay(near, played, self._expected)
        if delay is None or delay.samples < _FIRST_ECHO or _is_same(near, played, delay.samples):
            return EchoJudgement(Heard.AGENT)
        far = self._aligned(start, end, delay)
        echo = predict_echo(near, far, self._coupling(near, far[HOP * PARTS :], learns))
        remains = measure(near, echo)
        level_db = _level_db(echo, far[HOP * PARTS :])
        about = 1000 * delay.samples / CALL_RATE, level_db, remains.agent_s
        if (
            remains.agent_s >= _AGENT_S
            or remains.removed_db < _LEAST_REMOVED_DB
            or delay.strength < _SURE
        ):
            return EchoJudgement(Heard.BOTH, *about, suppress(near, echo))
        return EchoJudgement(Heard.ECHO, *about)

    @property
    def _expected(self) -> int | None:
        """The delay on which most of what was observed agrees; None where too little does."""
        found = [lag for lag in self._found if lag is not None]
        if not found:
            return None
        middle = int(np.median(found[-9:]))
        agree = sum(abs(lag - middle) <= _AGREE for lag in found)
        return middle if agree >= _AGREEING else None

    def _observe(self, start: int) -> None:
        """Look at a block of about a second of both channels."""
        near = self._histories[Channel.AGENT].piece(start, start + BLOCK)
        far = self._histories[Channel.CALLER].piece(start - LATEST, start + BLOCK - EARLIEST)
        played = far[LATEST : LATEST + BLOCK]
        if max(np.mean(near**2), np.mean(played**2)) < _ACTIVE:
            return
        delay = find_delay(near, far, self._expected)
        if delay is not None and _is_same(near, far, delay.samples):
            return
        if np.mean(played**2) >= _ACTIVE:
            self._found.append(delay.samples if delay and delay.samples >= _FIRST_ECHO else None)

    def _aligned(self, start: int, end: int, delay: Delay) -> Samples:
        """The far side as it would be played without delay, from `HOP` * `PARTS` before `start`.

        Where clocks go apart the delay goes from block to block, and the sound is stretched to follow.
        """
        order = int(np.searchsorted(_POINTS_FOR_ORDER, len(delay.at), "right"))
        curve = np.polynomial.Polynomial.fit(delay.at, delay.track, order)
        at = np.arange(-HOP * PARTS, end - start)
        around = np.clip(curve(np.clip(at, 0, None)), delay.samples - _AGREE, delay.samples + _AGREE)
        position = at - around + _BEFORE
        first = int(np.floor(position.min())) - 1
        far = self._histories[Channel.CALLER].piece(start + first, start + int(position.max()) + 3)
        return _interpolated(far, position - first)

    def _coupling(self, near: Samples, far: Samples, learns: bool) -> float:
        """The power of the echo over that of what was played.

        That of the quieter moments, because in the others the agent speaks; those of late and, where the
        volume was turned up since, those of this piece.
        """
        played = np.convolve(_powers(far), _FADED)[: len(near) // HOP]
        heard = _powers(near)
        loud = played > played.max(initial=0) * 0.03
        here = heard[loud] / played[loud]
        known = deque((*self._couplings, *here.tolist()), self._couplings.maxlen)
        if learns:
            self._couplings = known
        return 2 * max(float(np.quantile(known, 0.3)), float(np.quantile(here, 0.1)))


def _powers(sound: Samples) -> np.ndarray:
    return np.mean(sound[: len(sound) // HOP * HOP].reshape(-1, HOP) ** 2, axis=1) + 1e-10


def _level_db(echo: Samples, far: Samples) -> float:
    return float(10 * np.log10((np.mean(echo**2) + 1e-12) / (np.mean(far**2) + 1e-12)))


def _interpolated(sound: Samples, position: np.ndarray) -> Samples:
    """`sound` between its samples, by the cubic through the four around each position (Lagrange)."""
    whole = np.floor(position).astype(np.int64)
    part = (position - whole).astype(np.float32)
    before, this, after, second = (sound[whole + step] for step in (-1, 0, 1, 2))
    between = (
        -part * (part - 1) * (part - 2) / 6 * before
        + (part + 1) * (part - 1) * (part - 2) / 2 * this
        - (part + 1) * part * (part - 2) / 2 * after
        + (part + 1) * part * (part - 1) / 6 * second
    )
    return between.astype(np.float32)


def _is_same(near: Samples, far: Samples, lag: int) -> bool:
    """Whether `near` is `far` moved by `lag` and no more, as no loudspeaker and room would leave it."""
    if abs(lag) > _SAME_LAG:
        return False
    moved = far[LATEST - lag :][: len(near)]
    over_db = 10 * np.log10((np.mean(near**2) + 1e-12) / (np.mean(moved**2) + 1e-12))
    if abs(over_db) > _SAME_DB:
        return False
    one, other = np.fft.rfft(near), np.fft.rfft(moved)
    edges = np.searchsorted(np.fft.rfftfreq(len(near), 1 / CALL_RATE), _SAME_BANDS_HZ)
    cross, a, b = (
        np.add.reduceat(x, edges)[:-1] for x in (one * other.conj(), abs(one) ** 2, abs(other) ** 2)
    )
    return bool(np.all(np.abs(cross) >= _SAME * np.sqrt(a * b + 1e-12)))
