"""An encoder whose embeddings a test can set: the loudness of a window is the angle of its voice."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Channel
from detection.models.manifest import (
    EncoderOutput,
    Input,
    Kind,
    NaturalSpread,
    Normalisation,
    ScoreCalibration,
    SpeakerEncoderManifest,
    SpeakerThresholds,
)
from detection.types import Segment
from detection.voice.enrolment import Voiceprint
from detection.voice.scoring import Embeddings, direction

WINDOW_S, HOP_S = 2.0, 1.0


class AngleEncoder:
    """Speech of mean level v points to v turns of a circle; LLR 20 cos - 12."""

    cohort: Embeddings | None = None

    def __init__(self, spread: NaturalSpread | None = None) -> None:
        self.manifest = SpeakerEncoderManifest(
            schema_version=1,
            id="angle",
            revision="3",
            kind=Kind.SPEAKER_ENCODER,
            title="test comparison",
            licence="none",
            description="",
            trained_on=(),
            files={"model.onnx": hashlib.sha256().hexdigest()},
            network="model.onnx",
            input=Input(
                rate_hz=CALL_RATE, window_s=WINDOW_S, hop_s=HOP_S, min_s=1.0,
                normalisation=Normalisation.NONE, fixed_length=False,
            ),
            output=EncoderOutput(dimensions=2),
            cohort=None,
            calibration=ScoreCalibration(scale=20.0, offset=-12.0),
            thresholds=SpeakerThresholds(
                match_llr=2.0, reject_llr=-2.0, min_speech_s=3.0, enrol_speech_s=20.0
            ),
            spread=spread,
            measured={},
        )  # fmt: skip
        self.windows: list[NDArray[np.float32]] = []

    def embeddings(self, windows: NDArray[np.float32]) -> Embeddings:
        self.windows += list(windows)
        return direction(circle(np.abs(windows).mean(axis=1)))


def circle(turns: NDArray[np.floating] | float) -> NDArray[np.float64]:
    angle = 2 * np.pi * np.asarray(turns, np.float64)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def voice_at(turns: float, speech_s: float = 30.0) -> Voiceprint:
    return Voiceprint(direction(circle(turns)), speech_s, "angle", "3")


def speech(
    seconds: float, turns: float, start_s: float = 0.0, channel: Channel = Channel.CALLER
) -> Segment:
    """Sound of one level, up and down in turn."""
    count, start = round(seconds * CALL_RATE), round(start_s * CALL_RATE)
    samples = np.where(np.arange(count) % 2, turns, -turns).astype(np.float32)
    return Segment(channel, start, start + count, samples)
