"""The built-in recognizer on the sample calls."""

from pathlib import Path

import numpy as np
import pytest

from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, Channel
from detection.transcribe.pocketsphinx import PocketSphinxTranscriber
from detection.transcribe.transcriber import Rejection
from detection.types import Segment, Utterance
from tests.sound import read_sound

CALLER = Channel.CALLER


@pytest.fixture(scope="module")
def transcriber() -> PocketSphinxTranscriber:
    return PocketSphinxTranscriber()


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
