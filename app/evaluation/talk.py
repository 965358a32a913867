"""`earwitness evaluate talk`: the tactics judge on written calls labelled vishing or benign."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from app.evaluation.talk_calls import TalkAlert, TalkCall, TalkOutcome
from app.evaluation.talk_figures import talk_figures
from app.evaluation.written_calls import Track, read_calls
from audio.types import CALL_RATE
from detection.types import ConversationLevel
from detection.vishing.judge import TalkJudge

JudgeCall: TypeAlias = Callable[[TalkCall], TalkOutcome]


class WrittenTalk:
    """Gives the judge the turns as they are written, as a faultless recognizer would."""

    def __init__(self, judge_factory: Callable[[], TalkJudge]) -> None:
        self._judge_factory = judge_factory

    def __call__(self, call: TalkCall) -> TalkOutcome:
        judge = self._judge_factory()
        watched, alert = False, None
        tactics: list[frozenset[str]] = []
        ends_s: list[float] = []
        for turn, utterance in enumerate(call.utterances()):
            tactics.append(frozenset(finding.tactic for finding in judge.hear(utterance)))
            ends_s.append(utterance.end / CALL_RATE)
            level = judge.verdict.level
            watched = watched or level in {ConversationLevel.WATCH, ConversationLevel.VISHING}
            if alert is None and level is ConversationLevel.VISHING:
                alert = TalkAlert(turn, ends_s[-1])
        return TalkOutcome(call, watched, alert, tuple(tactics), tuple(ends_s))


def evaluate_talk(
    paths: Sequence[Path], judge_call: JudgeCall, track: Track = iter, *, limit: int | None = None
) -> dict[str, Any]:
    """Figures over the calls in all of `paths`; keys in docs/tactics.md. Raises `EvaluationError`.

    `limit` takes so many of the calls, evenly spread over those of each label.
    """
    calls = [call for path in paths for call in read_calls(path, TalkCall)]
    if limit is not None and limit < len(calls):
        by_label = sorted(calls, key=lambda call: call.label)
        calls = [by_label[(2 * index + 1) * len(calls) // (2 * limit)] for index in range(limit)]
    return talk_figures([judge_call(call) for call in track(calls)])
