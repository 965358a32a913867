"""The figures of `evaluate talk`, worked out by hand on calls whose judgement is scripted."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from app.evaluation.talk import evaluate_talk
from app.evaluation.talk_calls import TalkAlert, TalkCall, TalkOutcome
from app.evaluation.talk_figures import talk_figures

LENGTH = 6


def call(number: int, label: str, **fields: Any) -> TalkCall:
    turns = [{"speaker": "caller", "text": f"turn {turn}"} for turn in range(LENGTH)]
    return TalkCall.model_validate({"id": f"c{number}", "label": label, "turns": turns} | fields)


def judged(
    judged_call: TalkCall, alert: int | None = None, tactics: dict[int, set[str]] | None = None
) -> TalkOutcome:
    """The call with an alert in that turn; each turn ends 10 s after the one before."""
    found = tuple(frozenset((tactics or {}).get(turn, ())) for turn in range(LENGTH))
    at = None if alert is None else TalkAlert(alert, 10.0 * (alert + 1))
    ends = tuple(10.0 * (turn + 1) for turn in range(LENGTH))
    return TalkOutcome(judged_call, at is not None, at, found, ends)


def test_leads_and_times_are_medians_over_the_calls_that_have_them():
    figures = talk_figures(
        [
            judged(call(0, "vishing", intervention_turn=5), alert=1),
            judged(call(1, "vishing", intervention_turn=3), alert=3),
            judged(call(2, "vishing", intervention_turn=2), alert=4),
            judged(call(3, "vishing"), alert=0),
            judged(call(4, "vishing", intervention_turn=2)),
            judged(call(5, "benign", intervention_turn=5), alert=0),
        ]
    )
    lead, time = figures["lead"], figures["time_to_alert"]
    assert (lead["n"], lead["turns"], lead["seconds"]) == (3, 0.0, 0.0)
    assert lead["turns_interval"] == (-2.0, 4.0)
    assert lead["seconds_interval"] == (-20.0, 40.0)
    assert (time["n"], time["turns"], time["seconds"]) == (4, 3.0, 30.0)
    assert figures["before_intervention"] == 0.5
    assert figures["n_with_intervention"] == 4


def test_without_an_alert_there_are_no_times():
    figures = talk_figures([judged(call(0, "vishing", intervention_turn=1))])
    nothing = {"n": 0, "turns": None, "turns_interval": None, "seconds": None, "seconds_interval": None}
    assert figures["lead"] == figures["time_to_alert"] == nothing
    assert figures["precision"] is None
    assert figures["intervals"]["precision"] is None
    assert figures["intervals"]["recall"] == (0.0, 1.0), "one call says nothing"


def test_tactics_are_counted_by_turn_where_turns_are_labelled():
    turns = [
        {"speaker": "caller", "text": f"turn {turn}", "labels": labels}
        for turn, labels in enumerate([["R2", "P1"], ["R2"], [], ["R2"], [], []])
    ]
    figures = talk_figures(
        [
            judged(call(0, "vishing", turns=turns), tactics={0: {"R2"}, 2: {"R2"}, 3: {"R2", "C1"}}),
            judged(call(1, "benign"), tactics={0: {"R2"}}),
        ]
    )["per_tactic"]
    assert list(figures) == ["R2", "P1", "C1"]
    mfa = figures["R2"]
    assert (mfa["n"], mfa["found"], mfa["right"]) == (3, 3, 2)
    assert mfa["recall"] == mfa["precision"] == pytest.approx(2 / 3)
    assert (mfa["vishing_calls"], mfa["benign_calls"]) == (1, 1)
    assert (figures["P1"]["recall"], figures["P1"]["precision"]) == (0.0, None)
    assert (figures["C1"]["recall"], figures["C1"]["precision"]) == (None, 0.0)


def test_intervals_draw_whole_families():
    """Twenty calls that stand or fall with their family tell no more than two."""

    def figures(family: str) -> dict[str, Any]:
        return talk_figures(
            [
                judged(call(n, "vishing", family=f"{family}{n // 10}"), alert=0 if n < 10 else None)
                for n in range(20)
            ]
        )

    alone = talk_figures([judged(call(n, "vishing"), alert=0 if n < 10 else None) for n in range(20)])
    assert figures("story")["intervals"]["recall"] == (0.0, 1.0)
    assert figures("story")["intervals_by"] == "family"
    low, high = alone["intervals"]["recall"]
    assert 0.2 < low < 0.5 < high < 0.8
    assert alone["intervals_by"] == "call"


def test_a_limit_takes_both_labels_from_all_over_the_files(tmp_path: Path):
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        lines = [call(n, label).model_dump_json() for n in range(10) for label in ("vishing", "benign")]
        path.write_text("\n".join(lines), encoding="utf-8")
    asked: list[TalkCall] = []

    def listen(one: TalkCall) -> TalkOutcome:
        asked.append(one)
        return judged(one)

    def track(calls: Iterable[TalkCall]) -> Iterable[TalkCall]:
        return calls

    result = evaluate_talk(paths, listen, track, limit=4)
    assert [(one.label, one.id) for one in asked] == [
        *(("benign", "c5"), ("benign", "c5")),
        *(("vishing", "c5"), ("vishing", "c5")),
    ]
    assert (result["n_vishing"], result["n_benign"]) == (2, 2)
    assert evaluate_talk(paths, listen, track, limit=100)["n"] == 40
    json.dumps(result)
