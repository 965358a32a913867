"""How well scores separate two classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class EqualError:
    """The equal error rate (0-1) and the score at which it is met (positive at or above it)."""

    rate: float
    threshold: float


def equal_error(positive: ArrayLike, negative: ArrayLike) -> EqualError:
    """Where the share of misses meets the share of false alarms.

    `positive` and `negative` are the scores of the two classes, higher meaning positive; at least
    one each, all finite. Between two neighbouring thresholds, where the shares cross without
    meeting, the smaller of the two mean rates is taken (Brummer and de Villiers, BOSARIS Toolkit,
    2011, without the convex hull). Raises `ValueError` on an empty class or a score that is not finite.
    """
    wanted, unwanted = _scores(positive), _scores(negative)
    thresholds = np.append(np.unique(np.concatenate([wanted, unwanted])), np.inf)
    misses = np.searchsorted(np.sort(wanted), thresholds, side="left") / len(wanted)
    false_alarms = 1 - np.searchsorted(np.sort(unwanted), thresholds, side="left") / len(unwanted)
    nearest = np.abs(misses - false_alarms)
    mean = (misses + false_alarms) / 2
    best = np.lexsort((mean, nearest))[0]
    return EqualError(float(mean[best]), float(thresholds[best]))


def area_under_curve(positive: ArrayLike, negative: ArrayLike) -> float:
    """The chance that a positive scores above a negative, ties counting half (Fawcett 2006).

    Raises `ValueError` on an empty class or a score that is not finite.
    """
    wanted, unwanted = _scores(positive), np.sort(_scores(negative))
    below = np.searchsorted(unwanted, wanted, side="left")
    up_to = np.searchsorted(unwanted, wanted, side="right")
    return float((below + up_to).mean() / 2 / len(unwanted))


def _scores(scores: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(scores, np.float64).ravel()
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("both classes need at least one score, and every score must be finite")
    return values
