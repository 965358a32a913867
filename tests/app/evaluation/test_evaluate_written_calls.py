import json
from datetime import date
from pathlib import Path

import pytest

import resources
from app.errors import EvaluationError
from app.evaluation.disclosure import evaluate_disclosure
from app.evaluation.talk import WrittenTalk, evaluate_talk
from app.evaluation.written_calls import WrittenCall
from audio.types import CALL_RATE
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.reader import load_statement_reader
from detection.disclosure.rule import load_rule
from detection.disclosure.statements import load_statements
from detection.training.statements.calls import read_samples
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics

DATA = Path(__file__).parents[2] / "data"
TACTICS = load_tactics(resources.ROOT / "tactics" / "en.yaml")
STATEMENTS = load_statements(resources.ROOT / "disclosure" / "en.yaml")
COMPANY = load_rule(resources.ROOT / "policies" / "company.yaml")
TURN = {"speaker": "caller", "text": "the printer is jammed again"}
CALM = {
    "id": "x",
    "label": "benign",
    "turns": [TURN],
}


def _talk(*paths, limit=None):
    return evaluate_talk(paths, WrittenTalk(lambda: TalkJudge(TACTICS)), limit=limit)


def _disclosure(path):
    today = date(2026, 11, 22)
    return evaluate_disclosure(
        path, lambda subject: DisclosureJudge((COMPANY,), STATEMENTS, subject, day=today)
    )


def _write(tmp_path, *calls):
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(json.dumps(call) for call in calls), encoding="utf-8")
    return path


def test_tuned_on_and_held_out_talk_figures():
    dev, heldout = _talk(DATA / "talk_dev.jsonl"), _talk(DATA / "talk_heldout.jsonl")
    assert dev["n"] + heldout["n"] >= 60
    assert dev["recall"] == 1.0
    assert heldout["recall"] >= 0.75
    assert heldout["before_intervention"] >= 0.75
    for result in (dev, heldout):
        assert result["false_alarms_per_100"] == 0.0
        assert result["precision"] == 1.0
        assert result["n"] == result["n_vishing"] + result["n_benign"]


def test_no_story_is_on_both_sides():
    ids = [
        {json.loads(line)["id"] for line in (DATA / name).read_text(encoding="utf-8").splitlines()}
        for name in ("talk_dev.jsonl", "talk_heldout.jsonl")
    ]
    assert not ids[0] & ids[1]


def test_tuned_on_and_held_out_disclosure_figures():
    dev, heldout = (
        _disclosure(DATA / "disclosure_dev.jsonl"),
        _disclosure(DATA / "disclosure_heldout.jsonl"),
    )
    assert dev["n"] + heldout["n"] >= 60
    assert dev["accuracy"] == 1.0
    assert heldout["accuracy"] >= 0.95
    assert len(heldout["per_state"]) == 6
    assert sum(sum(got.values()) for got in heldout["confusion"].values()) == heldout["n"]


@pytest.mark.parametrize(
    ("name", "least", "look_alikes", "denials"),
    [("disclosure_heldout.jsonl", 0.95, 0, 0), ("disclosure_calls.jsonl", 0.8, 25, 18)],
)
def test_what_the_shipped_network_reads_in_held_out_calls(name, least, look_alikes, denials):
    reader = load_statement_reader(resources.ROOT / "models" / "earwitness-statements-en")
    today = date(2026, 11, 22)
    result = evaluate_disclosure(
        DATA / name,
        lambda subject: DisclosureJudge((COMPANY,), STATEMENTS, subject, reader, day=today),
    )
    assert result["accuracy"] >= least
    assert len(result["look_alikes_accepted"]) <= look_alikes
    assert len(result["denials_missed"]) <= denials
    assert set(result["per_state"]) == {
        *("disclosed", "disclosed_late", "not_disclosed", "denied", "evasive", "human")
    }


def test_no_wording_family_is_on_both_sides():
    held_out = {
        json.loads(line)["family"]
        for line in (DATA / "disclosure_calls.jsonl").read_text(encoding="utf-8").splitlines()
    }
    assert len(held_out) > 50
    assert not held_out & {sample.family for sample in read_samples()}


