"""From a PyTorch network to an ONNX file, and what to try both with."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

OPSET = 17


def trace(network: torch.nn.Module, samples: torch.Tensor, path: Path, *, fixed_length: bool) -> None:
    """Write `network`, samples (batch, samples) to rows (batch, outputs), to the ONNX file `path`."""
    axes = {0: "batch"} if fixed_length else {0: "batch", 1: "samples"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shapes that are constant here, and the tracing exporter's age
        torch.onnx.export(
            network.eval().requires_grad_(requires_grad=False),
            (samples,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["samples"],
            output_names=["output"],
            dynamic_axes={"samples": axes, "output": {0: "batch"}},
        )


def session(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The network in the ONNX file `path`, on the CPU."""
    loaded = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = loaded.get_inputs()[0].name
    return lambda samples: np.asarray(loaded.run(None, {given: samples})[0], np.float32)


def waveforms(count: int) -> NDArray[np.float32]:
    """Fixed waveforms (5, count) that exercise a speech network: noise, loud, soft, a sweep, bursts."""
    rng = np.random.default_rng(0)
    time_s = np.arange(count) / 16_000
    sweep = 0.3 * np.sin(2 * np.pi * (100 + 400 * time_s) * time_s)
    bursts = rng.standard_normal(count) * (np.sin(2 * np.pi * 4 * time_s) > 0) * 0.1
    noise = rng.standard_normal((3, count)) * np.array([[0.05], [0.4], [0.002]])
    return np.concatenate([noise, sweep[None], bursts[None]]).astype(np.float32)
