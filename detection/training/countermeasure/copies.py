"""Copy-synthesis: real recordings taken apart and put together again by a vocoder.

A copy keeps the words, the voice, the room and the channel of its original, so the only thing that
tells the two apart is the synthesis. WORLD: Morise et al. 2016 (pyworld). Griffin-Lim: Griffin and
Lim 1984, from a mel or a linear magnitude spectrogram.
"""

import numpy as np
import pyworld
from numpy.typing import NDArray
from scipy.signal import istft, stft

from detection.training.countermeasure.clips import RATE
from detection.training.log_mel import mel_filters

Sound = NDArray[np.float64]

THROUGH_MEL = 0.75
"""Share of Griffin-Lim copies that start from mel bands, as text-to-speech does."""


def world_copy(sound: Sound, rng: np.random.Generator) -> Sound:
    """Pitch, envelope and aperiodicity by WORLD, spoken again with the pitch moved by up to 8 %."""
    pitch, times = pyworld.dio(sound, RATE)
    pitch = pyworld.stonemask(sound, pitch, times, RATE)
    envelope = pyworld.cheaptrick(sound, pitch, times, RATE)
    aperiodicity = pyworld.d4c(sound, pitch, times, RATE)
    return pyworld.synthesize(pitch * rng.uniform(0.92, 1.08), envelope, aperiodicity, RATE)


def griffin_lim_copy(sound: Sound, rng: np.random.Generator) -> Sound:
    """The magnitude kept (through mel bands three times in four), the phase found by iteration."""
    size = int(rng.choice([400, 512, 1024]))
    hop = size // 4
    _, _, spectrum = stft(sound, nperseg=size, noverlap=size - hop)
    magnitude = np.abs(spectrum)
    if rng.random() < THROUGH_MEL:
        mel = mel_filters(bands=80, fft_size=size, rate=RATE).astype(np.float64)
        magnitude = np.maximum(np.linalg.pinv(mel) @ (mel @ magnitude), 0.0)
    phase = np.exp(2j * np.pi * rng.random(magnitude.shape))
    for _ in range(int(rng.integers(12, 50))):
        _, copy = istft(magnitude * phase, nperseg=size, noverlap=size - hop)
        _, _, again = stft(copy, nperseg=size, noverlap=size - hop)
        phase = np.exp(1j * np.angle(again[:, : phase.shape[1]]))
    _, copy = istft(magnitude * phase, nperseg=size, noverlap=size - hop)
    return copy[: len(sound)]
