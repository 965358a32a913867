"""Written calls and turns as the network reads them: normalised words, who spoke, what it shows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from audio.types import Channel
from detection.text.passage import SpokenWord, spoken_words
from detection.types import Utterance
from detection.vishing.call_reader import LONGEST_TURN
from detection.vishing.finder import find_tactics
from detection.vishing.heard import Hearing
from detection.vishing.pack import AGENT_SLIPS, ASKS, COUNTER_EVIDENCE, PRESSURE, TacticsPack

HERE = Path(__file__).parent
HELD_OUT = "held_out"
"""Files that begin so are for measuring: nothing is trained or tuned on them."""
LABELS = (*ASKS, *PRESSURE, *AGENT_SLIPS, *COUNTER_EVIDENCE)


@dataclass(frozen=True, slots=True)
class Turn:
    """`words` are normalised, `found` are the tactics that the pack's phrases show in them."""

    words: tuple[str, ...]
    is_caller: bool
    labels: frozenset[str]
    found: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Call:
    """`is_con` is None where only its last turn's labels are known, not what call it is from.

    The harm is done right after turn `until` - 1; where there is none, `until` is the number of turns.
    """

    id: str
    family: str
    is_con: bool | None
    turns: tuple[Turn, ...]
    until: int


def read_calls(pack: TacticsPack, *, held_out: bool = False) -> list[Call]:
    """The repository's calls, but for the held-out ones, or only these."""
    return [
        _call(raw, pack)
        for file in sorted((HERE / "calls").glob("*.jsonl"))
        if file.name.startswith(HELD_OUT) == held_out
        for raw in _lines(file)
    ]


def read_turns(pack: TacticsPack) -> list[Call]:
    """Single labelled turns, each after the one before it."""
    found = []
    for file in sorted((HERE / "turns").glob("*.jsonl")):
        for number, raw in enumerate(_lines(file)):
            other = "agent" if raw["speaker"] == "caller" else "caller"
            said = [
                {"speaker": other, "text": raw["before"], "labels": []},
                {"speaker": raw["speaker"], "text": raw["text"], "labels": raw["labels"]},
            ]
            call = _call(
                {
                    "id": f"{file.stem}-{number}",
                    "family": f"{file.stem}-{number // 20}",
                    "label": None,
                    "turns": said,
                    "intervention_turn": None,
                },
                pack,
            )
            found.append(replace(call, is_con=None))
    return found


def fold_of(family: str, folds: int) -> int:
    """Which fold leaves `family` out; the same whatever other families there are."""
    return int(np.frombuffer(family.encode(), np.uint8).astype(np.int64).cumsum().sum() % folds)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _call(raw: dict[str, Any], pack: TacticsPack) -> Call:
    hearing = Hearing(pack.index, frozenset(pack.ignore))
    turns: list[Turn] = []
    ends = []
    for number, said in enumerate(raw["turns"]):
        channel = Channel(said["speaker"])
        utterance = Utterance(channel, number, number + 1, said["text"], 1.0)
        words = spoken_words(utterance)
        heard = hearing.hear(utterance, words) if words else None
        found = frozenset(one.label for one in find_tactics(pack, heard)) if heard else frozenset[str]()
        labels = frozenset(said["labels"])
        turns += [Turn(part, channel is Channel.CALLER, labels, found) for part in _parts(words)]
        ends.append(len(turns))
    at = raw["intervention_turn"]
    until = len(turns) if at is None else ends[at]
    return Call(raw["id"], raw["family"], raw["label"] == "vishing", tuple(turns), until)


def _parts(words: Sequence[SpokenWord]) -> Iterator[tuple[str, ...]]:
    """As the reader cuts a turn that is too long."""
    said = [part for word in words for part in word.normal]
    for first in range(0, len(said), LONGEST_TURN):
        yield tuple(said[first : first + LONGEST_TURN])
