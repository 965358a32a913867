"""The channels of an evaluation, with the real codecs, on real speech."""

from pathlib import Path

import numpy as np
import pytest

from app.evaluation.channels import CHANNELS, MISSING
from app.evaluation.hearing import read_sound
from audio.types import Samples

NARROW = {"g711", "g711a", "g726", "amr-nb", "amr-nb-loss10", "gsm", "speex"}


@pytest.fixture(scope="module")
def speech(samples: Path) -> Samples:
    return read_sound(samples / "b_helpdesk_con.wav")[5 * 16000 : 9 * 16000]


def share_above_4k(sound: Samples) -> float:
    power = np.square(np.abs(np.fft.rfft(sound)))
    return float(power[len(power) // 2 :].sum() / power.sum())


def test_every_channel_is_known_or_said_to_be_missing():
    named = {"clean", "g711", "g711a", "g722", "g726", "gsm", "amr-nb", "amr-wb", "speex", "msbc", "mp3"}
    opus = {"opus12", "opus24", "opus12-loss10", "amr-nb-loss10"}
    assert named | opus | {"noise20", "noise10", "noise5"} == {*CHANNELS, *MISSING}
    assert {"clean", "g711", "g711a", "g722", "opus12", "opus12-loss10", "noise20"} <= set(CHANNELS)


@pytest.mark.parametrize("name", CHANNELS)
def test_the_voice_arrives_in_time_and_at_its_level(name: str, speech: Samples):
    heard = CHANNELS[name](speech)
    assert heard.dtype == np.float32
    assert heard.shape == speech.shape
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(np.sqrt(np.mean(speech**2)), rel=0.15)
    spectrum = np.fft.rfft(heard, 2 * len(speech)) * np.fft.rfft(speech, 2 * len(speech)).conj()
    lag = int(np.fft.irfft(spectrum).argmax())
    assert min(lag, 2 * len(speech) - lag) <= 0.006 * 16000, "a codec's own delay is at most 6 ms"


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_does_the_same_every_time_and_leaves_its_input(name: str, speech: Samples):
    before = speech.copy()
    assert np.array_equal(CHANNELS[name](speech), CHANNELS[name](speech))
    assert np.array_equal(speech, before)


@pytest.mark.parametrize("name", CHANNELS)
def test_only_telephone_channels_cut_at_four_kilohertz(name: str):
    hiss = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    assert (share_above_4k(CHANNELS[name](hiss)) < 0.01) == (name in NARROW)


def test_clean_changes_nothing(speech: Samples):
    assert np.array_equal(CHANNELS["clean"](speech), speech)


@pytest.mark.parametrize(("name", "snr_db"), [("noise20", 20), ("noise10", 10), ("noise5", 5)])
def test_noise_is_as_loud_as_its_name_says_and_has_the_speech_spectrum(
    name: str, snr_db: float, speech: Samples
):
    noise = CHANNELS[name](speech) - speech
    assert 10 * np.log10(np.sum(speech**2) / np.sum(noise**2)) == pytest.approx(snr_db, abs=0.1)
    assert share_above_4k(noise) == pytest.approx(share_above_4k(speech), rel=0.05)
    assert abs(np.corrcoef(noise, speech)[0, 1]) < 0.1


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("length", [0, 1, 7, 100, 319, 321])
def test_a_click_of_a_recording_keeps_its_length(name: str, length: int):
    assert CHANNELS[name](np.full(length, 0.1, np.float32)).shape == (length,)


@pytest.mark.parametrize("name", CHANNELS)
def test_what_is_no_sound_is_left_for_the_judge_to_refuse(name: str):
    broken = np.array([0.1, np.nan, np.inf] * 1000, np.float32)
    assert np.array_equal(CHANNELS[name](broken), broken, equal_nan=True)


@pytest.mark.parametrize("name", CHANNELS)
def test_sound_beyond_full_scale_is_clipped_not_wrapped(name: str):
    tone = (3 * np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000)).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(CHANNELS[name](tone))))
    assert power[435:446].sum() > 0.7 * power.sum(), "wrapped samples would be noise"
