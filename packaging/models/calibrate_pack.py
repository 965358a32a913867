"""Calibrates and measures an imported countermeasure pack on labelled clips.

    PYTHONPATH=. python packaging/models/calibrate_pack.py PACK clips.csv --through clean,g711,opus12

The CSV is that of `earwitness evaluate voice` (path,label[,system,speaker,...]) with clips that the
model was not trained on, several of each of some speakers in both classes. Writes calibration,
thresholds and error rates into the pack's manifest; until then the program refuses it as strong check.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from packing import ExportError, end, write_manifest
from rich.console import Console
from rich.progress import track

from app.errors import EvaluationError
from app.evaluation.channels import CHANNELS
from app.evaluation.hearing import read_sound, speech_in
from app.evaluation.manifest import LabelledClip, read_manifest
from audio.errors import AudioError
from audio.types import CALL_RATE, Samples
from detection.errors import DetectionError
from detection.metrics import area_under_curve, equal_error
from detection.models.manifest import CountermeasureManifest, MeasuredVoice
from detection.training.countermeasure.calibrate import HeldScores, calibrate, thresholds
from detection.training.countermeasure.clips import Clip
from detection.vad import SileroVad
from detection.voice.countermeasure import CountermeasureModel, load_countermeasure

MAX_WINDOWS = 4
"""Windows scored of one clip, as dear as they are."""
MIN_VOICES = 2
_LABELS = {"real": False, "synthetic": True}

console = Console()


def main() -> None:
    """Calibrate as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pack", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--through", default="clean", help="channels, as `evaluate voice` names them")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    try:
        model = load_countermeasure(given.pack, given.threads)
        clips = read_manifest(given.clips, "label")
    except (DetectionError, EvaluationError) as error:
        raise ExportError(str(error)) from error
    manifest = calibrated(model, clips, given.through.split(","))
    write_manifest(given.pack, manifest)
    for name, measured in manifest.measured.items():
        console.print(f"{name}: EER {measured.eer:.1%}, AUC {measured.auc:.3f}")
    console.print(f"calibration {manifest.calibration}\nthresholds {manifest.thresholds}")


def calibrated(
    model: CountermeasureModel, clips: Sequence[LabelledClip], channels: Sequence[str]
) -> CountermeasureManifest:
    """The model's manifest with what `clips` through each of `channels` say of it.

    Raises `ExportError` for labels, channels or clips that cannot be used.
    """
    if unknown := [name for name in channels if name not in CHANNELS]:
        raise ExportError(f"There is no channel {unknown[0]!r}; take some of {', '.join(CHANNELS)}.")
    if wrong := [clip.label for clip in clips if clip.label not in _LABELS]:
        raise ExportError(f"A clip is labelled {wrong[0]!r}: use real or synthetic.")
    vad = SileroVad()
    heard = {name: _scored(model, track(clips, name, console=console), name, vad) for name in channels}
    _refuse_too_few(heard)
    conditions = list(heard.values())
    try:
        calibration = calibrate(conditions)
    except ValueError as error:
        raise ExportError(f"{model.manifest.id} was not calibrated: {error}.") from error
    return model.manifest.model_copy(
        update={
            "calibration": calibration,
            "thresholds": thresholds(conditions, calibration),
            "measured": {name: _measured(scores) for name, scores in heard.items()},
        }
    )


def _scored(
    model: CountermeasureModel, clips: Iterable[LabelledClip], channel: str, vad: SileroVad
) -> HeldScores:
    kept, scores = [], []
    for clip in clips:
        try:
            sound = CHANNELS[channel](read_sound(clip.path))
        except AudioError as error:
            console.print(f"left out: {error}")
            continue
        windows = _windows(sound, model.manifest, vad)
        if not windows:
            console.print(f"left out: {clip.path.name} has too little speech.")
            continue
        kept.append(Clip(clip.path, _LABELS[clip.label], clip.system, clip.source, clip.speaker))
        scores.append(np.concatenate([model.scores(window[None]) for window in windows]))
    return HeldScores(kept, scores)


def _windows(sound: Samples, manifest: CountermeasureManifest, vad: SileroVad) -> list[Samples]:
    """The first whole windows of the speech in `sound`, or all of it where that is less than one."""
    speech = np.concatenate([np.zeros(0, np.float32), *(s.samples for s in speech_in(sound, vad))])
    size = round(manifest.input.window_s * CALL_RATE)
    if len(speech) < size:
        return [speech] if len(speech) >= manifest.input.min_s * CALL_RATE else []
    starts = range(0, len(speech) - size + 1, size)
    return [speech[start : start + size] for start in starts][:MAX_WINDOWS]


def _refuse_too_few(heard: dict[str, HeldScores]) -> None:
    """How a voice's clips scatter is learnt from voices with several clips."""
    for name, scores in heard.items():
        for label, synthetic in _LABELS.items():
            clips = [clip for clip in scores.clips if clip.synthetic is synthetic]
            voices = Counter((clip.source, clip.system, clip.speaker) for clip in clips)
            if sum(count > 1 for count in voices.values()) < MIN_VOICES:
                raise ExportError(
                    f"Through {name} there are too few {label} clips: several clips of each of "
                    f"{MIN_VOICES} voices are needed."
                )


def _measured(scores: HeldScores) -> MeasuredVoice:
    means = np.array([float(windows.mean()) for windows in scores.windows])
    synthetic = np.array([clip.synthetic for clip in scores.clips])
    both = means[synthetic], means[~synthetic]
    return MeasuredVoice(
        eer=equal_error(*both).rate,
        auc=area_under_curve(*both),
        n_real=int((~synthetic).sum()),
        n_synthetic=int(synthetic.sum()),
    )


if __name__ == "__main__":
    end(main)
