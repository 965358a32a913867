"""A caller's voice that comes out of a loudspeaker and into the agent's microphone, by arithmetic."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE

Sound = NDArray[np.float32]

FULL_WANDER_HZ = 1 / 60
"""How fast what is left of the clocks' drift comes and goes."""


@dataclass(frozen=True)
class Room:
    """What the caller's voice goes through on its way from the softphone into the microphone."""

    delay_ms: float = 120.0
    rt60_s: float = 0.4
    direct_db: float = 3.0
    """The direct sound over the reverberation."""
    wander_ms: float = 0.0
    """The clocks' disagreement: a sine of this peak."""
    low_hz: float = 150.0
    high_hz: float = 7000.0
    """What the loudspeaker and the microphone pass on between them."""
    drive: float = 0.0
    """How far the loudspeaker is driven into its limits: 0 not at all, 1 audibly, 3 badly."""
    seed: int = 0

    def echo(self, far: Sound) -> Sound:
        """What of `far` reaches the microphone, as long as `far` and as loud as it was played."""
        loud = float(np.abs(far).max(initial=1e-9))
        played = far
        if self.drive:
            played = (np.tanh(self.drive * far / loud) * loud / self.drive).astype(np.float32)
        heard = convolved(band(played, self.low_hz, self.high_hz), self.response())[: len(far)]
        return at_level(_wandering(heard, self.wander_ms), level_of(far))

    def response(self) -> Sound:
        """The delay, then the impulse response: noise that decays by 60 dB in `rt60_s`."""
        rng = np.random.default_rng(self.seed)
        time = np.arange(int(self.rt60_s * CALL_RATE)) / CALL_RATE
        tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / self.rt60_s)
        tail[: CALL_RATE // 500] = 0
        tail *= 10 ** (-self.direct_db / 20) / np.sqrt(np.sum(tail**2))
        tail[0] = 1.0
        delay = np.zeros(round(self.delay_ms / 1000 * CALL_RATE))
        return np.concatenate([delay, tail]).astype(np.float32)


def convolved(sound: Sound, response: Sound) -> Sound:
    """`sound` through `response`, shape (n + m - 1,)."""
    length = len(sound) + len(response) - 1
    size = 1 << (length - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[:length].astype(
        np.float32
    )


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """`sound` between two frequencies, with edges an octave wide."""
    size = len(sound) + CALL_RATE // 4
    hz = np.maximum(np.fft.rfftfreq(size, 1 / CALL_RATE), 1.0)
    below = np.clip(1 + np.log2(hz / low_hz), 0, 1)
    above = np.clip(1 - 2 * np.log2(hz / high_hz), 0, 1)
    return np.fft.irfft(np.fft.rfft(sound, size) * below * above, size)[: len(sound)].astype(np.float32)


def level_of(sound: Sound) -> float:
    """dBFS of the loudest tenths of a second together: how loud the voice is, its pauses left out."""
    frames = sound[: len(sound) // 1600 * 1600].reshape(-1, 1600).astype(np.float64)
    powers = np.mean(frames**2, axis=1)
    voiced = powers[powers > powers.max(initial=0) / 100]
    return float(10 * np.log10(max(float(voiced.mean()) if len(voiced) else 0.0, 1e-12)))


def at_level(sound: Sound, dbfs: float) -> Sound:
    """`sound` with its voice at `dbfs`."""
    return sound * np.float32(10 ** ((dbfs - level_of(sound)) / 20))


def noise(length: int, dbfs: float, seed: int) -> Sound:
    """Noise of a room, pink above 100 Hz."""
    size = length + length % 2
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 100 * size / CALL_RATE))
    sound = np.fft.irfft(spectrum, size)[:length]
    return (sound * 10 ** (dbfs / 20) / sound.std()).astype(np.float32)


def _wandering(sound: Sound, wander_ms: float) -> Sound:
    if not wander_ms:
        return sound
    at = np.arange(len(sound))
    shift = wander_ms / 1000 * CALL_RATE * np.sin(2 * np.pi * FULL_WANDER_HZ * at / CALL_RATE)
    fine = _upsampled(sound)
    return np.interp((at - shift) * 4, np.arange(len(fine)), fine).astype(np.float32)


def _upsampled(sound: Sound) -> Sound:
    spectrum = np.fft.rfft(sound)
    return (np.fft.irfft(spectrum, 4 * (len(sound) - len(sound) % 2)) * 4).astype(np.float32)
