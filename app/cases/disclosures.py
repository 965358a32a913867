"""What came of the disclosure judge in each case of a span of time."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.cases.chain import storable_text
from app.cases.database import explained, open_for_reading
from app.cases.reader import changed_event, read_event
from app.errors import CaseLogError
from audio.types import Channel
from detection.events import CallStarted, DisclosureJudged
from detection.types import DisclosureVerdict

_LAST_VERDICTS = """
    SELECT id, source, started_at, first.payload AS first, last.seq AS seq, last.payload AS last
    FROM cases
    LEFT JOIN events AS first ON first.case_id = id AND first.seq = 0
    LEFT JOIN events AS last ON last.case_id = id AND last.seq = (
        SELECT seq FROM events WHERE case_id = cases.id AND kind = 'disclosure' ORDER BY seq DESC LIMIT 1
    )
    WHERE started_at >= :since AND started_at < :until
    ORDER BY started_at, id
"""


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """One case with the last it says of disclosure; `verdict` is None where nothing was judged.

    `source` is the file's name or the devices' names, `started_at` in UTC, `subject` the party judged.
    """

    case_id: str
    source: str
    started_at: datetime
    subject: Channel
    verdict: DisclosureVerdict | None


def judged_calls(path: Path, since: datetime, until: datetime) -> Sequence[JudgedCall]:
    """The cases of the log at `path` that began from `since` on and before `until`, in their order.

    The log may be written meanwhile. Raises `NoCaseLogError` where nothing was ever stored, and
    `CaseLogError` where the log cannot be read or an event that counts here was changed.
    """
    span = {"since": _as_stored(since), "until": _as_stored(until)}
    with closing(open_for_reading(path)) as db, explained(path):
        rows = list(db.query(_LAST_VERDICTS, span))
    return [_call(row) for row in rows]


def _as_stored(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _call(row: dict[str, Any]) -> JudgedCall:
    case_id = storable_text(row["id"])
    verdict = _verdict(row)
    return JudgedCall(
        case_id,
        storable_text(row["source"]),
        _started_at(case_id, row["started_at"]),
        verdict.subject if verdict else _subject(row),
        verdict,
    )


def _verdict(row: dict[str, Any]) -> DisclosureVerdict | None:
    if row["last"] is None:
        return None
    event = read_event(row["id"], row["seq"], row["last"])
    if not isinstance(event, DisclosureJudged):
        raise changed_event(row["id"], row["seq"])
    return event.verdict


def _subject(row: dict[str, Any]) -> Channel:
    """The party that was to be judged; the caller where the case holds no event yet."""
    if row["first"] is None:
        return Channel.CALLER
    event = read_event(row["id"], 0, row["first"])
    return event.subject if isinstance(event, CallStarted) else Channel.CALLER


def _started_at(case_id: str, stored: str) -> datetime:
    try:
        moment = datetime.fromisoformat(stored)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CaseLogError(
            f"The summary of case {case_id} was changed after it was stored; "
            "`earwitness cases verify` says where."
        )
    return moment.astimezone(UTC)
