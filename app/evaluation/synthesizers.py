"""The speech synthesizers of the system, which speak written calls and the sample calls."""

import re
import shutil
import subprocess
import tempfile
import unicodedata
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from app.errors import EvaluationError

SPEECH_RATE = 8000
"""Hz: that of a telephone line."""
_SPEECH_RMS_DBFS = -23.0
_TRIM_DBFS = -45.0
_LONGEST_S = 120.0
_UNSAID = re.compile(r"[^ -~]|[\[\]<>]")
"""What is not printable ASCII, or would be read as phonemes or markup."""
_ASCII = str.maketrans(
    {
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": ", ",
    }
)

Sound: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Synthesizer:
    """One program that speaks English, with voices that differ from each other."""

    name: str
    voices: tuple[str, ...]
    command: Callable[[str, str, str], Sequence[str]]
    """From voice, text and the WAV file to write; the text is one argument and no shell reads it."""

    @property
    def is_here(self) -> bool:
        return shutil.which(self.name) is not None

    def speak(self, voice: str, text: str) -> Sound:
        """`text` at `SPEECH_RATE`, shape (n,), at -23 dBFS (RMS), outer silence cut.

        Empty where nothing in `text` can be said. Raises `EvaluationError` where the program fails.
        """
        with tempfile.TemporaryDirectory(prefix="earwitness-speech-") as folder:
            path = Path(folder) / "turn.wav"
            self._run(self.command(voice, sayable(text), str(path)))
            try:
                with wave.open(str(path)) as file:
                    rate = file.getframerate()
                    samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
            except (OSError, EOFError, wave.Error) as error:
                raise EvaluationError(
                    f"{self.name} gave no speech for the voice {voice}: install it again."
                ) from error
        sound = soxr.resample(samples / 32768.0, rate, SPEECH_RATE)
        loud = np.flatnonzero(np.abs(sound) > 10 ** (_TRIM_DBFS / 20))
        if not len(loud):
            return np.zeros(0)
        sound = sound[loud[0] : loud[-1] + 1]
        return sound * (10 ** (_SPEECH_RMS_DBFS / 20) / np.sqrt(np.mean(sound**2)))

    def _run(self, command: Sequence[str]) -> None:
        try:
            subprocess.run(  # noqa: S603 - a fixed program, its arguments in a list
                command, check=True, capture_output=True, timeout=_LONGEST_S
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EvaluationError(
                f"{self.name} could not speak a turn ({error.__class__.__name__}): "
                "try the turn's text with it by hand, or shorten it."
            ) from error


def _flite(voice: str, text: str, wav: str) -> Sequence[str]:
    return "flite", "-voice", voice, "-t", text, "-o", wav


def _espeak(voice: str, text: str, wav: str) -> Sequence[str]:
    return "espeak-ng", "-v", voice, "-w", wav, "--", text


FLITE = Synthesizer("flite", ("rms", "slt", "awb", "kal16"), _flite)
ESPEAK = Synthesizer("espeak-ng", ("en-us+m3", "en-us+f2", "en-us+m1", "en-us+f4"), _espeak)


def system_synthesizer() -> Synthesizer:
    """The one to speak with here. Raises `EvaluationError` where none is installed."""
    for synthesizer in (FLITE, ESPEAK):
        if synthesizer.is_here:
            return synthesizer
    raise EvaluationError(
        "Calls cannot be spoken, since neither flite nor espeak-ng was found: install one of them "
        "(Debian: apt-get install flite)."
    )


def sayable(text: str) -> str:
    """`text` as ASCII without what a synthesizer would take for phonemes or markup."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ASCII))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(_UNSAID.sub(" ", plain).split())