def test_everyday_customer_talk_raises_almost_nothing(shared, tmp_path):
    lines = (
        (shared / "data/text/multidogo_customer_turns.jsonl").read_text(encoding="utf-8").splitlines()
    )
    calls = [
        {
            "id": c["id"],
            "label": "benign",
            "turns": [{"speaker": "caller", "text": t} for t in c["turns"] if t.strip()],
        }
        for c in map(json.loads, lines[::8])
    ]
    result = _talk(_write(tmp_path, *calls))
    assert result["n_benign"] == 500
    assert result["false_alarms_per_100"] <= 1.0
    assert result["false_watches_per_100"] <= 2.0


def test_a_rate_of_nothing_is_none(tmp_path):
    result = _talk(_write(tmp_path, CALM))
    assert result["precision"] is None
    assert result["recall"] is None
    assert result["before_intervention"] is None
    assert result["false_alarms_per_100"] == 0.0
    json.dumps(result)


def test_an_alert_after_the_intervention_turn_is_late(tmp_path):
    con = json.loads((DATA / "talk_dev.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert con["label"] == "vishing"
    result = _talk(_write(tmp_path, con | {"intervention_turn": 0}, con))
    assert result["recall"] == 1.0
    assert result["before_intervention"] == 0.5


def test_times_are_filled_in_where_there_are_none():
    call = WrittenCall.model_validate(
        {
            "id": "x",
            "turns": [
                {"speaker": "caller", "text": "one two three four five"},
                {"speaker": "agent", "text": "one"},
                {"speaker": "caller", "text": "one", "start_s": 60},
            ],
        }
    )
    starts = [utterance.start / CALL_RATE for utterance in call.utterances()]
    assert starts == [0.0, 2.5, 60.0]


def test_the_turn_a_state_is_reached_is_counted(tmp_path):
    call = {
        "id": "x",
        "subject": "caller",
        "signs": ["synthetic_voice"],
        "expected": "denied",
        "at_turn": 1,
        "turns": [{"speaker": "agent", "text": "are you a robot"}, {"speaker": "caller", "text": "no"}],
    }
    assert _disclosure(_write(tmp_path, call))["turn_accuracy"] == 1.0
    assert _disclosure(_write(tmp_path, call | {"at_turn": 0}))["turn_accuracy"] == 0.0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        (json.dumps(CALM | {"label": "scam"}), "line 2, label"),
        (json.dumps(CALM | {"turns": []}), "line 2, turns"),
        (json.dumps(CALM | {"turns": [{"speaker": "bob", "text": "x"}]}), "line 2, turns.0.speaker"),
        (json.dumps({"id": "x", "label": "benign"}), "line 2, turns"),
        (json.dumps(CALM | {"turns": [{"speaker": "caller", "text": "x", "start_s": -1}]}), "start_s"),
        (json.dumps(CALM | {"turns": [{"speaker": "caller", "text": " "}]}), "line 2, turns.0.text: a"),
        (json.dumps(CALM | {"turns": [{**TURN, "labels": ["R2", "R13"]}]}), "'R13' is no label"),
        (json.dumps(CALM | {"turns": [{**TURN, "start_s": 2}, {**TURN, "start_s": 1}]}), "goes back"),
        (json.dumps(CALM | {"intervention_turn": 1}), "intervention_turn is 1, and the turns are"),
        (json.dumps(CALM | {"intervention_turn": -1}), "line 2: intervention_turn is -1"),
        (json.dumps(CALM | {"family": 3}), "line 2, family"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, says):
    path = tmp_path / "calls.jsonl"
    path.write_text(f"{json.dumps(CALM)}\n{line}\n", encoding="utf-8")
    with pytest.raises(EvaluationError) as caught:
        _talk(path)
    assert "calls.jsonl" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00"])
def test_a_file_without_calls_is_refused(tmp_path, content):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=r"calls\.jsonl"):
        _disclosure(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvaluationError, match=r"gone\.jsonl"):
        _talk(tmp_path / "gone.jsonl")
