"""What else befalls a voice in an evaluation: each does what its name says, the same every time."""

from pathlib import Path

import numpy as np
import pytest

from app.errors import EvaluationError
from app.evaluation.attacks import ATTACKS
from app.evaluation.manifest import LabelledClip
from app.evaluation.other_voices import OtherVoices
from audio.types import Samples
from detection.vad import SileroVad
from tests.sound import read_sound, write_wav

SAME_LENGTH = set(ATTACKS) - {"slowed", "trailing-silence", "spliced"}


@pytest.fixture(scope="module")
def calls(samples: Path) -> tuple[Samples, Samples]:
    """Four seconds of each of two voices."""
    found = []
    for name in ("b_helpdesk_con.wav", "a_disclosed_assistant.wav"):
        sound, rate = read_sound(samples / name)
        found.append(np.repeat(sound[0, 5 * rate : 9 * rate], 16000 // rate).astype(np.float32))
    return found[0], found[1]


def attacked(name: str, calls: tuple[Samples, Samples]) -> Samples:
    attack = ATTACKS[name]
    return attack.apply(calls[0], [calls[1]] * attack.needs)


def below_db(sound: Samples, reference: Samples) -> float:
    return float(10 * np.log10(np.sum(np.square(reference)) / np.sum(np.square(sound))))


def share(sound: Samples, low_hz: float, high_hz: float) -> float:
    power = np.square(np.abs(np.fft.rfft(sound)))
    hz = np.fft.rfftfreq(len(sound), 1 / 16000)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_changes_the_sound_the_same_way_every_time(name: str, calls: tuple[Samples, Samples]):
    before = calls[0].copy()
    heard = attacked(name, calls)
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert (len(heard) == len(calls[0])) == (name in SAME_LENGTH)
    assert not np.array_equal(heard[: len(before)], before) or name == "trailing-silence"
    assert np.array_equal(attacked(name, calls), heard)
    assert np.array_equal(calls[0], before)


@pytest.mark.parametrize("name", ["music15", "babble15"])
def test_what_is_mixed_in_lies_fifteen_decibels_below(name: str, calls: tuple[Samples, Samples]):
    assert below_db(attacked(name, calls) - calls[0], calls[0]) == pytest.approx(15, abs=0.1)


def test_a_splice_is_three_seconds_of_the_other_as_loud_and_then_the_clip(
    calls: tuple[Samples, Samples],
):
    clip, other = calls
    heard = ATTACKS["spliced"].apply(clip, [0.01 * other])
    assert np.array_equal(heard[48000:], clip)
    assert np.corrcoef(heard[:48000], other[:48000])[0, 1] > 0.999
    assert np.mean(heard[:48000] ** 2) == pytest.approx(np.mean(clip**2), rel=0.01)


def test_silence_is_five_seconds_after_the_clip(calls: tuple[Samples, Samples]):
    heard = attacked("trailing-silence", calls)
    assert np.array_equal(heard[: len(calls[0])], calls[0])
    assert len(heard) - len(calls[0]) == 80000
    assert not heard[len(calls[0]) :].any()


def test_slowed_speech_is_longer_and_deeper(calls: tuple[Samples, Samples]):
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    heard = ATTACKS["slowed"].apply(tone, [])
    assert len(heard) == pytest.approx(1.04 * 16000, abs=2)
    assert share(heard, 950, 972) > 0.9


def test_resampling_takes_away_the_treble():
    hiss = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    heard = ATTACKS["resampled"].apply(hiss, [])
    assert share(hiss, 5600, 8001) > 0.25
    assert share(heard, 5600, 8001) < 0.001


def test_a_room_rings_on_after_the_voice_stops_and_fades():
    click = np.zeros(16000, np.float32)
    click[1000] = 0.5
    heard = ATTACKS["room"].apply(click, [])
    assert np.argmax(np.abs(heard)) == 1000, "the direct sound comes first and in time"
    tail = np.array([np.sum(np.square(heard[start : start + 1600])) for start in (1040, 2640, 4240)])
    assert tail[0] > 0.1 * np.square(heard[1000]), "half a second of office"
    fall_db = 10 * np.log10(tail[:-1] / tail[1:])
    assert (fall_db > 60 / 0.36 / 10 * 0.6).all(), "16.7 dB in 0.1 s"
    assert (fall_db < 60 / 0.36 / 10 * 1.5).all()


def test_a_replay_has_the_band_of_a_small_loudspeaker_and_its_distortion():
    hiss = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    heard = ATTACKS["replay"].apply(hiss, [])
    assert share(heard, 0, 100) < 0.1 * share(hiss, 0, 100)
    assert share(heard, 6000, 8001) < 0.7 * share(hiss, 6000, 8001)
    tone = (0.5 * np.sin(2 * np.pi * 500 * np.arange(32000) / 16000)).astype(np.float32)
    assert share(ATTACKS["replay"].apply(tone, [])[8000:], 1450, 1550) > 1e-3, "the third harmonic"


def test_a_tenth_of_the_packets_is_silent(calls: tuple[Samples, Samples]):
    clip = np.full(16000 * 60, 0.1, np.float32)
    heard = ATTACKS["loss10"].apply(clip, [])
    assert np.mean(heard == 0) == pytest.approx(0.1, abs=0.025)
    frames = heard.reshape(-1, 320)
    assert ((frames == 0).all(axis=1) | (frames == clip[0]).all(axis=1)).all()


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("broken", [[], [0.1, np.nan, np.inf]])
def test_what_is_no_sound_is_left_for_the_judge_to_refuse(name: str, broken: list[float]):
    sound = np.array(broken, np.float32)
    assert ATTACKS[name].apply(sound, []) is sound


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("length", [1, 7, 321])
def test_a_click_of_a_recording_does_not_break_an_attack(name: str, length: int):
    attack = ATTACKS[name]
    heard = attack.apply(
        np.full(length, 0.1, np.float32), [np.full(16000, 0.1, np.float32)] * attack.needs
    )
    assert np.isfinite(heard).all()


def clips_in(folder: Path, speech: Samples, *speakers: str) -> list[LabelledClip]:
    clips = []
    for number, speaker in enumerate(speakers):
        path = folder / f"{number}.wav"
        write_wav(path, speech[None] * (number + 1) / 10, 16000)
        clips.append(LabelledClip(path, "real", "clean", speaker=speaker))
    return clips


def test_other_voices_are_real_readable_and_of_other_speakers(
    calls: tuple[Samples, Samples], tmp_path: Path
):
    clips = clips_in(tmp_path, calls[0], "ann", "ann", "ben", "cat")
    clone = LabelledClip(tmp_path / "clone.wav", "synthetic", "clean", speaker="ann")
    absent = LabelledClip(tmp_path / "absent.wav", "real", "clean", speaker="dan")
    others = OtherVoices([*clips, clone, absent], SileroVad())
    found = others.beside(clone, 4)
    levels = sorted(float(np.abs(sound).max()) for sound in found)
    peak = float(np.abs(calls[0]).max())
    assert levels == pytest.approx([0.3 * peak, 0.4 * peak], rel=0.01), "ben's and cat's, nobody else's"
    assert len(others.beside(clips[2], 1)) == 1
    again = OtherVoices([*clips, clone, absent], SileroVad()).beside(clone, 4)
    assert [np.array_equal(*pair) for pair in zip(found, again, strict=True)] == [True, True]


def test_no_other_voice_is_an_error_that_names_the_clip(calls: tuple[Samples, Samples], tmp_path: Path):
    clips = clips_in(tmp_path, calls[0], "ann", "ann")
    with pytest.raises(EvaluationError, match=r"0\.wav.*another speaker"):
        OtherVoices(clips, SileroVad()).beside(clips[0], 1)
    assert OtherVoices(clips, SileroVad()).beside(clips[0], 0) == []
