"""Windows: the outputs, heard through WASAPI's loopback with PyAudioWPatch."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from audio.devices.loopback.wasapi import Wasapi, wasapi
from audio.devices.loopback.watched import WatchedTap
from audio.devices.loopback.windows_sessions import playing
from audio.devices.tap import Tap
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo, DeviceKind

_T = TypeVar("_T")

_BLOCK_S = 0.02
_USUAL_RATE = 48_000


class WindowsOutputs:
    """The active outputs, the one for calls as the default, and the programs that play sound.

    A program is listed so that a person sees what plays. It cannot be tapped by itself: the library that
    could goes over to everything that plays, without a word (docs/capture.md).
    """

    def list(self) -> list[DeviceInfo]:
        """Those there are now, the default first. Raises `AudioError` where Windows does not answer."""
        return wasapi().call(
            lambda it: [output.device for output in it.outputs(fresh=True)] + _programs()
        )

    def tap(self, device: DeviceInfo) -> Tap:
        """A tap of an output, not started yet. Raises `AudioError` for a program."""
        if device.kind is not DeviceKind.OUTPUT:
            raise AudioError(
                f"{device.name} cannot be listened to by itself here: choose the output it plays to."
            )
        return WindowsTap(device)


class WindowsTap(WatchedTap[Wasapi]):
    """One output's loopback, at the output's own rate: the mean of its two front channels."""

    def __init__(self, device: DeviceInfo) -> None:
        super().__init__(device)
        self._stream: Any = None
        self._channels = 2

    def _call(self, function: Callable[[Wasapi], _T]) -> _T:
        return wasapi().call(function)

    def _open(self, library: Wasapi) -> None:
        there = library.outputs(fresh=True)
        found = next((output for output in there if output.device.id == self._device.id), None)
        if found is None:
            raise AudioError(f"{self._device.name} was not found: connect it and start again.")
        self._channels, self._rate = found.channels, found.device.rate
        self._stream = library.start(
            found,
            frames_per_buffer=round(_BLOCK_S * self._rate),
            stream_callback=self._on_sound,
        )

    def _shut(self, library: Wasapi) -> None:
        if self._stream is not None:
            library.close(self._stream)
            self._stream = None

    def _on_sound(self, data: bytes, _frames: int, _times: object, flags: int) -> tuple[None, int]:
        """Runs on PortAudio's thread: mix, pass on, return."""
        at_s = now_s()
        block = np.frombuffer(data, np.float32).reshape(-1, self._channels)
        self._listener.hear(block[:, :2].mean(axis=1), at_s, bool(flags & Wasapi.OVERFLOW))
        return None, Wasapi.GO_ON

    def _goes_on(self, library: Wasapi) -> bool:
        """PyAudio does not tell when a stream has ended by itself."""
        return self._stream is not None and library.is_active(self._stream)


def _programs() -> list[DeviceInfo]:
    return [
        DeviceInfo(
            binary, binary.removesuffix(".exe"), DeviceKind.APPLICATION, _USUAL_RATE, is_default=False
        )
        for binary in playing()
    ]
