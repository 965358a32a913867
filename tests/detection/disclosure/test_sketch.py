import numpy as np
import pytest

from detection.disclosure.sketch import WordingSketch


def sketch(*texts):
    made = WordingSketch()
    for text in texts:
        made.add(text.split())
    return made


def words(rng, count):
    return " ".join(f"w{number}" for number in rng.integers(0, 5_000, count))


@pytest.mark.parametrize("shared", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_likeness_estimates_the_share_of_runs_in_common(shared):
    rng = np.random.default_rng(7)
    common, one, other = (words(rng, 400) for _ in range(3))
    kept = round(400 * shared)
    first = sketch(" ".join(common.split()[:kept]), " ".join(one.split()[kept:]))
    second = sketch(" ".join(common.split()[:kept]), " ".join(other.split()[kept:]))
    runs = max(0, kept - 3)
    jaccard = runs / (first.runs + second.runs - runs)
    assert first.likeness(second.text) == pytest.approx(jaccard, abs=0.13)


def test_a_sketch_does_not_depend_on_how_often_or_in_what_order_things_were_said():
    once = sketch("a b c d e f", "g h i j k l")
    assert sketch("g h i j k l", "a b c d e f", "a b c d e f").text == once.text


def test_what_holds_no_run_of_words_is_like_nothing():
    empty = sketch("too few words")
    assert empty.runs == 0
    assert empty.likeness(empty.text) == 0


@pytest.mark.parametrize("other", ["", "zz", "00" * 3, "<b>", "é" * 1024])
def test_what_is_no_sketch_is_like_nothing(other):
    assert sketch("a b c d e f g").likeness(other) == 0


def test_the_words_cannot_be_read_from_it():
    made = sketch("my account number is four four one nine")
    assert len(made.text) == 1024
    assert all(char in "0123456789abcdef" for char in made.text)
