"""From scores of held-out clips, and of no others, to a calibration and thresholds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from detection.models.manifest import Calibration, VoiceThresholds
from detection.training.countermeasure.clips import Clip
from detection.voice.evidence import Evidence

FALSE_ALARMS = 0.005
"""Share of held-out real clips, over all conditions, that may reach "likely synthetic"."""
MISSED = 0.05
"""Share of held-out synthetic clips, over all conditions, that may be called "real"."""
MIN_SPEECH_S = 2.0
LARGEST_SETTLE = 2.0


@dataclass(frozen=True, slots=True)
class HeldScores:
    """Held-out clips through one condition, with the scores of their windows."""

    clips: list[Clip]
    windows: list[NDArray[np.float32]]


def calibrate(conditions: list[HeldScores]) -> Calibration:
    """Platt's logistic fit of a clip's mean score, both classes weighing the same, and the `settle`."""
    scores, synthetic = _pooled(conditions)
    weights = np.where(synthetic, 0.5 / synthetic.sum(), 0.5 / (~synthetic).sum())
    signs = np.where(synthetic, 1.0, -1.0)

    def cost(line: NDArray[np.float64]) -> float:
        return float((weights * np.logaddexp(0, -signs * (line[0] * scores + line[1]))).sum())

    scale, offset = minimize(cost, np.array([1.0, 0.0])).x
    return Calibration(
        scale=round(float(scale), 4), offset=round(float(offset), 4), settle=_settle(conditions)
    )


def thresholds(conditions: list[HeldScores], calibration: Calibration) -> VoiceThresholds:
    """Where at most `FALSE_ALARMS` of real clips alarm and `MISSED` of synthetic ones pass as real."""
    scores, synthetic = _pooled(conditions)
    llrs = calibration.scale * scores + calibration.offset
    alarm = float(np.quantile(llrs[~synthetic], 1 - FALSE_ALARMS, method="higher"))
    passed = float(np.quantile(llrs[synthetic], MISSED, method="lower"))
    return VoiceThresholds(
        real_llr=round(min(passed, -0.5), 2),
        synthetic_llr=round(max(alarm, 1.0) + 0.01, 2),
        min_speech_s=MIN_SPEECH_S,
    )


def clip_llr(windows: NDArray[np.float32], calibration: Calibration) -> float:
    """The LLR of a clip of at most a few seconds, taken as one window."""
    return Evidence(float(windows.sum()), len(windows), 1.0).llr(calibration)


def _pooled(conditions: list[HeldScores]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores = [float(windows.mean()) for condition in conditions for windows in condition.windows]
    synthetic = [clip.synthetic for condition in conditions for clip in condition.clips]
    return np.array(scores), np.array(synthetic)


def _settle(conditions: list[HeldScores]) -> float:
    """Variance within clips of one voice, system and condition over that between (one-way ANOVA)."""
    within = between = 0.0
    for synthetic in (False, True):
        groups: dict[tuple[int, str, str, str], list[float]] = {}
        for number, condition in enumerate(conditions):
            for clip, windows in zip(condition.clips, condition.windows, strict=True):
                if clip.synthetic == synthetic:
                    key = (number, clip.source, clip.system, clip.speaker)
                    groups.setdefault(key, []).append(float(windows.mean()))
        several = [np.array(group) for group in groups.values() if len(group) > 1]
        count = np.mean([len(group) for group in several])
        inside = float(np.mean([group.var(ddof=1) for group in several]))
        within += inside
        between += max(float(np.var([group.mean() for group in several], ddof=1)) - inside / count, 1e-6)
    return round(min(within / between, LARGEST_SETTLE), 3)
