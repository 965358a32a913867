"""From a checkpoint to the ONNX file of a pack, proved to give what torch gives."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

from detection.training.countermeasure.clips import RATE
from detection.training.countermeasure.network import Countermeasure

OPSET = 17
TOLERANCE = 2e-3
"""Largest difference of a logit between torch and ONNX Runtime; logits are of the order of 1 to 10."""


def export(network: Countermeasure, path: Path) -> float:
    """Write `network` to `path`; the largest difference seen, `RuntimeError` where it is too large."""
    torch.onnx.export(
        network,
        (torch.randn(2, 2 * RATE),),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=["samples"],
        output_names=["logits"],
        dynamic_axes={"samples": {0: "batch", 1: "samples"}, "logits": {0: "batch"}},
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for batch, seconds in ((1, 1.0), (3, 3.5), (2, 2.37)):
        samples = (rng.standard_normal((batch, int(seconds * RATE))) * 0.05).astype(np.float32)
        with torch.no_grad():
            wanted = network(torch.from_numpy(samples)).numpy()
        worst = max(worst, float(np.abs(session.run(None, {"samples": samples})[0] - wanted).max()))
    if worst > TOLERANCE:
        raise RuntimeError(f"the exported network differs from torch by {worst:.4f}")
    return worst
