"""What the case log gives back. Times of day are ISO 8601 in UTC, as text that sorts."""

from dataclasses import dataclass
from enum import StrEnum

from detection.events import Event
from detection.types import ConversationLevel, DisclosureState, VoiceLevel


class CaseStatus(StrEnum):
    """How far a case got."""

    NOT_ENDED = "not_ended"
    """Has no end: the call is still on, or the program was stopped in the middle of it."""
    COMPLETE = "complete"
    """The call was heard to its end, or until a person stopped it."""
    INTERRUPTED = "interrupted"
    """The call failed before its end; its last event says why."""


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One case as its row in the log says it: a fold over its events (`app.cases.summary`).

    `duration_s` is the seconds of sound heard; `head_hash` is the hash of the last event.
    """

    id: str
    source: str
    started_at: str
    head_hash: str
    event_count: int = 0
    duration_s: float = 0.0
    voice_level: VoiceLevel = VoiceLevel.NOT_CHECKED
    conversation_level: ConversationLevel = ConversationLevel.NOT_CHECKED
    disclosure_state: DisclosureState = DisclosureState.NOT_CHECKED
    watch_count: int = 0
    alert_count: int = 0
    status: CaseStatus = CaseStatus.NOT_ENDED


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it lies in the log, number `seq` (from 0) of its case."""

    case_id: str
    seq: int
    recorded_at: str
    event: Event
    prev_hash: str
    hash: str
