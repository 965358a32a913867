"""What a report says of the voice."""

import io

from rich.console import Console

from app.case_json import as_json
from app.case_state import CaseState
from app.report import print_report
from audio.types import CALL_RATE, Channel
from detection.events import CallStarted, VoiceJudged, VoiceScored
from detection.types import EngineInfo, VoiceLevel, VoicePoint, VoiceVerdict

SCOPE = "Test check: hears some voices and misses others."


def suspect_call() -> CaseState:
    engine = EngineInfo("voice", "cm", "1", "test check", SCOPE)
    start = CallStarted("a.wav", "2026-11-20T12:33:00.000+00:00", (Channel.CALLER,), (engine,))
    points = (
        VoicePoint(CALL_RATE, 5 * CALL_RATE, 1.23456, "cm"),
        VoicePoint(2 * CALL_RATE, 6 * CALL_RATE, -0.5, "cm"),
    )
    verdict = VoiceVerdict(
        VoiceLevel.SUSPECT, 1.6, 0.83, 4.5, "cm", "1", -1.5, 2.0, ("It may be.",), threshold_watch=1.5
    )
    at = 6 * CALL_RATE
    return CaseState.of("c", [start, VoiceScored(points, at), VoiceJudged(verdict, at)])


def test_the_trace_and_the_watch_level_are_in_the_json():
    voice = as_json(suspect_call(), "a.wav")["voice"]
    assert (voice["level"], voice["threshold_watch"]) == ("suspect", 1.5)
    assert voice["trace"] == [
        {"start_s": 1.0, "end_s": 5.0, "llr": 1.2346, "model_id": "cm"},
        {"start_s": 2.0, "end_s": 6.0, "llr": -0.5, "model_id": "cm"},
    ]


def test_the_report_says_what_the_judge_of_the_voice_can_and_cannot_do():
    told = io.StringIO()
    print_report(Console(file=told, width=120), suspect_call())
    assert "May be synthetic" in told.getvalue()
    assert SCOPE in told.getvalue()
