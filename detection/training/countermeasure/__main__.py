r"""Trains, calibrates and measures the built-in clone detector.

    python -m detection.training.countermeasure --data ../shared/data/voice --out build/countermeasure \
        --foundation distill_mos_v7.pt

The steps: prepare (Debian's voices, and every clip sent several random ways), train (a residual network
for each fold of sources that it leaves out, and one of all), front (the layers of Distill-MOS that
listen), describe (what both halves hear of every clip), learn (the kernel machine, every source left
out once, calibration, thresholds and the pack) and evaluate (the evaluation part; writes its figures
into the manifest). What an earlier run made is kept. Give one of them with `--step` to run it alone.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.metrics import equal_error, llr_cost
from detection.models.manifest import Calibration, MeasuredVoice, VoiceThresholds
from detection.training.countermeasure.calibrate import (
    WINDOW_S,
    HeldScores,
    calibrate,
    clip_llr,
    thresholds,
)
from detection.training.countermeasure.channels import telephone
from detection.training.countermeasure.clips import RATE, Clip, Part, read_parts, read_sounds
from detection.training.countermeasure.distill_mos.foundation import load_front
from detection.training.countermeasure.distill_mos.network import PARTS, KernelMachine
from detection.training.countermeasure.export import export, join, quantise
from detection.training.countermeasure.learn import (
    RESIDUAL_WEIGHT,
    condition_scores,
    learn,
    left_out_scores,
)
from detection.training.countermeasure.measure import CONDITIONS, clip_scores, measured
from detection.training.countermeasure.packing import NETWORK, describe_pack, write
from detection.training.countermeasure.prepare import prepare
from detection.training.countermeasure.residual.left_out import train_networks
from detection.training.countermeasure.residual.rendered import render
from detection.training.countermeasure.views import Described, describe
from detection.voice.countermeasure import load_countermeasure

STEPS = ("prepare", "train", "front", "describe", "learn", "evaluate")
QUANTISED_ON = 80
"""Training clips whose values set the ranges of the 8-bit front."""
LEAST_CLIPS = 3
"""Synthetic clips below which a source gets no error rate of its own."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where everything that is made lies."""

    path: Path

    @property
    def front(self) -> Path:
        return self.path / "front.onnx"

    @property
    def pack(self) -> Path:
        return self.path / "pack"

    @property
    def rendered(self) -> Path:
        return self.path / "rendered.npy"

    @property
    def residual(self) -> Path:
        return self.path / "residual"

    @property
    def views(self) -> Path:
        return self.path / "views"


def main() -> None:
    """Run the steps asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--foundation", type=Path, required=True, help="weights of distillmos 0.9.1")
    parser.add_argument("--step", choices=STEPS, help="only this step")
    parser.add_argument("--revision", default="2")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    parts, folder = read_parts(options.data), Folder(options.out)
    recorded = parts[Part.TRAIN]
    for step in (options.step,) if options.step else STEPS:
        print(f"== {step}", flush=True)
        if step == "front":
            make_front(recorded, options.foundation, folder.front)
        if step == "evaluate":
            evaluate(parts[Part.EVAL], folder.pack)
        if step in ("front", "evaluate"):
            continue
        clips = recorded + prepare(folder.path / "added", options.seed)
        render(clips, folder.rendered, options.seed)
        if step == "prepare":
            continue
        whole, *without = train_networks(clips, folder.rendered, folder.residual, options.seed)
        if step == "train":
            continue
        heard = describe(clips, folder.front, without, folder.views, options.seed)
        if step == "learn":
            make_pack(clips, heard, whole, folder, options.revision)


def make_front(clips: list[Clip], foundation: Path, path: Path) -> None:
    """Write the front with its convolutions in 8 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exact = path.with_suffix(".exact.onnx")
    worst = export(load_front(foundation), exact, "statistics")
    print(f"torch and ONNX differ by at most {worst:.1e}")
    quantise(exact, path, speech(clips))


def speech(clips: list[Clip]) -> Iterator[NDArray[np.float32]]:
    """Windows of training speech, as recorded and by telephone in turn."""
    window = round(WINDOW_S * RATE)
    for number, sound in enumerate(read_sounds(clips[:: max(1, len(clips) // QUANTISED_ON)])):
        samples = np.resize(sound, window).astype(np.float32) / 32768
        yield telephone(samples)[:window] if number % 2 else samples


def make_pack(
    clips: Sequence[Clip], heard: Described, residual: Path, folder: Folder, revision: str
) -> None:
    """Learn, calibrate on the scores of sources left out, and write the pack and leave-one-out.json."""
    learned = learn(clips, heard, PARTS)
    kernel_scores = left_out_scores(clips, heard, learned)
    folder.pack.mkdir(parents=True, exist_ok=True)
    machine = KernelMachine(learned.projection, learned.machine)
    join(folder.front, machine, residual, RESIDUAL_WEIGHT, folder.pack / NETWORK)
    whole, short = condition_scores(clips, heard, kernel_scores + RESIDUAL_WEIGHT * heard.scores)
    conditions = list(whole.values())
    calibration = calibrate(conditions, short)
    limits = thresholds(conditions, calibration, short)
    found = {
        f"sources left out, {name}": report(name, part, calibration, limits)
        for name, part in whole.items()
    }
    rates = {name: by_source(part) for name, part in whole.items()}
    for name, of_sources in rates.items():
        print(
            f"{name}: mean EER over {len(of_sources)} sources {np.mean(list(of_sources.values())):.1%}"
        )
    (folder.path / "leave-one-out.json").write_text(json.dumps(rates, indent=2), encoding="utf-8")
    decided = {"calibration": calibration, "thresholds": limits, "measured": found}
    write(folder.pack, describe_pack(folder.pack, revision).model_copy(update=decided))


def by_source(part: HeldScores) -> dict[str, float]:
    """EER of each source's synthetic clips against all real clips, each judged without its source."""
    scores = np.array([windows.mean() for windows in part.windows])
    synthetic = np.array([clip.synthetic for clip in part.clips])
    sources = np.array([clip.source for clip in part.clips])
    rates = {}
    for source in sorted(set(sources[synthetic])):
        clones = scores[synthetic & (sources == source)]
        if len(clones) >= LEAST_CLIPS:
            rates[str(source)] = round(equal_error(clones, scores[~synthetic]).rate, 4)
    return rates


def evaluate(clips: list[Clip], folder: Path) -> None:
    """Measure the pack on the evaluation part and add the figures to its manifest."""
    model = load_countermeasure(folder)
    manifest, sounds = model.manifest, read_sounds(clips)
    found = dict(manifest.measured)
    for name in CONDITIONS:
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
    watched = llrs >= limits.watch_llr
    passes = llrs < limits.real_llr
    print(
        f"{name:14} EER {figures.eer:.1%} AUC {figures.auc:.3f} | "
        f"Cllr {llr_cost(llrs[synthetic], llrs[~synthetic]):.2f} | "
        f"synthetic: {alarms[synthetic].mean():.1%} caught, {watched[synthetic].mean():.1%} watched, "
        f"{passes[synthetic].mean():.1%} called real | "
        f"real: {alarms[~synthetic].mean():.1%} false alarms, "
        f"{watched[~synthetic].mean():.1%} watched, "
        f"{passes[~synthetic].mean():.1%} called real",
        flush=True,
    )
    return figures


if __name__ == "__main__":
    main()
