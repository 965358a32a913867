"""To ONNX: the two halves each by itself, proved to give what torch gives, and the two as one file."""

from collections.abc import Iterable, Sequence
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
from detection.training.countermeasure.distill_mos.network import STATISTICS, KernelMachine

OPSET = 17
TOLERANCE = 2e-3
"""Largest difference between torch and ONNX Runtime, of the largest value."""
SMALLEST_HALVED = 1000
"""Numbers in a weight below which its size does not matter."""


def export(network: nn.Module, path: Path, result: str) -> float:
    """Write `network`, which takes samples (batch, n), to `path`; `result` names what it gives.

    Returns the largest relative difference from torch; `RuntimeError` where it is too large.
    """
    _write(network, torch.randn(2, 2 * RATE), path, ("samples", result), {0: "batch", 1: "samples"})
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for batch, seconds in ((1, 1.0), (3, 3.5), (2, 2.37)):
        sound = (rng.standard_normal((batch, int(seconds * RATE))) * 0.05).astype(np.float32)
        with torch.no_grad():
            wanted = network(torch.from_numpy(sound)).numpy()
        given = session.run(None, {"samples": sound})[0]
        worst = max(worst, float(np.abs(given - wanted).max() / np.abs(wanted).max()))
    if worst > TOLERANCE:
        raise RuntimeError(f"the exported network differs from torch by {worst:.4f}")
    return worst


def join(front: Path, machine: KernelMachine, residual: Path, weight: float, path: Path) -> None:
    """Write one network of both halves: machine(front(samples)) + `weight` * residual(samples)."""
    alone = path.with_suffix(".machine.onnx")
    _write(machine, torch.randn(2, STATISTICS), alone, ("statistics", "score"), {0: "batch"})
    heard = onnx.load(str(front))
    judged, other = (
        onnx.compose.add_prefix(onnx.load(str(part)), prefix)
        for part, prefix in ((alone, "machine/"), (residual, "residual/"))
    )
    judged.ir_version = other.ir_version = heard.ir_version
    whole = onnx.compose.merge_models(heard, judged, [("statistics", "machine/statistics")])
    whole = onnx.compose.merge_models(whole, other, [])
    graph = whole.graph
    _one_input(graph)
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(weight, np.float32), "weight"))
    graph.node.append(onnx.helper.make_node("Mul", ["residual/score", "weight"], ["weighted"]))
    graph.node.append(onnx.helper.make_node("Add", ["machine/score", "weighted"], ["score"]))
    del graph.output[:]
    shape = ["batch", 1]
    graph.output.append(onnx.helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, shape))
    _halve(graph)
    onnx.checker.check_model(whole)
    onnx.save(whole, str(path))
    alone.unlink()


def _one_input(graph: onnx.GraphProto) -> None:
    """Both halves hear the same samples."""
    for node in graph.node:
        node.input[:] = ["samples" if name == "residual/samples" else name for name in node.input]
    kept = [given for given in graph.input if given.name == "samples"]
    del graph.input[:]
    graph.input.extend(kept)


def _halve(graph: onnx.GraphProto) -> None:
    """Keep large weights as 16-bit numbers, which the network's loading widens."""
    float32 = onnx.TensorProto.FLOAT
    for kept in list(graph.initializer):
        if kept.data_type == float32 and len(kept.dims) > 1 and np.prod(kept.dims) > SMALLEST_HALVED:
            values = onnx.numpy_helper.to_array(kept).astype(np.float16)
            half = f"{kept.name}/half"
            graph.initializer.append(onnx.numpy_helper.from_array(values, half))
            graph.initializer.remove(kept)
            graph.node.insert(0, onnx.helper.make_node("Cast", [half], [kept.name], to=float32))


def _write(
    network: nn.Module, example: Tensor, path: Path, names: Sequence[str], axes: dict[int, str]
) -> None:
    """Without folding what is constant: it would make wide numbers of narrow ones; loading does it."""
    given, result = names
    torch.onnx.export(
        network.eval(),
        (example,),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        do_constant_folding=False,
        input_names=[given],
        output_names=[result],
        dynamic_axes={given: axes, result: {0: "batch"}},
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
