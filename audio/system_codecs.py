"""Speech codecs that FFmpeg decodes but cannot encode, by the system's own libraries.

Debian's packages: libgsm1, libspeex1, libvo-amrwbenc0. Where a library is not there, `is_here` is
false and `round_trip` raises `OSError`.
"""

import ctypes
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np

from audio.codecs import PacketLoss, Pcm, decoded, has_decoder
from audio.types import Samples

_LONGEST_PACKET = 2000
"""Bytes; these libraries write at most 106."""


@cache
def _library(name: str) -> ctypes.CDLL:
    """Raises `OSError` where the system has no library of that name."""
    return ctypes.CDLL(name)


def _is_here(name: str) -> bool:
    try:
        _library(name)
    except OSError:
        return False
    return True


def _frames(sound: Pcm, size: int) -> Iterator[Pcm]:
    """`sound` in frames of `size`, the last filled with silence."""
    return iter(np.pad(sound, (0, -len(sound) % size)).reshape(-1, size))


def _pointer(frame: Pcm) -> ctypes.c_void_p:
    return frame.ctypes.data_as(ctypes.c_void_p)


@contextmanager
def _state(made: int | None, destroy: Callable[[ctypes.c_void_p], object]) -> Iterator[ctypes.c_void_p]:
    """The coder at the address `made`, destroyed at the end. Raises `MemoryError` without one."""
    if not made:
        raise MemoryError("a speech coder could not be made")
    state = ctypes.c_void_p(made)
    try:
        yield state
    finally:
        destroy(state)


@dataclass(frozen=True, slots=True)
class Gsm:
    """GSM 06.10 full rate, 13 kbit/s, by libgsm; decoded by FFmpeg."""

    rate: int = 8000
    delay: int = 0
    headroom: float = 1.0
    conceals: bool = False

    @property
    def is_here(self) -> bool:
        return _is_here("libgsm.so.1")

    def round_trip(self, sound: Pcm, loss: PacketLoss | None = None) -> Samples:  # noqa: ARG002
        """As `Codec.round_trip`."""
        gsm = _library("libgsm.so.1")
        gsm.gsm_create.restype = ctypes.c_void_p
        packet = ctypes.create_string_buffer(33)
        packets = bytearray()
        with _state(gsm.gsm_create(), gsm.gsm_destroy) as encoder:
            for frame in _frames(sound, 160):
                gsm.gsm_encode(encoder, _pointer(frame), packet)
                packets += packet.raw
        return decoded(io.BytesIO(packets), "gsm", self.rate)


AMR_WB_BIT_RATES = (6600, 8850, 12650, 14250, 15850, 18250, 19850, 23050, 23850)
_AMR_WB_DECODER = "libopencore_amrwb"


@dataclass(frozen=True, slots=True)
class AmrWb:
    """AMR wide band ("HD voice") at one of `AMR_WB_BIT_RATES`, by vo-amrwbenc.

    Decoded by opencore-amr, as FFmpeg's own decoder lets steady sounds fade; it mutes lost packets,
    which is not counted as concealing.
    """

    bit_rate: int
    rate: int = 16000
    delay: int = 95
    headroom: float = 2.0
    conceals: bool = False

    @property
    def is_here(self) -> bool:
        return _is_here("libvo-amrwbenc.so.0") and has_decoder(_AMR_WB_DECODER)

    def round_trip(self, sound: Pcm, loss: PacketLoss | None = None) -> Samples:  # noqa: ARG002
        """As `Codec.round_trip`."""
        amr = _library("libvo-amrwbenc.so.0")
        amr.E_IF_init.restype = ctypes.c_void_p
        packet = ctypes.create_string_buffer(_LONGEST_PACKET)
        file = bytearray(b"#!AMR-WB\n")
        with _state(amr.E_IF_init(), amr.E_IF_exit) as encoder:
            mode = AMR_WB_BIT_RATES.index(self.bit_rate)
            for frame in _frames(sound, 320):
                size = amr.E_IF_encode(encoder, mode, _pointer(frame), packet, 0)
                file += packet.raw[:size]
        return decoded(io.BytesIO(file), "amr", self.rate, _AMR_WB_DECODER)


class _SpeexBits(ctypes.Structure):
    """`SpeexBits` of speex/speex_bits.h."""

    _fields_ = (
        ("chars", ctypes.c_void_p),
        ("bit_count", ctypes.c_int),
        ("char_at", ctypes.c_int),
        ("bit_at", ctypes.c_int),
        ("owner", ctypes.c_int),
        ("overflow", ctypes.c_int),
        ("size", ctypes.c_int),
        ("reserved1", ctypes.c_int),
        ("reserved2", ctypes.c_void_p),
    )


_SPEEX_SET_QUALITY = 4
_SPEEX_MODES = {8000: (0, 78), 16000: (1, 222)}
"""By rate (Hz): number of the mode, and samples of delay by look-ahead and filter banks (measured)."""


@dataclass(frozen=True, slots=True)
class Speex:
    """Speex at 8 or 16 kHz, `quality` 0 to 10, by libspeex; it conceals lost packets itself."""

    rate: int
    quality: int
    headroom: float = 1.0
    conceals: bool = True

    @property
    def delay(self) -> int:
        return _SPEEX_MODES[self.rate][1]

    @property
    def is_here(self) -> bool:
        return _is_here("libspeex.so.1")

    def round_trip(self, sound: Pcm, loss: PacketLoss | None = None) -> Samples:
        """As `Codec.round_trip`."""
        speex = _library("libspeex.so.1")
        for function in (speex.speex_lib_get_mode, speex.speex_encoder_init, speex.speex_decoder_init):
            function.restype = ctypes.c_void_p
        mode = ctypes.c_void_p(speex.speex_lib_get_mode(_SPEEX_MODES[self.rate][0]))
        size = self.rate // 50
        frames = list(_frames(sound, size))
        lost = loss.lost(len(frames)) if loss else np.zeros(len(frames), bool)
        heard = np.zeros((len(frames), size), np.int16)
        bits = _SpeexBits()
        speex.speex_bits_init(ctypes.byref(bits))
        with (
            _state(speex.speex_encoder_init(mode), speex.speex_encoder_destroy) as encoder,
            _state(speex.speex_decoder_init(mode), speex.speex_decoder_destroy) as decoder,
        ):
            quality = ctypes.c_int(self.quality)
            speex.speex_encoder_ctl(encoder, _SPEEX_SET_QUALITY, ctypes.byref(quality))
            for frame, out, is_lost in zip(frames, heard, lost, strict=True):
                speex.speex_bits_reset(ctypes.byref(bits))
                speex.speex_encode_int(encoder, _pointer(frame), ctypes.byref(bits))
                speex.speex_bits_rewind(ctypes.byref(bits))
                speex.speex_decode_int(decoder, None if is_lost else ctypes.byref(bits), _pointer(out))
        speex.speex_bits_destroy(ctypes.byref(bits))
        return (heard.ravel() / 32768).astype(np.float32)
