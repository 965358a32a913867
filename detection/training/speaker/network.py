"""The student: log-mel inside the graph, then SpeechBrain's ECAPA-TDNN (Desplanques et al. 2020)."""

from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from torch import Tensor, nn

from detection.training.log_mel import LogMel
from detection.training.speaker.prepare import DIMENSIONS

BANDS = 80
HOP = 240
"""Samples between frames: 15 ms instead of the usual 10, which saves a third of the time."""


class SpeakerEncoder(nn.Module):
    """Samples (batch, n) at 16 kHz -> voices (batch, 192), not normalised."""

    def __init__(self, channels: int = 256) -> None:
        super().__init__()
        self.features = LogMel(BANDS, hop=HOP)
        self.ecapa = ECAPA_TDNN(
            BANDS,
            lin_neurons=DIMENSIONS,
            channels=[channels] * 4 + [3 * channels],
            kernel_sizes=[5, 3, 3, 3, 1],
            dilations=[1, 2, 3, 4, 1],
            attention_channels=64,
        )

    def log_mel(self, samples: Tensor) -> Tensor:
        """Each band about its mean over the window, shape (batch, frames, bands)."""
        return self.features(samples).squeeze(1).transpose(1, 2)

    def embed(self, log_mel: Tensor) -> Tensor:
        """Voices (batch, 192) of what `log_mel` gave."""
        return self.ecapa(log_mel).squeeze(1)

    def forward(self, samples: Tensor) -> Tensor:
        return self.embed(self.log_mel(samples))
