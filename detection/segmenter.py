"""Chunks to segments: where one channel's speech starts and ends."""

from dataclasses import dataclass

import numpy as np

from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel
from detection.types import Segment
from detection.vad import WINDOW, VadStream, frame

_QUIET = 0.15
"""Probability below which a window is not even nearly speech."""


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """Seconds and probabilities that decide where speech is cut."""

    on: float = 0.3
    """Probability from which a window is speech; the usual 0.5 loses words on the telephone."""
    off: float = 0.2
    """Probability below which a window inside speech is silence; noise alone stays below 0.15."""
    min_silence_s: float = 0.45
    """Silence that ends a segment."""
    min_speech_s: float = 0.2
    """Speech a segment needs; a click has less."""
    max_segment_s: float = 12.0
    """Longest segment; longer speech is cut at its quietest window of the last third."""
    pad_s: float = 0.2
    """Sound kept before the first and after the last speech window."""
    idle_s: float = 10.0
    """Quiet after which voice activity starts anew: its network's memory wanders while nobody speaks,
    and after two minutes of hum it misses most of what is said next. Sooner, babble counts as speech."""


class Segmenter:
    """Cuts one channel. Fed by the pump thread in time order with sound at `CALL_RATE`."""

    def __init__(
        self, channel: Channel, vad: VadStream, settings: SegmenterSettings | None = None
    ) -> None:
        settings = settings or SegmenterSettings()
        self._channel = channel
        self._vad = vad
        self._settings = settings
        self._min_silence = _windows(settings.min_silence_s)
        self._min_speech = _windows(settings.min_speech_s)
        self._max_segment = _windows(settings.max_segment_s)
        self._pad = _windows(settings.pad_s)
        self._idle = _windows(settings.idle_s)
        self._restart(0)

    @property
    def settled(self) -> int:
        """Sample index before which no further segment will start."""
        return self._buffer_start

    @property
    def open(self) -> Segment | None:
        """What would be cut if the speech that goes on had ended; None where there is none."""
        count = self._without_silence
        if not self._in_speech or not self._is_enough(count):
            return None
        return self._segment(count)

    @property
    def in_speech(self) -> bool:
        """True while someone speaks."""
        return self._in_speech and not self._silence

    @property
    def pauses(self) -> bool:
        """True where `open` will be cut just as it is, unless the silence after it ends too soon."""
        return self._in_speech and self._silence >= self._pad

    def push(self, chunk: AudioChunk) -> list[Segment]:
        """Take in the next sound; the segments that ended with it."""
        ended = []
        if chunk.start != self._next:
            ended += self.flush()
            self._restart(chunk.start)
        self._next = chunk.end
        windows, self._rest = frame(np.concatenate([self._rest, chunk.samples]))
        while len(windows):
            next_windows, windows = np.split(windows, [self._idle - self._quiet])
            probabilities = self._vad.probabilities(next_windows)
            for window, probability in zip(next_windows, probabilities, strict=True):
                ended += self._take(window, float(probability))
            if self._quiet >= self._idle:
                self._vad.reset()
                self._quiet = 0
        return ended

    def skip(self, gap: AudioGap) -> list[Segment]:
        """End what was open at a gap and go on after it."""
        ended = self.flush()
        self._restart(gap.end)
        return ended

    def flush(self) -> list[Segment]:
        """End what is open; nothing more comes before a `push` or `skip` that starts anew."""
        ended = self._cut(len(self._windows)) if self._in_speech else []
        self._restart(self._next)
        return ended

    def _restart(self, start: int) -> None:
        self._next = start
        self._buffer_start = start
        self._rest = np.zeros(0, np.float32)
        self._windows: list[np.ndarray] = []
        self._probabilities: list[float] = []
        self._in_speech = False
        self._silence = 0
        self._quiet = 0
        self._vad.reset()

    def _take(self, window: np.ndarray, probability: float) -> list[Segment]:
        self._windows.append(window)
        self._probabilities.append(probability)
        self._quiet = 0 if probability >= _QUIET else self._quiet + 1
        if not self._in_speech:
            if probability >= self._settings.on:
                self._in_speech = True
                self._silence = 0
            else:
                self._drop(len(self._windows) - self._pad)
            return []
        self._silence = self._silence + 1 if probability < self._settings.off else 0
        if self._silence >= self._min_silence:
            ended = self._cut(self._without_silence)
            self._in_speech = False
            self._drop(len(self._windows) - self._pad)
            return ended
        if len(self._windows) >= self._max_segment:
            earliest = self._max_segment * 2 // 3
            quietest = earliest + int(np.argmin(self._probabilities[earliest:]))
            return self._cut(quietest + 1)
        return []

    def _cut(self, count: int) -> list[Segment]:
        ended = [self._segment(count)] if self._is_enough(count) else []
        self._drop(count)
        return ended

    def _segment(self, count: int) -> Segment:
        samples = np.concatenate(self._windows[:count])
        start = self._buffer_start
        return Segment(self._channel, start, start + len(samples), samples)

    @property
    def _without_silence(self) -> int:
        """How many windows are kept where the silence after the last speech is cut off."""
        return len(self._windows) - max(0, self._silence - self._pad)

    def _is_enough(self, count: int) -> bool:
        """Whether the first `count` windows hold the speech that a segment needs."""
        speech = sum(p >= self._settings.on for p in self._probabilities[:count])
        return speech >= self._min_speech

    def _drop(self, count: int) -> None:
        if count > 0:
            del self._windows[:count]
            del self._probabilities[:count]
            self._buffer_start += count * WINDOW


def _windows(seconds: float) -> int:
    return max(1, round(seconds * CALL_RATE / WINDOW))
