"""What was done about a call, as a state, in words and as JSON."""

import io
import json
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

import resources
from app.case_json import as_json
from app.case_state import CaseState
from app.cases.chain import decode, encode
from app.compose import load_engines
from app.handling_words import handling_text
from app.report import print_report
from app.settings import settings_with
from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.events import (
    CallLabelled,
    CallStarted,
    ChallengeGiven,
    ChallengeJudged,
    StepsAdvised,
    StepTaken,
)
from detection.playbook import load_playbook
from detection.steps import ChallengeKind, ChallengeVerdict, StepOutcome

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text("utf-8"))
ADVICE = load_playbook(resources.ROOT / "playbooks" / "en.yaml").advice("conversation", "R2")
START = CallStarted("a.wav", "2026-11-20T12:33:00.000+00:00", (Channel.CALLER,), ())
TAKEN = StepTaken(ADVICE.steps[0], "R2", StepOutcome.REFUSED, "window", 5 * CALL_RATE)
FIRST = ChallengeGiven(ChallengeKind.SENTENCE, "The quiet doctor.", "p", "1", 6 * CALL_RATE)
SECOND = ChallengeGiven(ChallengeKind.ONE_TIME_PHRASE, "lemon village", "p", "1", 9 * CALL_RATE)
JUDGED = ChallengeJudged(
    ChallengeVerdict.PASSED, 0.83333, 4.25, 3.0, "quiet doctor", 7, 8, "5 of 6.", 8 * CALL_RATE
)
LABEL = CallLabelled("not_a_scam", "window", 10 * CALL_RATE)
EVENTS = (START, StepsAdvised(ADVICE, 4 * CALL_RATE), TAKEN, FIRST, JUDGED, SECOND, LABEL)


@pytest.fixture
def state() -> CaseState:
    return CaseState.of("c", EVENTS)


def test_each_event_comes_back_from_the_log_as_it_went_in():
    assert [decode(encode(event)) for event in EVENTS] == list(EVENTS)


def test_a_challenge_has_the_verdict_that_came_after_it(state):
    assert state.challenges == [(FIRST, JUDGED), (SECOND, None)]
    assert state.outcomes == {"call_back": StepOutcome.REFUSED}
    assert state.advice("conversation") == ADVICE
    assert state.advice("voice") is None


def test_the_latest_outcome_and_label_count(state):
    state.apply(StepTaken(ADVICE.steps[0], "R2", StepOutcome.DONE, "window", 11 * CALL_RATE))
    assert state.outcomes == {"call_back": StepOutcome.DONE}
    assert state.is_labelled_harmless
    state.apply(CallLabelled("withdrawn", "window", 12 * CALL_RATE))
    assert not state.is_labelled_harmless


def test_the_json_holds_all_of_it(state):
    shown = as_json(state, "a.wav")
    jsonschema.validate(shown, SCHEMA)
    assert shown["steps"] == [
        {
            "step": "call_back",
            "kind": "call_back",
            "name": "a call-back on the number on file",
            "ask": "R2",
            "outcome": "refused",
            "through": "window",
            "at_s": 5.0,
        }
    ]
    first, second = shown["challenges"]
    assert (first["expected"], first["verdict"]["share"], first["verdict"]["delay_s"]) == (
        "The quiet doctor.",
        0.8333,
        4.25,
    )
    assert second["verdict"] is None
    assert shown["labels"] == [{"label": "not_a_scam", "through": "window", "at_s": 10.0}]
    assert shown["advised"][0]["steps"] == [step.sentence for step in ADVICE.steps]


def test_the_report_tells_all_of_it_in_its_order(state):
    told = io.StringIO()
    print_report(Console(file=told, width=200), state)
    handled = (TAKEN, FIRST, JUDGED, SECOND, LABEL)
    places = [told.getvalue().index(handling_text(event)) for event in handled]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("delay_s", "long_delay_s", "told"),
    [
        (None, 3.0, "The caller said it. 5 of 6."),
        (1.04, 3.0, "The caller said it. 5 of 6. It began 1.0 s after the help desk had spoken."),
        (9.0, None, "The caller said it. 5 of 6. It began 9.0 s after the help desk had spoken."),
    ],
)
def test_a_delay_is_told_as_long_only_from_its_threshold(delay_s, long_delay_s, told):
    judged = ChallengeJudged(ChallengeVerdict.PASSED, 1.0, delay_s, long_delay_s, "", 0, 1, "5 of 6.", 1)
    assert handling_text(judged) == told


def test_a_long_delay_is_said_to_prove_nothing():
    assert handling_text(JUDGED).endswith("(3.0 s), which proves nothing.")


def test_a_playbook_may_only_count_tactics_that_there_are(tmp_path: Path):
    shipped = (resources.ROOT / "tactics" / "en.yaml").read_text("utf-8")
    few = tmp_path / "few.yaml"
    before, _, rest = shipped.partition("  P7:\n")
    assert rest
    few.write_text(
        before.replace("dodge: [P6, P7, P14]", "dodge: [P6, P14]") + rest[rest.index("  P8:\n") :]
    )
    with pytest.raises(DetectionError) as raised:
        load_engines(settings_with(tactics_pack=few))
    assert "counts as P7, which is no tactic of" in str(raised.value)
    assert str(few) in str(raised.value)
