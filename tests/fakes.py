"""Parts that tests put in place of devices."""

import threading
from collections.abc import Sequence

import numpy as np

from audio.devices.tap import Tap
from audio.errors import AudioError
from audio.ring import AudioRing
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, DeviceInfo, Samples
from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment


def chunks_of(
    channel: Channel, samples: Samples, rate: int = CALL_RATE, block: int = 800
) -> list[AudioChunk]:
    """`samples` cut into chunks of `block`, counted from call start."""
    return [
        AudioChunk(channel, start, rate, samples[start : start + block].astype(np.float32))
        for start in range(0, len(samples), block)
    ]


class Listed:
    """Devices of one kind that may only be listed, or not even that where there is an `error`."""

    def __init__(self, *there: DeviceInfo, error: AudioError | None = None) -> None:
        self.there = list(there)
        self.error = error

    def list(self) -> list[DeviceInfo]:
        if self.error:
            raise self.error
        return self.there

    def tap(self, device: DeviceInfo) -> Tap:
        raise AssertionError(f"{device.name} is tapped by the source of a call alone")


class ScriptedSource:
    """Pushes the given items from a thread of its own, then closes the ring with `error`.

    `hold` makes it wait after the last item until `stop`, as a live call does. `is_live` decides
    whether it waits for room; `pause_s` is how long it rests before each item.
    """

    def __init__(
        self,
        items: Sequence[AudioChunk | AudioGap],
        *,
        is_live: bool = False,
        error: Exception | None = None,
        hold: bool = False,
        name: str = "scripted",
        pause_s: float = 0.0,
    ) -> None:
        self.name = name
        self.is_live = is_live
        self.is_paced = is_live
        self._items = items
        self._error = error
        self._stopping = threading.Event()
        self._hold = hold
        self._pause_s = pause_s
        self._thread: threading.Thread | None = None
        self._ring: AudioRing | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(dict.fromkeys(item.channel for item in self._items))

    @property
    def duration_s(self) -> float | None:
        return None if self.is_live else max(item.end / item.rate for item in self._items)

    def start(self, ring: AudioRing) -> None:
        self._ring = ring
        self._thread = threading.Thread(target=self._push_all, args=(ring,), name="scripted-source")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._ring and self._thread:
            self._ring.close()
            self._thread.join()

    def _push_all(self, ring: AudioRing) -> None:
        for item in self._items:
            if self._stopping.wait(self._pause_s):
                break
            if self.is_live:
                ring.push(item)
            elif not ring.push_waiting(item):
                break
        if self._hold:
            self._stopping.wait()
        ring.close(self._error)


class Deaf:
    """A recognizer that hears nothing, and notes what became of it."""

    engine = EngineInfo("transcript", "deaf", "1")

    def __init__(self) -> None:
        self.heard: list[Segment] = []
        self.closed = 0

    def begin_call(self) -> None:
        pass

    def transcribe(self, segment: Segment) -> Rejection:
        self.heard.append(segment)
        return Rejection("nothing")

    def close(self) -> None:
        self.closed += 1
