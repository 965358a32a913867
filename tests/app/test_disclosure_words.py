"""Whether a party is an AI, in words: the times, each rule, the signs, and whose AI it is."""

from dataclasses import replace

import pytest

from app import disclosure_words, words
from app.disclosure_words import agent_phrase, agent_text, disclosure_text, rule_lines, times_line
from app.words import Tone
from audio.types import CALL_RATE, Channel
from detection.types import (
    AgentLevel,
    AgentSign,
    AgentVerdict,
    DisclosureState,
    DisclosureVerdict,
    RuleState,
)

S = CALL_RATE
COMPANY = RuleState("company", "1", "AI says so", DisclosureState.LISTENING, 18 * S)
UTAH = RuleState("us-ut", "1", "Utah, when asked", DisclosureState.NOT_APPLICABLE, None, "Not today.")
AGENT_LIKE = AgentVerdict(
    AgentLevel.AGENT_LIKE,
    3.6,
    12,
    (
        AgentSign("overlap", 0.3, -1.24, "it spoke before the other side had ended in 4 of 12 turns"),
        AgentSign("voice", 4.1, 4.1, "the voice looks synthetic"),
        AgentSign("open_delay", 0.1, 0.01, "questions that need thought delay its answers by 0.1 s"),
    ),
)


def verdict(state=DisclosureState.LISTENING, *rules: RuleState, **more) -> DisclosureVerdict:
    return DisclosureVerdict(state, rules=rules, **more)


def test_the_footnote_has_the_times_of_what_was_said():
    denied = verdict(DisclosureState.DENIED, asked_at=46 * S, answered_at=49 * S)
    assert disclosure_text(denied).footnote == "Asked at 0:46, answered at 0:49"
    passed_on = replace(denied, handed_over_at=80 * S, spoke_at=3 * S)
    assert disclosure_text(passed_on).footnote == "Asked at 0:46, answered at 0:49, handed over at 1:20"
    assert times_line(passed_on).startswith("The caller spoke from 0:03 on. Asked at 0:46,")
    assert disclosure_text(verdict()).footnote == times_line(verdict()) == ""


def test_a_running_deadline_is_told_and_one_that_is_settled_is_not():
    later = replace(COMPANY, rule_id="b", deadline_at=33 * S)
    assert disclosure_text(verdict(DisclosureState.LISTENING, later, COMPANY)).footnote == (
        "An AI has to say so by 0:18"
    )
    awaited = verdict(DisclosureState.LISTENING, COMPANY, asked_at=5 * S, awaits_until=20 * S)
    assert disclosure_text(awaited).footnote == (
        "Asked at 0:05, answer awaited until 0:20, an AI has to say so by 0:18"
    )
    done = replace(COMPANY, state=DisclosureState.DISCLOSED)
    assert disclosure_text(verdict(DisclosureState.DISCLOSED, done, at=S)).footnote == "Said so at 0:01"


def test_rules_are_told_one_by_one_only_where_they_differ():
    late = replace(COMPANY, state=DisclosureState.DISCLOSED_LATE)
    said = replace(UTAH, state=DisclosureState.DISCLOSED, reason="")
    assert disclosure_text(verdict(late.state, late)).progress == ""
    assert disclosure_text(verdict(late.state, late, UTAH)).progress == "", "Utah asks nothing"
    assert disclosure_text(verdict(said.state, said, replace(late, state=said.state))).progress == ""
    assert disclosure_text(verdict(late.state, late, said)).progress == (
        "AI says so: disclosed late · Utah, when asked: disclosed"
    )
    running = disclosure_text(verdict(DisclosureState.LISTENING, COMPANY, said)).progress
    assert running == "AI says so: listening, to be said by 0:18 · Utah, when asked: disclosed"


def test_the_report_has_every_rule_with_its_reason_but_none_twice():
    late = replace(COMPANY, state=DisclosureState.DISCLOSED_LATE, reason="Said so at 0:40.")
    told = rule_lines(verdict(late.state, late, UTAH, reasons=("Said so at 0:40.",)))
    assert told == ("AI says so: disclosed late.", "Utah, when asked: not applicable. Not today.")


def test_the_signs_are_told_the_most_telling_first_with_their_direction():
    text = agent_text(AGENT_LIKE)
    assert (text.phrase.word, text.phrase.tone, text.footnote) == (
        "AI-like",
        Tone.WATCH,
        "12 turns heard",
    )
    assert text.reasons == (
        "The voice looks synthetic: speaks for an AI (+4.1).",
        "It spoke before the other side had ended in 4 of 12 turns: speaks for a person (-1.2).",
    )
    details = disclosure_text(verdict(), AGENT_LIKE).details
    assert details == (
        "The caller sounds and behaves like an AI, which proves nothing (12 turns heard).",
        *text.reasons,
    )
    assert disclosure_text(verdict(), AgentVerdict(AgentLevel.NOT_CHECKED)).details == ()


def test_every_level_has_a_word_of_its_own_and_names_whom_it_is_about():
    for subject, who in words.PARTY.items():
        phrases = [agent_phrase(level, subject) for level in AgentLevel]
        assert len({phrase.word for phrase in phrases}) == len(AgentLevel)
        assert all(who in phrase.meaning.lower() for phrase in phrases)


def test_the_desks_own_voice_is_named():
    own = verdict(DisclosureState.NOT_DISCLOSED, subject=Channel.AGENT, spoke_at=0)
    text = disclosure_text(own, AGENT_LIKE)
    assert text.phrase.meaning.startswith("The desk's own voice ")
    assert text.details[0].startswith("The desk's own voice ")
    assert times_line(own) == "The desk's own voice spoke from 0:00 on."


@pytest.mark.parametrize("subject", Channel)
def test_nothing_is_called_against_the_law(subject):
    told = [phrase.meaning for phrase in (*words.DISCLOSURE.values(), *words.OWN_DISCLOSURE.values())]
    told += [agent_phrase(level, subject).meaning for level in AgentLevel]
    for state in DisclosureState:
        rules = replace(COMPANY, state=state), UTAH
        text = disclosure_text(verdict(state, *rules, subject=subject), AGENT_LIKE)
        told += [text.phrase.word, text.footnote, text.progress, *text.details]
    assert not [line for line in told if "illegal" in line.lower() or "violat" in line.lower()]
    assert disclosure_words.__doc__
