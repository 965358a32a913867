"""The tactics pack: which words show which tactic, and what each weighs. Format: docs/tactics.md."""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Annotated

from pydantic import Field

from detection.text.packs import Location, Pack, phrase_problems
from detection.text.phrases import PhraseError, PhraseIndex, PhraseSet, Vocabulary
from detection.vishing.parts import (
    Act,
    ActMatcher,
    Check,
    CheckMatcher,
    Conjunction,
    Matcher,
    Tactic,
    Thresholds,
    Words,
    phrase_lists,
)

ASKS = tuple(f"R{number}" for number in range(1, 13))
PRESSURE = tuple(f"P{number}" for number in range(1, 16))
AGENT_SLIPS = tuple(f"A{number}" for number in range(1, 6))
COUNTER_EVIDENCE = tuple(f"C{number}" for number in range(1, 6))
LABELS = frozenset((*ASKS, *PRESSURE, *AGENT_SLIPS, *COUNTER_EVIDENCE))
"""Every tactic there is a name for."""


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
    ignore: Words = Field(default=())
    vocabulary: dict[str, Words] = Field(default_factory=dict)
    tactics: dict[str, Tactic]
    checks: dict[str, Check] = Field(default_factory=dict)
    acts: dict[str, Act] = Field(default_factory=dict)

    @cached_property
    def matchers(self) -> dict[str, Matcher]:
        """The compiled phrases of each label that words can show; compiled once for all calls."""
        return {
            label: Matcher(tactic, self._phrases)
            for label, tactic in self.tactics.items()
            if tactic.needs == "words"
        }

    @cached_property
    def label_of(self) -> dict[PhraseSet, str]:
        """Which tactic each of their phrase sets belongs to."""
        return {one: label for label, matcher in self.matchers.items() for one in matcher.sets()}

    @cached_property
    def check_matchers(self) -> dict[str, CheckMatcher]:
        """The compiled phrases of each check."""
        return {name: CheckMatcher(check, self._phrases) for name, check in self.checks.items()}

    @cached_property
    def act_matchers(self) -> dict[str, ActMatcher]:
        """The compiled phrases of each act."""
        return {name: ActMatcher(act, self._phrases) for name, act in self.acts.items()}

    @cached_property
    def index(self) -> PhraseIndex:
        """Which of all those phrases a passage holds. Raises `PhraseError` where they are too many."""
        matchers = chain(
            self.matchers.values(), self.check_matchers.values(), self.act_matchers.values()
        )
        return PhraseIndex(one for matcher in matchers for one in matcher.sets())

    @cached_property
    def _phrases(self) -> Vocabulary:
        return Vocabulary(self.vocabulary)

    def most(self, label: str) -> float:
        """The most LLR that `label` alone can ever add: the sum of its repeats."""
        return self.tactics[label].weight / (1 - self.repeat_factor)

    def problems(self) -> Iterator[tuple[Location, str]]:
        return chain(
            self._label_problems(),
            self._group_problems(),
            self._weight_problems(),
            self._act_problems(),
            phrase_problems(self.vocabulary, self._phrase_lists(), self.ignore),
            self._size_problems(),
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

    def _act_problems(self) -> Iterator[tuple[Location, str]]:
        for name, act in self.acts.items():
            if not (act.done or act.replies):
                yield ("acts", name), "no 'done' and no replies: nothing could ever show it"

    def _size_problems(self) -> Iterator[tuple[Location, str]]:
        try:
            _ = self.index
        except PhraseError as error:
            yield (), str(error)

    def _phrase_lists(self) -> dict[Location, Words]:
        sections: dict[str, dict[str, Tactic] | dict[str, Check] | dict[str, Act]] = {
            "tactics": self.tactics,
            "checks": self.checks,
            "acts": self.acts,
        }
        return {
            (section, name, *place): words
            for section, parts in sections.items()
            for name, part in parts.items()
            for place, words in phrase_lists(part)
        }
