"""Sound files that tests make and take apart."""

import wave
from pathlib import Path

import numpy as np
import soxr

from audio.decoder import Block, Recording
from audio.types import CALL_RATE


def write_wav(path: Path, sound: np.ndarray, rate: int) -> None:
    """Write `sound`, shape (channels, n), full scale +-1.0, as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").T.tobytes())


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    """All of a recording, shape (channels, n), and its rate in Hz."""
    recording = Recording(path)
    blocks = [part.samples for part in recording.blocks() if isinstance(part, Block)]
    return np.concatenate(blocks, axis=1), recording.rate


def at_call_rate(path: Path) -> np.ndarray:
    """All of a recording at `CALL_RATE`, shape (channels, n)."""
    sound, rate = read_sound(path)
    return np.stack([soxr.resample(side, rate, CALL_RATE) for side in sound]).astype(np.float32)
