"""Written calls as the networks read them, and what a recognizer might make of them."""

import numpy as np
import pytest

import resources
from detection.text.passage import normal_words
from detection.training.talk.calls import LABELS, fold_of, read_calls, read_turns
from detection.training.talk.noise import load_confusions, measure
from detection.vishing.call_reader import LONGEST_TURN
from detection.vishing.load import load_tactics
from detection.vishing.pack import TacticsPack

FOLDS = 4


@pytest.fixture(scope="module")
def pack() -> TacticsPack:
    return load_tactics(resources.ROOT / "tactics" / "en.yaml")


def test_nothing_held_out_is_trained_on(pack: TacticsPack):
    seen = {call.family for call in read_calls(pack)}
    kept = {call.family for call in read_calls(pack, held_out=True)}
    assert seen
    assert kept
    assert not seen & kept


def test_calls_are_cut_as_the_reader_cuts_them_and_end_before_the_harm(pack: TacticsPack):
    calls = read_calls(pack)
    assert max(len(turn.words) for call in calls for turn in call.turns) <= LONGEST_TURN
    assert all(0 < call.until <= len(call.turns) for call in calls)
    assert all(call.until == len(call.turns) for call in calls if not call.is_con)
    assert any(call.until < len(call.turns) for call in calls)


def test_every_fold_has_its_share_of_both_kinds(pack: TacticsPack):
    calls = read_calls(pack)
    for fold in range(FOLDS):
        left_out = [call for call in calls if fold_of(call.family, FOLDS) == fold]
        assert len(left_out) == pytest.approx(len(calls) / FOLDS, rel=0.35)
        cons = sum(bool(call.is_con) for call in left_out)
        assert cons == pytest.approx(len(left_out) / 2, rel=0.3)


def test_single_turns_teach_their_labels_and_nothing_of_a_call(pack: TacticsPack):
    turns = read_turns(pack)
    assert all(call.is_con is None for call in turns)
    assert {label for call in turns for label in call.turns[-1].labels} == set(LABELS)
    assert sum(not call.turns[-1].labels for call in turns) > 500


def test_confusions_are_those_of_the_pairs():
    said, heard = "reset my password please", "research my password please now"
    confusions = measure([(said, heard)] * 10)
    assert confusions.heard["reset"] == ["research"]
    assert confusions.wrong["reset"] == 1
    assert confusions.wrong["my"] == confusions.lost["my"] == 0
    assert confusions.extra == ["now"]
    assert confusions.extra_rate == pytest.approx(1 / 4)
    rng = np.random.default_rng(0)
    assert confusions.spoil(said.split(), rng, 0.0) == tuple(said.split())
    assert confusions.spoil(said.split(), rng, 1.0)[0] == "research"


def test_measured_confusions_spoil_about_as_many_words_as_were_measured():
    confusions = load_confusions()
    rng = np.random.default_rng(0)
    words = list(normal_words("i need you to reset my password because my phone is gone")) * 200
    kept = sum(one == other for one, other in zip(words, confusions.spoil(words, rng, 0.0), strict=True))
    assert kept == len(words)
    spoiled = measure([(" ".join(words), " ".join(confusions.spoil(words, rng, 1.0)))])
    measured = confusions.lost[""] + confusions.wrong[""]
    assert spoiled.lost[""] + spoiled.wrong[""] == pytest.approx(measured, abs=0.15)
