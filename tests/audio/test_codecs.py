"""Round trips through the real codecs: time, level, and what stands where packets were lost."""

from pathlib import Path

import numpy as np
import pytest

from audio.codecs import (
    A_LAW,
    G722,
    G723_1,
    IMA_ADPCM,
    MSBC,
    MU_LAW,
    Codec,
    FfmpegCodec,
    PacketLoss,
    aac,
    amr_nb,
    g726,
    mp3,
    opus,
    through_codec,
)
from audio.system_codecs import AMR_WB_BIT_RATES, AmrWb, Gsm, Speex
from audio.types import Samples
from tests.sound import read_sound

CODECS: dict[str, Codec] = {
    "mu-law": MU_LAW,
    "a-law": A_LAW,
    "g722": G722,
    "g723.1": G723_1,
    "g726": g726(24000),
    "ima": IMA_ADPCM,
    "msbc": MSBC,
    "mp3": mp3(32000),
    "aac": aac(24000),
    "amr-nb": amr_nb(4750),
    "opus8": opus(8000, 8000, 2),
    "opus16": opus(16000, 24000),
    "gsm": Gsm(),
    "amr-wb": AmrWb(6600),
    "amr-wb best": AmrWb(23850),
    "speex8": Speex(8000, 4),
    "speex16": Speex(16000, 8),
}
CONCEALING = [name for name, codec in CODECS.items() if codec.conceals]
SYSTEM = ("gsm", "amr-wb", "amr-wb best", "speex8", "speex16")


def codec(name: str) -> Codec:
    if not CODECS[name].is_here:
        pytest.skip(f"no encoder for {name} on this machine")
    return CODECS[name]


@pytest.fixture(scope="module")
def speech(samples: Path) -> Samples:
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    return np.repeat(sound[0, 5 * rate : 9 * rate], 16000 // rate).astype(np.float32)


def smoothed_level(sound: Samples) -> np.ndarray:
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    return 10 * np.log10(np.square(frames).mean(axis=1) + 1e-7)


def lag(heard: Samples, sent: Samples) -> int:
    """Samples at 16 kHz by which `heard` is late."""
    size = 2 * len(sent)
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(sent, size).conj())
    at = int(both.argmax())
    return at if at < len(sent) else at - size


@pytest.mark.parametrize("name", CODECS)
def test_what_comes_out_is_what_went_in_at_its_time(name: str, speech: Samples):
    heard = through_codec(codec(name), speech)
    assert (heard.shape, heard.dtype) == (speech.shape, np.float32)
    assert abs(lag(heard, speech)) <= 4
    assert np.corrcoef(smoothed_level(heard), smoothed_level(speech))[0, 1] > 0.9
    assert not np.array_equal(heard, speech), "a codec leaves its trace"


@pytest.mark.parametrize("name", CODECS)
def test_the_end_of_the_speech_is_not_kept_back(name: str, speech: Samples):
    """Each decoder holds back a frame or a look-ahead; the last 30 ms must come all the same."""
    loudest = int(np.argmax(np.convolve(np.square(speech), np.ones(480), "valid"))) + 480
    heard = through_codec(codec(name), speech[:loudest])
    assert np.square(heard[-480:]).mean() > 0.25 * np.square(speech[loudest - 480 : loudest]).mean()


@pytest.mark.parametrize("name", CONCEALING)
def test_a_lost_packet_is_filled_with_speech_like_what_was_before(name: str):
    """A lost stretch of a steady vowel-like tone goes on; silence would leave a hole of 20 ms."""
    time = np.arange(32000) / 16000
    tones = np.arange(1, 12)[:, None]
    vowel = (0.1 * (np.sin(2 * np.pi * 150 * tones * time) / tones).sum(axis=0)).astype(np.float32)
    whole, broken = (
        through_codec(codec(name), vowel, loss) for loss in (None, PacketLoss(0.05, 1.0, 3))
    )
    assert PacketLoss(0.05, 1.0, 3).lost(100).any()
    assert not np.array_equal(whole, broken), "nothing was lost"
    assert smoothed_level(broken)[5:-5].min() > smoothed_level(whole)[5:-5].min() - 20


@pytest.mark.parametrize("name", CONCEALING)
def test_losing_nearly_everything_is_heard(name: str, speech: Samples):
    broken = through_codec(codec(name), speech, PacketLoss(0.9, 20.0, 1))
    assert broken.shape == speech.shape
    assert np.corrcoef(smoothed_level(broken), smoothed_level(speech))[0, 1] < 0.9


@pytest.mark.parametrize("name", [name for name in CODECS if name not in CONCEALING])
def test_a_codec_that_cannot_conceal_says_so(name: str, speech: Samples):
    with pytest.raises(ValueError, match="conceal"):
        through_codec(CODECS[name], speech, PacketLoss(0.1, 2.0, 1))


@pytest.mark.parametrize(("share", "burst"), [(0.05, 1.0), (0.1, 2.0), (0.3, 4.0)])
def test_loss_has_its_share_and_its_bursts(share: float, burst: float):
    lost = PacketLoss(share, burst, 7).lost(200_000)
    assert lost.mean() == pytest.approx(share, rel=0.05)
    starts = np.count_nonzero(np.diff(lost.astype(int)) == 1)
    assert lost.sum() / starts == pytest.approx(burst, rel=0.07)


def test_a_loss_is_a_function_of_its_seed():
    assert np.array_equal(PacketLoss(0.1, 2, 5).lost(500), PacketLoss(0.1, 2, 5).lost(500))
    assert not np.array_equal(PacketLoss(0.1, 2, 5).lost(500), PacketLoss(0.1, 2, 6).lost(500))
    assert not PacketLoss(0.0, 2, 5).lost(500).any()


def test_an_encoder_that_ffmpeg_has_not_is_not_here():
    assert not FfmpegCodec("libnothing", "wav", 8000).is_here


def test_a_library_that_the_system_has_not_is_not_here(monkeypatch: pytest.MonkeyPatch):
    def absent(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("audio.system_codecs._library", absent)
    for name in SYSTEM:
        assert not CODECS[name].is_here
        with pytest.raises(OSError, match="lib"):
            CODECS[name].round_trip(np.zeros(320, np.int16), None)


def test_a_higher_bit_rate_of_amr_wb_is_closer(speech: Samples):
    codec("amr-wb")

    def distance(bit_rate: int) -> float:
        heard = through_codec(AmrWb(bit_rate), speech)
        return float(np.mean(np.abs(np.abs(np.fft.rfft(heard)) - np.abs(np.fft.rfft(speech)))))

    assert distance(AMR_WB_BIT_RATES[-1]) < distance(AMR_WB_BIT_RATES[0])
