"""How far figures from a few recordings can be off: bootstrap intervals (Efron 1979)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detection.metrics import equal_error_rates, error_rates

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


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
