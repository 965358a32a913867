"""What became of the question whether somebody is an AI, from the moment it was asked."""

from dataclasses import replace

import pytest

import resources
from app.case_state import CaseState
from app.question_words import ANSWER_WITHIN_S, question_text
from audio.types import CALL_RATE, Channel
from detection.disclosure.dialogue import Dialogue
from detection.disclosure.statements import load_statements
from detection.events import CallEnded, CallStarted, DisclosureJudged, StepTaken
from detection.playbook import Situation, load_playbook
from detection.steps import StepOutcome
from detection.types import Answer, DisclosureState, DisclosureVerdict

S = CALL_RATE
LISTENING = DisclosureVerdict(DisclosureState.LISTENING)
ASKED = replace(LISTENING, asked_at=46 * S, question="am I speaking with a person", awaits_until=63 * S)
ADVICE = load_playbook(resources.ROOT / "playbooks" / "en.yaml").advice("voice", Situation.UNASKED_AI)


def state_after(*verdicts: DisclosureVerdict, at: int, subject: Channel = Channel.CALLER) -> CaseState:
    start = CallStarted("a.wav", "2026-11-20T12:33:00.000+00:00", tuple(Channel), (), subject)
    return CaseState.of("c", [start, *(DisclosureJudged(one, at) for one in verdicts)])


def test_the_time_for_an_answer_is_what_the_judge_gives():
    dialogue = Dialogue(load_statements(resources.ROOT / "disclosure" / "en.yaml"), {}, Channel.CALLER)
    dialogue.ask("Are you a person?", 7 * S)
    assert dialogue.awaits_until == (7 + ANSWER_WITHIN_S) * S


@pytest.mark.parametrize(("heard_s", "left"), [(0, "15 s"), (48.2, "15 s"), (54, "9 s"), (62.9, "1 s")])
def test_the_time_left_is_counted_from_what_was_heard(heard_s, left):
    told = question_text(state_after(ASKED, at=48 * S), round(heard_s * S), is_running=True)
    assert told == f"Asked at 0:46: listening for the answer, {left} left"


def test_a_judge_that_is_behind_is_not_taken_for_silence():
    told = question_text(state_after(ASKED, at=48 * S), 70 * S, is_running=True)
    assert (
        told
        == "Asked at 0:46: the time for an answer is over; what was said in it is still being judged"
    )


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Answer.EVASIVE, "did not answer the question"),
        (Answer.DENIED, "said that it is a person"),
        (Answer.TRUTHFUL, "said that it is an AI"),
    ],
)
def test_an_answer_is_quoted_with_what_it_comes_to(answer, meaning):
    answered = replace(
        ASKED, awaits_until=None, answer=answer, answer_quote="<b>let us go on", answered_at=49 * S
    )
    told = question_text(state_after(ASKED, answered, at=51 * S), is_running=True)
    assert told == f"Answered at 0:49: “<b>let us go on” ({meaning})"
    again = state_after(answered, replace(answered, awaits_until=95 * S), at=80 * S)
    assert question_text(again, is_running=True).startswith("Asked at 1:20: listening")
    before = replace(answered, answered_at=20 * S)
    assert question_text(state_after(before, at=51 * S)).startswith("Said before it was asked, at 0:20")
    assert question_text(state_after(replace(answered, answer_quote=""), at=51 * S)) == (
        f"Answered at 0:49: ({meaning})"
    )


def test_silence_is_told_as_such_and_not_where_the_call_ended_before():
    unanswered = replace(ASKED, awaits_until=None)
    assert question_text(state_after(ASKED, unanswered, at=64 * S)) == "No answer was heard in 15 s."
    ended = "Asked at 0:46: the call ended before an answer was heard."
    assert question_text(state_after(ASKED, unanswered, at=55 * S)) == ended
    cut_off = state_after(ASKED, at=55 * S)
    cut_off.apply(CallEnded("failed", 55 * S))
    assert question_text(cut_off) == ended
    assert question_text(state_after(LISTENING, at=S)) == question_text(CaseState("")) == ""


def test_what_was_asked_without_the_button_needs_no_button():
    assert state_after(LISTENING, at=S).open_step(ADVICE) == ADVICE.steps[0]
    assert state_after(ASKED, at=48 * S).open_step(ADVICE) == ADVICE.steps[1]
    own = state_after(ASKED, at=48 * S, subject=Channel.AGENT)
    assert own.open_step(ADVICE) == ADVICE.steps[0], "there it is the caller who asked"


def test_a_refusal_to_answer_still_counts_where_the_question_was_heard():
    state = state_after(ASKED, at=48 * S)
    state.apply(StepTaken(ADVICE.steps[0], ADVICE.ask, StepOutcome.REFUSED, "window", 50 * S))
    assert state.open_step(ADVICE) == ADVICE.after_refusal[0]
