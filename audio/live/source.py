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
_RETURN_S = 1.0
"""So often it is looked whether a device is there again whose place another took."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Side:
    """Where one channel's sound comes from.

    Where the device is lost, `follows_default` goes over to what is the system's default then, and back
    once the device is there again; otherwise the device itself is waited for.
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

    duration_s: float | None = None
    is_live = True
    is_paced = True

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
        except BaseException as error:
            ring.close(error if isinstance(error, AudioError) else None)
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
        self._heard = side.device
        self._absent = ""
        self._retry_s = 0.0
        self._return_s = 0.0
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
            try:
                self._look()
            except Exception:  # noqa: BLE001 - whatever a sound library does, the call goes on
                _log.exception("looking after %s failed", self._heard.name)
            self.line.catch_up(now_s())

    def _look(self) -> None:
        attached = self._attached
        if attached and attached.is_lost:
            _log.warning("%s is lost: %s", attached.device.name, attached.error)
            self._leave(attached, "was lost")
        elif attached and attached.device.id != self._side.device.id and now_s() >= self._return_s:
            self._return_s = now_s() + _RETURN_S
            if self._has_better(attached.device):
                self._leave(attached, "was left")
        if self._attached is None and now_s() >= self._retry_s:
            try:
                self._attach_again()
            finally:
                self._retry_s = now_s() + _RETRY_S

    def _leave(self, attached: "_Attached", what_became: str) -> None:
        """Close the device, before anything else: what it still delivers is not the next one's."""
        attached.close()
        self._attached = None
        self._absent = f"{attached.device.name} {what_became}"
        self.line.detach(self._absent)

    def _has_better(self, device: DeviceInfo) -> bool:
        """Whether the side's own device can be heard again, or the default is another that can be."""
        first = next(iter(self._usable()), device)
        is_meant = first.id == self._side.device.id or first.is_default
        return first.id != device.id and is_meant and self._can_be_heard(first)

    def _can_be_heard(self, device: DeviceInfo) -> bool:
        heard = threading.Event()
        tap = self._side.devices.tap(device)
        try:
            tap.start(lambda *_: heard.set(), lambda _: None)
            return tap.pauses or heard.wait(_RETURN_S)
        except AudioError:
            return False
        finally:
            tap.close()

    def _attach_again(self) -> None:
        for device in self._usable():
            if self._stopping.is_set():
                return
            if device.id != self._heard.id:
                self.line.detach(f"{self._absent}, {device.name} is heard in its place")
            try:
                self._attached = _Attached(self._side, device, self.line)
            except Exception as error:  # noqa: BLE001 - of whatever kind, the next device is tried
                _log.debug("%s is not back yet: %s", device.name, error)
                self.line.detach(self._absent)
            else:
                self._heard = device
                return

    def _usable(self) -> list[DeviceInfo]:
        """What can be heard on this side now: its own device, then the first other the system names."""
        wanted = self._side.device
        try:
            there = [device for device in self._side.devices.list() if device.kind is wanted.kind]
        except AudioError as error:
            _log.debug("%s cannot be looked for: %s", wanted.name, error)
            return []
        own = [device for device in there if device.id == wanted.id]
        others = [device for device in there if device.id != wanted.id and self._side.follows_default]
        return [*own, *others[:1]]


class _Attached:
    """A device while its tap is open. Raises `AudioError` where it cannot be opened."""

    def __init__(self, side: Side, device: DeviceInfo, line: LiveLine) -> None:
        self.device = device
        self.error: AudioError | None = None
        self._line = line
        self._heard_at_s = now_s()
        self._beginning = threading.Lock()
        self._is_new = True
        self._tap = side.devices.tap(device)
        self._tap.start(self._hear, self._lose)
        if self._tap.pauses:
            self._begin()

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
            self._begin()
        self._heard_at_s = at_s
        self._line.hear(samples, at_s, lost)

    def _begin(self) -> None:
        with self._beginning:
            if self._is_new:
                self._line.attach(self._tap.rate, pauses=self._tap.pauses)
                self._is_new = False

    def _lose(self, error: AudioError) -> None:
        self.error = error
