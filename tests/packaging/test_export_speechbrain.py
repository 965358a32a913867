"""The exporter on a checkpoint of the hub's structure with small widths."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.types import CALL_RATE
from detection.models.manifest import SpeakerEncoderManifest, load_manifest
from detection.voice.encoder import load_encoder
from detection.voice.speechbrain_encoder import HYPERPARAMS, load_speechbrain_encoder
from tests.ecapa_checkpoint import DIMENSIONS, HYPERPARAMS_TEXT, write_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "spkrec-ecapa-test"
    folder.mkdir()
    write_checkpoint(folder)
    return folder


@pytest.fixture
def exporter(checkpoint: Path, script: Any) -> Any:
    return script("export_speechbrain", "torch", "onnx")


def test_the_pack_and_the_described_original_give_the_same_voices(
    exporter: Any, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["export", str(checkpoint), str(tmp_path / "packs"), "--hub-id", "some/ecapa"]
    monkeypatch.setattr("sys.argv", [*arguments, "--commit", "abc", "--describe"])
    exporter.main()
    pack, original = load_encoder(tmp_path / "packs" / "ecapa"), load_speechbrain_encoder(checkpoint)
    for seconds in (1.0, 2.5, 7.3):
        samples = np.random.default_rng(3).standard_normal((2, round(seconds * CALL_RATE))) * 0.1
        voices = [one.embeddings(samples.astype(np.float32)) for one in (pack, original)]
        assert voices[0].shape == (2, DIMENSIONS)
        assert float((voices[0] * voices[1]).sum(axis=1).min()) > exporter.LEAST_COSINE
    manifest = load_manifest(tmp_path / "packs" / "ecapa", SpeakerEncoderManifest)
    assert manifest.thresholds.match_llr > 1 > -1 > manifest.thresholds.reject_llr, "it decides nothing"


def test_features_that_are_not_the_ones_known_are_refused(
    exporter: Any, checkpoint: Path, tmp_path: Path
) -> None:
    text = HYPERPARAMS_TEXT.replace("norm_type: sentence", "norm_type: global", 1)
    (checkpoint / HYPERPARAMS).write_text(text)
    with pytest.raises(exporter.ExportError, match="not normalised by each sentence's mean"):
        exporter.export(checkpoint, tmp_path / "pack" / "encoder.onnx")
    (checkpoint / HYPERPARAMS).write_text(HYPERPARAMS_TEXT + "evil: !apply:os.getcwd []\n")
    with pytest.raises(exporter.ExportError, match="could run any code"):
        exporter.export(checkpoint, tmp_path / "pack" / "encoder.onnx")


def test_no_pack_is_left_where_the_voices_differ(
    exporter: Any, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = exporter.session
    monkeypatch.setattr(
        exporter, "session", lambda path: lambda samples: real(path)(samples[:, ::-1].copy())
    )
    with pytest.raises(exporter.ExportError, match="No pack was made"):
        exporter.export(checkpoint, tmp_path / "pack" / "encoder.onnx")
    assert not (tmp_path / "pack").exists()
