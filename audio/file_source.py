"""A recording as a source of sound."""

import threading
import time
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audio.decoder import Block, Damage, Recording
from audio.errors import AudioError
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel

Caller: TypeAlias = Literal["left", "right", "mono"]
"""Where in the recording the caller is: on one side of two, or in everything mixed to one."""

_MISSING = "missing from the recording"
_STEREO = 2


class FileSource:
    """Decodes a recording in a thread of its own; the ring's back-pressure keeps memory flat.

    With one channel, that is the caller. With two, the caller is on the left and the agent on the
    right unless `caller` says otherwise. `realtime` gives the sound out no faster than it was spoken.
    Construction opens and checks the file. Raises `AudioError` where it cannot be used.
    """

    def __init__(self, path: Path, caller: Caller | None = None, realtime: bool = False) -> None:
        self._recording = Recording(path)
        self._caller = _resolve_caller(self._recording, caller)
        self._realtime = realtime
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._ring: AudioRing | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return (Channel.CALLER,) if self._caller == "mono" else (Channel.CALLER, Channel.AGENT)

    @property
    def name(self) -> str:
        return self._recording.path.name

    @property
    def duration_s(self) -> float | None:
        return self._recording.duration_s

    @property
    def is_live(self) -> bool:
        return False

    @property
    def is_paced(self) -> bool:
        return self._realtime

    def start(self, ring: AudioRing) -> None:
        """Begin decoding into `ring`, which is closed with an `AudioError` where the file is cut off."""
        self._ring = ring
        self._thread = threading.Thread(target=self._decode, args=(ring,), name="earwitness-file")
        self._thread.start()

    def stop(self) -> None:
        """End the decoding thread and close the ring."""
        self._stopping.set()
        if self._ring and self._thread:
            self._ring.close()
            self._thread.join()

    def _decode(self, ring: AudioRing) -> None:
        error: Exception | None = None
        try:
            self._push_all(ring)
        except AudioError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            error = AudioError(f"{self._recording.path} could not be read to its end ({caught}).")
            error.__cause__ = caught
        finally:
            ring.close(error)

    def _push_all(self, ring: AudioRing) -> None:
        began = time.monotonic()
        for part in self._recording.blocks():
            items = self._items(part)
            if self._realtime:
                spoken = began + items[0].end / self._recording.rate
                self._stopping.wait(max(0.0, spoken - time.monotonic()))
            if self._stopping.is_set() or not all(ring.push_waiting(item) for item in items):
                return

    def _items(self, part: Block | Damage) -> list[AudioChunk | AudioGap]:
        rate = self._recording.rate
        if isinstance(part, Damage):
            return [AudioGap(channel, part.start, part.end, rate, _MISSING) for channel in self.channels]
        return [
            AudioChunk(channel, part.start, rate, samples)
            for channel, samples in zip(self.channels, self._sides(part.samples), strict=True)
        ]

    def _sides(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """What each channel hears of a block, in the order of `channels`."""
        if self._caller == "mono":
            return [samples.mean(axis=0)]
        left, right = samples
        return [left, right] if self._caller == "left" else [right, left]


def _resolve_caller(recording: Recording, caller: Caller | None) -> Caller:
    if recording.channels > _STEREO:
        raise AudioError(
            f"{recording.path} has {recording.channels} channels; Earwitness needs one or two: "
            "mix it down, or export each side of the call."
        )
    if recording.channels == 1 and caller in ("left", "right"):
        raise AudioError(f"{recording.path} has one channel and no {caller} side: choose mono.")
    return caller or ("left" if recording.channels == _STEREO else "mono")
