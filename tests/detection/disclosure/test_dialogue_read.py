"""The dialogue where a network reads it: here one that knows a few words."""

from datetime import date

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.reader import StatementReader
from detection.disclosure.rule import load_rule
from detection.disclosure.statements import load_statements
from detection.models.manifest import StatementsManifest
from detection.types import AgentLevel, AgentVerdict, Answer, DisclosureState, EngineInfo, Utterance

CALLER, AGENT = Channel.CALLER, Channel.AGENT
STATEMENTS = load_statements(resources.ROOT / "disclosure" / "en.yaml")
COMPANY = load_rule(resources.ROOT / "policies" / "company.yaml")
SIGNS = {"adm": "disclosure", "den": "denied", "eva": "evasive", "ask": "asks", "over": "hand_over"}


LABELS = ("disclosure", "truthful", "denied", "evasive", "asks", "hand_over")


class Reader(StatementReader):
    """Says of a turn what stands in it: a word of `SIGNS` is a statement."""

    def __init__(self):
        self.manifest = StatementsManifest.model_construct(
            thresholds=dict.fromkeys(LABELS, 0.5), phrase_bonus={"disclosure": 2.0}
        )
        self.engine = EngineInfo("disclosure", "scripted", "1")
        self.read_with = []

    def read(self, before, words, *, is_subject):
        self.read_with.append((tuple(before), tuple(words), is_subject))
        told = dict.fromkeys(self.manifest.thresholds, 0.0)
        if "doubt" in words:
            told["disclosure"] = 0.2
        for number, word in enumerate(words, 1):
            if word in SIGNS:
                told[SIGNS[word]] = max(told[SIGNS[word]], 0.5 + number / 1000)
        return told


def judged(*turns, rules=(COMPANY,), reader=None, level=AgentLevel.AGENT_LIKE, start_s=0.0):
    judge = DisclosureJudge(rules, STATEMENTS, CALLER, reader or Reader(), day=date(2026, 11, 22))
    judge.hear_signs(AgentVerdict(level))
    now = start_s
    for channel, text in turns:
        end = now + len(text.split()) / 2.5
        judge.hear(Utterance(channel, round(now * CALL_RATE), round(end * CALL_RATE), text, 1.0))
        now = end + 0.5
    judge.finish()
    return judge.verdict


def test_what_the_network_reads_decides_and_phrases_do_not():
    assert judged((CALLER, "good day adm here")).state is DisclosureState.DISCLOSED
    assert judged((CALLER, "good day i am an ai assistant")).state is DisclosureState.NOT_DISCLOSED


@pytest.mark.parametrize(
    ("reply", "state", "answer"),
    [
        ("well adm", DisclosureState.DISCLOSED, Answer.TRUTHFUL),
        ("well den", DisclosureState.DENIED, Answer.DENIED),
        ("well eva", DisclosureState.EVASIVE, Answer.EVASIVE),
        ("the weather is nice", DisclosureState.EVASIVE, Answer.EVASIVE),
    ],
)
def test_an_answer_is_kept_with_its_question(reply, state, answer):
    verdict = judged((CALLER, "good day"), (AGENT, "sorry ask"), (CALLER, reply))
    assert (verdict.state, verdict.answer) == (state, answer)
    assert verdict.question == "sorry ask"
    assert verdict.answer_quote == reply


def test_a_phrase_for_what_the_network_half_sees_tips_it():
    text = "doubt i am an ai assistant"
    assert judged((CALLER, text)).state is DisclosureState.DISCLOSED
    assert judged((CALLER, "doubt i am a carpenter")).state is DisclosureState.NOT_DISCLOSED


@pytest.mark.parametrize(
    ("question", "reply", "answer"),
    [
        ("am i speaking to a person ask", "yes den", Answer.DENIED),
        ("are you a robot ask", "yes den", Answer.TRUTHFUL),
        ("are you a robot ask", "no den", Answer.DENIED),
        ("are you one ask", "yes den", Answer.DENIED),
        ("am i speaking to a person ask", "yes adm", Answer.TRUTHFUL),
    ],
)
def test_a_plain_yes_or_no_means_what_the_question_makes_of_it(question, reply, answer):
    verdict = judged((CALLER, "good day"), (AGENT, question), (CALLER, reply))
    assert verdict.answer is answer


def test_evading_stands_until_the_party_says_what_it_is():
    turns = [(CALLER, "good day"), (AGENT, "ask"), (CALLER, "eva")]
    assert judged(*turns, (AGENT, "again ask")).state is DisclosureState.EVASIVE
    admitted = judged(*turns, (AGENT, "again ask"), (CALLER, "fine adm"))
    assert admitted.state is DisclosureState.DISCLOSED
    assert judged(*turns, (CALLER, "fine den")).state is DisclosureState.DENIED


def test_evading_what_nobody_asked_is_nothing():
    assert judged((CALLER, "well you eva")).state is DisclosureState.NOT_DISCLOSED


def test_of_two_statements_in_one_turn_the_clearer_counts():
    assert judged((CALLER, "den no wait adm")).state is DisclosureState.DISCLOSED
    assert judged((CALLER, "adm no wait den")).state is DisclosureState.DENIED


def test_a_turn_that_goes_on_is_read_whole_after_what_the_other_side_said():
    reader = Reader()
    judged((AGENT, "hello desk"), (CALLER, "i am"), (CALLER, "adm you see"), reader=reader)
    assert (("hello", "desk"), ("i", "am", "adm", "you", "see"), True) in reader.read_with
    assert ((), ("hello", "desk"), False) in reader.read_with


def test_the_quote_of_a_long_turn_is_its_telling_part():
    text = (
        "We have many things to talk about today. Adm is what you hear. And the bill is due on Monday."
    )
    verdict = judged((CALLER, text))
    assert verdict.quote == "Adm is what you hear."
    assert verdict.at
    assert verdict.at > CALL_RATE


def test_whoever_takes_over_denies_nothing_for_the_one_before():
    turns = [(CALLER, "good day adm"), (CALLER, "one moment over")]
    verdict = judged(*turns, (AGENT, "ask"), (CALLER, "hello this is ann den"))
    assert verdict.state is DisclosureState.DISCLOSED
    assert verdict.handed_over_at is not None


def test_a_hand_over_that_does_not_come_about_changes_nobody():
    turns = [(CALLER, "good day"), (CALLER, "one moment over")]
    verdict = judged(*turns, *[(CALLER, "still here")] * 6, (CALLER, "hello again den"))
    assert verdict.state is DisclosureState.DENIED


def test_a_site_s_own_words_still_count_and_only_for_its_rule():
    own = COMPANY.model_copy(update={"id": "own", "accepted_words": ("robbie of contoso",)})
    verdict = judged((CALLER, "this is robbie of contoso"), rules=(COMPANY, own))
    states = {rule.rule_id: rule.state for rule in verdict.rules}
    assert states == {"company": DisclosureState.NOT_DISCLOSED, "own": DisclosureState.DISCLOSED}
    assert verdict.rule_id == "company"


def test_a_question_the_agent_says_they_put_awaits_its_answer():
    judge = DisclosureJudge((COMPANY,), STATEMENTS, CALLER, Reader(), day=date(2026, 11, 22))
    judge.hear_signs(AgentVerdict(AgentLevel.AGENT_LIKE))
    judge.hear(Utterance(CALLER, 0, CALL_RATE, "good day", 1.0))
    judge.ask("Are you a person?", 2 * CALL_RATE)
    assert judge.verdict.awaits_until == 17 * CALL_RATE
    judge.hear(Utterance(CALLER, 3 * CALL_RATE, 4 * CALL_RATE, "den", 1.0))
    verdict = judge.verdict
    assert verdict.state is DisclosureState.DENIED
    assert verdict.question == "Are you a person?"
    assert verdict.awaits_until is None


@pytest.mark.parametrize("text", ["", "\x00", "\u202e" * 100, "word " * 200_000, "a" * 1_000_000])
def test_hostile_text_is_read_in_bounded_pieces(text):
    reader = Reader()
    judged((AGENT, text), (CALLER, text), reader=reader)
    assert max((len(words) for _, words, _ in reader.read_with), default=0) <= 60
