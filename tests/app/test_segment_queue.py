import threading

import numpy as np
import pytest

from app.call.segment_queue import (
    BEHIND,
    STOPPED,
    ChallengeWanted,
    ClockTick,
    Displaced,
    EndOfCall,
    SegmentQueue,
)
from audio.types import CALL_RATE, Channel
from detection.steps import ChallengeKind
from detection.transcribe.live import OpenSpeech
from detection.types import Segment


def segment(start_s: float, seconds: float = 10.0) -> Segment:
    start, end = round(start_s * CALL_RATE), round((start_s + seconds) * CALL_RATE)
    return Segment(Channel.CALLER, start, end, np.zeros(end - start, np.float32))


def drain(queue: SegmentQueue) -> list:
    queue.put(EndOfCall(0), wait=False)
    items = []
    while not isinstance(item := queue.get(), EndOfCall):
        items.append(item)
    return items


def test_live_queue_displaces_its_oldest_speech_and_keeps_the_order():
    queue = SegmentQueue(capacity_s=30)
    segments = [segment(10 * i) for i in range(5)]
    for each in segments:
        queue.put(each, wait=False)
    queue.put(ClockTick(7), wait=False)
    assert drain(queue) == [
        Displaced(segments[0], BEHIND),
        Displaced(segments[1], BEHIND),
        *segments[2:],
        ClockTick(7),
    ]


def test_what_comes_after_the_end_of_the_sound_is_worked_off_before_it():
    queue = SegmentQueue()
    for item in (ClockTick(7), EndOfCall(9), ChallengeWanted(ChallengeKind.SENTENCE)):
        queue.put(item, wait=False)
    worked_off = [queue.get() for _ in range(3)]
    assert worked_off == [ClockTick(7), ChallengeWanted(ChallengeKind.SENTENCE), EndOfCall(9)]


def test_giving_up_keeps_everything_in_its_order_unjudged():
    queue = SegmentQueue(capacity_s=30)
    first, second = segment(0), segment(10)
    queue.put(first, wait=True)
    queue.put(ClockTick(7), wait=True)
    queue.give_up()
    queue.put(second, wait=True)
    assert drain(queue) == [Displaced(first, STOPPED), ClockTick(7), Displaced(second, STOPPED)]


def test_a_segment_longer_than_the_queue_still_passes():
    queue = SegmentQueue(capacity_s=5)
    long = segment(0, 60)
    queue.put(long, wait=True)
    assert drain(queue) == [long]


def test_waiting_put_goes_on_when_room_is_made():
    queue = SegmentQueue(capacity_s=10)
    first, second = segment(0), segment(10)
    queue.put(first, wait=True)
    waiting = threading.Thread(target=queue.put, args=(second,), kwargs={"wait": True})
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive(), "there was no room, yet the put went through"
    assert queue.get() is first
    waiting.join(2)
    assert not waiting.is_alive()
    assert queue.get() is second


@pytest.mark.parametrize("what", ["put", "get"])
def test_close_lets_a_waiting_thread_go(what: str):
    queue = SegmentQueue(capacity_s=10)
    if what == "put":
        queue.put(segment(0), wait=True)
        waiting = threading.Thread(target=queue.put, args=(segment(10),), kwargs={"wait": True})
    else:
        waiting = threading.Thread(target=queue.get)
    waiting.start()
    queue.close()
    waiting.join(2)
    assert not waiting.is_alive()
    assert queue.get() is None


def test_open_speech_is_given_out_only_when_nothing_else_waits():
    queue = SegmentQueue()
    queue.put_open(OpenSpeech(segment(20, 2)))
    queue.put(ClockTick(7), wait=False)
    assert queue.get() == ClockTick(7)
    got = queue.get()
    assert isinstance(got, OpenSpeech)
    assert got.segment.start == 20 * CALL_RATE
    assert not queue.passes_over


def test_later_open_speech_takes_the_place_of_an_earlier_one_and_that_is_told():
    queue = SegmentQueue()
    latest = segment(0, 3)
    for open_speech in (segment(0, 1), segment(0, 2)):
        queue.put_open(OpenSpeech(open_speech))
    assert not queue.passes_over, "one stretch that was given up is no news"
    queue.put_open(OpenSpeech(latest))
    assert queue.passes_over
    assert queue.get() == OpenSpeech(latest)
    assert not queue.passes_over
    assert drain(queue) == []


def test_the_segment_that_open_speech_became_takes_its_place():
    queue = SegmentQueue()
    other = Segment(Channel.AGENT, 0, 16000, np.zeros(16000, np.float32))
    for seconds in (1, 2, 3):
        queue.put_open(OpenSpeech(segment(0, seconds)))
    queue.put_open(OpenSpeech(other))
    assert queue.passes_over
    ended = segment(0, 3.5)
    queue.put(ended, wait=False)
    assert not queue.passes_over
    assert queue.get() == ended
    assert queue.get() == OpenSpeech(other)


def test_of_two_sides_the_one_that_waits_longer_is_read_first():
    queue = SegmentQueue()
    caller = segment(0, 2)
    agent = Segment(Channel.AGENT, 0, 16000, np.zeros(16000, np.float32))
    queue.put_open(OpenSpeech(caller))
    queue.put_open(OpenSpeech(agent))
    assert [queue.get(), queue.get()] == [OpenSpeech(agent), OpenSpeech(caller)]


def test_open_speech_takes_no_room_and_is_never_waited_for():
    queue = SegmentQueue(capacity_s=10)
    full = segment(0, 10)
    queue.put(full, wait=True)
    queue.put_open(OpenSpeech(segment(10, 12)))
    queue.put_open(OpenSpeech(segment(10, 14)))
    assert drain(queue) == [full]


def test_nothing_is_read_after_the_end_or_giving_up():
    queue = SegmentQueue()
    queue.put_open(OpenSpeech(segment(0, 1)))
    queue.put(EndOfCall(1), wait=False)
    assert queue.get() == EndOfCall(1)
    queue.put_open(OpenSpeech(segment(0, 2)))
    queue.give_up()
    queue.put_open(OpenSpeech(segment(0, 3)))
    assert drain(queue) == []
