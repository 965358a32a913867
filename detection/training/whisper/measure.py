"""Word error rates of the finished model beside PocketSphinx as it comes, on the same sound."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray
from pocketsphinx import Decoder
from whisper_normalizer.english import EnglishTextNormalizer

from audio.types import CALL_RATE
from detection.training.countermeasure.channels import telephone
from detection.training.countermeasure.clips import read_sound
from detection.training.whisper.corpus import Corpus
from detection.training.whisper.features import log_mel, padded

Sound = NDArray[np.float32]
Hearing = Callable[[Sound], str]
NOISE_DB = 10.0
MOST_PIECES = 200
"""A short window's text may have so many pieces."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Sounds with what is said in them."""

    name: str
    sounds: list[Sound]
    texts: list[str]


def noisy(sound: Sound) -> Sound:
    """White noise 10 dB below the voice, the same each time."""
    noise = np.random.default_rng(len(sound)).standard_normal(len(sound))
    return (sound + noise * sound.std() * 10 ** (-NOISE_DB / 20)).astype(np.float32)


CONDITIONS: dict[str, Callable[[Sound], Sound]] = {
    "clean": lambda sound: sound,
    "G.711": telephone,
    "noise 10 dB": noisy,
}


def real_speech(folder: Path) -> Measured:
    """The recordings with text of manifest.csv in `folder`; never learnt from."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sounds = [read_sound(folder / row["path"]).astype(np.float32) / 32768 for row in rows]
    return Measured("real read speech", sounds, [row["text"] for row in rows])


def synthetic_speech(name: str, folder: Path) -> Measured:
    """The clips that were prepared in `folder`."""
    corpus = Corpus(folder)
    clips = [corpus[number] for number in range(len(corpus))]
    sounds = [np.pad(clip.samples.astype(np.float32) / 32768, 1600) for clip in clips]
    return Measured(name, sounds, [clip.text for clip in clips])


def load(folder: Path) -> WhisperModel:
    """The model as the program loads it."""
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def whole_window(model: WhisperModel) -> Hearing:
    """faster-whisper as it comes, greedily: every sound is padded to 30 s."""

    def hear(sound: Sound) -> str:
        parts, _ = model.transcribe(
            sound, language="en", beam_size=1, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(part.text.strip() for part in parts)

    return hear


def short_window(model: WhisperModel) -> Hearing:
    """The same model on features no longer than the sound."""
    tokenizer = Tokenizer(model.hf_tokenizer, multilingual=False)
    prompt = [tokenizer.sot, tokenizer.no_timestamps]

    def hear(sound: Sound) -> str:
        heard = model.encode(padded([log_mel(sound)])[0])
        (result,) = model.model.generate(heard, [prompt], beam_size=1, max_length=MOST_PIECES)
        return tokenizer.decode(result.sequences_ids[0]).strip()

    return hear


def pocketsphinx() -> Hearing:
    """PocketSphinx with its own model, language model and settings."""
    decoder = Decoder(samprate=CALL_RATE, loglevel="FATAL")

    def hear(sound: Sound) -> str:
        decoder.start_utt()
        decoder.process_raw((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        words = [entry.word for entry in decoder.seg() if entry.word[0] not in "<[+"]
        return " ".join(re.sub(r"\(\d+\)", "", word) for word in words)

    return hear


def word_error_rate(texts: Sequence[str], heard: Sequence[str]) -> float:
    """Over all texts, both sides normalised as the public leaderboards do."""
    normal = EnglishTextNormalizer()
    return jiwer.wer([normal(text) for text in texts], [normal(text) for text in heard])


def evaluate(sets: Sequence[Measured], folder: Path, target: Path) -> None:
    """Print the word error rate of every set and condition, and write them and all texts to `target`."""
    model = load(folder)
    recognizers = {
        "30 s window": whole_window(model),
        "short window": short_window(model),
        "PocketSphinx": pocketsphinx(),
    }
    rows = []
    for measured in sets:
        for condition, sent in CONDITIONS.items():
            sounds = [sent(sound) for sound in measured.sounds]
            row = {"set": measured.name, "condition": condition, "clips": len(sounds)}
            for name, hear in recognizers.items():
                heard = [hear(sound) for sound in sounds]
                row[name] = word_error_rate(measured.texts, heard)
                row[f"{name}, texts"] = heard
            rows.append(row)
            print(
                f"{measured.name}, {condition}: "
                + ", ".join(f"{name} {row[name]:.1%}" for name in recognizers),
                flush=True,
            )
    target.write_text(json.dumps(rows, indent=1), encoding="utf-8")
