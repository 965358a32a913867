"""`earwitness evaluate voice`: the voice judge on clips labelled real or synthetic."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import EvaluationError
from app.evaluation.hearing import segments
from app.evaluation.manifest import read_manifest
from app.evaluation.written_calls import Track
from audio.errors import AudioError
from detection.metrics import area_under_curve, equal_error
from detection.types import VoiceLevel, VoiceVerdict
from detection.vad import SileroVad
from detection.voice.judge import VoiceJudge

_LABELS = ("real", "synthetic")


def evaluate_voice(
    manifest: Path, judge_factory: Callable[[], VoiceJudge], vad: SileroVad, track: Track = iter
) -> dict[str, Any]:
    """EER, AUC and rates at the shipped thresholds by condition; keys in docs/command-line.md.

    A clip on which the judge abstains counts as no evidence (LLR 0) for EER and AUC and as not
    flagged for the rates. Raises `EvaluationError` for a manifest that cannot be used; a clip that
    cannot be read is listed under `failed` and left out.
    """
    clips = read_manifest(manifest, "label")
    for clip in clips:
        if clip.label not in _LABELS:
            raise EvaluationError(
                f"{manifest}: {clip.path.name} is labelled {clip.label!r}: use real or synthetic."
            )
    judged: defaultdict[str, list[tuple[str, VoiceVerdict]]] = defaultdict(list)
    failed = []
    for clip in track(clips):
        try:
            judged[clip.condition].append((clip.label, _judge(clip.path, judge_factory(), vad)))
        except AudioError as error:
            failed.append({"path": str(clip.path), "error": str(error)})
    engine = judge_factory().engine
    return {
        "engine": {"id": engine.id, "revision": engine.revision},
        "conditions": {name: _rates(verdicts) for name, verdicts in judged.items()},
        "failed": failed,
    }


def _judge(path: Path, judge: VoiceJudge, vad: SileroVad) -> VoiceVerdict:
    for segment in segments(path, vad):
        judge.hear(segment)
    return judge.finish()


def _rates(verdicts: list[tuple[str, VoiceVerdict]]) -> dict[str, Any]:
    real, synthetic = ([v for label, v in verdicts if label == wanted] for wanted in _LABELS)
    llr_real, llr_synthetic = (np.array([v.llr or 0.0 for v in group]) for group in (real, synthetic))
    both = len(real) > 0 and len(synthetic) > 0
    return {
        "eer": equal_error(llr_synthetic, llr_real).rate if both else None,
        "auc": area_under_curve(llr_synthetic, llr_real) if both else None,
        "n_real": len(real),
        "n_synthetic": len(synthetic),
        "n_abstained": sum(v.llr is None for _, v in verdicts),
        "false_alarm_rate": _share_flagged(real),
        "caught_rate": _share_flagged(synthetic),
    }


def _share_flagged(verdicts: list[VoiceVerdict]) -> float | None:
    flagged = sum(v.level is VoiceLevel.LIKELY_SYNTHETIC for v in verdicts)
    return flagged / len(verdicts) if verdicts else None
