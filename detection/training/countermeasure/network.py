"""The detector: 16 kHz samples in, two logits out (0 synthetic, 1 real), log-mel inside the graph."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

SYNTHETIC_INDEX = 0
REAL_INDEX = 1


def mel_filters(bands: int, fft_size: int, rate: int, low_hz: float = 20.0) -> NDArray[np.float32]:
    """Triangular filters on the HTK mel scale up to rate / 2, shape (bands, fft_size // 2 + 1)."""

    def to_mel(hz: float) -> float:
        return 2595.0 * math.log10(1.0 + hz / 700.0)

    mel = np.linspace(to_mel(low_hz), to_mel(rate / 2), bands + 2)
    corners = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(fft_size, 1 / rate)
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


class LogMel(nn.Module):
    """(batch, samples) -> (batch, 1, bands, frames): 25 ms every 10 ms, each band's mean removed.

    The window's level is set to one RMS first, so loudness says nothing. The Fourier transform is a
    convolution with fixed weights, which every ONNX runtime has.
    """

    def __init__(
        self, bands: int = 80, rate: int = 16_000, size: int = 400, hop: int = 160, fft: int = 512
    ) -> None:
        super().__init__()
        self.hop = hop
        angle = 2 * np.pi * np.outer(np.arange(fft // 2 + 1), np.arange(size)) / fft
        kernel = np.concatenate([np.cos(angle), -np.sin(angle)]) * np.hanning(size)
        self.register_buffer("kernel", torch.tensor(kernel, dtype=torch.float32)[:, None])
        self.register_buffer("mel", torch.tensor(mel_filters(bands, fft, rate)))

    def forward(self, samples: Tensor) -> Tensor:
        level = samples.square().mean(dim=1, keepdim=True).add(1e-10).sqrt()
        spectrum = nn.functional.conv1d((samples / level)[:, None], self.kernel, stride=self.hop)
        cosine, sine = spectrum.chunk(2, dim=1)
        mel = torch.matmul(self.mel, cosine.square() + sine.square())
        logarithm = mel.add(1e-4).log()
        return (logarithm - logarithm.mean(dim=2, keepdim=True))[:, None]


class SqueezeExcite(nn.Module):
    """Channel gates from the whole map (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Linear(channels, channels // 4),
            nn.ReLU(),
            nn.Linear(channels // 4, channels),
            nn.Sigmoid(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        return maps * self.gate(maps.mean(dim=(2, 3)))[:, :, None, None]


class Residual(nn.Module):
    """Two 3x3 convolutions with a short cut (He et al. 2016) and squeeze-excite."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
            SqueezeExcite(outputs),
        )  # fmt: skip
        self.short = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        )

    def forward(self, maps: Tensor) -> Tensor:
        return torch.relu(self.short(maps) + self.body(maps))


class AttentiveStatistics(nn.Module):
    """Weighted mean and deviation over time (Okabe et al. 2018): (b, features, t) -> (b, 2 features)."""

    def __init__(self, features: int, hidden: int = 64) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv1d(features, hidden, 1), nn.Tanh(), nn.Conv1d(hidden, features, 1)
        )

    def forward(self, frames: Tensor) -> Tensor:
        weights = self.attention(frames).softmax(dim=2)
        mean = (weights * frames).sum(dim=2)
        variance = (weights * frames.square()).sum(dim=2) - mean.square()
        return torch.cat([mean, variance.clamp(min=1e-6).sqrt()], dim=1)


class Countermeasure(nn.Module):
    """Log-mel, four residual stages, attentive statistics, two logits."""

    def __init__(self, channels: tuple[int, ...] = (24, 48, 96, 160), bands: int = 80) -> None:
        super().__init__()
        self.features = LogMel(bands)
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels[0], 3, 2, 1, bias=False), nn.BatchNorm2d(channels[0]), nn.ReLU()
        )
        stages: list[nn.Module] = []
        inputs = channels[0]
        for stage, outputs in enumerate(channels):
            stages += [Residual(inputs, outputs, 1 if stage == 0 else 2), Residual(outputs, outputs, 1)]
            inputs = outputs
        self.stages = nn.Sequential(*stages)
        rows = bands
        for _ in channels:
            rows = (rows + 1) // 2
        self.reduce = nn.Sequential(nn.Conv1d(inputs * rows, 192, 1), nn.BatchNorm1d(192), nn.ReLU())
        self.pool = AttentiveStatistics(192)
        self.head = nn.Sequential(nn.BatchNorm1d(384), nn.Dropout(0.3), nn.Linear(384, 2))

    def judge(self, log_mel: Tensor) -> Tensor:
        """(batch, 1, bands, frames) -> logits (batch, 2)."""
        maps = self.stages(self.stem(log_mel))
        return self.head(self.pool(self.reduce(maps.flatten(1, 2))))

    def forward(self, samples: Tensor) -> Tensor:
        return self.judge(self.features(samples))
