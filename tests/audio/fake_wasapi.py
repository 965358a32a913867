"""Windows as Earwitness sees it: PyAudioWPatch and pycaw with two outputs, one of which plays.

Names and parameters are those of the real libraries, which `test_library_signatures.py` checks.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from enum import Enum, IntEnum
from types import ModuleType
from typing import Any, Self

import numpy as np
import pytest

from audio.devices.loopback import wasapi, windows

paFloat32 = 1  # noqa: N816 - as the library writes it
paContinue = 0  # noqa: N816
paInputOverflow = 2  # noqa: N816

SPEAKERS = "Speakers (Realtek(R) Audio)"
HEADSET = "Headset Earphone (Jabra Evolve 65)"


class Machine:
    """What the fake libraries tell of; a test changes it."""

    def __init__(self) -> None:
        self.outputs = {SPEAKERS: (48000.0, 8), HEADSET: (16000.0, 2)}
        self.default = SPEAKERS
        self.for_calls: str | None = HEADSET
        self.sessions: list[AudioSession] = []
        self.streams: list[Stream] = []
        self.initialised = 0
        self.refusal: OSError | None = None

    @property
    def open_streams(self) -> list["Stream"]:
        return [stream for stream in self.streams if stream.is_open]


MACHINE = Machine()


class PyAudio:
    """Sees the outputs that were there when it was made."""

    def __init__(self) -> None:
        MACHINE.initialised += 1
        names = list(MACHINE.outputs)
        self._infos = [
            {
                "index": index,
                "name": name + (" [Loopback]" if is_loopback else ""),
                "hostApi": 2,
                "maxInputChannels": MACHINE.outputs[name][1] if is_loopback else 0,
                "maxOutputChannels": 0 if is_loopback else MACHINE.outputs[name][1],
                "defaultSampleRate": MACHINE.outputs[name][0],
                "isLoopbackDevice": is_loopback,
            }
            for index, (name, is_loopback) in enumerate(
                (n, loop) for loop in (False, True) for n in names
            )
        ]

    def open(self, *args: Any, **kwargs: Any) -> "Stream":
        return Stream(self, *args, **kwargs)

    def terminate(self) -> None:
        MACHINE.initialised -= 1

    def get_default_wasapi_device(self, *, d_out: bool = False, d_in: bool = False) -> dict[str, Any]:
        assert d_out
        assert not d_in
        if MACHINE.refusal:
            raise MACHINE.refusal
        return next(info for info in self._infos if info["name"] == MACHINE.default)

    def get_loopback_device_info_generator(self) -> Iterator[dict[str, Any]]:
        if MACHINE.refusal:
            raise MACHINE.refusal
        yield from (info for info in self._infos if info["isLoopbackDevice"])


class Stream:
    """Delivers a block every 10 ms while its output is there and plays."""

    def __init__(
        self,
        PA_manager: PyAudio,  # noqa: N803
        rate: int,
        channels: int,
        format: int,  # noqa: A002
        input: bool = False,  # noqa: A002
        output: bool = False,
        input_device_index: int | None = None,
        output_device_index: int | None = None,
        frames_per_buffer: int = 0,
        start: bool = True,
        input_host_api_specific_stream_info: Any = None,
        output_host_api_specific_stream_info: Any = None,
        stream_callback: Callable[[bytes, int, dict, int], tuple[None, int]] | None = None,
    ) -> None:
        assert (format, input, output, start) == (paFloat32, True, False, True)
        assert input_device_index is not None
        assert stream_callback is not None
        self.info = PA_manager._infos[input_device_index]
        self.output = str(self.info["name"]).removesuffix(" [Loopback]")
        if self.output not in MACHINE.outputs:
            raise OSError(-9996, "Invalid input device (no default output device)")
        if rate != self.info["defaultSampleRate"] or channels != self.info["maxInputChannels"]:
            raise OSError(-9997, "Invalid sample rate")
        self.frames, self.channels, self._callback = frames_per_buffer, channels, stream_callback
        self.is_open = self.plays = True
        self.flags = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._deliver)
        MACHINE.streams.append(self)
        self._thread.start()

    def close(self) -> None:
        self.is_open = False
        self._ended.set()
        self._thread.join()
        if self.output not in MACHINE.outputs:
            raise OSError(-9988, "Stream closed")

    def is_active(self) -> bool:
        return self.is_open and self.output in MACHINE.outputs

    def _deliver(self) -> None:
        level = 0.0
        while not self._ended.wait(0.01) and self.output in MACHINE.outputs:
            if not self.plays:
                continue
            level += 0.001
            block = np.zeros((self.frames, self.channels), np.float32)
            block[:, 0], block[:, 1], block[:, 2:] = level, 0.5 * level, -1.0
            assert self._callback(block.tobytes(), self.frames, {}, self.flags) == (None, paContinue)


EDataFlow = Enum("EDataFlow", {"eRender": 0, "eCapture": 1})
ERole = Enum("ERole", {"eCommunications": 2})


class AudioSessionState(IntEnum):
    Inactive = 0
    Active = 1


class COMError(Exception):
    pass


class ProcessError(Exception):
    """`psutil.Error`."""


class Process:
    def __init__(self, binary: str) -> None:
        self._binary = binary

    def name(self) -> str:
        if not self._binary:
            raise ProcessError("process no longer exists")
        return self._binary


class AudioSession:
    def __init__(self, audio_session_control2: tuple[str | None, AudioSessionState]) -> None:
        binary, self.State = audio_session_control2
        self.Process = None if binary is None else Process(binary)


class AudioDevice:
    def __init__(self, id: str, state: Any, properties: dict, dev: Any) -> None:  # noqa: A002
        self.FriendlyName = properties["name"]


class Enumerator:
    """`IMMDeviceEnumerator`."""

    def GetDefaultAudioEndpoint(self, flow: int, role: int) -> str:  # noqa: N802
        assert (flow, role) == (EDataFlow.eRender.value, ERole.eCommunications.value)
        if MACHINE.for_calls is None:
            raise COMError(-2147023728, "Element not found.")
        return MACHINE.for_calls


class AudioUtilities:
    @staticmethod
    def GetDeviceEnumerator() -> Enumerator:  # noqa: N802
        return Enumerator()

    @staticmethod
    def CreateDevice(dev: str) -> AudioDevice:  # noqa: N802
        return AudioDevice("{0.0.0}", None, {"name": dev}, dev)

    @staticmethod
    def GetAllSessions() -> list[AudioSession]:  # noqa: N802
        return MACHINE.sessions


class FakeWasapi:
    """While it is entered, the fakes stand for the libraries."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.machine = MACHINE

    def __enter__(self) -> Self:
        MACHINE.__init__()
        here = {name: value for name, value in globals().items() if not name.startswith("_")}
        for name, members in {
            "pyaudiowpatch": ("PyAudio", "Stream", "paFloat32", "paContinue", "paInputOverflow"),
            "pycaw": (),
            "pycaw.utils": ("AudioUtilities",),
            "pycaw.constants": ("EDataFlow", "ERole", "AudioSessionState"),
            "comtypes": ("COMError",),
        }.items():
            module = ModuleType(name)
            vars(module).update({member: here[member] for member in members})
            self._patch.setitem(sys.modules, name, module)
        psutil = ModuleType("psutil")
        vars(psutil)["Error"] = ProcessError
        self._patch.setitem(sys.modules, "psutil", psutil)
        fresh = wasapi.Wasapi()
        self._patch.setattr(windows, "wasapi", lambda: fresh)
        return self

    def __exit__(self, *_error: object) -> None:
        for stream in MACHINE.open_streams:
            MACHINE.outputs.setdefault(stream.output, (48000.0, 2))
            stream.close()

    def unplug(self, name: str = HEADSET) -> None:
        """Take an output away, as Windows does: its streams end by themselves."""
        del MACHINE.outputs[name]
