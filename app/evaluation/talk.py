"""`earwitness evaluate talk`: the tactics judge on written calls labelled vishing or benign."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.evaluation.written_calls import Track, WrittenCall, read_calls
from detection.types import ConversationLevel
from detection.vishing.judge import TalkJudge


class TalkCall(WrittenCall):
    """A call with what it is. `intervention_turn`: index from 0 of the last turn before the harm."""

    label: Literal["vishing", "benign"]
    intervention_turn: int | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    call: TalkCall
    watched: bool
    alert_turn: int | None
    tactics: frozenset[str]

    @property
    def is_in_time(self) -> bool:
        turn = self.call.intervention_turn
        return self.alert_turn is not None and turn is not None and self.alert_turn <= turn


def evaluate_talk(
    path: Path, judge_factory: Callable[[], TalkJudge], track: Track = iter
) -> dict[str, Any]:
    """Rates over the calls in `path`; keys in docs/tactics.md. Raises `EvaluationError`.

    An alert is the level `vishing` reached after any turn. A rate of nothing is None: precision
    without alerts, recall without vishing calls.
    """
    calls = read_calls(path, TalkCall)
    outcomes = [_judge(call, judge_factory()) for call in track(calls)]
    vishing = [o for o in outcomes if o.call.label == "vishing"]
    benign = [o for o in outcomes if o.call.label == "benign"]
    caught = [o for o in vishing if o.alert_turn is not None]
    false_alarms = [o for o in benign if o.alert_turn is not None]
    with_point = [o for o in vishing if o.call.intervention_turn is not None]
    false_alarm_rate = _share(len(false_alarms), len(benign))
    false_watch_rate = _share(sum(o.watched for o in benign), len(benign))
    engine = judge_factory().engines[-1]
    return {
        "engine": {"id": engine.id, "revision": engine.revision},
        "n": len(outcomes),
        "n_vishing": len(vishing),
        "n_benign": len(benign),
        "recall": _share(len(caught), len(vishing)),
        "precision": _share(len(caught), len(caught) + len(false_alarms)),
        "false_alarms_per_100": None if false_alarm_rate is None else 100 * false_alarm_rate,
        "false_watches_per_100": None if false_watch_rate is None else 100 * false_watch_rate,
        "before_intervention": _share(sum(o.is_in_time for o in with_point), len(with_point)),
        "per_tactic": _per_tactic(vishing, benign),
        "missed": [o.call.id for o in vishing if o.alert_turn is None],
        "false_alarms": [o.call.id for o in false_alarms],
    }


def _judge(call: TalkCall, judge: TalkJudge) -> _Outcome:
    watched, alert_turn = False, None
    tactics: set[str] = set()
    for turn, utterance in enumerate(call.utterances()):
        tactics |= {finding.tactic for finding in judge.hear(utterance)}
        level = judge.verdict.level
        watched = watched or level in {ConversationLevel.WATCH, ConversationLevel.VISHING}
        if alert_turn is None and level is ConversationLevel.VISHING:
            alert_turn = turn
    return _Outcome(call, watched, alert_turn, frozenset(tactics))


def _per_tactic(vishing: Sequence[_Outcome], benign: Sequence[_Outcome]) -> dict[str, dict[str, int]]:
    """In how many calls of each label a tactic was found."""
    in_vishing = Counter(label for outcome in vishing for label in outcome.tactics)
    in_benign = Counter(label for outcome in benign for label in outcome.tactics)
    return {
        label: {"vishing_calls": in_vishing[label], "benign_calls": in_benign[label]}
        for label in sorted({*in_vishing, *in_benign})
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
