"""Written calls as the network reads them: each turn after what the other side said last."""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detection.text.passage import normal_words

HERE = Path(__file__).parent
LABELS = ("disclosure", "truthful", "denied", "evasive", "asks", "hand_over", "look_alike")


@dataclass(frozen=True, slots=True)
class Sample:
    """`words` that one party said after the other's `before`; both normalised.

    `unknown` are labels that nobody marked either way: whether a person, or whoever takes over from an
    AI, says that they are one was left open.
    """

    family: str
    before: tuple[str, ...]
    words: tuple[str, ...]
    is_subject: bool
    labels: frozenset[str]
    unknown: frozenset[str] = frozenset()


def read_calls() -> list[dict[str, Any]]:
    """The repository's calls for training, as docs/disclosure.md describes them."""
    return [
        json.loads(line)
        for file in sorted((HERE / "calls").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def read_turns() -> list[dict[str, Any]]:
    """Plain single turns: `text` after the other side's `before`, and what is said in it."""
    return [json.loads(line) for line in (HERE / "turns.jsonl").read_text("utf-8").splitlines()]


def read_samples() -> list[Sample]:
    """Every turn of both."""
    of_calls = [sample for call in read_calls() for sample in _samples(call)]
    alone = [
        Sample(
            turn["family"],
            normal_words(turn["before"]),
            normal_words(turn["text"]),
            turn["is_subject"],
            frozenset(turn["statements"]),
        )
        for turn in read_turns()
    ]
    return of_calls + alone


def as_calls(turns: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Turns of a party that is an AI as calls of their own, with the state that they lead to."""
    states = {
        "denied": "denied",
        "disclosure": "disclosed",
        "truthful": "disclosed",
        "evasive": "evasive",
    }
    for turn in turns:
        if not turn["is_subject"]:
            continue
        said = [state for label, state in states.items() if label in turn["statements"]]
        before = [{"speaker": "agent", "text": turn["before"], "statements": []}]
        own = {"speaker": "caller", "text": turn["text"], "statements": turn["statements"]}
        # A few words more, so that the call is long enough to be judged at its end.
        more = {"speaker": "caller", "text": "and that is about it for today", "statements": []}
        yield {
            "id": turn["id"],
            "family": turn["family"],
            "subject": "caller",
            "signs": ["synthetic_voice"],
            "expected": said[0] if said else "not_disclosed",
            "turns": [*(before if turn["before"] else []), own, more],
        }


def fold_of(family: str, folds: int) -> int:
    """The fold that leaves out this family of wordings."""
    return zlib.crc32(family.encode()) % folds


def _samples(call: dict[str, Any]) -> Iterator[Sample]:
    before: dict[bool, tuple[str, ...]] = {True: (), False: ()}
    for turn in call["turns"]:
        is_subject = turn["speaker"] == call["subject"]
        words = normal_words(turn["text"])
        labels = frozenset(turn["statements"])
        is_open = "hand_over" in labels or (call["expected"] == "human" and "look_alike" in labels)
        unknown = frozenset({"denied"} - labels if is_open else ())
        yield Sample(call["family"], before[not is_subject], words, is_subject, labels, unknown)
        before[is_subject] = words
