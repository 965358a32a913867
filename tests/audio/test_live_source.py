"""A call that goes on while its devices come and go."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from audio.errors import AudioError
from audio.live.source import LiveSource, Side
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel
from tests.audio.fake_devices import FakeDevices, device

HEADSET, WEBCAM, SPEAKERS = device("Headset"), device("Webcam", is_default=True), device("Speakers")
PATIENCE_S = 20.0


class Call:
    """A started source, and all that it has pushed."""

    def __init__(
        self, inputs: FakeDevices, outputs: FakeDevices, *, follows_default: bool = False
    ) -> None:
        self.items: list[AudioChunk | AudioGap] = []
        self.ring = AudioRing()
        self.source = LiveSource(
            {
                Channel.CALLER: Side(outputs, SPEAKERS),
                Channel.AGENT: Side(inputs, HEADSET, follows_default),
            }
        )

    def start(self) -> None:
        self.source.start(self.ring)

    def until(self, seen: Callable[[list[AudioChunk | AudioGap]], bool]) -> None:
        """Take in what is pushed until `seen` of what came since is true."""
        since = len(self.items)
        deadline = time.monotonic() + PATIENCE_S
        while not seen(self.items[since:]):
            assert time.monotonic() < deadline
            if item := self.ring.pop(0.1):
                self.items.append(item)

    def of(self, channel: Channel) -> list[AudioChunk | AudioGap]:
        return [item for item in self.items if item.channel is channel]


@pytest.fixture
def inputs() -> FakeDevices:
    return FakeDevices(HEADSET, WEBCAM)


@pytest.fixture
def outputs() -> FakeDevices:
    return FakeDevices(SPEAKERS)


@pytest.fixture
def call(inputs: FakeDevices, outputs: FakeDevices) -> Iterator[Call]:
    call = Call(inputs, outputs)
    call.start()
    yield call
    call.source.stop()


def sound_of(channel: Channel, count: int = 10):
    def seen(items: list[AudioChunk | AudioGap]) -> bool:
        return sum(isinstance(item, AudioChunk) and item.channel is channel for item in items) >= count

    return seen


def gap_of(channel: Channel):
    def seen(items: list[AudioChunk | AudioGap]) -> bool:
        return any(isinstance(item, AudioGap) and item.channel is channel for item in items)

    return seen


def tiles(items: list[AudioChunk | AudioGap]) -> bool:
    return all(
        abs(one.end / one.rate - after.start / after.rate) < 0.002 for one, after in pairwise(items)
    )


def test_both_devices_are_heard_on_one_time_line(call: Call):
    call.until(sound_of(Channel.CALLER))
    call.until(sound_of(Channel.AGENT))
    for channel in Channel:
        items = call.of(channel)
        assert items[0].start == 0
        assert tiles(items)
    assert call.source.name == "Speakers (caller), Headset (agent)"


def test_a_device_that_is_unplugged_is_a_gap_and_is_heard_again_when_it_is_back(
    call: Call, inputs: FakeDevices
):
    call.until(sound_of(Channel.AGENT))
    inputs.there.remove(HEADSET)
    call.until(gap_of(Channel.AGENT))
    call.until(sound_of(Channel.CALLER))
    inputs.there.append(HEADSET)
    call.until(sound_of(Channel.AGENT))
    items = call.of(Channel.AGENT)
    assert {item.reason for item in items[1:] if isinstance(item, AudioGap)} == {"Headset was lost"}
    assert tiles(items)
    assert tiles(call.of(Channel.CALLER))
    assert not [item for item in call.of(Channel.CALLER)[1:] if isinstance(item, AudioGap)]
    assert call.ring.error is None


def test_a_device_that_was_chosen_is_waited_for_and_no_other_taken(call: Call, inputs: FakeDevices):
    call.until(sound_of(Channel.AGENT))
    inputs.there.remove(HEADSET)
    call.until(gap_of(Channel.AGENT))
    call.until(sound_of(Channel.CALLER, 50))
    assert {tap.info for tap in inputs.open_taps} == {HEADSET}


def test_where_the_default_is_followed_the_next_default_takes_over(
    inputs: FakeDevices, outputs: FakeDevices
):
    inputs.levels["Webcam"] = 0.25
    call = Call(inputs, outputs, follows_default=True)
    call.start()
    call.until(sound_of(Channel.AGENT))
    inputs.there.remove(HEADSET)

    def webcam_heard(items: list[AudioChunk | AudioGap]) -> bool:
        chunks = [item for item in items if isinstance(item, AudioChunk)]
        return any(item.channel is Channel.AGENT and np.all(item.samples == 0.25) for item in chunks)

    call.until(webcam_heard)
    call.source.stop()
    assert tiles(call.of(Channel.AGENT))


def test_a_tap_that_delivers_nothing_is_opened_anew(call: Call, inputs: FakeDevices):
    call.until(sound_of(Channel.AGENT))
    inputs.open_taps[0].is_mute = True
    call.until(gap_of(Channel.AGENT))
    call.until(sound_of(Channel.AGENT))
    assert [tap.is_open for tap in inputs.open_taps] == [False, True]


def test_a_device_that_cannot_be_opened_again_at_once_is_tried_again(call: Call, inputs: FakeDevices):
    call.until(sound_of(Channel.AGENT))
    inputs.refused.add("Headset")
    inputs.open_taps[0].is_mute = True
    call.until(gap_of(Channel.AGENT))
    call.until(sound_of(Channel.CALLER, 30))
    inputs.refused.clear()
    call.until(sound_of(Channel.AGENT))


def test_a_call_does_not_begin_where_a_device_cannot_be_opened(
    inputs: FakeDevices, outputs: FakeDevices
):
    inputs.refused.add("Headset")
    call = Call(inputs, outputs)
    with pytest.raises(AudioError, match="Headset could not be opened"):
        call.start()
    assert not any(tap.is_open for tap in outputs.open_taps)
    assert call.ring.ended


def test_stop_closes_every_device_and_may_be_repeated(call: Call, inputs: FakeDevices):
    call.until(sound_of(Channel.AGENT))
    call.source.stop()
    call.source.stop()
    assert not any(tap.is_open for tap in inputs.open_taps)
    while call.ring.pop(0):
        pass
    assert call.ring.ended
    assert call.ring.error is None
