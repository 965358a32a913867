"""The written calls and turns are what their card says they are."""

import json
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

import detection.training.talk

FOLDER = Path(detection.training.talk.__file__).parent / "calls"
FILES = sorted(FOLDER.glob("*.jsonl"))
TURN_FILES = sorted((FOLDER.parent / "turns").glob("*.jsonl"))
LABELS = {
    f"{kind}{n}" for kind, last in {"R": 12, "P": 15, "A": 5, "C": 5}.items() for n in range(1, last + 1)
}
OUTCOMES = {
    "vishing": {"harm", "refused", "caller_gave_up", "escalated"},
    "benign": {"served", "honest_refused", "escalated"},
}


def calls_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_ids_are_unique_and_no_family_is_in_two_files():
    calls = [(file.stem, call) for file in FILES for call in calls_of(file)]
    assert len(calls) >= 3000
    assert max(Counter(call["id"] for _, call in calls).values()) == 1
    files_of = {(call["family"], file) for file, call in calls}
    assert len({family for family, _ in files_of}) == len(files_of) >= 400


def test_neither_label_is_rare():
    labels = Counter(call["label"] for file in FILES for call in calls_of(file))
    assert labels["vishing"] == pytest.approx(labels["benign"], rel=0.25)


def test_hardly_any_sentence_is_said_in_two_families():
    """Nothing was made from a template."""
    families: dict[str, set[str]] = {}
    for file in FILES:
        for call in calls_of(file):
            for turn in call["turns"]:
                if len(turn["text"].split()) >= 10:
                    families.setdefault(turn["text"], set()).add(call["family"])
    assert sum(len(said_in) > 1 for said_in in families.values()) < 0.002 * len(families)


@pytest.mark.parametrize("file", TURN_FILES, ids=lambda file: file.stem)
def test_each_single_turn_is_whole(file: Path):
    for turn in calls_of(file):
        assert set(turn) == {"labels", "speaker", "before", "text"}
        assert turn["speaker"] in {"agent", "caller"}
        assert turn["before"].strip()
        assert turn["text"].strip()
        assert set(turn["labels"]) <= LABELS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_call_is_whole(file: Path):
    for call in calls_of(file):
        turns, at = call["turns"], call["intervention_turn"]
        assert call["origin"] == "written"
        assert call["outcome"] in OUTCOMES[call["label"]], call["id"]
        assert (at is not None) == (call["outcome"] == "harm"), call["id"]
        assert at is None or 0 <= at < len(turns) - 1, call["id"]
        assert {turn["speaker"] for turn in turns} == {"agent", "caller"}, call["id"]
        assert all(turn["text"].strip() for turn in turns), call["id"]
        assert {label for turn in turns for label in turn["labels"]} <= LABELS, call["id"]


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.stem != "ordinary_calls"], ids=lambda file: file.stem
)
def test_length_tells_nothing(file: Path):
    turns, words = {}, {}
    for label in OUTCOMES:
        calls = [call for call in calls_of(file) if call["label"] == label]
        turns[label] = mean(len(call["turns"]) for call in calls)
        words[label] = mean(sum(len(turn["text"].split()) for turn in call["turns"]) for call in calls)
    for of in (turns, words):
        assert of["vishing"] == pytest.approx(of["benign"], rel=0.15)
