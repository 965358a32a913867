"""Reads the case log while others may be writing it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from app.cases.chain import decode, storable_text
from app.cases.database import explained, open_for_reading
from app.cases.records import CaseSummary, StoredEvent
from app.cases.summary import from_row
from app.errors import CaseLogError, UnknownCaseError
from detection.events import Event


class CaseReader:
    """A read-only view of the case log at `path`, for the thread that made it.

    A case may be named by the beginning of its id where that fits only one. Every method raises
    `CaseLogError` where the log cannot be read, and `UnknownCaseError` for an id that names no case.
    """

    def __init__(self, path: Path) -> None:
        """Raises `NoCaseLogError` where nothing was ever stored, else `CaseLogError`."""
        self._path = path
        self._db = open_for_reading(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; idempotent."""
        self._db.close()

    def summaries(self, limit: int | None = None, offset: int = 0) -> Sequence[CaseSummary]:
        """Cases, newest first."""
        with explained(self._path):
            # SQLite reads a negative limit as none.
            rows = list(
                self._db.query(
                    "SELECT * FROM cases ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?",
                    [-1 if limit is None else limit, offset],
                )
            )
        return [self._summary(row) for row in rows]

    def count(self) -> int:
        """How many cases there are."""
        with explained(self._path):
            return self._db.table("cases").count

    def summary(self, case_id: str) -> CaseSummary:
        """One case."""
        with explained(self._path):
            full_id = find_case(self._db, case_id)
            return self._summary(next(self._db.query("SELECT * FROM cases WHERE id = ?", [full_id])))

    def events(self, case_id: str) -> Sequence[StoredEvent]:
        """All events of a case in their stored order."""
        with explained(self._path):
            full_id = find_case(self._db, case_id)
            rows = list(self._db.query("SELECT * FROM events WHERE case_id = ? ORDER BY seq", [full_id]))
        return [_stored_event(row) for row in rows]

    def _summary(self, row: dict[str, Any]) -> CaseSummary:
        try:
            return from_row(row)
        except ValueError as error:
            raise CaseLogError(
                f"The summary of case {storable_text(row['id'])} was changed after it was stored; "
                "`earwitness cases verify` says where."
            ) from error


def find_case(db: Database, case_id: str) -> str:
    """The whole id of the case that `case_id` is, or is the unique beginning of."""
    matches = [
        row["id"]
        for row in db.query(
            "SELECT id FROM cases WHERE substr(id, 1, length(:id)) = :id ORDER BY id = :id DESC LIMIT 2",
            {"id": case_id},
        )
    ]
    if not matches or not case_id:
        raise UnknownCaseError(
            f"There is no case '{case_id}' in this data folder; `earwitness cases list` shows the ids."
        )
    if len(matches) > 1 and case_id not in matches:
        raise UnknownCaseError(
            f"More than one case begins with '{case_id}'; give more of the id "
            "(`earwitness cases list` shows the ids)."
        )
    return matches[0]


def read_event(case_id: str, seq: int, payload: str) -> Event:
    """The event in `payload`, event `seq` of a case. Raises `CaseLogError` where it was changed."""
    try:
        return decode(payload)
    except ValueError as error:
        raise changed_event(case_id, seq) from error


def changed_event(case_id: str, seq: int) -> CaseLogError:
    """What to tell of an event that is not what Earwitness stored."""
    name = storable_text(case_id)
    return CaseLogError(
        f"Event {seq} of case {name} was changed after it was stored; "
        f"`earwitness cases verify {name}` says more."
    )


def _stored_event(row: dict[str, Any]) -> StoredEvent:
    event = read_event(row["case_id"], row["seq"], row["payload"])
    return StoredEvent(
        row["case_id"], row["seq"], row["recorded_at"], event, row["prev_hash"], row["hash"]
    )
