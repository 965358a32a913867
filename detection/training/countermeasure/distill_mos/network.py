"""The front and the machine: 16 kHz samples to statistics, statistics to one score.

The front is Distill-MOS up to its fourth transformer layer (`foundation`), as it is. What its layers
do over a window is summed up in statistics, and a kernel machine (`kernel`) judges these.
"""

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detection.training.countermeasure.distill_mos.kernel import Machine, Projection

LAYERS = 4
"""Transformer layers of the seven that Distill-MOS has."""
HEARD = (0, 2, 4)
"""Whose outputs are summed up beside the convolutions': the projection, the second and fourth layer."""
MAX_FRAMES = 384
"""Frames of 20 ms that the transformer has positions for: 7.68 s."""
INT8_MAX = 127
WIDTH = 200
MAPS = 1024
PARTS = (3 * MAPS, *(3 * WIDTH for _ in HEARD))
"""How many statistics there are of the convolutions and of each output in `HEARD`."""
STATISTICS = sum(PARTS)
"""Mean, deviation and deviation of the change from frame to frame, of every value."""


class CompressedSpectrum(nn.Module):
    """(batch, samples) -> (batch, 2, 161, frames): real and imaginary parts, magnitude to the 0.3.

    20 ms Hann windows every 10 ms. The window's RMS is set to 1/7, about where a voice whose peak is
    1 lies, so loudness says nothing. The Fourier transform is a convolution with fixed weights, which
    every ONNX runtime has.
    """

    def __init__(self, size: int = 320, hop: int = 160) -> None:
        super().__init__()
        self.hop, self.reach = hop, (size - hop) // 2
        angle = 2 * np.pi * np.outer(np.arange(size // 2 + 1), np.arange(size)) / size
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        kernel = np.concatenate([np.cos(angle), -np.sin(angle)]) * window
        self.register_buffer("kernel", torch.tensor(kernel, dtype=torch.float32)[:, None])

    def forward(self, samples: Tensor) -> Tensor:
        level = samples.square().mean(dim=1, keepdim=True).add(1e-10).sqrt()
        padded = nn.functional.pad(
            (samples / (7 * level))[:, None], (self.reach, self.reach), mode="reflect"
        )
        real, imaginary = nn.functional.conv1d(padded, self.kernel, stride=self.hop).chunk(2, dim=1)
        gain = (real.square() + imaginary.square()).clamp(min=1e-12).pow(-0.35)
        return torch.stack([real * gain, imaginary * gain], dim=1)


class SelfAttention(nn.Module):
    """As torch's MultiheadAttention, whose export would fix the number of frames."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, frames: Tensor) -> Tensor:
        joint = nn.functional.linear(frames, self.in_proj_weight, self.in_proj_bias)
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in joint.chunk(3, dim=2)
        )
        alike = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        return self.out_proj((alike.softmax(dim=3) @ value).transpose(1, 2).flatten(2))


class EncoderLayer(nn.Module):
    """A transformer layer, normalised after each step (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, frames: Tensor) -> Tensor:
        frames = self.norm1(frames + self.self_attn(frames))
        return self.norm2(frames + self.linear2(torch.relu(self.linear1(frames))))


class Front(nn.Module):
    """(batch, samples) -> (batch, STATISTICS): six convolutions, a transformer, statistics over time."""

    def __init__(self) -> None:
        super().__init__()
        self.spectrum = CompressedSpectrum()
        channels = (2, 64, 64, 128, 256, 256, 256)
        last = len(channels) - 2
        convolutions: list[nn.Module] = []
        for number, (inputs, outputs) in enumerate(pairwise(channels)):
            stride = (1 if number == 0 else 2, 2 if number == last else 1)
            convolutions += [nn.Conv2d(inputs, outputs, 3, stride, (0, 1)), nn.LeakyReLU(0.1)]
        self.convolutions = nn.Sequential(*convolutions)
        self.input_norm = nn.BatchNorm1d(MAPS)
        self.frame_norm = nn.BatchNorm1d(MAPS)
        self.project = nn.Linear(MAPS, WIDTH)
        self.register_buffer("positions", _positions(MAX_FRAMES, WIDTH))
        self.layers = nn.ModuleList(EncoderLayer(WIDTH, 8, 2 * WIDTH) for _ in range(LAYERS))

    def forward(self, samples: Tensor) -> Tensor:
        maps = self.convolutions(self.spectrum(samples)).flatten(1, 2)
        frames = self.project(self.frame_norm(self.input_norm(maps)).transpose(1, 2))
        heard = [frames]
        frames = frames + self.positions[:, : frames.shape[1]]
        for layer in self.layers:
            frames = layer(frames)
            heard.append(frames)
        return torch.cat([_statistics(part) for part in (maps, *_chosen(heard))], dim=1)


class KernelMachine(nn.Module):
    """(batch, STATISTICS) -> (batch, 1): a Gaussian kernel on principal components (`kernel.fit`).

    The anchors are kept in 8 bits, each component in steps of its own size.
    """

    def __init__(self, projection: Projection, machine: Machine) -> None:
        super().__init__()
        steps = np.abs(machine.anchors).max(axis=0) / INT8_MAX
        anchors = np.round(machine.anchors / steps)
        self.register_buffer("centre", _tensor(projection.centre))
        self.register_buffer("basis", _tensor(projection.basis))
        self.register_buffer("steps", _tensor(steps))
        self.register_buffer("anchors", torch.from_numpy(anchors.T.astype(np.int8)).contiguous())
        self.register_buffer("squares", _tensor(np.square(anchors * steps).sum(axis=1)))
        self.register_buffer("weights", _tensor(machine.weights[:, None]))

    def forward(self, statistics: Tensor) -> Tensor:
        points = (statistics - self.centre) @ self.basis
        alike = (points * self.steps) @ self.anchors.float()
        distances = points.square().sum(dim=1, keepdim=True) + self.squares - 2 * alike
        return torch.exp(-distances.clamp(min=0)) @ self.weights


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values).float()


def _chosen(heard: list[Tensor]) -> list[Tensor]:
    return [heard[number].transpose(1, 2) for number in HEARD]


def _statistics(values: Tensor) -> Tensor:
    """(batch, values, frames) -> (batch, 3 values)."""
    change = values[:, :, 1:] - values[:, :, :-1]
    return torch.cat([values.mean(dim=2), _deviation(values), _deviation(change)], dim=1)


def _deviation(values: Tensor) -> Tensor:
    centred = values - values.mean(dim=2, keepdim=True)
    return centred.square().mean(dim=2).clamp(min=1e-12).sqrt()


def _positions(frames: int, width: int) -> Tensor:
    """Sine and cosine of the frame number, shape (1, frames, width), as Distill-MOS counts them."""
    number = torch.arange(frames)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(2 * frames) / width))
    positions = torch.zeros(1, frames, width)
    positions[0, :, 0::2] = torch.sin(number * rate)
    positions[0, :, 1::2] = torch.cos(number * rate)
    return positions
