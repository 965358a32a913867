import numpy as np
import pytest

from audio.relay_source import RelaySource
from audio.ring import AudioRing
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel

BLOCK = 800


def chunk(start: int, channel: Channel = Channel.CALLER) -> AudioChunk:
    samples = np.arange(start, start + BLOCK, dtype=np.float32)
    return AudioChunk(channel, start, CALL_RATE, samples)


@pytest.fixture
def relay() -> RelaySource:
    return RelaySource("Speakers (caller)", tuple(Channel), begin=1000)


def everything(relay: RelaySource) -> list[AudioChunk | AudioGap]:
    ring = AudioRing()
    relay.start(ring)
    items = []
    while not ring.ended:
        if item := ring.pop(5.0):
            items.append(item)
    relay.stop()
    assert ring.error is None
    return items


def test_sound_is_counted_from_the_calls_begin_and_cut_there(relay: RelaySource):
    for start in (0, 800, 1600):
        relay.feed(chunk(start))
    relay.finish()
    cut, whole = everything(relay)
    assert isinstance(cut, AudioChunk)
    assert isinstance(whole, AudioChunk)
    assert (cut.start, cut.end, whole.start, whole.end) == (0, 600, 600, 1400)
    assert cut.samples[0] == 1000
    assert whole.samples[0] == 1600


def test_gaps_are_counted_so_too(relay: RelaySource):
    relay.feed(AudioGap(Channel.AGENT, 0, 900, CALL_RATE, "lost"))
    relay.feed(AudioGap(Channel.AGENT, 900, 2000, CALL_RATE, "lost"))
    relay.finish()
    (gap,) = everything(relay)
    assert (gap.start, gap.end) == (0, 1000)


def test_a_preroll_longer_than_the_ring_arrives_whole(relay: RelaySource):
    for start in range(1000, 1000 + 40 * CALL_RATE, BLOCK):
        relay.feed(chunk(start))
        relay.feed(chunk(start, Channel.AGENT))
    relay.finish()
    items = everything(relay)
    assert not [item for item in items if isinstance(item, AudioGap)]
    for channel in Channel:
        sound = [item for item in items if item.channel is channel]
        assert sound[0].start == 0
        assert sound[-1].end == 40 * CALL_RATE


def test_what_is_too_much_to_hold_is_one_gap(relay: RelaySource):
    for start in range(1000, 1000 + 70 * CALL_RATE, BLOCK):
        relay.feed(chunk(start))
    relay.finish()
    gap, *kept = everything(relay)
    assert (type(gap), gap.start, gap.end) == (AudioGap, 0, 10 * CALL_RATE)
    assert kept[0].start == gap.end
    assert kept[-1].end == 70 * CALL_RATE


def test_nothing_is_handed_on_after_stop(relay: RelaySource):
    ring = AudioRing()
    relay.start(ring)
    relay.feed(chunk(1600))
    assert ring.pop(5.0) is not None
    relay.stop()
    relay.stop()
    relay.feed(chunk(2400))
    assert ring.ended
