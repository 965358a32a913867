"""Sound files that tests make."""

import wave
from pathlib import Path

import numpy as np


def write_wav(path: Path, sound: np.ndarray, rate: int) -> None:
    """Write `sound`, shape (channels, n), full scale +-1.0, as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").T.tobytes())
