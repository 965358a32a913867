"""A call that goes on while its devices come and go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest

from audio.errors import AudioError
from audio.live import source as live_source
from audio.live.source import LiveSource, Side
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel, DeviceInfo
from tests.audio.fake_devices import FakeDevices, FakeTap, device
from tests.audio.hearing import until

HEADSET, WEBCAM, SPEAKERS = device("Headset"), device("Webcam", is_default=True), device("Speakers")


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

        def is_so() -> bool:
            while item := self.ring.pop(0):
                self.items.append(item)
            return seen(self.items[since:])

        until(is_so)

    def of(self, channel: Channel) -> list[AudioChunk | AudioGap]:
        return [item for item in self.items if item.channel is channel]


@pytest.fixture
def inputs() -> FakeDevices:
    return FakeDevices(HEADSET, WEBCAM)


@pytest.fixture
def outputs() -> FakeDevices:
    return FakeDevices(SPEAKERS)


@contextmanager
def begun(call: Call) -> Iterator[Call]:
    call.start()
    try:
        yield call
    finally:
        call.source.stop()


@pytest.fixture
def call(inputs: FakeDevices, outputs: FakeDevices) -> Iterator[Call]:
    with begun(Call(inputs, outputs)) as call:
        yield call


@pytest.fixture
def soon_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_source, "_DEAD_S", 2.0)


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
    def webcam_heard(items: list[AudioChunk | AudioGap]) -> bool:
        chunks = [item for item in items if isinstance(item, AudioChunk)]
        return any(item.channel is Channel.AGENT and np.all(item.samples == 0.25) for item in chunks)

    inputs.levels["Webcam"] = 0.25
    with begun(Call(inputs, outputs, follows_default=True)) as call:
        call.until(sound_of(Channel.AGENT))
        inputs.there.remove(HEADSET)
        call.until(webcam_heard)
    assert tiles(call.of(Channel.AGENT))
    (*_, last) = (item.reason for item in call.of(Channel.AGENT) if isinstance(item, AudioGap))
    assert last == "Headset was lost, Webcam is heard in its place"


def test_the_device_that_was_lost_is_heard_again_though_another_took_its_place(
    inputs: FakeDevices, outputs: FakeDevices
):
    with begun(Call(inputs, outputs, follows_default=True)) as call:
        call.until(sound_of(Channel.AGENT))
        inputs.there.remove(HEADSET)
        call.until(lambda _: len(inputs.open_taps) == 2)
        inputs.there.append(HEADSET)
        call.until(lambda _: inputs.open_taps[-1].info == HEADSET)
        call.until(sound_of(Channel.AGENT))
    assert {tap.info for tap in inputs.open_taps[2:]} == {HEADSET}
    assert not any(tap.is_open for tap in inputs.open_taps)
    reasons = [item.reason for item in call.of(Channel.AGENT) if isinstance(item, AudioGap)]
    assert reasons[-1] == "Webcam was left, Headset is heard in its place"
    assert tiles(call.of(Channel.AGENT))


@pytest.mark.usefixtures("soon_given_up")
def test_a_device_that_cannot_be_opened_again_leaves_its_place_to_the_other(
    inputs: FakeDevices, outputs: FakeDevices
):
    with begun(Call(inputs, outputs, follows_default=True)) as call:
        call.until(sound_of(Channel.AGENT))
        inputs.refused.add("Headset")
        inputs.open_taps[0].is_mute = True
        call.until(lambda _: len(inputs.open_taps) == 2)
        call.until(sound_of(Channel.AGENT))
        since = len(call.items)
        call.until(sound_of(Channel.CALLER, 100))
    assert [tap.info.name for tap in inputs.open_taps] == ["Headset", "Webcam"]
    assert not [item for item in call.items[since:] if isinstance(item, AudioGap)]


def test_a_tap_that_pauses_is_no_lost_device_before_anything_plays(
    inputs: FakeDevices, outputs: FakeDevices, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(FakeTap, "pauses", True)
    outputs.silent.add("Speakers")
    with begun(Call(inputs, outputs)) as call:
        call.until(sound_of(Channel.CALLER, 5))
    assert not [item for item in call.of(Channel.CALLER) if isinstance(item, AudioGap)]


def test_whoever_interrupts_the_opening_leaves_no_device_open(inputs: FakeDevices, outputs: FakeDevices):
    def interrupted(device: DeviceInfo) -> FakeTap:
        raise KeyboardInterrupt

    inputs.tap = interrupted
    call = Call(inputs, outputs)
    with pytest.raises(KeyboardInterrupt):
        call.start()
    assert [tap.is_open for tap in outputs.open_taps] == [False]


@pytest.mark.usefixtures("soon_given_up")
def test_a_tap_that_delivers_nothing_is_opened_anew(call: Call, inputs: FakeDevices):
    call.until(sound_of(Channel.AGENT))
    inputs.open_taps[0].is_mute = True
    call.until(gap_of(Channel.AGENT))
    call.until(sound_of(Channel.AGENT))
    assert [tap.is_open for tap in inputs.open_taps] == [False, True]


@pytest.mark.usefixtures("soon_given_up")
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
    while call.ring.pop(timeout_s=0):
        pass
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
