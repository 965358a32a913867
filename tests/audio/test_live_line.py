"""Blocks of devices placed on the call's time line, by a clock that the test sets."""

import numpy as np
import pytest

from audio.live.line import LiveLine, Origin
from audio.resample import ChannelResampler
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel

RATE = 8000
BLOCK = 160
BLOCK_S = BLOCK / RATE


class Desk:
    """A line, the ring behind it and the time."""

    def __init__(self, *, pauses: bool = False, origin: Origin | None = None) -> None:
        self.ring = AudioRing(capacity_s=3600)
        self.line = LiveLine(Channel.CALLER, self.ring, origin or Origin())
        self.line.attach(RATE, pauses=pauses)
        self.now = 100.0

    def deliver(self, blocks: int = 1, value: float = 0.5, lost: bool = False) -> None:
        for _ in range(blocks):
            self.now += BLOCK_S
            self.line.hear(np.full(BLOCK, value, np.float32), self.now, lost)

    def pushed(self) -> list[AudioChunk | AudioGap]:
        items = []
        while (item := self.ring.pop(0)) is not None:
            items.append(item)
        return items


def gaps(items: list[AudioChunk | AudioGap]) -> list[AudioGap]:
    return [item for item in items if isinstance(item, AudioGap)]


def sound(items: list[AudioChunk | AudioGap]) -> np.ndarray:
    return np.concatenate([item.samples for item in items if isinstance(item, AudioChunk)])


def tiles(items: list[AudioChunk | AudioGap]) -> bool:
    """Whether each item begins where the last one ended, to a sample."""
    ends = [item.end * RATE / item.rate for item in items[:-1]]
    starts = [item.start * RATE / item.rate for item in items[1:]]
    return all(abs(end - start) <= 1 for end, start in zip(ends, starts, strict=True))


def test_blocks_follow_each_other_from_the_first_sample():
    desk = Desk()
    desk.deliver(5)
    items = desk.pushed()
    assert [(item.start, item.end) for item in items] == [(n * BLOCK, (n + 1) * BLOCK) for n in range(5)]


def test_a_device_that_starts_much_later_begins_with_a_gap():
    origin = Origin()
    first, second = Desk(origin=origin), Desk(origin=origin)
    first.deliver()
    second.now += 0.75
    second.deliver()
    gap, chunk = second.pushed()
    assert isinstance(gap, AudioGap)
    assert (gap.start, gap.end, chunk.start) == (0, 6000, 6000)
    assert gap.reason == "the device had not started yet"


def test_devices_that_open_one_after_the_other_have_lost_nothing():
    origin = Origin()
    first, second = Desk(origin=origin), Desk(origin=origin)
    first.deliver()
    second.now += 0.25
    second.deliver()
    items = second.pushed()
    assert not gaps(items)
    assert tiles(items)
    assert np.flatnonzero(sound(items))[0] == 2000


def test_an_overflow_is_a_gap_as_long_as_the_clock_says():
    desk = Desk()
    desk.deliver()
    desk.now += 0.5
    desk.deliver(lost=True)
    _, gap, after = desk.pushed()
    assert isinstance(gap, AudioGap)
    assert (gap.start, gap.end, after.start) == (BLOCK, BLOCK + 4000, BLOCK + 4000)
    assert desk.line.overflows == 1


def test_an_overflow_of_unknown_length_is_still_recorded():
    desk = Desk()
    desk.deliver()
    desk.deliver(lost=True)
    resampler = ChannelResampler(Channel.CALLER)
    (gap,) = gaps([sound for item in desk.pushed() for sound in resampler.push(item)])
    assert 0 < gap.end - gap.start <= 0.002 * gap.rate


def test_blocks_that_a_busy_machine_delivers_late_are_not_moved():
    desk = Desk()
    desk.deliver(50)
    late_from = desk.now
    for block in range(1, 31):
        desk.line.hear(np.zeros(BLOCK, np.float32), late_from + 0.6, False)
        desk.now = late_from + block * BLOCK_S
    desk.deliver(200)
    items = desk.pushed()
    assert not gaps(items)
    assert tiles(items)
    assert items[-1].end == pytest.approx((50 + 30 + 200) * BLOCK, abs=RATE * 0.05)


def test_sound_that_went_missing_without_a_word_is_a_gap_after_three_seconds():
    desk = Desk()
    desk.deliver(100)
    desk.now += 3600.0
    desk.deliver(200)
    items = desk.pushed()
    (gap,) = gaps(items)
    assert gap.reason == "the device or the machine stood still"
    assert (gap.end - gap.start) / RATE == pytest.approx(3600, abs=0.05)
    assert items[-1].end / RATE == pytest.approx(3606, abs=0.05)
    assert len(sound(items)) == 300 * BLOCK
    assert tiles(items)


