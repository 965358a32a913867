"""What a report says of the voice, and of an AI that has to say what it is."""

import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from app.case_json import as_json
from app.case_state import CaseState
from app.cases.chain import decode, encode
from app.cli.live_lines import LiveLines
from app.report import print_report
from audio.types import CALL_RATE, Channel
from detection.events import (
    AgentJudged,
    CallStarted,
    DisclosureJudged,
    NotJudged,
    SpeakerChanged,
    StepTaken,
    VoiceJudged,
    VoiceScored,
)
from detection.steps import Step, StepKind, StepOutcome
from detection.types import (
    AgentLevel,
    AgentSign,
    AgentVerdict,
    Answer,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    RuleState,
    VoiceChange,
    VoiceLevel,
    VoicePoint,
    VoiceVerdict,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text("utf-8"))
SCOPE = "Test check: hears some voices and misses others."


def suspect_call() -> CaseState:
    engine = EngineInfo("voice", "cm", "1", "test check", SCOPE)
    start = CallStarted("a.wav", "2026-11-20T12:33:00.000+00:00", (Channel.CALLER,), (engine,))
    points = (
        VoicePoint(CALL_RATE, 5 * CALL_RATE, 1.23456, "cm"),
        VoicePoint(2 * CALL_RATE, 6 * CALL_RATE, -0.5, "cm"),
    )
    verdict = VoiceVerdict(
        VoiceLevel.SUSPECT, 1.6, 0.83, 4.5, "cm", "1", -1.5, 2.0, ("It may be.",), threshold_watch=1.5
    )
    at = 6 * CALL_RATE
    return CaseState.of("c", [start, VoiceScored(points, at), VoiceJudged(verdict, at)])


def test_the_trace_and_the_watch_level_are_in_the_json():
    voice = as_json(suspect_call(), "a.wav")["voice"]
    assert (voice["level"], voice["threshold_watch"]) == ("suspect", 1.5)
    assert voice["trace"] == [
        {"start_s": 1.0, "end_s": 5.0, "llr": 1.2346, "model_id": "cm"},
        {"start_s": 2.0, "end_s": 6.0, "llr": -0.5, "model_id": "cm"},
    ]


def test_the_report_says_what_the_judge_of_the_voice_can_and_cannot_do():
    told = io.StringIO()
    print_report(Console(file=told, width=120), suspect_call())
    assert "May be synthetic" in told.getvalue()
    assert SCOPE in told.getvalue()


S = CALL_RATE
ASKED = DisclosureVerdict(
    DisclosureState.LISTENING,
    asked_at=46 * S,
    question="are you a person",
    rule_id="company",
    rule_revision="1",
    subject=Channel.AGENT,
    spoke_at=3 * S,
    awaits_until=62 * S,
    rules=(
        RuleState("company", "1", "AI says so", DisclosureState.LISTENING, 18 * S),
        RuleState("eu", "2", "EU, from a day on", DisclosureState.NOT_APPLICABLE, None, "Not yet."),
    ),
)
DENIED = replace(
    ASKED,
    state=DisclosureState.DENIED,
    answer=Answer.DENIED,
    answer_quote="<b>yes</b> I am\x1b[2J",
    answered_at=49 * S,
    handed_over_at=70 * S,
    awaits_until=None,
    reasons=("It denied it.",),
    rules=(
        replace(ASKED.rules[0], state=DisclosureState.DENIED, reason="It denied it."),
        ASKED.rules[1],
    ),
)
SIGN = AgentSign("voice", 4.1, 4.1, "the voice looks synthetic")
AGENT = AgentVerdict(AgentLevel.AGENT_LIKE, 4.1, 9, (SIGN,), -1.5, 2.0, "signs 1")
ASK = Step("ask_if_ai", StepKind.QUESTION, "asking whether it is an AI", "Ask.", "Are you a person?")
OWN_CALL = (
    CallStarted("own.wav", "2026-11-20T12:33:00.000+00:00", tuple(Channel), (), Channel.AGENT),
    AgentJudged(AGENT, 25 * S),
    DisclosureJudged(ASKED, 46 * S),
    StepTaken(ASK, "unasked_ai", StepOutcome.DONE, "window", 46 * S),
    DisclosureJudged(DENIED, 71 * S),
    SpeakerChanged(VoiceChange(70 * S, -5.0, -3.0), 72 * S),
    NotJudged("signs", Channel.AGENT, 0, 75 * S, "the signs engine failed", 75 * S),
)


