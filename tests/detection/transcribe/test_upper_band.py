"""The band above the telephone's, estimated for the built-in recognizer."""

from pathlib import Path

import numpy as np
import pytest

import resources
from app.evaluation.channels import CHANNELS
from app.evaluation.hearing import read_sound
from audio.types import Samples
from detection.errors import DetectionError
from detection.transcribe.upper_band import MISSING_FILTERS, QUIETEST, UpperBand, frame_powers


@pytest.fixture(scope="module")
def upper_band() -> UpperBand:
    return UpperBand(resources.ROOT / "transcript" / "upper_band.npz")


def missing(sound: Samples) -> np.ndarray:
    """Decibels by frame and missing band."""
    return 10 * np.log10(frame_powers(sound.astype(np.float64)) @ MISSING_FILTERS.T + QUIETEST)


def test_real_speech_gets_a_band_like_the_one_it_had(upper_band: UpperBand, shared: Path):
    errors, lost = [], []
    for name in ("libri-00.flac", "libri-07.flac", "jfk.flac"):
        wide = read_sound(shared / "data" / "speech" / name)
        narrow = CHANNELS["g711"](wide)
        filled = upper_band.added_to(narrow)
        assert filled.dtype == np.float32
        assert filled.shape == narrow.shape
        errors.append(np.abs(missing(filled) - missing(wide))[:, 1:].mean())
        lost.append(np.abs(missing(narrow) - missing(wide))[:, 1:].mean())
    assert np.mean(errors) < 0.6 * np.mean(lost)
    assert np.mean(errors) < 12


def test_what_was_heard_stays_as_it_was(upper_band: UpperBand, samples: Path):
    narrow = CHANNELS["g711"](read_sound(samples / "b_helpdesk_con.wav")[5 * 16000 : 9 * 16000])
    filled = upper_band.added_to(narrow)
    before, after = np.abs(np.fft.rfft(narrow)), np.abs(np.fft.rfft(filled))
    low = slice(int(300 / 8000 * len(before)), int(3400 / 8000 * len(before)))
    assert np.corrcoef(before[low], after[low])[0, 1] > 0.999
    assert not np.array_equal(filled, narrow)


def test_sound_with_an_upper_band_of_its_own_is_left_alone(upper_band: UpperBand):
    hiss = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    assert upper_band.added_to(hiss) is hiss


def test_the_same_sound_gets_the_same_band(upper_band: UpperBand, samples: Path):
    narrow = CHANNELS["g711"](read_sound(samples / "b_helpdesk_con.wav")[5 * 16000 : 7 * 16000])
    assert np.array_equal(upper_band.added_to(narrow), upper_band.added_to(narrow))


@pytest.mark.parametrize("length", [0, 1, 511, 512, 700])
def test_short_sound_and_silence_keep_their_length(upper_band: UpperBand, length: int):
    filled = upper_band.added_to(np.zeros(length, np.float32))
    assert filled.shape == (length,)
    assert np.abs(filled).max(initial=0) < 1e-3


@pytest.mark.parametrize("kind", ["absent", "no archive", "empty", "other arrays", "wrong shape"])
def test_a_file_that_is_no_estimate_is_refused_by_name(tmp_path: Path, kind: str):
    path = tmp_path / "band.npz"
    if kind == "no archive":
        path.write_bytes(b"nonsense")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "other arrays":
        np.savez(path, mean=np.zeros(3))
    elif kind == "wrong shape":
        square, row = np.zeros((4, 4)), np.zeros(4)
        np.savez(
            path, mean=row, deviation=row + 1, weight0=square, weight1=square, weight2=square,
            bias0=row, bias1=row, bias2=row,
        )  # fmt: skip
    with pytest.raises(DetectionError, match=r"band\.npz"):
        UpperBand(path)
