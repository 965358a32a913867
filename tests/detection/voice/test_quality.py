import numpy as np
import pytest

from detection.voice.quality import Unfit, fault


def speechlike(peak: float) -> np.ndarray:
    tone = np.sin(np.arange(16_000) * 0.05) * np.sin(np.arange(16_000) * 0.0011)
    return (tone * peak).astype(np.float32)


@pytest.mark.parametrize("peak", [0.004, 0.1, 0.9])
def test_ordinary_levels_pass(peak: float) -> None:
    assert fault(speechlike(peak)) is None


def test_near_silence_is_too_quiet() -> None:
    assert fault(speechlike(0.001)) is Unfit.TOO_QUIET
    assert fault(np.zeros(0, np.float32)) is Unfit.TOO_QUIET


def test_overdriven_speech_is_distorted() -> None:
    assert fault(np.clip(speechlike(8.0), -1, 1)) is Unfit.DISTORTED


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_distorted(value: float) -> None:
    sound = speechlike(0.3)
    sound[100] = value
    assert fault(sound) is Unfit.DISTORTED
