from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.metrics import (
    DetectionCosts,
    area_under_curve,
    equal_error,
    equal_error_rates,
    error_rates,
    llr_cost,
    min_detection_cost,
    min_llr_cost,
)

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
@pytest.mark.parametrize(
    "measure", [equal_error, area_under_curve, error_rates, llr_cost, min_llr_cost, min_detection_cost]
)
def test_what_cannot_be_measured_is_refused(
    measure: object, positive: list[float], negative: list[float]
) -> None:
    assert callable(measure)
    with pytest.raises(ValueError, match="score"):
        measure(positive, negative)


@given(scores, scores, st.randoms(use_true_random=False))
def test_a_weight_counts_like_so_many_equal_scores(
    positive: list[float], negative: list[float], random: Random
) -> None:
    counts = [[random.randint(1, 3) for _ in group] for group in (positive, negative)]
    repeated = [np.repeat(group, n) for group, n in zip((positive, negative), counts, strict=True)]
    weighted = error_rates(positive, negative, [counts[0]], [counts[1]])
    assert equal_error_rates(weighted)[0] == pytest.approx(equal_error(*repeated).rate)


@given(scores, scores)
def test_error_rates_run_from_no_miss_to_no_false_alarm(
    positive: list[float], negative: list[float]
) -> None:
    rates = error_rates(positive, negative)
    assert (rates.misses[0], rates.false_alarms[0]) == (0, 1)
    assert (rates.misses[-1], rates.false_alarms[-1]) == (1, 0)
    assert (np.diff(rates.misses) >= 0).all()
    assert (np.diff(rates.false_alarms) <= 0).all()


@pytest.mark.parametrize("deviation", [0.5, 1.0, 2.0, 4.0])
def test_calibrated_gaussians_cost_what_theory_says(deviation: float) -> None:
    """LLRs of two Gaussians are Gaussian with means +-d^2/2 and variance d^2."""
    mean = deviation**2 / 2
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(mean, deviation, 50_000), rng.normal(-mean, deviation, 50_000)
    at, weights = np.polynomial.hermite_e.hermegauss(80)
    expected = (weights * np.logaddexp(0, -(mean + deviation * at))).sum() / weights.sum() / np.log(2)
    assert llr_cost(positive, negative) == pytest.approx(expected, abs=0.01)
    assert min_llr_cost(positive, negative) == pytest.approx(expected, abs=0.01)


def test_no_evidence_costs_one_bit_and_misleading_evidence_more() -> None:
    assert llr_cost([0, 0], [0]) == pytest.approx(1)
    assert min_llr_cost([0, 0], [0]) == pytest.approx(1)
    assert llr_cost([-3], [3]) > 1
    assert min_llr_cost([-3], [3]) == pytest.approx(1)


@given(scores, scores)
def test_calibration_cannot_beat_the_best_rising_map(
    positive: list[float], negative: list[float]
) -> None:
    least = min_llr_cost(positive, negative)
    assert 0 <= least <= min(1, llr_cost(positive, negative)) + 1e-9
    for scale, offset in ((0.1, 0), (1, -2), (5, 3)):
        moved = [scale * np.array(group) + offset for group in (positive, negative)]
        assert min_llr_cost(*moved) == pytest.approx(least)
        assert least <= llr_cost(*moved) + 1e-9


@given(scores, scores)
def test_cllr_treats_the_classes_alike(positive: list[float], negative: list[float]) -> None:
    turned = [-n for n in negative], [-p for p in positive]
    assert llr_cost(*turned) == pytest.approx(llr_cost(positive, negative))
    assert min_llr_cost(*turned) == pytest.approx(min_llr_cost(positive, negative))
    assert llr_cost(positive * 3, negative) == pytest.approx(llr_cost(positive, negative))


@given(scores, scores, st.floats(0.01, 0.99), st.floats(0.1, 20))
def test_the_detection_cost_is_at_most_that_of_a_constant_answer(
    positive: list[float], negative: list[float], prior: float, miss: float
) -> None:
    cost = min_detection_cost(positive, negative, DetectionCosts(miss, 1, prior))
    assert 0 <= cost <= 1 + 1e-9
    assert (cost == 0) == (min(positive) > max(negative))


@pytest.mark.parametrize(
    ("costs", "least"),
    [
        (DetectionCosts(miss=1, false_alarm=1, prior=0.5), 0.5),
        (DetectionCosts(miss=10, false_alarm=1, prior=0.5), 0.75),
        (DetectionCosts(miss=10, false_alarm=1, prior=0.05), 0.5),
    ],
)
def test_costs_choose_the_threshold(costs: DetectionCosts, least: float) -> None:
    """Dear misses are cheapest at 1 (no miss, 3 of 4 false alarms), rare ones at 4 (2 of 4, none)."""
    assert min_detection_cost([1, 3, 4, 5], [0, 1.5, 2, 3.5], costs) == pytest.approx(least)
