"""Trains, exports, calibrates and measures the built-in clone detector.

    python -m detection.training.countermeasure --data ../shared/data/voice --out build/countermeasure

The steps: prepare (added synthetic speech, made once), train (resumes from its checkpoint), pack
(export, calibration and thresholds on held-out sources) and evaluate (the evaluation part, and
writes its figures into the manifest). Give one of them with `--step` to run it alone.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from detection.models.manifest import Calibration, MeasuredVoice, VoiceThresholds
from detection.models.pack import Pack
from detection.models.runtime import load_network
from detection.training.countermeasure.calibrate import (
    SHORT_S,
    HeldScores,
    calibrate,
    clip_llr,
    first_speech,
    thresholds,
)
from detection.training.countermeasure.clips import Clip, Part, read_parts, read_sounds
from detection.training.countermeasure.export import export
from detection.training.countermeasure.measure import CONDITIONS, clip_scores, measured
from detection.training.countermeasure.packing import NETWORK, describe, write
from detection.training.countermeasure.prepare import prepare
from detection.training.countermeasure.train import train, trained_network
from detection.voice.countermeasure import OnnxCountermeasure, load_countermeasure

STEPS = ("prepare", "train", "pack", "evaluate")
EVALUATED = ("clean", "g711")


def main() -> None:
    """Run the steps asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for added speech, checkpoint and pack"
    )
    parser.add_argument("--step", choices=STEPS, help="only this step")
    parser.add_argument("--train-steps", type=int, default=3400)
    parser.add_argument("--revision", default="1.1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    parts = read_parts(options.data)
    checkpoint, pack = options.out / "checkpoint.pt", options.out / "pack"
    for step in (options.step,) if options.step else STEPS:
        print(f"== {step}", flush=True)
        if step in ("prepare", "train"):
            clips = parts[Part.TRAIN] + prepare(parts[Part.TRAIN], options.out / "added", options.seed)
        if step == "train":
            train(clips, read_sounds(clips), checkpoint, options.train_steps, options.seed)
        if step == "pack":
            make_pack(parts[Part.HELD], checkpoint, pack, options.revision)
        if step == "evaluate":
            evaluate(parts[Part.EVAL], pack)


def make_pack(held: list[Clip], checkpoint: Path, folder: Path, revision: str) -> None:
    """Export the checkpoint, calibrate it on `held` and write the pack."""
    folder.mkdir(parents=True, exist_ok=True)
    print(
        f"torch and ONNX differ by at most {export(trained_network(checkpoint), folder / NETWORK):.1e}"
    )
    manifest = describe(folder, revision)
    model = OnnxCountermeasure(manifest, load_network(Pack(folder, manifest), outputs=2))
    sounds = read_sounds(held)
    scores = {name: HeldScores(held, clip_scores(model, sounds, name)) for name in CONDITIONS}
    short = {}
    for seconds in SHORT_S:
        clips, cuts = first_speech(held, sounds, seconds)
        short[seconds] = [HeldScores(clips, clip_scores(model, cuts, name)) for name in CONDITIONS]
    calibration = calibrate(list(scores.values()), short)
    limits = thresholds(list(scores.values()), calibration, short)
    found = {
        f"held-out sources, {name}": report(name, part, calibration, limits)
        for name, part in scores.items()
    }
    write(
        folder,
        manifest.model_copy(
            update={"calibration": calibration, "thresholds": limits, "measured": found}
        ),
    )


def evaluate(clips: list[Clip], folder: Path) -> None:
    """Measure the pack on the evaluation part and add the figures to its manifest."""
    model = load_countermeasure(folder)
    manifest, sounds = model.manifest, read_sounds(clips)
    found = dict(manifest.measured)
    for name in EVALUATED:
        part = HeldScores(clips, clip_scores(model, sounds, name))
        found[f"evaluation part, {name}"] = report(name, part, manifest.calibration, manifest.thresholds)
    write(folder, manifest.model_copy(update={"measured": found}))


def report(
    name: str, part: HeldScores, calibration: Calibration, limits: VoiceThresholds
) -> MeasuredVoice:
    """Print and return what one condition gave."""
    llrs = np.array([clip_llr(windows, calibration) for windows in part.windows])
    synthetic = np.array([clip.synthetic for clip in part.clips])
    figures = measured(part.clips, llrs)
    alarms = llrs >= limits.synthetic_llr
    passes = llrs < limits.real_llr
    print(
        f"{name:14} EER {figures.eer:.1%} AUC {figures.auc:.3f} | "
        f"synthetic: {alarms[synthetic].mean():.1%} caught, "
        f"{passes[synthetic].mean():.1%} called real | "
        f"real: {alarms[~synthetic].mean():.1%} false alarms, "
        f"{passes[~synthetic].mean():.1%} called real",
        flush=True,
    )
    return figures


if __name__ == "__main__":
    main()
