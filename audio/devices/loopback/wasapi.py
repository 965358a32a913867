"""The PortAudio that PyAudioWPatch brings, with WASAPI's loopbacks as inputs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from audio.devices.loopback.windows_sessions import communications_device
from audio.devices.native_thread import NativeThread
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind

_T = TypeVar("_T")

_ANSWER_S = 5.0
_API = "Windows WASAPI"
"""Ids begin as a microphone's do; Windows itself tells twins apart by name ("2- USB Headset")."""
_SUFFIX = " [Loopback]"


@dataclass(frozen=True, slots=True)
class Output:
    """An output, with its loopback's place in PortAudio's list now."""

    device: DeviceInfo
    index: int
    channels: int


class Wasapi:
    """PyAudioWPatch on a thread of its own, on which COM is initialised with it.

    It sees a device only if it was there when it was initialised. So it is initialised anew for a fresh
    list, unless a stream is open. It shares nothing with the PortAudio of sounddevice.
    """

    OVERFLOW = 2
    """`paInputOverflow` of portaudio.h."""
    GO_ON = 0
    """`paContinue`."""

    def __init__(self) -> None:
        self._thread = NativeThread("earwitness-wasapi")
        self._pyaudio: Any = None
        self._streams: set[Any] = set()

    def call(self, function: Callable[["Wasapi"], _T], within_s: float = _ANSWER_S) -> _T:
        """Run `function` on the thread; the other methods may be used only from there."""
        return self._thread.call(lambda: function(self), within_s)

    def outputs(self, *, fresh: bool) -> list[Output]:
        """The active outputs, the default first. Raises `AudioError`."""
        try:
            pyaudio = self._initialised(fresh=fresh and not self._streams)
            default = communications_device(DeviceKind.OUTPUT)
            if default is None:
                default = pyaudio.get_default_wasapi_device(d_out=True)["name"]
            found = [_output(info, default) for info in pyaudio.get_loopback_device_info_generator()]
        except OSError as error:
            raise AudioError(
                f"Windows does not say which outputs there are ({error}): restart its audio service."
            ) from error
        return sorted(found, key=lambda output: not output.device.is_default)

    def start(self, output: Output, **options: Any) -> Any:
        """A stream of its loopback that runs, for `close`. Raises `AudioError`."""
        try:
            stream = self._initialised(fresh=False).open(
                rate=output.device.rate,
                channels=output.channels,
                format=_library().paFloat32,
                input=True,
                input_device_index=output.index,
                **options,
            )
        except (OSError, ValueError) as error:
            raise AudioError(
                f"{output.device.name} could not be opened ({error}): check that it is connected and "
                "that no other program keeps it for itself."
            ) from error
        self._streams.add(stream)
        return stream

    def is_active(self, stream: Any) -> bool:
        """Whether the stream still delivers, or would if something played."""
        try:
            return stream.is_active()
        except OSError:
            return False

    def close(self, stream: Any) -> None:
        """Close a stream that `start` returned."""
        self._streams.discard(stream)
        with suppress(OSError):  # one that has ended by itself may not like to be stopped
            stream.close()

    def _initialised(self, *, fresh: bool) -> Any:
        if fresh and self._pyaudio is not None:
            self._pyaudio.terminate()
            self._pyaudio = None
        if self._pyaudio is None:
            self._pyaudio = _library().PyAudio()
        return self._pyaudio


def _output(info: dict[str, Any], default: str) -> Output:
    name = info["name"].removesuffix(_SUFFIX)
    device = DeviceInfo(
        id=f"{_API}:{name}",
        name=name,
        kind=DeviceKind.OUTPUT,
        rate=round(info["defaultSampleRate"]),
        is_default=name == default,
    )
    return Output(device, info["index"], info["maxInputChannels"])


def _library() -> Any:
    try:
        import pyaudiowpatch  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise AudioError(
            f"The library for what Windows plays cannot be loaded ({error}): install Earwitness anew."
        ) from error
    return pyaudiowpatch


wasapi = cache(Wasapi)
"""The process's one."""
