"""Calibration, thresholds and spread from scores whose true likelihood ratio is known."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the training's requirements are not installed")

from detection.training.speaker.calibrate import (
    FALSE_MATCHES,
    FALSE_REJECTIONS,
    calibrate,
    natural_spread,
    thresholds,
)
from detection.training.speaker.measure import Scored, error_rate, measured
from detection.training.speaker.trials import Trials


def scored(name: str, mean: float, seed: int, targets: int = 4000, others: int = 40_000) -> Scored:
    """Scores of unit deviation about `mean` (one person) and about 0 (two)."""
    rng = np.random.default_rng(seed)
    target = np.repeat([True, False], [targets, others])
    trials = Trials(np.zeros((len(target), 2), np.int64), target, np.ones(len(target), bool))
    scores = rng.standard_normal(len(target)) + mean * target
    return Scored(name, 9, trials, scores, scores)


def test_the_line_is_the_known_likelihood_ratio() -> None:
    line = calibrate([scored("a", 4.0, 1), scored("b", 4.0, 2)])
    assert line.scale == pytest.approx(4.0, rel=0.05)  # log N(4, 1) / N(0, 1) = 4 s - 8
    assert line.offset == pytest.approx(-8.0, rel=0.05)


def test_no_condition_has_more_errors_than_allowed() -> None:
    conditions = [scored("good", 5.0, 1), scored("bad", 2.5, 2)]
    line = calibrate(conditions)
    limits = thresholds(conditions, line)
    for one in conditions:
        llrs = line.scale * one.normalised + line.offset
        assert (llrs[~one.trials.target] >= limits.match_llr).mean() <= FALSE_MATCHES
        assert (llrs[one.trials.target] < limits.reject_llr).mean() <= FALSE_REJECTIONS


def test_voices_that_never_err_still_need_evidence() -> None:
    conditions = [scored("easy", 40.0, 1)]
    limits = thresholds(conditions, calibrate(conditions))
    assert limits.match_llr >= 1.0
    assert limits.reject_llr <= -1.0


def test_the_natural_spread_leaves_out_one_in_a_hundred_at_either_end() -> None:
    spread = natural_spread(np.linspace(0.1, 0.3, 1001))
    assert (spread.low, spread.high) == (0.102, 0.298)


def test_the_figures_are_those_of_the_normalised_scores() -> None:
    one = scored("a", 3.0, 1)
    found = measured(one)
    assert found.eer == pytest.approx(0.0668, abs=0.005)  # the normal distribution's at -1.5
    assert (found.n_speakers, found.n_target, found.n_nontarget) == (9, 4000, 40_000)
    assert error_rate(one.normalised, one.trials, same_source=True) == pytest.approx(found.eer, abs=1e-4)
