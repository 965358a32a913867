from datetime import timedelta

import pytest

from app.cases.disclosures import JudgedCall
from app.disclosure.figures import Report, report_of
from app.disclosure.span import Span
from app.disclosure.words import group_text, median_text, others_text, total_text
from audio.types import Channel
from detection.types import DisclosureState as S
from detection.types import DisclosureVerdict
from tests.app.disclosure.calls import NOON, rule, verdict

SPAN = Span(NOON - timedelta(days=1), NOON + timedelta(days=1))


def call(judged: DisclosureVerdict | None, source: str = "call.wav") -> JudgedCall:
    return JudgedCall("20261120", source, NOON, judged.subject if judged else Channel.CALLER, judged)


def report(*judged: DisclosureVerdict | None) -> Report:
    return report_of([call(one) for one in judged], SPAN)


def test_only_calls_with_an_ai_are_divided_by_and_nothing_else_is_a_pass():
    total = report(*(verdict(state) for state in S), None).total
    assert (total.calls, total.ai_calls) == (10, 5)
    assert (total.in_time.count, total.late.count, total.said_so.count) == (1, 1, 2)
    assert {share.of for share in (total.in_time, total.late, total.said_so)} == {5}
    assert total_text(total) == (
        "10 calls: 5 with an AI, 1 human-like, 1 not settled, 1 not applicable, 2 not checked."
    )


def test_the_delay_is_from_the_first_words_and_of_those_that_disclosed():
    total = report(
        verdict(S.DISCLOSED, said_after_s=2),
        verdict(S.DISCLOSED_LATE, said_after_s=30),
        verdict(S.DISCLOSED, said_after_s=4),
        verdict(S.DENIED, said_after_s=100),
        verdict(S.DISCLOSED),
    ).total
    assert total.delays_s == (2, 30, 4)
    assert total.median_s == 4
    assert median_text(total) == "4.0 s (3 of 4)"


@pytest.mark.parametrize("spoke_at", [None, 10**9])
def test_without_a_time_of_the_first_words_there_is_no_delay(spoke_at):
    judged = DisclosureVerdict(S.DISCLOSED, at=16_000, spoke_at=spoke_at)
    assert report(judged).total.median_s is None
    assert median_text(report(judged).total) == "-"


def test_asked_counts_calls_with_an_ai_alone():
    question = "are you a person"
    total = report(verdict(S.EVASIVE, question=question), verdict(S.HUMAN, question=question)).total
    assert total.asked == 1


def test_each_rule_has_its_own_state_of_a_call():
    found = report(
        verdict(S.NOT_DISCLOSED, rule(S.NOT_DISCLOSED), rule(S.NOT_APPLICABLE, "statute", "A statute")),
        verdict(S.DISCLOSED, rule(S.DISCLOSED), rule(S.DISCLOSED, "statute", "A statute")),
    )
    company, statute = found.rules
    assert (company.figures.ai_calls, statute.figures.ai_calls) == (2, 1)
    assert others_text(statute.figures) == "1 not applicable"
    assert [group_text(one) for one in found.rules] == ["Say so (company 1)", "A statute (statute 1)"]


def test_an_older_verdict_counts_for_its_one_rule_whose_title_others_know():
    (company,) = report(verdict(S.DENIED), verdict(S.DISCLOSED, rule(S.DISCLOSED))).rules
    assert (company.figures.calls, company.title) == (2, "Say so")
    (alone,) = report(verdict(S.DENIED)).rules
    assert group_text(alone) == "company 1"


def test_calls_that_no_rule_was_held_against_come_last():
    found = report(None, verdict(S.DISCLOSED))
    assert [group.name for group in found.rules] == ["company 1", ""]
    assert group_text(found.rules[-1]) == "No rule"


def test_sides_and_lines_hold_every_call_once():
    found = report_of(
        [
            call(verdict(S.HUMAN), "a"),
            call(verdict(S.DENIED, subject=Channel.AGENT), "b"),
            call(verdict(S.DISCLOSED), "b"),
        ],
        SPAN,
    )
    assert [(one.name, one.figures.calls) for one in found.sides] == [("caller", 2), ("agent", 1)]
    assert [(one.name, one.figures.calls) for one in found.lines] == [("b", 2), ("a", 1)]
    assert [one.verdict.state for one in found.denials] == [S.DENIED]


def test_of_no_calls_there_is_a_report_too():
    found = report()
    assert (found.total.calls, found.rules, found.sides, found.lines) == (0, [], [], [])
    assert [group.by for group in found.groups] == ["all"]
