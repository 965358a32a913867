"""Earlier calls as the case log knows them (`detection.circumstances`)."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.cases.chain import storable_text
from app.cases.database import explained, open_for_reading
from app.errors import CaseLogError
from detection.circumstances import EarlierCall

_ABOUT = timedelta(hours=24)
_WITH_VOICE = timedelta(days=30)
_WITH_WORDING = timedelta(days=90)
_LATEST = """
    WITH latest AS (
        SELECT id, started_at, (
            SELECT payload FROM events
            WHERE case_id = cases.id AND kind = 'speaker' ORDER BY seq DESC LIMIT 1
        ) AS payload
        FROM cases
        WHERE started_at >= :since AND started_at < :before AND NOT (
            source = :source AND NOT EXISTS (
                SELECT * FROM events WHERE case_id = cases.id AND seq = 1 AND kind = 'consent'
            )
        )
    )
    SELECT id, started_at, json_extract(payload, '$.verdict.claimed') AS claimed FROM latest
"""
"""The last speaker verdict of each case holds whom the caller claimed to be and every voice recognized.

Live calls have their consent as event 1; any other case of the same source is the same recording.
"""
_BY_CLAIM = f"{_LATEST} WHERE claimed = :claimed ORDER BY started_at"
_BY_VOICE = f"""{_LATEST} WHERE EXISTS (
    SELECT * FROM json_each(payload, '$.verdict.watch_hits') WHERE json_extract(value, '$.name') = :name
) ORDER BY started_at"""  # noqa: S608 - of constants

_WORDINGS = """
    SELECT json_extract(payload, '$.sketch') AS sketch
    FROM cases JOIN events ON events.case_id = cases.id AND events.kind = 'wording'
    WHERE started_at >= :since AND started_at < :before AND NOT (
        source = :source AND NOT EXISTS (
            SELECT * FROM events WHERE case_id = cases.id AND seq = 1 AND kind = 'consent'
        )
    )
"""


class CaseMemory:
    """The calls that began before `before`, as the case log at `path` holds them.

    Another case of the recording `source` is no other call and left out. Usable on any thread: the log
    is opened anew for each question, and may be written to meanwhile. Raises `CaseLogError`.
    """

    def __init__(self, path: Path, source: str, before: datetime) -> None:
        self._path = path
        self._source = source
        self._before = before

    def about(self, claimed: str) -> Sequence[EarlierCall]:
        """Those of the last 24 h whose caller claimed to be `claimed`."""
        return self._query(_BY_CLAIM, _ABOUT, claimed=storable_text(claimed))

    def with_voice(self, name: str) -> Sequence[EarlierCall]:
        """Those of the last 30 days in which the voice `name` of the watch list was recognized."""
        return self._query(_BY_VOICE, _WITH_VOICE, name=storable_text(name))

    def wordings(self) -> Sequence[str]:
        """The sketches of what was said in those of the last 90 days (`detection.disclosure.sketch`)."""
        with closing(open_for_reading(self._path)) as db, explained(self._path):
            rows = db.query(_WORDINGS, self._span(_WITH_WORDING))
            return [row["sketch"] for row in rows if isinstance(row["sketch"], str)]

    def _query(self, sql: str, back: timedelta, **values: str) -> list[EarlierCall]:
        with closing(open_for_reading(self._path)) as db, explained(self._path):
            return [_call(row) for row in db.query(sql, self._span(back) | values)]

    def _span(self, back: timedelta) -> dict[str, str]:
        return {
            "since": _as_stored(self._before - back),
            "before": _as_stored(self._before),
            "source": storable_text(self._source),
        }


def _as_stored(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _call(row: dict[str, Any]) -> EarlierCall:
    try:
        started_at = datetime.fromisoformat(row["started_at"])
    except ValueError as error:
        raise CaseLogError(
            f"The summary of case {storable_text(row['id'])} was changed after it was stored; "
            "`earwitness cases verify` says where."
        ) from error
    return EarlierCall(row["id"], started_at, row["claimed"])
