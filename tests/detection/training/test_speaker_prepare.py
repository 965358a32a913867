"""What the training draws from: clips, copies, targets and classes, made once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="the training's requirements are not installed")

from scipy.io import wavfile  # pyright: ignore[reportMissingImports]

from detection.training.countermeasure.clips import RATE, Clip
from detection.training.speaker.prepare import DIMENSIONS, UNNAMED, fused, load, prepare
from detection.training.speaker.voices import COPIES


class RandomTeacher:
    """Unit vectors that depend on the sound alone."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def embed(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        seeds = [int(np.abs(sound).sum() * 1000) for sound in sounds]
        rows = [np.random.default_rng(seed).standard_normal(self.dimensions) for seed in seeds]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def clip(folder: Path, number: int, speaker: str, synthetic: bool = False) -> Clip:
    rng = np.random.default_rng(number)
    samples = (rng.standard_normal(RATE + number) * 3000).astype(np.int16)
    path = folder / f"{number}.wav"
    wavfile.write(path, RATE, samples)
    return Clip(path, synthetic, "", "a/page", speaker)


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    speakers = [f"libri-{n % 20}" for n in range(40)]
    named = [clip(tmp_path, n, speaker) for n, speaker in enumerate(speakers)]
    return [*named, clip(tmp_path, 40, "wavefit-1"), clip(tmp_path, 41, "libri-1", synthetic=True)]


def test_copies_follow_their_clip_and_only_named_real_voices_have_a_class(
    clips: list[Clip], tmp_path: Path
) -> None:
    prepare(clips, RandomTeacher(256), RandomTeacher(128), tmp_path / "prepared")
    found = load(tmp_path / "prepared")
    assert len(found.targets) == len(clips) * (COPIES + 1)
    assert np.allclose(np.linalg.norm(found.targets, axis=1), 1, atol=1e-5)
    first = found.sound(0)
    assert np.array_equal(first, wavfile.read(clips[0].path)[1])
    assert len(found.sound(2)) < len(first) < len(found.sound(1))  # 1.1 and 0.9 times as fast
    classes = found.classes.reshape(len(clips), COPIES + 1)
    assert (classes[40:] == UNNAMED).all()
    assert set(classes[:40].ravel()) == set(range(20 * (COPIES + 1)))
    assert np.array_equal(classes[0], classes[20])
    voices = found.voices.reshape(len(clips), COPIES + 1)
    assert np.array_equal(voices[1], voices[41])  # a clone has its model's voice, though no class


def test_what_was_made_is_not_made_again(clips: list[Clip], tmp_path: Path) -> None:
    prepare(clips, RandomTeacher(256), RandomTeacher(128), tmp_path / "prepared")
    made = (tmp_path / "prepared" / "samples.raw").stat().st_mtime_ns
    prepare(clips[:1], RandomTeacher(256), RandomTeacher(128), tmp_path / "prepared")
    assert (tmp_path / "prepared" / "samples.raw").stat().st_mtime_ns == made


def test_the_cosine_of_targets_follows_the_teachers_cosines() -> None:
    rng = np.random.default_rng(1)
    people = rng.standard_normal((50, 384))
    heard = np.repeat(people, 8, axis=0) + 0.3 * rng.standard_normal((400, 384))
    heard = heard.astype(np.float32)
    targets = fused(heard[:, :256], heard[:, 256:])
    assert targets.shape == (400, DIMENSIONS)
    alike = targets @ targets.T
    same = np.equal.outer(np.arange(400) // 8, np.arange(400) // 8)
    assert alike[same].min() > 0.7
    assert alike[~same].max() < 0.4
