"""A checkpoint brings every part back as it was. Needs PyTorch, which only training has."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the training environment's PyTorch")

import torch  # pyright: ignore[reportMissingImports]

from detection.training.checkpoint import resume, save


def parts(seed: int) -> dict:
    torch.manual_seed(seed)
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters(), 0.1)
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"network": network, "optimizer": optimizer}


def test_what_was_saved_comes_back(tmp_path: Path):
    path, trained, fresh = tmp_path / "checkpoint.pt", parts(1), parts(2)
    save(path, trained, 7)
    assert not torch.equal(trained["network"].weight, fresh["network"].weight)
    assert resume(path, fresh, "cpu") == 7
    assert torch.equal(trained["network"].weight, fresh["network"].weight)
    moments = [part["optimizer"].state_dict()["state"][0]["exp_avg"] for part in (trained, fresh)]
    assert torch.equal(*moments)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_without_a_checkpoint_training_begins_anew(tmp_path: Path):
    assert resume(tmp_path / "checkpoint.pt", parts(1), "cpu") == 0
