"""Written calls labelled vishing or benign, and what a judge made of each."""

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import model_validator

from app.evaluation.written_calls import WrittenCall


class TalkCall(WrittenCall):
    """A call with what it is. `intervention_turn`: index from 0 of the last turn before the harm.

    Calls of one `family` tell variants of one story, so they are no independent cases.
    """

    label: Literal["vishing", "benign"]
    family: str = ""
    intervention_turn: int | None = None

    @model_validator(mode="after")
    def _has_that_turn(self) -> Self:
        turn = self.intervention_turn
        if turn is not None and not 0 <= turn < len(self.turns):
            raise ValueError(
                f"intervention_turn is {turn}, and the turns are numbered 0 to {len(self.turns) - 1}"
            )
        return self


@dataclass(frozen=True, slots=True)
class TalkAlert:
    """Where the level `vishing` was first reached: the turn (from 0), and seconds from call start."""

    turn: int
    at_s: float


@dataclass(frozen=True, slots=True)
class TalkOutcome:
    """What the judge made of a call. `tactics` and `ends_s` (seconds) have an entry for each turn."""

    call: TalkCall
    watched: bool
    alert: TalkAlert | None
    tactics: tuple[frozenset[str], ...]
    ends_s: tuple[float, ...]
