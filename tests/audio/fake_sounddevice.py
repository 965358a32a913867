"""PortAudio as Earwitness sees it: sounddevice with the devices that a test plugs in.

Names and parameters are those of the real library, which `test_library_signatures.py` checks.
"""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audio.devices import microphones, portaudio


class PortAudioError(Exception):
    pass


class Sounddevice:
    """A machine with several host APIs; a test changes `plugged` and `default`."""

    def __init__(self, *plugged: str, apis: tuple[str, ...] = ("ALSA",)) -> None:
        self.apis = apis
        self.plugged = [(name, api) for api in range(len(apis)) for name in plugged]
        self.default_name = plugged[0] if plugged else ""
        self.streams: list[InputStream] = []
        self.initialised = 0
        self.fails: PortAudioError | None = None
        self.starts_not: PortAudioError | None = None
        self.hangs: Callable[[], object] = lambda: None
        self.default = SimpleNamespace(hostapi=len(apis) - 1)
        self.PortAudioError = PortAudioError
        self._seen: list[tuple[str, int]] = []
        self._initialize()

    def _initialize(self) -> None:
        if self.fails:
            raise self.fails
        self.initialised += 1
        self._seen = list(self.plugged)

    def _terminate(self) -> None:
        if not self.initialised:
            raise PortAudioError("PortAudio not initialized")
        assert not any(stream.is_open for stream in self.streams)
        self.initialised -= 1

    def _exit_handler(self) -> None:
        raise AssertionError("would wait for ever for a sound server that stopped answering")

    def query_hostapis(self, index: int | None = None) -> tuple[dict[str, Any], ...]:
        assert index is None
        if not self.initialised:
            raise PortAudioError("PortAudio not initialized")
        return tuple(
            {
                "name": name,
                "devices": [n for n, (_, api) in enumerate(self._seen) if api == number],
                "default_input_device": next(
                    (n for n, seen in enumerate(self._seen) if seen == (self.default_name, number)), -1
                ),
            }
            for number, name in enumerate(self.apis)
        )

    def query_devices(self, device: Any = None, kind: str | None = None) -> list[dict[str, Any]]:
        assert device is None
        assert kind is None
        return [
            {
                "name": name,
                "index": index,
                "hostapi": api,
                "max_input_channels": {"Speakers": 0, "Mono mic": 1}.get(name, 32),
                "default_samplerate": 16000.0 if "Headset" in name else 44100.0,
            }
            for index, (name, api) in enumerate(self._seen)
        ]

    def InputStream(self, *args: Any, **options: Any) -> "InputStream":  # noqa: N802
        self.hangs()
        return InputStream(self, *args, **options)

    def stand_in(self, patch: pytest.MonkeyPatch) -> "Sounddevice":
        """Let this be the process's sounddevice."""
        module = ModuleType("sounddevice")
        for name in dir(self):
            if not name.startswith("__"):
                setattr(module, name, getattr(self, name))
        patch.setitem(sys.modules, "sounddevice", module)
        patch.setattr(portaudio.atexit, "register", lambda _handler: None)
        fresh = portaudio.PortAudio()
        patch.setattr(microphones, "_portaudio", lambda: fresh)
        return self


class InputStream:
    """A test calls `deliver` and `finish` where PortAudio's thread would."""

    def __init__(
        self,
        machine: Sounddevice,
        samplerate: float | None = None,
        blocksize: int | None = None,
        device: int | None = None,
        channels: int | None = None,
        dtype: str | None = None,
        latency: float | str | None = None,
        extra_settings: object = None,
        callback: Callable[[np.ndarray, int, object, object], None] | None = None,
        finished_callback: Callable[[], None] | None = None,
        clip_off: bool | None = None,
        dither_off: bool | None = None,
        never_drop_input: bool | None = None,
        prime_output_buffers_using_stream_callback: bool | None = None,
    ) -> None:
        assert device is not None
        assert dtype == "float32"
        assert callback
        assert finished_callback
        self.name = machine._seen[device][0]
        if machine._seen[device] not in machine.plugged:
            raise PortAudioError("Error opening InputStream: Device unavailable [PaErrorCode -9985]")
        if channels is None or channels > machine.query_devices()[device]["max_input_channels"]:
            raise PortAudioError("Error opening InputStream: Invalid number of channels")
        self.samplerate, self.blocksize, self.channels = samplerate, blocksize, channels
        self._machine, self._callback, self._finished = machine, callback, finished_callback
        self.is_open = True
        machine.streams.append(self)

    def start(self) -> None:
        if self._machine.starts_not:
            raise self._machine.starts_not

    def close(self, ignore_errors: bool = True) -> None:
        self._machine.hangs()
        if self.is_open:
            self.is_open = False
            self._finished()

    def deliver(self, *channels: float, frames: int = 80, overflow: bool = False) -> np.ndarray:
        """Give the callback a block with a level for each channel; the block's memory comes back."""
        block = np.tile(np.array(channels, np.float32), (frames, 1))
        self._callback(block, frames, None, SimpleNamespace(input_overflow=overflow))
        return block

    def finish(self) -> None:
        """End as PortAudio does when the device goes."""
        self._finished()
