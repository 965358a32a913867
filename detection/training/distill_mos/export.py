"""To the ONNX file of a pack: the front with its convolutions in 8 bits, the machine after it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnx.compose
import onnx.helper
import onnx.numpy_helper
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)
from torch import Tensor, nn

from detection.training.countermeasure.clips import RATE
from detection.training.distill_mos.network import STATISTICS, Front, KernelMachine

OPSET = 17
TOLERANCE = 2e-3
"""Largest difference between torch and ONNX Runtime, of the largest statistic."""


def export_front(front: Front, path: Path) -> float:
    """Write `front` to `path`; the largest relative difference, `RuntimeError` where too large."""
    samples = torch.randn(2, 2 * RATE)
    axes = {"samples": {0: "batch", 1: "samples"}, "statistics": {0: "batch"}}
    _export(front, samples, path, ("samples", "statistics"), axes)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for batch, seconds in ((1, 1.0), (3, 3.5), (2, 2.37)):
        sound = (rng.standard_normal((batch, int(seconds * RATE))) * 0.05).astype(np.float32)
        with torch.no_grad():
            wanted = front(torch.from_numpy(sound)).numpy()
        given = session.run(None, {"samples": sound})[0]
        worst = max(worst, float(np.abs(given - wanted).max() / np.abs(wanted).max()))
    if worst > TOLERANCE:
        raise RuntimeError(f"the exported front differs from torch by {worst:.4f}")
    return worst


def join(front: Path, machine: KernelMachine, path: Path) -> None:
    """Write the front and the machine after it as one network, large matrices in 16 bits."""
    alone = path.with_suffix(".machine.onnx")
    axes = {"statistics": {0: "batch"}, "score": {0: "batch"}}
    _export(machine, torch.randn(2, STATISTICS), alone, ("statistics", "score"), axes)
    heard, judged = onnx.load(str(front)), onnx.load(str(alone))
    judged.ir_version = heard.ir_version
    judged = onnx.compose.add_prefix(judged, "machine/")
    whole = onnx.compose.merge_models(heard, judged, [("statistics", "machine/statistics")])
    graph = whole.graph
    graph.output[0].name = "score"
    for node in graph.node:
        node.output[:] = ["score" if name == "machine/score" else name for name in node.output]
    _halve(graph)
    onnx.save(whole, str(path))
    alone.unlink()


def _halve(graph: onnx.GraphProto) -> None:
    """Keep matrices as 16-bit numbers, which the network's loading widens."""
    float32, matrix = onnx.TensorProto.FLOAT, 2
    for kept in list(graph.initializer):
        if kept.data_type == float32 and len(kept.dims) == matrix:
            values = onnx.numpy_helper.to_array(kept).astype(np.float16)
            half = f"{kept.name}/half"
            graph.initializer.append(onnx.numpy_helper.from_array(values, half))
            graph.initializer.remove(kept)
            graph.node.insert(0, onnx.helper.make_node("Cast", [half], [kept.name], to=float32))


def _export(
    network: nn.Module,
    example: Tensor,
    path: Path,
    names: tuple[str, str],
    axes: dict[str, dict[int, str]],
) -> None:
    torch.onnx.export(
        network,
        (example,),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=[names[0]],
        output_names=[names[1]],
        dynamic_axes=axes,
    )


class _Windows(CalibrationDataReader):
    def __init__(self, windows: Iterable[NDArray[np.float32]]) -> None:
        self._windows = iter(windows)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        window = next(self._windows, None)
        return None if window is None else {"samples": window[None]}


def quantise(exact: Path, path: Path, windows: Iterable[NDArray[np.float32]]) -> None:
    """Write `exact` to `path` with the convolutions over the spectrum in 8 bits.

    The ranges of their values are those that `windows` of speech, each (samples,), give rise to. The
    Fourier transform stays exact, and so does all that follows the convolutions.
    """
    prepared = exact.with_suffix(".prepared.onnx")
    quant_pre_process(str(exact), str(prepared), skip_symbolic_shape=True)
    graph = onnx.load(str(prepared)).graph
    planes = {kernel.name for kernel in graph.initializer if len(kernel.dims) == len("oihw")}
    chosen = [node.name for node in graph.node if node.op_type == "Conv" and node.input[1] in planes]
    quantize_static(
        str(prepared),
        str(path),
        _Windows(windows),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        nodes_to_quantize=chosen,
    )
    prepared.unlink()
