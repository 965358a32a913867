"""`earwitness evaluate disclosure`: the disclosure judge on written calls with the state expected."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from app.evaluation.written_calls import Track, WrittenCall, read_calls
from audio.types import Channel
from detection.disclosure.judge import DisclosureJudge
from detection.types import DisclosureState, VoiceLevel

_SYNTHETIC_VOICE = "synthetic_voice"


class DisclosureCall(WrittenCall):
    """A call with whom to follow, what else is known of that party, and the state to end in.

    Without the sign `synthetic_voice` the voice counts as judged real. `at_turn`: index from 0 of
    the turn after which the expected state is reached for good.
    """

    subject: Channel
    signs: tuple[str, ...] = ()
    expected: Literal["disclosed", "disclosed_late", "not_disclosed", "denied", "evasive", "human"]
    at_turn: int | None = None


def evaluate_disclosure(
    path: Path, judge_factory: Callable[[Channel], DisclosureJudge], track: Track = iter
) -> dict[str, Any]:
    """Accuracy over the calls in `path`; keys in docs/disclosure.md. Raises `EvaluationError`."""
    calls = read_calls(path, DisclosureCall)
    confusion: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[dict[str, str]] = []
    turn_hits: list[bool] = []
    for call in track(calls):
        state, turn = _judge(call, judge_factory(call.subject))
        confusion[call.expected][state] += 1
        if state != call.expected:
            wrong.append({"id": call.id, "expected": call.expected, "got": state})
        if call.at_turn is not None:
            turn_hits.append(state == call.expected and turn == call.at_turn)
    engine = judge_factory(Channel.CALLER).engine
    return {
        "engine": {"id": engine.id, "revision": engine.revision},
        "n": len(calls),
        "accuracy": 1 - len(wrong) / len(calls),
        "turn_accuracy": sum(turn_hits) / len(turn_hits) if turn_hits else None,
        "per_state": _per_state(confusion),
        "confusion": {expected: dict(got) for expected, got in confusion.items()},
        "wrong": wrong,
    }


def _judge(call: DisclosureCall, judge: DisclosureJudge) -> tuple[DisclosureState, int]:
    """The state at the end, and the turn since which it holds."""
    synthetic = _SYNTHETIC_VOICE in call.signs
    judge.hear_voice(VoiceLevel.LIKELY_SYNTHETIC if synthetic else VoiceLevel.REAL)
    state, since, turn = judge.verdict.state, 0, 0
    for turn, utterance in enumerate(call.utterances()):
        judge.hear(utterance)
        judge.advance(utterance.end)
        if judge.verdict.state is not state:
            state, since = judge.verdict.state, turn
    judge.finish()
    final = judge.verdict.state
    return final, since if final is state else turn


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
