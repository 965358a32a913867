"""What else may befall a voice: a re-recording, a room, others talking, a splice, simple tricks.

Everything is made from the sound itself or from other recordings of the manifest, the same in
every run, and with other formulas than the training's: a judge that has only learned the
training's rooms gains nothing here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import soxr
from numpy.typing import NDArray

from app.evaluation.channels import seed_of
from audio.codecs import PacketLoss, is_sound
from audio.types import CALL_RATE, Samples

_SPEED_OF_SOUND = 343.0
_ROOM_M = np.array([5.0, 4.0, 2.7])
_TALKER_M = np.array([1.6, 1.3, 1.4])
_MICROPHONE_M = np.array([2.2, 1.75, 1.1])
_REFLECTED = 0.86
"""Share of the pressure that a wall gives back; in this room sound then fades by 60 dB in 0.36 s."""
_RESPONSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Attack:
    """`apply(sound, others)` gives what arrives; `others` are `needs` recordings of other people."""

    apply: Callable[[Samples, Sequence[Samples]], Samples]
    needs: int = 0


def resampled(sound: Samples) -> Samples:
    """To 11,025 Hz and back: nothing above 5.5 kHz, and what the resamplers leave."""
    return _fitted(soxr.resample(soxr.resample(sound, CALL_RATE, 11025), 11025, CALL_RATE), len(sound))


def slowed(sound: Samples) -> Samples:
    """Played 4 % too slow, as a tape: longer and deeper."""
    return soxr.resample(sound, CALL_RATE, CALL_RATE * 1.04).astype(np.float32)


def trailing_silence(sound: Samples) -> Samples:
    """Five seconds of digital silence at the end."""
    return np.pad(sound, (0, 5 * CALL_RATE))


def in_room(sound: Samples) -> Samples:
    """Spoken in a furnished office of 5 x 4 x 2.7 m, 0.8 m from the microphone."""
    return _convolved(sound, _room_response())


def replayed(sound: Samples) -> Samples:
    """Played by a small loudspeaker in that office and recorded there.

    The loudspeaker passes 200 to 5,000 Hz (second-order slopes) and bends the loudest tenth of the
    range, as small ones do.
    """
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / CALL_RATE)
    passed = 1 / np.sqrt(1 + (hz / 5000) ** 4) * (hz**2 / np.sqrt(200.0**4 + hz**4))
    played = np.fft.irfft(spectrum * passed, len(sound))
    full = np.abs(played).max() + 1e-9
    bent = np.tanh(1.5 * played / full) * full / 1.5
    return _convolved(bent, _room_response())


def with_music(sound: Samples) -> Samples:
    """A made-up accompaniment 15 dB below the voice: plucked triads with overtones, two a second."""
    rng = np.random.default_rng(seed_of(sound))
    step = CALL_RATE // 2
    times = np.arange(step) / CALL_RATE
    chords = []
    for _ in range(-(-len(sound) // step)):
        root = 130.8 * 2 ** (rng.integers(0, 12) / 12)
        triad = root * 2 ** (np.array([0, rng.choice([3, 4]), 7]) / 12)
        overtones = np.outer(np.arange(1, 7), triad).ravel()
        loudness = np.repeat(1 / np.arange(1, 7), 3) * np.exp(-times[:, None] * overtones / 400)
        chords.append((loudness * np.sin(2 * np.pi * np.outer(times, overtones))).sum(axis=1))
    return _over(sound, np.concatenate(chords)[: len(sound)], 15)


def with_packets_lost(sound: Samples) -> Samples:
    """10 % of the 20 ms packets lost, two at a time on average, silence in their place."""
    size = CALL_RATE // 50
    frames = np.pad(sound, (0, -len(sound) % size)).reshape(-1, size)
    kept = ~PacketLoss(0.1, 2.0, seed_of(sound)).lost(len(frames))
    return (frames * kept[:, None]).ravel()[: len(sound)].astype(np.float32)


def with_babble(sound: Samples, others: Sequence[Samples]) -> Samples:
    """The `others` talking at once, equally loud, together 15 dB below the voice."""
    talk = [np.resize(other, len(sound)) / (_level(other) + 1e-9) for other in others]
    return _over(sound, np.sum(talk, axis=0), 15)


def spliced(sound: Samples, others: Sequence[Samples]) -> Samples:
    """The first 3 s of another real recording, as loud as the clip, and then the clip."""
    before = others[0][: 3 * CALL_RATE]
    return np.concatenate([before * (_level(sound) / (_level(before) + 1e-9)), sound]).astype(np.float32)


def _alone(effect: Callable[[Samples], Samples]) -> Attack:
    return Attack(lambda sound, _: effect(sound) if is_sound(sound) else sound)


def _among(effect: Callable[[Samples, Sequence[Samples]], Samples], needs: int) -> Attack:
    return Attack(lambda sound, others: effect(sound, others) if is_sound(sound) else sound, needs)


ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        "room": _alone(in_room),
        "replay": _alone(replayed),
        "music15": _alone(with_music),
        "babble15": _among(with_babble, 4),
        "loss10": _alone(with_packets_lost),
        "resampled": _alone(resampled),
        "slowed": _alone(slowed),
        "trailing-silence": _alone(trailing_silence),
        "spliced": _among(spliced, 1),
    }
)
"""By the name `--through` takes."""


@cache
def _room_response() -> NDArray[np.float64]:
    """The office's impulse response by the image method (Allen and Berkley 1979), direct sound first.

    As there, what lies below 100 Hz is taken out: walls that reflect all frequencies alike pile it up.
    """
    reach = np.ceil(_RESPONSE_S * _SPEED_OF_SOUND / (2 * _ROOM_M)).astype(int)
    orders = np.indices((2 * reach + 1).tolist()).reshape(3, -1).T - reach
    sides = np.indices((2, 2, 2)).reshape(3, -1).T
    response = np.zeros(int(_RESPONSE_S * CALL_RATE))
    direct = np.linalg.norm(_TALKER_M - _MICROPHONE_M)
    for side in sides:
        images = (1 - 2 * side) * _TALKER_M + 2 * orders * _ROOM_M
        distance = np.linalg.norm(images - _MICROPHONE_M, axis=1)
        bounces = (np.abs(orders - side) + np.abs(orders)).sum(axis=1)
        at = np.rint((distance - direct) / _SPEED_OF_SOUND * CALL_RATE).astype(int)
        heard = at < len(response)
        np.add.at(response, at[heard], (_REFLECTED**bounces * direct / distance)[heard])
    hz = np.fft.rfftfreq(2 * len(response), 1 / CALL_RATE)
    passed = hz**2 / np.sqrt(100.0**4 + hz**4)
    return np.fft.irfft(np.fft.rfft(response, 2 * len(response)) * passed)[: len(response)]


def _convolved(sound: NDArray[np.floating], response: NDArray[np.float64]) -> Samples:
    size = len(sound) + len(response)
    made = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return made[: len(sound)].astype(np.float32)


def _over(sound: Samples, other: NDArray[np.floating], snr_db: float) -> Samples:
    scale = _level(sound) / (_level(other) + 1e-9) * 10 ** (-snr_db / 20)
    return (sound + other * scale).astype(np.float32)


def _level(sound: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def _fitted(sound: NDArray[np.floating], length: int) -> Samples:
    return np.pad(sound[:length], (0, max(0, length - len(sound)))).astype(np.float32)
