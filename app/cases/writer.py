"""Writes the case log: one thread, whole transactions, and no event is ever dropped."""

import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from app.cases.chain import decode, encode, event_hash, storable_text
from app.cases.database import explained, immediate, open_for_writing
from app.cases.records import CaseSummary, StoredEvent
from app.cases.summary import fold, from_row, new_case, to_row
from app.errors import CaseLogError
from detection.events import Event

OnStored = Callable[[Sequence[StoredEvent]], None]
"""Told of events once they are committed. Called on the store thread; must not call the writer."""

_QUEUE_SIZE = 32
"""Appends that may wait for the disk before the caller does."""


@dataclass(frozen=True, slots=True)
class _Opening:
    source: str
    started_at: str
    case_id: Future[str]


@dataclass(frozen=True, slots=True)
class _Append:
    case_id: str
    payloads: tuple[str, ...]
    on_stored: OnStored | None


@dataclass(frozen=True, slots=True)
class _Flush:
    done: threading.Event


class CaseWriter:
    """Appends to the case log at `path` from a thread of its own ("earwitness-store").

    All methods may be called from any other thread. Several writers, also of several processes, may
    share one log. After a failure nothing more is stored: `failed` holds it, and every later call
    raises it, so a caller cannot go on unaware; what was committed before stays.
    """

    def __init__(self, path: Path) -> None:
        """Raises `CaseLogError` where the log cannot be opened for writing."""
        self._path = path
        self._db = open_for_writing(path)
        self._jobs: queue.Queue[_Opening | _Append | _Flush | None] = queue.Queue(_QUEUE_SIZE)
        self._accepting = threading.Lock()
        self._closed = False
        self._failed: CaseLogError | None = None
        self._thread = threading.Thread(target=self._run, name="earwitness-store")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """Where the case log is."""
        return self._path

    @property
    def failed(self) -> CaseLogError | None:
        """Why nothing is stored any more; None while all is well."""
        return self._failed

    def open_case(self, source: str, started_at: str) -> str:
        """Store a new case and return its id. `started_at` is ISO 8601 in UTC. Waits for the commit."""
        case_id: Future[str] = Future()
        self._put(_Opening(storable_text(source), started_at, case_id))
        return case_id.result()

    def append(self, case_id: str, events: Sequence[Event], on_stored: OnStored | None = None) -> None:
        """Store `events` in one transaction; waits while the queue is full.

        Raises `CaseLogError` for an event that cannot be stored (nothing is queued then), and where an
        earlier append failed.
        """
        self._put(_Append(case_id, tuple(encode(event) for event in events), on_stored))

    def flush(self) -> None:
        """Wait until all that was appended is stored. Raises `CaseLogError` where some was not."""
        done = threading.Event()
        self._put(_Flush(done))
        done.wait()
        if self._failed:
            raise self._failed

    def close(self) -> None:
        """Store what is queued, end the thread and let go of the file; idempotent.

        Raises `CaseLogError` where something could not be stored.
        """
        with self._accepting:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()
        if self._failed:
            raise self._failed

    def _put(self, job: _Opening | _Append | _Flush) -> None:
        with self._accepting:
            if self._failed:
                raise self._failed
            if self._closed:
                raise CaseLogError(f"The case log {self._path} was closed; open it again to store more.")
            self._jobs.put(job)

    def _run(self) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                try:
                    self._do(job)
                except Exception as error:  # noqa: BLE001  whatever it was, the caller must learn of it
                    self._fail(job, error)
        finally:
            self._db.close()

    def _do(self, job: _Opening | _Append | _Flush) -> None:
        if isinstance(job, _Flush):
            job.done.set()
            return
        if self._failed:
            # The jobs already queued are refused too: storing later events would hide the gap.
            raise self._failed
        match job:
            case _Opening(source, started_at, case_id):
                case_id.set_result(self._insert_case(source, started_at))
            case _Append(case_id, payloads, on_stored):
                stored = self._insert_events(case_id, payloads)
                if on_stored:
                    on_stored(stored)

    def _fail(self, job: _Opening | _Append | _Flush, error: Exception) -> None:
        if not isinstance(error, CaseLogError):
            sentence = (
                f"Storing in {self._path} stopped on a fault of Earwitness ({error!r}); report it."
            )
            cause, error = error, CaseLogError(sentence)
            error.__cause__ = cause
        self._failed = self._failed or error
        if isinstance(job, _Opening):
            job.case_id.set_exception(error)

    def _insert_case(self, source: str, started_at: str) -> str:
        begun = datetime.fromisoformat(started_at).astimezone(UTC)
        with explained(self._path), immediate(self._db):
            while self._row(case_id := f"{begun:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"):
                pass
            self._db.table("cases").insert(to_row(new_case(case_id, source, started_at)))
        return case_id

    def _insert_events(self, case_id: str, payloads: Sequence[str]) -> Sequence[StoredEvent]:
        recorded_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        stored: list[StoredEvent] = []
        with explained(self._path), immediate(self._db):
            summary = self._summary(case_id)
            for payload in payloads:
                seq, prev_hash = summary.event_count, summary.head_hash
                link = event_hash(case_id, seq, recorded_at, payload, prev_hash)
                # As it reads from the log, so that what is shown now is what a replay shows.
                entry = StoredEvent(case_id, seq, recorded_at, decode(payload), prev_hash, link)
                summary = fold(summary, entry)
                stored.append(entry)
            self._db.table("events").insert_all(
                _row(entry, payload) for entry, payload in zip(stored, payloads, strict=True)
            )
            self._db.table("cases").update(case_id, to_row(summary))
        return stored

    def _summary(self, case_id: str) -> CaseSummary:
        row = self._row(case_id)
        if row is None:
            raise CaseLogError(
                f"Case {case_id} is not in {self._path} any more, so nothing can be added to it; "
                "start the call again."
            )
        try:
            return from_row(row)
        except ValueError as error:
            raise CaseLogError(
                f"The summary of case {case_id} in {self._path} was changed by something other than "
                "Earwitness; `earwitness cases verify` says where."
            ) from error

    def _row(self, case_id: str) -> dict[str, Any] | None:
        return next(self._db.query("SELECT * FROM cases WHERE id = ?", [case_id]), None)


def _row(entry: StoredEvent, payload: str) -> dict[str, Any]:
    return {
        "case_id": entry.case_id,
        "seq": entry.seq,
        "recorded_at": entry.recorded_at,
        "kind": entry.event.kind,
        "payload": payload,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }
