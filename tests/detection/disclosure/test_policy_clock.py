"""Several rules over one party: each has a clock, a side and a day of its own."""

from datetime import date

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.rule import Status, Trigger, load_rule
from detection.disclosure.statements import load_statements
from detection.types import AgentLevel, AgentSign, AgentVerdict, DisclosureState, Utterance

CALLER, AGENT = Channel.CALLER, Channel.AGENT
FOLDER = resources.ROOT / "policies"
STATEMENTS = load_statements(resources.ROOT / "disclosure" / "en.yaml")
COMPANY = load_rule(FOLDER / "company.yaml")
ON_REQUEST = COMPANY.model_copy(update={"id": "asked", "trigger": Trigger.ON_REQUEST})
STRICT = COMPANY.model_copy(update={"id": "strict", "deadline_s": 2.0})
TODAY = date(2026, 11, 22)


def judge(*rules, subject=CALLER, day=TODAY):
    made = DisclosureJudge(rules, STATEMENTS, subject, day=day)
    sign = AgentSign("voice", 3.0, 3.0, "the voice looks synthetic")
    made.hear_signs(AgentVerdict(AgentLevel.AGENT_LIKE, 3.0, signs=(sign,)))
    return made


def say(made, channel, text, start_s):
    start = round(start_s * CALL_RATE)
    made.hear(Utterance(channel, start, start + CALL_RATE, text, 1.0))


def states(made):
    return {rule.rule_id: rule.state for rule in made.verdict.rules}


def test_each_rule_has_its_own_clock_and_the_gravest_is_shown():
    made = judge(COMPANY, STRICT, ON_REQUEST)
    say(made, CALLER, "hello i have a question", 0)
    made.advance(5 * CALL_RATE)
    assert states(made) == {
        "company": DisclosureState.LISTENING,
        "strict": DisclosureState.NOT_DISCLOSED,
        "asked": DisclosureState.LISTENING,
    }
    assert made.verdict.rule_id == "strict"
    (reason,) = made.verdict.reasons
    assert reason.startswith("The voice looks synthetic, and the party has not said that it is an AI")
    assert f'as the policy "{STRICT.title}" asks.' in reason
    say(made, CALLER, "i am an ai assistant", 6)
    assert states(made) == {
        "company": DisclosureState.DISCLOSED,
        "strict": DisclosureState.DISCLOSED_LATE,
        "asked": DisclosureState.DISCLOSED,
    }


def test_the_deadline_is_told_once_the_clock_runs():
    made = judge(COMPANY, ON_REQUEST)
    assert [rule.deadline_at for rule in made.verdict.rules] == [None, None]
    say(made, CALLER, "hello", 10)
    assert [rule.deadline_at for rule in made.verdict.rules] == [25 * CALL_RATE, None]
    say(made, AGENT, "are you a robot", 40)
    assert [rule.deadline_at for rule in made.verdict.rules] == [25 * CALL_RATE, 55 * CALL_RATE]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"applies_from": date(2027, 1, 1)}, "applies from 2027-01-01 on."),
        ({"status": Status.PROPOSED}, "is proposed."),
        ({"status": Status.NOT_ENACTED}, "is not enacted."),
        ({"sides": (AGENT,)}, "asks nothing of callers' AI voices."),
    ],
)
def test_a_rule_that_asks_nothing_says_why(change, says):
    made = judge(COMPANY.model_copy(update=change))
    say(made, CALLER, "hello i have a question about my bill", 0)
    made.finish()
    verdict = made.verdict
    assert verdict.state is DisclosureState.NOT_APPLICABLE
    assert says in verdict.reasons[0]
    assert verdict.rules[0].deadline_at is None


def test_a_rule_that_is_enacted_applies_from_its_day_on():
    rule = COMPANY.model_copy(update={"status": Status.ENACTED, "applies_from": date(2027, 1, 1)})
    for day, state in (
        (date(2026, 12, 31), DisclosureState.NOT_APPLICABLE),
        (date(2027, 1, 1), DisclosureState.NOT_DISCLOSED),
    ):
        made = judge(rule, day=day)
        say(made, CALLER, "hello i have a question", 0)
        made.finish()
        assert made.verdict.state is state


def test_one_rule_that_applies_is_shown_before_those_that_do_not():
    made = judge(load_rule(FOLDER / "us_co_sb_26_189.yaml"), COMPANY)
    say(made, CALLER, "hello i have a question", 0)
    assert made.verdict.rule_id == "company"


def test_the_desk_s_own_voice_is_followed_on_its_own_side():
    made = judge(COMPANY, load_rule(FOLDER / "us_me_1500_dd.yaml"), subject=AGENT)
    say(made, CALLER, "i am an ai assistant", 0)
    say(made, AGENT, "hello how can i help you today", 2)
    made.finish()
    assert set(states(made).values()) == {DisclosureState.NOT_DISCLOSED}
    assert made.verdict.subject is AGENT
