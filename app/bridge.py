"""Between the engine's threads and the window: the engine leaves news here, the window collects it.

A Qt signal has no back-pressure, so nothing is ever emitted from an engine thread. Everything is
collected by one timer in the UI thread, ten times a second.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.call.setup import LiveChoice
from app.case_state import CaseState
from app.desk_protocol import CallSession, Desk
from audio.file_source import Caller
from detection.events import CallLabel, Event
from detection.steps import ChallengeKind, Step, StepOutcome
from detection.types import PartialText

_log = logging.getLogger(__name__)

T = TypeVar("T")

TICK_MS = 100
MAX_EVENTS_PER_TICK = 1_000
"""More than a call makes in minutes; what is over waits for the next tick."""


@dataclass(frozen=True, slots=True)
class _Request:
    future: Future[Any]
    then: Callable[[Any], None]
    failed: Callable[[BaseException], None]


class SessionBridge(QObject):
    """Runs the desk's slow requests on one worker thread and brings news to the UI thread.

    Lives in the UI thread; only `receive` may be called from another. All signals are emitted in the
    UI thread, from the timer.
    """

    session_started = Signal(str)
    """case_id"""
    events_committed = Signal(str, list)
    """case_id, the new events in their order; at most once a tick"""
    levels_changed = Signal(dict)
    """Channel -> dBFS"""
    partials_changed = Signal(list, bool)
    """The `PartialText`s of the running call, and whether there is no time for new ones"""
    progress_changed = Signal(float, object)
    """Seconds heard, and seconds in all or None"""
    session_ended = Signal(object)
    """The error that ended it or kept it from starting, or None"""
    cases_listed = Signal(int, list)
    """Offset, the summaries from there on"""
    case_loaded = Signal(object)
    """The `CaseState` of a stored case"""
    request_failed = Signal(object)
    """The error of a request for stored cases"""
    devices_listed = Signal(dict)
    """Channel -> `SideDevices`: what a live call can be heard from now"""
    consent_read = Signal(object)
    """The `ConsentRules` for a live call"""
    setup_failed = Signal(object)
    """The error of a request for devices or consent"""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._session: CallSession | None = None
        self._partials: tuple[list[PartialText], bool] = ([], False)
        self._starting: Future[CallSession] | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="earwitness-desk")
        self._requests: list[_Request] = []
        self._lock = threading.Lock()
        self._committed: deque[tuple[str, Event]] = deque()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    @property
    def is_busy(self) -> bool:
        """True while a call is starting or running: another cannot be started."""
        return self._session is not None or self._starting is not None

    @property
    def is_running(self) -> bool:
        """True while a call runs that can be stopped."""
        return self._session is not None

    def receive(self, case_id: str, events: Sequence[Event]) -> None:
        """Take in events that were just committed. Any thread; only copies."""
        with self._lock:
            self._committed.extend((case_id, event) for event in events)

    def start_file(self, path: Path, *, realtime: bool, caller: Caller | None) -> None:
        """Begin a call from a recording; `session_started` or `session_ended` follows."""
        self._starting = self._request(
            lambda: self._desk.start_file(path, realtime=realtime, caller=caller, listener=self.receive),
            self._on_started,
            self.session_ended.emit,
        )

    def start_live(self, choice: LiveChoice) -> None:
        """Begin a call from devices; `session_started` or `session_ended` follows."""
        self._starting = self._request(
            lambda: self._desk.start_live(
                choice.microphone,
                choice.far_side,
                choice.recording,
                choice.acknowledgement,
                self.receive,
            ),
            self._on_started,
            self.session_ended.emit,
        )

    def list_devices(self) -> None:
        """Ask what a live call can be heard from; `devices_listed` or `setup_failed` follows."""
        self._request(self._desk.call_devices, self.devices_listed.emit, self.setup_failed.emit)

    def read_consent(self) -> None:
        """Ask what has to be said before a live call; `consent_read` or `setup_failed` follows."""
        self._request(self._desk.consent_rules, self.consent_read.emit, self.setup_failed.emit)

    def prepare(self) -> None:
        """Have loaded what a call needs; what goes wrong there is said when a call is started."""
        self._request(self._desk.prepare, lambda _: None, lambda _: None)

    def stop(self) -> None:
        """Ask the running call to end; `session_ended` follows when all of it is stored."""
        if self._session:
            self._session.stop()

    def take_step(self, step: Step, ask: str, outcome: StepOutcome) -> None:
        """Record what came of a step in the running call; its event follows when it is stored."""
        if self._session:
            self._session.take_step(step, ask, outcome, "window")

    def give_challenge(self, challenge: ChallengeKind) -> None:
        """Ask for something that the caller of the running call has to say; its event follows."""
        if self._session:
            self._session.give_challenge(challenge)

    def label_call(self, label: CallLabel) -> None:
        """Record what the person holds the running call for; its event follows."""
        if self._session:
            self._session.label_call(label, "window")

    def list_cases(self, limit: int, offset: int = 0) -> None:
        """Ask for stored cases; `cases_listed` or `request_failed` follows."""
        self._request(
            lambda: self._desk.list_cases(limit, offset),
            lambda cases: self.cases_listed.emit(offset, cases),
            self.request_failed.emit,
        )

    def load_case(self, case_id: str) -> None:
        """Ask for a stored case; `case_loaded` or `request_failed` follows."""
        self._request(
            lambda: CaseState.of(case_id, self._desk.load_case(case_id)),
            self.case_loaded.emit,
            self.request_failed.emit,
        )

    def use_model(self, setting: str, folder: Path | None) -> None:
        """Have the next call use the model in `folder`, None being what is built in."""
        self._request(
            lambda: self._desk.use_model(setting, folder), lambda _: None, self.request_failed.emit
        )

    def shut_down(self, timeout_s: float = 5.0) -> bool:
        """Stop the call and the worker and wait for both; False where the call took longer."""
        self._timer.stop()
        self._worker.shutdown(wait=True, cancel_futures=True)
        if self._starting and not self._starting.cancelled() and not self._starting.exception():
            self._session = self._starting.result()
        if self._session is None:
            return True
        self._session.stop(judge_rest=False)
        return self._session.wait(timeout_s)

    def _request(
        self, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[BaseException], None]
    ) -> Future[T]:
        future = self._worker.submit(work)
        self._requests.append(_Request(future, then, failed))
        return future

    def _on_started(self, session: CallSession) -> None:
        self._session = session
        self.session_started.emit(session.case_id)

    def _on_tick(self) -> None:
        self._collect_answers()
        session = self._session
        ended = session is not None and session.wait(0)
        all_shown = self._collect_events()
        if session is None:
            return
        self.progress_changed.emit(*session.progress)
        self.levels_changed.emit(dict(session.levels))
        partials = (list(session.partials.values()), session.is_text_behind)
        if partials != self._partials:
            self._partials = partials
            self.partials_changed.emit(*partials)
        if ended and all_shown:
            self._session = None
            self.session_ended.emit(session.error)

    def _collect_answers(self) -> None:
        answered = [request for request in self._requests if request.future.done()]
        self._requests = [request for request in self._requests if request not in answered]
        for request in answered:
            if request.future is self._starting:
                self._starting = None
            error = request.future.exception()
            if error is None:
                request.then(request.future.result())
            else:
                _log.warning("the desk could not do what was asked", exc_info=error)
                request.failed(error)

    def _collect_events(self) -> bool:
        """Hand over what was committed, one case a tick; True where nothing is left for the next."""
        batch: list[Event] = []
        with self._lock:
            case_id = self._committed[0][0] if self._committed else ""
            while (
                self._committed and self._committed[0][0] == case_id and len(batch) < MAX_EVENTS_PER_TICK
            ):
                batch.append(self._committed.popleft()[1])
            all_shown = not self._committed
        if batch:
            self.events_committed.emit(case_id, batch)
        return all_shown
