"""A connection to PulseAudio or PipeWire."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from audio.devices.loopback import libpulse as pa
from audio.errors import AudioError

_ANSWER_S = 5.0


class PulseConnection:
    """A context of libpulse on a thread of libpulse's own.

    `on_end` is called once, on that thread, with the reason when the server goes away by itself. `close`
    ends that thread without asking the server, so that one that stopped answering holds nobody up.
    """

    def __init__(self, on_end: Callable[[str], None] | None = None) -> None:
        self._on_end = on_end
        self._answered = threading.Event()
        self._is_open = False
        self._loop: Any = None
        self.context: Any = None
        # libpulse has no more than a pointer to it: it lives as long as the connection.
        self._callback = pa.NotifyCallback(self._on_state)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect. Raises `AudioError` where no server answers; then nothing is left open."""
        lib = pa.libpulse()
        self._loop = lib.pa_threaded_mainloop_new()
        self.context = lib.pa_context_new(lib.pa_threaded_mainloop_get_api(self._loop), b"Earwitness")
        lib.pa_context_set_state_callback(self.context, self._callback, None)
        if lib.pa_context_connect(self.context, None, pa.CONTEXT_NOAUTOSPAWN, None) < 0:
            self._answered.set()
        lib.pa_threaded_mainloop_start(self._loop)
        try:
            self._await_answer()
        except AudioError:
            self.close()
            raise

    def stop(self) -> None:
        """End libpulse's thread; returns when no callback runs any more. Any thread but libpulse's."""
        self._on_end = None
        pa.libpulse().pa_threaded_mainloop_stop(self._loop)

    def close(self) -> None:
        """Stop and let everything go, once; streams have to be let go between `stop` and this."""
        lib = pa.libpulse()
        self.stop()
        lib.pa_context_disconnect(self.context)
        lib.pa_context_unref(self.context)
        lib.pa_threaded_mainloop_free(self._loop)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds libpulse's thread still: other threads may call libpulse only in here."""
        pa.libpulse().pa_threaded_mainloop_lock(self._loop)
        try:
            yield
        finally:
            pa.libpulse().pa_threaded_mainloop_unlock(self._loop)

    def error(self) -> str:
        """What libpulse says went wrong last."""
        lib = pa.libpulse()
        return lib.pa_strerror(lib.pa_context_errno(self.context)).decode(errors="replace")

    def ask(self, function: str, callback_type: Any, take: Callable[[Any], None]) -> None:
        """Call libpulse's `function` and give `take` each structure of the answer, while it lasts.

        Raises `AudioError` where the answer does not come. One thread at a time.
        """
        lib = pa.libpulse()

        def on_answer(_context: int, info: Any, *rest: Any) -> None:
            if info:
                take(info.contents)
            if not info or len(rest) == 1:  # the end of a list, or an answer that is none
                self._answered.set()

        callback = callback_type(on_answer)
        self._answered.clear()
        with self.locked():
            operation = getattr(lib, function)(self.context, callback, None)
            if operation:
                lib.pa_operation_unref(operation)
            else:
                self._answered.set()
        self._await_answer()

    def _await_answer(self) -> None:
        answered = self._answered.wait(_ANSWER_S)
        with self.locked():
            reason = self.error() if answered else f"nothing came in {_ANSWER_S:g} s"
            is_ready = pa.libpulse().pa_context_get_state(self.context) == pa.CONTEXT_READY
        if not (answered and is_ready):
            raise AudioError(
                f"The sound server does not answer ({reason}): restart PulseAudio or PipeWire."
            )

    def _on_state(self, context: int, _data: None) -> None:
        state = pa.libpulse().pa_context_get_state(context)
        if state == pa.CONTEXT_READY:
            self._is_open = True
            self._answered.set()
        elif state in {pa.CONTEXT_FAILED, pa.CONTEXT_TERMINATED}:
            self._answered.set()
            if self._is_open and self._on_end:
                self._is_open = False
                self._on_end(self.error())
