"""What every `AudioSource` promises, asked of each one that can run without a device."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio.file_source import FileSource
from audio.ring import AudioRing
from audio.source import AudioSource
from audio.types import CALL_RATE, Channel
from tests.fakes import ScriptedSource, chunks_of

SECONDS = 12


def _file(samples: Path) -> AudioSource:
    return FileSource(samples / "a_disclosed_assistant.wav")


def _realtime_file(samples: Path) -> AudioSource:
    return FileSource(samples / "a_disclosed_assistant.wav", realtime=True)


def _scripted(is_live: bool) -> Callable[[Path], AudioSource]:
    def make(_samples: Path) -> AudioSource:
        sound = np.zeros(SECONDS * CALL_RATE, np.float32)
        sides = zip(chunks_of(Channel.CALLER, sound), chunks_of(Channel.AGENT, sound), strict=True)
        return ScriptedSource([item for pair in sides for item in pair], is_live=is_live)

    return make


ALL = {
    "file": _file,
    "realtime file": _realtime_file,
    "scripted": _scripted(is_live=False),
    "live scripted": _scripted(is_live=True),
}
ENDING = {name: make for name, make in ALL.items() if name != "realtime file"}


@pytest.fixture(params=ALL)
def source(request: pytest.FixtureRequest, samples: Path) -> AudioSource:
    return ALL[request.param](samples)


@pytest.fixture(params=ENDING)
def ending_source(request: pytest.FixtureRequest, samples: Path) -> AudioSource:
    return ENDING[request.param](samples)


def test_channels_name_and_length_are_known_before_start(source: AudioSource):
    assert set(source.channels) == {Channel.CALLER, Channel.AGENT}
    assert source.name
    assert source.duration_s is None or source.duration_s > 0
    assert isinstance(source.is_live, bool)
    assert isinstance(source.is_paced, bool)
    assert source.is_paced or not source.is_live
    source.stop()


def test_sound_tiles_the_time_line_and_the_end_closes_the_ring(ending_source: AudioSource):
    ring = AudioRing()
    ending_source.start(ring)
    end = dict.fromkeys(ending_source.channels, 0)
    while not ring.ended:
        item = ring.pop(5.0)
        if item is not None:
            assert item.start == end[item.channel]
            assert item.end > item.start
            end[item.channel] = item.end
    ending_source.stop()
    assert ring.error is None
    assert len(set(end.values())) == 1
    assert min(end.values()) > 0


def test_only_a_live_source_loses_sound_where_nobody_reads(ending_source: AudioSource):
    ring = AudioRing(capacity_s=1.0)
    ending_source.start(ring)
    time.sleep(0.3)
    assert (ring.dropped_samples > 0) == ending_source.is_live
    ending_source.stop()


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
