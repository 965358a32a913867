"""A Mac as Earwitness sees it: catap with one output and two programs, one of which plays.

Names and parameters are those of the real library, which `test_library_signatures.py` checks.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

import numpy as np
import pytest

from audio.devices.loopback import macos
from audio.devices.native_thread import NativeThread


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStreamFormat:
    sample_rate: float
    num_channels: int
    bits_per_sample: int
    sample_type: str
    format_id: str

    @property
    def is_float(self) -> bool:
        return self.sample_type == "float"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioBuffer:
    data: bytes
    frame_count: int
    format: AudioStreamFormat
    input_sample_time: float | None = None


@dataclass
class AudioProcess:
    audio_object_id: int
    pid: int
    bundle_id: str | None
    name: str
    is_outputting: bool
    is_running: bool = False
    is_inputting: bool = False


@dataclass
class AudioDeviceStream:
    sample_rate: float


@dataclass
class AudioDevice:
    audio_object_id: int
    uid: str
    name: str
    manufacturer: str | None
    streams: tuple[AudioDeviceStream, ...]
    is_default_input: bool
    is_default_output: bool
    is_default_system_output: bool

    @property
    def output_streams(self) -> tuple[AudioDeviceStream, ...]:
        return self.streams


class Mac:
    """What the fake library tells of; a test changes it."""

    def __init__(self) -> None:
        speakers = AudioDevice(
            71, "BuiltIn", "MacBook Speakers", "Apple", (AudioDeviceStream(44100.0),), False, True, True
        )
        self.devices = [speakers]
        self.processes = [
            AudioProcess(101, 501, "com.example.softphone", "Softphone", True),
            AudioProcess(102, 502, "com.example.softphone", "Softphone Helper", False),
            AudioProcess(103, 503, "com.example.notes", "Notes", False),
            AudioProcess(104, os.getpid(), None, "python", True),
        ]
        self.format = AudioStreamFormat(
            sample_rate=44100.0,
            num_channels=1,
            bits_per_sample=32,
            sample_type="float",
            format_id="lpcm",
        )
        self.sessions: list[RecordingSession] = []
        self.refusal: OSError | None = None

    @property
    def open_sessions(self) -> list["RecordingSession"]:
        return [session for session in self.sessions if session.is_open]


MAC = Mac()


class RecordingSession:
    """Delivers a block every 10 ms."""

    def __init__(
        self,
        tap_description: Any,
        output_path: Any = None,
        on_buffer: Callable[[AudioBuffer], None] | None = None,
        *,
        max_pending_buffers: int = 256,
        drift_compensation_quality: Any = None,
    ) -> None:
        assert on_buffer is not None
        assert output_path is None
        self.target: tuple[str, list[AudioProcess]] = tap_description
        self._on_buffer = on_buffer
        self.is_open = self.capture_failed = False
        self.stream_format: AudioStreamFormat | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._deliver)
        MAC.sessions.append(self)

    @classmethod
    def from_system_audio(
        cls,
        output_path: Any = None,
        *,
        exclude: Sequence[str | AudioProcess] = (),
        mute: bool = False,
        mono: bool = False,
        visible: bool = False,
        on_buffer: Callable[[AudioBuffer], None] | None = None,
        max_pending_buffers: int = 256,
        drift_compensation_quality: Any = None,
    ) -> Self:
        assert (mute, mono, visible) == (False, True, False)
        return cls(_resolved("all but", exclude), output_path, on_buffer)

    @classmethod
    def from_processes(
        cls,
        processes: Sequence[str | AudioProcess],
        output_path: Any = None,
        *,
        mute: bool = False,
        mono: bool = False,
        visible: bool = False,
        on_buffer: Callable[[AudioBuffer], None] | None = None,
        max_pending_buffers: int = 256,
        drift_compensation_quality: Any = None,
    ) -> Self:
        assert (mute, mono, visible) == (False, True, False)
        assert processes
        return cls(_resolved("only", processes), output_path, on_buffer)

    def start(self) -> None:
        if MAC.refusal:
            raise MAC.refusal
        self.stream_format, self.is_open = MAC.format, True
        self._thread.start()

    def close(self) -> None:
        was_open, self.is_open = self.is_open, False
        self._ended.set()
        if was_open:
            self._thread.join()
        if self.capture_failed:
            raise RuntimeError("Dropped 3 native audio buffer(s) (1536 frame(s))")

    def set_processes(self, processes: Sequence[str | AudioProcess]) -> None:
        if MAC.refusal:
            raise MAC.refusal
        self.target = _resolved("only", processes)

    def _deliver(self) -> None:
        assert self.stream_format
        level = 0.0
        while not self._ended.wait(0.01) and not self.capture_failed:
            level += 0.001
            block = np.full((512, self.stream_format.num_channels), level, np.float32)
            self._on_buffer(
                AudioBuffer(data=block.tobytes(), frame_count=512, format=self.stream_format)
            )


def _resolved(how: str, given: Sequence[str | AudioProcess]) -> tuple[str, list[AudioProcess]]:
    processes = [process for process in given if isinstance(process, AudioProcess)]
    assert len(processes) == len(given)
    return how, processes


def list_audio_devices() -> list[AudioDevice]:
    if MAC.refusal:
        raise MAC.refusal
    return MAC.devices


def list_audio_processes() -> list[AudioProcess]:
    return MAC.processes


def find_process_by_pid(pid: int) -> AudioProcess | None:
    return next((process for process in MAC.processes if process.pid == pid), None)


class FakeCatap:
    """While it is entered, the fake stands for the library."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.mac = MAC

    def __enter__(self) -> Self:
        MAC.__init__()
        catap = ModuleType("catap")
        for member in (RecordingSession, list_audio_devices, list_audio_processes, find_process_by_pid):
            vars(catap)[member.__name__] = member
        self._patch.setitem(sys.modules, "catap", catap)
        thread = NativeThread("fake core audio")
        self._patch.setattr(macos, "_thread", lambda: thread)
        self._patch.setattr(macos.MacTap, "look_s", 0.05)
        return self

    def __exit__(self, *_error: object) -> None:
        for session in MAC.open_sessions:
            session.capture_failed = False
            session.close()

    def fail(self) -> None:
        """Let every capture fail, as when sound was dropped or the tap's format changed."""
        for session in MAC.open_sessions:
            session.capture_failed = True
