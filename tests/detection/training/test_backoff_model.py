"""The arithmetic behind the built-in recognizer's language model."""

from pathlib import Path

import numpy as np
import pytest

from detection.training.basic_recognizer.backoff import (
    END,
    START,
    BackoffModel,
    best_weights,
    learn,
    mix,
    over,
    perplexity,
    pruned,
    trigrams,
)
from detection.training.basic_recognizer.generic import read_trie

WORDS = sorted([START, END, "i", "forgot", "my", "password", "the", "code", "reset", "please"])
HELP = [
    ["i", "forgot", "my", "password"],
    ["reset", "my", "password", "please"],
    ["i", "forgot", "the", "code"],
] * 3
OTHER = [["the", "code", "please"], ["i", "forgot", "my", "code"]] * 2


def after(model: BackoffModel, *history: str) -> np.ndarray:
    """The probability of every word after `history`."""
    numbers = [model.words.index(word) for word in history]
    rows = np.array([[*numbers, word] for word in range(len(model.words))])
    return 10 ** model.logs(rows)


@pytest.fixture(scope="module")
def helpdesk() -> BackoffModel:
    return learn(WORDS, HELP)


@pytest.mark.parametrize(
    "history", [(), ("my",), ("forgot", "my"), ("code", "i"), (START,), (START, "i")]
)
def test_probabilities_after_any_history_add_up_to_one(helpdesk: BackoffModel, history: tuple[str, ...]):
    mixed = mix([helpdesk, learn(WORDS, OTHER)], [0.7, 0.3])
    for model in (helpdesk, mixed, pruned(mixed, 0.01)):
        assert after(model, *history).sum() == pytest.approx(1, abs=1e-4)


def test_what_was_said_is_likelier_than_what_was_not(helpdesk: BackoffModel):
    found = dict(zip(WORDS, after(helpdesk, "forgot", "my"), strict=True))
    assert max(found, key=found.__getitem__) == "password"
    assert 0 < found["please"] < found["password"] / 5


def test_a_mixture_lies_between_its_parts_on_what_they_have(helpdesk: BackoffModel):
    other = learn(WORDS, OTHER)
    mixed = mix([helpdesk, other], [0.25, 0.75])
    row = np.array([[WORDS.index(word) for word in ("forgot", "my", "code")]])
    expected = 0.25 * 10 ** helpdesk.logs(row) + 0.75 * 10 ** other.logs(row)
    assert 10 ** mixed.logs(row) == pytest.approx(expected)


def test_the_best_weights_follow_the_text(helpdesk: BackoffModel):
    models = [helpdesk, learn(WORDS, OTHER)]
    heavy = best_weights(models, trigrams(WORDS, HELP))
    assert sum(heavy) == pytest.approx(1)
    assert heavy[0] > 0.8
    assert best_weights(models, trigrams(WORDS, OTHER))[0] < 0.5


def test_pruning_takes_the_least_useful_first_and_costs_perplexity(helpdesk: BackoffModel):
    text = trigrams(WORDS, HELP)
    sizes, costs = [], []
    for threshold in (0.0, 1e-3, 1e-1, 10.0):
        model = pruned(helpdesk, threshold)
        sizes.append(sum(len(order.keys) for order in model.orders))
        costs.append(perplexity(model, text))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1] == 0
    assert costs[0] < costs[-1]


def test_a_narrower_vocabulary_keeps_what_is_left(helpdesk: BackoffModel):
    words = [word for word in WORDS if word != "code"] + ["vpn"]
    narrowed = over(helpdesk, words)
    row = np.array([[words.index(word) for word in ("forgot", "my", "password")]])
    same = np.array([[WORDS.index(word) for word in ("forgot", "my", "password")]])
    assert narrowed.logs(row) == pytest.approx(helpdesk.logs(same))
    assert narrowed.prob[words.index("vpn")] < -10


def test_words_outside_the_vocabulary_part_a_sentence():
    model = learn(WORDS, [["i", "whatever", "password"]])
    assert len(model.orders[0].keys) == 2, "only the start with i, and password with the end"


def test_pocketsphinx_reads_what_is_written(helpdesk: BackoffModel, tmp_path: Path):
    from pocketsphinx import NGramModel

    helpdesk.write_arpa(tmp_path / "model.arpa")
    NGramModel.readfile(str(tmp_path / "model.arpa")).write(
        str(tmp_path / "model.bin"), NGramModel.str_to_type("bin")
    )
    theirs = NGramModel.readfile(str(tmp_path / "model.bin"))
    base = np.log10(1.0001)
    for words in (("forgot", "my", "password"), ("my", "code"), ("reset", "please"), ("i",)):
        row = np.array([[WORDS.index(word) for word in words]])
        assert theirs.prob(list(words[::-1])) * base == pytest.approx(helpdesk.logs(row)[0], abs=0.01)


def test_the_trie_in_the_wheel_is_read_to_the_last_digit():
    from pocketsphinx import NGramModel, get_model_path

    path = get_model_path("en-us/en-us.lm.bin")
    ours, theirs = read_trie(Path(path)), NGramModel.readfile(path)
    for words in (("i", "need", "a"), ("my", "new", "phone"), ("zulu", "the", "aachen"), ("password",)):
        row = np.array([[ours.words.index(word) for word in words]])
        expected = theirs.prob(list(words[::-1])) * np.log10(1.0001)
        assert ours.logs(row)[0] == pytest.approx(expected, abs=1e-3)


def test_what_is_no_trie_is_refused_by_name(tmp_path: Path):
    (tmp_path / "other.bin").write_bytes(bytes(100))
    with pytest.raises(ValueError, match=r"other\.bin"):
        read_trie(tmp_path / "other.bin")
