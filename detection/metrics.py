"""How well scores separate two classes, and how far they can be taken for likelihood ratios."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EqualError:
    """The equal error rate (0-1) and the score at which it is met (positive at or above it)."""

    rate: float
    threshold: float


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Misses and false alarms (0-1), shape (..., n), at n rising thresholds; the last is infinite.

    A score at or above the threshold counts as positive.
    """

    thresholds: Floats
    misses: Floats
    false_alarms: Floats


@dataclass(frozen=True, slots=True)
class DetectionCosts:
    """What a miss and a false alarm cost, and how probable a positive is (0-1)."""

    miss: float
    false_alarm: float
    prior: float


ASVSPOOF5 = DetectionCosts(miss=10, false_alarm=1, prior=0.05)
"""The costs of ASVspoof 5, track 1 (Wang et al. 2024), where synthetic speech is the positive."""


def error_rates(
    positive: ArrayLike,
    negative: ArrayLike,
    positive_weights: ArrayLike = 1.0,
    negative_weights: ArrayLike = 1.0,
) -> ErrorRates:
    """Both error rates at every score that occurs.

    `positive` and `negative` are the scores of the two classes, higher meaning positive; at least
    one each, all finite. Weights say how often a score counts and broadcast against the scores:
    shape (resamples, scores) gives rates of shape (resamples, thresholds). Raises `ValueError` on
    an empty class or a score that is not finite.
    """
    wanted, unwanted = _scores(positive), _scores(negative)
    thresholds = np.append(np.unique(np.concatenate([wanted, unwanted])), np.inf)
    misses = _share_below(thresholds, wanted, positive_weights)
    return ErrorRates(thresholds, misses, 1 - _share_below(thresholds, unwanted, negative_weights))


def equal_error(positive: ArrayLike, negative: ArrayLike) -> EqualError:
    """Where the share of misses meets the share of false alarms.

    Between two neighbouring thresholds, where the shares cross without meeting, the smaller of the
    two mean rates is taken (Brummer and de Villiers, BOSARIS Toolkit, 2011, without the convex
    hull). Raises `ValueError` as `error_rates` does.
    """
    rates = error_rates(positive, negative)
    nearest = np.abs(rates.misses - rates.false_alarms)
    mean = (rates.misses + rates.false_alarms) / 2
    best = np.lexsort((mean, nearest))[0]
    return EqualError(float(mean[best]), float(rates.thresholds[best]))


def equal_error_rates(rates: ErrorRates) -> Floats:
    """The rate that `equal_error` finds, for each row of `rates`."""
    apart = np.abs(rates.misses - rates.false_alarms)
    mean = (rates.misses + rates.false_alarms) / 2
    nearest = apart <= apart.min(axis=-1, keepdims=True)
    return np.where(nearest, mean, np.inf).min(axis=-1)


def area_under_curve(positive: ArrayLike, negative: ArrayLike) -> float:
    """The chance that a positive scores above a negative, ties counting half (Fawcett 2006).

    Raises `ValueError` on an empty class or a score that is not finite.
    """
    wanted, unwanted = _scores(positive), np.sort(_scores(negative))
    below = np.searchsorted(unwanted, wanted, side="left")
    up_to = np.searchsorted(unwanted, wanted, side="right")
    return float((below + up_to).mean() / 2 / len(unwanted))


def min_detection_cost(
    positive: ArrayLike, negative: ArrayLike, costs: DetectionCosts = ASVSPOOF5
) -> float:
    """The detection cost at the best threshold, 1 being the cost of the better constant answer.

    min over thresholds of (C_miss p P_miss + C_fa (1 - p) P_fa) / min(C_miss p, C_fa (1 - p))
    (Doddington et al. 2000). Between 0 and 1. Raises `ValueError` as `error_rates` does.
    """
    rates = error_rates(positive, negative)
    miss, false_alarm = costs.miss * costs.prior, costs.false_alarm * (1 - costs.prior)
    cost = miss * rates.misses + false_alarm * rates.false_alarms
    return float(cost.min() / min(miss, false_alarm))


def llr_cost(positive: ArrayLike, negative: ArrayLike) -> float:
    """Cllr of natural-log likelihood ratios in bits (Brummer and du Preez 2006, eq. 27).

    The mean of log2(1 + 1/LR) over the positive and log2(1 + LR) over the negative, each class
    counting half: 0 is certainty, 1 what no evidence (LLR 0) gives, above 1 worse than that.
    Raises `ValueError` on an empty class or a ratio that is not finite.
    """
    return _cllr(_scores(positive), _scores(negative))


def min_llr_cost(positive: ArrayLike, negative: ArrayLike) -> float:
    """Cllr of the scores after the best rising map to likelihood ratios: what no calibration mends.

    The map is isotonic regression by pooling adjacent violators (Brummer and du Preez 2006). Cllr
    less this is what calibration loses. Raises `ValueError` as `llr_cost` does.
    """
    wanted, unwanted = _scores(positive), _scores(negative)
    levels, at = np.unique(np.concatenate([wanted, unwanted]), return_inverse=True)
    positives = np.bincount(at[: len(wanted)], minlength=len(levels))
    counts = np.bincount(at, minlength=len(levels))
    posterior = _pooled(positives, counts)[at]
    with np.errstate(divide="ignore"):
        llrs = np.log(posterior) - np.log1p(-posterior) - np.log(len(wanted) / len(unwanted))
    return _cllr(llrs[: len(wanted)], llrs[len(wanted) :])


def _pooled(hits: NDArray[np.intp], counts: NDArray[np.intp]) -> Floats:
    """The rising shares nearest to `hits` / `counts`, by pooling adjacent violators."""
    pools: list[tuple[int, int, int]] = []
    for hit, count in zip(hits.tolist(), counts.tolist(), strict=True):
        pool = (hit, count, 1)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return np.repeat([hit / count for hit, count, _ in pools], [width for _, _, width in pools])


def _cllr(wanted: Floats, unwanted: Floats) -> float:
    cost = np.logaddexp(0, -wanted).mean() + np.logaddexp(0, unwanted).mean()
    return float(cost / 2 / np.log(2))


def _share_below(thresholds: Floats, scores: Floats, weights: ArrayLike) -> Floats:
    """The weight of `scores` below each threshold as a share of all of it."""
    order = np.argsort(scores)
    weights = np.asarray(weights, np.float64)
    weights = np.broadcast_to(weights, (*weights.shape[:-1], len(scores)))[..., order]
    below = np.concatenate([np.zeros_like(weights[..., :1]), weights.cumsum(axis=-1)], axis=-1)
    return below[..., np.searchsorted(scores[order], thresholds)] / below[..., -1:]


def _scores(scores: ArrayLike) -> Floats:
    values = np.asarray(scores, np.float64).ravel()
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("both classes need at least one score, and every score must be finite")
    return values
