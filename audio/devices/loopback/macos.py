"""macOS 14.2 and later: what the machine or one program plays, through a process tap of catap."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import numpy as np

from audio.devices.listener import Listener
from audio.devices.native_thread import NativeThread
from audio.devices.tap import Hear, Lose
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo, DeviceKind

_T = TypeVar("_T")

_SYSTEM = "system"
_ANSWER_S = 5.0
_LOOK_S = 1.0
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


class MacTap:
    """What the machine plays, or one program with all its processes as they come and go.

    Where Earwitness may not record system audio, what comes is digital silence.
    """

    pauses = True
    """Core Audio may deliver nothing while nothing plays."""

    def __init__(self, device: DeviceInfo) -> None:
        self._device = device
        self._listener = Listener()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="earwitness-loopback")
        self._rate = device.rate
        self._processes: set[int] = set()
        self._session: Any = None

    @property
    def rate(self) -> int:
        """Hz, known once started."""
        return self._rate

    def start(self, hear: Hear, lose: Lose) -> None:
        """Open the tap and begin. Raises `AudioError` where that fails; then nothing is left open."""
        try:
            _call(lambda catap: self._open(catap, hear, lose))
        except AudioError:
            self.close()
            raise
        self._watcher.start()

    def close(self) -> None:
        """End; returns when nothing more will be called, even where Core Audio never returns."""
        self._listener.detach()
        self._closed.set()
        if self._watcher.ident:
            self._watcher.join()
        with suppress(AudioError):
            _call(self._shut)

    def _open(self, catap: Any, hear: Hear, lose: Lose) -> None:  # noqa: ANN401
        try:
            self._session = self._new_session(catap)
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
        if not self._listener.attach(hear, lose):  # nobody waited so long
            self._shut(catap)

    def _new_session(self, catap: Any) -> Any:  # noqa: ANN401
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

    def _shut(self, _catap: Any) -> None:  # noqa: ANN401
        if self._session is not None:
            with suppress(*_REFUSALS):  # a capture that failed says so once more here
                self._session.close()
            self._session = None

    def _on_sound(self, buffer: Any) -> None:  # noqa: ANN401
        """Runs on catap's thread. What catap drops ends its capture, so nothing was lost before this."""
        at_s = now_s()
        block = np.frombuffer(buffer.data, np.float32).reshape(-1, buffer.format.num_channels)
        self._listener.hear(block.mean(axis=1), at_s, False)

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_S):
            with suppress(AudioError):
                if not _call(self._goes_on):
                    break
        self._listener.lose(
            AudioError(f"{self._device.name} stopped delivering sound: start its call again.")
        )

    def _goes_on(self, catap: Any) -> bool:  # noqa: ANN401
        """Whether the capture still stands; a program that has other processes now is tapped anew."""
        if self._session is None or self._session.capture_failed:
            return False
        if self._device.kind is DeviceKind.OUTPUT:
            return True
        try:
            processes = _processes(catap, self._device.id)
            if processes and _objects(processes) != self._processes:
                self._session.set_processes(processes)
                self._processes = _objects(processes)
        except _REFUSALS:
            return False
        return bool(processes)


def _listed(catap: Any) -> list[DeviceInfo]:  # noqa: ANN401
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


def _identity(process: Any) -> str:  # noqa: ANN401
    return process.bundle_id or process.name


def _processes(catap: Any, identity: str) -> list[Any]:  # noqa: ANN401
    return [process for process in catap.list_audio_processes() if _identity(process) == identity]


def _objects(processes: list[Any]) -> set[int]:
    return {process.audio_object_id for process in processes}


def _call(function: Callable[[Any], _T]) -> _T:
    """Run `function` with catap, on the thread that is kept for it."""
    return _thread().call(lambda: function(_library()), _ANSWER_S)


def _library() -> Any:  # noqa: ANN401
    try:
        import catap  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise AudioError(
            f"The library for what this Mac plays cannot be loaded ({error}): install Earwitness anew."
        ) from error
    return catap


_thread = cache(lambda: NativeThread("earwitness-core-audio"))
