"""New voices: what moves and what stays."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="the training's requirements are not installed")

from detection.training.countermeasure.clips import RATE
from detection.training.speaker.voices import COPIES, at_speed, copy_of, warped


def voice(pitch_hz: float, seconds: float = 1.0) -> NDArray[np.float32]:
    """A pulse train through one formant at 1,000 Hz."""
    times = np.arange(round(seconds * RATE)) / RATE
    harmonics = np.arange(1, int(8000 / pitch_hz)) * pitch_hz
    gains = np.exp(-np.square((harmonics - 1000) / 500)) + 1e-3
    return (0.05 * gains @ np.sin(2 * np.pi * np.outer(harmonics, times))).astype(np.float32)


def pitch(sound: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18))
    autocorrelation = np.fft.irfft(np.square(spectrum))
    lags = np.arange(RATE // 400, RATE // 80)
    return RATE / float(lags[np.argmax(autocorrelation[lags])])


def centre(sound: NDArray[np.float32]) -> float:
    power = np.square(np.abs(np.fft.rfft(sound)))
    return float((power * np.fft.rfftfreq(len(sound), 1 / RATE)).sum() / power.sum())


def test_faster_is_shorter_and_higher() -> None:
    sound = voice(150)
    fast = at_speed(sound, 1.1)
    assert len(fast) == pytest.approx(len(sound) / 1.1, abs=2)
    assert pitch(fast) == pytest.approx(165, rel=0.02)
    assert centre(fast) == pytest.approx(1.1 * centre(sound), rel=0.03)


@pytest.mark.parametrize("factor", [0.9, 1.12])
def test_a_warp_moves_the_formant_and_keeps_pitch_and_length(factor: float) -> None:
    sound = voice(150)
    moved = warped(sound, factor)
    assert len(moved) == len(sound)
    assert pitch(moved) == pytest.approx(150, rel=0.02)
    assert centre(moved) / centre(sound) == pytest.approx(factor, abs=0.05)


def test_a_speaker_changes_alike_in_every_clip_and_unlike_others() -> None:
    one = [len(copy_of(voice(150, 2), "libri-1", copy)) for copy in range(1, COPIES + 1)]
    again = [len(copy_of(voice(120, 2), "libri-1", copy)) for copy in range(1, COPIES + 1)]
    other = [len(copy_of(voice(150, 2), "libri-2", copy)) for copy in range(1, COPIES + 1)]
    assert one == again
    assert len(set(one)) == COPIES
    assert one[2:] != other[2:]
