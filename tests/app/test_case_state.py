"""A call's state as a fold over its events."""

from app.case_state import CaseState
from detection.events import VoiceScored
from detection.types import VoicePoint


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
