"""How loud sound is, in dB relative to full scale +-1.0."""

import numpy as np
from numpy.typing import NDArray

from audio.types import Samples

FLOOR_DBFS = -120.0
"""dBFS given for digital silence, and the lowest level told."""


def rms_dbfs(samples: Samples) -> float:
    """The level of `samples`, shape (n,) with n > 0: a full-scale sine has -3.01."""
    return dbfs(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def dbfs(amplitude: float) -> float:
    """`amplitude` in dB relative to full scale, at least `FLOOR_DBFS`."""
    return max(FLOOR_DBFS, 20 * float(np.log10(amplitude))) if amplitude > 0 else FLOOR_DBFS


def longest_run(flags: NDArray[np.bool_]) -> int:
    """How many in a row are set at most, of `flags`, shape (n,)."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(runs.max(initial=0))
