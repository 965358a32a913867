"""The student: parity of the exported graph with SpeechBrain's module, batches, losses, teachers."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the training's requirements are not installed")
pytest.importorskip("speechbrain", reason="the training's requirements are not installed")

import torch  # pyright: ignore[reportMissingImports]

from detection.training.countermeasure.clips import RATE
from detection.training.speaker import train as training
from detection.training.speaker.batches import Batches
from detection.training.speaker.export import LEAST_COSINE, export, parity
from detection.training.speaker.network import SpeakerEncoder
from detection.training.speaker.prepare import DIMENSIONS, UNNAMED, Prepared
from detection.training.speaker.teachers import GE2E, Wq2012
from detection.training.speaker.train import Losses, learning_rate, train, trained_network
from detection.training.speaker.voices import COPIES

pytestmark = pytest.mark.filterwarnings("ignore")
"""PyTorch's older exporter warns of itself and of what it traces."""


def network(seed: int = 0) -> SpeakerEncoder:
    """A small encoder whose batch normalisation has seen something, as a trained one's has."""
    torch.manual_seed(seed)
    made = SpeakerEncoder(channels=64).train()
    for _ in range(3):
        made(torch.randn(4, RATE) * torch.linspace(0, 1, RATE))
    return made.eval()


def prepared(clips: int = 16) -> Prepared:
    rng = np.random.default_rng(0)
    count = clips * (COPIES + 1)
    lengths = rng.integers(RATE, 2 * RATE, count)
    targets = rng.standard_normal((count, DIMENSIONS)).astype(np.float32)
    voices = np.arange(count) % 24
    return Prepared(
        samples=(rng.standard_normal(lengths.sum()) * 3000).astype(np.int16),
        starts=np.cumsum([0, *lengths]),
        targets=targets / np.linalg.norm(targets, axis=1, keepdims=True),
        voices=voices,
        classes=np.where(voices < 12, voices, UNNAMED),
    )


def test_the_exported_graph_gives_what_speechbrain_gives(tmp_path: Path) -> None:
    assert export(network(), tmp_path / "encoder.onnx") >= LEAST_COSINE


def test_another_networks_graph_is_told_apart(tmp_path: Path) -> None:
    export(network(0), tmp_path / "encoder.onnx")
    assert parity(network(1), tmp_path / "encoder.onnx") < LEAST_COSINE


def test_batches_depend_on_seed_and_number_alone() -> None:
    data = prepared()
    one, again, other = Batches(data, 8, 1)[3], Batches(data, 8, 1)[3], Batches(data, 8, 2)[3]
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one[1], other[1])
    samples, targets, classes = one
    assert samples.shape[0] == targets.shape[0] == classes.shape[0] == 8
    assert 2 * RATE <= samples.shape[1] <= 3 * RATE


def test_a_voice_at_its_target_costs_nothing_and_rows_without_a_class_are_left_out() -> None:
    losses = Losses(12)
    targets = torch.randn(6, DIMENSIONS)
    unnamed = torch.full((6,), UNNAMED)
    distance, apart = losses(3 * targets, targets, unnamed)
    assert distance.item() == pytest.approx(0, abs=1e-5)
    assert apart.item() == 0
    some = torch.tensor([UNNAMED, 1, UNNAMED, 2, UNNAMED, UNNAMED])
    both = losses(targets, targets, some)[1]
    assert both.item() == pytest.approx(losses(targets[[1, 3]], targets[[1, 3]], some[[1, 3]])[1].item())


def test_the_learning_rate_rises_holds_and_falls_to_almost_nothing() -> None:
    rates = [learning_rate(step, 1000) for step in range(1, 1001)]
    assert rates[0] < training.RATE / 50
    assert set(rates[200:600]) == {training.RATE}
    assert rates[-1] == pytest.approx(training.RATE / training.DECAY)
    assert learning_rate(700, 5000) == training.RATE


class StoppedError(Exception):
    """What the test stops a run with."""


def test_a_run_that_was_stopped_goes_on_to_the_same_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detection.training.speaker.train.BATCH", 6)
    monkeypatch.setattr("detection.training.speaker.train.CHECKPOINT_EVERY", 2)
    data = prepared()
    train(data, tmp_path / "whole.pt", channels=16, steps=4, seed=1)
    save = torch.save

    def stopping_save(state: dict, path: Path) -> None:
        if state["step"] > 2:
            raise StoppedError
        save(state, path)

    monkeypatch.setattr(torch, "save", stopping_save)
    with pytest.raises(StoppedError):
        train(data, tmp_path / "parts.pt", channels=16, steps=4, seed=1)
    assert torch.load(tmp_path / "parts.pt", weights_only=True)["step"] == 2
    monkeypatch.setattr(torch, "save", save)
    train(data, tmp_path / "parts.pt", channels=16, steps=4, seed=1)
    samples = torch.randn(2, RATE)
    whole, parts = (trained_network(tmp_path / name, 16)(samples) for name in ("whole.pt", "parts.pt"))
    assert torch.allclose(whole, parts, atol=1e-3)


def test_teachers_embed_short_and_long_sounds_alone_as_in_company(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sounds = [(rng.standard_normal(n) * 0.1).astype(np.float32) for n in (4000, 5 * RATE)]
    for teacher, dimensions in ((wq2012(tmp_path), 128), (ge2e(tmp_path), 256)):
        together = teacher.embed(sounds)
        assert together.shape == (2, dimensions)
        assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
        assert np.allclose(together[1], teacher.embed(sounds[1:])[0], atol=1e-5)


def wq2012(folder: Path) -> Wq2012:
    """A checkpoint of that form with random weights."""
    lstm = torch.nn.LSTM(40, 64, 3, batch_first=True, bidirectional=True)
    state = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    torch.save({"encoder_state_dict": state}, folder / "wq2012.pt")
    return Wq2012(folder / "wq2012.pt")


def ge2e(folder: Path) -> GE2E:
    """A wheel of that form with random weights."""
    modules = {
        "lstm.": torch.nn.LSTM(40, 256, 3, batch_first=True),
        "linear.": torch.nn.Linear(256, 256),
    }
    state = {name + key: v for name, module in modules.items() for key, v in module.state_dict().items()}
    torch.save({"model_state": state}, folder / "pretrained.pt")
    with zipfile.ZipFile(folder / "resemblyzer.whl", "w") as wheel:
        wheel.write(folder / "pretrained.pt", "resemblyzer/pretrained.pt")
    return GE2E(folder / "resemblyzer.whl")
