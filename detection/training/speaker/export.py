"""From a checkpoint to the ONNX file of a pack, proved to give what the SpeechBrain module gives."""

import copy
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from speechbrain.lobes.models.ECAPA_TDNN import AttentiveStatisticsPooling
from torch import Tensor, nn

from detection.training.countermeasure.clips import RATE
from detection.training.speaker.network import SpeakerEncoder

OPSET = 17
LEAST_COSINE = 0.999
TRIED = ((1, 1.0), (3, 3.0), (2, 2.37), (1, 7.5))
"""Batch sizes and seconds that the two are compared on."""


class WholeWindowPooling(nn.Module):
    """SpeechBrain's attentive statistics for windows without padding, whose mask a graph cannot hold.

    (batch, channels, frames) -> (batch, 2 channels, 1), with the weights of `pooling`.
    """

    def __init__(self, pooling: AttentiveStatisticsPooling) -> None:
        super().__init__()
        self.pooling = pooling

    def forward(self, frames: Tensor, lengths: None = None) -> Tensor:  # noqa: ARG002 - as it is called
        mean, deviation = self._statistics(frames, torch.zeros_like(frames[:, :1]).softmax(dim=2))
        context = [frames, mean.expand_as(frames), deviation.expand_as(frames)]
        hidden = self.pooling.tanh(self.pooling.tdnn(torch.cat(context, dim=1)))
        return torch.cat(self._statistics(frames, self.pooling.conv(hidden).softmax(dim=2)), dim=1)

    def _statistics(self, frames: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        mean = (weights * frames).sum(dim=2, keepdim=True)
        variance = (weights * (frames - mean).square()).sum(dim=2, keepdim=True)
        return mean, variance.clamp(min=self.pooling.eps).sqrt()


def export(network: SpeakerEncoder, path: Path) -> float:
    """Write `network` to `path`; the least cosine seen, `RuntimeError` where it is too small."""
    graph = copy.deepcopy(network).eval()
    graph.ecapa.asp = WholeWindowPooling(graph.ecapa.asp)
    torch.onnx.export(
        graph,
        (torch.randn(2, 3 * RATE),),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=["samples"],
        output_names=["voices"],
        dynamic_axes={"samples": {0: "batch", 1: "samples"}, "voices": {0: "batch"}},
    )
    least = parity(network, path)
    if least < LEAST_COSINE:
        raise RuntimeError(f"the exported network's cosine with SpeechBrain's is only {least:.5f}")
    return least


@torch.no_grad()
def parity(network: SpeakerEncoder, path: Path) -> float:
    """The least cosine between embeddings by ONNX Runtime and by the SpeechBrain module."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    least = 1.0
    for batch, seconds in TRIED:
        samples = (rng.standard_normal((batch, int(seconds * RATE))) * 0.05).astype(np.float32)
        given = torch.from_numpy(session.run(None, {"samples": samples})[0])
        wanted = network.eval()(torch.from_numpy(samples))
        least = min(least, float(torch.nn.functional.cosine_similarity(given, wanted).min()))
    return least
