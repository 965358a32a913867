"""SpeechBrain's real loading code on a checkpoint of the hub's structure, made here and small."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.voice.speechbrain_encoder import (
    HYPERPARAMS,
    is_speechbrain_folder,
    load_classifier,
    load_speechbrain_encoder,
)
from tests.ecapa_checkpoint import (
    CHECKPOINTS,
    DIMENSIONS,
    HYPERPARAMS_TEXT,
    describe,
    quiet,
    write_checkpoint,
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the hub's, with a manifest."""
    folder = tmp_path_factory.mktemp("spkrec-ecapa-test")
    write_checkpoint(folder)
    describe(folder)
    return folder


def windows(count: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.standard_normal((count, round(seconds * CALL_RATE))) * 0.1).astype(np.float32)


def test_the_encoder_gives_what_speechbrain_itself_gives(checkpoint: Path) -> None:
    torch = pytest.importorskip("torch")

    encoder = load_speechbrain_encoder(checkpoint)
    given = windows(3, 3.0)
    with quiet():
        wanted = load_classifier(checkpoint).encode_batch(torch.from_numpy(given)).squeeze(1).numpy()
    found = encoder.embeddings(given)
    assert found.shape == (3, DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    cosines = (found * wanted).sum(axis=1) / np.linalg.norm(wanted, axis=1)
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
    assert abs(float(found[0] @ found[1])) < 0.9999, "two windows are two embeddings"


def test_nothing_is_written_into_the_folder(checkpoint: Path) -> None:
    before = sorted(path.name for path in checkpoint.iterdir())
    load_speechbrain_encoder(checkpoint)
    assert sorted(path.name for path in checkpoint.iterdir()) == before


def copy_of(checkpoint: Path, folder: Path) -> Path:
    for path in checkpoint.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_changed_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    folder = copy_of(checkpoint, tmp_path)
    with (folder / "embedding_model.ckpt").open("ab") as file:
        file.write(b"x")
    with pytest.raises(
        DetectionError, match=r"embedding_model\.ckpt of model pack ecapa-test is damaged"
    ):
        load_speechbrain_encoder(folder)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_file_that_speechbrain_misses_is_said(checkpoint: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(checkpoint, tmp_path)
    (folder / name).unlink()
    with pytest.raises(DetectionError, match="SpeechBrain cannot load the model in"):
        load_classifier(folder)


def test_a_checkpoint_of_another_size_is_said(checkpoint: Path, tmp_path: Path) -> None:
    folder = copy_of(checkpoint, tmp_path)
    text = HYPERPARAMS_TEXT.replace(f"lin_neurons: {DIMENSIONS}", "lin_neurons: 99")
    (folder / HYPERPARAMS).write_text(text)
    with pytest.raises(DetectionError, match="SpeechBrain cannot load the model in"):
        load_classifier(folder)


def test_a_manifest_with_other_dimensions_is_said(checkpoint: Path, tmp_path: Path) -> None:
    folder = copy_of(checkpoint, tmp_path)
    describe(folder, output={"dimensions": 192})
    with pytest.raises(DetectionError, match="gives 16 dimensions and its manifest says 192"):
        load_speechbrain_encoder(folder)


@pytest.mark.parametrize(
    "line",
    [
        "evil: !apply:os.system ['touch owned']",
        "evil: !new:subprocess.Popen ['true']",
        "evil: !!python/object/apply:os.system ['true']",
        "evil: {a: '#', b: !apply:os.system ['true']}",
        "evil: !include:other.yaml",
        "evil: !new:speechbrain.utils.fetching.fetch/../../os",
    ],
)
def test_hyperparameters_that_could_run_code_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / HYPERPARAMS).write_text(HYPERPARAMS_TEXT + line + "\n")
    with pytest.raises(DetectionError, match="could run any code"):
        load_classifier(tmp_path)


def test_hyperparameters_that_are_no_yaml_are_said(tmp_path: Path) -> None:
    (tmp_path / HYPERPARAMS).write_text("a: 'never closed")
    with pytest.raises(DetectionError, match=r"no hyperparams\.yaml that can be read"):
        load_classifier(tmp_path)


def test_a_folder_is_speechbrain_s_where_it_has_hyperparameters(tmp_path: Path) -> None:
    assert not is_speechbrain_folder(tmp_path)
    (tmp_path / HYPERPARAMS).touch()
    assert is_speechbrain_folder(tmp_path)


@pytest.mark.skipif(bool(find_spec("speechbrain")), reason="the extra is installed here")
def test_without_the_extra_the_cure_is_named(tmp_path: Path) -> None:
    (tmp_path / HYPERPARAMS).write_text(HYPERPARAMS_TEXT)
    with pytest.raises(DetectionError, match=r"install earwitness\[speechbrain\]"):
        load_classifier(tmp_path)
