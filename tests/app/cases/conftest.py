from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cases.writer import CaseWriter
from audio.types import CALL_RATE, Channel
from detection.events import (
    AlertRaised,
    CallEnded,
    CallStarted,
    ConversationJudged,
    DisclosureJudged,
    Event,
    FindingMade,
    UtteranceHeard,
    VoiceJudged,
)
from detection.types import (
    Alert,
    AlertLevel,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    Finding,
    Utterance,
    VoiceLevel,
    VoiceVerdict,
    Word,
)

STARTED_AT = "2026-11-20T14:22:33.120+00:00"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


@pytest.fixture
def writer(log: Path) -> Iterator[CaseWriter]:
    with CaseWriter(log) as writer:
        yield writer


@pytest.fixture
def call() -> list[Event]:
    """One call with every kind of event that the summary counts."""
    words = (Word("reset", 16_000, 20_000, 0.91), Word("my", 20_000, 22_000, 1 / 3))
    quote = "reset my MFA, «now»"
    alert = Alert(AlertLevel.ALERT, "conversation", "Vishing", quote, "Call back", 64_000)
    watch = Alert(AlertLevel.WATCH, "voice", "Unsure", "little speech", "Listen", 32_000)
    return [
        CallStarted("call.wav", STARTED_AT, (Channel.CALLER,), (EngineInfo("voice", "v", "1"),)),
        UtteranceHeard(Utterance(Channel.CALLER, 16_000, 48_000, quote, 0.5, words), 48_000),
        VoiceJudged(VoiceVerdict(VoiceLevel.UNSURE, 0.1 + 0.2, 0.55, 2.0, reasons=("short",)), 48_000),
        AlertRaised(watch, 48_000),
        FindingMade(Finding("mfa", "MFA", quote, Channel.CALLER, 1, 2, 2.5, "p", "1"), 64_000),
        ConversationJudged(ConversationVerdict(ConversationLevel.VISHING, 4.0, 0.98), 64_000),
        AlertRaised(alert, 64_000),
        DisclosureJudged(DisclosureVerdict(DisclosureState.DENIED, 64_000), 64_000),
        CallEnded("finished", 5 * CALL_RATE),
    ]


@pytest.fixture
def store(log: Path, call: list[Event]) -> Callable[..., str]:
    """Stores one call and returns its case id."""

    def run(events: list[Event] | None = None, source: str = "call.wav") -> str:
        with CaseWriter(log) as writer:
            case_id = writer.open_case(source, STARTED_AT)
            writer.append(case_id, call if events is None else events)
        return case_id

    return run
