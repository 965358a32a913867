"""From the verdicts on labelled clips to figures; keys in docs/evaluation.md."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.evaluation.bootstrap import Bootstrap
from app.evaluation.manifest import LabelledClip
from detection.metrics import (
    ErrorRates,
    area_under_curve,
    equal_error,
    error_rates,
    llr_cost,
    min_detection_cost,
    min_llr_cost,
)
from detection.types import VoiceLevel, VoiceVerdict

EARLY_S = 3.0
"""Seconds of speech after which a clone should be caught."""

Mask = NDArray[np.bool_]

_WATCHED = {VoiceLevel.SUSPECT, VoiceLevel.LIKELY_SYNTHETIC}


@dataclass(frozen=True, slots=True)
class JudgedClip:
    """A clip with the verdict on the whole of it.

    `early`: the verdict on its first seconds of speech alone, by their number; for clones that were
    caught `EARLY_S` is always among them. `alarm_after_s`: seconds of speech heard when a caught
    clone was first taken for synthetic.
    """

    clip: LabelledClip
    verdict: VoiceVerdict
    early: Mapping[float, VoiceVerdict]
    alarm_after_s: float | None


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """One row per clip, shape (n,): LLR (0 where the judge abstains), and what holds of it."""

    llr: NDArray[np.float64]
    synthetic: Mask
    watched: Mask
    flagged: Mask
    abstained: Mask

    @property
    def scores(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """The LLRs of the synthetic and of the real clips; None where either has no clip."""
        both = self.synthetic.any() and not self.synthetic.all()
        return (self.llr[self.synthetic], self.llr[~self.synthetic]) if both else None


def accuracy(clips: Sequence[LabelledClip], verdicts: Sequence[VoiceVerdict]) -> dict[str, Any]:
    """How well `verdicts` fit the labels of `clips`. What a missing class leaves open is None."""
    return _accuracy(_outcomes(clips, verdicts))


def figures(judged: Sequence[JudgedClip]) -> dict[str, Any]:
    """All figures of one condition; `judged` holds at least one clip."""
    clips = [one.clip for one in judged]
    outcomes = _outcomes(clips, [one.verdict for one in judged])
    return {
        **_accuracy(outcomes),
        **_intervals(clips, outcomes),
        **_speed(judged),
        **_pairs(clips, outcomes),
        "per_system": _per_system(clips, outcomes),
        "per_group": _per_group(clips, outcomes),
    }


def error_curve(judged: Sequence[JudgedClip]) -> ErrorRates | None:
    """Misses against false alarms; None where a class is missing."""
    scores = _outcomes([one.clip for one in judged], [one.verdict for one in judged]).scores
    return error_rates(*scores) if scores else None


def _outcomes(clips: Sequence[LabelledClip], verdicts: Sequence[VoiceVerdict]) -> _Outcomes:
    return _Outcomes(
        np.array([verdict.llr or 0.0 for verdict in verdicts]),
        np.array([clip.label == "synthetic" for clip in clips]),
        np.array([verdict.level in _WATCHED for verdict in verdicts]),
        np.array([verdict.level is VoiceLevel.LIKELY_SYNTHETIC for verdict in verdicts]),
        np.array([verdict.llr is None for verdict in verdicts]),
    )


def _accuracy(outcomes: _Outcomes) -> dict[str, Any]:
    scores = outcomes.scores
    return {
        "eer": equal_error(*scores).rate if scores else None,
        "auc": area_under_curve(*scores) if scores else None,
        "cllr": llr_cost(*scores) if scores else None,
        "min_cllr": min_llr_cost(*scores) if scores else None,
        "min_dcf": min_detection_cost(*scores) if scores else None,
        "n_real": int((~outcomes.synthetic).sum()),
        "n_synthetic": int(outcomes.synthetic.sum()),
        "n_abstained": int(outcomes.abstained.sum()),
        "abstention_rate": float(outcomes.abstained.mean()),
        "false_alarm_rate": _share(outcomes.flagged[~outcomes.synthetic]),
        "caught_rate": _share(outcomes.flagged[outcomes.synthetic]),
        "watch_rate": _share(outcomes.watched[~outcomes.synthetic]),
        "caught_at_watch": _share(outcomes.watched[outcomes.synthetic]),
    }


def _intervals(clips: Sequence[LabelledClip], outcomes: _Outcomes) -> dict[str, Any]:
    by_speaker = any(clip.speaker for clip in clips)
    bootstrap = _bootstrap(clips)
    every = np.ones(len(clips), bool)
    return {
        "intervals": {
            "eer": bootstrap.equal_error(outcomes.llr, outcomes.synthetic),
            "false_alarm_rate": bootstrap.share(outcomes.flagged, ~outcomes.synthetic),
            "caught_rate": bootstrap.share(outcomes.flagged, outcomes.synthetic),
            "watch_rate": bootstrap.share(outcomes.watched, ~outcomes.synthetic),
            "caught_at_watch": bootstrap.share(outcomes.watched, outcomes.synthetic),
            "abstention_rate": bootstrap.share(outcomes.abstained, every),
        },
        "intervals_by": "speaker" if by_speaker else "clip",
    }


def _bootstrap(clips: Sequence[LabelledClip]) -> Bootstrap:
    """Over speakers; a clip that names none stands alone."""
    return Bootstrap([clip.speaker or f"\0{row}" for row, clip in enumerate(clips)])


def _speed(judged: Sequence[JudgedClip]) -> dict[str, float | None]:
    caught = [one for one in judged if one.alarm_after_s is not None]
    early = [one.early[EARLY_S].level is VoiceLevel.LIKELY_SYNTHETIC for one in caught]
    times = [one.alarm_after_s for one in caught]
    return {
        "time_to_verdict_s": float(np.median(np.array(times))) if times else None,
        "caught_with_3s": _share(np.array(early)),
    }


def _pairs(clips: Sequence[LabelledClip], outcomes: _Outcomes) -> dict[str, Any]:
    """The area under the curve within each pair: what no difference between sources can raise."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, clip in enumerate(clips):
        if clip.pair_id:
            rows[clip.pair_id].append(row)
    areas = []
    for pair in rows.values():
        synthetic = outcomes.synthetic[pair]
        if synthetic.any() and not synthetic.all():
            llr = outcomes.llr[pair]
            areas.append(area_under_curve(llr[synthetic], llr[~synthetic]))
    return {"n_pairs": len(areas), "paired_auc": float(np.mean(areas)) if areas else None}


