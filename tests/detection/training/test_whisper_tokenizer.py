"""A vocabulary of our own must look to faster-whisper like Whisper's."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer
from tokenizers import Tokenizer

from detection.training.whisper.sentences import Part, read_grammar
from detection.training.whisper.tokenizer import (
    END,
    NO_TIMES,
    PIECES,
    SPECIAL,
    TIMES,
    Tokens,
    learn_tokenizer,
    read_tokenizer,
    vocabulary,
)


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    grammar, rng = read_grammar(), np.random.default_rng(0)
    return [grammar.sentence(Part.TRAINING, rng) for _ in range(3000)]


@pytest.fixture(scope="module")
def tokenizer(sentences: list[str]) -> Tokenizer:
    return learn_tokenizer(sentences)


def test_texts_come_back(tokenizer: Tokenizer, sentences: list[str]):
    tokens = Tokens(tokenizer)
    for text in (*sentences[:200], "Zażółć, 4711 — naïve? 😀"):
        pieces = tokens.text(text)
        assert max(pieces) < tokens.end
        assert WhisperTokenizer(tokenizer, multilingual=False).decode(pieces) == f" {text}"


def test_common_words_are_few_pieces(tokenizer: Tokenizer):
    assert len(Tokens(tokenizer).text("Please reset my password.")) <= 6


def test_whisper_s_tokens_stand_where_whisper_has_them(tokenizer: Tokenizer):
    names = vocabulary(tokenizer)
    assert len(names) == tokenizer.get_vocab_size() == PIECES + len(SPECIAL) + len(TIMES)
    assert names[PIECES] == END
    assert names[names.index(NO_TIMES) + 1 :] == list(TIMES)
    assert (TIMES[0], TIMES[1], TIMES[-1]) == ("<|0.00|>", "<|0.02|>", "<|30.00|>")
    seen = WhisperTokenizer(tokenizer, multilingual=False)
    assert None not in (seen.sot, seen.eot, seen.sot_prev, seen.sot_lm, seen.no_speech, seen.transcribe)
    assert seen.timestamp_begin == names.index(TIMES[0])


@pytest.mark.parametrize(
    ("seconds", "name"), [(0.0, "<|0.00|>"), (2.431, "<|2.44|>"), (31.0, "<|30.00|>")]
)
def test_times_are_tokens(tokenizer: Tokenizer, seconds: float, name: str):
    assert Tokens(tokenizer).time(seconds) == tokenizer.token_to_id(name)


def test_no_piece_of_a_sentence_is_one_that_faster_whisper_suppresses(
    tokenizer: Tokenizer, sentences: list[str]
):
    suppressed = set(WhisperTokenizer(tokenizer, multilingual=False).non_speech_tokens)
    tokens = Tokens(tokenizer)
    assert suppressed
    for text in sentences:
        assert not suppressed & set(tokens.text(text)), text


def test_a_saved_tokenizer_is_the_same(tokenizer: Tokenizer, tmp_path: Path):
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    text = "Please reset my MFA, D-A-N."
    assert Tokens(read_tokenizer(tmp_path / "tokenizer.json")).text(text) == Tokens(tokenizer).text(text)
