import dataclasses
import itertools
import time
from datetime import date

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.rule import Trigger, load_rule
from detection.disclosure.statements import load_statements
from detection.types import AgentLevel, AgentVerdict, Answer, DisclosureState, Utterance

CALLER, AGENT = Channel.CALLER, Channel.AGENT
SYNTHETIC, REAL = AgentLevel.AGENT_LIKE, AgentLevel.HUMAN_LIKE
TODAY = date(2026, 11, 22)
STATEMENTS = load_statements(resources.ROOT / "disclosure" / "en.yaml")
COMPANY = load_rule(resources.ROOT / "policies" / "company.yaml")
ASK = (AGENT, "am i speaking to a real person")


def _judge(rule=COMPANY, **options):
    return DisclosureJudge((rule,), STATEMENTS, day=TODAY, **options)


def _say(judge, *turns, start_s=0.0):
    now = start_s
    for channel, text in turns:
        end = now + len(text.split()) / 2.5
        judge.hear(Utterance(channel, int(now * CALL_RATE), int(end * CALL_RATE), text, 1.0))
        judge.advance(int(end * CALL_RATE))
        now = end + 0.5


def _state(*turns, voice=SYNTHETIC, **options):
    judge = _judge(**options)
    judge.hear_signs(AgentVerdict(voice))
    _say(judge, *turns)
    judge.finish()
    return judge.verdict


@pytest.mark.parametrize(
    "text",
    [
        "Hello. I am an automated assistant. I am an artificial intelligence, not a human.",
        "hello this is an automated die assistant calling for the dental clinic i am not a human",
        "Hi, I'm Ava, the AI assistant of Contoso.",
        "You are speaking with a virtual assistant, not a person.",
        "I'm an A.I. agent calling about your order",
        "this call is made by an artificial intelligence",
        "I'm a bot.",
        "This message uses an artificial voice.",
        "as an ai i can not sign anything",
    ],
)
def test_statements_about_the_speaker_disclose(text):
    verdict = _state((CALLER, text))
    assert verdict.state is DisclosureState.DISCLOSED
    assert verdict.at is not None
    assert verdict.quote
    assert verdict.rule_id == "company"


@pytest.mark.parametrize(
    "text",
    [
        "our ai team would like to talk to you about the servers",
        "do you use ai in your office",
        "i am calling about our new AI assistant",
        "I'm your digital helper today",
        "I'm the smart assistant of Northern Parcel",
        "I'm an automated helper for scheduling",
        "hi i am kim your assistant",
        "this call may be recorded for quality",
        "I am an AI engineer at a company you know",
        "my colleague said I'm an AI, can you believe it",
        "the bot told me I am an AI assistant and then it hung up",
        "I was told I'm talking to an AI",
        "I'm afraid our automated system is down",
        "do you think i am a robot",
        "alexa jones here from the city",
    ],
)
def test_look_alikes_do_not(text):
    assert _state((CALLER, text)).state is DisclosureState.NOT_DISCLOSED


def test_the_other_sides_statement_is_not_the_partys():
    turns = ((AGENT, "i am an ai assistant how can i help"), (CALLER, "i have a question about my bill"))
    assert _state(*turns).state is DisclosureState.NOT_DISCLOSED
    assert _state(*turns, subject=AGENT).state is DisclosureState.DISCLOSED


def test_a_statement_cut_by_a_breath_still_counts():
    judge = _judge()
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, (CALLER, "hello i am an automated"))
    _say(judge, (CALLER, "assistant for the clinic"), start_s=2.5)
    assert judge.verdict.state is DisclosureState.DISCLOSED


QUESTION_AND_ANSWER = [
    ("am i speaking to a real person", "yes", Answer.DENIED),
    ("am i speaking to a person", "yes i am a real person", Answer.DENIED),
    ("am i speaking to a person", "no", Answer.TRUTHFUL),
    ("are you a robot", "no", Answer.DENIED),
    ("are you a robot", "yes i am", Answer.TRUTHFUL),
    ("are you human", "I am.", Answer.DENIED),
    ("are you human", "I am here to help you.", Answer.EVASIVE),
    ("is this an AI", "No, of course not.", Answer.DENIED),
    ("are you a person or a machine", "a machine", Answer.TRUTHFUL),
    ("are you a person or a machine", "yes", Answer.EVASIVE),
    ("are you a bot", "why do you ask", Answer.EVASIVE),
    ("are you a bot", "no problem let me look", Answer.EVASIVE),
    ("you're not an AI are you", "I'm not a robot", Answer.DENIED),
    ("is this a recording", "I'm as real as it gets", Answer.DENIED),
    ("are you a real person", "I am Sam from the office", Answer.EVASIVE),
]
STATE_OF = {
    Answer.DENIED: DisclosureState.DENIED,
    Answer.TRUTHFUL: DisclosureState.DISCLOSED,
    Answer.EVASIVE: DisclosureState.EVASIVE,
}


