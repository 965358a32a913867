"""Speech as the codecs of calls leave it: encoded and decoded again, with packets lost on the way.

For measuring and training the judges; no part of listening to a call. The codecs are the real ones:
FFmpeg's, as PyAV brings them, and the system's own libraries for what FFmpeg cannot encode
(`audio.system_codecs`).
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

import av
import numpy as np
import soxr
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples

Pcm = NDArray[np.int16]
"""Mono sound, shape (n,), 16 bits."""


@dataclass(frozen=True, slots=True)
class PacketLoss:
    """Packets lost in bursts: the two-state model of Gilbert (1960), where the bad state loses all.

    `share` of all packets is lost in the long run (0 to below 1), in bursts of `mean_burst` (>= 1)
    packets; the same `seed` loses the same packets.
    """

    share: float
    mean_burst: float
    seed: int

    def lost(self, packets: int) -> NDArray[np.bool_]:
        """Which of so many packets in a row are lost, shape (packets,)."""
        stays_bad = 1 - 1 / self.mean_burst
        turns_bad = min(1.0, self.share / (1 - self.share) / self.mean_burst)
        chances = np.random.default_rng(self.seed).random(packets)
        lost = np.zeros(packets, bool)
        bad = False
        for number, chance in enumerate(chances):
            bad = chance < (stays_bad if bad else turns_bad)
            lost[number] = bad
        return lost


class Codec(Protocol):
    """An encoder with its decoder."""

    @property
    def rate(self) -> int:
        """Hz of what it takes and gives."""
        ...

    @property
    def delay(self) -> int:
        """Samples at `rate` by which it comes out late."""
        ...

    @property
    def headroom(self) -> float:
        """Factor by which sound is turned down on its way: what would overdrive a coder that wraps."""
        ...

    @property
    def is_here(self) -> bool:
        """Whether this machine has it."""
        ...

    @property
    def conceals(self) -> bool:
        """Whether its decoder fills in for lost packets."""
        ...

    def round_trip(self, sound: Pcm, loss: PacketLoss | None = None) -> Samples:
        """`sound` (at `rate`) encoded and decoded, about as long, late by `delay`."""
        ...


def through_codec(
    codec: Codec, sound: Samples, loss: PacketLoss | None = None, quality: str = "HQ"
) -> Samples:
    """`sound` (at `CALL_RATE`) through `codec`, brought back to `CALL_RATE`, its length and its time.

    `quality` is soxr's, for the way to the codec's rate and back. What is no sound (no samples, or
    some that are no number) stays as it is, for whoever judges it to refuse. Raises `ValueError`
    for a loss where the codec does not conceal.
    """
    if loss and not codec.conceals:
        raise ValueError(f"{codec} does not conceal lost packets")
    if not is_sound(sound):
        return sound
    sent = soxr.resample(sound, CALL_RATE, codec.rate, quality) if codec.rate != CALL_RATE else sound
    tail = np.zeros(codec.delay + _tail(codec.rate, len(sent)), np.float32)
    scale = 32767 / codec.headroom
    pcm = (np.clip(np.concatenate([sent, tail]), -1, 1) * scale).astype(np.int16)
    back = codec.round_trip(pcm, loss)[codec.delay :] * codec.headroom
    heard = soxr.resample(back, codec.rate, CALL_RATE, quality) if codec.rate != CALL_RATE else back
    heard = heard[: len(sound)].astype(np.float32)
    return np.pad(heard, (0, len(sound) - len(heard)))


def is_sound(samples: Samples) -> bool:
    """Whether there are samples and every one is a number."""
    return len(samples) > 0 and bool(np.isfinite(samples).all())


def _tail(rate: int, samples: int) -> int:
    """Silence that fills the last frame and makes one more, so that no decoder keeps speech back.

    The longest frame here takes 64 ms (AAC at 16 kHz).
    """
    frame = rate * 64 // 1000
    return -samples % frame + frame


@dataclass(frozen=True, slots=True)
class Concealment:
    """How FFmpeg is made to conceal: the decoder that can, and what it is given for a lost packet."""

    decoder: str
    instead: Callable[[bytes], bytes]


OPUS_CONCEALMENT = Concealment("libopus", lambda packet: packet[:1])
"""A packet with its first byte alone has an empty frame, which libopus fills as if none had come."""
AMR_NB_CONCEALMENT = Concealment("libopencore_amrnb", lambda _: b"\x7c")
"""Frame type 15, no data (3GPP TS 26.101)."""


@dataclass(frozen=True, slots=True)
class FfmpegCodec:
    """An encoder as FFmpeg names it, its container, rate (Hz) and bit rate (bit/s; 0: only one).

    `demuxer` is the container's name for reading where it differs.
    """

    encoder: str
    container: str
    rate: int
    bit_rate: int = 0
    sample_format: str = "s16"
    options: Mapping[str, str] = field(default_factory=dict)
    delay: int = 0
    headroom: float = 1.0
    demuxer: str = ""
    concealment: Concealment | None = None

    @property
    def is_here(self) -> bool:
        """Whether the FFmpeg that PyAV brings has this encoder."""
        try:
            return av.Codec(self.encoder, "w").is_encoder
        except UnknownCodecError:
            return False

    @property
    def conceals(self) -> bool:
        return self.concealment is not None

    def round_trip(self, sound: Pcm, loss: PacketLoss | None = None) -> Samples:
        """As `Codec.round_trip`. Raises `av.FFmpegError` where this FFmpeg has not the encoder."""
        file, demuxer = io.BytesIO(self._encoded(sound)), self.demuxer or self.container
        if loss and self.concealment:
            decoder, instead = self.concealment.decoder, self.concealment.instead
            return decoded(file, demuxer, self.rate, decoder, instead, loss)
        return decoded(file, demuxer, self.rate)

    def _encoded(self, sound: Pcm) -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=self.container) as container:
            added = container.add_stream(self.encoder, self.rate, dict(self.options), layout="mono")
            stream = cast("AudioStream", added)
            if self.bit_rate:
                stream.bit_rate = self.bit_rate
            frame = AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
            frame.rate = self.rate
            fitted = av.AudioResampler(self.sample_format, "mono", self.rate, stream.frame_size or None)
            for ready in (*fitted.resample(frame), *fitted.resample(None)):
                container.mux(stream.encode(ready))
            container.mux(stream.encode(None))
        return file.getvalue()


def has_decoder(name: str) -> bool:
    """Whether the FFmpeg that PyAV brings has this decoder."""
    try:
        return av.Codec(name, "r").is_decoder
    except UnknownCodecError:
        return False


def decoded(
    file: io.BytesIO,
    demuxer: str,
    rate: int,
    decoder: str = "",
    instead: Callable[[bytes], bytes] = bytes,
    loss: PacketLoss | None = None,
) -> Samples:
    """The sound in `file` at `rate`, by FFmpeg's `decoder` (none: its first choice).

    With `loss`, the decoder gets `instead(packet)` for a lost packet.
    """
    with av.open(file, "r", format=demuxer, metadata_errors="ignore") as container:
        stream = container.streams.audio[0]
        context = stream.codec_context
        if decoder:
            context = cast("AudioCodecContext", av.CodecContext.create(decoder, "r"))
            context.extradata = stream.codec_context.extradata
        packets = [packet for packet in container.demux(stream) if packet.size]
        if loss:
            packets = [
                av.Packet(instead(bytes(packet))) if is_lost else packet
                for packet, is_lost in zip(packets, loss.lost(len(packets)), strict=True)
            ]
        fitted = av.AudioResampler("flt", "mono", rate)
        blocks = [
            block.to_ndarray()[0]
            for packet in (*packets, None)
            for frame in context.decode(packet)
            for block in fitted.resample(frame)
        ]
        blocks += [block.to_ndarray()[0] for block in fitted.resample(None)]
    return np.concatenate(blocks)


def opus(rate: int, bit_rate: int, effort: int = 10) -> FfmpegCodec:
    """Opus as internet calls use it, in packets of 20 ms; `effort` (0 to 10) is its complexity."""
    options = {"application": "voip", "compression_level": str(effort)}
    return FfmpegCodec("libopus", "ogg", rate, bit_rate, options=options, concealment=OPUS_CONCEALMENT)


def amr_nb(bit_rate: int) -> FfmpegCodec:
    """AMR narrow band, the codec of GSM and UMTS telephones."""
    return FfmpegCodec(
        "libopencore_amrnb", "amr", 8000, bit_rate, delay=38, concealment=AMR_NB_CONCEALMENT
    )


def mp3(bit_rate: int) -> FfmpegCodec:
    """MP3 at 16 kHz."""
    return FfmpegCodec("libmp3lame", "mp3", 16000, bit_rate, "s16p")


def aac(bit_rate: int) -> FfmpegCodec:
    """AAC at 16 kHz."""
    return FfmpegCodec("aac", "adts", 16000, bit_rate, "fltp", delay=1024, demuxer="aac")


def g726(bit_rate: int) -> FfmpegCodec:
    """G.726 ADPCM: cordless telephones (32 kbit/s) and trunks (24, 16)."""
    return FfmpegCodec("g726", "wav", 8000, bit_rate, headroom=2.0)


MU_LAW = FfmpegCodec("pcm_mulaw", "wav", 8000)
"""G.711 mu-law, 64 kbit/s."""
A_LAW = FfmpegCodec("pcm_alaw", "wav", 8000)
"""G.711 A-law, 64 kbit/s."""
G722 = FfmpegCodec("g722", "g722", 16000, delay=22)
"""G.722, 64 kbit/s: wide-band desk telephones."""
G723_1 = FfmpegCodec("g723_1", "wav", 8000, 6300, delay=60)
"""G.723.1, 6.3 kbit/s: old internet telephony."""
MSBC = FfmpegCodec("sbc", "sbc", 16000, options={"msbc": "1"}, delay=73)
"""mSBC, 60 kbit/s: Bluetooth headsets in a call (Hands-Free Profile)."""
IMA_ADPCM = FfmpegCodec("adpcm_ima_wav", "wav", 8000, sample_format="s16p")
"""IMA ADPCM, 32 kbit/s: recorders and voice mail."""
