"""Calibration and thresholds on scores whose answer is known."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.training.countermeasure.calibrate import (
    FALSE_ALARMS,
    FALSE_WATCH,
    MIN_SPEECH_S,
    HeldScores,
    calibrate,
    clip_llr,
    first_speech,
    thresholds,
)
from detection.training.countermeasure.clips import RATE, Clip

COUNT = 4000


@cache
def clips(count: int, *, synthetic: bool) -> list[Clip]:
    kind = "synthetic" if synthetic else "real"
    return [Clip(Path(f"{kind}{n}.flac"), synthetic, "s", "page", f"v{n // 4}") for n in range(count)]


def held(real: NDArray[np.floating], synthetic: NDArray[np.floating]) -> HeldScores:
    return HeldScores(
        clips(len(real), synthetic=False) + clips(len(synthetic), synthetic=True),
        [np.array([score], np.float32) for score in (*real, *synthetic)],
    )


def gaussian(deviation: float, seed: int = 0, *, shift: float = 0.0, apart: float = 1.0) -> HeldScores:
    """Real clips score N(shift - apart, deviation), synthetic ones N(shift + apart, deviation)."""
    rng = np.random.default_rng(seed)
    real = rng.normal(shift - apart, deviation, COUNT)
    return held(real, rng.normal(shift + apart, deviation, COUNT))


@pytest.mark.parametrize(("deviation", "shift"), [(1.0, 0.0), (0.7, 3.0), (2.0, -1.0)])
def test_equal_gaussians_have_the_line_of_theory(deviation: float, shift: float) -> None:
    found = calibrate([gaussian(deviation, shift=shift)])
    slope = 2 / deviation**2
    assert found.scale == pytest.approx(slope, rel=0.1)
    assert found.offset == pytest.approx(-slope * shift, abs=0.15 * slope)


def test_each_length_has_a_line_of_its_own() -> None:
    short = {2.0: [gaussian(1.4, 1)], 1.0: [gaussian(2.0, 2)]}
    found = calibrate([gaussian(1.0)], short)
    assert [line.seconds for line in found.short] == [1.0, 2.0]
    assert [line.scale for line in found.short] == pytest.approx([0.5, 2 / 1.96], rel=0.1)
    assert found.scale == pytest.approx(2.0, rel=0.1)


def test_many_more_clips_of_one_class_do_not_move_the_line() -> None:
    both = gaussian(1.0)
    few = HeldScores(both.clips[: COUNT + COUNT // 8], both.windows[: COUNT + COUNT // 8])
    assert calibrate([few]).offset == pytest.approx(0.0, abs=0.15)


def test_classes_that_do_not_overlap_still_have_a_finite_line() -> None:
    found = calibrate([held(np.linspace(-3, -2, 60), np.linspace(2, 3, 60))])
    assert 0 < found.scale < 10


def test_one_class_alone_or_scores_the_wrong_way_are_refused() -> None:
    scores = np.linspace(-1, 1, 40)
    with pytest.raises(ValueError, match="of synthetic clips"):
        calibrate([held(scores, scores[:0])])
    with pytest.raises(ValueError, match="no higher than real"):
        calibrate([held(scores + 1, scores - 1)])


def shares_ever_at(limit: float, *llrs: NDArray[np.float64]) -> float:
    return float((np.max(llrs, axis=0) >= limit).mean())


def test_thresholds_hold_the_share_of_real_clips_that_ever_pass_them() -> None:
    whole, short = gaussian(1.0), {1.0: [gaussian(1.4, 1)], 2.0: [gaussian(1.1, 2)]}
    calibration = calibrate([whole], short)
    found = thresholds([whole], calibration, short)
    assert found.watch_llr is not None

    def real(scores: HeldScores, scale: float, offset: float) -> NDArray[np.float64]:
        return np.array([scale * float(window[0]) + offset for window in scores.windows[:COUNT]])

    judged = [real(whole, calibration.scale, calibration.offset)]
    judged += [
        real(short[line.seconds][0], line.scale, line.offset)
        for line in calibration.short
        if line.seconds >= found.min_speech_s
    ]
    assert len(judged) > 1, "some short speech is judged"
    for limit, allowed in ((found.synthetic_llr, FALSE_ALARMS), (found.watch_llr, FALSE_WATCH)):
        assert allowed * 0.8 < shares_ever_at(limit, *judged) <= allowed


def test_speech_that_carries_nothing_is_not_judged() -> None:
    whole = gaussian(1.0)
    nothing, something = [gaussian(1.0, 1, apart=0.05)], [gaussian(1.0, 0, apart=0.97)]
    short = {1.0: nothing, 1.5: nothing, 2.0: something, 3.0: something}
    assert thresholds([whole], calibrate([whole], short), short).min_speech_s == 2.0
    short = {1.0: something, 1.5: something, 2.0: nothing, 3.0: something}
    assert thresholds([whole], calibrate([whole], short), short).min_speech_s in (1.0, 1.5)


def test_short_speech_that_would_cost_too_many_clones_is_not_judged() -> None:
    """One real clip in thirty scores as high as any clone, for as long as only 1 s was heard."""
    whole = gaussian(1.0)
    misleading = gaussian(1.0, 0)
    for n in range(0, COUNT, 30):
        misleading.windows[n][:] = 8.0
    short = {1.0: [misleading], 2.0: [gaussian(1.0, 0, apart=0.98)]}
    found = thresholds([whole], calibrate([whole], short), short)
    assert found.min_speech_s == 2.0
    assert found.synthetic_llr < 6


def test_clips_too_short_for_a_later_beginning_count_as_missed_by_it() -> None:
    """The same misleading second, but every second clip has no more speech than that."""
    whole = gaussian(1.0)
    misleading = gaussian(1.0, 0)
    for n in range(0, COUNT, 30):
        misleading.windows[n][:] = 2.4
    longer = HeldScores(whole.clips[::2], whole.windows[::2])
    everyone = {1.0: [misleading], 2.0: [whole]}
    half = {1.0: [misleading], 2.0: [longer]}
    assert thresholds([whole], calibrate([whole], everyone), everyone).min_speech_s == 2.0
    assert thresholds([whole], calibrate([whole], half), half).min_speech_s == 1.0


def test_without_short_scores_the_thresholds_are_those_of_whole_clips() -> None:
    real, synthetic = np.linspace(-4, 2, 1001), np.linspace(-1, 5, 1001)
    whole = held(real, synthetic)
    calibration = calibrate([whole])
    found = thresholds([whole], calibration)
    assert found.min_speech_s == MIN_SPEECH_S
    line = (calibration.scale, calibration.offset)
    assert found.synthetic_llr == pytest.approx(line[0] * 1.97 + line[1], abs=0.03)
    assert found.watch_llr == pytest.approx(line[0] * 1.82 + line[1], abs=0.03)
    assert found.real_llr == pytest.approx(min(line[0] * -0.7 + line[1], -0.5), abs=0.03)


def test_a_clip_of_several_windows_counts_by_their_mean() -> None:
    calibration = calibrate([gaussian(1.0)])
    windows = np.array([1.0, 3.0], np.float32)
    assert clip_llr(windows, calibration) == pytest.approx(2 * calibration.scale + calibration.offset)


def test_speech_is_cut_from_where_it_begins() -> None:
    quiet, loud = np.full(RATE, 3, np.int16), np.full(RATE, 8000, np.int16)
    late, early, short = np.concatenate([quiet, loud, loud]), np.concatenate([loud, loud]), loud
    names = clips(3, synthetic=False)
    kept, cuts = first_speech(names, [late, early, short], 1.5)
    assert kept == names[:2]
    assert [len(cut) for cut in cuts] == [round(1.5 * RATE)] * 2
    assert np.count_nonzero(cuts[0] == 3) == pytest.approx(0.2 * RATE, abs=0.02 * RATE)
    assert np.count_nonzero(cuts[1] == 3) == 0
    assert first_speech(names[:1], [np.zeros(0, np.int16)], 1.0) == ([], [])
