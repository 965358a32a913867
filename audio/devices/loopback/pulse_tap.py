"""One source of PulseAudio or PipeWire as a tap."""

import ctypes
import threading
from typing import Any

import numpy as np

from audio.devices.loopback import libpulse as pa
from audio.devices.loopback.pulse_connection import PulseConnection
from audio.devices.tap import Hear, Lose
from audio.errors import AudioError
from audio.live.clock import now_s

_BLOCK_S = 0.02
_ANSWER_S = 5.0
_BYTES = 4
"""Of a sample."""


class PulseTap:
    """Listens to the source `source`, which people call `name`; the server mixes it to one channel.

    The server would move a stream whose source is gone to another one: from an output's monitor to the
    microphone, say. This stream may not be moved; it is lost then.
    """

    pauses = False
    """A source that is read delivers silence while nothing plays; only a suspended one stands still."""

    def __init__(self, source: str, name: str, rate: int) -> None:
        self._source = source
        self._name = name
        self._rate = rate
        self._closing = threading.Lock()
        self._answered = threading.Event()
        self._refusal = ""
        self._hear: Hear | None = None
        self._lose: Lose | None = None
        self._connection: PulseConnection | None = None
        self._stream: Any = None
        self._lost = False
        # libpulse has no more than pointers to these: they live as long as the tap.
        self._state_callback = pa.NotifyCallback(self._on_state)
        self._sound_callback = pa.RequestCallback(self._on_sound)

    @property
    def rate(self) -> int:
        """Hz."""
        return self._rate

    def start(self, hear: Hear, lose: Lose) -> None:
        """Open the source and begin. Raises `AudioError` where that fails; then nothing is left open."""
        connection = PulseConnection(self._end)
        connection.open()
        self._connection, self._hear, self._lose = connection, hear, lose
        with connection.locked():
            self._connect(connection)
        answered = self._answered.wait(_ANSWER_S)
        refusal = self._refusal if answered else "the sound server does not answer"
        if refusal:
            self.close()
            raise AudioError(
                f"{self._name} could not be opened ({refusal}): check that it is connected "
                "and that the sound server runs."
            )

    def close(self) -> None:
        """End; returns when nothing more will be called."""
        with self._closing:
            self._hear = self._lose = None
            if self._connection is None:
                return
            self._connection.stop()
            if self._stream:
                pa.libpulse().pa_stream_unref(self._stream)
            self._connection.close()
            self._connection = None

    def _connect(self, connection: PulseConnection) -> None:
        lib = pa.libpulse()
        spec = pa.SampleSpec(pa.SAMPLE_FLOAT32LE, self._rate, 1)
        size = round(_BLOCK_S * self._rate) * _BYTES
        block = pa.BufferAttr(pa.UNSET, pa.UNSET, pa.UNSET, pa.UNSET, size)
        flags = pa.STREAM_DONT_MOVE | pa.STREAM_ADJUST_LATENCY
        self._stream = lib.pa_stream_new(connection.context, b"Call", spec, None)
        if self._stream:
            lib.pa_stream_set_state_callback(self._stream, self._state_callback, None)
            lib.pa_stream_set_read_callback(self._stream, self._sound_callback, None)
            if lib.pa_stream_connect_record(self._stream, self._source.encode(), block, flags) == 0:
                return
        self._end(connection.error())

    def _on_state(self, stream: int, _data: None) -> None:
        state = pa.libpulse().pa_stream_get_state(stream)
        if state == pa.STREAM_READY:
            self._answered.set()
        elif state in {pa.STREAM_FAILED, pa.STREAM_TERMINATED} and self._connection:
            self._end(self._connection.error())

    def _on_sound(self, stream: int, _size: int, _data: None) -> None:
        at_s = now_s()
        lib = pa.libpulse()
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        while waiting := lib.pa_stream_readable_size(stream):
            if lib.pa_stream_peek(stream, data, size) < 0 or not size.value:
                return
            if data.value is None:  # a hole: the server lost sound
                self._lost = True
            elif hear := self._hear:
                block = np.frombuffer(ctypes.string_at(data.value, size.value), np.float32)
                lost, self._lost = self._lost, False
                hear(block, at_s - (waiting - size.value) / _BYTES / self._rate, lost)
            lib.pa_stream_drop(stream)

    def _end(self, reason: str) -> None:
        """The server refused or ended the stream, or went away. On libpulse's thread or locked."""
        lose, self._hear, self._lose = self._lose, None, None
        if not self._answered.is_set():
            self._refusal = reason
            self._answered.set()
        elif lose:
            lose(
                AudioError(
                    f"{self._name} stopped delivering sound ({reason}): check that it is connected."
                )
            )
