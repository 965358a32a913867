"""From scores of held-out clips, and of no others, to a calibration and thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.metrics import llr_cost
from detection.models.manifest import Calibration, ShortCalibration, VoiceThresholds
from detection.training.countermeasure.clips import RATE, Clip
from detection.voice.evidence import Line

WINDOW_S = 3.5
"""Seconds of a whole window."""
SHORT_S = (1.0, 1.5, 2.0, 3.0)
"""Seconds of speech below a whole window for which a calibration of its own is fitted."""
FALSE_ALARMS = 0.005
"""Share of held-out real clips, over all conditions, that may reach "likely synthetic"."""
FALSE_WATCH = 0.03
"""Share of held-out real clips, over all conditions, that may reach "may be synthetic"."""
MISSED = 0.05
"""Share of held-out synthetic clips, over all conditions, that may be called "real"."""
LARGEST_COST = 0.9
"""Cllr in bits above which a length of speech carries too little for a verdict; 1 is no evidence."""
KEPT = 0.95
"""Share of the clones caught that verdicts on short speech must not cost."""
MIN_SPEECH_S = 2.0
"""Where no short speech was measured."""
LARGEST_SETTLE = 2.0

_PAD_S = 0.2
_FRAME_S = 0.02
_SPEECH_RANGE_DB = 30.0
_NEWTON_STEPS = 100
_LEAST_STEP = 1e-10


@dataclass(frozen=True, slots=True)
class HeldScores:
    """Held-out clips through one condition, with the scores of their windows."""

    clips: list[Clip]
    windows: list[NDArray[np.float32]]


ShortScores = Mapping[float, Sequence[HeldScores]]
"""Seconds to the conditions of the clips cut to that much speech: one score per clip and condition."""


def first_speech(
    clips: Sequence[Clip], sounds: Sequence[NDArray[np.int16]], seconds: float
) -> tuple[list[Clip], list[NDArray[np.int16]]]:
    """The clips that have that much from where their speech begins, and those samples.

    Speech begins at the first 20 ms within 30 dB of the loudest, less the 0.2 s that voice activity
    keeps before it.
    """
    wanted, frame = round(seconds * RATE), round(_FRAME_S * RATE)
    kept, cuts = [], []
    for clip, sound in zip(clips, sounds, strict=True):
        frames = sound[: len(sound) // frame * frame].reshape(-1, frame).astype(np.float64)
        power = np.square(frames).mean(axis=1)
        loud = power >= power.max(initial=0) * 10 ** (-_SPEECH_RANGE_DB / 10)
        start = max(0, int(np.argmax(loud)) * frame - round(_PAD_S * RATE)) if len(loud) else 0
        if len(sound) - start >= wanted:
            kept.append(clip)
            cuts.append(sound[start : start + wanted])
    return kept, cuts


def calibrate(conditions: Sequence[HeldScores], short: ShortScores | None = None) -> Calibration:
    """Platt's logistic fit of a clip's mean score, by length of speech, and the `settle`.

    Raises `ValueError` where one class has no clip or the scores point the wrong way.
    """
    whole = _fit(*_pooled(conditions))
    return Calibration(
        scale=whole.scale,
        offset=whole.offset,
        settle=_settle(conditions),
        short=tuple(
            ShortCalibration(seconds=seconds, scale=line.scale, offset=line.offset)
            for seconds, line in sorted(
                (seconds, _fit(*_pooled(scores))) for seconds, scores in (short or {}).items()
            )
        ),
    )


def thresholds(
    conditions: Sequence[HeldScores], calibration: Calibration, short: ShortScores | None = None
) -> VoiceThresholds:
    """LLRs that at most `FALSE_ALARMS`, `FALSE_WATCH` and `MISSED` of the clips pass the wrong way.

    A call is judged as it grows, so a real clip counts where it passes at any length of speech that is
    judged. The shorter the speech that verdicts begin with, the higher the thresholds: they begin with
    the shortest that still catches `KEPT` of the clones that the best beginning catches, and on
    which Cllr is at most `LARGEST_COST`.
    """
    llrs = {WINDOW_S: _by_clip(conditions, Line(calibration.scale, calibration.offset))}
    for line in calibration.short:
        llrs[line.seconds] = _by_clip((short or {})[line.seconds], Line(line.scale, line.offset))
    beginnings = [
        _beginning(llrs, seconds)
        for seconds in sorted(llrs)
        if seconds == WINDOW_S or _cost(llrs[seconds]) <= LARGEST_COST
    ]
    enough = KEPT * max(beginning.caught for beginning in beginnings)
    chosen = next(beginning for beginning in beginnings if beginning.caught >= enough)
    clones = [llr for (_, clip), llr in llrs[WINDOW_S].items() if clip.synthetic]
    real = min(float(np.quantile(clones, MISSED, method="lower")), -0.5)
    return VoiceThresholds(
        real_llr=round(real, 2),
        watch_llr=round(chosen.watch + 0.01, 2),
        synthetic_llr=round(chosen.alarm + 0.01, 2),
        min_speech_s=chosen.seconds if calibration.short else MIN_SPEECH_S,
    )


def clip_llr(windows: NDArray[np.float32], calibration: Calibration) -> float:
    """The LLR of a clip of at most a few seconds, taken as one window."""
    return Line(calibration.scale, calibration.offset).llr(float(windows.mean()))


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The thresholds for verdicts from `seconds` of speech on, and the share of all clones caught."""

    seconds: float
    alarm: float
    watch: float
    caught: float


