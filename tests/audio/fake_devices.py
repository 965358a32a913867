"""Devices whose taps a test plays sound into, unplugs and plugs in again."""

import threading

import numpy as np

from audio.devices.tap import Hear, Lose
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo, DeviceKind

RATE = 16000
BLOCK = 320


def device(name: str, *, is_default: bool = False) -> DeviceInfo:
    return DeviceInfo(f"fake:{name}", name, DeviceKind.INPUT, RATE, is_default)


class FakeTap:
    """Delivers blocks of 20 ms of a constant from a thread of its own, as long as it is plugged in."""

    pauses = False
    rate = RATE

    def __init__(self, owner: "FakeDevices", info: DeviceInfo) -> None:
        self.info = info
        self.is_open = False
        self.is_mute = info.name in owner.silent
        self._owner = owner
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, hear: Hear, lose: Lose) -> None:
        if self.info not in self._owner.there or self.info.name in self._owner.refused:
            raise AudioError(f"{self.info.name} could not be opened: check that it is connected.")
        self.is_open = True
        self._owner.open_taps.append(self)
        self._thread = threading.Thread(target=self._play, args=(hear, lose), name="fake-tap")
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread:
            self._thread.join()
        self.is_open = False

    def _play(self, hear: Hear, lose: Lose) -> None:
        while not self._ending.wait(BLOCK / RATE):
            if self.info not in self._owner.there:
                lose(AudioError(f"{self.info.name} was disconnected."))
                return
            if not self.is_mute:
                level = self._owner.levels.get(self.info.name, 0.5)
                hear(np.full(BLOCK, level, np.float32), now_s(), False)


class FakeDevices:
    """`there` may be changed at any time.

    `refused` names those that cannot be opened, `silent` those that deliver nothing from the start.
    """

    def __init__(self, *there: DeviceInfo) -> None:
        self.there = list(there)
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        self.levels: dict[str, float] = {}
        self.open_taps: list[FakeTap] = []

    def list(self) -> list[DeviceInfo]:
        return sorted(self.there, key=lambda info: not info.is_default)

    def tap(self, device: DeviceInfo) -> FakeTap:
        return FakeTap(self, device)
