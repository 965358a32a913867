"""What is held before a call is kept, and what is forgotten."""

import gc
import weakref

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio.preroll import Preroll
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel


def chunk(channel: Channel, start: int, length: int) -> AudioChunk:
    return AudioChunk(channel, start, CALL_RATE, np.full(length, start % 97 / 97, np.float32))


def spans(items: list[AudioChunk | AudioGap], channel: Channel) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in items if item.channel is channel]


def push_watched(preroll: Preroll, at: int) -> weakref.ref:
    """Push a chunk of 0.1 s; what is returned tells whether its sound is in memory still."""
    item = chunk(Channel.CALLER, at, 1600)
    preroll.push(item)
    return weakref.ref(item.samples)


def test_the_last_seconds_of_both_sides_come_out_in_order_and_once():
    preroll = Preroll(2.0)
    for second in range(5):
        for channel in Channel:
            preroll.push(chunk(channel, second * CALL_RATE, CALL_RATE))
    items = preroll.drain()
    assert [(item.channel, item.start // CALL_RATE) for item in items] == [
        (Channel.CALLER, 3),
        (Channel.AGENT, 3),
        (Channel.CALLER, 4),
        (Channel.AGENT, 4),
    ]
    assert preroll.drain() == []


def test_sound_comes_out_as_it_was_given():
    preroll = Preroll()
    given_in = [chunk(Channel.CALLER, at, 800) for at in range(0, 8000, 800)]
    for item in given_in:
        preroll.push(item)
    out = preroll.drain()
    assert all(one is other for one, other in zip(out, given_in, strict=True))


def test_a_gap_stays_a_gap_and_is_no_longer_than_what_is_held():
    preroll = Preroll(1.0)
    preroll.push(chunk(Channel.CALLER, 0, CALL_RATE))
    preroll.push(AudioGap(Channel.CALLER, CALL_RATE, 100 * CALL_RATE, CALL_RATE, "unplugged"))
    preroll.push(chunk(Channel.CALLER, 100 * CALL_RATE, 4000))
    gap, sound = preroll.drain()
    assert gap == AudioGap(
        Channel.CALLER, 99 * CALL_RATE + 4000, 100 * CALL_RATE, CALL_RATE, "unplugged"
    )
    assert (sound.start, sound.end) == (100 * CALL_RATE, 100 * CALL_RATE + 4000)


def test_a_side_that_ended_is_forgotten_as_time_goes_on():
    preroll = Preroll(1.0)
    preroll.push(chunk(Channel.AGENT, 0, 1600))
    for at in range(0, 3 * CALL_RATE, 1600):
        preroll.push(chunk(Channel.CALLER, at, 1600))
    assert not spans(preroll.drain(), Channel.AGENT)


def test_nothing_is_left_after_clear_and_a_new_time_line_may_begin():
    preroll = Preroll(1.0)
    preroll.push(chunk(Channel.CALLER, 50 * CALL_RATE, CALL_RATE))
    preroll.clear()
    assert preroll.drain() == []
    preroll.push(chunk(Channel.CALLER, 0, 1600))
    assert spans(preroll.drain(), Channel.CALLER) == [(0, 1600)]


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Channel)), st.booleans(), st.integers(0, 2000)), max_size=60
    ),
    st.integers(0, 3000),
)
def test_it_holds_neither_less_nor_much_more_than_asked_for(parts, held):
    preroll = Preroll(held / CALL_RATE)
    ends, everything = dict.fromkeys(Channel, 0), []
    for channel, is_gap, length in parts:
        start, ends[channel] = ends[channel], ends[channel] + length
        item = (
            AudioGap(channel, start, start + length, CALL_RATE, "lost")
            if is_gap
            else chunk(channel, start, length)
        )
        everything.append(item)
        preroll.push(item)
    begin = max(ends.values()) - held
    drained = preroll.drain()
    assert [(item.channel, item.end) for item in drained] == [
        (item.channel, item.end) for item in everything if item.end > begin
    ]
    for item in drained:
        assert isinstance(item, AudioChunk) or item.start >= begin


def test_what_is_forgotten_is_in_memory_no_more():
    preroll = Preroll(1.0)
    alive = [push_watched(preroll, at) for at in range(0, 5 * CALL_RATE, 1600)]
    gc.collect()
    assert [samples() is not None for samples in alive] == [False] * 40 + [True] * 10
    preroll.clear()
    gc.collect()
    assert not any(samples() is not None for samples in alive)
