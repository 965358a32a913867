"""How measured values spread."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LEVELS = {"p50": 50, "p95": 95, "p99": 99, "most": 100}


def spread(values: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """Percentiles of `values`, in their unit; none of no values."""
    if not len(values):
        return {}
    return {name: round(float(np.percentile(values, level)), 2) for name, level in _LEVELS.items()}
