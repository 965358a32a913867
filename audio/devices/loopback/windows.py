"""Windows: the outputs, heard through WASAPI's loopback with PyAudioWPatch."""

import threading
from contextlib import suppress
from typing import Any

import numpy as np

from audio.devices.listener import Listener
from audio.devices.loopback.wasapi import Wasapi, wasapi
from audio.devices.loopback.windows_sessions import playing
from audio.devices.tap import Hear, Lose, Tap
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo, DeviceKind

_BLOCK_S = 0.02
_LOOK_S = 0.25
_CLOSE_S = 2.0
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


class WindowsTap:
    """One output's loopback, at the output's own rate: the mean of its two front channels."""

    pauses = True
    """WASAPI delivers nothing while nothing plays (PortAudio #935)."""

    def __init__(self, device: DeviceInfo) -> None:
        self._device = device
        self._listener = Listener()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="earwitness-loopback")
        self._stream: Any = None
        self._channels = 2
        self._rate = device.rate

    @property
    def rate(self) -> int:
        """Hz, known once started."""
        return self._rate

    def start(self, hear: Hear, lose: Lose) -> None:
        """Open it and begin. Raises `AudioError` where that fails; then nothing is left open."""
        try:
            wasapi().call(lambda it: self._open(it, hear, lose))
        except AudioError:
            self.close()
            raise
        self._watcher.start()

    def close(self) -> None:
        """End; returns when nothing more will be called, even where PortAudio never returns."""
        self._listener.detach()
        self._closed.set()
        if self._watcher.ident:
            self._watcher.join()
        with suppress(AudioError):
            wasapi().call(self._shut, within_s=_CLOSE_S)

    def _open(self, it: Wasapi, hear: Hear, lose: Lose) -> None:
        there = it.outputs(fresh=True)
        found = next((output for output in there if output.device.id == self._device.id), None)
        if found is None:
            raise AudioError(f"{self._device.name} was not found: connect it and start again.")
        self._channels, self._rate = found.channels, found.device.rate
        self._stream = it.start(
            found,
            frames_per_buffer=round(_BLOCK_S * self._rate),
            stream_callback=self._on_sound,
        )
        if not self._listener.attach(hear, lose):  # nobody waited so long
            self._shut(it)

    def _shut(self, it: Wasapi) -> None:
        if self._stream is not None:
            it.close(self._stream)
            self._stream = None

    def _on_sound(self, data: bytes, _frames: int, _times: object, flags: int) -> tuple[None, int]:
        """Runs on PortAudio's thread: mix, pass on, return."""
        at_s = now_s()
        block = np.frombuffer(data, np.float32).reshape(-1, self._channels)
        self._listener.hear(block[:, :2].mean(axis=1), at_s, bool(flags & Wasapi.OVERFLOW))
        return None, Wasapi.GO_ON

    def _watch(self) -> None:
        """PyAudio does not tell when a stream has ended by itself."""
        while not self._closed.wait(_LOOK_S):
            with suppress(AudioError):
                if not wasapi().call(self._is_active, within_s=_CLOSE_S):
                    break
        self._listener.lose(
            AudioError(f"{self._device.name} stopped delivering sound: connect it again.")
        )

    def _is_active(self, it: Wasapi) -> bool:
        return self._stream is not None and it.is_active(self._stream)


def _programs() -> list[DeviceInfo]:
    return [
        DeviceInfo(
            binary, binary.removesuffix(".exe"), DeviceKind.APPLICATION, _USUAL_RATE, is_default=False
        )
        for binary in playing()
    ]
