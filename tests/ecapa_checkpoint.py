"""A folder in the structure of speechbrain/spkrec-ecapa-voxceleb, made here with small widths."""

import hashlib
import importlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from audio.types import CALL_RATE
from detection.voice.speechbrain_encoder import HYPERPARAMS

WIDTH = 32
DIMENSIONS = 16
SPEAKERS = 5
CHECKPOINTS = ("embedding_model.ckpt", "mean_var_norm_emb.ckpt", "classifier.ckpt")
HYPERPARAMS_TEXT = f"""
# In the structure of speechbrain/spkrec-ecapa-voxceleb
pretrained_path: speechbrain/spkrec-ecapa-voxceleb
n_mels: 80
out_n_neurons: {SPEAKERS}

compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>

mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False

embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
    input_size: !ref <n_mels>
    channels: [{WIDTH}, {WIDTH}, {WIDTH}, {WIDTH}, {3 * WIDTH}]
    kernel_sizes: [5, 3, 3, 3, 1]
    dilations: [1, 2, 3, 4, 1]
    attention_channels: 8
    lin_neurons: {DIMENSIONS}

classifier: !new:speechbrain.lobes.models.ECAPA_TDNN.Classifier
    input_size: {DIMENSIONS}
    out_neurons: !ref <out_n_neurons>

mean_var_norm_emb: !new:speechbrain.processing.features.InputNormalization
    norm_type: global
    std_norm: False

modules:
    compute_features: !ref <compute_features>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>
    mean_var_norm_emb: !ref <mean_var_norm_emb>
    classifier: !ref <classifier>

label_encoder: !new:speechbrain.dataio.encoder.CategoricalEncoder

pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
        mean_var_norm_emb: !ref <mean_var_norm_emb>
        classifier: !ref <classifier>
        label_encoder: !ref <label_encoder>
    paths:
        embedding_model: !ref <pretrained_path>/embedding_model.ckpt
        mean_var_norm_emb: !ref <pretrained_path>/mean_var_norm_emb.ckpt
        classifier: !ref <pretrained_path>/classifier.ckpt
        label_encoder: !ref <pretrained_path>/label_encoder.txt
"""


@contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def write_checkpoint(folder: Path) -> None:
    """Fill `folder` as the hub's is, with random weights; skips where SpeechBrain is not installed."""
    with quiet():
        try:
            importlib.import_module("speechbrain.inference.speaker")
        except (ImportError, OSError) as error:
            pytest.skip(f"needs earwitness[speechbrain]: {error}")
    torch = pytest.importorskip("torch")

    with quiet():
        ecapa = importlib.import_module("speechbrain.lobes.models.ECAPA_TDNN")
        encoders = importlib.import_module("speechbrain.dataio.encoder")
        features = importlib.import_module("speechbrain.processing.features")

        torch.manual_seed(0)
        widths = [WIDTH] * 4 + [3 * WIDTH]
        encoder = ecapa.ECAPA_TDNN(80, channels=widths, attention_channels=8, lin_neurons=DIMENSIONS)
        for module in encoder.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 2.0)
        torch.save(encoder.state_dict(), folder / "embedding_model.ckpt")
        norm = features.InputNormalization(norm_type="global", std_norm=False)
        norm(torch.randn(4, DIMENSIONS), torch.ones(4))
        norm._save(folder / "mean_var_norm_emb.ckpt")
        torch.save(
            ecapa.Classifier(DIMENSIONS, out_neurons=SPEAKERS).state_dict(), folder / "classifier.ckpt"
        )
        labels = encoders.CategoricalEncoder()
        labels.update_from_iterable([f"id{n}" for n in range(SPEAKERS)])
        labels.save(folder / "label_encoder.txt")
    (folder / HYPERPARAMS).write_text(HYPERPARAMS_TEXT)


def describe(folder: Path, **changes: Any) -> None:
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
    }
    manifest = {
        "schema_version": 1, "id": "ecapa-test", "revision": "1", "kind": "speaker_encoder",
        "title": "test voices", "licence": "none", "description": "", "trained_on": [],
        "files": files, "network": "embedding_model.ckpt",
        "input": {"rate_hz": CALL_RATE, "window_s": 3.0, "hop_s": 1.0, "min_s": 1.0,
                  "normalisation": "none", "fixed_length": False},
        "output": {"dimensions": DIMENSIONS}, "cohort": None,
        "calibration": {"scale": 1.0, "offset": 0.0},
        "thresholds": {"match_llr": 1.0, "reject_llr": -1.0, "min_speech_s": 3.0,
                       "enrol_speech_s": 20.0},
        "measured": {},
    } | changes  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
