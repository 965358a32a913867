"""What the signs of an AI agent weigh. Format: docs/disclosure.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from detection.text.packs import Location, Pack, Part, load_pack, phrase_problems

_Share = Annotated[float, Field(gt=0, lt=1)]
_Positive = Annotated[float, Field(gt=0)]
_Phrases = Annotated[tuple[str, ...], Field(min_length=1)]


class Spread(Part):
    """A measure of agents and of people, both of the same scatter (Gaussian)."""

    agent: float
    person: float
    scatter: _Positive


class Rates(Part):
    """How often something happens, of agents and of people."""

    agent: _Positive
    person: _Positive


class Shares(Part):
    """As `Rates`, of so many that could."""

    agent: _Share
    person: _Share


class Fillers(Part):
    """At least so many, and so large a share of the words, weigh `llr`; fewer say nothing."""

    least: Annotated[int, Field(ge=1)]
    share: _Share
    llr: float


class RepeatedWording(Part):
    """From `likeness` with an earlier call's wording on, once both have `least_runs` runs of words."""

    likeness: _Share
    least_runs: Annotated[int, Field(ge=1)]
    one: float
    several: float
    """The weight where one, or more earlier calls are alike."""


class QuestionWords(Part):
    """How questions that need thought, and those for yes or no, begin or end."""

    open: _Phrases
    closed: _Phrases


class SignsPack(Pack):
    """Every sign but the voice. `most_llr` bounds what they say together; `weight` each beforehand."""

    least_turns: Annotated[int, Field(ge=2)]
    most_llr: Annotated[float, Field(ge=0)]
    weight: Annotated[float, Field(ge=0, le=1)]
    gap_spread: Spread
    open_delay: Spread
    overlap: Shares
    listening_sounds: Rates
    kept_on: Shares
    fillers: Fillers
    repeated_wording: RepeatedWording
    questions: QuestionWords

    def problems(self) -> Iterator[tuple[Location, str]]:
        lists: dict[Location, tuple[str, ...]] = {
            ("questions", "open"): self.questions.open,
            ("questions", "closed"): self.questions.closed,
        }
        yield from phrase_problems({}, lists)
        if min(self.gap_spread.agent, self.gap_spread.person) <= 0:
            yield ("gap_spread",), "a spread is more than 0 s"


def load_signs(path: Path) -> SignsPack:
    """Read a signs pack. Raises `DetectionError` naming file, line and field."""
    return load_pack(path, SignsPack)
