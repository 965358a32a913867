"""Cosines, their normalisation by a cohort, and the ratio they are read as."""

import numpy as np
import pytest

from detection.models.manifest import ScoreCalibration
from detection.voice import scoring
from detection.voice.scoring import cosines, direction, llrs, scores

RNG = np.random.default_rng(5)
VOICES = direction(RNG.standard_normal((4, 16)))
COHORT = direction(RNG.standard_normal((150, 16)))


def test_directions_have_length_one_and_nothing_points_nowhere():
    rows = direction(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]], atol=1e-6)
    assert rows.dtype == np.float32


def test_without_a_cohort_the_score_is_the_cosine():
    np.testing.assert_array_equal(scores(VOICES, VOICES, None), cosines(VOICES, VOICES))
    np.testing.assert_allclose(np.diag(cosines(VOICES, VOICES)), 1, atol=1e-6)


def test_normalisation_is_the_published_formula_over_the_nearest_of_the_cohort():
    one, other = VOICES[0].astype(float), VOICES[1].astype(float)
    raw = one @ other

    def standard(voice: np.ndarray) -> float:
        nearest = sorted(COHORT.astype(float) @ voice)[-scoring.TOP :]
        return (raw - np.mean(nearest)) / np.std(nearest)

    wanted = (standard(one) + standard(other)) / 2
    assert scores(VOICES, VOICES, COHORT)[0, 1] == pytest.approx(wanted)


def test_normalised_scores_do_not_depend_on_which_voice_was_enrolled():
    normalised = scores(VOICES, VOICES, COHORT)
    np.testing.assert_allclose(normalised, normalised.T)
    assert (np.diag(normalised) > normalised[0, 1:].max()).all()


def test_a_voice_like_everybody_s_needs_a_higher_cosine():
    """Two pairs of the same cosine, one in the crowd and one far from it."""
    crowd = direction(np.eye(16)[0] + 0.3 * RNG.standard_normal((60, 16)))
    common = direction(np.stack([np.eye(16)[0] + 0.3 * np.eye(16)[k] for k in (1, 2)]))
    rare = direction(np.stack([np.eye(16)[9] + 0.3 * np.eye(16)[k] for k in (1, 2)]))
    assert cosines(common, common)[0, 1] == pytest.approx(cosines(rare, rare)[0, 1])
    assert scores(rare, rare, crowd)[0, 1] > scores(common, common, crowd)[0, 1]


def test_a_cohort_of_one_voice_over_and_over_divides_by_no_zero():
    assert np.isfinite(scores(VOICES, VOICES, np.repeat(COHORT[:1], 30, axis=0))).all()


def test_ratios_are_a_line_through_the_scores():
    calibration = ScoreCalibration(scale=2.0, offset=-1.0)
    np.testing.assert_allclose(llrs(np.array([[0.0, 3.0]]), calibration), [[-1, 5]])