def test_while_a_device_is_gone_time_goes_on_as_a_gap_in_pieces():
    desk = Desk()
    desk.deliver(10)
    desk.line.detach("Headset was lost")
    gone_at = desk.now
    for _ in range(30):
        desk.now += 0.1
        desk.line.catch_up(desk.now)
    desk.line.attach(16000, pauses=False)
    desk.now += 0.05
    desk.line.hear(np.full(320, 0.25, np.float32), desk.now, False)
    items = desk.pushed()
    pieces = gaps(items)
    assert len(pieces) >= 5
    assert {gap.reason for gap in pieces} == {"Headset was lost"}
    assert tiles(items)
    back = items[-1]
    assert (back.rate, back.start / back.rate) == (16000, pytest.approx(0.2 + desk.now - gone_at - 0.02))


def test_a_block_of_a_device_that_was_detached_is_not_heard():
    desk = Desk()
    desk.deliver()
    desk.line.detach("Headset was lost")
    desk.deliver()
    assert len(desk.pushed()) == 1


def test_a_pause_of_a_tap_that_pauses_is_silence():
    desk = Desk(pauses=True)
    desk.deliver(10)
    for _ in range(40):
        desk.now += 0.1
        desk.line.catch_up(desk.now)
    filled = desk.pushed()
    assert filled[-1].end / RATE == pytest.approx(4.0, abs=0.3)
    desk.deliver(10)
    items = filled + desk.pushed()
    assert not gaps(items)
    assert tiles(items)
    heard = sound(items)
    assert np.flatnonzero(heard == 0.5)[10 * BLOCK] / RATE == pytest.approx(4.2, abs=0.002)
    assert len(heard) / RATE == pytest.approx(4.4, abs=0.002)


def test_a_tap_that_pauses_is_silent_before_its_first_sound():
    origin = Origin()
    microphone, desk = Desk(origin=origin), Desk(pauses=True, origin=origin)
    for _ in range(30):
        microphone.deliver(5)
        desk.line.catch_up(microphone.now)
    desk.now = microphone.now
    desk.deliver(10)
    items = desk.pushed()
    assert not gaps(items)
    assert items[0].start == 0
    assert tiles(items)
    assert np.flatnonzero(sound(items))[0] / RATE == pytest.approx(3.0, abs=0.002)


def test_a_tap_that_pauses_is_silent_again_once_it_is_back():
    desk = Desk(pauses=True)
    desk.deliver(10)
    desk.line.detach("Speakers was lost")
    desk.now += 2.0
    desk.line.catch_up(desk.now)
    desk.line.attach(RATE, pauses=True)
    for _ in range(20):
        desk.now += 0.1
        desk.line.catch_up(desk.now)
    items = desk.pushed()
    assert sum(gap.end - gap.start for gap in gaps(items)) / 1000 == pytest.approx(2.0, abs=0.2)
    assert items[-1].end / RATE == pytest.approx(4.2, abs=0.5)
    assert isinstance(items[-1], AudioChunk)
    assert tiles(items)


@pytest.mark.parametrize("looks", [True, False])
def test_a_machine_that_slept_while_nothing_played_is_a_gap_and_no_silence(looks: bool):
    desk = Desk(pauses=True)
    desk.deliver(10)
    desk.now += 36_000.0
    if looks:
        desk.line.catch_up(desk.now)
    desk.deliver(10)
    items = desk.pushed()
    (gap,) = gaps(items)
    assert gap.reason == "the device or the machine stood still"
    assert (gap.end - gap.start) / gap.rate == pytest.approx(36_000, abs=0.5)
    assert len(sound(items)) / RATE < 1
    assert items[-1].end / RATE == pytest.approx(36_000.4, abs=0.01)


def test_a_short_pause_between_two_looks_is_filled_where_it_was():
    desk = Desk(pauses=True)
    desk.deliver(10)
    desk.now += 0.3
    desk.deliver(10)
    heard = sound(desk.pushed())
    assert np.flatnonzero(heard == 0)[[0, -1]].tolist() == [10 * BLOCK, 10 * BLOCK + 2400 - 1]


def test_nothing_passes_before_any_device_was_heard():
    desk = Desk()
    desk.line.catch_up(500.0)
    assert desk.pushed() == []
    desk.now = 600.0
    desk.deliver()
    (chunk,) = desk.pushed()
    assert chunk.start == 0


def test_an_empty_block_changes_nothing():
    desk = Desk()
    desk.line.hear(np.zeros(0, np.float32), 100.0, False)
    assert desk.pushed() == []
