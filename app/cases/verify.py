"""Recomputes the hash chain of stored cases and names the first thing that is not as it was stored."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from app.cases.chain import decode, event_hash, storable_text
from app.cases.database import explained, open_for_reading
from app.cases.reader import find_case
from app.cases.records import CaseSummary, StoredEvent
from app.cases.summary import fold, new_case, to_row
from app.errors import UnknownCaseError

Row = dict[str, Any]
Finding = tuple["Fault", int | None, str]


class Fault(StrEnum):
    """What was done to a case after it was stored."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    SUMMARY_CHANGED = "summary_changed"
    """The row in `cases` does not say what the events say."""
    CASE_REMOVED = "case_removed"
    """There are events, but no row in `cases`."""
    UNREADABLE = "unreadable"
    """The file is damaged where this case lies."""


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """The outcome for one case. `seq` is the first event at fault, where it is an event."""

    case_id: str
    event_count: int
    fault: Fault | None = None
    seq: int | None = None
    detail: str = "unchanged since it was stored"

    @property
    def ok(self) -> bool:
        return self.fault is None


def verify(path: Path, case_id: str | None = None) -> Iterator[CaseCheck]:
    """Check one case (by id or its unique beginning) or all of the log at `path`, oldest first.

    Each case is checked in one snapshot, so a call that is being stored is judged as of that moment.
    Raises `CaseLogError` where the log cannot be read at all, `UnknownCaseError` for a wrong id.
    """
    with closing(open_for_reading(path)) as db, explained(path):
        ids = _all_ids(db) if case_id is None else [_find(db, case_id)]
        for each in ids:
            yield _check(db, each)
        if case_id is None:
            # Asked last: where a page is damaged this cannot be answered, but the cases above can.
            for each in _orphans(db):
                yield _check(db, each)


def _all_ids(db: Database) -> Sequence[str]:
    return [row["id"] for row in db.query("SELECT id FROM cases ORDER BY id")]


def _orphans(db: Database) -> Sequence[str]:
    sql = "SELECT DISTINCT case_id FROM events WHERE case_id NOT IN (SELECT id FROM cases)"
    return [row["case_id"] for row in db.query(sql)]


def _find(db: Database, case_id: str) -> str:
    try:
        return find_case(db, case_id)
    except UnknownCaseError:
        if next(db.query("SELECT 1 FROM events WHERE case_id = ? LIMIT 1", [case_id]), None):
            return case_id
        raise


def _check(db: Database, case_id: str) -> CaseCheck:
    name = storable_text(case_id)
    rows: list[Row] = []
    try:
        with db.atomic():
            case = next(db.query("SELECT * FROM cases WHERE id = ?", [case_id]), None)
            rows.extend(db.query("SELECT * FROM events WHERE case_id = ? ORDER BY seq", [case_id]))
    except sqlite3.DatabaseError as error:
        detail = f"the file is damaged after {len(rows)} events ({error})"
        return CaseCheck(name, len(rows), Fault.UNREADABLE, len(rows), detail)
    if case is None:
        detail = "its events are there, but its row in the list of cases was removed"
        return CaseCheck(name, len(rows), Fault.CASE_REMOVED, None, detail)
    fault = _first_fault(case, rows)
    return CaseCheck(name, len(rows), *fault) if fault else CaseCheck(name, len(rows))


def _first_fault(case: Row, rows: Sequence[Row]) -> Finding | None:
    try:
        summary = new_case(case["id"], case["source"], case["started_at"])
    except ValueError:
        return Fault.SUMMARY_CHANGED, None, "its source or start time was changed"
    for index, row in enumerate(rows):
        entry = _entry(row)
        if entry is None or row["seq"] != index or row["prev_hash"] != summary.head_hash:
            return _diagnose(case, rows, index, summary.head_hash, intact=entry is not None)
        summary = fold(summary, entry)
    return _compare(case, summary)


def _entry(row: Row) -> StoredEvent | None:
    """The row's event where the row is as it was hashed, whatever its place in the chain."""
    try:
        link = event_hash(
            row["case_id"], row["seq"], row["recorded_at"], row["payload"], row["prev_hash"]
        )
        event = decode(row["payload"])
    except ValueError:
        return None
    if link != row["hash"] or event.kind != row["kind"]:
        return None
    return StoredEvent(row["case_id"], row["seq"], row["recorded_at"], event, row["prev_hash"], link)


def _diagnose(case: Row, rows: Sequence[Row], index: int, expected: str, *, intact: bool) -> Finding:
    """What happened at `rows[index]`, the first that does not follow from the hash `expected`."""
    seq, surplus = rows[index]["seq"], len(rows) - case["event_count"]
    if seq < index or expected == case["head_hash"]:
        return _inserted(seq)
    if seq > index:
        return _removed(index)
    if index == 0 and intact and surplus == 0:
        return Fault.SUMMARY_CHANGED, None, "its source or start time was changed"
    return _diagnose_link(rows, index, expected, surplus)


def _diagnose_link(rows: Sequence[Row], index: int, expected: str, surplus: int) -> Finding:
    """What broke the chain at `rows[index]`, whose number is right; `surplus` rows are too many."""
    row = rows[index]
    rightful = next((r["seq"] for r in rows[index + 1 :] if r["prev_hash"] == expected), None)
    if surplus > 0 and index > 0 and row["prev_hash"] == rows[index - 1]["prev_hash"]:
        # Both claim the same predecessor: the earlier took the later's place, or the later is its copy.
        return _inserted(index if row["hash"] == rows[index - 1]["hash"] else index - 1)
    if surplus > 0 and rightful is not None:
        return _inserted(index)
    if rightful is not None:
        return Fault.REORDERED, index, f"event {index} was moved to number {rightful}"
    if surplus < 0 and row["prev_hash"] != expected:
        return _removed(index)
    return Fault.CHANGED, index, f"event {index} was changed"


def _inserted(seq: int) -> Finding:
    return Fault.INSERTED, seq, f"event {seq} was inserted"


def _removed(seq: int) -> Finding:
    return Fault.REMOVED, seq, f"event {seq} was removed"


def _compare(case: Row, summary: CaseSummary) -> Finding | None:
    """Where the row in `cases` differs from what its events, each in order, come to."""
    told, counted = to_row(summary), case["event_count"]
    if told == case:
        return None
    if case["head_hash"] != summary.head_hash:
        if summary.event_count < counted:
            seq = summary.event_count
            return Fault.REMOVED, seq, f"event {seq} and those after it were removed"
        if summary.event_count > counted:
            return _inserted(counted)
    columns = ", ".join(column for column, value in told.items() if value != case[column])
    return Fault.SUMMARY_CHANGED, None, f"its row in the list of cases was changed ({columns})"
