"""One thread for all calls into a sound library that is bound to a thread, and that may never return."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from audio.errors import AudioError

_T = TypeVar("_T")


class NativeThread:
    """Runs calls one after another on a daemon thread of its own, which it starts with the first.

    PortAudio and COM ask to be called from one thread, and a sound server that stopped answering keeps
    whoever calls it for ever: here only this thread waits for it, not the caller.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def call(self, function: Callable[[], _T], within_s: float) -> _T:
        """What `function` returns or raises. Any thread but this one.

        Raises `AudioError` where it has not returned within `within_s` seconds, those included in which
        earlier calls kept it waiting. A call that has not begun by then is dropped; one that has begun
        goes on alone, so `function` itself must see whether anyone still wants what it opens.
        """
        answer: Future[_T] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
        self._calls.put((answer, function))
        try:
            return answer.result(within_s)
        except TimeoutError as error:
            if answer.done():
                return answer.result()
            answer.cancel()
            raise AudioError(
                f"The sound system has not answered for {within_s:g} s: restart it, or the machine."
            ) from error

    def _work(self) -> None:
        while True:
            answer, function = self._calls.get()
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - the caller's to judge
                answer.set_exception(error)
            else:
                answer.set_result(result)
