"""The ways a voice takes to a desk: rooms, loudspeakers, microphones, noise, levels, codecs, loss.

Every clip of either class goes through the same random way, so that neither class can be told by
its file format, loudness, bandwidth, length or silence. `detection.training.countermeasure.probe`
measures how far that holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, firwin2, lfilter, sosfilt

from audio.codecs import (
    A_LAW,
    G722,
    G723_1,
    IMA_ADPCM,
    MSBC,
    MU_LAW,
    Codec,
    PacketLoss,
    aac,
    amr_nb,
    g726,
    mp3,
    opus,
    through_codec,
)
from audio.system_codecs import AmrWb, Gsm, Speex
from detection.training.countermeasure.clips import RATE

Sound = NDArray[np.float32]
Effect = Callable[[Sound, np.random.Generator], Sound]
T = TypeVar("T")

FAST = "MQ"
"""soxr's quality here: enough for codecs, and half the cost of the best."""
FRAME = RATE // 50


def telephone(sound: Sound) -> Sound:
    """The plain land line: 8 kHz and G.711 mu-law."""
    return through_codec(MU_LAW, sound, quality=FAST)


def without_pauses(sound: Sound, rng: np.random.Generator) -> Sound:
    """Only the 30 ms frames within 25 to 45 dB of the loud ones, as voice activity would leave them."""
    size = int(0.03 * RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    if not len(frames):
        return sound
    power = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    kept = power > np.percentile(power, 95) - rng.uniform(25, 45)
    return frames[kept].ravel()


def other_ends(sound: Sound, rng: np.random.Generator) -> Sound:
    """Silence at the ends cut off, and up to 0.3 s of it added to either."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    if len(loud):
        sound = sound[loud[0] : loud[-1] + 1]
    return np.pad(sound, tuple(rng.integers(0, int(0.3 * RATE), 2)))


def odd_rate(sound: Sound, rng: np.random.Generator) -> Sound:
    """To a rate that some program chose and back, by a good or a hasty resampler."""
    rate = int(rng.choice([8000, 11025, 12000, 14000, 15999, 18900, 22050, 44100]))
    quality = rng.choice(["QQ", "LQ", "MQ"])
    there = soxr.resample(sound, RATE, rate, quality)
    return _of_length(soxr.resample(there, rate, RATE, quality), len(sound))


def room(sound: Sound, rng: np.random.Generator) -> Sound:
    """A room: first reflections, then a tail that fades by 60 dB in 0.15 to 0.7 s (Polack 1988).

    The tail loses its treble first, and lies 4 to 24 dB below the direct sound.
    """
    fades_in = rng.uniform(0.15, 0.7) * RATE
    length = int(fades_in * 0.6)
    times = np.arange(length)
    bright = rng.standard_normal(length) * np.exp(-6.9 * times / fades_in * rng.uniform(1.2, 2.5))
    dull = lfilter([0.3], [1, -0.7], rng.standard_normal(length)) * np.exp(-6.9 * times / fades_in)
    tail = bright + dull
    tail[: int(rng.uniform(0.002, 0.02) * RATE)] = 0
    tail *= 10 ** (-rng.uniform(4, 24) / 20) / np.sqrt(np.square(tail).sum())
    delays = rng.integers(int(0.001 * RATE), int(0.03 * RATE), 6)
    np.add.at(tail, delays, rng.uniform(-0.35, 0.35, 6) * np.exp(-delays / (0.02 * RATE)))
    tail[0] = 1.0
    return fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def small_loudspeaker(sound: Sound, rng: np.random.Generator) -> Sound:
    """A telephone's or laptop's loudspeaker: some 300 to 5,000 Hz, often driven too hard."""
    band = (rng.uniform(150, 400), rng.uniform(3500, 6500))
    played = sosfilt(butter(2, band, "band", fs=RATE, output="sos"), sound)
    drive = rng.uniform(0.5, 3.0) / (np.abs(played).max() + 1e-6)
    return (np.tanh(played * drive + 0.1 * (played * drive) ** 2) / drive).astype(np.float32)


def replayed(sound: Sound, rng: np.random.Generator) -> Sound:
    """Played by a small loudspeaker in a room and recorded there: a speaker-phone, or a replay."""
    return room(small_loudspeaker(sound, rng), rng)


def tone_curve(sound: Sound, rng: np.random.Generator) -> Sound:
    """A microphone's uneven response, up to 6 dB either way at six frequencies."""
    gains = 10 ** (rng.uniform(-6, 6, 6) / 20)
    return fftconvolve(sound, firwin2(129, np.linspace(0, 1, 6), gains), mode="same").astype(np.float32)


def headset(sound: Sound, rng: np.random.Generator) -> Sound:
    """A headset: no bass, a peak of 3 to 12 dB between 2 and 5 kHz, the treble rolled off."""
    low, peak = rng.uniform(80, 300), rng.uniform(2000, 5000)
    peak_gain, top_gain = 10 ** (rng.uniform(3, 12) / 20), 10 ** (rng.uniform(-15, 0) / 20)
    curve = firwin2(
        255, [0, low, peak / 1.6, peak, peak * 1.5, 8000], [0.1, 1, 1, peak_gain, 1, top_gain], fs=RATE
    )
    return fftconvolve(sound, curve, mode="same").astype(np.float32)


def hiss(sound: Sound, rng: np.random.Generator) -> Sound:
    """Steady noise of a random tilt (white to brown) at 12 to 50 dB below the voice."""
    spectrum = np.fft.rfft(rng.standard_normal(len(sound)))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** rng.uniform(0, 1)
    return _mixed(sound, np.fft.irfft(spectrum, len(sound)), rng.uniform(12, 50))


def hum(sound: Sound, rng: np.random.Generator) -> Sound:
    """The mains and its harmonics at 20 to 45 dB below the voice."""
    base = rng.choice([50.0, 60.0]) * np.arange(1, 8)
    phase = 2 * np.pi * np.outer(base / RATE, np.arange(len(sound)))
    return _mixed(sound, rng.uniform(0, 1, 7) @ np.sin(phase), rng.uniform(20, 45))


def music(sound: Sound, rng: np.random.Generator) -> Sound:
    """Chords of decaying tones with overtones, changing once or twice a second, 10 to 30 dB down."""
    return _mixed(sound, chords(len(sound), rng), rng.uniform(10, 30))


def chords(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """An accompaniment made up: triads with six overtones, a new one every 0.4 to 1 s."""
    played = np.zeros(length)
    start = 0
    while start < length:
        end = min(length, start + int(rng.uniform(0.4, 1.0) * RATE))
        times = np.arange(end - start) / RATE
        root = 110 * 2 ** (rng.integers(0, 25) / 12)
        notes = root * 2 ** (np.array([0, rng.choice([3, 4]), 7, 12]) / 12)
        for overtone in range(1, 7):
            tones = np.sin(2 * np.pi * overtone * np.outer(notes, times)).sum(axis=0)
            played[start:end] += tones * np.exp(-times * overtone * rng.uniform(0.5, 3)) / overtone
        start = end
    return played


def babble(sound: Sound, others: Sequence[NDArray[np.int16]], rng: np.random.Generator) -> Sound:
    """Two to five of `others` talking at once, 10 to 25 dB below the voice."""
    talk = np.zeros(len(sound))
    for number in rng.integers(0, len(others), rng.integers(2, 6)):
        other = np.roll(others[number], rng.integers(0, len(others[number])))
        talk += np.resize(other, len(sound)) / (other.std() + 1e-6)
    return _mixed(sound, talk, rng.uniform(10, 25))


def noise_suppressed(sound: Sound, rng: np.random.Generator) -> Sound:
    """What is quiet made quieter by 6 to 40 dB, as call programs do between words."""
    power = _frame_power_db(sound)
    threshold = np.percentile(power, 95) - rng.uniform(20, 35)
    gain_db = -rng.uniform(6, 40) * (power < threshold)
    return _ridden(sound, lfilter([0.4], [1, -0.6], gain_db))


def automatic_gain(sound: Sound, rng: np.random.Generator) -> Sound:
    """The level ridden towards one loudness, up to 15 dB either way, within 0.1 to 1 s."""
    power = _frame_power_db(sound)
    keep = np.exp(-1 / (50 * rng.uniform(0.1, 1.0)))
    heard = lfilter([1 - keep], [1, -keep], power - power[0]) + power[0]
    return _ridden(sound, np.clip(np.percentile(power, 80) - heard, -15, 15))


def overdriven(sound: Sound, rng: np.random.Generator) -> Sound:
    """The loudest parts cut off."""
    limit = np.abs(sound).max() * rng.uniform(0.3, 0.9)
    return np.clip(sound, -limit, limit)


def low_passed(sound: Sound, rng: np.random.Generator) -> Sound:
    """Nothing above a random frequency between 3 and 7.8 kHz."""
    return sosfilt(butter(8, rng.uniform(3000, 7800), fs=RATE, output="sos"), sound).astype(np.float32)


def telephone_band(sound: Sound, rng: np.random.Generator) -> Sound:
    """Nothing below some 300 Hz."""
    return sosfilt(butter(3, rng.uniform(150, 350), "high", fs=RATE, output="sos"), sound).astype(
        np.float32
    )


def land_line(sound: Sound, rng: np.random.Generator) -> Sound:
    """The classic telephone: a faint hiss, some 300 to 3,400 Hz with slopes of any steepness, G.711."""
    band = (rng.uniform(150, 350), rng.uniform(3300, 3800))
    slopes = butter(int(rng.integers(2, 9)), band, "band", fs=RATE, output="sos")
    faint = rng.standard_normal(len(sound)) * 10 ** (rng.uniform(-90, -55) / 20)
    return telephone(sosfilt(slopes, sound + faint).astype(np.float32))


def packets_lost(sound: Sound, rng: np.random.Generator) -> Sound:
    """Up to 12 % of 20 ms packets lost in bursts; silence instead, or the last one again, fading."""
    frames = np.pad(sound, (0, -len(sound) % FRAME)).reshape(-1, FRAME).copy()
    fading = rng.choice([0.0, 0.5, 0.8])
    for number in np.flatnonzero(some_loss(rng).lost(len(frames))):
        frames[number] = fading * frames[number - 1] if number else 0
    return frames.ravel()[: len(sound)]


def some_loss(rng: np.random.Generator) -> PacketLoss:
    """1 to 12 % of the packets, one to three at a time."""
    return PacketLoss(rng.uniform(0.01, 0.12), rng.uniform(1, 3), int(rng.integers(2**32)))


@dataclass(frozen=True, slots=True)
class Line:
    """The settings of one kind of codec, one of which is drawn, with the kind's share among its like."""

    name: str
    codecs: tuple[Codec, ...]
    share: float


NARROW = (
    Line("G.711 mu-law", (MU_LAW,), 0.22),
    Line("G.711 A-law", (A_LAW,), 0.12),
    Line("AMR-NB", tuple(map(amr_nb, (4750, 5900, 7950, 12200))), 0.22),
    Line("GSM 06.10", (Gsm(),), 0.1),
    Line("Opus 8 kHz", tuple(opus(8000, rate, 2) for rate in (6000, 8000, 12000)), 0.08),
    Line("Speex 8 kHz", tuple(Speex(8000, quality) for quality in (2, 4, 6, 8)), 0.08),
    Line("G.726", tuple(map(g726, (16000, 24000, 32000))), 0.08),
    Line("G.723.1", (G723_1,), 0.04),
    Line("IMA ADPCM", (IMA_ADPCM,), 0.06),
)
WIDE = (
    Line("Opus", tuple(opus(16000, rate, 2) for rate in (10000, 12000, 16000, 24000, 32000)), 0.3),
    Line("G.722", (G722,), 0.18),
    Line("AMR-WB", tuple(map(AmrWb, (6600, 8850, 12650, 15850, 23850))), 0.15),
    Line("mSBC", (MSBC,), 0.1),
    Line("Speex", tuple(Speex(16000, quality) for quality in (3, 5, 8)), 0.05),
    Line("MP3", tuple(map(mp3, (24000, 32000, 48000, 64000))), 0.15),
    Line("AAC", tuple(map(aac, (24000, 48000))), 0.07),
)
LOSSY = 0.25
"""Share of the clips through a codec that lose packets; a codec that cannot conceal loses sound."""


def absent() -> list[str]:
    """The lines whose codec this machine has not; their share goes to the others."""
    return [line.name for line in (*NARROW, *WIDE) if not line.codecs[0].is_here]


def through_line(lines: Sequence[Line], sound: Sound, rng: np.random.Generator) -> Sound:
    """`sound` through one of `lines` that are here, some of its packets lost one time in four."""
    here = [line for line in lines if line.codecs[0].is_here]
    codec = _one_of(_one_of(here, rng, [line.share for line in here]).codecs, rng)
    if rng.random() >= LOSSY:
        return through_codec(codec, sound, quality=FAST)
    if codec.conceals:
        return through_codec(codec, sound, some_loss(rng), FAST)
    return packets_lost(through_codec(codec, sound, quality=FAST), rng)


PAUSES: tuple[tuple[Effect, float], ...] = ((without_pauses, 0.35), (other_ends, 0.2))
"""What becomes of the silence, with the share of clips."""
WAY: tuple[tuple[Effect, float], ...] = (
    (odd_rate, 0.08),
    (replayed, 0.06),
    (room, 0.14),
    (headset, 0.1),
    (tone_curve, 0.25),
    (hum, 0.03),
    (music, 0.04),
    (hiss, 0.45),
    (overdriven, 0.04),
    (noise_suppressed, 0.12),
    (automatic_gain, 0.12),
)
"""In the order a voice meets them, with the share of clips that does."""
BABBLE = 0.07
LINES = {"narrow": 0.34, "wide": 0.2, "low-passed": 0.1, "open": 0.36}
"""Share of clips by what carries them: a telephone or an internet codec, a dull microphone, nothing."""
TELEPHONE_BAND = 0.4


def random_way(
    sound: Sound, rng: np.random.Generator, others: Sequence[NDArray[np.int16]] = ()
) -> Sound:
    """`sound` after a random room, microphone, noise, level, bandwidth and codec.

    `others` are 16 kHz recordings of real people to talk in the background of either class; without
    them nobody does. The result is a function of the arguments, the state of `rng` and which codecs
    are `absent`; it may be shorter than `sound` or up to 0.6 s longer.
    """
    effect = _one_of((*(effect for effect, _ in PAUSES), None), rng, _with_rest(PAUSES))
    if effect:
        sound = effect(sound, rng)
    return in_time(sound, rng, others)


def in_time(sound: Sound, rng: np.random.Generator, others: Sequence[NDArray[np.int16]] = ()) -> Sound:
    """The `random_way` of a sound whose pauses stay, so that it keeps its length and its times."""
    if not np.any(sound):
        return sound
    for effect, share in WAY:
        if rng.random() < share:
            sound = effect(sound, rng)
    if len(others) and rng.random() < BABBLE:
        sound = babble(sound, others, rng)
    sound = sound / (np.abs(sound).max() + 1e-6) * 10 ** (rng.uniform(-24, -0.5) / 20)
    line = rng.choice(list(LINES), p=list(LINES.values()))
    if line == "narrow":
        if rng.random() < TELEPHONE_BAND:
            sound = telephone_band(sound, rng)
        sound = through_line(NARROW, sound, rng)
    elif line == "wide":
        sound = through_line(WIDE, sound, rng)
    elif line == "low-passed":
        sound = low_passed(sound, rng)
    return (np.round(np.clip(sound, -1, 1) * 32767) / 32768).astype(np.float32)


def sent_window(
    sound: NDArray[np.int16],
    length: int,
    rng: np.random.Generator,
    others: Sequence[NDArray[np.int16]] = (),
) -> Sound:
    """`length` samples from somewhere in the clip, after a random way; short ones are repeated."""
    reach = min(len(sound), int(length * 1.3))
    start = int(rng.integers(0, len(sound) - reach + 1))
    sent = random_way(sound[start : start + reach].astype(np.float32) / 32768, rng, others)
    if len(sent) < length:
        sent = np.tile(sent, -(-length // len(sent)))
    start = int(rng.integers(0, len(sent) - length + 1))
    return sent[start : start + length]


def _with_rest(shares: Sequence[tuple[Effect, float]]) -> list[float]:
    given = [share for _, share in shares]
    return [*given, 1 - sum(given)]


def _one_of(choices: Sequence[T], rng: np.random.Generator, shares: Sequence[float] | None = None) -> T:
    chances = None if shares is None else np.array(shares) / np.sum(shares)
    return choices[int(rng.choice(len(choices), p=chances))]


def _mixed(sound: Sound, other: NDArray[np.float64], snr_db: float) -> Sound:
    """`other` added so that it lies `snr_db` below `sound`."""
    return (sound + other * (sound.std() / (other.std() + 1e-9) / 10 ** (snr_db / 20))).astype(
        np.float32
    )


def _frame_power_db(sound: Sound) -> NDArray[np.float64]:
    """Power of each 20 ms, the last made full with silence; at least -80 dB."""
    frames = np.pad(sound, (0, -len(sound) % FRAME)).reshape(-1, FRAME)
    return 10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + 1e-8)


def _ridden(sound: Sound, gain_db: NDArray[np.float64]) -> Sound:
    """`sound` with the gain of each 20 ms, gliding from middle to middle."""
    middles = (np.arange(len(gain_db)) + 0.5) * FRAME
    gain = np.interp(np.arange(len(sound)), middles, 10 ** (gain_db / 20))
    return (sound * gain).astype(np.float32)


def _of_length(sound: Sound, length: int) -> Sound:
    return np.pad(sound[:length], (0, max(0, length - len(sound)))).astype(np.float32)