@pytest.mark.parametrize(("question", "reply", "answer"), QUESTION_AND_ANSWER)
def test_what_an_answer_means_depends_on_the_question(question, reply, answer):
    verdict = _state((CALLER, "good morning"), (AGENT, question), (CALLER, reply))
    assert verdict.answer is answer
    assert verdict.state is STATE_OF[answer]
    assert verdict.question
    assert verdict.asked_at is not None
    assert verdict.answered_at is not None
    assert verdict.asked_at < verdict.answered_at


@pytest.mark.parametrize(("question", "reply", "answer"), QUESTION_AND_ANSWER)
def test_a_real_voice_is_never_flagged_for_its_answer(question, reply, answer):
    verdict = _state((CALLER, "good morning"), (AGENT, question), (CALLER, reply), voice=REAL)
    expected = DisclosureState.DISCLOSED if answer is Answer.TRUTHFUL else DisclosureState.HUMAN
    assert verdict.state is expected
    assert verdict.answer is answer


def test_it_does_not_matter_whether_voice_or_words_come_first():
    facts = ["voice", "words"]
    states = set()
    for order in itertools.permutations(facts):
        judge = _judge()
        for fact in order:
            if fact == "voice":
                judge.hear_signs(AgentVerdict(SYNTHETIC))
            else:
                _say(judge, ASK, (CALLER, "yes i am a real person"))
        states.add(judge.verdict.state)
    assert states == {DisclosureState.DENIED}


@pytest.mark.parametrize(
    ("voice", "state"),
    [
        (AgentLevel.NOT_CHECKED, DisclosureState.LISTENING),
        (AgentLevel.NOT_ENOUGH_SPEECH, DisclosureState.LISTENING),
        (AgentLevel.UNSURE, DisclosureState.LISTENING),
        (AgentLevel.HUMAN_LIKE, DisclosureState.HUMAN),
        (AgentLevel.AGENT_LIKE, DisclosureState.DENIED),
    ],
)
def test_the_same_denial_under_every_voice_level(voice, state):
    verdict = _state(ASK, (CALLER, "yes i am a real person"), voice=voice)
    assert verdict.state is state
    assert verdict.answer is Answer.DENIED


def test_nothing_said_by_the_deadline():
    judge = _judge()
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    judge.advance(60 * CALL_RATE)
    assert judge.verdict.state is DisclosureState.LISTENING
    _say(judge, (CALLER, "hello i have a question"), start_s=60)
    assert judge.verdict.state is DisclosureState.LISTENING
    judge.advance(int((60 + COMPANY.deadline_s - 1) * CALL_RATE))
    assert judge.verdict.state is DisclosureState.LISTENING
    judge.advance(int((60 + COMPANY.deadline_s + 1) * CALL_RATE))
    assert judge.verdict.state is DisclosureState.NOT_DISCLOSED


@pytest.mark.parametrize(
    ("after_s", "state"), [(10, DisclosureState.DISCLOSED), (20, DisclosureState.DISCLOSED_LATE)]
)
def test_the_deadline_counts_from_the_partys_first_words(after_s, state):
    judge = _judge()
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, (AGENT, "welcome " * 100))
    _say(judge, (CALLER, "hello"), start_s=45)
    _say(judge, (CALLER, "i am an ai assistant"), start_s=45 + after_s)
    assert judge.verdict.state is state


def test_a_rule_on_request_runs_from_the_question():
    rule = COMPANY.model_copy(update={"trigger": Trigger.ON_REQUEST})
    judge = _judge(rule)
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, (CALLER, "hello i have a question"))
    judge.advance(300 * CALL_RATE)
    assert judge.verdict.state is DisclosureState.LISTENING
    _say(judge, ASK, (CALLER, "no i am an ai assistant"), start_s=300)
    assert judge.verdict.state is DisclosureState.DISCLOSED


