r"""Makes, calibrates and measures a clone detector on what Distill-MOS hears; not shipped yet.

    python -m detection.training.distill_mos --data ../shared/data/voice --out build/distill-mos \
        --foundation distill_mos_v7.pt

The steps: prepare (added synthetic speech), front (the network that listens), describe (what it hears
of every clip), learn (the machine that judges, every source left out once, calibration, thresholds
and the pack) and evaluate (the evaluation part). What an earlier run made is kept.
Give one of them with `--step` to run it alone.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from detection.metrics import equal_error, llr_cost
from detection.models.manifest import (
    Calibration,
    CountermeasureOutput,
    Meaning,
    MeasuredVoice,
    VoiceThresholds,
)
from detection.training.countermeasure.calibrate import (
    WINDOW_S,
    HeldScores,
    calibrate,
    clip_llr,
    thresholds,
)
from detection.training.countermeasure.channels import telephone
from detection.training.countermeasure.clips import RATE, Clip, Part, read_parts, read_sounds
from detection.training.countermeasure.measure import CONDITIONS, clip_scores, measured
from detection.training.countermeasure.packing import NETWORK, write
from detection.training.countermeasure.packing import describe as describe_pack
from detection.training.distill_mos.added import prepare
from detection.training.distill_mos.export import export_front, join, quantise
from detection.training.distill_mos.foundation import load_front
from detection.training.distill_mos.learn import (
    Learned,
    condition_scores,
    learn,
    left_out_scores,
)
from detection.training.distill_mos.network import PARTS, KernelMachine
from detection.training.distill_mos.views import describe
from detection.voice.countermeasure import load_countermeasure

PACK_ID = "earwitness-cm-distill-mos"
TRAINED_ON = (
    "real and synthetic speech of public demonstration pages under free licences",
    "Debian's synthesizers flite, espeak-ng and festival",
    "the layers that listen are Distill-MOS's (Microsoft, MIT licence)",
)
STEPS = ("prepare", "front", "describe", "learn", "evaluate")
EVALUATED = tuple(CONDITIONS)
QUANTISED_ON = 80
"""Training clips whose values set the ranges of the 8-bit front."""
LEAST_CLIPS = 3
"""Synthetic clips below which a source gets no error rate of its own."""


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
    parts = read_parts(options.data)
    recorded = parts[Part.TRAIN] + parts[Part.HELD]
    front, pack = options.out / "front.onnx", options.out / "pack"
    for step in (options.step,) if options.step else STEPS:
        print(f"== {step}", flush=True)
        if step == "front":
            make_front(recorded, options.foundation, front)
        if step == "evaluate":
            evaluate(parts[Part.EVAL], pack)
        if step not in ("prepare", "describe", "learn"):
            continue
        clips = recorded + prepare(options.out / "added", options.seed)
        if step in ("describe", "learn"):
            heard = describe(clips, front, options.out / "views", options.seed)
        if step == "learn":
            learned = learn(clips, heard, PARTS)
            scores = left_out_scores(clips, heard, learned)
            make_pack(learned, *condition_scores(clips, heard, scores), front, pack, options.revision)


def make_front(clips: list[Clip], foundation: Path, path: Path) -> None:
    """Write the front with its convolutions in 8 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exact = path.with_suffix(".exact.onnx")
    print(f"torch and ONNX differ by at most {export_front(load_front(foundation), exact):.1e}")
    quantise(exact, path, speech(clips))


def speech(clips: list[Clip]) -> Iterator[NDArray[np.float32]]:
    """Windows of training speech, as recorded and by telephone in turn."""
    window = round(WINDOW_S * RATE)
    for number, sound in enumerate(read_sounds(clips[:: max(1, len(clips) // QUANTISED_ON)])):
        samples = np.resize(sound, window).astype(np.float32) / 32768
        yield telephone(samples)[:window] if number % 2 else samples


def make_pack(
    learned: Learned,
    whole: Mapping[str, HeldScores],
    short: Mapping[float, list[HeldScores]],
    front: Path,
    folder: Path,
    revision: str,
) -> None:
    """Calibrate on the scores of sources left out, and write the pack and leave-one-out.json."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = KernelMachine(*reversed(learned.machine.anchors.shape))
    values = {
        "centre": learned.projection.centre,
        "basis": learned.projection.basis,
        "anchors": learned.machine.anchors.T.copy(),
        "squares": np.square(learned.machine.anchors).sum(axis=1),
        "weights": learned.machine.weights[:, None],
    }
    machine.load_state_dict({name: torch.from_numpy(v).float() for name, v in values.items()})
    join(front, machine.eval(), folder / NETWORK)
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
    (folder.parent / "leave-one-out.json").write_text(json.dumps(rates, indent=2), encoding="utf-8")
    decided = {
        "id": PACK_ID,
        "description": "A kernel machine on what Distill-MOS hears tells synthetic from real speech.",
        "trained_on": TRAINED_ON,
        "output": CountermeasureOutput(meaning=Meaning.SYNTHETIC_SCORE),
        "calibration": calibration,
        "thresholds": limits,
        "measured": found,
    }
    write(folder, describe_pack(folder, revision).model_copy(update=decided))


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
