"""Any rate to the rate of a call, without losing the time line."""

import numpy as np
import soxr

from audio.live.clock import MOST_BENT
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples

_NEARLY_S = 0.001
_SLEW = 1600
"""Output samples over which the rate is bent anew."""


class ChannelResampler:
    """Resamples one channel to `CALL_RATE`, on the thread that pushes.

    Output sample k is the sound at time k / `CALL_RATE`: soxr's filter delay shows only as sound
    that comes out later, never as a shift. Sound of a device is bent to the call's clock on the way.
    After a gap, a jump in `start` or a change of rate it starts anew at the index that `start` means.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._stream: _Steady | _Bent | None = None
        self._rate = 0
        self._next_in = 0
        self._next_out = 0

    def push(self, item: AudioChunk | AudioGap) -> list[AudioChunk | AudioGap]:
        """The sound that is ready, or what was pending and then the gap; all at `CALL_RATE`."""
        if isinstance(item, AudioGap):
            return self._skip(item)
        ready = []
        if self._stream is None or not self._goes_on(item):
            ready = self.flush()
            self._stream = _Steady(item.rate) if item.stretch is None else _Bent(item.rate)
            self._rate = item.rate
            self._next_out = max(self._next_out, _at_call_rate(item.start, item.rate))
        self._next_in = item.end
        return ready + self._emit(self._stream.resampled(item))

    def flush(self) -> list[AudioChunk | AudioGap]:
        """What the filter still holds; the next push starts anew."""
        if self._stream is None:
            return []
        rest = self._stream.rest()
        self._stream = None
        return self._emit(rest)

    def _skip(self, gap: AudioGap) -> list[AudioChunk | AudioGap]:
        ready = self.flush()
        start, end = self._next_out, _at_call_rate(gap.end, gap.rate)
        if end > start:
            ready.append(AudioGap(self._channel, start, end, CALL_RATE, gap.reason))
            self._next_out = end
        return ready

    def _goes_on(self, chunk: AudioChunk) -> bool:
        """Whether `chunk` follows the last one; stretched ones only nearly touch."""
        apart_s = abs(chunk.start - self._next_in) / chunk.rate
        return chunk.rate == self._rate and apart_s <= (_NEARLY_S if chunk.stretch else 0.0)

    def _emit(self, samples: Samples) -> list[AudioChunk | AudioGap]:
        if not len(samples):
            return []
        chunk = AudioChunk(self._channel, self._next_out, CALL_RATE, samples)
        self._next_out = chunk.end
        return [chunk]


class _Steady:
    """Sound without a clock of its own: a recording."""

    def __init__(self, rate: int) -> None:
        self._stream = soxr.ResampleStream(rate, CALL_RATE, 1, dtype="float32")

    def resampled(self, chunk: AudioChunk) -> Samples:
        return self._stream.resample_chunk(chunk.samples)

    def rest(self) -> Samples:
        return self._stream.resample_chunk(np.zeros(0, np.float32), last=True)


class _Bent:
    """Sound of a device, stretched a little so that it keeps to the call's clock."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._stretch: float | None = None
        highest = rate * (1 + 2 * MOST_BENT)
        self._stream = soxr.ResampleStream(highest, CALL_RATE, 1, dtype="float32", vr=True)
        self._stream.set_io_ratio(rate, CALL_RATE)

    def resampled(self, chunk: AudioChunk) -> Samples:
        if chunk.stretch and chunk.stretch != self._stretch:
            slew = _SLEW if self._stretch else 0
            self._stream.set_io_ratio(self._rate / chunk.stretch, CALL_RATE, slew)
            self._stretch = chunk.stretch
        return self._stream.resample_chunk(chunk.samples)

    def rest(self) -> Samples:
        return self._stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _at_call_rate(index: int, rate: int) -> int:
    return round(index * CALL_RATE / rate)
