"""Cases as the disclosure judge leaves them, in a real case log."""

from datetime import UTC, datetime
from pathlib import Path

from app.cases.writer import CaseWriter
from audio.types import CALL_RATE, Channel
from detection.events import CallEnded, CallStarted, DisclosureJudged
from detection.types import DisclosureState, DisclosureVerdict, RuleState

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rule(state: DisclosureState, rule_id: str = "company", title: str = "Say so") -> RuleState:
    return RuleState(rule_id, "1", title, state)


def verdict(
    state: DisclosureState,
    *rules: RuleState,
    subject: Channel = Channel.CALLER,
    said_after_s: float | None = None,
    question: str = "",
    answer: str = "",
) -> DisclosureVerdict:
    """A verdict of a party that began to speak at 1 s; without `rules`, as older cases hold it."""
    return DisclosureVerdict(
        state,
        at=None if said_after_s is None else round((1 + said_after_s) * CALL_RATE),
        question=question,
        asked_at=9 * CALL_RATE if question else None,
        answer_quote=answer,
        answered_at=71 * CALL_RATE if answer else None,
        rule_id="company",
        rule_revision="1",
        subject=subject,
        spoke_at=CALL_RATE,
        rules=rules,
    )


def store(
    log: Path,
    *verdicts: DisclosureVerdict,
    source: str = "call.wav",
    began: datetime = NOON,
    subject: Channel = Channel.CALLER,
) -> str:
    """One case with these verdicts, one after the other; returns its id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started_at = began.isoformat(timespec="milliseconds")
    with CaseWriter(log) as writer:
        case_id = writer.open_case(source, started_at)
        judged = [DisclosureJudged(one, number * CALL_RATE) for number, one in enumerate(verdicts)]
        start = CallStarted(source, started_at, (Channel.CALLER,), (), subject)
        writer.append(case_id, [start, *judged, CallEnded("finished", 90 * CALL_RATE)])
    return case_id
