"""Sounds of a call in which nobody speaks, from which no words are to be made."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.training.countermeasure.channels import Sound, chords, hum

KEYPAD_HZ = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))
"""DTMF's rows and columns (ITU-T Q.23)."""
SIGNALS = (
    ((440, 480), 2.0, 4.0),
    ((400, 450), 0.4, 0.2),
    ((425,), 1.0, 4.0),
    ((480, 620), 0.5, 0.5),
    ((425,), 0.5, 0.5),
    ((350, 440), 9.0, 0.1),
    ((425,), 0.25, 0.25),
    ((1000,), 0.5, 9.0),
)
"""Ring-back, busy, dial and record tones of several countries: Hz, seconds on, seconds off."""


def silence(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Zeros, or the last bits of a converter."""
    return rng.integers(-1, 2, length) / 32768 * rng.integers(0, 2)


def noise(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise from white to brown whose level may change along the way."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** rng.uniform(0, 1)
    points = rng.integers(2, 8)
    level_db = np.interp(np.arange(length), np.linspace(0, length, points), rng.uniform(-12, 0, points))
    return np.fft.irfft(spectrum, length) * 10 ** (level_db / 20)


def keypad(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Keys pressed one after another."""
    rows, columns = (rng.choice(part, 20) for part in KEYPAD_HZ)
    on, off = rng.uniform(0.06, 0.3), rng.uniform(0.05, 0.4)
    times = np.arange(length) / CALL_RATE
    key = (times // (on + off)).astype(int) % 20
    tones = np.sin(2 * np.pi * rows[key] * times) + np.sin(2 * np.pi * columns[key] * times)
    return tones * (times % (on + off) < on)


def signal(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A tone of the exchange."""
    pitches, on, off = SIGNALS[int(rng.integers(len(SIGNALS)))]
    times = np.arange(length) / CALL_RATE + rng.uniform(0, on + off)
    tones = np.sin(2 * np.pi * np.outer(pitches, times)).sum(axis=0)
    return tones * (times % (on + off) < on)


def music(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Chords, with or without a melody of single notes."""
    return chords(length, rng) + rng.uniform(0, 1) * np.roll(chords(length, rng), length // 3)


def clicks(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A keyboard: short bursts, each ringing at its own pitch."""
    sound = rng.standard_normal(length) * 1e-3
    times = np.arange(CALL_RATE // 20) / CALL_RATE
    for start in rng.integers(0, length, int(length / CALL_RATE * rng.uniform(1, 12))):
        ring = np.sin(2 * np.pi * rng.uniform(800, 6000) * times) + rng.standard_normal(len(times))
        burst = ring * np.exp(-times / rng.uniform(0.001, 0.01)) * rng.uniform(0.2, 1)
        sound[start : start + len(burst)] += burst[: length - start]
    return sound


def mains(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Hum and a little hiss."""
    return hum(rng.standard_normal(length).astype(np.float32) * 0.01, rng).astype(np.float64)


KINDS: tuple[Callable[[int, np.random.Generator], NDArray[np.float64]], ...] = (
    silence, noise, noise, keypad, signal, music, clicks, mains,
)  # fmt: skip


def no_speech(seconds: float, rng: np.random.Generator) -> Sound:
    """One of the `KINDS`, or two at once, at -60 to -6 dB of full scale."""
    length = round(seconds * CALL_RATE)
    sound = np.zeros(length)
    for _ in range(int(rng.choice([1, 1, 2]))):
        kind = KINDS[int(rng.integers(len(KINDS)))]
        part = kind(length, rng)
        sound += part / (np.abs(part).max() + 1e-9) * 10 ** (rng.uniform(-60, -6) / 20)
        if kind is silence:
            return part.astype(np.float32)
    return sound.astype(np.float32)
