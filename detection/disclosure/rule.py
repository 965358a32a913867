"""One disclosure rule as data: who must say what, by when, and where that is written."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

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


class Rule(Pack):
    """A disclosure rule. Only a company policy is active by default; the statutes are for reference."""

    title: str
    jurisdiction: str
    citation: str
    status: str
    applies_from: date | None
    duty_holder: str
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

    def problems(self) -> Iterator[tuple[Location, str]]:
        return phrase_problems({}, {("accepted_words",): self.accepted_words})


def load_rule(path: Path) -> Rule:
    """Read one rule. Raises `DetectionError` naming file, line and field."""
    return load_pack(path, Rule)


def load_rules(folder: Path) -> dict[str, Rule]:
    """Every rule in `folder`, by id. Raises `DetectionError` also where two share an id."""
    rules: dict[str, Rule] = {}
    for path in sorted(folder.glob("*.yaml")):
        rule = load_rule(path)
        if rule.id in rules:
            raise DetectionError(f"{path}: another rule here has the id '{rule.id}' too; rename one.")
        rules[rule.id] = rule
    return rules
