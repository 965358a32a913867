"""How much later one channel's sound is heard again on the other: generalised cross-correlation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples

BLOCK = 16_384
"""Samples (`CALL_RATE`) correlated at once: about a second, in which clocks hardly drift apart."""
EARLIEST = -480
"""Samples: the earliest at which a copy is looked for; of one device captured twice it may be first."""
LATEST = 8_000
"""Samples: 0.5 s, later than any loudspeaker and room repeat a voice."""

_SIZE = 32_768
_SHORTEST = 1_024
_SMOOTHED = 9
_NEIGHBOURS = 1_600
_NEAR = 48
_SURE = 10.0
_SURE_NEAR = 5.5
_SURE_BLOCK = 7.0
_BAND_HZ = (100.0, 7500.0)
_SILENT = 1e-7
_FADE = np.sin(np.linspace(0, np.pi / 2, 512, dtype=np.float32)) ** 2


@dataclass(frozen=True, slots=True)
class Delay:
    """A copy of the far sound in the near one.

    `samples` is how much later it is heard, over the whole piece; `at` and `track` say it for each block
    in which it shows: the index of the block's middle from the piece's start, and the delay there,
    fractions of a sample included. `strength` is the correlation's peak over its usual height.
    """

    samples: int
    strength: float
    at: NDArray[np.float64]
    track: NDArray[np.float64]


def find_delay(near: Samples, far: Samples, expected: int | None = None) -> Delay | None:
    """The delay of `far` in `near`, shape (n,), or None where no copy shows.

    `far` begins `LATEST` samples before `near` and ends -`EARLIEST` after it. `expected` is the delay
    found before: around it a fainter copy counts. The correlation is weighted by the smoothed coherence
    transform (SCOT; Carter, Nuttall and Cable 1973) in blocks that count the same, so that those in
    which somebody else speaks do not hide the others.
    """
    curves = [
        curve for start in _starts(len(near)) if (curve := _block_curve(near, far, start)) is not None
    ]
    if not curves:
        return None
    middles, heights = (
        np.array([middle for middle, _ in curves]),
        np.array([curve for _, curve in curves]),
    )
    best = _peak(heights, 0, heights.shape[1], _SURE)
    if best is None and expected is not None:
        around = expected - EARLIEST
        best = _peak(heights, max(0, around - _NEAR), around + _NEAR + 1, _SURE_NEAR)
    if best is None:
        return None
    lag, strength = best
    first = max(0, lag - _NEAR)
    close = heights[:, first : lag + _NEAR + 1]
    shown = close.max(axis=1) >= min(_SURE_BLOCK, float(close.max()))
    track = [first + _refined(curve) + EARLIEST for curve in close[shown]]
    return Delay(lag + EARLIEST, strength, middles[shown], np.array(track))


def _peak(heights: NDArray[np.float32], first: int, last: int, sure: float) -> tuple[int, float] | None:
    """Where the curves, added up or the strongest by itself, are highest; None below `sure`."""
    added = heights.sum(axis=0) / np.sqrt(len(heights))
    both = np.maximum(added, heights.max(axis=0) - np.log(len(heights)))[first:last]
    lag = int(both.argmax())
    return (first + lag, float(both[lag])) if both[lag] >= sure else None


def _starts(length: int) -> range:
    """Where blocks begin; what is left at the end goes with a block of its own from a quarter on."""
    return range(0, max(1, length - BLOCK // 4), BLOCK)


def _block_curve(near: Samples, far: Samples, start: int) -> tuple[float, NDArray[np.float32]] | None:
    """A block's middle and its correlation by lag from `EARLIEST` on, about 1 where nothing shows."""
    heard = near[start : start + BLOCK]
    played = far[start : start + len(heard) + LATEST - EARLIEST]
    if len(heard) < _SHORTEST or np.mean(played**2) < _SILENT or not heard.any():
        return None
    near_bins, far_bins = np.fft.rfft(_faded(heard), _SIZE), np.fft.rfft(_faded(played), _SIZE)
    weight = np.sqrt(_smoothed(np.abs(near_bins) ** 2) * _smoothed(np.abs(far_bins) ** 2))
    cross = near_bins * np.conj(far_bins) / (weight + 1e-12)
    hz = np.fft.rfftfreq(_SIZE, 1 / CALL_RATE)
    cross[(hz < _BAND_HZ[0]) | (hz > _BAND_HZ[1])] = 0
    correlation = np.abs(np.fft.irfft(cross, _SIZE))
    # `far` begins `LATEST` before `heard`, so a copy that comes `lag` later lies at `lag` - LATEST here.
    curve = np.concatenate([correlation[EARLIEST - LATEST :], correlation[:1]])
    return start + len(heard) / 2, (curve / _usual(curve)).astype(np.float32)


def _usual(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """The deviation, around each lag, that sounds with nothing in common would have.

    Where the far side says little most lags see none of it, so that the median alone would be too low.
    """
    overall = float(np.median(curve)) / 0.6745
    total = np.concatenate([[0.0], np.cumsum(curve)])
    at = np.arange(len(curve))
    first, last = np.maximum(at - _NEIGHBOURS, 0), np.minimum(at + _NEIGHBOURS + 1, len(curve))
    around = (total[last] - total[first]) / (last - first) / 0.7979
    return np.maximum(around, overall) + 1e-12


def _refined(curve: NDArray[np.float32]) -> float:
    """Where the curve is highest, between samples by the parabola through the three highest."""
    top = int(curve.argmax())
    if top in {0, len(curve) - 1}:
        return float(top)
    before, peak, after = (float(height) for height in curve[top - 1 : top + 2])
    bend = before - 2 * peak + after
    return top + (0.5 * (before - after) / bend if bend < 0 else 0.0)


def _faded(sound: Samples) -> Samples:
    """`sound` without its hard ends, which are in both and would be found as a copy of each other."""
    faded = sound.copy()
    faded[: len(_FADE)] *= _FADE
    faded[-len(_FADE) :] *= _FADE[::-1]
    return faded


def _smoothed(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.convolve(power, np.full(_SMOOTHED, 1 / _SMOOTHED), "same")
