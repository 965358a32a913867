"""Is a stretch of speech fit to be judged? Cheap checks; what fails them is left out and said so."""

from enum import StrEnum

import numpy as np

from audio.types import Samples

MIN_LEVEL_DBFS = -60.0
"""RMS below which the quantisation noise of 8-bit telephone speech drowns a voice."""
CLIPPED_AT = 0.985
MAX_CLIPPED_SHARE = 0.03
"""Training speech was clipped in up to this share of its samples."""


class Unfit(StrEnum):
    """Why speech was left out, in words that complete "... of the caller's speech was"."""

    TOO_QUIET = "too quiet"
    DISTORTED = "too distorted"


def fault(samples: Samples) -> Unfit | None:
    """What makes `samples`, shape (n,), unfit to be judged, or None."""
    power = float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0
    if not np.isfinite(power):
        return Unfit.DISTORTED
    if power < 10 ** (MIN_LEVEL_DBFS / 10):
        return Unfit.TOO_QUIET
    if float((np.abs(samples) >= CLIPPED_AT).mean()) > MAX_CLIPPED_SHARE:
        return Unfit.DISTORTED
    return None
