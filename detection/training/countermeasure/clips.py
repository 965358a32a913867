"""The clips to learn from, and those that are only ever measured on."""

import csv
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Hz of every clip."""
DEBIAN_SOURCE = "debian-synthesizers"
"""Of the clips that Debian's synthesizers spoke; every other source is a page of recordings."""


class Part(StrEnum):
    """What a clip may be used for."""

    TRAIN = "train"
    EVAL = "eval"


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording: where it lies, whether a machine spoke it, who and what made it."""

    path: Path
    synthetic: bool
    system: str
    source: str
    speaker: str


def speaker_identity(label: str) -> str:
    """One name per person: LibriSpeech and LibriTTS share their readers, LJSpeech has two spellings."""
    for prefix in ("librispeech-", "libritts-", "libri-"):
        if label.startswith(prefix):
            return f"libri-{label.removeprefix(prefix)}"
    return label.lower()


def read_parts(data: Path) -> dict[Part, list[Clip]]:
    """The clips of `data`/manifest.csv by part."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    parts: dict[Part, list[Clip]] = {part: [] for part in Part}
    for row in rows:
        clip = Clip(
            data / row["path"],
            row["label"] == "synthetic",
            row["system"],
            row["source"],
            speaker_identity(row["speaker"]),
        )
        parts[Part(row["split"])].append(clip)
    return parts


def read_sound(path: Path) -> NDArray[np.int16]:
    """All samples of a 16 kHz mono file, shape (n,)."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        blocks = [
            resampled.to_ndarray()[0]
            for frame in (*container.decode(audio=0), None)
            for resampled in resampler.resample(frame)
        ]
    return np.concatenate(blocks).astype(np.int16)


def read_sounds(clips: Iterable[Clip]) -> list[NDArray[np.int16]]:
    """The samples of each clip, in order."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(read_sound, (clip.path for clip in clips)))
