"""Whether both channels carry one and the same sound, late and louder or softer perhaps, but a copy.

A voice that comes back through the air is no copy: the room, the loudspeaker and whatever else the
microphone hears change it. What both channels took from one device is one.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from audio.blocks import BLOCK, BLOCKS_PER_S, Block
from audio.types import CALL_RATE

_MARGIN = BLOCKS_PER_S // 2
"""Blocks by which one channel may be late."""
_SOUGHT = BLOCKS_PER_S * 3 // 2
"""Blocks of the one that are looked for in the other."""
_HELD = _SOUGHT + 2 * _MARGIN
_STEP = BLOCKS_PER_S // 2

_ACTIVE_DBFS = -75.0
_PRESENT_DBFS = -100.0
_LOUD_DBFS = -50.0
"""A copy of what is as loud as that would be present, too."""
_LEAST = BLOCKS_PER_S // 2
"""Blocks of a level that count."""
_PIECE = CALL_RATE // 40
"""Samples per level in the comparison of levels, which comes first because it is cheap."""
_ALIKE = 0.6
_COPY = 0.98
"""Correlation from which sound is a copy. Echo reaches it only without a room and without noise."""
_NO_COPY = 0.95
_AMBIGUOUS = 0.9
"""Share of the highest correlation that another delay may reach: tones and hum do, speech does not."""
_NEAR_S = 0.015
_BAND_HZ = (300, 2000)

_COPIES = 2
_COPIES_AFTER_OWN = 40
_DIFFERENT = 2
_DIFFERENT_AFTER_COPY = 4
_TRUSTED = 30 * BLOCKS_PER_S
"""Blocks for which a microphone that had sound of its own is not compared again."""


class Likeness(Enum):
    """What a comparison of two channels says."""

    UNKNOWN = auto()
    """Too little sound, or sound that is alike at any delay."""
    COPY = auto()
    DIFFERENT = auto()


class Copying:
    """Follows a microphone and the far side, block by block, and compares them twice a second.

    A far voice that leaks into the microphone can be a copy, too, while the agent listens. So it takes
    `_COPIES` comparisons in a row where the microphone has had no sound of its own yet, and
    `_COPIES_AFTER_OWN` where it has.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """A device was away: another one may have come."""
        self.since: int | None = None
        """From which sample on both have carried one sound, while they do."""
        self._microphone: deque[Block] = deque(maxlen=_HELD)
        self._far: deque[Block] = deque(maxlen=_HELD)
        self._compared = 0
        self._trusted = 0
        self._needed = _COPIES
        self._copies: list[int] = []
        self._different = 0

    def take(self, block: Block, *, is_microphone: bool) -> None:
        """Take in the next block of the microphone or of the far side."""
        line, other = (self._microphone, self._far) if is_microphone else (self._far, self._microphone)
        if line and line[-1].end != block.start:
            line.clear()
        line.append(block)
        self._trusted = max(0, self._trusted - is_microphone)
        is_whole = len(line) == len(other) == _HELD and other[-1].end == block.end
        if is_whole and not self._trusted and block.end - self._compared >= _STEP * BLOCK:
            self._compared = block.end
            self._weigh(likeness(self._microphone, self._far))

    def _weigh(self, compared: Likeness) -> None:
        if compared is Likeness.COPY:
            self._different = 0
            self._copies.append(self._microphone[0].start)
            if self.since is None and len(self._copies) >= self._needed:
                self.since = self._copies[0]
        elif compared is Likeness.DIFFERENT:
            self._different += 1
            if self._different >= (_DIFFERENT_AFTER_COPY if self.since is not None else _DIFFERENT):
                self.since = None
                self._copies = []
                self._needed = _COPIES_AFTER_OWN
                self._trusted = _TRUSTED


def likeness(one: Sequence[Block], other: Sequence[Block]) -> Likeness:
    """Compare two channels over the same time, 2.5 s each."""
    lines = [list(line)[_MARGIN:-_MARGIN] for line in (one, other)]
    if not any(_has_level(line, _ACTIVE_DBFS) for line in lines):
        return Likeness.UNKNOWN
    if not all(_has_level(line, _PRESENT_DBFS) for line in lines):
        is_loud = any(_has_level(line, _LOUD_DBFS) for line in lines)
        return Likeness.DIFFERENT if is_loud else Likeness.UNKNOWN
    sounds = [np.concatenate([block.samples for block in line]) for line in (one, other)]
    levels = [_levels(sound) for sound in sounds]
    margin = _MARGIN * BLOCK
    if _correlations(levels[0], levels[1], margin // _PIECE).max() < _ALIKE:
        return Likeness.DIFFERENT
    correlations = np.abs(_correlations(_in_band(sounds[0]), _in_band(sounds[1]), margin))
    best = int(correlations.argmax())
    highest = _peak(correlations, best)
    if highest < _NO_COPY:
        return Likeness.DIFFERENT
    near = round(_NEAR_S * CALL_RATE)
    elsewhere = np.concatenate([correlations[: max(0, best - near)], correlations[best + near :]])
    is_certain = elsewhere.max(initial=0) < _AMBIGUOUS * highest
    return Likeness.COPY if is_certain and highest >= _COPY else Likeness.UNKNOWN


def _has_level(line: Sequence[Block], dbfs: float) -> bool:
    return sum(not block.is_silent and block.level_dbfs >= dbfs for block in line) >= _LEAST


def _peak(values: NDArray[np.float64], best: int) -> float:
    """The highest that the parabola through the highest of `values` and its neighbours reaches."""
    if not 0 < best < len(values) - 1:
        return float(values[best])
    left, middle, right = values[best - 1 : best + 2]
    bend = left - 2 * middle + right
    return float(middle - (left - right) ** 2 / (8 * bend)) if bend < 0 else float(middle)


def _levels(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    pieces = sound.reshape(-1, _PIECE)
    power = np.einsum("ij,ij->i", pieces, pieces).astype(np.float64) / _PIECE
    levels = np.log10(power + 1e-9)
    return levels - levels.mean()


def _in_band(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Without what is below speech, such as hum, and above what every telephone carries."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / CALL_RATE)
    spectrum[(hz < _BAND_HZ[0]) | (hz > _BAND_HZ[1])] = 0
    return np.fft.irfft(spectrum, len(sound))


def _correlations(
    one: NDArray[np.float64], other: NDArray[np.float64], margin: int
) -> NDArray[np.float64]:
    """Of the middle of `one` with `other` at every delay up to `margin`, by their energies."""
    sought = one[margin:-margin]
    size = len(other)
    energy = np.concatenate([[0.0], np.cumsum(np.square(other))])
    energies = energy[len(sought) :] - energy[: 2 * margin + 1]
    products = np.fft.irfft(np.conj(np.fft.rfft(sought, size)) * np.fft.rfft(other, size), size)
    return products[: 2 * margin + 1] / np.sqrt(energies * np.square(sought).sum() + 1e-12)
