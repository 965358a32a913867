"""The one place that says how a case's summary follows from its events."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from app.cases.chain import header_hash
from app.cases.records import CaseStatus, CaseSummary, StoredEvent
from audio.types import CALL_RATE
from detection.events import (
    AlertRaised,
    CallEnded,
    ConversationJudged,
    DisclosureJudged,
    Event,
    VoiceJudged,
)
from detection.types import AlertLevel

_ROW = TypeAdapter(CaseSummary)


def new_case(case_id: str, source: str, started_at: str) -> CaseSummary:
    """A case before its first event."""
    return CaseSummary(case_id, source, started_at, header_hash(case_id, source, started_at))


def fold(summary: CaseSummary, stored: StoredEvent) -> CaseSummary:
    """The summary after one more event."""
    event = stored.event
    return replace(
        summary,
        event_count=summary.event_count + 1,
        head_hash=stored.hash,
        duration_s=max(summary.duration_s, event.at / CALL_RATE),
        **_changes(summary, event),
    )


def _changes(summary: CaseSummary, event: Event) -> dict[str, Any]:
    match event:
        case VoiceJudged(verdict):
            return {"voice_level": verdict.level}
        case ConversationJudged(verdict):
            return {"conversation_level": verdict.level}
        case DisclosureJudged(verdict):
            return {"disclosure_state": verdict.state}
        case AlertRaised(alert):
            column = "watch_count" if alert.level is AlertLevel.WATCH else "alert_count"
            return {column: getattr(summary, column) + 1}
        case CallEnded(reason):
            return {"status": CaseStatus.INTERRUPTED if reason == "failed" else CaseStatus.COMPLETE}
        case _:
            return {}


def to_row(summary: CaseSummary) -> dict[str, Any]:
    """The row of table `cases` that holds this summary."""
    return _ROW.dump_python(summary, mode="json")


def from_row(row: dict[str, Any]) -> CaseSummary:
    """The summary in a row of table `cases`. Raises `ValueError` for values that no case can have."""
    return _ROW.validate_python(row)
