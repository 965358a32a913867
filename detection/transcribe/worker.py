"""A recognizer in a process of its own, for engines that keep Python's lock while they decode.

PocketSphinx does: in the program's own process it would stop the window for as long as it decodes
(half a second for a sentence). A crash of the engine, too, then costs one segment and not the call.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from detection.errors import DetectionError
from detection.transcribe.transcriber import Rejection, Transcriber
from detection.types import EngineInfo, Segment, Utterance


class WorkerTranscriber:
    """Sends segments to the recognizer that `load` gives in a child process.

    `load` is importable by name, as what is sent to a new process must be. Construction waits until
    the recognizer is loaded. Raises `DetectionError` where it cannot be.
    """

    def __init__(self, load: Callable[[], Transcriber]) -> None:
        self._load = load
        self._process = self._start()
        try:
            with _interrupts_held():
                engine = self._process.submit(_engine)
            self.engine = engine.result()
        except BrokenProcessPool as error:
            self.close()
            raise DetectionError(
                "The speech recognizer could not be started: reinstall Earwitness with its dependencies."
            ) from error

    def begin_call(self) -> None:
        """Nothing to forget: a recognizer that may be started anew at any time learns nothing."""

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """What was said; a recognizer that dies over it is started anew for the next segment."""
        try:
            with _interrupts_held():
                heard = self._process.submit(_transcribe, segment)
            return heard.result()
        except BrokenProcessPool:
            self.close()
            self._process = self._start()
            return Rejection("the recognizer crashed over this speech and was started anew")

    def close(self) -> None:
        """End the process; idempotent."""
        self._process.shutdown()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), initializer=_initialize, initargs=(self._load,)
        )


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C reaches the whole group of processes; one started in here never sees it.

    The parent decides when its child ends. Windows has no such mask: there the child ignores Ctrl-C
    only from its initializer on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_recognizer: Transcriber
"""The child process's own recognizer."""


def _initialize(load: Callable[[], Transcriber]) -> None:
    global _recognizer  # noqa: PLW0603 - a pool's initializer has no other place to leave what it made
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Small matrices are quickest on one thread; OpenBLAS's others would only wait, and busily.
    threadpool_limits(1, user_api="blas")
    _recognizer = load()


def _end_with_parent() -> None:
    """A killed parent cannot shut its pool down, and the pool's pipe alone does not tell its end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _engine() -> EngineInfo:
    return _recognizer.engine


def _transcribe(segment: Segment) -> Utterance | Rejection:
    return _recognizer.transcribe(segment)
