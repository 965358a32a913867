"""The built-in recognizer on the sample calls."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import resources
from app.evaluation.channels import CHANNELS
from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, Channel
from detection.errors import DetectionError
from detection.transcribe.pocketsphinx import (
    DICTIONARY,
    LANGUAGE_MODEL,
    UPPER_BAND,
    PocketSphinxTranscriber,
    pronounced_words,
)
from detection.transcribe.transcriber import Rejection
from detection.types import Segment, Utterance
from tests.sound import read_sound

CALLER = Channel.CALLER
FOLDER = resources.ROOT / "transcript"


@pytest.fixture(scope="module")
def transcriber() -> PocketSphinxTranscriber:
    return PocketSphinxTranscriber(FOLDER)


@pytest.fixture(scope="module")
def turn(samples: Path) -> Segment:
    """ "Yes, I am a real person." of sample b, from 48.4 s to 50.9 s of the call."""
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    start, end = 48.4, 50.9
    side = sound[0, round(start * rate) : round(end * rate)]
    resampler = ChannelResampler(CALLER)
    chunks = resampler.push(AudioChunk(CALLER, 0, rate, side)) + resampler.flush()
    samples_16k = np.concatenate([chunk.samples for chunk in chunks if isinstance(chunk, AudioChunk)])
    begin = round(start * CALL_RATE)
    return Segment(CALLER, begin, begin + len(samples_16k), samples_16k)


def test_words_have_text_times_and_confidence(transcriber: PocketSphinxTranscriber, turn: Segment):
    heard = transcriber.transcribe(turn)
    assert isinstance(heard, Utterance)
    assert heard.text == "yes i am a real person"
    assert [word.text for word in heard.words] == heard.text.split()
    assert 0.5 < heard.confidence < 1
    assert len({word.confidence for word in heard.words}) > 1
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert turn.start <= times[0] < times[-1] <= turn.end
    spoken = heard.words[-1].end - heard.words[0].start
    assert 1.2 * CALL_RATE < spoken < 2.2 * CALL_RATE


def test_what_came_before_does_not_change_the_text(transcriber: PocketSphinxTranscriber, turn: Segment):
    loud = Segment(CALLER, 0, len(turn.samples), np.clip(turn.samples * 20, -1, 1)[::-1].copy())
    transcriber.transcribe(loud)
    heard = transcriber.transcribe(turn)
    assert isinstance(heard, Utterance)
    assert heard.text == "yes i am a real person"


@pytest.mark.parametrize("kind", ["silence", "noise", "one sample"])
def test_what_is_no_speech_gives_no_words(transcriber: PocketSphinxTranscriber, kind: str):
    sound = {
        "silence": np.zeros(CALL_RATE, np.float32),
        "noise": np.random.default_rng(0).standard_normal(2 * CALL_RATE).astype(np.float32) * 0.05,
        "one sample": np.ones(1, np.float32),
    }[kind]
    heard = transcriber.transcribe(Segment(CALLER, 0, len(sound), sound))
    assert isinstance(heard, Rejection), heard
    assert heard.reason


def test_a_telephone_line_does_not_cost_the_words(transcriber: PocketSphinxTranscriber, turn: Segment):
    narrow = Segment(turn.channel, turn.start, turn.end, CHANNELS["g711"](turn.samples))
    heard = transcriber.transcribe(narrow)
    assert isinstance(heard, Utterance)
    assert "real person" in heard.text


def test_helpdesk_words_have_a_sound_and_letters_no_points(transcriber: PocketSphinxTranscriber):
    listed = (FOLDER / DICTIONARY).read_text(encoding="utf-8").splitlines()
    words = {line.split()[0] for line in listed}
    assert {"mfa", "otp", "teamviewer", "anydesk", "okta", "vpn", "outlook", "passcode"} <= words
    assert {"authenticator", "i.t.", "b.", "deepfake", "passphrase"} <= words
    assert transcriber._shown("i.t.") == "it"
    assert transcriber._shown("b.") == "b"


def test_a_word_of_the_site_is_heard_and_written_as_it_is_there(turn: Segment):
    """What is said is "person": a site may call that something else."""
    words = pronounced_words(FOLDER, ["Acme", "ZyPersn=per sun", "XQZ"])
    assert [word.written for word in words] == ["Acme", "ZyPersn", "XQZ"]
    transcriber = PocketSphinxTranscriber(FOLDER, words)
    assert transcriber._decoder.lookup_word("zypersn") == words[1].phones
    assert transcriber._decoder.lookup_word("xqz") == "EH K S K Y UW Z IY"
    assert transcriber._shown("zypersn") == "ZyPersn"
    assert isinstance(transcriber.transcribe(turn), Utterance)


def test_a_word_of_the_site_without_a_sound_is_named():
    with pytest.raises(DetectionError, match="'Zyxwvut'"):
        pronounced_words(FOLDER, ["Zyxwvut"])


def test_no_words_of_the_site_need_no_dictionary(tmp_path: Path):
    assert pronounced_words(tmp_path, []) == ()


@pytest.mark.parametrize("damaged", [LANGUAGE_MODEL, DICTIONARY, UPPER_BAND])
def test_files_that_are_damaged_are_one_sentence(tmp_path: Path, damaged: str):
    for name in (LANGUAGE_MODEL, DICTIONARY, UPPER_BAND):
        shutil.copy(FOLDER / name, tmp_path / name)
    (tmp_path / damaged).unlink()
    with pytest.raises(DetectionError, match="reinstall Earwitness"):
        PocketSphinxTranscriber(tmp_path)
    (tmp_path / damaged).write_bytes(b"nonsense")
    if damaged != DICTIONARY:
        with pytest.raises(DetectionError, match="reinstall Earwitness"):
            PocketSphinxTranscriber(tmp_path)
