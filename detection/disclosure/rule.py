"""One disclosure rule as data: who must say what, by when, and where that is written."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from audio.types import Channel
from detection.errors import DetectionError
from detection.text.packs import Location, Pack, load_pack, phrase_problems


class Trigger(StrEnum):
    """When the clock of a rule starts."""

    START = "start"
    """With the party's first words."""
    ON_REQUEST = "on_request"
    """When the other side asks."""
    IF_MISLED = "if_misled"
    """With the party's first words, where a reasonable person would take it for a human."""


class Status(StrEnum):
    """How far a rule has come. Only one in force asks anything of anybody."""

    IN_FORCE = "in force"
    ENACTED = "enacted"
    """Applies from a later day on."""
    PROPOSED = "proposed"
    NOT_ENACTED = "not enacted"


class Rule(Pack):
    """A disclosure rule. A site chooses which apply; by default only a company policy does."""

    title: str
    jurisdiction: str
    citation: str
    status: Status
    applies_from: date | None
    duty_holder: str
    sides: Annotated[tuple[Channel, ...], Field(min_length=1)]
    """Whose AI it asks something of at a help desk: the caller's, the desk's own (agent), or both."""
    setting: Literal["consumer", "commerce", "regulated", "any"]
    channel: str
    trigger: Trigger
    deadline_s: Annotated[float, Field(ge=0, le=600)]
    """Seconds from the trigger within which the disclosure must have begun."""
    accepted_words: tuple[str, ...]
    """Phrases (see docs/disclosure.md) that count as disclosure besides those of the statements pack."""
    exceptions: tuple[str, ...]
    penalty: str
    confidence: Literal["high", "medium-high", "medium", "low"]
    source: str
    checked_on: date

    def waived(self, subject: Channel, day: date) -> str:
        """Why it asks nothing of `subject` on `day`, as a sentence; empty where it does."""
        if self.applies_from and day < self.applies_from:
            return f'"{self.title}" applies from {self.applies_from} on.'
        if self.status not in {Status.IN_FORCE, Status.ENACTED}:
            return f'"{self.title}" is {self.status}.'
        if subject not in self.sides:
            whose = "callers'" if subject is Channel.CALLER else "the desk's own"
            return f'"{self.title}" asks nothing of {whose} AI voices.'
        return ""

    def problems(self) -> Iterator[tuple[Location, str]]:
        return phrase_problems({}, {("accepted_words",): self.accepted_words})


def load_rule(path: Path) -> Rule:
    """Read one rule. Raises `DetectionError` naming file, line and field."""
    return load_pack(path, Rule)


def load_rules(paths: Sequence[Path]) -> tuple[Rule, ...]:
    """Read the rules in `paths`, in order. Raises `DetectionError` also where two share an id."""
    rules: dict[str, Rule] = {}
    for path in paths:
        rule = load_rule(path)
        if rule.id in rules:
            raise DetectionError(f"{path}: another rule has the id '{rule.id}' too; rename one.")
        rules[rule.id] = rule
    return tuple(rules.values())
