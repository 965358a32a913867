"""Is a stretch of speech fit to be judged? Cheap checks; what fails them is left out and said so."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Channel, Samples

MIN_LEVEL_DBFS = -60.0
"""RMS below which the quantisation noise of 8-bit telephone speech drowns a voice."""
CLIPPED_AT = 0.985
MAX_CLIPPED_SHARE = 0.03
"""Training speech was clipped in up to this share of its samples."""
MIN_SPEECH_TO_NOISE_DB = 10.0
"""Below this the built-in detector's likelihood ratios mislead (docs/performance.md has the figures)."""
TELEPHONE_DB = -50.0
"""Power above the telephone band against that in it; between codecs at 8 kHz and at 16 kHz."""

Spectrum = NDArray[np.floating]

_FRAME = 320
_HALF = _FRAME // 2
_SPECTRUM = 512
_NOISE_PERCENTILE, _SPEECH_PERCENTILE = 10, 95
_SILENCE = 1e-12
_IN_BAND_HZ = (300, 3400)
_ABOVE_BAND_HZ = (4600, 7400)


SPEECH_OF = {Channel.CALLER: "the caller's speech", Channel.AGENT: "the desk's own speech"}
"""Whose speech was judged, in words."""


class Unfit(StrEnum):
    """Why speech was left out, in words that complete "... of the caller's speech was"."""

    TOO_QUIET = "too quiet"
    DISTORTED = "too distorted"
    NOISY = "too noisy"


def fault(samples: Samples) -> Unfit | None:
    """What makes `samples`, shape (n,), unfit to be judged, or None."""
    power = float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0
    if not np.isfinite(power):
        return Unfit.DISTORTED
    if power < 10 ** (MIN_LEVEL_DBFS / 10):
        return Unfit.TOO_QUIET
    if float((np.abs(samples) >= CLIPPED_AT).mean()) > MAX_CLIPPED_SHARE:
        return Unfit.DISTORTED
    return None


def speech_to_noise_db(samples: Samples) -> float:
    """How far speech stands above what is heard between it, in dB, for `samples` of shape (n,).

    The power of the loudest twentieth of 20 ms frames, as in NIST's `stnr` (Speech Quality Assurance
    Package), against that of the quietest tenth: pauses of a few tenths of a second are in any
    stretch of speech. Speech at the level of steady noise has about 8 dB, clean speech above 20.
    """
    count = len(samples) // _HALF
    halves = np.square(samples[: count * _HALF], dtype=np.float64).reshape(count, _HALF).mean(axis=1)
    if count <= 1:
        return 0.0
    levels = 10 * np.log10((halves[:-1] + halves[1:]) / 2 + _SILENCE)
    noise, speech = np.percentile(levels, (_NOISE_PERCENTILE, _SPEECH_PERCENTILE))
    return float(speech - noise)


def is_noisy(samples: Samples) -> bool:
    """Whether noise covers too much of a window of speech, shape (n,), to judge it."""
    return speech_to_noise_db(samples) < MIN_SPEECH_TO_NOISE_DB


class BandMeter:
    """Whether what was heard came through a telephone band: next to nothing lies above it."""

    def __init__(self) -> None:
        self._in_band = 0.0
        self._above = 0.0

    @property
    def is_telephone(self) -> bool:
        """False too before anything was heard."""
        return self._above < self._in_band * 10 ** (TELEPHONE_DB / 10)

    def hear(self, samples: Samples) -> None:
        """Take in speech at `CALL_RATE`, shape (n,)."""
        count = len(samples) // _SPECTRUM
        frames = samples[: count * _SPECTRUM].reshape(count, _SPECTRUM) * np.hanning(_SPECTRUM)
        power = np.square(np.abs(np.fft.rfft(frames, axis=1))).sum(axis=0)
        hertz = np.fft.rfftfreq(_SPECTRUM, 1 / CALL_RATE)
        self._in_band += _within(power, hertz, _IN_BAND_HZ)
        self._above += _within(power, hertz, _ABOVE_BAND_HZ)


def _within(power: Spectrum, hertz: Spectrum, band: tuple[int, int]) -> float:
    return float(power[(hertz >= band[0]) & (hertz < band[1])].sum())
