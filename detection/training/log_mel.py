"""Log-mel spectra: the filters, and a layer that has them inside an ONNX graph."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


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
