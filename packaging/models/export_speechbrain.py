"""A downloaded SpeechBrain ECAPA-TDNN folder, made into an ONNX speaker-encoder pack.

    PYTHONPATH=. python packaging/models/export_speechbrain.py spkrec-ecapa-voxceleb/ build/models \
        --hub-id speechbrain/spkrec-ecapa-voxceleb --commit HASH [--describe]

Filterbanks and sentence mean normalisation are inside the graph: samples in, voices out. The ONNX file
must give SpeechBrain's own embeddings, or no pack is left. `--describe` also writes a manifest into the
folder itself, with which earwitness[speechbrain] loads the original. Neither is calibrated.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from packing import ExportError, end, sha256, write_manifest
from rich.console import Console
from torch import Tensor, nn
from tracing import session, trace, waveforms

from detection.errors import DetectionError
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
from detection.training.speaker.export import WholeWindowPooling
from detection.voice.speechbrain_encoder import load_classifier

NETWORK = "encoder.onnx"
RATE = 16_000
LEAST_COSINE = 0.999
LENGTHS_S = (1.0, 2.37, 3.0, 10.0)
MEAN_NORMALISED = ("sentence", False)
NEVER_DECIDES = SpeakerThresholds(match_llr=1.5, reject_llr=-1.5, min_speech_s=3.0, enrol_speech_s=20.0)
"""Beyond any cosine: a pack that nobody calibrated matches and rejects nobody."""

console = Console()


class Filterbanks(nn.Module):
    """Samples (batch, n) to SpeechBrain's log filterbanks (batch, frames, bands), as convolutions.

    The short-time spectrum is a convolution with the windowed cosines and sines of the transform, which
    every ONNX run time has; the filters are read from SpeechBrain's module.
    """

    def __init__(self, fbank: Any) -> None:  # noqa: ANN401 - SpeechBrain has no types
        super().__init__()
        stft, filters = fbank.compute_STFT, fbank.compute_fbanks
        if fbank.deltas or fbank.context or not stft.center or stft.win_length != stft.n_fft:
            raise ExportError("The folder's features are not the plain filterbanks this exporter knows.")
        self._hop, self._half = stft.hop_length, stft.n_fft // 2
        turns = torch.outer(torch.arange(self._half + 1), torch.arange(stft.n_fft)).double() / stft.n_fft
        waves = torch.cat([(2 * torch.pi * turns).cos(), -(2 * torch.pi * turns).sin()])
        self.register_buffer("waves", (waves * stft.window).unsqueeze(1).float())
        filters.log_mel = False
        self.register_buffer("filters", filters(torch.eye(self._half + 1).unsqueeze(0)).squeeze(0))
        filters.log_mel = True
        self._floor, self._range_db = filters.amin, filters.top_db

    def forward(self, samples: Tensor) -> Tensor:
        padded = F.pad(samples, (self._half, self._half)).unsqueeze(1)
        spectrum = F.conv1d(padded, self.waves, stride=self._hop)
        power = spectrum[:, : self._half + 1].square() + spectrum[:, self._half + 1 :].square()
        decibels = 10 * (power.transpose(1, 2) @ self.filters).clamp(min=self._floor).log10()
        return torch.maximum(decibels, decibels.amax(dim=(1, 2), keepdim=True) - self._range_db)


class Encoder(nn.Module):
    """Samples (batch, n) at 16 kHz to voices (batch, dimensions), as `EncoderClassifier` makes them."""

    def __init__(self, classifier: Any) -> None:  # noqa: ANN401 - as above
        super().__init__()
        modules = classifier.mods
        norm = modules.mean_var_norm
        if (norm.norm_type, norm.std_norm) != MEAN_NORMALISED:
            raise ExportError("The folder's features are not normalised by each sentence's mean alone.")
        self.features = Filterbanks(modules.compute_features)
        self.embedding = modules.embedding_model
        self.embedding.asp = WholeWindowPooling(self.embedding.asp)

    def forward(self, samples: Tensor) -> Tensor:
        bands = self.features(samples)
        return self.embedding(bands - bands.mean(dim=1, keepdim=True)).squeeze(1)


def main() -> None:
    """Export as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path, help="folder that gets the pack NAME")
    parser.add_argument("--hub-id", required=True, help="where the folder came from")
    parser.add_argument("--commit", required=True, help="the hub's commit that was downloaded")
    parser.add_argument("--licence", default="Apache-2.0")
    parser.add_argument("--describe", action="store_true", help="also write a manifest into the source")
    given = parser.parse_args()
    pack = given.out / given.hub_id.rsplit("/", 1)[-1].lower()
    dimensions, cosine = export(given.source, pack / NETWORK)
    console.print(f"ONNX against SpeechBrain: cosine at least {cosine:.6f}")
    described = [(pack, NETWORK)] + [(given.source, "embedding_model.ckpt")] * given.describe
    for folder, network in described:
        about = f"{given.hub_id} at commit {given.commit}"
        write_manifest(folder, manifest(folder, network, dimensions, about, given.commit, given.licence))
        console.print(f"{folder}: {(folder / network).stat().st_size / 1e6:.1f} MB")


def export(source: Path, path: Path) -> tuple[int, float]:
    """Write the encoder in `source` to `path`: its dimensions, and the least cosine with SpeechBrain's.

    Raises `ExportError` where it is another encoder or the cosine is below `LEAST_COSINE`.
    """
    try:
        original, rebuilt = load_classifier(source), Encoder(load_classifier(source))
    except DetectionError as error:
        raise ExportError(str(error)) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    trace(rebuilt, torch.randn(2, 3 * RATE), path, fixed_length=False)
    run = session(path)
    cosines, dimensions = [], 0
    for seconds in LENGTHS_S:
        samples = waveforms(round(seconds * RATE))
        with torch.inference_mode():
            wanted = original.encode_batch(torch.from_numpy(samples)).squeeze(1).numpy()
        found = run(samples)
        dimensions = wanted.shape[1]
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
        cosines.append(float(((found * wanted).sum(axis=1) / lengths).min()))
    if not min(cosines) >= LEAST_COSINE:  # also where it is no number
        shutil.rmtree(path.parent)
        raise ExportError(
            f"No pack was made: the exported encoder's cosine with SpeechBrain's is {min(cosines):.5f}, "
            f"less than {LEAST_COSINE}."
        )
    return dimensions, min(cosines)


def manifest(
    folder: Path, network: str, dimensions: int, about: str, commit: str, licence: str
) -> SpeakerEncoderManifest:
    """The manifest of the encoder in `folder`, not calibrated and not measured."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST_NAME)
    return SpeakerEncoderManifest(
        schema_version=1,
        id=folder.resolve().name,
        revision=commit,
        kind=Kind.SPEAKER_ENCODER,
        title="voice comparison",
        licence=licence,
        description=f"ECAPA-TDNN, {about}.",
        trained_on=(f"see the model card: {about}",),
        files={path.name: sha256(path) for path in files if not path.name.startswith(".")},
        network=network,
        input=Input(
            rate_hz=RATE,
            window_s=3.0,
            hop_s=1.5,
            min_s=1.0,
            normalisation=Normalisation.NONE,
            fixed_length=False,
        ),
        output=EncoderOutput(dimensions=dimensions),
        cohort=None,
        calibration=ScoreCalibration(scale=1.0, offset=0.0),
        thresholds=NEVER_DECIDES,
        measured={},
    )


if __name__ == "__main__":
    end(main)
