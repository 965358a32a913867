import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.models.manifest import Calibration
from detection.voice.evidence import Evidence, probability

CALIBRATION = Calibration(scale=0.5, offset=-1.0, settle=1.5)


def test_nothing_heard_says_nothing() -> None:
    assert Evidence().llr(CALIBRATION) == 0


def test_one_window_is_the_plain_calibration() -> None:
    assert Evidence(total=6.0, windows=1, weight=1.0).llr(CALIBRATION) == pytest.approx(2.0)


@given(st.floats(-20, 20), st.integers(1, 500))
def test_agreeing_windows_add_up_but_never_past_the_limit(score: float, windows: int) -> None:
    one = Evidence(score, 1, 1.0).llr(CALIBRATION)
    many = Evidence(score * windows, windows, float(windows)).llr(CALIBRATION)
    assert abs(one) - 1e-6 <= abs(many) <= (1 + CALIBRATION.settle) * abs(one) + 1e-6


def test_less_than_a_window_says_less() -> None:
    assert 0 < Evidence(6.0, 1, 0.6).llr(CALIBRATION) < 2.0


@given(st.floats(-5000, 5000))
def test_probability_is_the_logistic_and_never_overflows(llr: float) -> None:
    found = probability(llr)
    assert 0 <= found <= 1
    if abs(llr) < 20:
        assert found == pytest.approx(1 / (1 + math.exp(-llr)), abs=1e-9)
