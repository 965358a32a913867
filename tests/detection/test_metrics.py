import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.metrics import area_under_curve, equal_error

scores = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=40)


def test_separate_classes_have_no_error() -> None:
    assert equal_error([3, 4], [1, 2]).rate == 0
    assert area_under_curve([3, 4], [1, 2]) == 1


def test_the_threshold_meets_the_rate() -> None:
    found = equal_error([1, 3, 4, 5], [0, 1.5, 2, 3.5])
    assert found.rate == 0.25
    assert found.threshold == 3


def test_gaussians_two_deviations_apart_err_as_theory_says() -> None:
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(2, 1, 20_000), rng.normal(0, 1, 20_000)
    assert equal_error(positive, negative).rate == pytest.approx(0.1587, abs=0.006)
    assert area_under_curve(positive, negative) == pytest.approx(0.9214, abs=0.005)


@given(scores, scores)
def test_area_is_the_share_of_ordered_pairs(positive: list[float], negative: list[float]) -> None:
    pairs = [(p > n) + (p == n) / 2 for p in positive for n in negative]
    assert area_under_curve(positive, negative) == pytest.approx(np.mean(pairs))


@given(scores, scores)
def test_swapping_and_turning_the_classes_keeps_the_area(
    positive: list[float], negative: list[float]
) -> None:
    turned = area_under_curve([-n for n in negative], [-p for p in positive])
    assert turned == pytest.approx(area_under_curve(positive, negative))


@given(scores, scores)
def test_the_equal_error_lies_between_the_two_rates(
    positive: list[float], negative: list[float]
) -> None:
    found = equal_error(positive, negative)
    misses = np.mean(np.array(positive) < found.threshold)
    false_alarms = np.mean(np.array(negative) >= found.threshold)
    assert min(misses, false_alarms) - 1e-9 <= found.rate <= max(misses, false_alarms) + 1e-9


@given(scores, scores)
def test_a_rising_map_of_the_scores_changes_nothing(
    positive: list[float], negative: list[float]
) -> None:
    mapped = equal_error(np.array(positive) ** 3, np.array(negative) ** 3)
    assert mapped.rate == pytest.approx(equal_error(positive, negative).rate)


@pytest.mark.parametrize(
    ("positive", "negative"), [([], [1]), ([1], []), ([np.nan], [1]), ([1], [np.inf])]
)
@pytest.mark.parametrize("measure", [equal_error, area_under_curve])
def test_what_cannot_be_measured_is_refused(
    measure: object, positive: list[float], negative: list[float]
) -> None:
    assert callable(measure)
    with pytest.raises(ValueError, match="score"):
        measure(positive, negative)
