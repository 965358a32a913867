"""From what the networks said of calls of families they had not seen: calibration and thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detection.models.manifest import ReadTactic, ScoreCalibration, TalkShares, TalkThresholds
from detection.training.talk.calls import LABELS, Call

ALERT_FALSE_ALARMS = 0.01
WATCH_FALSE_ALARMS = 0.05
"""Shares of honest calls that may reach a level."""
LEAST_PRECISION = 0.6
LEAST_FOUND = 20
_NOT_FROM_WORDS = frozenset({"A5", "P12", "P13"})
"""What was not done, and what the clock and the case log show."""


@dataclass(frozen=True, slots=True)
class Told:
    """A call and what was said of it.

    `tactics` are probabilities (turns, labels), `network` and `wording` logits (turns,) of either model.
    """

    call: Call
    tactics: NDArray[np.float32]
    network: NDArray[np.float32]
    wording: NDArray[np.float32]

    def scores(self, shares: TalkShares) -> NDArray[np.float32]:
        """Of both models together after each turn."""
        return shares.network * self.network + shares.wording * self.wording


def share(told: Sequence[Told], wording_weight: float) -> TalkShares:
    """What makes the highest logits of either model spread alike, the wording's then weighted."""
    spreads = [np.std([model(one).max() for one in told]) for model in (_network, _wording)]
    return TalkShares(
        network=round(float(1 / spreads[0]), 4),
        wording=round(float(wording_weight / spreads[1]), 4),
    )


def _network(told: Told) -> NDArray[np.float32]:
    return told.network


def _wording(told: Told) -> NDArray[np.float32]:
    return told.wording


def calibrate(told: Sequence[Told], shares: TalkShares) -> ScoreCalibration:
    """Platt's line (1999) from the highest score of each call, up to the harm, at even prior odds."""
    highest = np.array([one.scores(shares)[: one.call.until].max() for one in told])
    cons = np.array([bool(one.call.is_con) for one in told])
    line = LogisticRegression(C=1e6, class_weight="balanced").fit(highest[:, None], cons)
    return ScoreCalibration(
        scale=round(float(line.coef_[0, 0]), 4), offset=round(float(line.intercept_[0]), 4)
    )


def thresholds(
    told: Sequence[Told], shares: TalkShares, calibration: ScoreCalibration
) -> TalkThresholds:
    """LLRs that so few of the honest calls reach at any turn."""
    honest = np.sort([one.scores(shares).max() for one in told if not one.call.is_con])[::-1]
    llrs = calibration.scale * honest + calibration.offset
    alert, watch = (
        float(llrs[int(rate * len(llrs))]) + 0.01 for rate in (ALERT_FALSE_ALARMS, WATCH_FALSE_ALARMS)
    )
    return TalkThresholds(watch_llr=round(watch, 3), alert_llr=round(alert, 3))


def readable(told: Sequence[Told]) -> dict[str, ReadTactic]:
    """The tactics that are found well enough to be told, each with the threshold that makes it so."""
    shares = np.concatenate([one.tactics for one in told])
    shown = np.array(
        [[label in turn.labels for label in LABELS] for one in told for turn in one.call.turns]
    )
    found = {}
    for index, label in enumerate(LABELS):
        if label in _NOT_FROM_WORDS:
            continue
        threshold = _threshold(shares[:, index], shown[:, index])
        if threshold is None:
            continue
        hits = shares[:, index] >= threshold
        found[label] = ReadTactic(
            threshold=round(threshold, 4),
            weight=round(_weight(told, index, threshold), 3),
            precision=round(float(shown[hits, index].mean()), 3),
            recall=round(float(hits[shown[:, index]].mean()), 3),
        )
    return found


def _threshold(shares: NDArray[np.float32], shown: NDArray[np.bool_]) -> float | None:
    """The lowest from which on enough of what is found is right; None where there is none."""
    order = np.argsort(-shares)
    right = np.cumsum(shown[order])
    count = np.arange(1, len(order) + 1)
    good = np.flatnonzero((right / count >= LEAST_PRECISION) & (count >= LEAST_FOUND))
    return float(shares[order[good[-1]]]) if len(good) else None


def _weight(told: Sequence[Told], index: int, threshold: float) -> float:
    """Natural-log likelihood ratio of a call in which it is found, each side one call the wiser."""
    counts = {True: [1.0, 2.0], False: [1.0, 2.0]}
    for one in told:
        count = counts[bool(one.call.is_con)]
        count[0] += bool((one.tactics[: one.call.until, index] >= threshold).any())
        count[1] += 1
    return log(counts[True][0] / counts[True][1]) - log(counts[False][0] / counts[False][1])
