"""A call as it is heard: one tapped device per channel, on one time line, attached again when lost."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from audio.devices.tap import Devices
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.live.line import LiveLine, Origin
from audio.ring import AudioRing
from audio.types import Channel, DeviceInfo, Samples

_WATCH_S = 0.1
_RETRY_S = 0.25
_DEAD_S = 4.0
"""A tap that does not pause and has delivered nothing for so long is opened anew. A machine that stood
still for less gets what the sound server kept for it."""
_SLOW_START_S = 5.0
"""The same before its first sound: a device may take its time to wake up."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Side:
    """Where one channel's sound comes from.

    `follows_default` goes over to the system's default where the device is gone for good or another one
    is made the default while it is gone; otherwise the device itself is waited for.
    """

    devices: Devices
    device: DeviceInfo
    follows_default: bool = False


class LiveSource:
    """Listens to one device per channel.

    Index 0 of every channel is when the first of the devices delivered its first sample. What a device
    did not deliver is a gap; where its tap pauses while nothing plays, it is silence.
    A device that is lost is attached again by itself; the call goes on meanwhile.
    """

    def __init__(self, sides: Mapping[Channel, Side]) -> None:
        self._sides = dict(sides)
        self._keepers: list[_Keeper] = []
        self._stopping = threading.Event()
        self._ring: AudioRing | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._sides)

    @property
    def name(self) -> str:
        return ", ".join(f"{side.device.name} ({channel})" for channel, side in self._sides.items())

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
        return sum(keeper.line.overflows for keeper in self._keepers)

    def start(self, ring: AudioRing) -> None:
        """Open every device and push into `ring` from their threads.

        Raises `AudioError` where one cannot be opened; then none is left open.
        """
        self._ring = ring
        origin = Origin()
        self._keepers = [
            _Keeper(side, LiveLine(channel, ring, origin), self._stopping)
            for channel, side in self._sides.items()
        ]
        try:
            for keeper in self._keepers:
                keeper.start()
        except AudioError as error:
            ring.close(error)
            self.stop()
            raise

    def stop(self) -> None:
        """Close every device, then the ring."""
        self._stopping.set()
        for keeper in self._keepers:
            keeper.stop()
        if self._ring:
            self._ring.close()


class _Keeper:
    """Keeps one channel's device attached, from a thread of its own."""

    def __init__(self, side: Side, line: LiveLine, stopping: threading.Event) -> None:
        self.line = line
        self._side = side
        self._stopping = stopping
        self._attached: _Attached | None = None
        self._retry_s = 0.0
        self._thread = threading.Thread(target=self._keep, name=f"earwitness-{line.channel}")

    def start(self) -> None:
        """Attach the device and keep it attached. Raises `AudioError`."""
        self._attached = _Attached(self._side, self._side.device, self.line)
        self._thread.start()

    def stop(self) -> None:
        """Close the device; the source's `stopping` is set already."""
        if self._thread.ident:
            self._thread.join()
        if self._attached:
            self._attached.close()

    def _keep(self) -> None:
        while not self._stopping.wait(_WATCH_S):
            if self._attached and self._attached.is_lost:
                _log.warning("%s is lost: %s", self._attached.device.name, self._attached.error)
                self.line.detach(f"{self._attached.device.name} was lost")
                self._attached.close()
                self._attached = None
            if self._attached is None and now_s() >= self._retry_s:
                self._attached = self._attach_again()
                self._retry_s = now_s() + _RETRY_S
            self.line.catch_up(now_s())

    def _attach_again(self) -> "_Attached | None":
        try:
            wanted = self._side.device
            there = [device for device in self._side.devices.list() if device.kind is wanted.kind]
            back = [device for device in there if device.id == wanted.id]
            usable = back or (there if self._side.follows_default else [])
            return _Attached(self._side, usable[0], self.line) if usable else None
        except AudioError as error:
            _log.debug("%s is not back yet: %s", self._side.device.name, error)
            return None


class _Attached:
    """A device while its tap is open. Raises `AudioError` where it cannot be opened."""

    def __init__(self, side: Side, device: DeviceInfo, line: LiveLine) -> None:
        self.device = device
        self.error: AudioError | None = None
        self._line = line
        self._heard_at_s = now_s()
        self._is_new = True
        self._tap = side.devices.tap(device)
        self._tap.start(self._hear, self._lose)

    @property
    def is_lost(self) -> bool:
        """Whether the tap gave up, or has delivered nothing for longer than any tap that works."""
        patience_s = _SLOW_START_S if self._is_new else _DEAD_S
        is_dead = not self._tap.pauses and now_s() - self._heard_at_s > patience_s
        return self.error is not None or is_dead

    def close(self) -> None:
        self._tap.close()

    def _hear(self, samples: Samples, at_s: float, lost: bool) -> None:
        if self._is_new:
            self._is_new = False
            self._line.attach(self._tap.rate, pauses=self._tap.pauses)
        self._heard_at_s = at_s
        self._line.hear(samples, at_s, lost)

    def _lose(self, error: AudioError) -> None:
        self.error = error
