import pytest

from app.call.gaps import OpenGap
from audio.types import CALL_RATE, AudioGap, Channel, Trouble, TroubleKind

LOST = "Headset was lost"


def piece(start: int, end: int, reason: str = LOST) -> AudioGap:
    return AudioGap(Channel.AGENT, start, end, CALL_RATE, reason)


@pytest.fixture
def gap() -> OpenGap:
    return OpenGap(Channel.AGENT)


def test_pieces_become_one_gap_when_sound_is_back(gap: OpenGap):
    assert gap.push(piece(100, 200)) == ([], [])
    assert gap.push(piece(200, 300)) == ([], [])
    assert gap.close(300) == ([piece(100, 300)], [])
    assert gap.close(400) == ([], [])


def test_a_device_that_is_away_is_told_before_it_is_back_and_once(gap: OpenGap):
    told = []
    for start in range(0, 2 * CALL_RATE, CALL_RATE // 5):
        told += gap.push(piece(start, start + CALL_RATE // 5))[1]
    assert told == [Trouble(TroubleKind.LOST, Channel.AGENT, 0, round(0.6 * CALL_RATE))]
    gaps, over = gap.close(2 * CALL_RATE)
    assert gaps == [piece(0, 2 * CALL_RATE)]
    assert over == [Trouble(TroubleKind.LOST, Channel.AGENT, 0, 2 * CALL_RATE, 2 * CALL_RATE)]


def test_a_gap_for_another_reason_is_another_gap(gap: OpenGap):
    gap.push(piece(0, 100))
    ended, _ = gap.push(piece(100, 200, "the device had not started yet"))
    assert ended == [piece(0, 100)]
    assert gap.close(200)[0] == [piece(100, 200, "the device had not started yet")]


def test_a_gap_after_sound_that_nobody_told_of_is_another_gap(gap: OpenGap):
    gap.push(piece(0, 100))
    assert gap.push(piece(150, 200))[0] == [piece(0, 100)]
