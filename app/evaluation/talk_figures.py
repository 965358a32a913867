"""From what the conversation judge made of labelled calls to its figures."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from app.evaluation.bootstrap import Bootstrap, Interval, Mask
from app.evaluation.talk_calls import TalkAlert, TalkOutcome
from detection.vishing.pack import AGENT_SLIPS, ASKS, COUNTER_EVIDENCE, PRESSURE

_ORDER = (*ASKS, *PRESSURE, *AGENT_SLIPS, *COUNTER_EVIDENCE)


def talk_figures(outcomes: Sequence[TalkOutcome]) -> dict[str, Any]:
    """Rates with intervals, times and tactics; keys in docs/tactics.md.

    A rate or median of nothing is None: precision without alerts, recall without vishing calls.
    """
    draws = Bootstrap(_groups(outcomes))
    vishing = np.array([outcome.call.label == "vishing" for outcome in outcomes])
    alerted = np.array([outcome.alert is not None for outcome in outcomes])
    watched = np.array([outcome.watched for outcome in outcomes])
    has_point = vishing & [outcome.call.intervention_turn is not None for outcome in outcomes]
    in_time = np.array([_is_in_time(outcome) for outcome in outcomes])
    shares = {
        "recall": (alerted, vishing, 1),
        "precision": (vishing, alerted, 1),
        "false_alarms_per_100": (alerted, ~vishing, 100),
        "false_watches_per_100": (watched, ~vishing, 100),
        "before_intervention": (in_time, has_point, 1),
    }
    return {
        "n": len(outcomes),
        "n_vishing": int(vishing.sum()),
        "n_benign": int((~vishing).sum()),
        "n_with_intervention": int(has_point.sum()),
        **{name: _share(hits, among, scale) for name, (hits, among, scale) in shares.items()},
        "intervals": {
            name: _scaled(draws.share(hits, among), scale)
            for name, (hits, among, scale) in shares.items()
        },
        "intervals_by": "family" if any(outcome.call.family for outcome in outcomes) else "call",
        "lead": _medians(outcomes, vishing & has_point & alerted, draws, _lead_turns, _lead_s),
        "time_to_alert": _medians(outcomes, vishing & alerted, draws, _heard_turns, _heard_s),
        "per_tactic": _per_tactic(outcomes),
        "missed": [o.call.id for o in outcomes if o.call.label == "vishing" and o.alert is None],
        "false_alarms": [o.call.id for o in outcomes if o.call.label == "benign" and o.alert],
    }


def _groups(outcomes: Sequence[TalkOutcome]) -> list[str]:
    """What is drawn as one: the family, and where none is given the call."""
    return [
        f"family {outcome.call.family}" if outcome.call.family else f"call {number}"
        for number, outcome in enumerate(outcomes)
    ]


def _is_in_time(outcome: TalkOutcome) -> bool:
    turn = outcome.call.intervention_turn
    return outcome.alert is not None and turn is not None and outcome.alert.turn <= turn


def _lead_turns(outcome: TalkOutcome, alert: TalkAlert) -> float:
    """Turns from the alert to the intervention turn; 0 at that very turn, negative where late."""
    return (outcome.call.intervention_turn or 0) - alert.turn


def _lead_s(outcome: TalkOutcome, alert: TalkAlert) -> float:
    return outcome.ends_s[outcome.call.intervention_turn or 0] - alert.at_s


def _heard_turns(_outcome: TalkOutcome, alert: TalkAlert) -> float:
    return alert.turn + 1


def _heard_s(_outcome: TalkOutcome, alert: TalkAlert) -> float:
    return alert.at_s


_Measure = Callable[[TalkOutcome, TalkAlert], float]


def _medians(
    outcomes: Sequence[TalkOutcome], among: Mask, draws: Bootstrap, turns: _Measure, seconds: _Measure
) -> dict[str, Any]:
    """The medians of two measures over the calls of `among`, all of which raised an alert."""
    found: dict[str, Any] = {"n": int(among.sum())}
    for unit, measure in (("turns", turns), ("seconds", seconds)):
        values = np.round([measure(one, one.alert) if one.alert else 0.0 for one in outcomes], 3)
        found[unit] = float(np.median(values[among])) if among.any() else None
        found[f"{unit}_interval"] = draws.median(values, among)
    return found


def _per_tactic(outcomes: Sequence[TalkOutcome]) -> dict[str, dict[str, Any]]:
    """By label: in how many calls it was found and, over the labelled turns, how rightly."""
    groups = _groups(outcomes)
    turns = [
        (groups[number], frozenset(turn.labels), found)
        for number, outcome in enumerate(outcomes)
        for turn, found in zip(outcome.call.turns, outcome.tactics, strict=True)
        if turn.labels is not None
    ]
    figures = {}
    for label in _ORDER:
        calls = {
            kind: sum(_was_found(label, outcome) for outcome in outcomes if outcome.call.label == kind)
            for kind in ("vishing", "benign")
        }
        said = [(group, label in found) for group, labels, found in turns if label in labels]
        heard = [(group, label in labels) for group, labels, found in turns if label in found]
        if not said and not any(calls.values()):
            continue
        figures[label] = {
            "vishing_calls": calls["vishing"],
            "benign_calls": calls["benign"],
            "n": len(said),
            "found": len(heard),
            "right": sum(right for _, right in heard),
            **dict(_rate("recall", said)),
            **dict(_rate("precision", heard)),
        }
    return figures


def _was_found(label: str, outcome: TalkOutcome) -> bool:
    return any(label in found for found in outcome.tactics)


def _rate(name: str, turns: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, Any]]:
    """The share of turns that are right, and its interval; each turn comes with its group."""
    if not turns:
        yield name, None
        yield f"{name}_interval", None
        return
    right = np.array([is_right for _, is_right in turns])
    yield name, float(right.mean())
    draws = Bootstrap([group for group, _ in turns])
    yield f"{name}_interval", draws.share(right, np.ones(len(turns), bool))


def _share(hits: Mask, among: Mask, scale: int) -> float | None:
    return scale * float((hits & among).sum() / among.sum()) if among.any() else None


def _scaled(interval: Interval | None, scale: int) -> Interval | None:
    return interval and (scale * interval[0], scale * interval[1])