_ClipLlrs = Mapping[tuple[int, Clip], float]
"""LLR by the number of the condition and the clip."""


def _by_clip(conditions: Sequence[HeldScores], line: Line) -> _ClipLlrs:
    return {
        (number, clip): line.llr(float(windows.mean()))
        for number, condition in enumerate(conditions)
        for clip, windows in zip(condition.clips, condition.windows, strict=True)
    }


def _beginning(llrs: Mapping[float, _ClipLlrs], seconds: float) -> _Beginning:
    """What beginning with `seconds` gives; a clip with less speech gets no verdict."""
    longest = max((length for length in llrs if length < WINDOW_S), default=WINDOW_S)
    judged = {
        key: max(some[key] for length, some in llrs.items() if length >= seconds and key in some)
        for key in llrs[min(seconds, longest)]
    }
    real = np.array([llr for (_, clip), llr in judged.items() if not clip.synthetic])
    clones = np.array([llr for (_, clip), llr in judged.items() if clip.synthetic])
    alarm = max(_passed_by(real, FALSE_ALARMS), 1.0)
    watch = min(max(_passed_by(real, FALSE_WATCH), 0.0), alarm)
    all_clones = sum(clip.synthetic for _, clip in llrs[WINDOW_S])
    return _Beginning(seconds, alarm, watch, int((clones > alarm).sum()) / all_clones)


def _passed_by(llrs: NDArray[np.float64], share: float) -> float:
    """The LLR that at most `share` of `llrs` lie above."""
    return float(np.quantile(llrs, 1 - share, method="higher"))


def _cost(llrs: _ClipLlrs) -> float:
    clones = [llr for (_, clip), llr in llrs.items() if clip.synthetic]
    return llr_cost(clones, [llr for (_, clip), llr in llrs.items() if not clip.synthetic])


def _pooled(conditions: Sequence[HeldScores]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores = [float(windows.mean()) for condition in conditions for windows in condition.windows]
    synthetic = [clip.synthetic for condition in conditions for clip in condition.clips]
    return np.array(scores), np.array(synthetic, bool)


def _fit(scores: NDArray[np.float64], synthetic: NDArray[np.bool_]) -> Line:
    """Logistic regression of the class on the score, both classes weighing the same.

    Targets are Platt's (1999), which keep the line finite where the classes do not overlap; Newton's
    method with halved steps as in Lin, Lin and Weng (2007).
    """
    counts = synthetic.sum(), (~synthetic).sum()
    if not all(counts):
        raise ValueError("a calibration needs scores of real and of synthetic clips")
    weights = np.where(synthetic, 0.5 / counts[0], 0.5 / counts[1])
    targets = np.where(synthetic, (counts[0] + 1) / (counts[0] + 2), 1 / (counts[1] + 2))
    terms = np.stack([scores, np.ones_like(scores)])

    def cost(line: NDArray[np.float64]) -> float:
        llrs = line @ terms
        return float((weights * (np.logaddexp(0, llrs) - targets * llrs)).sum())

    line = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        probability = 0.5 * (1 + np.tanh(line @ terms / 2))
        gradient = terms @ (weights * (probability - targets))
        curvature = (terms * weights * probability * (1 - probability)) @ terms.T
        step = np.linalg.solve(curvature + 1e-12 * np.eye(2), gradient)
        while cost(line - step) > cost(line) and np.abs(step).max() > _LEAST_STEP:
            step /= 2
        line = line - step
        if np.abs(step).max() <= _LEAST_STEP:
            break
    if line[0] <= 0:
        raise ValueError("synthetic clips score no higher than real ones")
    return Line(round(float(line[0]), 4), round(float(line[1]), 4))


def _settle(conditions: Sequence[HeldScores]) -> float:
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
