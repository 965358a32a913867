from pathlib import Path

import numpy as np
import pytest

import resources
from detection.errors import DetectionError
from detection.text.embedding import (
    ContextEncoder,
    StaticEncoder,
    load_context_encoder,
    load_static_encoder,
)

PACK = resources.ROOT / "models" / "earwitness-talk-en"
TUNED = resources.ROOT / "models" / "earwitness-talk-minilm-en"


@pytest.fixture(scope="module")
def encoder() -> StaticEncoder:
    return load_static_encoder(PACK / "tokenizer.json", PACK / "vectors.npz")


def meaning(encoder: StaticEncoder, text: str) -> np.ndarray:
    mean = encoder.vectors(text, 80).mean(0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize(
    ("text", "like", "unlike"),
    [
        ("reset my password", "i forgot my login", "the weather is lovely"),
        ("read me the code", "tell me the number on your screen", "my daughter plays the violin"),
        ("i need this urgently", "hurry up i have no time", "a table for four on friday"),
    ],
)
def test_what_means_alike_lies_together(encoder: StaticEncoder, text: str, like: str, unlike: str):
    near = meaning(encoder, text) @ meaning(encoder, like)
    assert near > meaning(encoder, text) @ meaning(encoder, unlike) + 0.1


def test_there_is_a_vector_for_whatever_is_said(encoder: StaticEncoder):
    for text in ("", "\u0627\u0644\u0633\u0644\u0627\u0645", "\u2603", "x" * 10_000):
        vectors = encoder.vectors(text, 80)
        assert vectors.shape[1] == encoder.dimensions == 256
        assert 1 <= len(vectors) <= 80
        assert np.isfinite(vectors).all()


def test_of_a_long_text_the_end_is_given(encoder: StaticEncoder):
    end = encoder.vectors("please call me back tomorrow", 3)
    assert np.array_equal(end, encoder.vectors("please call me back tomorrow", 80)[-3:])


def test_vectors_that_do_not_fit_are_refused(tmp_path: Path):
    table = tmp_path / "vectors.npz"
    np.savez(table, vectors=np.zeros((3, 4), np.int8), scales=np.ones(3, np.float16))
    with pytest.raises(DetectionError, match=r"are 3 for \d+ word pieces; install the pack again"):
        load_static_encoder(PACK / "tokenizer.json", table)
    table.write_bytes(b"no archive")
    with pytest.raises(DetectionError, match="cannot be read; install the pack again"):
        load_static_encoder(PACK / "tokenizer.json", table)


@pytest.fixture(scope="module")
def tuned() -> ContextEncoder:
    return load_context_encoder(TUNED / "tokenizer.json", TUNED / "encoder.onnx", TUNED.name)


def test_a_word_is_meant_by_what_stands_beside_it(tuned: ContextEncoder):
    code, door = (tuned.vectors(text, 80) for text in ("read me the code", "the code of the door"))
    assert code.shape == (6, tuned.dimensions)
    assert not np.allclose(code[4], door[2], atol=0.1)


def test_an_encoder_reads_whatever_is_said(tuned: ContextEncoder):
    for text in ("", "\u0627\u0644\u0633\u0644\u0627\u0645", "\u2603", "x" * 10_000, "word " * 1_000):
        vectors = tuned.vectors(text, 80)
        assert vectors.dtype == np.float32
        assert 2 <= len(vectors) <= 82
        assert np.isfinite(vectors).all()


@pytest.mark.parametrize(
    ("tokenizer", "network"),
    [
        (PACK / "tokenizer.json", TUNED / "encoder.onnx"),
        (TUNED / "tokenizer.json", TUNED / "talk.onnx"),
        (TUNED / "manifest.json", TUNED / "encoder.onnx"),
        (TUNED / "tokenizer.json", TUNED / "manifest.json"),
    ],
    ids=["another pack's words", "another network", "no tokenizer", "no network"],
)
def test_files_that_do_not_belong_together_are_refused(tokenizer: Path, network: Path):
    with pytest.raises(DetectionError):
        load_context_encoder(tokenizer, network, "mine")
