"""Sentences spoken by the synthesizers that Debian carries: flite, espeak-ng and festival."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

OPENINGS = (
    "Hello",
    "Hi there",
    "Good morning",
    "Good afternoon",
    "Excuse me",
    "Well",
    "Okay",
    "Right",
    "Thanks",
)
SUBJECTS = (
    "my colleague",
    "the new manager",
    "our neighbour",
    "the travel office",
    "a customer from Leeds",
    "the night shift",
    "my brother",
    "the delivery driver",
    "one of the engineers",
    "the library",
)
VERBS = (
    "is waiting for",
    "forgot to return",
    "would like to change",
    "asked twice about",
    "has already paid for",
    "cannot find",
    "wants to talk about",
    "just finished",
    "is worried about",
    "needs a copy of",
)
OBJECTS = (
    "the blue folder on the second shelf",
    "a ticket to the early train",
    "the laptop with the cracked screen",
    "last month's invoice",
    "an appointment on Thursday at four",
    "the password for the printer",
    "two boxes of green tea",
    "a parking space near the east gate",
    "the report on water quality",
    "the phone number of the office",
    "a room with a view of the harbour",
    "the account that was locked",
)
ENDINGS = (
    "before the end of the week.",
    "and that took most of the afternoon.",
    "so could you help me with it?",
    "because the system was down again.",
    "although nobody had asked for it.",
    "if that is all right with you.",
    "as we agreed on the telephone.",
    "and I will call back in twenty minutes.",
    "but it may rain tomorrow.",
)


def sentence(rng: np.random.Generator) -> str:
    """One of some fifty thousand sentences of everyday talk."""
    opening, subject, verb, obj, ending = (
        str(rng.choice(choices)) for choices in (OPENINGS, SUBJECTS, VERBS, OBJECTS, ENDINGS)
    )
    return f"{opening}, {subject} {verb} {obj}, {ending}"


Command = Callable[[str, Path, np.random.Generator], list[str]]
"""The command line that has a voice say a text into a wav file, at a random speed."""


def flite(voice: str) -> Command:
    """One of flite's voices."""

    def command(text: str, out: Path, rng: np.random.Generator) -> list[str]:
        stretch = f"duration_stretch={rng.uniform(0.88, 1.15):.2f}"
        return ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(out)]

    return command


def espeak(voice: str) -> Command:
    """One of espeak-ng's accents, with a variant after a plus sign, at a random pitch."""

    def command(text: str, out: Path, rng: np.random.Generator) -> list[str]:
        speed, pitch = str(rng.integers(135, 190)), str(rng.integers(30, 70))
        return ["espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "-w", str(out), text]

    return command


def festival(voice: str) -> Command:
    """One of festival's voices; it reads plain ASCII only."""

    def command(text: str, out: Path, rng: np.random.Generator) -> list[str]:
        stretch = f"(Parameter.set 'Duration_Stretch {rng.uniform(0.9, 1.15):.2f})"
        source = out.with_suffix(".txt")
        source.write_text(text, encoding="ascii")
        return ["text2wave", "-eval", f"(voice_{voice})", "-eval", stretch, str(source), "-o", str(out)]

    return command


VOICES: dict[str, Command] = {
    **{f"flite {voice}": flite(voice) for voice in ("kal", "kal16", "awb", "rms", "slt")},
    **{
        f"espeak-ng {voice}": espeak(voice)
        for voice in ("en-us", "en-gb", "en-gb-x-rp", "en-us+m3", "en-us+f2", "en-gb+m7", "en-gb+f4")
    },
    **{f"festival {voice}": festival(voice) for voice in ("cmu_us_slt_arctic_hts", "kal_diphone")},
}


def speak(voice: str, text: str, out: Path, rng: np.random.Generator) -> None:
    """Have `voice` (a key of `VOICES`) say `text` into the wav file `out`."""
    subprocess.run(VOICES[voice](text, out, rng), check=True, capture_output=True)  # noqa: S603
