"""Sentences said by flite with the times of their words, and kept in shards."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from audio.types import CALL_RATE
from detection.training.whisper.corpus import Corpus, Texts, prepare, training_clip
from detection.training.whisper.sentences import read_grammar
from detection.training.whisper.speech import (
    HELD_OUT,
    SHARES,
    TRAINING,
    Speech,
    Word,
    _word_times,
    say,
    some_voice,
)

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")


def test_voices_measured_on_are_never_learnt():
    assert not set(HELD_OUT) & set(TRAINING)
    drawn = {some_voice(np.random.default_rng(seed)) for seed in range(300)}
    assert drawn <= set(TRAINING)
    assert {voice.split()[0] for voice in drawn} == set(SHARES)


@needs_flite
def test_words_are_where_the_sound_has_them():
    """The comma's pause lies between the words that stand around it, and is quiet."""
    speech = say("Reset my MFA, Karen.", "flite rms", np.random.default_rng(0))
    assert [round(word.start, 2) <= round(word.end, 2) for word in speech.words] == [True] * 4
    assert speech.words[0].start == pytest.approx(0, abs=0.1)
    assert speech.words[-1].end == pytest.approx(len(speech.samples) / CALL_RATE, abs=0.1)
    assert speech.words[2].end - speech.words[2].start > 0.4, "MFA is three letters long"
    gap = slice(*(round(at * CALL_RATE) for at in (speech.words[2].end + 0.05, speech.words[3].start)))
    assert gap.stop - gap.start > 0.03 * CALL_RATE
    loudness = np.abs(speech.samples.astype(float))
    assert loudness[gap].mean() < 0.2 * loudness.mean()


@needs_flite
def test_where_flite_said_something_else_no_word_has_a_time():
    told = "pau:0.1 hh:0.2 ax:0.3 l:0.4 ow:0.5 pau:0.6"
    assert _word_times(["Hello."], told) == (Word(0.1, 0.5),)
    assert _word_times(["Goodbye."], told) == ()


def clip(rng: np.random.Generator) -> Speech:
    samples = rng.integers(-99, 99, int(rng.integers(100, 200))).astype(np.int16)
    return Speech(f"Said {len(samples)}.", "flite rms", samples, (Word(0.0, 0.1234), Word(0.2, 0.3)))


def test_clips_come_back_and_shards_that_are_there_are_kept(tmp_path: Path):
    prepare(tmp_path, 700, clip, seed=1, threads=2)
    corpus = Corpus(tmp_path)
    assert len(corpus) == 700
    assert corpus[650].text == f"Said {corpus.lengths[650]}."
    assert len(corpus.sound(650)) == corpus.lengths[650]
    assert corpus[3].words == (Word(0.0, 0.123), Word(0.2, 0.3))
    assert len(corpus.of_voice["flite rms"]) == 700

    (tmp_path / "0001.json").unlink()
    made = []

    def counted(rng: np.random.Generator) -> Speech:
        made.append(1)
        return clip(rng)

    prepare(tmp_path, 700, counted, seed=1, threads=1)
    assert len(made) == 200
    assert np.array_equal(Corpus(tmp_path).sound(650), corpus.sound(650))


@needs_flite
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs Debian's espeak-ng")
@pytest.mark.skipif(shutil.which("text2wave") is None, reason="needs Debian's festival")
def test_a_training_clip_depends_on_its_generator_alone():
    texts = Texts(read_grammar(), ["Call us at home."], ["phone", "reset"])
    make = partial(training_clip, texts)
    one, same = (make(np.random.default_rng([1, 4])) for _ in range(2))
    assert (one.text, one.voice) == (same.text, same.voice)
    assert np.array_equal(one.samples, same.samples)
    assert len(one.samples) > 0.2 * CALL_RATE
