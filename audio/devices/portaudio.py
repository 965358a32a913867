"""The process's one PortAudio, as sounddevice brings it: which inputs there are, and opening one."""

import atexit
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from audio.devices.loopback.windows_sessions import communications_device
from audio.devices.native_thread import NativeThread
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind

_T = TypeVar("_T")

_ANSWER_S = 5.0
_LEAVE_S = 1.0

_HOST_API = {"win32": "Windows WASAPI", "darwin": "Core Audio", "linux": "ALSA"}
"""By system, the host API whose devices are listed: PortAudio shows a device once for each API."""

_ALSA_PLUGINS = re.compile(
    r"a52|dmix|dsnoop|front|hdmi|iec958|jack|lavrate|null|oss|rear|samplerate|side|speexrate|spdif|"
    r"surround\d\d|sysdefault|upmix|vdownmix"
)
"""What ALSA lists beside devices and ways to a sound server: ways to convert and to share."""

_ALSA_NUMBERS = re.compile(r" \(hw:\d+,\d+\)$")
"""Of the card and its device; the first changes with the order in which cards are found."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input, with where PortAudio has it in its list now."""

    device: DeviceInfo
    index: int
    channels: int


class PortAudio:
    """PortAudio on a thread of its own; it is not made for several, and may never return from a call.

    It sees a device only if it was there when it was initialised. So it is initialised anew for a fresh
    list, which it survives only while no stream is open: nothing else in the process may open one.
    """

    def __init__(self) -> None:
        self._thread = NativeThread("earwitness-portaudio")
        self._module: ModuleType | None = None
        self._streams: set[Any] = set()

    def call(self, function: Callable[["PortAudio"], _T], within_s: float = _ANSWER_S) -> _T:
        """Run `function` on PortAudio's thread; the other methods may be used only from there.

        Raises `AudioError` where PortAudio is missing or does not answer, and what `function` raises.
        """
        return self._thread.call(lambda: function(self), within_s)

    def inputs(self, *, fresh: bool) -> list[Input]:
        """The inputs a person would choose from, the default first; `fresh` asks the system anew.

        While a stream is open, they are those there were when it was opened.
        """
        sounddevice = self._loaded()
        try:
            if fresh and not self._streams:
                _initialise_anew(sounddevice)
            return _inputs(sounddevice)
        except sounddevice.PortAudioError as error:
            raise AudioError(
                f"The sound system did not answer ({error}): restart it and try again."
            ) from error

    def start(self, name: str, **options: Any) -> Any:
        """A `sounddevice.InputStream` that runs. Raises `AudioError` about the device `name`."""
        sounddevice = self._loaded()
        stream = None
        try:
            stream = sounddevice.InputStream(**options)
            self._streams.add(stream)
            stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            if stream is not None:
                self.close(stream)
            raise AudioError(
                f"{name} could not be opened ({error}): check that it is connected and that "
                "no other program keeps it for itself."
            ) from error
        return stream

    def close(self, stream: Any) -> None:
        """Close a stream that `start` returned."""
        stream.close()
        self._streams.discard(stream)

    def _loaded(self) -> ModuleType:
        if self._module is None:
            try:
                import sounddevice
            except OSError as error:
                raise AudioError(
                    "No sound system was found: install PortAudio "
                    "(on Debian: apt-get install libportaudio2)."
                ) from error
            # Its own handler would wait for ever at exit for a sound server that stopped answering.
            atexit.unregister(sounddevice._exit_handler)  # noqa: SLF001
            atexit.register(self._leave)
            self._module = sounddevice
        return self._module

    def _leave(self) -> None:
        with suppress(AudioError):
            self.call(PortAudio._terminate, within_s=_LEAVE_S)

    def _terminate(self) -> None:
        sounddevice = self._loaded()
        for stream in list(self._streams):
            self.close(stream)
        with suppress(sounddevice.PortAudioError):
            sounddevice._terminate()  # noqa: SLF001


def _initialise_anew(sounddevice: ModuleType) -> None:
    with suppress(sounddevice.PortAudioError):  # it is not initialised where that failed the last time
        sounddevice._terminate()  # noqa: SLF001
    sounddevice._initialize()  # noqa: SLF001


def _inputs(sounddevice: ModuleType) -> list[Input]:
    apis = sounddevice.query_hostapis()
    if not apis:
        return []
    wanted = _HOST_API.get(sys.platform)
    number = next(
        (n for n, api in enumerate(apis) if api["name"] == wanted and api["devices"]),
        max(0, sounddevice.default.hostapi),
    )
    found = [
        device
        for device in sounddevice.query_devices()
        if device["hostapi"] == number
        and device["max_input_channels"]
        and not _ALSA_PLUGINS.fullmatch(device["name"])
    ]
    microphones = [device for device in found if not device["name"].startswith("Monitor of ")]
    default = _default(apis[number], found)
    seen: dict[str, int] = {}
    inputs = []
    for device in microphones or found:
        name = _ALSA_NUMBERS.sub("", device["name"])
        seen[name] = seen.get(name, 0) + 1
        twin = "" if seen[name] == 1 else f"#{seen[name]}"
        info = DeviceInfo(
            id=f"{apis[number]['name']}:{name}{twin}",
            name=name,
            kind=DeviceKind.INPUT,
            rate=round(device["default_samplerate"]),
            is_default=device["index"] == default,
        )
        inputs.append(Input(info, device["index"], device["max_input_channels"]))
    return sorted(inputs, key=lambda one: not one.device.is_default)


def _default(api: dict[str, Any], found: list[dict[str, Any]]) -> int:
    """The index of the default input, on Windows of the one for calls."""
    if sys.platform == "win32":
        name = communications_device(DeviceKind.INPUT)
        return next((one["index"] for one in found if one["name"] == name), api["default_input_device"])
    return api["default_input_device"]
