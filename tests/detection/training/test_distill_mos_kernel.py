"""The kernel machine: what leaving a source out gives is what fitting without it gives."""

import numpy as np
import pytest

from detection.training.countermeasure.distill_mos.kernel import fit, kernel, principal

RNG = np.random.default_rng(3)
POINTS = RNG.standard_normal((60, 4))
SYNTHETIC = POINTS[:, 0] + 0.3 * RNG.standard_normal(60) > 0
IMPORTANCE = RNG.uniform(0.5, 1.5, 60)


def test_left_out_members_are_as_if_never_there():
    members = np.array([3, 17, 18, 40])
    rest = np.setdiff1d(np.arange(60), members)
    whole = fit(POINTS, SYNTHETIC, IMPORTANCE, 0.3)
    fresh = fit(POINTS[rest], SYNTHETIC[rest], IMPORTANCE[rest], 0.3)
    np.testing.assert_allclose(whole.without(members).weights, fresh.machine.weights, atol=1e-9)
    wanted = fresh.machine.scores(POINTS[members])
    np.testing.assert_allclose(whole.without(members).scores(POINTS[members]), wanted, atol=1e-9)
    assert np.abs(whole.machine.scores(POINTS[members]) - wanted).max() > 0.01


def test_scores_rise_with_what_the_synthetic_points_share():
    machine = fit(POINTS, SYNTHETIC, IMPORTANCE, 0.3).machine
    low, high = machine.scores(np.array([[-1.5, 0, 0, 0], [1.5, 0, 0, 0]]))
    assert low < -0.3 < 0.3 < high


def test_an_important_point_is_fitted_better():
    importance = np.ones(60)
    importance[5] = 100.0
    missed = [
        abs(fit(POINTS, SYNTHETIC, weights, 1.0).machine.scores(POINTS[5:6])[0] - (2 * SYNTHETIC[5] - 1))
        for weights in (np.ones(60), importance)
    ]
    assert missed[1] < missed[0] / 5


def test_the_kernel_is_one_at_no_distance_and_falls_with_its_square():
    values = kernel(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [0.6, 0.8]]))
    np.testing.assert_allclose(values, [[1.0, np.exp(-1)]])


def test_principal_components_are_scaled_to_the_width_whatever_the_units():
    statistics = RNG.standard_normal((500, 6)) * [1, 100, 1, 1, 5, 1] + 7
    points = principal(statistics, (2, 4), 6, 2.5).points(statistics)
    apart = np.square(points[:, None] - points[None]).sum(axis=2).mean()
    assert apart == pytest.approx(2.5, rel=0.02)


def test_each_part_weighs_the_same():
    statistics = RNG.standard_normal((2000, 12))
    basis = principal(statistics, (2, 10), 12, 1.0).basis
    of_values = np.square(basis).sum(axis=1)
    assert of_values[:2].sum() == pytest.approx(of_values[2:].sum(), rel=0.1)
