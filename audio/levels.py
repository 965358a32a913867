"""How loud a channel is, and whether what arrives is sound at all."""

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples

FLOOR_DBFS = -120.0
"""dBFS given for digital silence, and the lowest level told."""

_CLIPPED = 0.99
_CLIPPED_RUN = 3


class LevelMeter:
    """Level of one channel's latest block. Updated by the pump thread, read by any.

    Levels are dB relative to full scale +-1.0: a full-scale sine has a peak of 0 and an RMS of -3.01.
    """

    def __init__(self, rate: int = CALL_RATE) -> None:
        self._rate = rate
        self._zeros = 0
        self.rms_dbfs = FLOOR_DBFS
        self.peak_dbfs = FLOOR_DBFS
        self.is_clipping = False

    @property
    def digital_silence_s(self) -> float:
        """Seconds of exact zeros up to now: a muted or unpermitted input, never a quiet room."""
        return self._zeros / self._rate

    def update(self, samples: Samples) -> None:
        """Take in the next block, shape (n,); an empty one changes nothing."""
        if not len(samples):
            return
        magnitude = np.abs(samples)
        self.rms_dbfs = dbfs(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))
        self.peak_dbfs = dbfs(float(magnitude.max()))
        self.is_clipping = longest_run(magnitude >= _CLIPPED) >= _CLIPPED_RUN
        heard = np.flatnonzero(magnitude)
        self._zeros = len(samples) - 1 - int(heard[-1]) if len(heard) else self._zeros + len(samples)


def dbfs(amplitude: float) -> float:
    """`amplitude` in dB relative to full scale, at least `FLOOR_DBFS`."""
    return max(FLOOR_DBFS, 20 * float(np.log10(amplitude))) if amplitude > 0 else FLOOR_DBFS


def longest_run(flags: NDArray[np.bool_]) -> int:
    """How many in a row are set at most, of `flags`, shape (n,)."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(runs.max(initial=0))
