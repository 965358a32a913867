"""The ways a voice takes to a desk: rooms, microphones, noise, bandwidth, codecs, levels.

Every clip of either class goes through the same random way, so that neither class can be told by
its file format, loudness, bandwidth, length or silence. Codecs are ffmpeg's own, through PyAV.
"""

import io
from dataclasses import dataclass

import av
import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, firwin2, sosfilt

from detection.training.countermeasure.clips import RATE

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder as ffmpeg names it, its container, rate (Hz), bit rates (bit/s) and weight."""

    name: str
    container: str
    rate: int
    sample_format: str = "s16"
    bit_rates: tuple[int, ...] = (0,)
    weight: float = 1.0


NARROW = (
    Codec("pcm_mulaw", "wav", 8000, weight=2.0),
    Codec("pcm_alaw", "wav", 8000),
    Codec("libopencore_amrnb", "amr", 8000, bit_rates=(4750, 5900, 7950, 12200)),
    Codec("libopus", "ogg", 8000, bit_rates=(6000, 8000, 12000), weight=0.5),
    Codec("adpcm_ima_wav", "wav", 8000, "s16p"),
)
WIDE = (
    Codec("g722", "g722", 16000),
    Codec("libopus", "ogg", 16000, bit_rates=(10000, 16000, 24000, 32000)),
    Codec("libmp3lame", "mp3", 16000, "s16p", (24000, 32000, 48000, 64000)),
    Codec("aac", "adts", 16000, "fltp", (24000, 48000)),
)
G711 = NARROW[0]


def through_codec(sound: Sound, codec: Codec, bit_rate: int) -> Sound:
    """`sound` (16 kHz) encoded, decoded and brought back to 16 kHz."""
    at_rate = soxr.resample(sound, RATE, codec.rate, quality="MQ") if codec.rate != RATE else sound
    scaled = (np.clip(at_rate, -1, 1) * 32767).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format=codec.container) as container:
        stream = container.add_stream(codec.name, rate=codec.rate, layout="mono")
        if bit_rate:
            stream.bit_rate = bit_rate
            stream.options = {"compression_level": "4"}
        frame = av.AudioFrame.from_ndarray(scaled[None], format="s16", layout="mono")
        frame.rate = codec.rate
        converter = av.AudioResampler(codec.sample_format, "mono", codec.rate, stream.frame_size or None)
        for ready in (*converter.resample(frame), *converter.resample(None)):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    file.seek(0)
    demuxer = "aac" if codec.container == "adts" else codec.container
    with av.open(file, format=demuxer, metadata_errors="ignore") as container:
        converter = av.AudioResampler("flt", "mono", RATE)
        blocks = [
            block.to_ndarray()[0]
            for decoded in (*container.decode(audio=0), None)
            for block in converter.resample(decoded)
        ]
    return np.concatenate(blocks).astype(np.float32)


def telephone(sound: Sound) -> Sound:
    """The plain land line: 8 kHz and G.711 mu-law."""
    return through_codec(sound, G711, 0)


def without_pauses(sound: Sound, depth_db: float) -> Sound:
    """Only the 30 ms frames within `depth_db` of the loud ones, as voice activity would leave them."""
    size = int(0.03 * RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    if not len(frames):
        return sound
    power = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    kept = power > np.percentile(power, 95) - depth_db
    return frames[kept].ravel()


def room(sound: Sound, rng: np.random.Generator) -> Sound:
    """A light room: exponentially fading noise after the direct sound."""
    length = int(rng.uniform(0.05, 0.35) * RATE)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= rng.uniform(0.05, 0.4) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    return fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def tone_curve(sound: Sound, rng: np.random.Generator) -> Sound:
    """A microphone's or headset's uneven response, up to 6 dB either way at six frequencies."""
    gains = 10 ** (rng.uniform(-6, 6, 6) / 20)
    return fftconvolve(sound, firwin2(129, np.linspace(0, 1, 6), gains), mode="same").astype(np.float32)


def noise(sound: Sound, rng: np.random.Generator) -> Sound:
    """Steady noise of a random tilt (white to brown) at 12 to 45 dB below the voice."""
    spectrum = np.fft.rfft(rng.standard_normal(len(sound)))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** rng.uniform(0, 1)
    hiss = np.fft.irfft(spectrum, len(sound))
    wanted = sound.std() / 10 ** (rng.uniform(12, 45) / 20)
    return (sound + hiss * wanted / (hiss.std() + 1e-9)).astype(np.float32)


def clipped(sound: Sound, rng: np.random.Generator) -> Sound:
    """Overdriven: the loudest parts cut off."""
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


EFFECTS = ((room, 0.1), (tone_curve, 0.25), (noise, 0.3), (clipped, 0.04))
"""In the order a voice meets them, with the share of clips that does."""
LINES = {"narrow": 0.3, "wide": 0.12, "low-passed": 0.13, "open": 0.45}
"""Share of clips by what carries them: a telephone or an internet codec, a dull microphone, nothing."""
WITHOUT_PAUSES = 0.35
TELEPHONE_BAND = 0.4


def random_way(sound: Sound, rng: np.random.Generator) -> Sound:
    """`sound` after a random room, microphone, noise, bandwidth, codec and level."""
    if rng.random() < WITHOUT_PAUSES:
        sound = without_pauses(sound, rng.uniform(25, 45))
    for effect, share in EFFECTS:
        if rng.random() < share:
            sound = effect(sound, rng)
    sound = sound / (np.abs(sound).max() + 1e-6) * 10 ** (rng.uniform(-24, -0.5) / 20)
    line = rng.choice(list(LINES), p=list(LINES.values()))
    if line == "narrow":
        if rng.random() < TELEPHONE_BAND:
            sound = telephone_band(sound, rng)
        sound = _through_one_of(NARROW, sound, rng)
    elif line == "wide":
        sound = _through_one_of(WIDE, sound, rng)
    elif line == "low-passed":
        sound = low_passed(sound, rng)
    return (np.round(sound * 32767) / 32768).astype(np.float32)


def _through_one_of(codecs: tuple[Codec, ...], sound: Sound, rng: np.random.Generator) -> Sound:
    weights = np.array([codec.weight for codec in codecs])
    codec = codecs[rng.choice(len(codecs), p=weights / weights.sum())]
    return through_codec(sound, codec, int(rng.choice(codec.bit_rates)))
