import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel

RATES = [8000, 11025, 16000, 22050, 44100, 48000]


def resample(samples: np.ndarray, rate: int, block: int) -> np.ndarray:
    resampler = ChannelResampler(Channel.CALLER)
    out = []
    for start in range(0, len(samples), block):
        out += resampler.push(AudioChunk(Channel.CALLER, start, rate, samples[start : start + block]))
    out += resampler.flush()
    at = 0
    for item in out:
        assert isinstance(item, AudioChunk)
        assert (item.start, item.rate, item.samples.dtype) == (at, CALL_RATE, np.float32)
        at = item.end
    return np.concatenate([item.samples for item in out])


@pytest.mark.parametrize("rate", RATES)
def test_an_impulse_stays_where_it_was(rate: int):
    samples = np.zeros(2 * rate, np.float32)
    samples[rate // 2] = 1.0
    out = resample(samples, rate, block=rate // 20)
    assert abs(int(np.abs(out).argmax()) - rate // 2 * CALL_RATE / rate) <= 2
    assert abs(len(out) - 2 * CALL_RATE) <= 2


@pytest.mark.parametrize("rate", RATES)
def test_a_sine_keeps_its_phase_and_level(rate: int):
    seconds = np.arange(3 * rate) / rate
    out = resample((0.5 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32), rate, block=rate // 50)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(out)) / CALL_RATE)
    inner = slice(CALL_RATE // 2, -CALL_RATE // 2)
    assert np.abs(out[inner] - expected[inner]).max() < 1e-3


@pytest.mark.parametrize("rate", RATES)
def test_the_time_line_holds_across_a_gap(rate: int):
    resampler = ChannelResampler(Channel.AGENT)
    after = np.zeros(rate, np.float32)
    after[rate // 4] = 1.0
    items = [
        *resampler.push(AudioChunk(Channel.AGENT, 0, rate, np.zeros(rate, np.float32))),
        *resampler.push(AudioGap(Channel.AGENT, rate, 3 * rate, rate, "unplugged")),
        *resampler.push(AudioChunk(Channel.AGENT, 3 * rate, rate, after)),
        *resampler.flush(),
    ]
    (gap,) = [item for item in items if isinstance(item, AudioGap)]
    assert (gap.end, gap.rate, gap.reason) == (3 * CALL_RATE, CALL_RATE, "unplugged")
    assert abs(gap.start - CALL_RATE) <= 2
    peak = max(
        (item for item in items if isinstance(item, AudioChunk)),
        key=lambda item: np.abs(item.samples).max(),
    )
    assert abs(peak.start + int(np.abs(peak.samples).argmax()) - 3.25 * CALL_RATE) <= 4


@given(
    rate=st.sampled_from(RATES),
    parts=st.lists(st.tuples(st.booleans(), st.integers(1, 6000)), min_size=1, max_size=12),
)
@settings(deadline=None, max_examples=60)
def test_chunks_and_gaps_tile_the_time_line(rate: int, parts: list[tuple[bool, int]]):
    resampler = ChannelResampler(Channel.CALLER)
    at, items = 0, []
    for is_gap, length in parts:
        if is_gap:
            items += resampler.push(AudioGap(Channel.CALLER, at, at + length, rate, "lost"))
        else:
            items += resampler.push(AudioChunk(Channel.CALLER, at, rate, np.zeros(length, np.float32)))
        at += length
    items += resampler.flush()
    end = 0
    for item in items:
        assert item.start == end
        assert item.end > item.start
        end = item.end
    assert abs(end - at * CALL_RATE / rate) <= 3


def test_a_change_of_rate_goes_on_at_the_right_time():
    resampler = ChannelResampler(Channel.CALLER)
    items = resampler.push(AudioChunk(Channel.CALLER, 0, 8000, np.zeros(8000, np.float32)))
    items += resampler.push(AudioChunk(Channel.CALLER, 48000, 48000, np.zeros(48000, np.float32)))
    items += resampler.flush()
    assert sum(item.end - item.start for item in items) == 2 * CALL_RATE
    assert items[-1].end == 2 * CALL_RATE


def test_one_sample_and_nothing_are_fine():
    resampler = ChannelResampler(Channel.CALLER)
    assert resampler.flush() == []
    items = resampler.push(AudioChunk(Channel.CALLER, 0, 8000, np.ones(1, np.float32)))
    items += resampler.flush()
    assert items[-1].end <= 2
