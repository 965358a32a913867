import pytest

from app.call.gaps import OpenGap
from audio.ring import OVERRUN
from audio.types import CALL_RATE, AudioGap, Channel, Trouble, TroubleKind

LOST = "Headset was lost"
NEXT = "Headset was lost, Webcam is heard in its place"


def piece(start: int, end: int, reason: str = LOST) -> AudioGap:
    return AudioGap(Channel.AGENT, start, end, CALL_RATE, reason)


def away(told: int, end: int | None = None) -> Trouble:
    return Trouble(TroubleKind.LOST, Channel.AGENT, 100, told, end)


@pytest.fixture
def gap() -> OpenGap:
    return OpenGap(Channel.AGENT)


def test_what_was_lost_at_once_is_a_gap_and_no_device_that_is_away(gap: OpenGap):
    assert gap.push(piece(0, 5 * CALL_RATE)) == ([], [])
    assert gap.close(6 * CALL_RATE) == ([piece(0, 5 * CALL_RATE)], [])
    assert gap.close(7 * CALL_RATE) == ([], [])


def test_a_device_that_is_away_is_told_before_it_is_back_and_once(gap: OpenGap):
    assert gap.push(piece(100, 200)) == ([], [])
    assert gap.push(piece(200, 300)) == ([], [away(300)])
    assert gap.push(piece(300, 400)) == ([], [])
    assert gap.close(400) == ([piece(100, 400)], [away(400, end=400)])


def test_a_gap_for_another_reason_is_another_gap_of_the_same_trouble(gap: OpenGap):
    gap.push(piece(100, 200))
    gap.push(piece(200, 300))
    assert gap.push(piece(300, 400, NEXT)) == ([piece(100, 300)], [])
    assert gap.close(400) == ([piece(300, 400, NEXT)], [away(400, end=400)])


def test_a_gap_after_sound_that_nobody_told_of_is_another_gap(gap: OpenGap):
    gap.push(piece(0, 100))
    assert gap.push(piece(150, 200)) == ([piece(0, 100)], [])


def test_a_device_that_is_away_when_the_call_ends_is_not_said_to_be_back(gap: OpenGap):
    gap.push(piece(100, 200))
    gap.push(piece(200, 300))
    assert gap.end() == [piece(100, 300)]
    assert gap.end() == []


def test_a_busy_machine_is_no_device_that_is_away(gap: OpenGap):
    assert gap.push(piece(100, 200, OVERRUN)) == ([], [])
    assert gap.push(piece(200, 300, OVERRUN)) == ([], [])
    assert gap.close(300) == ([piece(100, 300, OVERRUN)], [])
