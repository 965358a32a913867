"""The random way of training clips. Needs scipy, which only the training environment has."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sound import read_sound

pytest.importorskip("scipy", reason="needs the training environment's scipy")

from detection.training.countermeasure import channels

EFFECTS = (
    *(effect for effect, _ in (*channels.PAUSES, *channels.WAY)),
    channels.small_loudspeaker,
    channels.low_passed,
    channels.telephone_band,
    channels.land_line,
    channels.packets_lost,
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def speech(samples: Path) -> NDArray[np.float32]:
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    return np.repeat(sound[0, 5 * rate : 9 * rate], 16000 // rate).astype(np.float32)


@pytest.fixture(scope="module")
def others(samples: Path) -> list[NDArray[np.int16]]:
    sound, _ = read_sound(samples / "a_disclosed_assistant.wav")
    return [(part * 32767).astype(np.int16) for part in np.array_split(sound[0], 4)]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__)
@pytest.mark.parametrize("length", [1, 321, 64000])
def test_an_effect_gives_sound_and_repeats_itself(
    effect: channels.Effect, length: int, speech: NDArray[np.float32]
):
    before = speech[:length].copy()
    for seed in range(6):
        heard = effect(speech[:length], rng(seed))
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()
        assert np.array_equal(effect(speech[:length], rng(seed)), heard)
    assert np.array_equal(speech[:length], before)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__)
def test_silence_breaks_no_effect(effect: channels.Effect):
    assert np.isfinite(effect(np.zeros(32000, np.float32), rng())).all()


@pytest.mark.parametrize("length", [1, 50, 8000, 64000])
def test_the_way_gives_sixteen_bit_sound_that_the_state_of_chance_decides(
    length: int, speech: NDArray[np.float32], others: list[NDArray[np.int16]]
):
    for seed in range(25):
        sent = channels.random_way(speech[:length], rng(seed), others)
        assert sent.dtype == np.float32
        assert len(sent) <= length + 0.6 * 16000
        assert np.abs(sent).max(initial=0) <= 1
        assert np.array_equal(sent * 32768, np.round(sent * 32768))
        assert np.array_equal(channels.random_way(speech[:length], rng(seed), others), sent)


def test_ways_differ_in_level_band_and_noise_floor(speech: NDArray[np.float32]):
    """What told the classes apart in the files is drawn anew for each clip."""
    sent = [channels.random_way(speech, rng(seed)) for seed in range(60)]
    peaks = 20 * np.log10([np.abs(one).max() for one in sent])
    assert np.ptp(peaks) > 15
    treble = []
    for one in sent:
        power = np.square(np.abs(np.fft.rfft(one)))
        treble.append(power[len(power) // 2 :].sum() / power.sum())
    assert np.min(treble) < 1e-5
    assert np.max(treble) > 1e-3


@pytest.mark.parametrize("length", [24000, 56000])
@pytest.mark.parametrize("have", [700, 30000, 64000])
def test_a_window_has_its_length_however_short_the_clip(
    length: int, have: int, speech: NDArray[np.float32]
):
    clip = (speech[:have] * 32767).astype(np.int16)
    for seed in range(10):
        assert channels.sent_window(clip, length, rng(seed)).shape == (length,)


def test_lost_packets_are_silent_or_repeated(speech: NDArray[np.float32]):
    tone = np.full(160000, 0.1, np.float32)
    heard = channels.packets_lost(tone, rng(3))
    changed = (heard != tone).reshape(-1, 320)
    assert 0.002 < changed.any(axis=1).mean() < 0.3
    assert (changed.all(axis=1) == changed.any(axis=1)).all(), "whole packets"
    assert np.abs(heard).max() <= np.abs(tone).max()


def test_automatic_gain_brings_a_whisper_up(speech: NDArray[np.float32]):
    quiet_end = np.concatenate([speech, 0.1 * speech])
    heard = channels.automatic_gain(quiet_end, rng())
    before, after = (
        np.std(sound[len(speech) + 16000 :]) / np.std(sound[: len(speech)])
        for sound in (quiet_end, heard)
    )
    assert after > 1.5 * before


def test_noise_suppression_lowers_the_pauses_and_not_the_speech(speech: NDArray[np.float32]):
    hiss = rng().normal(0, 1e-3, len(speech)).astype(np.float32)
    heard = channels.noise_suppressed(speech + hiss, rng(2))
    level = np.square(speech.reshape(-1, 320)).mean(axis=1)
    gain = np.square(heard.reshape(-1, 320)).mean(axis=1) / np.square(
        (speech + hiss).reshape(-1, 320)
    ).mean(axis=1)
    assert gain[level > np.quantile(level, 0.8)].mean() > 0.8
    assert gain[level < np.quantile(level, 0.05)].mean() < 0.5


def test_every_codec_kind_has_its_share_and_carries_speech(speech: NDArray[np.float32]):
    for lines in (channels.NARROW, channels.WIDE):
        assert sum(line.share for line in lines) == pytest.approx(1)
        for line in lines:
            if line.name not in channels.absent():
                heard = channels.through_line((line,), speech, rng())
                assert heard.shape == speech.shape
                assert np.std(heard) > 0.3 * np.std(speech)
    assert sum(channels.LINES.values()) == pytest.approx(1)


def test_a_codec_that_is_absent_is_named_and_left_out(
    speech: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
):
    def absent(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("audio.system_codecs._library", absent)
    assert channels.absent() == ["GSM 06.10", "Speex 8 kHz", "AMR-WB", "Speex"]
    for seed in range(30):
        assert channels.through_line(channels.WIDE, speech[:8000], rng(seed)).shape == (8000,)


def test_a_land_line_carries_the_telephones_band_alone():
    hiss = rng().standard_normal(64000).astype(np.float32) * np.float32(0.1)
    power = np.square(np.abs(np.fft.rfft(channels.land_line(hiss, rng()))))
    hz = np.fft.rfftfreq(64000, 1 / 16000)
    carried = power[(hz > 600) & (hz < 3000)].mean()
    assert power[hz < 60].mean() < carried / 100
    assert power[hz > 4200].mean() < carried / 100
