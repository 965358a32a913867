"""The clips to learn from and to measure on, and which of them are kept out of training.

Whole sources and the recordings of some real speakers are held out of the training split: they
choose the checkpoint's calibration and thresholds. The evaluation split is only ever measured.
"""

import csv
import zlib
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

HELD_SOURCES = frozenset(
    {
        "Azure-Samples/cognitive-services-speech-sdk",
        "MobileSpeech/MobileSpeech.github.io",
        "Picovoice/wake-word-benchmark",
        "cmusphinx/pocketsphinx",
        "inworld-ai/tts",
        "keonlee9420/StyleSpeech",
        "keonlee9420/WaveGrad2",
        "rhasspy/larynx",
        "shivammehta25/Matcha-TTS",
        "vocodedev/vocode-core",
    }
)
HELD_SPEAKERS_SOURCE = "resemble-ai/Resemblyzer"
HELD_SPEAKERS_SHARE = 6
"""One in this many real speakers of that source is held out, with all their clips in any source."""


class Part(StrEnum):
    """What a clip may be used for."""

    TRAIN = "train"
    HELD = "held"
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
    """The clips of `data`/manifest.csv by part; no person's real voice is in both train and held."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    held_people = {
        identity
        for row in rows
        if row["source"] == HELD_SPEAKERS_SOURCE
        and zlib.crc32((identity := speaker_identity(row["speaker"])).encode()) % HELD_SPEAKERS_SHARE
        == 0
    }
    parts: dict[Part, list[Clip]] = {part: [] for part in Part}
    for row in rows:
        speaker = speaker_identity(row["speaker"])
        if row["split"] == "eval":
            part = Part.EVAL
        elif row["source"] in HELD_SOURCES or speaker in held_people:
            part = Part.HELD
        else:
            part = Part.TRAIN
        clip = Clip(
            data / row["path"], row["label"] == "synthetic", row["system"], row["source"], speaker
        )
        parts[part].append(clip)
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
