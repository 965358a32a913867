"""What carries a call's voice, for measuring a judge: real codecs, packets lost, noise."""

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from audio.codecs import (
    A_LAW,
    G722,
    MSBC,
    MU_LAW,
    Codec,
    PacketLoss,
    amr_nb,
    g726,
    is_sound,
    mp3,
    opus,
    through_codec,
)
from audio.system_codecs import AmrWb, Gsm, Speex
from audio.types import Samples

ChannelEffect = Callable[[Samples], Samples]
"""Sound at `CALL_RATE` in, the same sound at `CALL_RATE` as it arrives out."""

_CODECS: dict[str, Codec] = {
    "g711": MU_LAW,
    "g711a": A_LAW,
    "g722": G722,
    "g726": g726(32000),
    "gsm": Gsm(),
    "amr-nb": amr_nb(12200),
    "amr-wb": AmrWb(12650),
    "speex": Speex(8000, 6),
    "opus12": opus(16000, 12000),
    "opus24": opus(16000, 24000),
    "msbc": MSBC,
    "mp3": mp3(32000),
}
_LOSSY: dict[str, Codec] = {"opus12-loss10": opus(16000, 12000), "amr-nb-loss10": amr_nb(12200)}
_LOST_SHARE, _MEAN_BURST = 0.1, 2.0


def lossy(codec: Codec, sound: Samples) -> Samples:
    """`sound` through `codec` with 10 % of the packets lost, two at a time on average, and concealed."""
    return through_codec(codec, sound, PacketLoss(_LOST_SHARE, _MEAN_BURST, seed_of(sound)))


def with_noise(snr_db: float, sound: Samples) -> Samples:
    """`sound` in steady noise of its own long-term spectrum, `snr_db` below it over the whole clip.

    The noise is the sound with its phases drawn at random, the usual masker of hearing research;
    the seed is made from the sound, so that a clip gets the same noise in every run. What is no
    sound stays as it is, as in `through_codec`.
    """
    if not is_sound(sound):
        return sound
    rng = np.random.default_rng(seed_of(sound))
    spectrum = np.fft.rfft(sound)
    turned = np.abs(spectrum) * np.exp(2j * np.pi * rng.random(len(spectrum)))
    noise = np.fft.irfft(turned, len(sound)) * 10 ** (-snr_db / 20)
    return (sound + noise).astype(np.float32)


def seed_of(sound: Samples) -> int:
    """The same for the same sound: chance that every run repeats."""
    return zlib.crc32(sound.tobytes())


CHANNELS: Mapping[str, ChannelEffect] = MappingProxyType(
    {
        "clean": lambda sound: sound,
        **{name: partial(through_codec, codec) for name, codec in _CODECS.items() if codec.is_here},
        **{name: partial(lossy, codec) for name, codec in _LOSSY.items() if codec.is_here},
        "noise20": partial(with_noise, 20.0),
        "noise10": partial(with_noise, 10.0),
        "noise5": partial(with_noise, 5.0),
    }
)
"""By the name `--through` takes; codecs that this machine has not are left out."""
MISSING = tuple(name for name, codec in {**_CODECS, **_LOSSY}.items() if not codec.is_here)
"""Codecs that are left out."""
