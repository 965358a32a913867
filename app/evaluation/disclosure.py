"""`earwitness evaluate disclosure`: the disclosure judge on written calls with the state expected."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from app.evaluation.bootstrap import Bootstrap
from app.evaluation.disclosure_calls import DisclosureCall, DisclosureOutcome
from app.evaluation.written_calls import Track, read_calls
from audio.types import Channel
from detection.disclosure.judge import DisclosureJudge
from detection.types import Answer, DisclosureState, Utterance

Hear: TypeAlias = Callable[[DisclosureCall], Sequence[tuple[int, Utterance]]]
"""The utterances of a call, each with the number of its turn."""


def as_written(call: DisclosureCall) -> Sequence[tuple[int, Utterance]]:
    """The turns as a faultless recognizer would give them."""
    return list(enumerate(call.utterances()))


def evaluate_disclosure(
    path: Path,
    judge_factory: Callable[[Channel], DisclosureJudge],
    track: Track = iter,
    hear: Hear = as_written,
    *,
    limit: int | None = None,
) -> dict[str, Any]:
    """Figures over the calls in `path`; keys in docs/disclosure.md. Raises `EvaluationError`.

    `limit` takes so many of the calls, evenly spread over those of each state.
    """
    calls = read_calls(path, DisclosureCall)
    if limit is not None and limit < len(calls):
        by_state = sorted(calls, key=lambda call: call.expected)
        calls = [by_state[(2 * index + 1) * len(calls) // (2 * limit)] for index in range(limit)]
    outcomes = [_judge(call, judge_factory(call.subject), hear(call)) for call in track(calls)]
    engines = [
        {"id": engine.id, "revision": engine.revision}
        for engine in judge_factory(Channel.CALLER).engines
    ]
    return {"engine": engines[0], "engines": engines, **_figures(outcomes)}


def _judge(
    call: DisclosureCall, judge: DisclosureJudge, heard: Sequence[tuple[int, Utterance]]
) -> DisclosureOutcome:
    judge.hear_signs(call.agent)
    state, since, turn = judge.verdict.state, 0, 0
    for turn, utterance in heard:
        judge.hear(utterance)
        judge.advance(utterance.end)
        if judge.verdict.state is not state:
            state, since = judge.verdict.state, turn
    judge.finish()
    verdict = judge.verdict
    return DisclosureOutcome(
        call,
        verdict.state,
        since if verdict.state is state else turn,
        verdict.at is not None,
        verdict.answer,
        verdict.asked_at is not None,
    )


def _figures(outcomes: Sequence[DisclosureOutcome]) -> dict[str, Any]:
    confusion: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in outcomes:
        confusion[one.call.expected][one.state] += 1
    right = np.array([one.state == one.call.expected for one in outcomes])
    draws = Bootstrap([one.call.family or one.call.id for one in outcomes])
    turns = [
        one.state == one.call.expected and one.turn == one.call.at_turn
        for one in outcomes
        if one.call.at_turn is not None
    ]
    return {
        "n": len(outcomes),
        "accuracy": float(right.mean()),
        "accuracy_interval": draws.share(right, np.ones_like(right)),
        "turn_accuracy": sum(turns) / len(turns) if turns else None,
        "per_state": _per_state(confusion),
        "confusion": {expected: dict(got) for expected, got in confusion.items()},
        "look_alikes_accepted": [one.call.id for one in outcomes if _took_a_look_alike(one)],
        "denials_missed": [one.call.id for one in outcomes if _missed_a_denial(one)],
        "wrong": [
            {"id": one.call.id, "expected": one.call.expected, "got": one.state}
            for one in outcomes
            if one.state != one.call.expected
        ],
    }


def _took_a_look_alike(one: DisclosureOutcome) -> bool:
    """Whether disclosure was found where the party said nothing that counts.

    Calls without marks tell that only where their state does.
    """
    said_so = one.call.marks("disclosure") or one.call.marks("truthful")
    may_have = {DisclosureState.DISCLOSED, DisclosureState.DISCLOSED_LATE}
    if not any(turn.statements for turn in one.call.turns):
        may_have.add(DisclosureState.DENIED)
    return one.has_disclosed and not said_so and one.call.expected not in may_have


def _missed_a_denial(one: DisclosureOutcome) -> bool:
    return one.call.expected == DisclosureState.DENIED and one.answer is not Answer.DENIED


def _per_state(confusion: dict[str, Counter[str]]) -> dict[str, dict[str, float | int | None]]:
    """Recall and precision of each state that was expected."""
    got = sum(confusion.values(), Counter[str]())
    return {
        state: {
            "n": counts.total(),
            "recall": counts[state] / counts.total(),
            "precision": counts[state] / got[state] if got[state] else None,
        }
        for state, counts in confusion.items()
    }
