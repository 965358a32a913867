import numpy as np
import pytest

from audio.levels import FLOOR_DBFS, LevelMeter
from audio.types import CALL_RATE

SECOND = np.arange(CALL_RATE) / CALL_RATE


def sine(peak: float) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * 1000 * SECOND)).astype(np.float32)


@pytest.mark.parametrize(("peak", "rms_dbfs", "peak_dbfs"), [(1.0, -3.01, 0.0), (0.1, -23.01, -20.0)])
def test_levels_of_a_sine(peak: float, rms_dbfs: float, peak_dbfs: float):
    meter = LevelMeter()
    meter.update(sine(peak))
    assert meter.rms_dbfs == pytest.approx(rms_dbfs, abs=0.02)
    assert meter.peak_dbfs == pytest.approx(peak_dbfs, abs=0.02)


def test_the_latest_block_counts_and_an_empty_one_changes_nothing():
    meter = LevelMeter()
    meter.update(sine(0.5))
    meter.update(sine(0.05))
    level = meter.rms_dbfs
    meter.update(np.zeros(0, np.float32))
    assert meter.rms_dbfs == level == pytest.approx(-29.03, abs=0.02)


def test_only_flat_tops_are_clipping():
    meter = LevelMeter()
    meter.update(sine(0.95))
    assert not meter.is_clipping
    meter.update(np.clip(sine(3.0), -1, 1))
    assert meter.is_clipping
    meter.update(sine(0.5))
    assert not meter.is_clipping


def test_digital_silence_is_counted_until_sound_comes():
    meter = LevelMeter()
    assert meter.rms_dbfs == FLOOR_DBFS
    meter.update(sine(0.5))
    for _ in range(3):
        meter.update(np.zeros(CALL_RATE, np.float32))
    assert meter.digital_silence_s == pytest.approx(3.0, abs=0.001)
    assert meter.rms_dbfs == FLOOR_DBFS
    meter.update(np.full(100, 1e-5, np.float32))
    assert meter.digital_silence_s == 0
