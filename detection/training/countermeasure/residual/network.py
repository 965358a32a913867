"""The network: 16 kHz samples in, one score out (higher is more synthetic), log-mel inside the graph."""

import torch
from torch import Tensor, nn

from detection.training.log_mel import LogMel

SYNTHETIC_INDEX = 0
REAL_INDEX = 1


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
    """(batch, samples) -> (batch, 1): log-mel, four residual stages, attentive statistics."""

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
        logits = self.judge(self.features(samples))
        return logits[:, SYNTHETIC_INDEX, None] - logits[:, REAL_INDEX, None]