@pytest.mark.parametrize(
    "turns",
    [
        (
            ASK,
            (CALLER, "yes i am a real person"),
            (AGENT, "really"),
            (CALLER, "okay i am an ai assistant"),
        ),
        ((CALLER, "i am an ai assistant"), ASK, (CALLER, "yes i am a real person")),
        ((CALLER, "i am not a robot i just have a cold"),),
    ],
    ids=["denied, then admitted", "disclosed, then denied", "denied unasked"],
)
def test_a_denial_stays_whatever_else_is_said(turns):
    verdict = _state(*turns)
    assert verdict.state is DisclosureState.DENIED
    assert verdict.answer is Answer.DENIED


def test_contradicting_itself_counts_whatever_the_voice():
    verdict = _state(
        (CALLER, "i am an ai assistant"), ASK, (CALLER, "yes i am a real person"), voice=REAL
    )
    assert verdict.state is DisclosureState.DENIED


def test_evasion_is_only_decided_when_no_answer_comes():
    judge = _judge()
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, (CALLER, "good morning"), ASK, (CALLER, "sorry the line is bad"))
    assert judge.verdict.state is DisclosureState.LISTENING
    _say(judge, (CALLER, "yes i am a real person"), start_s=6)
    assert judge.verdict.state is DisclosureState.DENIED


def test_silence_after_the_question_is_not_an_answer():
    judge = _judge()
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, (CALLER, "hello i have a question"), ASK)
    judge.advance(60 * CALL_RATE)
    assert judge.verdict.answer is None
    assert judge.verdict.state is DisclosureState.NOT_DISCLOSED


def test_an_answer_after_its_time_does_not_belong_to_the_question():
    judge = _judge()
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, ASK)
    _say(judge, (CALLER, "yes"), start_s=60)
    assert judge.verdict.answer is None


def test_on_one_channel_question_and_answer_are_found_there():
    judge = _judge(mono=True)
    judge.hear_signs(AgentVerdict(SYNTHETIC))
    _say(judge, (CALLER, "hello help desk"), (CALLER, "am i speaking to a real person"), (CALLER, "yes"))
    assert judge.verdict.state is DisclosureState.DENIED


def test_a_party_asking_the_same_of_the_other_side_has_not_answered():
    turns = ((CALLER, "am i speaking to a real person or a robot"), (AGENT, "i am a person"))
    assert _state(*turns, voice=REAL).state is DisclosureState.HUMAN
    assert _state(*turns).state is DisclosureState.NOT_DISCLOSED


@pytest.mark.parametrize(
    ("voice", "state"),
    [
        (AgentLevel.NOT_CHECKED, DisclosureState.NOT_CHECKED),
        (AgentLevel.AGENT_LIKE, DisclosureState.NOT_CHECKED),
        (AgentLevel.HUMAN_LIKE, DisclosureState.HUMAN),
    ],
)
def test_without_a_recognizer_nothing_is_claimed_about_words(voice, state):
    judge = _judge(has_transcript=False)
    judge.hear_signs(AgentVerdict(voice))
    judge.advance(60 * CALL_RATE)
    judge.finish()
    assert judge.verdict.state is state


def test_a_click_of_a_call_is_not_judged_at_its_end():
    assert _state((CALLER, "hello")).state is DisclosureState.LISTENING


def test_words_a_site_accepts_count():
    turns = ((CALLER, "this is robbie of contoso what can i do for you"),)
    assert _state(*turns).state is DisclosureState.NOT_DISCLOSED
    rule = COMPANY.model_copy(update={"accepted_words": ("robbie of contoso",)})
    assert _state(*turns, rule=rule).state is DisclosureState.DISCLOSED


def test_reasons_speak_of_the_policy_only():
    seen = [_state((CALLER, "hello i have a question about my bill"))]
    seen += [_state(ASK, (CALLER, reply)) for _, reply, _ in QUESTION_AND_ANSWER]
    text = " ".join(str(dataclasses.asdict(verdict)) for verdict in seen).lower()
    assert "policy" in text
    assert "illegal" not in text
    assert "violation" not in text


@pytest.mark.parametrize(
    "text", ["", "\x00", "\u202e" * 100, "<b>I am an AI</b>", "i am a " * 140_000, "a" * 1_000_000]
)
def test_hostile_text_is_handled_in_bounded_time(text):
    began = time.perf_counter()
    verdict = _state((CALLER, text))
    assert time.perf_counter() - began < 20
    assert len(verdict.quote) < 2_000
