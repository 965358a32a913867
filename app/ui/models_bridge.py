"""Between the window and the models: one task at a time on a thread of its own, told by a timer."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.models.pace import Pace
from app.models.store import Choice, ModelRow, ModelStore
from app.models.words import (
    installed_text,
    override_text,
    removed_text,
    speed_advice,
    used_text,
    whole_text,
)
from detection.models.watch import Progress, StoppedError, Watch

_log = logging.getLogger(__name__)

TICK_MS = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """All models, and what to install."""

    rows: list[ModelRow]
    advice: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task did, in a sentence, and what the program uses since then."""

    sentence: str = ""
    choice: Choice | None = None


class ModelsBridge(QObject):
    """Lives in the UI thread, in which all signals are emitted. Only one task runs at a time."""

    listed = Signal(object)
    """A `Listing`; after every task, too"""
    progressed = Signal(object, object)
    """The latest `Progress`, and bytes per second or None"""
    ended = Signal(object)
    """The `Outcome` of a task"""
    failed = Signal(object)
    """The error of a task"""

    def __init__(self, store: ModelStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="earwitness-models")
        self._task: Future[Outcome] | None = None
        self._listing: Future[Listing] | None = None
        self._watch = Watch()
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self._pace = Pace()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def is_busy(self) -> bool:
        """True while a task runs: another cannot be started."""
        return self._task is not None

    def list_models(self) -> None:
        """Ask for all models; `listed` or `failed` follows."""
        self._listing = self._worker.submit(self._list)
        self._timer.start()

    def install(self, model_id: str) -> None:
        """Download a model and use it; `ended` or `failed` follows, as after each of these."""

        def work(watch: Watch) -> Outcome:
            installed = self._store.install(model_id, watch)
            return Outcome(installed_text(installed), installed.choice)

        self._start(work)

    def bring_in(self, path: Path) -> None:
        """Import the model in a folder or zip and use it."""

        def work(watch: Watch) -> Outcome:
            installed = self._store.bring_in(path, watch)
            return Outcome(installed_text(installed), installed.choice)

        self._start(work)

    def verify(self, model_id: str) -> None:
        """Check every file of a model."""
        self._start(lambda watch: Outcome(whole_text(self._store.verify(model_id, watch))))

    def use(self, model_id: str) -> None:
        """Have the program use an installed model."""
        self._start(lambda _: Outcome(used_text(model_id), self._store.use(model_id)))

    def remove(self, model_id: str) -> None:
        """Delete a model."""

        def work(_: Watch) -> Outcome:
            choice = self._store.remove(model_id)
            return Outcome(removed_text(model_id, choice), choice)

        self._start(work)

    def measure(self) -> None:
        """Measure what each installed Whisper model costs here."""
        self._start(lambda watch: Outcome(speed_advice(self._store.measure(watch))))

    def stop(self) -> None:
        """Ask the running task to end; `failed` follows."""
        self._watch.stop()

    def shut_down(self) -> None:
        """Stop the task and wait for it: a moment, or as long as a model takes that is being loaded."""
        self._timer.stop()
        self._watch.stop()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _start(self, work: Callable[[Watch], Outcome]) -> None:
        self._watch = watch = Watch(self._receive)
        self._pace = Pace()
        self._task = self._worker.submit(lambda: work(watch))
        self._timer.start()

    def _list(self) -> Listing:
        return Listing(self._store.rows(), self._store.advice())

    def _receive(self, progress: Progress) -> None:
        """Called in the task's thread, many times a second; only keeps the latest."""
        with self._lock:
            self._latest = progress

    def _on_tick(self) -> None:
        with self._lock:
            latest, self._latest = self._latest, None
        if latest is not None:
            self._pace.add(time.monotonic(), latest.done)
            self.progressed.emit(latest, self._pace.rate)
        if self._task is not None and self._task.done():
            self._end_task(self._task)
        if self._listing is not None and self._listing.done():
            self._end_listing(self._listing)
        if self._task is None and self._listing is None:
            self._timer.stop()

    def _end_task(self, task: Future[Outcome]) -> None:
        self._task = None
        self.list_models()
        error = task.exception()
        if error is None:
            outcome = task.result()
            override = override_text(outcome.choice)
            if override:
                outcome = Outcome(f"{outcome.sentence} {override}", outcome.choice)
            self.ended.emit(outcome)
        else:
            if not isinstance(error, StoppedError):
                _log.warning("a task on a model failed", exc_info=error)
            self.failed.emit(error)

    def _end_listing(self, listing: Future[Listing]) -> None:
        self._listing = None
        error = listing.exception()
        if error is None:
            self.listed.emit(listing.result())
        else:
            _log.warning("the models could not be listed", exc_info=error)
            self.failed.emit(error)
