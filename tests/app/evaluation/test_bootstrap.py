import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.evaluation.bootstrap import Bootstrap
from detection.metrics import equal_error


def names(count: int) -> list[str]:
    return [str(index) for index in range(count)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 2.5), st.integers(30, 80))
def test_the_interval_of_the_equal_error_holds_its_value(seed: int, distance: float, count: int):
    rng = np.random.default_rng(seed)
    positive = np.arange(2 * count) < count
    scores = rng.normal(0, 1, 2 * count) + distance * positive
    interval = Bootstrap(names(2 * count)).equal_error(scores, positive)
    assert interval
    assert interval[0] <= equal_error(scores[positive], scores[~positive]).rate <= interval[1]


def test_nineteen_in_twenty_intervals_hold_the_truth():
    """False alarms of a fair judge: 30% of 60 clips, drawn 200 times."""
    rng = np.random.default_rng(0)
    bootstrap, every = Bootstrap(names(60)), np.ones(60, bool)
    intervals = [bootstrap.share(rng.random(60) < 0.3, every) for _ in range(200)]
    held = np.mean([low <= 0.3 <= high for low, high in filter(None, intervals)])
    assert 0.88 <= held <= 0.99


def test_clips_of_one_speaker_count_as_one():
    hits, every = np.arange(100) % 10 < 3, np.ones(100, bool)
    of_ten = Bootstrap([str(index % 10) for index in range(100)]).share(hits, every)
    alone = Bootstrap(names(100)).share(hits, every)
    assert of_ten
    assert alone
    assert of_ten[1] - of_ten[0] > 2 * (alone[1] - alone[0])


@pytest.mark.parametrize(("hit", "expected"), [(False, (0, 0.03)), (True, (0.97, 1))])
def test_none_of_a_hundred_is_not_never(hit: bool, expected: tuple[float, float]):
    found = Bootstrap(names(100)).share(np.full(100, hit), np.ones(100, bool))
    assert found == pytest.approx(expected)


def test_none_of_one_speaker_says_nothing():
    assert Bootstrap(["one"] * 50).share(np.zeros(50, bool), np.ones(50, bool)) == (0, 1)


def test_the_same_in_every_run():
    hits = np.arange(40) % 3 == 0
    one, other = (Bootstrap(names(40)).share(hits, np.ones(40, bool)) for _ in range(2))
    assert one == other


def test_without_a_class_there_is_no_interval():
    bootstrap, none = Bootstrap(names(3)), np.zeros(3, bool)
    assert bootstrap.share(none, none) is None
    assert bootstrap.equal_error(np.zeros(3), none) is None
    assert bootstrap.equal_error(np.zeros(3), ~none) is None


def test_more_scores_than_are_handled_at_once_give_the_same(monkeypatch: pytest.MonkeyPatch):
    scores, positive = np.random.default_rng(0).normal(size=50), np.arange(50) < 20
    whole = Bootstrap(names(50)).equal_error(scores, positive)
    monkeypatch.setattr("app.evaluation.bootstrap._AT_ONCE", 700)
    assert Bootstrap(names(50)).equal_error(scores, positive) == whole
