"""What a call carries when nobody speaks to it, made anew: 16 kHz, float32, each with its own level."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE

Sound = NDArray[np.float32]

KEYPAD_HZ = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))
"""DTMF's rows and columns (ITU-T Q.23)."""


def silence(seconds: float) -> Sound:
    """Digital silence."""
    return np.zeros(_length(seconds), np.float32)


def line_noise(seconds: float, level_dbfs: float, seed: int = 0) -> Sound:
    """Pink noise with mains hum under it, `level_dbfs` in all."""
    length = _length(seconds)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
    noise = np.fft.irfft(spectrum, length)
    hum = sum(_tone(hz, seconds) / k for k, hz in enumerate((50, 100, 150, 250), 1))
    return _at(noise / noise.std() + 0.5 * hum, level_dbfs)


def tones(seconds: float, hz: tuple[float, ...], on_s: float, off_s: float) -> Sound:
    """A signal of the exchange, such as ring-back: `hz` together, on and off."""
    time = np.arange(_length(seconds)) / CALL_RATE
    return _at(sum(_tone(f, seconds) for f in hz) * (time % (on_s + off_s) < on_s), -15)


def keypad(seconds: float, seed: int = 0) -> Sound:
    """Somebody dials: DTMF, 0.12 s a key, 0.2 s apart."""
    rng = np.random.default_rng(seed)
    key, pause = 0.12, 0.08
    parts = []
    while len(parts) * (key + pause) < seconds:
        row, column = (float(rng.choice(tones)) for tones in KEYPAD_HZ)
        parts += [_tone(row, key) + _tone(column, key), silence(pause)]
    return _at(np.concatenate(parts)[: _length(seconds)], -15)


def hold_music(seconds: float, seed: int = 0) -> Sound:
    """Chords of struck strings and a melody over them, 100 beats a minute."""
    rng = np.random.default_rng(seed)
    beat = 0.6
    sound = np.zeros(_length(seconds) + CALL_RATE * 4, np.float32)
    for number in range(int(seconds / beat)):
        notes = [rng.choice([60, 62, 64, 65, 67, 69, 71, 72, 74, 76])]
        if number % 4 == 0:
            root = rng.choice([48, 50, 53, 55])
            notes += [root, root + 4, root + 7]
        start = _length(number * beat)
        for note in notes:
            string = _string(440 * 2 ** ((note - 69) / 12), 2.0)
            sound[start : start + len(string)] += string
    return _at(sound[: _length(seconds)], -18)


def typing(seconds: float, seed: int = 0) -> Sound:
    """Bursts of keystrokes: each a click and its case's ringing, 60 to 160 ms apart."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(_length(seconds) + CALL_RATE, np.float32)
    at = 0.1
    while at < seconds:
        length = _length(0.03)
        decay = np.exp(-np.arange(length) / (rng.uniform(0.002, 0.006) * CALL_RATE))
        ringing = _tone(rng.uniform(1500, 3500), 0.03)
        start = _length(at)
        sound[start : start + length] += (rng.standard_normal(length) + ringing) * decay
        at += rng.uniform(0.06, 0.16) + (rng.random() < 0.1) * rng.uniform(0.3, 1.0)
    return (sound[: _length(seconds)] / np.abs(sound).max() * 0.3).astype(np.float32)


def babble(voices: Sound, seconds: float, talkers: int, seed: int = 0) -> Sound:
    """`talkers` at once, each a stretch of `voices` from anywhere."""
    rng = np.random.default_rng(seed)
    length = _length(seconds)
    starts = rng.integers(0, len(voices) - length, talkers)
    together = np.sum([voices[start : start + length] for start in starts], axis=0)
    return _at(together, -25)


def _string(hz: float, seconds: float) -> Sound:
    fade = np.exp(-np.arange(_length(seconds)) / (0.5 * CALL_RATE))
    return sum(_tone(hz * k, seconds) / k**1.5 for k in range(1, 7)) * fade


def _tone(hz: float, seconds: float) -> Sound:
    return np.sin(2 * np.pi * hz * np.arange(_length(seconds)) / CALL_RATE).astype(np.float32)


def _at(sound: NDArray[Any], level_dbfs: float) -> Sound:
    return (sound / np.sqrt(np.mean(sound**2)) * 10 ** (level_dbfs / 20)).astype(np.float32)


def _length(seconds: float) -> int:
    return round(seconds * CALL_RATE)
