import numpy as np
import pytest

from audio.levels import FLOOR_DBFS, longest_run, rms_dbfs
from audio.types import CALL_RATE

SECOND = np.arange(CALL_RATE) / CALL_RATE


@pytest.mark.parametrize(("peak", "level"), [(1.0, -3.01), (0.1, -23.01)])
def test_the_level_of_a_sine(peak: float, level: float):
    sine = (peak * np.sin(2 * np.pi * 1000 * SECOND)).astype(np.float32)
    assert rms_dbfs(sine) == pytest.approx(level, abs=0.02)


def test_digital_silence_has_the_lowest_level():
    assert rms_dbfs(np.zeros(100, np.float32)) == FLOOR_DBFS


@pytest.mark.parametrize(
    ("flags", "longest"), [([], 0), ([0, 0], 0), ([1, 1, 0, 1], 2), ([0, 1, 1, 1], 3)]
)
def test_the_longest_run(flags: list[int], longest: int):
    assert longest_run(np.array(flags, bool)) == longest
