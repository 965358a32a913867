"""A recording on disk as blocks of samples, through libav (PyAV). No exception of libav escapes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from audio.errors import AudioError

BLOCK_S = 0.05
_SHORTFALL_S = 0.5
"""Seconds by which a recording may be shorter than its header says: encoders round and pad."""

_JUMP_S = 0.02
"""Seconds by which the file's own clock must run ahead of the samples to mean that some are missing."""

_STATES_LENGTH = {"flac", "mov,mp4,m4a,3gp,3g2,mj2", "aiff"}
"""Formats whose header holds the exact length; an MP3 does where its encoder left a header."""

_REFUSE_BAD_CHECKSUMS = {"err_detect": "crccheck+explode"}
"""Without this a damaged FLAC frame comes out as noise."""

_OGG_PAGE = 65_307
"""Bytes of the largest possible Ogg page."""

_RIFF_UNKNOWN = 0x7FFF_F000
"""RIFF sizes from here on are what programs write that stream WAV to a pipe."""


@dataclass(frozen=True, slots=True)
class Block:
    """Decoded sound from sample `start`; `samples` has shape (channels, n), full scale +-1.0."""

    start: int
    samples: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Damage:
    """Samples `start` to `end` are missing from the recording or could not be decoded."""

    start: int
    end: int


class Recording:
    """A file that holds sound that can be decoded. `rate` is in Hz.

    Construction opens the file and decodes its first frame. Raises `AudioError` where that fails.
    """

    def __init__(self, path: Path) -> None:
        _require_file(path)
        self.path = path
        with _opened(path) as (container, stream):
            first = next((frame for frame in _frames(container, stream) if frame), None)
            if first is None:
                raise AudioError(f"{path} holds no sound: check that it was recorded and saved in full.")
            self.rate = first.sample_rate
            self.channels = len(first.layout.channels)
            self.duration_s = float(container.duration / av.time_base) if container.duration else None
            self._stated_s = _stated_duration_s(path, container, stream)
            self._ends_properly = container.format.name != "ogg" or _ends_ogg_stream(path)

    def blocks(self) -> Iterator[Block | Damage]:
        """The whole recording in order, in blocks of `BLOCK_S` seconds; memory use does not grow.

        Raises `AudioError` at the end, after everything that could be decoded, where the recording is
        cut off, and where it changes its rate or channels on the way.
        """
        with _opened(self.path) as (container, stream):
            cutter = _Cutter(self.rate)
            origin: Fraction | None = None
            cut_off = False
            for frame in _frames(container, stream):
                cut_off = frame is None
                if frame is None:
                    continue
                self._require_same_format(frame, cutter.taken)
                origin = _time(frame) if origin is None else origin
                here = round((_time(frame) - origin) * self.rate)
                if here - cutter.taken > _JUMP_S * self.rate:
                    yield from cutter.flush()
                    yield Damage(cutter.taken, here)
                    cutter = _Cutter(self.rate, here)
                yield from cutter.push(frame)
            yield from cutter.flush()
        self._require_whole(cutter.taken / self.rate, cut_off)

    def _require_same_format(self, frame: AudioFrame, at: int) -> None:
        if frame.sample_rate != self.rate or len(frame.layout.channels) != self.channels:
            raise AudioError(
                f"{self.path} changes its sample rate or channels after {at / self.rate:.1f} s: "
                "only the part before was analysed; convert it to one format throughout."
            )

    def _require_whole(self, decoded_s: float, cut_off: bool) -> None:
        short = self._stated_s is not None and self._stated_s - decoded_s > _SHORTFALL_S
        if cut_off or short or not self._ends_properly:
            of = f" of {self._stated_s:.1f} s" if self._stated_s else ""
            raise AudioError(
                f"{self.path} is cut off or damaged: only {decoded_s:.1f} s{of} could be read and "
                "analysed; get a complete copy of the recording."
            )


class _Cutter:
    """Cuts frames of any size and sample format into blocks. `taken` counts samples since the start."""

    def __init__(self, rate: int, start: int = 0) -> None:
        self.taken = start
        self._at = start
        self._resampler = AudioResampler(format="fltp", frame_size=round(BLOCK_S * rate))

    def push(self, frame: AudioFrame) -> Iterator[Block]:
        self.taken += frame.samples
        return self._blocks(frame)

    def flush(self) -> Iterator[Block]:
        return self._blocks(None)

    def _blocks(self, frame: AudioFrame | None) -> Iterator[Block]:
        for cut in self._resampler.resample(frame):
            samples = cut.to_ndarray().astype(np.float32, copy=False)
            yield Block(self._at, samples)
            self._at += samples.shape[1]


def _require_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder: name a recording in it.")
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioError(f"{path} is empty: export or copy the recording again.")
    except FileNotFoundError:
        raise AudioError(f"{path} was not found: check the name and the folder.") from None
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise AudioError(f"{path} could not be read ({reason}): check its permissions.") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The file's container and its first audio stream. Playlists may not lead to the network."""
    options = {"protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except FFmpegError as error:
        raise AudioError(
            f"{path} is not a recording that can be read, or only part of one: "
            "use a complete WAV, FLAC, MP3, M4A or Ogg file."
        ) from error
    with container:
        if not container.streams.audio:
            raise AudioError(f"{path} has no sound in it: use a recording of the call's audio.")
        stream = container.streams.audio[0]
        if stream.codec_context.name == f"pcm_{container.format.name}":
            raise AudioError(f"{path} holds bare samples and does not say their rate: save it as WAV.")
        if stream.codec_context.name == "flac":
            stream.codec_context.options = _REFUSE_BAD_CHECKSUMS
        yield container, stream


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame | None]:
    """Every frame in order, and None wherever a packet could not be read or decoded."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except FFmpegError:
                yield None
    except FFmpegError:
        yield None


def _time(frame: AudioFrame) -> Fraction:
    """Seconds from the start of the file's own clock."""
    return Fraction(frame.pts or 0) * (frame.time_base or 0)


def _stated_duration_s(path: Path, container: InputContainer, stream: AudioStream) -> float | None:
    """Length by the file's header, None where it holds none or libav only estimated it."""
    if not stream.duration or not stream.time_base:
        return None
    name = container.format.name
    found_s = float(stream.duration * stream.time_base)
    if name == "wav":
        missing = _riff_bytes_missing(path)
        return found_s + missing * 8 / container.bit_rate if missing and container.bit_rate else None
    by_encoder = name == "mp3" and stream.start_time
    return found_s if name in _STATES_LENGTH or by_encoder else None


def _riff_bytes_missing(path: Path) -> int:
    """Bytes by which a RIFF file is shorter than it says; libav trims its length to what is there."""
    with path.open("rb") as file:
        header = file.read(8)
    stated = int.from_bytes(header[4:8], "little")
    if header[:4] != b"RIFF" or stated >= _RIFF_UNKNOWN:
        return 0
    return max(0, stated + 8 - path.stat().st_size)


def _ends_ogg_stream(path: Path) -> bool:
    """Whether the last page is marked as the stream's end (RFC 3533, section 6)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OGG_PAGE))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return page >= 0 and len(tail) > page + 5 and bool(tail[page + 5] & 0x04)
