"""Any rate to the rate of a call, without losing the time line."""

import numpy as np
import soxr

from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel


class ChannelResampler:
    """Resamples one channel to `CALL_RATE`, on the thread that pushes.

    Output sample k is the sound at time k / `CALL_RATE`: soxr's filter delay shows only as sound
    that comes out later, never as a shift. After a gap, a jump in `start` or a change of rate it
    starts anew at the index that `start` means.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._stream: soxr.ResampleStream | None = None
        self._rate = 0
        self._next_in = 0
        self._next_out = 0

    def push(self, item: AudioChunk | AudioGap) -> list[AudioChunk | AudioGap]:
        """The sound that is ready, or what was pending and then the gap; all at `CALL_RATE`."""
        if isinstance(item, AudioGap):
            return self._skip(item)
        ready = []
        if self._stream is None or item.rate != self._rate or item.start != self._next_in:
            ready = self.flush()
            self._stream = soxr.ResampleStream(item.rate, CALL_RATE, 1, dtype="float32")
            self._rate = item.rate
            self._next_out = max(self._next_out, _at_call_rate(item.start, item.rate))
        self._next_in = item.end
        return ready + self._emit(self._stream.resample_chunk(item.samples))

    def flush(self) -> list[AudioChunk | AudioGap]:
        """What the filter still holds; the next push starts anew."""
        if self._stream is None:
            return []
        rest = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        self._stream = None
        return self._emit(rest)

    def _skip(self, gap: AudioGap) -> list[AudioChunk | AudioGap]:
        ready = self.flush()
        start, end = self._next_out, _at_call_rate(gap.end, gap.rate)
        if end > start:
            ready.append(AudioGap(self._channel, start, end, CALL_RATE, gap.reason))
            self._next_out = end
        return ready

    def _emit(self, samples: np.ndarray) -> list[AudioChunk | AudioGap]:
        if not len(samples):
            return []
        chunk = AudioChunk(self._channel, self._next_out, CALL_RATE, samples)
        self._next_out = chunk.end
        return [chunk]


def _at_call_rate(index: int, rate: int) -> int:
    return round(index * CALL_RATE / rate)
