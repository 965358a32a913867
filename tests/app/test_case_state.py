"""A call's state as a fold over its events."""

from app.case_state import CaseState
from audio.types import Channel
from detection.events import CallEnded, NotJudged, UtteranceHeard, VoiceScored
from detection.types import PartialText, Utterance, VoicePoint


def scored(*points: VoicePoint) -> VoiceScored:
    return VoiceScored(points, max(point.end for point in points))


def test_a_window_that_grew_takes_the_place_of_what_it_was():
    first = VoicePoint(1000, 17_000, 0.5, "small")
    grown = VoicePoint(1000, 57_000, 1.5, "small")
    second = VoicePoint(17_000, 73_000, 2.5, "small")
    strong = VoicePoint(1000, 65_600, -1.0, "strong")
    state = CaseState.of("c", [scored(first), scored(grown, second), scored(strong)])
    assert list(state.voice_trace.values()) == [grown, second, strong]
    assert state.heard == 73_000


def test_open_speech_is_told_from_what_it_became():
    caller, agent = Channel.CALLER, Channel.AGENT
    first = PartialText(caller, 0, 900, "my name", "is")
    silent = PartialText(agent, 100, 900, "", "")
    other = PartialText(agent, 50, 900, "", "hello")
    state = CaseState("c")
    assert state.still_open([first, silent]) == [first]
    assert state.still_open([other, first]) == [first, other]
    state.apply(UtteranceHeard(Utterance(caller, 0, 1000, "my name is Ann", 0.9), 1000))
    assert state.still_open([first, other]) == [other]
    state.apply(NotJudged("voice", agent, 50, 1000, "too short", 1000))
    assert state.still_open([other]) == [other], "its words may still come"
    state.apply(NotJudged("transcript", agent, 50, 1000, "no words", 1000))
    later = PartialText(agent, 1000, 1900, "and", "then")
    assert state.still_open([other, later]) == [later]
    state.apply(CallEnded("stopped", 2000))
    assert state.still_open([later]) == []
