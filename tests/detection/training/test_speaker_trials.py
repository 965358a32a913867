"""Trials of verification: disjoint clips, one length, no recording against its own copy."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.clips import RATE, Clip
from detection.training.speaker.trials import all_trials, correlation, distinct, joined, stretches


def clip(speaker: str, source: str = "a/page") -> Clip:
    return Clip(Path("x.flac"), False, "", source, speaker)


def noise(seconds: float, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)


def test_no_clip_is_on_both_sides_of_a_trial() -> None:
    clips = [clip(f"libri-{n % 3}") for n in range(30)]
    found = stretches(clips, [2 * RATE] * 30, seconds=3, seed=1)
    trials = all_trials(found)
    assert trials.target.any()
    assert not trials.target.all()
    for one, other in trials.pairs:
        assert not set(found[one].clips) & set(found[other].clips)


def test_a_trial_is_a_target_where_both_stretches_are_one_persons() -> None:
    clips = [clip("libri-1"), clip("libri-1"), clip("libri-2")]
    found = stretches(clips, [4 * RATE] * 3, seconds=3, seed=1)
    trials = all_trials(found)
    speakers = [{found[n].speaker for n in pair} for pair in trials.pairs]
    assert [len(both) == 1 for both in speakers] == trials.target.tolist()
    assert all(found[one].shuffle == found[other].shuffle for one, other in trials.pairs)


def test_sources_are_shared_where_any_clip_of_both_sides_is_of_one() -> None:
    clips = [clip("libri-1", "a"), clip("libri-2", "a"), clip("libri-3", "b")]
    found = stretches(clips, [4 * RATE] * 3, seconds=3, seed=1)
    trials = all_trials(found)
    shared = {
        tuple(sorted(found[n].speaker for n in pair))
        for pair, same in zip(trials.pairs, trials.same_source, strict=True)
        if same
    }
    assert shared == {("libri-1", "libri-2")}


def test_stretches_are_of_the_length_asked_for_and_too_little_speech_gives_none() -> None:
    clips = [clip("libri-1") for _ in range(5)] + [clip("libri-2")]
    sounds = [noise(2.2, n) for n in range(6)]
    found = stretches(clips, [len(sound) for sound in sounds], seconds=5, seed=1)
    assert {stretch.speaker for stretch in found} == {"libri-1"}
    assert all(len(joined(stretch, sounds, 5)) == 5 * RATE for stretch in found)


def test_the_same_seed_deals_the_same_stretches() -> None:
    clips = [clip(f"libri-{n % 4}") for n in range(24)]
    lengths = [2 * RATE] * 24
    assert stretches(clips, lengths, 3, seed=1) == stretches(clips, lengths, 3, seed=1)
    assert stretches(clips, lengths, 3, seed=1) != stretches(clips, lengths, 3, seed=2)


def test_a_second_copy_of_a_recording_is_found_and_another_recording_is_not() -> None:
    sound = noise(3, 1)
    quieter_and_later = np.pad(np.float32(0.3) * sound[: 2 * RATE], (500, 0))
    assert correlation(sound, quieter_and_later) > 0.7
    assert correlation(sound, noise(3, 2)) < 0.1
    clips = [clip("libri-1"), clip("libri-1"), clip("libri-1"), clip("libri-2")]
    assert distinct(clips, [sound, quieter_and_later, noise(3, 2), sound]) == [0, 2, 3]
