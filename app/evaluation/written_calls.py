"""Written calls, one JSON object a line, as the utterances a recognizer would have given."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.errors import EvaluationError
from audio.types import CALL_RATE, Channel
from detection.types import Utterance
from detection.vishing.pack import LABELS

WORDS_PER_SECOND = 2.5
PAUSE_S = 0.5
"""A turn without `start_s` begins this long after the one before; conversational English pace."""

Track: TypeAlias = Callable[[Sequence[Any]], Iterable[Any]]
"""Goes through calls while showing how far it is."""


Statement: TypeAlias = Literal[
    "disclosure", "look_alike", "asks", "truthful", "evasive", "denied", "hand_over"
]


class Turn(BaseModel):
    """What one party said in one go. `start_s`: seconds from call start.

    `labels` are the tactics that the words show as a person marked them; None where nobody did.
    `statements` are what is said in it of being an AI, as a person marked it.
    """

    model_config = ConfigDict(frozen=True)

    speaker: Channel
    text: str
    start_s: Annotated[float, Field(ge=0, le=1e6)] | None = None
    labels: tuple[str, ...] | None = None
    statements: tuple[Statement, ...] = ()

    @field_validator("text")
    @classmethod
    def _is_said(cls, given: str) -> str:
        if not given.strip():
            raise ValueError("a turn holds no words")
        return given

    @field_validator("labels")
    @classmethod
    def _are_known(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        unknown = next((label for label in given or () if label not in LABELS), None)
        if unknown is not None:
            raise ValueError(f"{unknown!r} is no label; the labels are R1-R12, P1-P15, A1-A5 and C1-C5")
        return given


class WrittenCall(BaseModel):
    """A call as turns. Keys that an evaluation does not know are left alone."""

    model_config = ConfigDict(frozen=True)

    id: str
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _go_forward(self) -> Self:
        starts = [turn.start_s for turn in self.turns if turn.start_s is not None]
        if starts != sorted(starts):
            raise ValueError("start_s goes back from one turn to the next")
        return self

    def utterances(self) -> Iterator[Utterance]:
        """The turns in order, times filled in: `WORDS_PER_SECOND` of speech, then `PAUSE_S`."""
        now = 0.0
        for turn in self.turns:
            start = now if turn.start_s is None else turn.start_s
            end = start + len(turn.text.split()) / WORDS_PER_SECOND
            yield Utterance(
                turn.speaker, round(start * CALL_RATE), round(end * CALL_RATE), turn.text, confidence=1.0
            )
            now = end + PAUSE_S


_Call = TypeVar("_Call", bound=WrittenCall)


def read_calls(path: Path, kind: type[_Call]) -> list[_Call]:
    """The calls in a JSONL file; empty lines are skipped.

    Raises `EvaluationError` naming the file, the line and what is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    calls = [_parse(path, number, line, kind) for number, line in enumerate(lines, 1) if line.strip()]
    if not calls:
        raise EvaluationError(f"{path} holds no calls: put one JSON object on each line.")
    return calls


def _parse(path: Path, number: int, line: str, kind: type[_Call]) -> _Call:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        where = f"{path}, line {number}" + (f", {field}" if field else "")
        problem = first["msg"].removeprefix("Value error, ")
        raise EvaluationError(f"{where}: {problem}; mend that line.") from error
