"""Writes the pack: network, cohort, manifest, and what was measured."""

import hashlib
from pathlib import Path

import numpy as np

from detection.models.manifest import (
    MANIFEST_NAME,
    EncoderOutput,
    Input,
    Kind,
    Normalisation,
    ScoreCalibration,
    SpeakerEncoderManifest,
    SpeakerThresholds,
)
from detection.models.pack import Pack
from detection.models.runtime import load_network
from detection.training.speaker.calibrate import ENROL_SPEECH_S, MIN_SPEECH_S
from detection.training.speaker.measure import CHANNELS, voice_of
from detection.training.speaker.prepare import DIMENSIONS, UNNAMED, Prepared
from detection.training.speaker.voices import COPIES
from detection.voice.encoder import OnnxSpeakerEncoder
from detection.voice.scoring import direction

PACK_ID = "earwitness-speaker-small"
NETWORK = "encoder.onnx"
COHORT = "cohort.npy"
TRAINED_ON = (
    "real and synthetic speech of public demonstration pages under free licences",
    "copies of it at other speeds and with moved formants",
    "the embeddings that two Apache-2.0 encoders (Resemblyzer's GE2E and wq2012's LSTM) gave of it",
)

UNCALIBRATED = ScoreCalibration(scale=1.0, offset=0.0)
UNDECIDED = SpeakerThresholds(
    match_llr=1.0, reject_llr=-1.0, min_speech_s=MIN_SPEECH_S, enrol_speech_s=ENROL_SPEECH_S
)


def describe(folder: Path, revision: str) -> SpeakerEncoderManifest:
    """The manifest of the freshly exported network in `folder`, before cohort and calibration."""
    return SpeakerEncoderManifest(
        schema_version=1,
        id=PACK_ID,
        revision=revision,
        kind=Kind.SPEAKER_ENCODER,
        title="basic voice match",
        licence="that of the Earwitness repository",
        description="Small ECAPA-TDNN on log-mel that tells whether two voices are one person's.",
        scope="It says how alike two voices are; a clone sounds alike too, so a match proves nobody.",
        trained_on=TRAINED_ON,
        files={NETWORK: _sha256(folder / NETWORK)},
        network=NETWORK,
        input=Input(
            rate_hz=16_000,
            window_s=3.0,
            hop_s=1.5,
            min_s=1.0,
            normalisation=Normalisation.NONE,
            fixed_length=False,
        ),
        output=EncoderOutput(dimensions=DIMENSIONS),
        cohort=None,
        calibration=UNCALIBRATED,
        thresholds=UNDECIDED,
        measured={},
    )


def with_cohort(
    folder: Path, manifest: SpeakerEncoderManifest, known: Prepared
) -> SpeakerEncoderManifest:
    """Write the voices of the named people trained on, through every channel, beside the network."""
    encoder = OnnxSpeakerEncoder(manifest, load_network(Pack(folder, manifest), DIMENSIONS), None)
    shortest = round(manifest.input.min_s * manifest.input.rate_hz)
    people: dict[int, list[int]] = {}
    for n in range(0, len(known.classes), COPIES + 1):
        if known.classes[n] != UNNAMED and len(known.sound(n)) >= shortest:
            people.setdefault(int(known.classes[n]), []).append(n)
    rows = []
    for way in CHANNELS.values():
        for numbers in people.values():
            sounds = [way(known.sound(n).astype(np.float32) / 32768) for n in numbers]
            rows.append(direction(np.mean([voice_of(encoder, sound) for sound in sounds], axis=0)))
    np.save(folder / COHORT, np.stack(rows).astype(np.float32))
    files = {**manifest.files, COHORT: _sha256(folder / COHORT)}
    return manifest.model_copy(update={"cohort": COHORT, "files": files})


def write(folder: Path, manifest: SpeakerEncoderManifest) -> None:
    """Put `manifest` beside the network in `folder`."""
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