@pytest.fixture
def own_call() -> CaseState:
    return CaseState.of("c", [decode(encode(event)) for event in OWN_CALL])


def test_the_json_has_the_signs_and_every_rule_beside_what_it_had(own_call):
    shown = as_json(own_call, "own.wav")
    jsonschema.validate(shown, SCHEMA)
    assert shown["subject"] == shown["disclosure"]["subject"] == "agent"
    assert shown["agent"] == {
        "level": "agent_like",
        "llr": 4.1,
        "threshold_human": -1.5,
        "threshold_agent": 2.0,
        "turns": 9,
        "signs": [{"name": "voice", "value": 4.1, "llr": 4.1, "sentence": "the voice looks synthetic"}],
        "engine": "signs 1",
    }
    disclosure = shown["disclosure"]
    assert (disclosure["state"], disclosure["rule_id"]) == ("denied", "company")
    assert (disclosure["spoke_at_s"], disclosure["handed_over_at_s"]) == (3.0, 70.0)
    assert disclosure["awaits_until_s"] is None
    assert [(rule["rule_id"], rule["state"], rule["deadline_at_s"]) for rule in disclosure["rules"]] == [
        ("company", "denied", 18.0),
        ("eu", "not_applicable", None),
    ]
    jsonschema.validate(as_json(suspect_call(), "a.wav"), SCHEMA)
    awaited = CaseState.of("c", OWN_CALL[:3])
    assert as_json(awaited, "own.wav")["disclosure"]["awaits_until_s"] == 62.0


def test_the_report_has_the_signs_every_rule_and_whose_ai_it_is(own_call):
    told = io.StringIO()
    print_report(Console(file=told, width=200), own_call)
    for line in (
        "AI disclosure (help desk)",
        "Denied when asked",
        "The desk's own voice spoke from 0:03 on. Asked at 0:46, answered at 0:49, handed over at 1:10.",
        "AI says so: denied when asked.",
        "EU, from a day on: not applicable. Not yet.",
        "AI or person (help desk)",
        "AI-like",
        "9 turns heard",
        "The voice looks synthetic: speaks for an AI (+4.1).",
        "1:10 Help desk: another voice took over",
        "signs of an AI agent not weighed",
    ):
        assert line in told.getvalue(), line


def test_a_terminal_is_told_what_was_asked_and_answered_and_who_is_gone():
    told = io.StringIO()
    lines, state = LiveLines(Console(file=told, width=200)), CaseState("c")
    lines.begin("c")
    for event in OWN_CALL:
        state.apply(event)
        lines.show(event, state)
    _, *shown = told.getvalue().splitlines()
    times = (
        "The desk's own voice spoke from 0:03 on. Asked at 0:46, answered at 0:49, handed over at 1:10."
    )
    assert shown == [
        "AI or person (help desk): AI-like",
        "    The voice looks synthetic: speaks for an AI (+4.1).",
        "AI disclosure (help desk): Listening",
        "    The desk's own voice spoke from 0:03 on. Asked at 0:46, answer awaited until 1:02.",
        "    AI says so: listening, to be said by 0:18.",
        "    EU, from a day on: not applicable. Not yet.",
        "Whether it is an AI: Asked at 0:46: listening for the answer, 16 s left",
        "AI disclosure (help desk): Denied when asked",
        f"    {times}",
        "    AI says so: denied when asked.",
        "    EU, from a day on: not applicable. Not yet.",
        "1:10 Help desk hands the call over.",
        "Whether it is an AI: Answered at 0:49: “<b>yes</b> I am\\x1b[2J” (said that it is a person)",
    ]
