"""New voices out of recorded ones: speed moves pitch and formants together, the warp formants alone."""

import zlib

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import istft, stft

from detection.training.countermeasure.clips import RATE

Sound = NDArray[np.float32]

SPEEDS = (0.9, 1.1)
"""The first copies of every clip, without a warp: SpeechBrain's speed perturbation."""
COPIES = 5
FFT_SIZE = 512
ENVELOPE_COEFFICIENTS = 30
"""Cepstral coefficients that make the envelope: up to 1.9 ms, below the pitch period of any voice."""
LARGEST_GAIN = 2.3
"""Natural log of the largest change of a bin's magnitude (20 dB)."""


def copy_of(sound: Sound, speaker: str, copy: int) -> Sound:
    """Copy number `copy` (from 1) of a clip; all clips of one speaker change in the same way."""
    if copy <= len(SPEEDS):
        return at_speed(sound, SPEEDS[copy - 1])
    rng = np.random.default_rng([zlib.crc32(speaker.encode()), copy])
    speed, factor = np.exp(rng.uniform(np.log(0.8), np.log(1.25))), rng.uniform(0.88, 1.14)
    return warped(at_speed(sound, float(speed)), float(factor))


def at_speed(sound: Sound, factor: float) -> Sound:
    """`sound` played `factor` times as fast; its pitch and formants rise by as much."""
    return soxr.resample(sound, RATE * factor, RATE, quality="HQ").astype(np.float32)


def warped(sound: Sound, factor: float) -> Sound:
    """`sound` with its formants `factor` times as high and its pitch kept (cepstral envelope)."""
    _, _, spectrum = stft(sound, nperseg=FFT_SIZE, noverlap=FFT_SIZE * 3 // 4)
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-5), axis=0)
    cepstrum[ENVELOPE_COEFFICIENTS : FFT_SIZE - ENVELOPE_COEFFICIENTS + 1] = 0
    envelope = np.fft.rfft(cepstrum, axis=0).real
    bins = np.arange(len(envelope))
    low = np.minimum(bins / factor, bins[-1])
    below = np.minimum(low.astype(int), bins[-1] - 1)
    share = (low - below)[:, None]
    moved = envelope[below] * (1 - share) + envelope[below + 1] * share
    gain = np.exp(np.clip(moved - envelope, -LARGEST_GAIN, LARGEST_GAIN))
    _, changed = istft(spectrum * gain, nperseg=FFT_SIZE, noverlap=FFT_SIZE * 3 // 4)
    return changed[: len(sound)].astype(np.float32)
