"""Trains, exports, calibrates and measures the built-in speaker encoder.

    python -m detection.training.speaker --data ../shared/data/voice --out build/speaker

The steps: prepare (new voices and the teachers' targets, made once), train (resumes from its
checkpoint), pack (export, cohort, calibration and thresholds on held-out people) and evaluate (the
people of the evaluation part, and writes their figures into the manifest). Give one of them with
`--step` to run it alone. `teachers` measures the two teachers on the held-out people.
"""

import argparse
from functools import partial
from pathlib import Path

import torch

from detection.metrics import llr_cost
from detection.models.manifest import SpeakerEncoderManifest
from detection.training.speaker.calibrate import calibrate, natural_spread, thresholds
from detection.training.speaker.export import export
from detection.training.speaker.measure import (
    Recordings,
    Scored,
    cost,
    error_rate,
    measured,
    recordings,
    scored_trials,
    spreads,
    voice_of,
)
from detection.training.speaker.packing import NETWORK, describe, with_cohort, write
from detection.training.speaker.people import read_people
from detection.training.speaker.prepare import Prepared, Teacher, load, prepare
from detection.training.speaker.teachers import GE2E, Wq2012
from detection.training.speaker.train import train, trained_network
from detection.training.speaker.trials import Sound
from detection.voice.encoder import SpeakerEncoder, load_encoder
from detection.voice.scoring import Embeddings

STEPS = ("prepare", "train", "pack", "evaluate")
TEACHERS = "teachers"


def main() -> None:
    """Run the steps asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint and pack")
    parser.add_argument("--wq2012", type=Path, help="checkpoint of SpeakerRecognitionFromScratch (.pt)")
    parser.add_argument("--resemblyzer", type=Path, help="wheel of Resemblyzer 0.1.4")
    parser.add_argument("--step", choices=(*STEPS, TEACHERS), help="only this step")
    parser.add_argument("--train-steps", type=int, default=950)
    parser.add_argument("--channels", type=int, default=256)
    parser.add_argument("--revision", default="1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    people = read_people(options.data)
    prepared, checkpoint = options.out / "prepared", options.out / "checkpoint.pt"
    pack = options.out / "pack"
    for step in (options.step,) if options.step else STEPS:
        print(f"== {step}", flush=True)
        if step in ("prepare", TEACHERS):
            if not (options.wq2012 and options.resemblyzer):
                parser.error(f"the step {step} needs --wq2012 and --resemblyzer")
            ge2e, wq2012 = GE2E(options.resemblyzer), Wq2012(options.wq2012)
        if step == "prepare":
            prepare(people.training, ge2e, wq2012, prepared)
        if step == "train":
            train(load(prepared), checkpoint, options.channels, options.train_steps, options.seed)
        if step == "pack":
            pack.mkdir(parents=True, exist_ok=True)
            network = trained_network(checkpoint, options.channels)
            print(f"least cosine of torch and ONNX {export(network, pack / NETWORK):.6f}")
            heard = recordings(people.held)
            make_pack(heard, load(prepared), pack, options.revision, options.seed)
        if step == "evaluate":
            evaluate(recordings(people.evaluation), pack, options.seed)
        if step == TEACHERS:
            heard = recordings(people.held)
            for teacher in (ge2e, wq2012):
                report(
                    type(teacher).__name__,
                    scored_trials(partial(one_of, teacher), None, heard, options.seed),
                )


def make_pack(heard: Recordings, known: Prepared, folder: Path, revision: str, seed: int) -> None:
    """Add cohort and manifest to the network in `folder`, calibrated on `heard`."""
    write(folder, with_cohort(folder, describe(folder, revision), known))
    encoder = load_encoder(folder)
    trials = trials_of(encoder, heard, seed)
    calibration = calibrate(trials)
    limits = thresholds(trials, calibration)
    manifest = encoder.manifest.model_copy(
        update={
            "calibration": calibration,
            "thresholds": limits,
            "spread": natural_spread(spreads(encoder, heard, seed)),
            "measured": {f"held-out people, {scored.name}": measured(scored) for scored in trials},
        }
    )
    report("held-out people", trials, manifest)
    write(folder, manifest)


def evaluate(heard: Recordings, folder: Path, seed: int) -> None:
    """Measure the pack on the evaluation part's people and add the figures to its manifest."""
    encoder = load_encoder(folder)
    print(f"{cost(encoder):.4f} core-seconds per second of speech", flush=True)
    trials = trials_of(encoder, heard, seed)
    report("evaluation people", trials, encoder.manifest)
    found = {f"evaluation people, {scored.name}": measured(scored) for scored in trials}
    write(
        folder,
        encoder.manifest.model_copy(update={"measured": {**encoder.manifest.measured, **found}}),
    )


def trials_of(encoder: SpeakerEncoder, heard: Recordings, seed: int) -> list[Scored]:
    """All trials of `heard`, as the program embeds and scores them."""
    return scored_trials(partial(voice_of, encoder), encoder.cohort, heard, seed)


def report(name: str, trials: list[Scored], manifest: SpeakerEncoderManifest | None = None) -> None:
    """Print what each condition gave; error rates at the thresholds of `manifest` where there is one."""
    for scored in trials:
        target = scored.trials.target
        text = (
            f"{name}, {scored.name:18} {scored.speakers} people, "
            f"{target.sum()} / {(~target).sum()} trials | "
            f"EER {error_rate(scored.normalised, scored.trials):.2%}, "
            f"same source {error_rate(scored.normalised, scored.trials, same_source=True):.2%}, "
            f"without cohort {error_rate(scored.cosines, scored.trials):.2%}"
        )
        if manifest:
            llrs = manifest.calibration.scale * scored.normalised + manifest.calibration.offset
            match, reject = manifest.thresholds.match_llr, manifest.thresholds.reject_llr
            text += (
                f" | Cllr {llr_cost(llrs[target], llrs[~target]):.3f} | one person: "
                f"{(llrs[target] >= match).mean():.1%} match, "
                f"{(llrs[target] < reject).mean():.2%} rejected | "
                f"two people: {(llrs[~target] >= match).mean():.2%} match, "
                f"{(llrs[~target] < reject).mean():.1%} rejected"
            )
        print(text, flush=True)


def one_of(teacher: Teacher, sound: Sound) -> Embeddings:
    """A teacher's embedding of one sound, shape (d,)."""
    return teacher.embed([sound])[0]


if __name__ == "__main__":
    main()
