import numpy as np
import pytest

from detection.voice.quality import BandMeter, Unfit, fault, is_noisy, speech_to_noise_db


def speechlike(peak: float) -> np.ndarray:
    tone = np.sin(np.arange(16_000) * 0.05) * np.sin(np.arange(16_000) * 0.0011)
    return (tone * peak).astype(np.float32)


@pytest.mark.parametrize("peak", [0.004, 0.1, 0.9])
def test_ordinary_levels_pass(peak: float) -> None:
    assert fault(speechlike(peak)) is None


def test_near_silence_is_too_quiet() -> None:
    assert fault(speechlike(0.001)) is Unfit.TOO_QUIET
    assert fault(np.zeros(0, np.float32)) is Unfit.TOO_QUIET


def test_overdriven_speech_is_distorted() -> None:
    assert fault(np.clip(speechlike(8.0), -1, 1)) is Unfit.DISTORTED


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_distorted(value: float) -> None:
    sound = speechlike(0.3)
    sound[100] = value
    assert fault(sound) is Unfit.DISTORTED


def talk(seconds: float = 4.0) -> np.ndarray:
    """Tones in bursts of a third of a second with pauses of a tenth."""
    at = np.arange(round(seconds * 16_000))
    return (speechlike(0.3).take(at % 16_000) * (at % 7_000 < 5_400)).astype(np.float32)


@pytest.mark.parametrize(("snr_db", "noisy"), [(0, True), (10, False), (20, False)])
def test_speech_to_noise_follows_the_noise(snr_db: int, noisy: bool) -> None:
    clean = talk()
    power = float(np.mean(clean[clean != 0] ** 2))
    noise = np.random.default_rng(0).normal(0, np.sqrt(power) * 10 ** (-snr_db / 20), len(clean))
    heard = (clean + noise).astype(np.float32)
    # The loudest twentieth is speech and noise together, some dB above the speech's mean.
    assert snr_db + 2 <= speech_to_noise_db(heard) <= snr_db + 8
    assert is_noisy(heard) is noisy


def test_clean_speech_and_nothing_at_all_have_a_speech_to_noise_ratio() -> None:
    assert speech_to_noise_db(talk()) > 60
    assert speech_to_noise_db(np.zeros(10, np.float32)) == 0
    assert is_noisy(np.full(16_000, 0.1, np.float32))


def test_a_band_is_told_over_all_that_was_heard() -> None:
    meter = BandMeter()
    assert not meter.is_telephone, "nothing was heard"
    at = np.arange(16_000) / 16_000
    meter.hear(np.sin(2 * np.pi * 1000 * at).astype(np.float32))
    assert meter.is_telephone
    meter.hear((0.05 * np.sin(2 * np.pi * 6000 * at)).astype(np.float32))
    assert not meter.is_telephone
