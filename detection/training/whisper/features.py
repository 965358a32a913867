"""What the recognizer hears, by faster-whisper's own code: log-mel spectra, zeros after the end."""

from collections.abc import Sequence

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

FRAMES_PER_SECOND = 100
WHOLE_WINDOW = 3000
"""Frames of Whisper's 30 s."""
BANDS = 80

_extractor = FeatureExtractor()


def log_mel(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whisper's features of 16 kHz sound, shape (80, frames), 10 ms a frame."""
    return _extractor(sound)[:, :-1]


def padded(features: Sequence[NDArray[np.float32]], frames: int = 0) -> NDArray[np.float32]:
    """Features behind each other, shape (n, 80, frames), as faster-whisper pads its window.

    As long as the longest, or `frames` if that is more; always an even number.
    """
    longest = max(frames, *(part.shape[1] for part in features))
    batch = np.zeros((len(features), BANDS, longest + longest % 2), np.float32)
    for row, part in zip(batch, features, strict=True):
        row[:, : part.shape[1]] = part
    return batch
