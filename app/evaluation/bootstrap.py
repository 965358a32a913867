"""How far figures from a few recordings can be off: bootstrap intervals (Efron 1979)."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from detection.metrics import ErrorRates, equal_error_rates, error_rates

RESAMPLES = 1000
SEED = 0
LEVEL = 0.95
_AT_ONCE = 2_000_000
"""Scores handled in one go, which bounds the memory."""

Interval = tuple[float, float]
Mask = NDArray[np.bool_]


class Bootstrap:
    """Draws whole groups of recordings with replacement, the same draws in every run.

    `groups` names the group of each recording: a speaker's recordings share a voice and a
    microphone, so they stand or fall together.
    """

    def __init__(self, groups: Sequence[str]) -> None:
        names, index = np.unique(groups, return_inverse=True)
        rng = np.random.default_rng(SEED)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
        self._weights = drawn[:, index]
        self._index = index

    def share(self, hits: Mask, among: Mask) -> Interval | None:
        """The interval of the share of `hits` in `among`; None where `among` is empty.

        Where none or all are hits every draw agrees, and the rule of three (Hanley and
        Lippman-Hand 1983) gives the far end: 3 / groups.
        """
        if not among.any():
            return None
        room = min(1.0, 3 / len(np.unique(self._index[among])))
        if not (hits & among).any():
            return 0.0, room
        if hits[among].all():
            return 1 - room, 1.0
        total = self._weights[:, among].sum(axis=1)
        drawn = total > 0
        return _interval(self._weights[:, hits & among].sum(axis=1)[drawn] / total[drawn])

    def median(self, values: NDArray[np.float64], among: Mask) -> Interval | None:
        """The interval of the median of `values` in `among`; None where `among` is empty."""
        if not among.any():
            return None
        chosen = np.flatnonzero(among)[np.argsort(values[among])]
        counts = self._weights[:, chosen].cumsum(axis=1)
        drawn = counts[:, -1] > 0
        middle = counts[drawn, -1:] / 2
        lower = (counts[drawn] < middle).sum(axis=1)
        upper = (counts[drawn] <= middle).sum(axis=1)
        return _interval((values[chosen[lower]] + values[chosen[upper]]) / 2)

    def ratio(self, counts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Interval | None:
        """The interval of all `counts` over all `sizes`; None where there is nothing to count in.

        Of word errors over words this is the interval of Bisani and Ney 2004.
        """
        if not sizes.any():
            return None
        drawn = (total := self._weights @ sizes) > 0
        return _interval((self._weights @ counts)[drawn] / total[drawn])

    def equal_error(self, scores: NDArray[np.float64], positive: Mask) -> Interval | None:
        """The interval of the equal error rate; None where a class is empty."""
        if positive.all() or not positive.any():
            return None
        wanted, unwanted = self._weights[:, positive], self._weights[:, ~positive]
        drawn = (wanted.sum(axis=1) > 0) & (unwanted.sum(axis=1) > 0)
        parts = -(-drawn.sum() * len(scores) // _AT_ONCE)
        rates = [
            equal_error_rates(error_rates(scores[positive], scores[~positive], part, other))
            for part, other in zip(
                np.array_split(wanted[drawn], parts),
                np.array_split(unwanted[drawn], parts),
                strict=True,
            )
        ]
        return _interval(np.concatenate(rates))


class TrialBootstrap:
    """Draws whole speakers with replacement for trials between two stretches of speech.

    A trial of two speakers counts as often as both were drawn together, one of a single speaker as
    often as that one was. `first` and `second` name the speakers of each trial, shape (n,).
    """

    def __init__(self, first: Sequence[str], second: Sequence[str]) -> None:
        names, index = np.unique([*first, *second], return_inverse=True)
        self._first, self._second = index[: len(first)], index[len(first) :]
        rng = np.random.default_rng(SEED)
        self._draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)

    def share(self, hits: Mask, among: Mask) -> Interval | None:
        """The interval of the share of `hits` in `among`; None where `among` is empty.

        Where none or all are hits the far end is 3 / speakers, as in `Bootstrap.share`.
        """
        if not among.any():
            return None
        room = min(1.0, 3 / len(np.unique([self._first[among], self._second[among]])))
        if not (hits & among).any():
            return 0.0, room
        if hits[among].all():
            return 1 - room, 1.0
        shares = []
        for weights in self._weights(np.flatnonzero(among)):
            total = weights.sum(axis=1)
            drawn = total > 0
            shares.append(weights[drawn][:, hits[among]].sum(axis=1) / total[drawn])
        return _interval(np.concatenate(shares))

    def equal_error(self, scores: NDArray[np.float64], positive: Mask) -> Interval | None:
        """The interval of the equal error rate; None where a class is empty."""
        if positive.all() or not positive.any():
            return None
        order = np.argsort(scores)
        thresholds, first = np.unique(scores[order], return_index=True)
        below = np.append(first, len(scores))
        rates = []
        for weights in self._weights(order):
            wanted = _running(weights * positive[order])
            unwanted = _running(weights * ~positive[order])
            drawn = (wanted[:, -1] > 0) & (unwanted[:, -1] > 0)
            misses = wanted[drawn][:, below] / wanted[drawn][:, -1:]
            false_alarms = 1 - unwanted[drawn][:, below] / unwanted[drawn][:, -1:]
            rates.append(
                equal_error_rates(ErrorRates(np.append(thresholds, np.inf), misses, false_alarms))
            )
        return _interval(np.concatenate(rates))

    def _weights(self, trials: NDArray[np.intp]) -> Iterator[NDArray[np.int64]]:
        """How often each of `trials` was drawn, shape (some draws, trials), all draws in parts."""
        first, second = self._first[trials], self._second[trials]
        parts = min(RESAMPLES, -(-RESAMPLES * len(trials) // _AT_ONCE))
        for draws in np.array_split(self._draws, parts):
            yield draws[:, first] * np.where(first == second, 1, draws[:, second])


def _running(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of each row before every column and, last, of the whole row."""
    return np.pad(weights.cumsum(axis=1), ((0, 0), (1, 0)))


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
