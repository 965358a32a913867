"""Makes what the training draws from, once: the clips, their copies in new voices, and their targets.

A clip's target is what the two teachers hear in the clean sound, as one unit vector of the student's
size: both embeddings about their means, GE2E's and `WQ2012_WEIGHT` of wq2012's, projected on their
principal axes. The cosine of two targets is then nearly the weighted mean of the teachers' cosines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.clips import Clip, read_sound
from detection.training.speaker.people import is_named
from detection.training.speaker.voices import COPIES, copy_of

DIMENSIONS = 192
WQ2012_WEIGHT = 0.2
"""Chosen on held-out people among 0.1, 0.2, 0.3 and 0.5, each beside 1 for GE2E."""
UNNAMED = -1
AT_ONCE = 16

Sound = NDArray[np.float32]


class Teacher(Protocol):
    """A speaker encoder to learn from."""

    def embed(self, sounds: Sequence[Sound]) -> NDArray[np.float32]:
        """Unit vectors (n, d) of 16 kHz sounds of any length."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """Training clips: `samples[starts[n] : starts[n + 1]]` is clip n; each clip's copies follow it.

    `targets` are unit vectors, shape (clips, 192). `voices` number the voices (clips of one label
    and copy); `classes` the voices of named people in real recordings, `UNNAMED` for the others.
    """

    samples: NDArray[np.int16]
    starts: NDArray[np.int64]
    targets: NDArray[np.float32]
    voices: NDArray[np.int64]
    classes: NDArray[np.int64]

    def sound(self, n: int) -> NDArray[np.int16]:
        """The samples of clip n, shape (samples,)."""
        return self.samples[self.starts[n] : self.starts[n + 1]]


def prepare(clips: list[Clip], ge2e: Teacher, wq2012: Teacher, folder: Path) -> None:
    """Write what `load` reads into `folder`, unless it is there."""
    if (folder / "targets.npz").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    lengths, heard = [], []
    with (folder / "samples.partial").open("wb") as file:
        for first in range(0, len(clips), AT_ONCE):
            sounds = [sound for clip in clips[first : first + AT_ONCE] for sound in _versions(clip)]
            for sound in sounds:
                file.write(_int16(sound).tobytes())
            lengths += [len(sound) for sound in sounds]
            heard.append((ge2e.embed(sounds), wq2012.embed(sounds)))
            if first % (AT_ONCE * 10) == 0:
                print(f"prepared {first} of {len(clips)}", flush=True)
    (folder / "samples.partial").replace(folder / "samples.raw")
    voices = _numbered([f"{clip.speaker}/{copy}" for clip in clips for copy in range(COPIES + 1)])
    named = [is_named(clip.speaker) and not clip.synthetic for clip in clips]
    classes = np.full(len(voices), UNNAMED)
    real = np.repeat(named, COPIES + 1)
    classes[real] = np.unique(voices[real], return_inverse=True)[1]
    np.savez(
        folder / "targets.npz",
        starts=np.cumsum([0, *lengths]),
        targets=fused(*(np.concatenate(part) for part in zip(*heard, strict=True))),
        voices=voices,
        classes=classes,
    )


def load(folder: Path) -> Prepared:
    """What `prepare` wrote; the samples stay on disk until they are used."""
    with np.load(folder / "targets.npz") as table:
        return Prepared(np.memmap(folder / "samples.raw", np.int16, "r"), **table)


def fused(ge2e: NDArray[np.float32], wq2012: NDArray[np.float32]) -> NDArray[np.float32]:
    """One unit vector of `DIMENSIONS` for each row of the two teachers' embeddings."""
    both = np.concatenate([_centred(ge2e), np.sqrt(WQ2012_WEIGHT) * _centred(wq2012)], axis=1)
    axes = np.linalg.svd(both, full_matrices=False)[2][:DIMENSIONS]
    return _unit(both @ axes.T).astype(np.float32)


def _versions(clip: Clip) -> list[Sound]:
    sound = read_sound(clip.path).astype(np.float32) / 32768
    return [sound, *(copy_of(sound, clip.speaker, copy) for copy in range(1, COPIES + 1))]


def _int16(sound: Sound) -> NDArray[np.int16]:
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)


def _centred(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return _unit(rows - rows.mean(axis=0))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _numbered(names: list[str]) -> NDArray[np.int64]:
    return np.unique(names, return_inverse=True)[1]
