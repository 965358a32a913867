"""What the telephone cuts off above 3.5 kHz, put back for a recognizer that was trained with it.

PocketSphinx's acoustic model listens up to 6.8 kHz, and a call at 8 kHz has nothing there. From the
bands that are there a small network estimates how loud each missing one would have been, frame by
frame, and noise of that loudness is added (artificial bandwidth extension of the spectral envelope).
Only for the recognizer: no judge of the voice hears this sound.
"""

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples
from detection.errors import DetectionError

FRAME, HOP = 512, 160
CONTEXT = 3
"""Frames before and after one that its estimate hears, too."""
HEARD_HZ = (200.0, 3500.0)
HEARD_BANDS = 18
MISSING_HZ = np.array([3500.0, 4000.0, 4600.0, 5300.0, 6100.0, 7000.0])
QUIETEST = 1e-7
"""Power added to every band before its logarithm: digital silence has none."""
_FLOORS = (-12.0, -14.0)
"""The least natural log power of a band heard and of a missing one, against the mean of the speech."""
_PRESENT = 3e-4
"""Mean power above 4.6 kHz by the power heard, from which on a sound has an upper band of its own."""
_LAYERS = 3

_Real = NDArray[np.float64]


class UpperBand:
    """The estimate in `path` (npz). Immutable; safe on any thread. Raises `DetectionError`."""

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as stored:
                values = {name: stored[name].astype(np.float64) for name in stored.files}
            self._mean, self._deviation = values["mean"], values["deviation"]
            self._layers = [(values[f"weight{n}"], values[f"bias{n}"]) for n in range(_LAYERS)]
            self.estimated(np.zeros((1, HEARD_BANDS)))
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise DetectionError(
                f"The built-in recognizer cannot use its upper band {path}: reinstall Earwitness."
            ) from error

    def added_to(self, samples: Samples) -> Samples:
        """`samples` (mono at `CALL_RATE`) with an upper band, as they are where they have one."""
        if len(samples) < FRAME:
            return samples
        padded = np.pad(samples.astype(np.float64), (FRAME - HOP, FRAME))
        power = frame_powers(padded)
        present = power @ MISSING_FILTERS.T
        heard, reference = levels(power)
        if present[:, 2:].mean() > _PRESENT * np.exp(reference):
            return samples
        wanted = np.exp(self.estimated(heard) + reference)
        gain = np.sqrt(np.maximum(wanted - present, 0.0))
        noise = np.random.default_rng(0).standard_normal(len(padded))
        bands = np.fft.rfft(frames(noise)) / np.sqrt(np.square(_WINDOW).sum())
        parts = np.fft.irfft(bands * (gain @ (MISSING_FILTERS > 0))) * _WINDOW
        added = np.zeros(len(padded))
        for number, part in enumerate(parts):
            added[number * HOP : number * HOP + FRAME] += part
        added *= HOP / np.square(_WINDOW).sum()
        first = FRAME - HOP
        return (samples + added[first : first + len(samples)]).astype(np.float32)

    def estimated(self, heard: _Real) -> _Real:
        """Natural log power of every missing band against the mean heard; shape (frames, bands)."""
        layer = (with_context(heard) - self._mean) / self._deviation
        for weight, bias in self._layers[:-1]:
            layer = np.maximum(layer @ weight.T + bias, 0.0)
        weight, bias = self._layers[-1]
        return layer @ weight.T + bias


def frames(samples: _Real) -> _Real:
    """`samples` in windowed frames of `FRAME` every `HOP`, shape (frames, FRAME)."""
    starts = HOP * np.arange(1 + (len(samples) - FRAME) // HOP)
    return samples[starts[:, None] + np.arange(FRAME)] * _WINDOW


def frame_powers(samples: _Real) -> _Real:
    """Power by frame and frequency."""
    return np.square(np.abs(np.fft.rfft(frames(samples))))


def levels(power: _Real) -> tuple[_Real, float]:
    """Natural log power of the bands heard against their mean over all frames, and that mean."""
    heard = np.log(power @ _HEARD_FILTERS.T + QUIETEST)
    reference = float(np.log(np.exp(heard).mean()))
    return np.maximum(heard - reference, _FLOORS[0]), reference


def missing_levels(power: _Real, reference: float) -> _Real:
    """Natural log power of the missing bands against `reference`: what is to be estimated."""
    missing = np.log(power @ MISSING_FILTERS.T + QUIETEST)
    return np.maximum(missing - reference, _FLOORS[1])


def with_context(levels: _Real) -> _Real:
    """Every frame with the `CONTEXT` before and after it, the ends repeated."""
    padded = np.pad(levels, ((CONTEXT, CONTEXT), (0, 0)), "edge")
    return np.concatenate([padded[at : at + len(levels)] for at in range(2 * CONTEXT + 1)], axis=1)


def _triangles() -> _Real:
    """Overlapping bands of equal width on the mel scale, each with weights of sum 1."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in HEARD_HZ)
    edges = 700 * (10 ** (np.linspace(low, high, HEARD_BANDS + 2) / 2595) - 1)
    left, middle, right = (edges[n : n + HEARD_BANDS, None] for n in range(3))
    bands = np.minimum((_HERTZ - left) / (middle - left), (right - _HERTZ) / (right - middle)).clip(0)
    return bands / bands.sum(axis=1, keepdims=True)


def _rectangles() -> _Real:
    low, high = MISSING_HZ[:-1, None], MISSING_HZ[1:, None]
    bands = (low <= _HERTZ) & (high > _HERTZ)
    return bands / bands.sum(axis=1, keepdims=True)


_WINDOW = cast("_Real", np.hanning(FRAME + 1)[:-1])
_HERTZ = np.fft.rfftfreq(FRAME, 1 / CALL_RATE)
_HEARD_FILTERS = _triangles()
MISSING_FILTERS = _rectangles()
