"""What is left of the microphone's sound when the echo expected in it is taken away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples

Spectra = NDArray[np.float32]

_FRAME = 512
_STEP = 256
_WINDOW = np.sqrt(np.hanning(_FRAME + 1)[:-1]).astype(np.float32)
_BAND_EDGES_HZ = np.geomspace(150, 7000, 17)
_RT60_S = 0.5
_OVER_NOISE = 20.0
_OVER_LEFT = 8.0
_LEFT_RANGE = (0.1, 1.0)
_BANDS_OF_VOICE = 0.4
_QUIET_SHARE = 0.1
_RANGE = 1e-5
_LEAST_GAIN = 0.03
_LEFT = 0.25


@dataclass(frozen=True, slots=True)
class Remains:
    """How much of a piece its expected echo leaves.

    `agent_s`: seconds of frames that it does not explain. `removed_db`: how much of what stands out of
    the noise it takes away; infinite where nothing does.
    """

    agent_s: float
    removed_db: float


def measure(near: Samples, echo: Samples) -> Remains:
    """How much of `near` the expected `echo`, both shape (n,), leaves unexplained.

    A frame counts for the agent where in more than four bands of ten (16 of equal ratio, 150-7000 Hz)
    the rest is 13 dB above the noise and 9 dB above what the prediction usually leaves of an echo that
    loud, an echo dying away as in a room.
    """
    heard, rest, expected = (_bands(np.abs(_frames(part)) ** 2) for part in (near, near - echo, echo))
    noise = np.maximum(np.quantile(heard, _QUIET_SHARE, axis=0), _RANGE * heard.max(axis=0))
    lingering = _lingering(expected)
    echoes = lingering > _OVER_NOISE * noise
    left = float(np.median(rest[echoes] / lingering[echoes])) if echoes.any() else 1.0
    explained = np.clip(_OVER_LEFT * left, *_LEFT_RANGE) * lingering
    stands_out = (rest > explained) & (rest > _OVER_NOISE * noise)
    agent_s = float((stands_out.mean(axis=1) > _BANDS_OF_VOICE).sum()) * _STEP / CALL_RATE
    audible = heard > _OVER_NOISE * noise
    before, after = (float(power[audible].sum()) for power in (heard, rest))
    return Remains(agent_s, 10 * np.log10(before / after) if audible.any() else np.inf)


def suppress(near: Samples, echo: Samples) -> Samples:
    """`near` without its `echo`, and what the prediction left of that turned down.

    The gain is that of a Wiener filter by frequency and frame, no lower than -30 dB.
    """
    rest = _frames(near - echo)
    unexplained = _LEFT * _lingering(np.abs(_frames(echo)) ** 2)
    power = np.abs(rest) ** 2
    gain = np.clip(1 - unexplained / (power + 1e-12), _LEAST_GAIN, 1)
    return _overlapped(rest * gain, len(near))


def _frames(sound: Samples) -> NDArray[np.complex64]:
    """Spectra of frames that overlap by half, shape (frames, bins)."""
    steps = -(-len(sound) // _STEP) + 1
    padded = np.pad(sound, (_STEP, steps * _STEP - len(sound)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_STEP]
    return np.fft.rfft(frames * _WINDOW, axis=1).astype(np.complex64)


def _overlapped(spectra: NDArray[np.complex64], length: int) -> Samples:
    frames = np.fft.irfft(spectra, _FRAME, axis=1).astype(np.float32) * _WINDOW
    halves = np.zeros((len(frames) + 1, _STEP), np.float32)
    halves[:-1] += frames[:, :_STEP]
    halves[1:] += frames[:, _STEP:]
    return halves.reshape(-1)[_STEP : _STEP + length]


def _bands(powers: Spectra) -> Spectra:
    hz = np.fft.rfftfreq(_FRAME, 1 / CALL_RATE)
    inside = (hz >= _BAND_EDGES_HZ[:-1, None]) & (hz < _BAND_EDGES_HZ[1:, None])
    return powers @ inside.T.astype(np.float32) + np.float32(1e-9)


def _lingering(powers: Spectra) -> Spectra:
    """The most that each frame's power and what is still dying away of those before come to."""
    fading = np.float32(10 ** (-6 * _STEP / CALL_RATE / _RT60_S))
    lingering = powers.copy()
    for frame in range(1, len(lingering)):
        np.maximum(lingering[frame], lingering[frame - 1] * fading, out=lingering[frame])
    return lingering
