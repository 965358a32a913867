"""Sentences said by Debian's synthesizers, and, where flite says them, when each word is said."""

import re
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.training.countermeasure.debian_voices import Command, espeak, festival, flite
from detection.training.whisper.spoken import spoken

FLITE = ("kal", "kal16", "awb", "rms", "slt")
ACCENTS = ("en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-029")
VARIANTS = (
    "",
    "+m1",
    "+m2",
    "+m3",
    "+m4",
    "+m7",
    "+f1",
    "+f2",
    "+f3",
    "+f4",
    "+klatt2",
    "+Andy",
    "+Annie",
)
TRAINING: dict[str, Command] = {
    **{f"flite {voice}": flite(voice) for voice in FLITE},
    **{f"espeak-ng {name}{kind}": espeak(name + kind) for name in ACCENTS for kind in VARIANTS},
    "festival kal_diphone": festival("kal_diphone"),
}
HELD_OUT: dict[str, Command] = {
    "espeak-ng en-us-nyc+m6": espeak("en-us-nyc+m6"),
    "espeak-ng en-gb-x-gbcwmd+f5": espeak("en-gb-x-gbcwmd+f5"),
    "festival cmu_us_slt_arctic_hts": festival("cmu_us_slt_arctic_hts"),
}
"""Never learnt from. The last one's speaker is that of `flite slt`, by another method."""
SHARES = {"flite": 0.62, "espeak-ng": 0.33, "festival": 0.05}
"""Of the training clips, by synthesizer: flite's voices come from recorded people."""

PAUSE = "pau"
PHONES = (
    PAUSE,
    *("aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g"),
    *("hh", "ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th"),
    *("uh", "uw", "v", "w", "y", "z", "zh"),
)
"""What flite's voices make words of."""

_SEGMENT = re.compile(r"(\S+):([\d.]+)")
_TRIM = 0.01
"""Of the peak: what is quieter at either end is no part of the sentence."""


@dataclass(frozen=True, slots=True)
class Word:
    """When a written word is said, in seconds from the start of its clip."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence as it was said: mono at `CALL_RATE`, without the silence around it.

    `words` are those of `text.split()`; empty where the synthesizer does not tell.
    """

    text: str
    voice: str
    samples: NDArray[np.int16]
    words: tuple[Word, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / CALL_RATE


def some_voice(rng: np.random.Generator) -> str:
    """A training voice, by the `SHARES` of the synthesizers."""
    kind = rng.choice(list(SHARES), p=list(SHARES.values()))
    voices = [voice for voice in TRAINING if voice.startswith(f"{kind} ")]
    return voices[int(rng.integers(len(voices)))]


def say(text: str, voice: str, rng: np.random.Generator) -> Speech:
    """`text` said by `voice` (a key of `TRAINING` or `HELD_OUT`) at a random speed."""
    said = " ".join(map(spoken, text.split()))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "said.wav"
        command = (TRAINING | HELD_OUT)[voice](said, out, rng)
        if voice.startswith("flite "):
            command = [*command, "-psdur"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
        samples = _read(out)
    first, last = _spoken_part(samples)
    words = _word_times(text.split(), told) if voice.startswith("flite ") else ()
    return Speech(
        text,
        voice,
        samples[first:last],
        tuple(
            Word(
                max(0.0, word.start - first / CALL_RATE),
                min(word.end - first / CALL_RATE, (last - first) / CALL_RATE),
            )
            for word in words
        ),
    )


def _read(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return soxr.resample(samples, file.getframerate(), CALL_RATE)


def _spoken_part(samples: NDArray[np.int16]) -> tuple[int, int]:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _TRIM * np.abs(samples).max())
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(samples))


def _word_times(words: Sequence[str], told: str) -> tuple[Word, ...]:
    """Words from the ends of all phones that flite tells, each word taking as many as it has alone.

    Empty where the numbers do not add up, since flite then said something else.
    """
    segments = [(name, float(end)) for name, end in _SEGMENT.findall(told)]
    starts = [0.0, *(end for _, end in segments)]
    phones = [
        (start, end) for (name, end), start in zip(segments, starts[:-1], strict=True) if name != PAUSE
    ]
    counts = [len(phones_of(word)) for word in words]
    if sum(counts) != len(phones) or not all(counts):
        return ()
    ends = np.cumsum(counts)
    return tuple(
        Word(phones[end - count][0], phones[end - 1][1]) for count, end in zip(counts, ends, strict=True)
    )


@cache
def phones_of(word: str) -> tuple[str, ...]:
    """The `PHONES` of a written word said alone, without pauses."""
    command = ["flite", "-voice", "kal", "-t", spoken(word), "-ps", "none"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    return tuple(name for name in told.split() if name != PAUSE)
