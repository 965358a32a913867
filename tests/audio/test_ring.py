import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel

RATE = 1000


def chunk(channel: Channel, start: int, length: int) -> AudioChunk:
    return AudioChunk(channel, start, RATE, np.arange(start, start + length, dtype=np.float32))


def pop_all(ring: AudioRing) -> list[AudioChunk | AudioGap]:
    return list(iter(lambda: ring.pop(0), None))


steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["chunk", "gap"]), st.sampled_from(list(Channel)), st.integers(1, 700)
        ),
        st.tuples(st.just("pop"), st.none(), st.integers(1, 4)),
    ),
    max_size=60,
)


@given(steps=steps)
@settings(deadline=None)
def test_whatever_is_pushed_comes_out_or_is_told_as_a_gap(steps):
    ring = AudioRing(capacity_s=1.0)
    pushed = dict.fromkeys(Channel, 0)
    told_gaps = dict.fromkeys(Channel, 0)
    popped: list[AudioChunk | AudioGap] = []
    for step, channel, count in steps:
        if step == "pop":
            popped += [item for _ in range(count) if (item := ring.pop(0)) is not None]
            continue
        start, pushed[channel] = pushed[channel], pushed[channel] + count
        if step == "chunk":
            ring.push(chunk(channel, start, count))
        else:
            told_gaps[channel] += count
            ring.push(AudioGap(channel, start, start + count, RATE, "unplugged"))
    popped += pop_all(ring)
    for channel in Channel:
        at = 0
        for item in (item for item in popped if item.channel == channel):
            assert item.start == at
            if isinstance(item, AudioChunk):
                assert np.array_equal(item.samples, np.arange(item.start, item.end))
            at = item.end
        assert at == pushed[channel]
    missing = sum(item.end - item.start for item in popped if isinstance(item, AudioGap))
    assert missing == ring.dropped_samples + sum(told_gaps.values())


def test_overflow_becomes_one_gap_before_the_rest_and_leaves_the_other_channel_alone():
    ring = AudioRing(capacity_s=1.0)
    ring.push(chunk(Channel.AGENT, 0, 100))
    for start in range(0, 2500, 100):
        ring.push(chunk(Channel.CALLER, start, 100))
    agent, gap, *rest = pop_all(ring)
    assert (agent.channel, agent.end) == (Channel.AGENT, 100)
    assert isinstance(gap, AudioGap)
    assert (gap.channel, gap.start, gap.end) == (Channel.CALLER, 0, 1500)
    assert [item.start for item in rest] == list(range(1500, 2500, 100))
    assert ring.dropped_samples == 1500


def test_a_chunk_longer_than_the_ring_is_taken_alone():
    ring = AudioRing(capacity_s=1.0)
    ring.push(chunk(Channel.CALLER, 0, 500))
    ring.push(chunk(Channel.CALLER, 500, 5000))
    gap, whole = pop_all(ring)
    assert (gap.end, whole.start, whole.end) == (500, 500, 5500)


def test_push_waiting_waits_for_room_and_loses_nothing():
    ring = AudioRing(capacity_s=0.3)
    accepted = []

    def push() -> None:
        accepted.extend(
            ring.push_waiting(chunk(Channel.CALLER, start, 100)) for start in range(0, 5000, 100)
        )
        ring.close()

    thread = threading.Thread(target=push)
    thread.start()
    popped = []
    while not ring.ended:
        if (item := ring.pop(1.0)) is not None:
            popped.append(item)
    thread.join()
    assert all(accepted)
    assert [item.start for item in popped] == list(range(0, 5000, 100))
    assert ring.dropped_samples == 0


def test_close_frees_a_waiting_pusher_and_keeps_what_is_inside():
    ring = AudioRing(capacity_s=0.1)
    answers = []
    ring.push(chunk(Channel.CALLER, 0, 100))
    thread = threading.Thread(
        target=lambda: answers.append(ring.push_waiting(chunk(Channel.CALLER, 100, 100)))
    )
    thread.start()
    ring.close()
    thread.join(2)
    assert answers == [False]
    assert not ring.ended
    assert [item.end for item in pop_all(ring)] == [100]
    assert ring.ended


def test_the_first_close_decides_the_error_and_later_pushes_are_ignored():
    ring = AudioRing()
    first = ValueError("first")
    ring.close(first)
    ring.close(ValueError("second"))
    ring.push(chunk(Channel.CALLER, 0, 10))
    assert ring.error is first
    assert ring.ended
    assert ring.pop(0) is None


def test_pop_returns_at_once_where_the_ring_is_closed_while_it_waits():
    ring = AudioRing()
    threading.Timer(0.05, ring.close).start()
    assert ring.pop(timeout_s=30) is None


@pytest.mark.parametrize("pushes", [1, 3])
def test_gaps_take_no_room(pushes: int):
    ring = AudioRing(capacity_s=0.1)
    ring.push(chunk(Channel.CALLER, 0, 100))
    for number in range(pushes):
        ring.push(AudioGap(Channel.CALLER, 100 + number, 101 + number, RATE, "unplugged"))
    assert len(pop_all(ring)) == 1 + pushes
