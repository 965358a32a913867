from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from detection.errors import DetectionError
from detection.vishing.wording import WordingModel, key_of, load_wording, ngrams

GRAMS = {"c no": 1.0, "* no": -2.0, "c no rush": 0.5}


@pytest.fixture
def model() -> WordingModel:
    rows = sorted((key_of(gram), weight) for gram, weight in GRAMS.items())
    keys, weights = zip(*rows, strict=True)
    return WordingModel(
        np.array(keys, np.uint64), np.full(3, 2.0, np.float32), np.array(weights, np.float32), 0.25, 3.0
    )


def test_ngrams_say_who_spoke_and_what_was_said_whoever_spoke():
    assert list(ngrams(["call", "me"], is_caller=True)) == [
        "c call",
        "* call",
        "c me",
        "* me",
        "c call me",
        "* call me",
    ]
    assert "a call" in set(ngrams(["call"], is_caller=False))


def test_the_logit_is_that_of_rows_of_length_one_and_little_counts_little(model: WordingModel):
    counts = model.known(["no", "no", "rush"], is_caller=True)
    assert sum(counts.values()) == 5
    row = np.array([2 * (1 + log(2)), 2 * (1 + log(2)), 2.0])
    whole = (row @ [1.0, -2.0, 0.5]) / sqrt(row @ row) + 0.25
    assert model.logit(counts, turns=1) == pytest.approx(whole / 4, rel=1e-5)
    assert model.logit(counts, turns=9) == pytest.approx(whole * 0.75, rel=1e-5)


def test_words_that_it_does_not_know_say_nothing(model: WordingModel):
    assert not model.known(["zebra", "\u0645\u0631"], is_caller=True)
    assert not model.known([], is_caller=False)
    assert model.logit({}, turns=5) == 0


def test_a_hash_is_the_same_on_every_machine():
    assert key_of("c call me") == 0x5AD2574C67B4DB96


def test_damaged_models_are_refused(tmp_path: Path):
    path = tmp_path / "wording.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(DetectionError, match="cannot be read; install the pack again"):
        load_wording(path)
    one = np.ones(1)
    np.savez(path, keys=np.zeros(2, np.uint64), idf=one, weights=one, offset=0.0, settle=1.0)
    with pytest.raises(DetectionError, match="does not fit together"):
        load_wording(path)
