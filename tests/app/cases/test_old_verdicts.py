"""Cases stored before a verdict had a stage still load."""

from detection.events import EVENT, ConversationJudged
from detection.types import ConversationLevel, ConversationVerdict, Verified


def test_a_verdict_stored_without_stage_and_checks_loads_as_not_checked():
    verdict = ConversationVerdict(ConversationLevel.CALM)
    stored = EVENT.dump_python(ConversationJudged(verdict, 16_000), mode="json")
    for field in ("stage", "verified", "checks", "acts"):
        del stored["verdict"][field]
    loaded = EVENT.validate_python(stored)
    assert isinstance(loaded, ConversationJudged)
    assert (loaded.verdict.stage, loaded.verdict.verified) == (None, Verified.NOT_CHECKED)
    assert loaded.verdict.checks == loaded.verdict.acts == ()
