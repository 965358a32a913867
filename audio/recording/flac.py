"""Sound as FLAC (RFC 9639), one whole frame at a time, by the encoder that PyAV brings."""

from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples

_MARK = b"fLaC\x80\x00\x00\x22"
"""What begins a file whose only metadata block is STREAMINFO, of 34 bytes (RFC 9639, section 8)."""

_FULL_SCALE = 32768


class FlacEncoder:
    """Encodes one mono channel at `CALL_RATE` to 16 bits without loss.

    A file is `header`, then all that `encode` and `finish` gave. It can be played at any time, whatever
    is still to come; once the `header` of after `finish` takes the place of the first one, it also
    says how long the file is and what the MD5 of its samples is. Not thread-safe.
    """

    def __init__(self) -> None:
        self._codec = cast("AudioCodecContext", av.CodecContext.create("flac", "w"))
        self._codec.sample_rate = CALL_RATE
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.open()
        self._info = self._codec.extradata or b""
        self._pending = np.zeros(0, np.int16)

    @property
    def block(self) -> int:
        """Samples in a frame: `encode` holds back fewer than that."""
        return self._codec.frame_size

    @property
    def header(self) -> bytes:
        """The start of the file, always of the same length."""
        return _MARK + self._info

    def encode(self, samples: Samples) -> bytes:
        """The frames that `samples`, shape (n,), fill up. What is no number becomes silence."""
        pending = np.concatenate([self._pending, _pcm(samples)])
        whole = len(pending) - len(pending) % self.block
        self._pending = pending[whole:].copy()
        return b"".join(
            self._frames(pending[at : at + self.block]) for at in range(0, whole, self.block)
        )

    def finish(self) -> bytes:
        """The last frame, which may be short; nothing can be encoded after it."""
        last = self._frames(self._pending) if len(self._pending) else b""
        packets = self._codec.encode(None)
        # The codec's own extradata holds a wrong MD5 by now: being drained twice, it adds the end twice.
        self._info = bytes(packets[-1].get_sidedata("new_extradata"))
        return last + b"".join(bytes(packet) for packet in packets)

    def _frames(self, pcm: NDArray[np.int16]) -> bytes:
        frame = AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.rate = CALL_RATE
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


def _pcm(samples: Samples) -> NDArray[np.int16]:
    """16 bits by rounding, so that what was 16 bits before is the same again."""
    scaled = np.rint(np.clip(np.nan_to_num(samples), -1, 1) * _FULL_SCALE)
    return np.minimum(scaled, _FULL_SCALE - 1).astype(np.int16)