def _per_system(clips: Sequence[LabelledClip], outcomes: _Outcomes) -> dict[str, dict[str, Any]]:
    """Each system's clips against all real ones."""
    systems = np.array([clip.system for clip in clips])
    real = outcomes.llr[~outcomes.synthetic]
    result = {}
    for system in sorted(set(systems[outcomes.synthetic]) - {""}):
        of_system = outcomes.synthetic & (systems == system)
        result[str(system)] = {
            "n": int(of_system.sum()),
            "caught_rate": _share(outcomes.flagged[of_system]),
            "eer": equal_error(outcomes.llr[of_system], real).rate if len(real) else None,
        }
    return result


def _per_group(clips: Sequence[LabelledClip], outcomes: _Outcomes) -> dict[str, dict[str, Any]]:
    """Each group's false alarms, with their interval, and what else its clips say."""
    groups = np.array([clip.group for clip in clips])
    bootstrap = _bootstrap(clips)
    result = {}
    for group in sorted(set(groups) - {""}):
        of_group = groups == group
        real, synthetic = of_group & ~outcomes.synthetic, of_group & outcomes.synthetic
        result[str(group)] = {
            "n_real": int(real.sum()),
            "n_synthetic": int(synthetic.sum()),
            "false_alarm_rate": _share(outcomes.flagged[real]),
            "false_alarm_interval": bootstrap.share(outcomes.flagged, real),
            "watch_rate": _share(outcomes.watched[real]),
            "caught_rate": _share(outcomes.flagged[synthetic]),
            "abstention_rate": float(outcomes.abstained[of_group].mean()),
            "mean_llr_real": float(outcomes.llr[real].mean()) if real.any() else None,
        }
    return result


def _share(hits: Mask) -> float | None:
    return float(hits.mean()) if len(hits) else None
