"""Devices whose clocks differ, held to the call's clock."""

from itertools import pairwise

import numpy as np
import pytest

from audio.live.clock import DeviceClock
from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, Channel

HOURS = 8
BLOCK_S = 0.02


def worst_displacement_s(
    ppm: float, seconds: float, late_s: np.ndarray, begin_late_s: float = 0
) -> float:
    """How far the placed sound ever is from when it was, after the first two minutes."""
    clock = DeviceClock(begin_late_s)
    worst = 0.0
    for block in range(1, int(seconds / BLOCK_S) + 1):
        true_s = block * BLOCK_S / (1 + ppm * 1e-6)
        clock.place(BLOCK_S, true_s + late_s[block % len(late_s)])
        if true_s > 120:
            worst = max(worst, abs(clock.placed_s - true_s))
    return worst


@pytest.fixture(scope="module")
def deliveries_late_s() -> np.ndarray:
    """Mostly a few milliseconds, now and then much: a thread that had to wait."""
    rng = np.random.default_rng(0)
    late = rng.gamma(1.0, 0.004, 49_999)
    late[rng.random(len(late)) < 0.01] += rng.uniform(0, 0.3)
    return late


@pytest.mark.parametrize("ppm", [50, -50])
def test_after_eight_hours_each_of_two_devices_100_ppm_apart_is_within_10_ms(
    ppm: float, deliveries_late_s: np.ndarray
):
    assert worst_displacement_s(ppm, HOURS * 3600, deliveries_late_s) < 0.010


@pytest.mark.parametrize("ppm", [300, -300])
def test_a_bad_device_is_held_too(ppm: float, deliveries_late_s: np.ndarray):
    assert worst_displacement_s(ppm, 3600, deliveries_late_s) < 0.020


def test_a_first_block_that_came_late_is_made_good(deliveries_late_s: np.ndarray):
    assert worst_displacement_s(0, 1200, deliveries_late_s, begin_late_s=0.04) < 0.020


def test_a_device_is_stretched_by_what_it_drifts(deliveries_late_s: np.ndarray):
    clock = DeviceClock(0.0)
    for block in range(1, 30_000):
        clock.place(BLOCK_S, block * BLOCK_S / (1 + 80e-6) + deliveries_late_s[block])
    assert clock.stretch - 1 == pytest.approx(-80e-6, abs=30e-6)


def test_nothing_is_bent_before_there_is_anything_to_tell():
    clock = DeviceClock(0.0)
    for block in range(1, 200):
        clock.place(BLOCK_S, block * BLOCK_S)
    assert clock.stretch == 1.0


@pytest.mark.parametrize(("rate", "ppm"), [(48000, 200), (44100, -200), (16000, 100), (8000, 0)])
def test_a_click_of_a_drifting_device_comes_out_when_it_was(rate: int, ppm: float):
    resampler = ChannelResampler(Channel.CALLER)
    seconds, block = 400, rate // 50
    true_rate = rate * (1 + ppm * 1e-6)
    clicks_s = np.arange(200.0, seconds, 20.0)
    sound = np.zeros(int(seconds * true_rate), np.float32)
    sound[np.round(clicks_s * true_rate).astype(int)] = 1.0
    out = np.zeros((seconds + 2) * CALL_RATE, np.float32)
    ready = []
    clock = DeviceClock(0.0)
    for first in range(0, len(sound) - block, block):
        start, stretch = round(clock.placed_s * rate), clock.stretch
        ready += resampler.push(
            AudioChunk(Channel.CALLER, start, rate, sound[first : first + block], stretch)
        )
        clock.place(block / rate, (first + block) / true_rate)
    ready += resampler.flush()
    assert ready[0].start == 0
    for one, after in pairwise(ready):
        assert one.end == after.start
    for chunk in ready:
        assert isinstance(chunk, AudioChunk)
        out[chunk.start : chunk.end] = chunk.samples
    for click_s in clicks_s:
        near = slice(int((click_s - 1) * CALL_RATE), int((click_s + 1) * CALL_RATE))
        found_s = (near.start + int(np.abs(out[near]).argmax())) / CALL_RATE
        assert found_s == pytest.approx(click_s, abs=0.005)
