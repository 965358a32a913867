"""Writes the pack: network, manifest, and what was measured."""

import hashlib
import shutil
from pathlib import Path

from detection.models.manifest import (
    MANIFEST_NAME,
    Calibration,
    CountermeasureManifest,
    CountermeasureOutput,
    Input,
    Kind,
    Meaning,
    Normalisation,
    VoiceThresholds,
)
from detection.training.countermeasure.calibrate import WINDOW_S

PACK_ID = "earwitness-cm-small"
NETWORK = "countermeasure.onnx"
NOTICE = "distill-mos-licence.txt"
"""The MIT licence goes with every copy of Distill-MOS's weights."""
HOP_S = 1.25
"""A window costs about 0.03 core-seconds, the goal for a second of speech."""
TRAINED_ON = (
    "real and synthetic speech of public demonstration pages under free licences",
    "Debian's synthesizers flite, espeak-ng and festival",
    "the layers that listen in one half are Distill-MOS's (Microsoft, MIT licence)",
)


SCOPE = (
    "Basic voice check: hears some synthetic voices, misses many good clones and never says "
    "who is calling."
)
"""What the window says the pack can and cannot do."""

UNCALIBRATED = Calibration(scale=1.0, offset=0.0, settle=0.0)
UNDECIDED = VoiceThresholds(real_llr=-1.0, watch_llr=0.5, synthetic_llr=1.0, min_speech_s=2.0)


def describe_pack(folder: Path, revision: str) -> CountermeasureManifest:
    """The manifest of the freshly exported network in `folder`, before calibration; adds the notice."""
    shutil.copyfile(Path(__file__).parent / "distill_mos" / "LICENCE.txt", folder / NOTICE)
    return CountermeasureManifest(
        schema_version=1,
        id=PACK_ID,
        revision=revision,
        kind=Kind.COUNTERMEASURE,
        title="basic voice check",
        licence="that of the Earwitness repository; parts of Distill-MOS, MIT, Microsoft Corporation",
        description="A kernel machine on what Distill-MOS hears, and a residual network on log-mel.",
        scope=SCOPE,
        trained_on=TRAINED_ON,
        files={
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (NETWORK, NOTICE)
        },
        network=NETWORK,
        input=Input(
            rate_hz=16_000,
            window_s=WINDOW_S,
            hop_s=HOP_S,
            min_s=1.0,
            normalisation=Normalisation.NONE,
            fixed_length=False,
        ),
        output=CountermeasureOutput(meaning=Meaning.SYNTHETIC_SCORE),
        calibration=UNCALIBRATED,
        thresholds=UNDECIDED,
        measured={},
    )


def write(folder: Path, manifest: CountermeasureManifest) -> None:
    """Put `manifest` beside the network in `folder`."""
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
