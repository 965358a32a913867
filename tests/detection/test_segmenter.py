"""The segmenter on real sample calls, and its arithmetic on a scripted voice activity."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel
from detection.segmenter import Segmenter, SegmenterSettings
from detection.types import Segment
from detection.vad import WINDOW, SileroVad
from tests.sound import read_sound

CALLER = Channel.CALLER


def sound(path: Path, side: int) -> np.ndarray:
    samples, rate = read_sound(path)
    resampler = ChannelResampler(CALLER)
    chunks = resampler.push(AudioChunk(CALLER, 0, rate, samples[side])) + resampler.flush()
    return np.concatenate([chunk.samples for chunk in chunks if isinstance(chunk, AudioChunk)])


def pushed(segmenter: Segmenter, samples: np.ndarray, block: int, start: int = 0) -> list[Segment]:
    segments = []
    for at in range(0, len(samples), block):
        segments += segmenter.push(AudioChunk(CALLER, start + at, CALL_RATE, samples[at : at + block]))
    return segments


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad()


@pytest.mark.parametrize("call", ["a_disclosed_assistant", "b_helpdesk_con"])
def test_segments_hold_the_turns_of_a_sample_call_and_little_else(
    samples: Path, vad: SileroVad, call: str
):
    turns = json.loads((samples / f"{call}.truth.json").read_text())["turns"]
    for side, speaker in enumerate(("caller", "agent")):
        heard = sound(samples / f"{call}.wav", side)
        segmenter = Segmenter(CALLER, vad.stream())
        spoken, cut = np.zeros(len(heard), bool), np.zeros(len(heard), bool)
        for segment in pushed(segmenter, heard, 1600) + segmenter.flush():
            cut[segment.start : segment.end] = True
        for turn in (t for t in turns if t["speaker"] == speaker):
            span = slice(*(round(turn[key] * CALL_RATE) for key in ("start_s", "end_s")))
            spoken[span] = True
            assert cut[span].any(), f"{speaker} at {turn['start_s']} s was lost: {turn['text']}"
        assert cut[spoken].mean() > 0.85, f"{speaker} was cut"
        assert cut[~spoken].mean() < 0.2, "too much silence was taken for speech"


def test_the_size_of_the_chunks_changes_nothing(samples: Path, vad: SileroVad):
    heard = sound(samples / "a_disclosed_assistant.wav", 0)
    results = []
    for block in (160, 1600, 4801, len(heard)):
        segmenter = Segmenter(CALLER, vad.stream())
        segments = pushed(segmenter, heard, block) + segmenter.flush()
        results.append([(s.start, s.end) for s in segments])
    assert results[0]
    assert all(result == results[0] for result in results)


def test_segments_hold_the_sound_of_their_times(samples: Path, vad: SileroVad):
    heard = sound(samples / "a_disclosed_assistant.wav", 0)
    segmenter = Segmenter(CALLER, vad.stream())
    segments = pushed(segmenter, heard, 1600) + segmenter.flush()
    for segment in segments:
        np.testing.assert_array_equal(segment.samples, heard[segment.start : segment.end])


@pytest.mark.parametrize("noise", [0.0, 1e-4, 0.02])
def test_silence_and_noise_are_no_speech(vad: SileroVad, noise: float):
    rng = np.random.default_rng(1)
    samples = (rng.standard_normal(20 * CALL_RATE) * noise).astype(np.float32)
    segmenter = Segmenter(CALLER, vad.stream())
    assert pushed(segmenter, samples, 1600) + segmenter.flush() == []


class ScriptedVad:
    """Speech where the samples are not zero."""

    def reset(self) -> None: ...

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        return (np.abs(windows).max(axis=1) > 0).astype(np.float32)


def windows(*counts: int) -> np.ndarray:
    """Alternately silent and speaking stretches of so many windows."""
    return np.concatenate([np.full(n * WINDOW, i % 2, np.float32) for i, n in enumerate(counts)])


@pytest.fixture
def scripted() -> Segmenter:
    return Segmenter(
        CALLER,
        ScriptedVad(),  # pyright: ignore[reportArgumentType]
        SegmenterSettings(
            min_silence_s=10 * WINDOW / CALL_RATE,
            min_speech_s=3 * WINDOW / CALL_RATE,
            max_segment_s=60 * WINDOW / CALL_RATE,
            pad_s=4 * WINDOW / CALL_RATE,
        ),
    )


def spans(segments: list[Segment]) -> Iterator[tuple[int, int]]:
    return ((s.start // WINDOW, s.end // WINDOW) for s in segments)


def test_speech_is_padded_and_split_at_silence(scripted: Segmenter):
    segments = pushed(scripted, windows(20, 15, 9, 5, 20, 5, 30), 1000) + scripted.flush()
    assert list(spans(segments)) == [(16, 53), (65, 78)]


def test_a_click_is_dropped(scripted: Segmenter):
    assert pushed(scripted, windows(20, 2, 30), 1000) + scripted.flush() == []


def test_long_speech_is_cut_without_losing_a_sample(scripted: Segmenter):
    segments = pushed(scripted, windows(0, 200, 20), 1000) + scripted.flush()
    assert max(s.duration_s for s in segments) <= 60 * WINDOW / CALL_RATE
    assert segments[0].start == 0
    assert all(a.end == b.start for a, b in pairwise(segments))
    assert segments[-1].end // WINDOW == 204


def test_open_speech_comes_out_at_the_end_and_at_a_gap(scripted: Segmenter):
    assert pushed(scripted, windows(0, 10), 1000) == []
    (before,) = scripted.skip(AudioGap(CALLER, 10 * WINDOW, 100 * WINDOW, CALL_RATE, "lost"))
    assert (before.start, before.end) == (0, 10 * WINDOW)
    assert pushed(scripted, windows(0, 10), 1000, start=100 * WINDOW) == []
    (after,) = scripted.flush()
    assert (after.start, after.end) == (100 * WINDOW, 110 * WINDOW)


def test_no_segment_ever_starts_before_what_is_settled(scripted: Segmenter):
    settled = 0
    samples = windows(7, 15, 20, 2, 40, 80, 3)
    for at in range(0, len(samples), 700):
        for segment in scripted.push(AudioChunk(CALLER, at, CALL_RATE, samples[at : at + 700])):
            assert segment.start >= settled
        assert scripted.settled >= settled
        settled = scripted.settled


class LoudVad:
    """Speech where the samples are not zero."""

    def reset(self) -> None: ...

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        return (np.abs(windows).max(axis=1) > 0).astype(np.float32)


def test_open_speech_can_be_had_before_it_ends_and_starts_where_its_segment_will():
    segmenter = Segmenter(CALLER, LoudVad())  # pyright: ignore[reportArgumentType]
    sound = np.concatenate([np.zeros(CALL_RATE), np.ones(2 * CALL_RATE), np.zeros(CALL_RATE)])
    sound = sound.astype(np.float32)
    seen: list[Segment] = []
    ended: list[Segment] = []
    for start in range(0, len(sound), 800):
        ended += segmenter.push(AudioChunk(CALLER, start, CALL_RATE, sound[start : start + 800]))
        if speech := segmenter.open:
            seen.append(speech)
    (segment,) = ended
    assert {speech.start for speech in seen} == {segment.start}
    assert seen[0].duration_s < 0.5
    assert seen[-1].end > 3 * CALL_RATE
    assert all(earlier.end <= later.end for earlier, later in pairwise(seen))
    for speech in seen:
        np.testing.assert_array_equal(speech.samples, sound[speech.start : speech.end])
    assert segmenter.open is None


def test_too_little_speech_is_not_open():
    segmenter = Segmenter(CALLER, LoudVad())  # pyright: ignore[reportArgumentType]
    segmenter.push(AudioChunk(CALLER, 0, CALL_RATE, np.ones(WINDOW * 3, np.float32)))
    assert segmenter.open is None
