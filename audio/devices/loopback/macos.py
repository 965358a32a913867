"""macOS 14.2 and later: what the machine or one program plays, through a process tap of catap."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import numpy as np

from audio.devices.loopback.watched import WatchedTap
from audio.devices.native_thread import NativeThread
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo, DeviceKind

_T = TypeVar("_T")

_SYSTEM = "system"
_ANSWER_S = 5.0
_USUAL_RATE = 48_000
_REFUSALS = (OSError, RuntimeError, ValueError, LookupError)
"""What catap raises where Core Audio does not do as asked."""


class MacOutputs:
    """What this machine plays, whichever output it plays to, and each program that plays.

    A program is tapped by itself: Core Audio gives a tap the processes that it is told, and no others.
    Its id is its bundle's.
    """

    def list(self) -> list[DeviceInfo]:
        """Those there are now, the default first. Raises `AudioError` where nothing can be tapped."""
        return _call(_listed)

    def tap(self, device: DeviceInfo) -> "MacTap":
        """A tap of one of them, not started yet."""
        return MacTap(device)


class MacTap(WatchedTap[Any]):
    """What the machine plays, or one program with all its processes as they come and go.

    Where Earwitness may not record system audio, what comes is digital silence.
    """

    look_s = 1.0
    cure = "start its call again"

    def __init__(self, device: DeviceInfo) -> None:
        super().__init__(device)
        self._processes: set[int] = set()
        self._session: Any = None

    def _call(self, function: Callable[[Any], _T]) -> _T:
        return _call(function)

    def _open(self, library: Any) -> None:
        try:
            self._session = self._new_session(library)
            self._session.start()
        except _REFUSALS as error:
            raise AudioError(
                f"{self._device.name} could not be tapped ({error}): allow Earwitness to record system "
                "audio in the privacy settings, then start it anew."
            ) from error
        delivered = self._session.stream_format
        if not delivered.is_float:
            raise AudioError(f"{self._device.name} delivers whole numbers: choose another output.")
        self._rate = round(delivered.sample_rate)

    def _new_session(self, catap: Any) -> Any:
        if self._device.kind is DeviceKind.OUTPUT:
            own = catap.find_process_by_pid(os.getpid())
            return catap.RecordingSession.from_system_audio(
                exclude=[own] if own else [], mono=True, on_buffer=self._on_sound
            )
        processes = _processes(catap, self._device.id)
        if not processes:
            raise AudioError(f"{self._device.name} plays no sound: start a call in it and try again.")
        self._processes = _objects(processes)
        return catap.RecordingSession.from_processes(processes, mono=True, on_buffer=self._on_sound)

    def _shut(self, library: Any) -> None:  # noqa: ARG002 - the session knows it
        if self._session is not None:
            with suppress(*_REFUSALS):  # a capture that failed says so once more here
                self._session.close()
            self._session = None

    def _on_sound(self, buffer: Any) -> None:
        """Runs on catap's thread. What catap drops ends its capture, so nothing was lost before this."""
        at_s = now_s()
        block = np.frombuffer(buffer.data, np.float32).reshape(-1, buffer.format.num_channels)
        self._listener.hear(block.mean(axis=1), at_s, False)

    def _goes_on(self, library: Any) -> bool:
        """Whether the capture still stands; a program that has other processes now is tapped anew."""
        if self._session is None or self._session.capture_failed:
            return False
        if self._device.kind is DeviceKind.OUTPUT:
            return True
        try:
            processes = _processes(library, self._device.id)
            if processes and _objects(processes) != self._processes:
                self._session.set_processes(processes)
                self._processes = _objects(processes)
        except _REFUSALS:
            return False
        return bool(processes)


def _listed(catap: Any) -> list[DeviceInfo]:
    try:
        devices, processes = catap.list_audio_devices(), catap.list_audio_processes()
    except _REFUSALS as error:
        raise AudioError(
            f"Core Audio does not say what plays ({error}): restart the machine and try again."
        ) from error
    streams = [
        stream for device in devices if device.is_default_output for stream in device.output_streams
    ]
    rate = round(streams[0].sample_rate) if streams else _USUAL_RATE
    programs = {
        _identity(process): DeviceInfo(
            _identity(process), process.name, DeviceKind.APPLICATION, rate, is_default=False
        )
        for process in processes
        if process.is_outputting and process.pid != os.getpid()
    }
    system = DeviceInfo(_SYSTEM, "All that this Mac plays", DeviceKind.OUTPUT, rate, is_default=True)
    return [system, *programs.values()]


def _identity(process: Any) -> str:
    return process.bundle_id or process.name


def _processes(catap: Any, identity: str) -> list[Any]:
    return [process for process in catap.list_audio_processes() if _identity(process) == identity]


def _objects(processes: list[Any]) -> set[int]:
    return {process.audio_object_id for process in processes}


def _call(function: Callable[[Any], _T]) -> _T:
    """Run `function` with catap, on the thread that is kept for it."""
    return _thread().call(lambda: function(_library()), _ANSWER_S)


def _library() -> Any:
    try:
        import catap  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise AudioError(
            f"The library for what this Mac plays cannot be loaded ({error}): install Earwitness anew."
        ) from error
    return catap


_thread = cache(lambda: NativeThread("earwitness-core-audio"))
