"""What is to be said: sentences from templates, from texts that are given, and words in no order."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import yaml

_TEMPLATES = Path(__file__).with_name("sentences.yaml")
_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_SPEAKABLE = re.compile(r"[A-Za-z][A-Za-z' ,.?!-]*")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_SHOUTED = re.compile(r"[A-Z]{2}")
_LEAST_WORDS, _MOST_WORDS = 2, 24


class Part(StrEnum):
    """Which wordings: those learnt from, or those only measured on."""

    TRAINING = "training"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Grammar:
    """Templates by family for each part, and the slots they share (sentences.yaml)."""

    slots: dict[str, list[str]]
    training: dict[str, list[str]]
    held_out: dict[str, list[str]]

    def sentence(self, part: Part, rng: np.random.Generator) -> str:
        """A sentence of a random family, every family being as likely; its first letter a capital."""
        families = self.training if part is Part.TRAINING else self.held_out
        template = one_of(families[one_of(list(families), rng)], rng)
        return _tidied(self.expand(template, rng))

    def expand(self, template: str, rng: np.random.Generator) -> str:
        """`template` with each alternative and each slot chosen, those within them too."""
        while found := _ALTERNATIVES.search(template) or _SLOT.search(template):
            choices = self.slots[found[1]] if found[0][0] == "{" else found[1].split("|")
            template = template[: found.start()] + one_of(choices, rng) + template[found.end() :]
        return template

    def words(self, part: Part) -> set[str]:
        """Every word that `part` can say apart from what the slots fill in, in lower case."""
        families = self.training if part is Part.TRAINING else self.held_out
        return words_in(_SLOT.sub(" ", template) for many in families.values() for template in many)

    def slot_words(self) -> set[str]:
        """Every word of the slots, in lower case."""
        return words_in(_SLOT.sub(" ", template) for many in self.slots.values() for template in many)


def read_grammar() -> Grammar:
    """The templates that lie beside this module."""
    return Grammar(**yaml.safe_load(_TEMPLATES.read_text(encoding="utf-8")))


def robocall_sentences(path: Path) -> list[str]:
    """The sentences of at most 24 words in a file of transcripts (JSON lines with `text`).

    Only those made of letters and plain punctuation: how a figure or a sign was said is not known.
    """
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    return _speakable(sentence for text in texts for sentence in _sentences(text))


def call_sentences(path: Path) -> list[str]:
    """The same of a file of written calls (JSON lines with `turns`)."""
    calls = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    turns = [turn["text"] for call in calls for turn in call["turns"]]
    return _speakable(sentence for text in turns for sentence in _sentences(text))


def in_no_order(words: Sequence[str], rng: np.random.Generator) -> str:
    """Three to nine of `words` as if they were a sentence, so that hearing cannot be guessing."""
    chosen = rng.choice(np.array(words), int(rng.integers(3, 10)))
    return _tidied(" ".join(chosen) + ".")


def words_in(texts: Iterable[str]) -> set[str]:
    """The words of `texts` in lower case."""
    return {word for text in texts for word in re.findall(r"[a-z']+", text.lower())}


def words_as_written(texts: Iterable[str]) -> set[str]:
    """The words of `texts`, with capitals where they always have them; none that begins a sentence."""
    words = {
        word.strip(",.?!") for text in texts for word in re.sub(r"(^|[.?!] )\S+", " ", text).split()
    }
    return {word for word in words if _WORD.fullmatch(word) and not {word.lower()} & (words - {word})}


def one_of(choices: Sequence[str], rng: np.random.Generator) -> str:
    """A random one, all being as likely."""
    return choices[int(rng.integers(len(choices)))]


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!])\s+", text.strip())


def _speakable(sentences: Iterable[str]) -> list[str]:
    fit = (
        _tidied(sentence)
        for sentence in sentences
        if _SPEAKABLE.fullmatch(sentence) and not _SHOUTED.search(sentence)
    )
    return sorted({sentence for sentence in fit if _LEAST_WORDS <= len(sentence.split()) <= _MOST_WORDS})


def _tidied(text: str) -> str:
    """One space between words, none before a comma, a capital first and a full stop at least last."""
    text = re.sub(r" ([,.?!])", r"\1", " ".join(text.split()))
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".?!" else text.rstrip(",") + "."
