"""From trials of held-out people, and of no others, to calibration, thresholds and natural spread."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from detection.models.manifest import NaturalSpread, ScoreCalibration, SpeakerThresholds
from detection.training.speaker.measure import Scored

FALSE_MATCHES = 0.005
"""Share of held-out trials of two people, in the worst condition, that may be called a match."""
FALSE_REJECTIONS = 0.01
"""Share of held-out trials of one person, in the worst condition, that may be called no match."""
LEAST_LLR = 1.0
"""Weaker evidence than this, either way, is called unsure however few the errors."""
MIN_SPEECH_S = 3.0
ENROL_SPEECH_S = 20.0


def calibrate(conditions: list[Scored]) -> ScoreCalibration:
    """Platt's logistic fit of normalised scores; every condition and both answers weigh the same."""
    scores = np.concatenate([scored.normalised for scored in conditions])
    target = np.concatenate([scored.trials.target for scored in conditions])
    weights = np.concatenate([_weights(scored.trials.target) for scored in conditions]) / len(conditions)
    signs = np.where(target, 1.0, -1.0)

    def cost(line: NDArray[np.float64]) -> float:
        return float((weights * np.logaddexp(0, -signs * (line[0] * scores + line[1]))).sum())

    scale, offset = minimize(cost, np.array([1.0, 0.0])).x
    return ScoreCalibration(scale=round(float(scale), 4), offset=round(float(offset), 4))


def thresholds(conditions: list[Scored], calibration: ScoreCalibration) -> SpeakerThresholds:
    """Where no condition has more than `FALSE_MATCHES` or `FALSE_REJECTIONS`."""
    match, reject = LEAST_LLR, -LEAST_LLR
    for scored in conditions:
        llrs = calibration.scale * scored.normalised + calibration.offset
        target = scored.trials.target
        match = max(match, float(np.quantile(llrs[~target], 1 - FALSE_MATCHES, method="higher")))
        reject = min(reject, float(np.quantile(llrs[target], FALSE_REJECTIONS, method="lower")))
    return SpeakerThresholds(
        match_llr=round(match, 2) + 0.01,
        reject_llr=round(reject, 2),
        min_speech_s=MIN_SPEECH_S,
        enrol_speech_s=ENROL_SPEECH_S,
    )


def natural_spread(spreads: NDArray[np.float64]) -> NaturalSpread:
    """The 1st and 99th percentile of real people's spreads."""
    low, high = np.quantile(spreads, (0.01, 0.99))
    return NaturalSpread(low=round(float(low), 4), high=round(float(high), 4))


def _weights(target: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(target, 0.5 / target.sum(), 0.5 / (~target).sum())
