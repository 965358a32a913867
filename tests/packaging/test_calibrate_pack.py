"""Calibration of an imported pack, on pieces of a sample call made loud or soft."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import resources
from app.evaluation.hearing import read_sound
from app.evaluation.manifest import LabelledClip
from audio.types import CALL_RATE
from detection.models.manifest import CountermeasureManifest, load_manifest

PIECE_S = 8
BUILT_IN = resources.ROOT / "models" / "earwitness-cm-small"


class LevelModel:
    """The louder, the more synthetic; a `sign` of -1 hears it the wrong way round."""

    def __init__(self, sign: float = 1.0) -> None:
        self.manifest = load_manifest(BUILT_IN, CountermeasureManifest)
        self._sign = sign

    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._sign * np.log10(np.square(windows).mean(axis=1) + 1e-9)


@pytest.fixture
def calibrate(script: Any) -> Any:
    return script("calibrate_pack")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> list[LabelledClip]:
    """Eight loud and eight soft pieces of speech, two of each speaker; one of each is in between."""
    folder = tmp_path_factory.mktemp("clips")
    sound = read_sound(samples / "b_helpdesk_con.wav")
    made = []
    for label, gain in (("real", 0.05), ("synthetic", 0.9)):
        for number in range(8):
            start = number * 6 * CALL_RATE
            loudness = 0.2 if number == 0 else gain * (1 - 0.05 * number)
            piece = sound[start : start + PIECE_S * CALL_RATE] * loudness * 32767
            path = folder / f"{label}{number}.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(CALL_RATE)
                file.writeframes(piece.astype(np.int16).tobytes())
            made.append(LabelledClip(path, label, "clean", speaker=f"{label}-{number // 2}"))
    return made


def test_scores_become_likelihood_ratios_that_tell_the_classes_apart(calibrate: Any, clips: Any) -> None:
    manifest = calibrate.calibrated(LevelModel(), clips, ["clean", "g711"])
    assert set(manifest.measured) == {"clean", "g711"}
    clean = manifest.measured["clean"]
    assert clean.auc > 0.9
    assert clean.eer <= 0.2
    assert (clean.n_real + clean.n_synthetic) >= 12
    line = manifest.calibration
    soft, loud = (line.scale * np.log10(power) + line.offset for power in (1e-6, 1e-2))
    assert soft < 0 < loud
    assert manifest.thresholds.real_llr < manifest.thresholds.synthetic_llr


def test_a_model_that_hears_the_wrong_way_round_is_refused(calibrate: Any, clips: Any) -> None:
    with pytest.raises(calibrate.ExportError, match="synthetic clips score no higher than real ones"):
        calibrate.calibrated(LevelModel(-1.0), clips, ["clean"])


def test_what_cannot_be_used_is_refused(calibrate: Any, clips: Any) -> None:
    with pytest.raises(calibrate.ExportError, match="no channel 'carrier pigeon'"):
        calibrate.calibrated(LevelModel(), clips, ["carrier pigeon"])
    real_only = [clip for clip in clips if clip.label == "real"]
    with pytest.raises(calibrate.ExportError, match="too few synthetic clips"):
        calibrate.calibrated(LevelModel(), real_only, ["clean"])
    odd = [LabelledClip(clips[0].path, "fake", "clean")]
    with pytest.raises(calibrate.ExportError, match="labelled 'fake'"):
        calibrate.calibrated(LevelModel(), odd, ["clean"])


def test_long_clips_are_not_scored_for_ever(calibrate: Any, clips: Any) -> None:
    from detection.vad import SileroVad

    silence = np.zeros(10 * CALL_RATE, np.float32)
    assert calibrate._windows(silence, LevelModel().manifest, SileroVad()) == []
    long = np.tile(read_sound(clips[-1].path), 6)
    assert len(calibrate._windows(long, LevelModel().manifest, SileroVad())) == calibrate.MAX_WINDOWS
