"""Training examples: sound and the tokens to be made of it. Needs the training environment."""

import shutil
from itertools import groupby

import numpy as np
import pytest
from tokenizers import Tokenizer

pytest.importorskip("scipy", reason="needs the training environment's scipy")

from detection.training.whisper import examples
from detection.training.whisper.examples import Example, silent_example, spoken_example
from detection.training.whisper.features import log_mel, padded
from detection.training.whisper.guidance import IGNORED, phone_frames, word_spans
from detection.training.whisper.no_speech import KINDS, no_speech
from detection.training.whisper.speech import PHONES, Speech, Word
from detection.training.whisper.tokenizer import Tokens, learn_tokenizer

TEXT = "Please reset my password."


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return learn_tokenizer([TEXT] * 20)


@pytest.fixture(scope="module")
def speech() -> Speech:
    samples = np.random.default_rng(0).integers(-9000, 9000, 32000).astype(np.int16)
    words = tuple(Word(start, start + 0.5) for start in (0.0, 0.5, 1.0, 1.5))
    return Speech(TEXT, "flite rms", samples, words)


def made(tokenizer: Tokenizer, speeches: list[Speech], count: int = 60) -> list[Example]:
    tokens = Tokens(tokenizer)
    others = [speech.samples for speech in speeches]
    return [
        spoken_example(speeches, others, [TEXT], tokens, np.random.default_rng(seed))
        for seed in range(count)
    ]


def said(example: Example, tokenizer: Tokenizer) -> str:
    """The text of an example that has no times."""
    return tokenizer.decode([target for target in example.targets if target != IGNORED])


@pytest.fixture
def without_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "WITH_TIMES", 0.0)


def test_every_token_has_the_one_after_it_as_target(tokenizer: Tokenizer, speech: Speech):
    for example in made(tokenizer, [speech]):
        assert len(example.tokens) == len(example.targets)
        counted = [n for n, target in enumerate(example.targets) if target != IGNORED]
        for n in counted[1:-1]:
            assert example.targets[n] == example.tokens[n + 1]
        assert example.targets[-1] == Tokens(tokenizer).end
        assert example.features.shape[0] == 80
        assert np.isfinite(example.features).all()


@pytest.mark.usefixtures("without_times")
def test_a_cut_sentence_keeps_only_what_was_said(
    tokenizer: Tokenizer, speech: Speech, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(examples, "CUT", 2.0)
    texts = {said(example, tokenizer) for example in made(tokenizer, [speech], 200)}
    assert {" reset my", " my password"} <= texts
    assert f" {TEXT}" not in texts
    monkeypatch.setattr(examples, "CUT", 1.0)
    texts = {said(example, tokenizer) for example in made(tokenizer, [speech], 200)}
    assert {" Please", " Please reset", " Please reset my"} <= texts
    assert all(text.strip() in TEXT for text in texts)


def test_times_are_those_of_the_sentences(
    tokenizer: Tokenizer, speech: Speech, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(examples, "CUT", 0.0)
    monkeypatch.setattr(examples, "OTHER_SPEED", 0.0)
    monkeypatch.setattr(examples, "WITH_TIMES", 1.0)
    monkeypatch.setattr(examples, "WITH_PROMPT", 0.0)
    tokens = Tokens(tokenizer)
    for example in made(tokenizer, [speech, speech], 10):
        times = [(token - tokens.time(0)) * 0.02 for token in example.tokens if token > tokens.no_times]
        assert len(times) == 4
        assert times == sorted(times)
        assert times[1] - times[0] == pytest.approx(2.0, abs=0.03)
        assert times[3] - times[2] == pytest.approx(2.0, abs=0.03)
        assert times[3] <= example.features.shape[1] / 100 + 0.02


def test_nobody_speaking_is_told_by_the_first_token_and_by_nothing_after_it(tokenizer: Tokenizer):
    tokens = Tokens(tokenizer)
    found = [silent_example(1.5, tokens, np.random.default_rng(seed)) for seed in range(30)]
    assert {tuple(example.targets) for example in found} == {(tokens.no_speech, tokens.end)}
    assert {example.tokens[1] for example in found} == {
        tokens.no_speech, tokens.no_times, tokens.time(0),
    }  # fmt: skip
    for example in found:
        assert {PHONES[phone] for phone in example.phones} == {"pau"}
        assert example.spans == [None, None]


@pytest.mark.skipif(not shutil.which("flite"), reason="needs flite, which tells the phones of words")
def test_each_frame_has_its_phone_and_each_piece_the_frames_of_its_word(tokenizer: Tokenizer):
    words = (Word(0.0, 0.4), Word(0.5, 1.0))
    timed = Speech("No password.", "flite rms", np.zeros(16000, np.int16), words)
    untimed = Speech("No.", "espeak-ng en-us", np.zeros(8000, np.int16), ())
    frames = phone_frames([timed, untimed], [0.2, 1.4], 120)
    names = [PHONES[phone] if phone != IGNORED else "?" for phone in frames]
    assert names[:10] == ["pau"] * 10
    assert names[10:30] == ["n"] * 10 + ["ow"] * 10
    assert names[30:35] == ["pau"] * 5
    assert [name for name, _ in groupby(names[35:60])] == ["p", "ae", "s", "w", "er", "d"]
    assert names[60:70] == ["pau"] * 10
    assert names[70:95] == ["?"] * 25
    assert names[95:] == ["pau"] * 25
    tokens = Tokens(tokenizer)
    expected = [(10, 30)] * len(tokens.text("No")) + [(35, 60)] * len(tokens.text("password."))
    assert word_spans(timed, 0.2, tokens) == expected
    assert word_spans(untimed, 1.4, tokens) == [None] * len(tokens.text("No."))


def test_guidance_lies_beside_tokens_and_frames(tokenizer: Tokenizer, speech: Speech):
    tokens = Tokens(tokenizer)
    for example in made(tokenizer, [speech, speech]):
        assert len(example.spans) == len(example.targets)
        assert len(example.phones) == example.features.shape[1] // 2
        known = [target for target, span in zip(example.targets, example.spans, strict=True) if span]
        written = [target for target in example.targets if 0 <= target < tokens.end]
        assert known == written


@pytest.mark.parametrize("kind", set(KINDS), ids=lambda kind: kind.__name__)
def test_sounds_without_speech_are_finite_and_as_long_as_asked(kind):
    for seed in range(5):
        sound = kind(16000, np.random.default_rng(seed))
        assert sound.shape == (16000,)
        assert np.isfinite(sound).all()


def test_sounds_without_speech_stay_within_full_scale():
    for seed in range(40):
        sound = no_speech(1.0, np.random.default_rng(seed))
        assert sound.dtype == np.float32
        assert np.abs(sound).max() <= 1.01


def test_features_are_10_ms_each_and_padded_with_zeros_to_an_even_number():
    short, long = (log_mel(np.zeros(length, np.float32)) for length in (8000, 16160))
    assert (short.shape, long.shape) == ((80, 50), (80, 101))
    batch = padded([short, long])
    assert batch.shape == (2, 80, 102)
    assert not batch[0, :, 50:].any()
    assert batch[0, :, :50].any()
    assert padded([short], 3000).shape == (1, 80, 3000)
