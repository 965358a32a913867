"""Helpdesk talk as lists of words of the recognizer's dictionary."""

import json
import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from detection.training.whisper.sentences import Part, read_grammar

Sentence = list[str]
_FIGURES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_END = re.compile(r"(?<=[.?!;:])\s+|\s+-+\s+")
_TOKEN = re.compile(r"~?[A-Za-z']+|\d")
_UNSPEAKABLE = re.compile(r"[@/\\_#<>{}$%&*=+~]|\.(com|net|org)\b|\d\.\d")
_DEPARTMENT = "IT"
_CAPITALS = re.compile(r"[A-Z]{2,5}")
_LETTER = re.compile(r"(?<![A-Za-z'])[B-HJ-Z](?![A-Za-z'])|(?<=-)[AI](?![a-z'])|(?<![A-Za-z'])[AI](?=-)")


def sentences_of(text: str, dictionary: Container[str]) -> list[Sentence]:
    """The sentences of written `text` as they are said.

    Figures are said one by one, as on the telephone, and so are capitals that are no word of the
    `dictionary`. Sentences with addresses, signs or sums are left out: how they were said is not known.
    """
    found = []
    for sentence in _END.split(text.replace("\u2019", "'")):
        if not _UNSPEAKABLE.search(sentence):
            said = _LETTER.sub(lambda letter: f" ~{letter[0]} ", sentence)
            words = [word for token in _TOKEN.findall(said) for word in _said(token, dictionary)]
            found += [words] if words else []
    return found


def _said(token: str, dictionary: Container[str]) -> list[str]:
    if token.isdigit():
        return [_FIGURES[int(token)]]
    if token.startswith("~"):
        return [f"{token[1].lower()}."]
    if token == _DEPARTMENT:
        return ["i.t."]
    if _CAPITALS.fullmatch(token) and token.lower() not in dictionary:
        return [f"{letter.lower()}." for letter in token]
    word = token.lower().strip("'")
    return [word] if word else []


def grammar_sentences(part: Part, count: int, seed: int, dictionary: Container[str]) -> list[Sentence]:
    """`count` random sentences of the recognizer's grammar of helpdesk talk (sentences.yaml)."""
    grammar, rng = read_grammar(), np.random.default_rng(seed)
    texts = (grammar.sentence(part, rng) for _ in range(count))
    return [words for text in texts for words in sentences_of(text, dictionary)]


def call_sentences(paths: Iterable[Path], dictionary: Container[str]) -> list[Sentence]:
    """What is said in written calls (JSON lines with `turns` of `text`)."""
    turns = (turn["text"] for path in paths for call in _lines(path) for turn in call["turns"])
    return [words for text in turns for words in sentences_of(text, dictionary)]


def robocall_sentences(path: Path, dictionary: Container[str]) -> list[Sentence]:
    """Transcripts (JSON lines with `text`)."""
    return [words for call in _lines(path) for words in sentences_of(call["text"], dictionary)]


def chat_sentences(customers: Path, guided: Path, dictionary: Container[str]) -> list[Sentence]:
    """Typed customer service: MultiDoGO's customers (`turns`) and ABCD's dialogues (`original`)."""
    texts = [turn for call in _lines(customers) for turn in call["turns"]]
    for dialogue in json.loads(guided.read_text(encoding="utf-8")):
        texts += [text for who, text in dialogue["original"] if who != "action"]
    return [words for text in texts for words in sentences_of(text, dictionary)]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
