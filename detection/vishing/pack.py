"""The tactics pack: which words show which tactic, and what each weighs. Format: docs/tactics.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from audio.types import Channel
from detection.text.packs import Location, Pack, Part, load_pack, phrase_problems
from detection.text.phrases import PhraseSet, Vocabulary

ASKS = tuple(f"R{number}" for number in range(1, 13))
PRESSURE = tuple(f"P{number}" for number in range(1, 16))
AGENT_SLIPS = tuple(f"A{number}" for number in range(1, 6))
COUNTER_EVIDENCE = tuple(f"C{number}" for number in range(1, 6))
LABELS = frozenset((*ASKS, *PRESSURE, *AGENT_SLIPS, *COUNTER_EVIDENCE))
"""Every tactic there is a name for."""

_Weight = Annotated[float, Field(ge=-10, le=10)]
_Words = tuple[str, ...]


class SpokenBy(StrEnum):
    """Whose words show a tactic."""

    CALLER = "caller"
    AGENT = "agent"
    EITHER = "either"

    def includes(self, channel: Channel) -> bool:
        return self is SpokenBy.EITHER or self.value == channel.value


class Reply(Part):
    """Words that mean something only as an answer: `says` within seconds of the other side's `to`."""

    to: _Words = Field(min_length=1)
    says: _Words = Field(min_length=1)


class Tactic(Part):
    """One label: what it is called, what it weighs (natural-log LLR) and the words that show it."""

    title: str
    sentence: str
    weight: _Weight
    spoken_by: SpokenBy = Field(default=SpokenBy.CALLER)
    patterns: _Words = Field(default=())
    unless: _Words = Field(default=())
    replies: tuple[Reply, ...] = Field(default=())
    needs: Literal["words", "log"] = "words"
    """`log`: shown by the case log or the clock, not by words."""


@dataclass(frozen=True, slots=True)
class ReplyMatcher:
    """A `Reply`, compiled."""

    to: PhraseSet
    says: PhraseSet


@dataclass(frozen=True, slots=True)
class Matcher:
    """The phrases of a `Tactic`, compiled. Safe on any thread."""

    said: PhraseSet
    replies: tuple[ReplyMatcher, ...]


class Conjunction(Part):
    """Tactics that together say more than apart: one of each group in `all_of` adds `weight`."""

    sentence: str
    all_of: tuple[str, ...] = Field(min_length=2)
    weight: _Weight


class Thresholds(Part):
    """LLRs at which the level changes, and the words of the caller below which there is none."""

    watch: float
    alert: float
    min_caller_words: Annotated[int, Field(ge=0)]


class TacticsPack(Pack):
    """Everything a `TalkJudge` knows about one language."""

    language: str
    prior: Annotated[float, Field(gt=0, lt=1)]
    """Share of calls that are vishing, for the score only; the levels come from `thresholds`."""
    repeat_factor: Annotated[float, Field(ge=0, lt=1)]
    """What each repeat of a tactic weighs of the time before: the n-th adds weight * factor^(n-1)."""
    thresholds: Thresholds
    alert_needs: str
    """Group of which at least one tactic must have been heard before the level is `vishing`."""
    groups: dict[str, tuple[str, ...]]
    conjunctions: tuple[Conjunction, ...] = Field(default=())
    ignore: _Words = Field(default=())
    vocabulary: dict[str, _Words] = Field(default_factory=dict)
    tactics: dict[str, Tactic]

    @cached_property
    def matchers(self) -> dict[str, Matcher]:
        """The compiled phrases of each label that words can show; compiled once for all calls."""
        vocabulary = Vocabulary(self.vocabulary)
        return {
            label: _matcher(tactic, vocabulary)
            for label, tactic in self.tactics.items()
            if tactic.needs == "words"
        }

    def most(self, label: str) -> float:
        """The most LLR that `label` alone can ever add: the sum of its repeats."""
        return self.tactics[label].weight / (1 - self.repeat_factor)

    def problems(self) -> Iterator[tuple[Location, str]]:
        return chain(
            self._label_problems(),
            self._group_problems(),
            self._weight_problems(),
            phrase_problems(self.vocabulary, self._phrase_lists(), self.ignore),
        )

    def _label_problems(self) -> Iterator[tuple[Location, str]]:
        for label, tactic in self.tactics.items():
            location = ("tactics", label)
            if label not in LABELS:
                yield location, "unknown label; the labels are R1-R12, P1-P15, A1-A5 and C1-C5"
            if tactic.needs == "words" and not tactic.patterns and not tactic.replies:
                yield location, "no patterns and no replies: nothing could ever show it"
            if tactic.needs == "log" and (tactic.patterns or tactic.replies):
                yield location, "needs the log, so patterns and replies have no use here"

    def _group_problems(self) -> Iterator[tuple[Location, str]]:
        for name, labels in self.groups.items():
            for index, label in enumerate(labels):
                if label not in self.tactics:
                    yield ("groups", name, index), f"'{label}' is no tactic of this pack"
        for number, conjunction in enumerate(self.conjunctions):
            for index, group in enumerate(conjunction.all_of):
                if group not in self.groups:
                    yield ("conjunctions", number, "all_of", index), f"'{group}' is no group"
        if self.alert_needs not in self.groups:
            yield ("alert_needs",), f"'{self.alert_needs}' is no group"

    def _weight_problems(self) -> Iterator[tuple[Location, str]]:
        if not 0 < self.thresholds.watch < self.thresholds.alert:
            yield ("thresholds", "alert"), "alert must be above watch, and watch above 0"
        for label in self.tactics:
            if self.most(label) >= self.thresholds.alert:
                problem = (
                    f"repeats could reach {self.most(label):.1f} and raise an alert alone; lower it"
                )
                yield ("tactics", label, "weight"), problem

    def _phrase_lists(self) -> dict[Location, _Words]:
        lists: dict[Location, _Words] = {}
        for label, tactic in self.tactics.items():
            lists["tactics", label, "patterns"] = tactic.patterns
            lists["tactics", label, "unless"] = tactic.unless
            for number, reply in enumerate(tactic.replies):
                lists["tactics", label, "replies", number, "to"] = reply.to
                lists["tactics", label, "replies", number, "says"] = reply.says
        return lists


def load_tactics(path: Path) -> TacticsPack:
    """Read a tactics pack. Raises `DetectionError` naming file, line and field."""
    return load_pack(path, TacticsPack)


def _matcher(tactic: Tactic, vocabulary: Vocabulary) -> Matcher:
    return Matcher(
        PhraseSet(tactic.patterns, tactic.unless, vocabulary),
        tuple(
            ReplyMatcher(
                PhraseSet(reply.to, (), vocabulary), PhraseSet(reply.says, tactic.unless, vocabulary)
            )
            for reply in tactic.replies
        ),
    )
