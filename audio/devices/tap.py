"""What each system's way of listening to a device looks like to the rest of the program."""

from collections.abc import Callable
from typing import Protocol

from audio.errors import AudioError
from audio.types import DeviceInfo, Samples

Hear = Callable[[Samples, float, bool], None]
"""Given the next block, shape (n,), which the tap does not touch again; when its last sample was
delivered (seconds of `audio.live.clock.now_s`); and whether sound was lost before it. Called on the
tap's own thread, which may be a real-time one: it returns at once."""

Lose = Callable[[AudioError], None]
"""Told once that the device is gone; nothing is heard after it. Called on any thread."""


class Tap(Protocol):
    """One device that is listened to, at its own rate, mixed to one channel."""

    @property
    def rate(self) -> int:
        """Hz, known once started."""
        ...

    @property
    def pauses(self) -> bool:
        """True where nothing is delivered while nothing plays."""
        ...

    def start(self, hear: Hear, lose: Lose) -> None:
        """Open the device and begin. Raises `AudioError` where that fails; then nothing is left open."""
        ...

    def close(self) -> None:
        """End; returns when nothing more will be called. Idempotent, any thread but the tap's own."""
        ...


class Devices(Protocol):
    """The devices of one kind that this machine has. Any thread."""

    def list(self) -> list[DeviceInfo]:
        """Those there are now, the default first. Raises `AudioError` where the system is silent."""
        ...

    def tap(self, device: DeviceInfo) -> Tap:
        """A tap of one of them, not started yet."""
        ...
