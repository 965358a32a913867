import pytest

from audio.types import CALL_RATE, Channel
from detection.disclosure.turn_taking import TurnTaking

CALLER, AGENT = Channel.CALLER, Channel.AGENT


def hear(taking, *spans):
    for channel, start_s, end_s in spans:
        taking.hear(channel, round(start_s * CALL_RATE), round(end_s * CALL_RATE))


def turns(delays, own_s=3.0, other_s=2.0):
    """Alternating turns in which the caller answers after each of `delays`."""
    spans, now = [], 0.0
    for delay in delays:
        spans.append((AGENT, now, now + other_s))
        start = now + other_s + delay
        spans.append((CALLER, start, start + own_s))
        now = start + own_s + 0.5
    return spans


def test_the_spread_of_delays_is_measured_and_not_their_length():
    narrow, late, wide = (TurnTaking(CALLER, 6) for _ in range(3))
    delays = [0.1, 0.5, 1.0, 1.4, 0.3, 0.8]
    hear(narrow, *turns([1.0, 1.1, 1.05, 0.95, 1.0, 1.1]))
    hear(wide, *turns(delays))
    hear(late, *turns([delay + 0.6 for delay in delays]))
    spreads = [taking.measures().gap_spread_s or 0.0 for taking in (narrow, wide, late)]
    assert spreads[0] == pytest.approx(0.125, abs=0.05)
    assert spreads[1] == pytest.approx(spreads[2], abs=1e-3)
    assert spreads[1] > 5 * spreads[0]


def test_nothing_is_measured_of_a_few_turns():
    taking = TurnTaking(CALLER, 6)
    hear(taking, *turns([0.5] * 5))
    measures = taking.measures()
    assert measures.turns == 5
    assert measures.gap_spread_s is None
    assert measures.open_delay_s is None


def test_a_turn_begun_in_the_others_speech_is_an_overlap_in_whatever_order_it_is_told():
    taking = TurnTaking(CALLER, 2)
    hear(taking, (CALLER, 1.5, 3.5), (AGENT, 0, 4))
    measures = taking.measures()
    assert (measures.turns, measures.overlaps, measures.listening_sounds) == (1, 1, 0)


def test_a_short_sound_within_the_others_speech_is_one_of_listening():
    taking = TurnTaking(CALLER, 2)
    hear(taking, (CALLER, 3, 3.4), (AGENT, 0, 10), (CALLER, 10.5, 12))
    measures = taking.measures()
    assert (measures.listening_sounds, measures.turns, measures.overlaps) == (1, 1, 0)
    assert measures.heard_s == pytest.approx(10)


@pytest.mark.parametrize(("ends_s", "kept_on"), [(5.5, 0), (9.0, 1)])
def test_an_interruption_is_yielded_to_or_spoken_through(ends_s, kept_on):
    taking = TurnTaking(CALLER, 2)
    hear(taking, (AGENT, 5, 6.5), (CALLER, 0, ends_s))
    measures = taking.measures()
    assert (measures.interrupted, measures.kept_on) == (1, kept_on)


def test_questions_that_need_thought_are_told_from_others():
    taking = TurnTaking(CALLER, 4)
    now = 0.0
    for number in range(8):
        is_open = number % 2 == 0
        hear(taking, (AGENT, now, now + 2))
        taking.mark_question(round(now * CALL_RATE), is_open=is_open)
        delay = 1.2 if is_open else 0.4
        hear(taking, (CALLER, now + 2 + delay, now + 4 + delay))
        now += 6
    assert taking.measures().open_delay_s == pytest.approx(0.8)


def test_a_long_silence_is_no_delay():
    taking = TurnTaking(CALLER, 2)
    hear(taking, *turns([30, 40, 50]))
    measures = taking.measures()
    assert measures.turns == 3
    assert measures.gap_spread_s is None


def test_memory_is_bounded_in_a_day_of_talk():
    taking = TurnTaking(CALLER, 6)
    for number in range(5_000):
        hear(taking, (AGENT, number * 4, number * 4 + 1), (CALLER, number * 4 + 2, number * 4 + 3))
    assert taking.measures().turns <= 400
