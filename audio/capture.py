"""Live sound from the devices of this machine."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from audio.devices import load_sounddevice
from audio.errors import AudioError
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel, DeviceInfo

_OVERFLOW = "the sound device delivered faster than it was read"
_LATE = "the device had not started yet"


class DeviceSource:
    """One input device per channel, each opened with one channel at its own rate.

    Index 0 of every channel is when the first of the devices delivered its first sample; a device that
    starts later begins with a gap. The devices' clocks are not corrected against each other.
    """

    def __init__(self, devices: Mapping[Channel, DeviceInfo]) -> None:
        self._devices = dict(devices)
        self._taps: list[_Tap] = []
        self._lock = threading.Lock()
        self._ring: AudioRing | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._devices)

    @property
    def name(self) -> str:
        return ", ".join(f"{device.name} ({channel})" for channel, device in self._devices.items())

    @property
    def duration_s(self) -> float | None:
        return None

    @property
    def is_live(self) -> bool:
        return True

    @property
    def is_paced(self) -> bool:
        return True

    @property
    def overflows(self) -> int:
        """How often a device reported that sound was lost before it was read."""
        return sum(tap.overflows for tap in self._taps)

    def start(self, ring: AudioRing) -> None:
        """Open every device and push into `ring` from PortAudio's threads.

        Raises `AudioError` where a device cannot be opened; then none is left open. A device that
        disappears later closes the ring with an `AudioError`.
        """
        self._ring = ring
        origin = _Origin()
        try:
            for channel, device in self._devices.items():
                tap = _Tap(channel, device, ring, origin)
                self._taps.append(tap)
                tap.start()
        except AudioError as error:
            ring.close(error)
            self.stop()
            raise

    def stop(self) -> None:
        """Stop and close every device, then the ring."""
        with self._lock:
            for tap in self._taps:
                tap.close()
            if self._ring:
                self._ring.close()


class _Origin:
    """When the call began: `time.monotonic()` of the first sample that any device delivered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None

    def since(self, moment: float) -> float:
        """Seconds from the call's begin to `moment`; the first to ask sets the begin."""
        with self._lock:
            if self._began is None:
                self._began = moment
            return moment - self._began


class _Tap:
    """One open device that pushes one channel."""

    def __init__(self, channel: Channel, device: DeviceInfo, ring: AudioRing, origin: _Origin) -> None:
        self.overflows = 0
        self._channel = channel
        self._device = device
        self._ring = ring
        self._origin = origin
        self._rate = device.default_rate
        self._next: int | None = None
        self._closing = False
        with _open_errors(device):
            self._stream = load_sounddevice().InputStream(
                samplerate=self._rate,
                device=device.index,
                channels=1,
                dtype="float32",
                latency="low",
                callback=self._on_sound,
                finished_callback=self._on_finished,
            )

    def start(self) -> None:
        """Begin delivering. Raises `AudioError`."""
        with _open_errors(self._device):
            self._stream.start()

    def close(self) -> None:
        """Stop delivering; returns when no callback runs any more."""
        self._closing = True
        self._stream.close()

    def _on_sound(self, block: np.ndarray, frames: int, _times: Any, status: Any) -> None:  # noqa: ANN401
        """Runs on PortAudio's thread: copy, push, return. The block's memory is PortAudio's."""
        elapsed_s = self._origin.since(time.monotonic() - frames / self._rate)
        here = max(0, round(elapsed_s * self._rate))
        if self._next is None:
            self._next = 0
            self._lose_until(here, _LATE)
        elif status.input_overflow:
            self.overflows += 1
            self._lose_until(max(here, self._next + 1), _OVERFLOW)
        chunk = AudioChunk(self._channel, self._next, self._rate, block[:, 0].copy())
        self._next = chunk.end
        self._ring.push(chunk)

    def _lose_until(self, here: int, reason: str) -> None:
        if self._next is not None and here > self._next:
            self._ring.push(AudioGap(self._channel, self._next, here, self._rate, reason))
            self._next = here

    def _on_finished(self) -> None:
        if not self._closing:
            self._ring.close(
                AudioError(
                    f"{self._device.name} stopped delivering sound: connect it again and start anew."
                )
            )


@contextmanager
def _open_errors(device: DeviceInfo) -> Iterator[None]:
    try:
        yield
    except (load_sounddevice().PortAudioError, ValueError) as error:
        raise AudioError(
            f"{device.name} could not be opened ({error}): check that it is connected and that "
            "no other program keeps it for itself."
        ) from error
