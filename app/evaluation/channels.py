"""What a call's voice goes through on its way, for measuring a judge: real codecs, and noise."""

import io
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import cast

import av
import numpy as np
import soxr
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError

from audio.types import CALL_RATE, Samples

ChannelEffect = Callable[[Samples], Samples]
"""Sound at `CALL_RATE` in, the same sound at `CALL_RATE` as it arrives out."""


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder as FFmpeg names it, its container, rate (Hz) and bit rate (bit/s; 0: only one)."""

    encoder: str
    container: str
    rate: int
    bit_rate: int = 0
    sample_format: str = "s16"
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_here(self) -> bool:
        """Whether the FFmpeg that PyAV brings has this encoder."""
        try:
            return av.Codec(self.encoder, "w").is_encoder
        except UnknownCodecError:
            return False


_FRAME = 320
"""Samples at `CALL_RATE` that the longest codec frame here takes: 20 ms."""
_VOIP = {"application": "voip"}
_CODECS = {
    "g711": Codec("pcm_mulaw", "wav", 8000),
    "g711a": Codec("pcm_alaw", "wav", 8000),
    "g722": Codec("g722", "g722", 16000),
    "gsm": Codec("libgsm", "gsm", 8000),
    "amr-nb": Codec("libopencore_amrnb", "amr", 8000, 12200),
    "opus12": Codec("libopus", "ogg", 16000, 12000, options=_VOIP),
    "opus24": Codec("libopus", "ogg", 16000, 24000, options=_VOIP),
    "mp3": Codec("libmp3lame", "mp3", 16000, 32000, "s16p"),
}


def through_codec(codec: Codec, sound: Samples) -> Samples:
    """`sound` encoded and decoded by FFmpeg, brought back to `CALL_RATE` and its own length.

    What is no sound (no samples, or some that are no number) stays as it is, for the judge to refuse.
    """
    if not _is_sound(sound):
        return sound
    padded = np.pad(sound, (0, max(0, _FRAME - len(sound))))
    scaled = (np.clip(soxr.resample(padded, CALL_RATE, codec.rate), -1, 1) * 32767).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format=codec.container) as container:
        added = container.add_stream(codec.encoder, codec.rate, dict(codec.options), layout="mono")
        stream = cast("AudioStream", added)
        if codec.bit_rate:
            stream.bit_rate = codec.bit_rate
        frame = av.AudioFrame.from_ndarray(scaled[None], format="s16", layout="mono")
        frame.rate = codec.rate
        fitted = av.AudioResampler(codec.sample_format, "mono", codec.rate, stream.frame_size or None)
        for ready in (*fitted.resample(frame), *fitted.resample(None)):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r", format=codec.container) as container:
        decoded = av.AudioResampler("flt", "mono", CALL_RATE)
        blocks = [
            block.to_ndarray()[0]
            for frame in (*container.decode(audio=0), None)
            for block in decoded.resample(frame)
        ]
    heard = np.concatenate(blocks)[: len(sound)].astype(np.float32)
    return np.pad(heard, (0, len(sound) - len(heard)))


def with_noise(snr_db: float, sound: Samples) -> Samples:
    """`sound` in steady noise of its own long-term spectrum, `snr_db` below it over the whole clip.

    The noise is the sound with its phases drawn at random, the usual masker of hearing research;
    the seed is made from the sound, so that a clip gets the same noise in every run. What is no
    sound stays as it is, as in `through_codec`.
    """
    if not _is_sound(sound):
        return sound
    rng = np.random.default_rng(zlib.crc32(sound.tobytes()))
    spectrum = np.fft.rfft(sound)
    turned = np.abs(spectrum) * np.exp(2j * np.pi * rng.random(len(spectrum)))
    noise = np.fft.irfft(turned, len(sound)) * 10 ** (-snr_db / 20)
    return (sound + noise).astype(np.float32)


def _is_sound(samples: Samples) -> bool:
    return len(samples) > 0 and bool(np.isfinite(samples).all())


CHANNELS: Mapping[str, ChannelEffect] = MappingProxyType(
    {
        "clean": lambda sound: sound,
        **{name: partial(through_codec, codec) for name, codec in _CODECS.items() if codec.is_here},
        "noise20": partial(with_noise, 20.0),
        "noise10": partial(with_noise, 10.0),
    }
)
"""By the name `--through` takes; codecs that this FFmpeg cannot encode are left out."""
MISSING = tuple(name for name, codec in _CODECS.items() if not codec.is_here)
"""Codecs that are left out."""
