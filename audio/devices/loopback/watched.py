"""A tap through a library that does not tell when its capture has ended by itself."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from audio.devices.listener import Listener
from audio.devices.tap import Hear, Lose
from audio.errors import AudioError
from audio.types import DeviceInfo

_Library = TypeVar("_Library")
_T = TypeVar("_T")


class WatchedTap(ABC, Generic[_Library]):
    """Looks after a capture from a thread of its own, every `look_s` seconds (`audio.devices.tap.Tap`).

    The library is called only through `_call`, which runs what it is given on the library's thread.
    """

    pauses = True
    """WASAPI delivers nothing while nothing plays (PortAudio #935), and Core Audio may."""
    look_s = 0.25
    cure = "connect it again"

    def __init__(self, device: DeviceInfo) -> None:
        self._device = device
        self._listener = Listener()
        self._rate = device.rate
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="earwitness-loopback")

    @property
    def rate(self) -> int:
        """Hz, known once started."""
        return self._rate

    def start(self, hear: Hear, lose: Lose) -> None:
        """Open the tap and begin. Raises `AudioError` where that fails; then nothing is left open."""
        try:
            self._call(lambda library: self._begin(library, hear, lose))
        except AudioError:
            self.close()
            raise
        self._watcher.start()

    def close(self) -> None:
        """End; returns when nothing more will be called, even where the library never returns."""
        self._listener.detach()
        self._closed.set()
        if self._watcher.ident:
            self._watcher.join()
        with suppress(AudioError):
            self._call(self._shut)

    def _begin(self, library: _Library, hear: Hear, lose: Lose) -> None:
        self._open(library)
        if not self._listener.attach(hear, lose):  # nobody waited so long
            self._shut(library)

    def _watch(self) -> None:
        while not self._closed.wait(self.look_s):
            with suppress(AudioError):
                if not self._call(self._goes_on):
                    break
        self._listener.lose(AudioError(f"{self._device.name} stopped delivering sound: {self.cure}."))

    @abstractmethod
    def _call(self, function: Callable[[_Library], _T]) -> _T:
        """Run `function` on the library's thread. Raises `AudioError` where that does not answer."""

    @abstractmethod
    def _open(self, library: _Library) -> None:
        """Begin to capture, and set `_rate`. Raises `AudioError`."""

    @abstractmethod
    def _shut(self, library: _Library) -> None:
        """End the capture, if there is one."""

    @abstractmethod
    def _goes_on(self, library: _Library) -> bool:
        """Whether the capture still stands."""
