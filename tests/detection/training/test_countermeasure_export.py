"""The two halves in one ONNX file give what they give in torch. Needs the training environment."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the training environment's onnx")
pytest.importorskip("torch", reason="needs the training environment's PyTorch")

import onnxruntime
import torch  # pyright: ignore[reportMissingImports]

from detection.training.countermeasure.detector import untrained
from detection.training.countermeasure.export import export, join


@pytest.mark.filterwarnings("ignore")  # torch's exporter warns of its own age
def test_the_joined_halves_score_as_in_torch(tmp_path: Path):
    torch.manual_seed(0)
    detector = untrained(components=8, anchors=20).eval()
    detector.machine.basis *= 1e-3
    detector.weight = 0.2
    export(detector.front, tmp_path / "front.onnx", "statistics")
    export(detector.residual, tmp_path / "residual.onnx", "score")
    whole = tmp_path / "whole.onnx"
    join(tmp_path / "front.onnx", detector.machine, tmp_path / "residual.onnx", detector.weight, whole)
    windows = np.random.default_rng(1).standard_normal((2, 24_000)).astype(np.float32) * np.float32(0.1)
    with torch.inference_mode():
        wanted = detector(torch.from_numpy(windows)).numpy()
    session = onnxruntime.InferenceSession(str(whole), providers=["CPUExecutionProvider"])
    scores = np.asarray(session.run(["score"], {"samples": windows})[0])
    assert np.ptp(wanted) > 1e-4
    np.testing.assert_allclose(scores, wanted, rtol=0.02, atol=1e-3)
