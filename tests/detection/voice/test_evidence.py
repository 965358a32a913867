import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from detection.models.manifest import (
    Calibration,
    CountermeasureManifest,
    ShortCalibration,
    load_manifest,
)
from detection.voice.evidence import Evidence, line_at, probability

BUILT_IN = resources.ROOT / "models" / "earwitness-cm-small"

SETTLE = 1.5


def manifest(*short: ShortCalibration) -> CountermeasureManifest:
    base = load_manifest(BUILT_IN, CountermeasureManifest)
    calibration = Calibration(scale=0.5, offset=-1.0, settle=SETTLE, short=short)
    return base.model_copy(update={"calibration": calibration})


def heard(llr: float, windows: int) -> Evidence:
    evidence = Evidence()
    for _ in range(windows):
        evidence = evidence.plus(llr, 1.0)
    return evidence


def test_a_whole_window_is_the_plain_calibration() -> None:
    assert line_at(manifest(), 3.5).llr(6.0) == pytest.approx(2.0)
    assert line_at(manifest(), 1.0) == line_at(manifest(), 3.5), "no other line was measured"


def test_between_lengths_the_calibration_is_interpolated() -> None:
    short = (
        ShortCalibration(seconds=1.0, scale=0.1, offset=0.0),
        ShortCalibration(seconds=2.5, scale=0.3, offset=-0.5),
    )
    found = [line_at(manifest(*short), seconds) for seconds in (1.0, 1.75, 2.5, 3.0, 3.5)]
    assert [line.scale for line in found] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert [line.offset for line in found] == pytest.approx([0.0, -0.25, -0.5, -0.75, -1.0])


def test_nothing_heard_says_nothing() -> None:
    assert Evidence().llr(SETTLE) == 0


def test_one_window_says_what_it_says() -> None:
    assert heard(2.0, 1).llr(SETTLE) == pytest.approx(2.0)


@given(st.floats(-20, 20), st.integers(1, 500))
def test_agreeing_windows_add_up_but_never_past_the_limit(llr: float, windows: int) -> None:
    many = heard(llr, windows).llr(SETTLE)
    assert abs(llr) - 1e-6 <= abs(many) <= (1 + SETTLE) * abs(llr) + 1e-6


def test_less_than_a_window_says_less() -> None:
    assert 0 < Evidence().plus(2.0, 0.6).llr(SETTLE) < 2.0


@given(st.floats(-5000, 5000))
def test_probability_is_the_logistic_and_never_overflows(llr: float) -> None:
    found = probability(llr)
    assert 0 <= found <= 1
    if abs(llr) < 20:
        assert found == pytest.approx(1 / (1 + math.exp(-llr)), abs=1e-9)
