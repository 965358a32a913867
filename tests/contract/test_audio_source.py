"""What every `AudioSource` promises, asked of each one that can run without a device."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from audio.file_source import FileSource
from audio.live.source import LiveSource, Side
from audio.relay_source import RelaySource
from audio.ring import AudioRing
from audio.source import AudioSource
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel
from tests.audio.fake_devices import FakeDevices, device
from tests.fakes import ScriptedSource, chunks_of

SECONDS = 12


def _file(samples: Path) -> AudioSource:
    return FileSource(samples / "a_disclosed_assistant.wav")


def _realtime_file(samples: Path) -> AudioSource:
    return FileSource(samples / "a_disclosed_assistant.wav", realtime=True)


def _scripted(is_live: bool) -> Callable[[Path], AudioSource]:
    def make(_samples: Path) -> AudioSource:
        return ScriptedSource(_both_sides(), is_live=is_live)

    return make


def _both_sides() -> list[AudioChunk]:
    sound = np.zeros(SECONDS * CALL_RATE, np.float32)
    sides = zip(chunks_of(Channel.CALLER, sound), chunks_of(Channel.AGENT, sound), strict=True)
    return [item for pair in sides for item in pair]


def _devices(_samples: Path) -> AudioSource:
    headset, speakers = device("Headset"), device("Speakers")
    return LiveSource(
        {
            Channel.CALLER: Side(FakeDevices(speakers), speakers),
            Channel.AGENT: Side(FakeDevices(headset), headset),
        }
    )


def _relay(_samples: Path) -> AudioSource:
    relay = RelaySource("relay", tuple(Channel), begin=0)
    for item in _both_sides():
        relay.feed(item)
    relay.finish()
    return relay


ALL = {
    "file": _file,
    "realtime file": _realtime_file,
    "scripted": _scripted(is_live=False),
    "live scripted": _scripted(is_live=True),
    "devices": _devices,
    "relay": _relay,
}
ENDING = [name for name in ALL if name not in {"realtime file", "devices"}]
LOSING_IN_THE_RING = [name for name in ALL if name != "relay"]
"""What a relay cannot keep it loses before it hands it on (`test_relay_source.py`)."""


@pytest.fixture(params=ALL)
def source(request: pytest.FixtureRequest, samples: Path) -> Iterator[AudioSource]:
    source = ALL[request.param](samples)
    yield source
    source.stop()


def test_channels_name_and_length_are_known_before_start(source: AudioSource):
    assert set(source.channels) == {Channel.CALLER, Channel.AGENT}
    assert source.name
    assert source.duration_s is None or source.duration_s > 0
    assert isinstance(source.is_live, bool)
    assert isinstance(source.is_paced, bool)
    assert source.is_paced or not source.is_live


def pushed(ring: AudioRing) -> Iterator[AudioChunk | AudioGap]:
    """What comes until the ring's end: each item begins where the last one of its channel ended."""
    end = dict.fromkeys(Channel, 0)
    while not ring.ended:
        item = ring.pop(5.0)
        if item is not None:
            assert item.start == end[item.channel]
            assert item.end > item.start
            end[item.channel] = item.end
            yield item


def test_sound_tiles_the_time_line(source: AudioSource):
    ring = AudioRing()
    source.start(ring)
    assert {item.channel for item in islice(pushed(ring), 20)} == set(source.channels)


@pytest.mark.parametrize("source", ENDING, indirect=True)
def test_the_end_closes_the_ring_when_all_was_pushed(source: AudioSource):
    ring = AudioRing()
    source.start(ring)
    ends = {item.channel: item.end for item in pushed(ring)}
    assert ring.error is None
    assert set(ends) == set(source.channels)
    assert len(set(ends.values())) == 1


@pytest.mark.parametrize("source", LOSING_IN_THE_RING, indirect=True)
def test_only_a_live_source_loses_sound_where_nobody_reads(source: AudioSource):
    ring = AudioRing(capacity_s=0.1)
    source.start(ring)
    time.sleep(0.5)
    assert (ring.dropped_samples > 0) == source.is_live


def test_stop_ends_the_thread_and_closes_the_ring_and_may_be_repeated(source: AudioSource):
    before = threading.active_count()
    ring = AudioRing()
    source.start(ring)
    assert ring.pop(5.0) is not None
    began = time.monotonic()
    stopper = threading.Thread(target=source.stop)
    stopper.start()
    source.stop()
    stopper.join()
    assert time.monotonic() - began < 1.0
    assert threading.active_count() == before
    while ring.pop(0) is not None:
        pass
    assert ring.ended
    assert ring.error is None
