"""A terminal that follows calls while they go on."""

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from signal import SIG_IGN, SIGINT, SIGTERM, getsignal, signal
from time import monotonic
from typing import Protocol

from app.case_state import CaseState
from app.cli.live_lines import LiveLines
from detection.events import CallEnded, Event

_POLL_S = 0.1


class Listening(Protocol):
    """A call, or call after call."""

    @property
    def error(self) -> Exception | None: ...
    def start(self) -> None: ...
    def stop(self, *, judge_rest: bool = True) -> None: ...
    def wait(self, timeout_s: float | None = None) -> bool: ...


class Follower:
    """Shows each call's news as it is stored, and `finished` what it came to."""

    def __init__(self, lines: LiveLines, finished: Callable[[CaseState], None]) -> None:
        self._lines = lines
        self._finished = finished
        self._news: queue.SimpleQueue[tuple[str, Event]] = queue.SimpleQueue()
        self._state = CaseState("")

    def receive(self, case_id: str, events: Sequence[Event]) -> None:
        """Take in what was just stored (`app.call.session.Listener`). Any thread."""
        for event in events:
            self._news.put((case_id, event))

    def follow(self, listening: Listening, seconds: float | None = None) -> None:
        """Start listening and show news until it has ended, by itself, after `seconds` or by Ctrl-C.

        Belongs to the main thread. Raises what `listening.start` does.
        Each further Ctrl-C gives up on judging what was heard, never on storing or showing it.
        """
        heeded = 0
        with _interrupts() as asked:
            listening.start()
            until = monotonic() + seconds if seconds else None
            try:
                while not listening.wait(_POLL_S):
                    self._show()
                    if until and monotonic() > until:
                        listening.stop()
                        until = None
                    for _ in asked[heeded:]:
                        listening.stop(judge_rest=not heeded)
                        heeded += 1
            except BaseException:
                listening.stop()
                while not listening.wait(_POLL_S):
                    if len(asked) > heeded:
                        listening.stop(judge_rest=False)
                raise
            self._show()

    def _show(self) -> None:
        while not self._news.empty():
            case_id, event = self._news.get()
            if case_id != self._state.case_id:
                self._state = CaseState(case_id)
                self._lines.begin(case_id)
            self._state.apply(event)
            self._lines.show(event, self._state)
            if isinstance(event, CallEnded):
                self._finished(self._state)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """The signals that asked to end so far, in place of an exception in the middle of anything."""
    asked: list[int] = []
    heard = [each for each in (SIGINT, SIGTERM) if getsignal(each) is not SIG_IGN]
    before = [signal(each, lambda number, _: asked.append(number)) for each in heard]
    try:
        yield asked
    finally:
        for number, handler in zip(heard, before, strict=True):
            signal(number, handler)
