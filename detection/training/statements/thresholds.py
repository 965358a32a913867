"""Thresholds with which most calls end in the right state, by the judge itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from audio.types import CALL_RATE, Channel
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.reader import StatementReader
from detection.disclosure.rule import Rule
from detection.disclosure.statements import StatementsPack
from detection.models.manifest import StatementsManifest
from detection.types import AgentLevel, AgentVerdict, DisclosureState, EngineInfo, Utterance

_GRID = (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_BONUSES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
_ROUNDS = 2
_WORDS_PER_SECOND = 2.5
_PAUSE_S = 0.5
_DAY = date(2026, 11, 22)


class Read(Protocol):
    """The probability of each label in a turn's words, after the other side's `before`."""

    def __call__(
        self, before: Sequence[str], words: Sequence[str], *, is_subject: bool
    ) -> dict[str, float]: ...


class _Remembering(StatementReader):
    """Reads every turn once."""

    def __init__(self, read: Read, thresholds: Mapping[str, float]) -> None:
        self.manifest = StatementsManifest.model_construct(
            thresholds=dict(thresholds), phrase_bonus=dict.fromkeys(thresholds, 1.0)
        )
        self.engine = EngineInfo("disclosure", "training", "0")
        self._told: dict[tuple[tuple[str, ...], tuple[str, ...], bool], dict[str, float]] = {}
        self._ask = read

    def read(self, before: Sequence[str], words: Sequence[str], *, is_subject: bool) -> dict[str, float]:
        asked = (tuple(before), tuple(words), is_subject)
        if asked not in self._told:
            self._told[asked] = self._ask(before, words, is_subject=is_subject)
        return self._told[asked]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Thresholds and bonuses by label, and the share of calls that end right with them."""

    thresholds: dict[str, float]
    phrase_bonus: dict[str, float]
    accuracy: float


def choose(
    calls: Sequence[Mapping[str, Any]],
    read: Read,
    start: Mapping[str, float],
    rule: Rule,
    statements: StatementsPack,
) -> Chosen:
    """From `start`, one label after the other, each where most of `calls` come out right.

    Of equals, the middle one: it is the furthest from where calls go wrong.
    """
    reader = _Remembering(read, start)
    found = (reader.manifest.thresholds, _GRID), (reader.manifest.phrase_bonus, _BONUSES)
    best = 0
    for _ in range(_ROUNDS):
        for label in start:
            for values, grid in found:
                right: dict[float, int] = {}
                for value in grid:
                    values[label] = value
                    right[value] = _right(calls, reader, rule, statements)
                best = max(right.values())
                equals = [value for value in grid if right[value] == best]
                values[label] = equals[len(equals) // 2]
    thresholds, bonus = (dict(values) for values, _ in found)
    return Chosen(thresholds, bonus, best / len(calls))


def _right(
    calls: Sequence[Mapping[str, Any]], reader: StatementReader, rule: Rule, pack: StatementsPack
) -> int:
    return sum(_state(call, reader, rule, pack) == call["expected"] for call in calls)


def _state(
    call: Mapping[str, Any], reader: StatementReader, rule: Rule, pack: StatementsPack
) -> DisclosureState:
    judge = DisclosureJudge((rule,), pack, Channel(call["subject"]), reader, day=_DAY)
    is_agent = "synthetic_voice" in call["signs"]
    judge.hear_signs(AgentVerdict(AgentLevel.AGENT_LIKE if is_agent else AgentLevel.HUMAN_LIKE))
    now = 0.0
    for turn in call["turns"]:
        end = now + len(turn["text"].split()) / _WORDS_PER_SECOND
        span = (round(now * CALL_RATE), round(end * CALL_RATE))
        judge.hear(Utterance(Channel(turn["speaker"]), *span, turn["text"], 1.0))
        now = end + _PAUSE_S
    judge.finish()
    return judge.verdict.state
