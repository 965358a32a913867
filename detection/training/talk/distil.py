"""Static word vectors from a sentence encoder, as model2vec makes them (Tulkens and van Dongen 2024).

Each word piece is encoded alone and projected (PCA); then the vectors are moved so that the mean of a
sentence's points where the teacher's own vector of it does.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch.nn import functional

from detection.training.minilm import MiniLm

DIMENSIONS = 256
UNKNOWN = "[UNK]"
_FIRST, _LAST = 101, 102
"""The teacher's pieces around a text."""
_SMOOTHING = 1e-3
"""Of the weights by frequency (Arora, Liang and Ma 2017)."""
_FITTED_ON = 20_000
_EPOCHS = 5
_BATCH = 256
_RATE = 1e-3
_STAY = 1e-4
_SPREAD = 5.0
_INT8 = 127
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class StaticVectors:
    """A tokenizer, and for each of its pieces a row of int8 and a scale."""

    tokenizer: Tokenizer
    vectors: NDArray[np.int8]
    scales: NDArray[np.float16]

    def write(self, tokenizer: Path, vectors: Path) -> None:
        """In the form that `detection.text.embedding` reads."""
        self.tokenizer.save(str(tokenizer))
        np.savez_compressed(vectors, vectors=self.vectors, scales=self.scales)


def distil(teacher: MiniLm, texts: Sequence[str], seed: int = 0) -> StaticVectors:
    """Vectors for the teacher's word pieces of Latin letters and digits, fitted on `texts`."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pieces = _pieces(teacher)
    tokenizer = _tokenizer(list(pieces))
    alone = teacher.encode_pieces([(_FIRST, index, _LAST) for index in pieces.values()], batch=512)
    sentences = teacher.encode(texts)
    centre, axes = _projection(alone, sentences, rng)
    start = np.vstack([np.zeros(DIMENSIONS, np.float32), (alone - alone.mean(0)) @ axes])
    goals = torch.from_numpy((sentences - centre) @ axes)
    ids = [found.ids for found in tokenizer.encode_batch(list(texts))]
    counts = np.bincount(np.concatenate([np.array(row) for row in ids]), minlength=len(start)) + 1
    weights = _SMOOTHING / (_SMOOTHING + counts / counts.sum())
    fitted = _fit(start * weights[:, None], ids, functional.normalize(goals, dim=1), rng)
    fitted /= np.linalg.norm(fitted, axis=1).mean()
    scales = (np.abs(fitted).max(1) / _INT8 + 1e-9).astype(np.float16)
    rows = np.round(fitted / scales.astype(np.float32)[:, None]).clip(-_INT8, _INT8).astype(np.int8)
    return StaticVectors(tokenizer, rows, scales)


def _pieces(teacher: MiniLm) -> dict[str, int]:
    vocabulary = sorted(teacher.tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    return {piece: index for piece, index in vocabulary if re.fullmatch(r"(##)?[a-z0-9]+", piece)}


def _tokenizer(pieces: Sequence[str]) -> Tokenizer:
    vocabulary = {UNKNOWN: 0} | {piece: number for number, piece in enumerate(pieces, 1)}
    tokenizer = Tokenizer(
        models.WordPiece(vocab=vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=60)
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _projection(
    alone: NDArray[np.float32], sentences: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The sentences' mean, and the axes (384, 256) on which both kinds of vectors differ most."""
    centre = sentences.mean(0)
    both = np.vstack([alone - alone.mean(0), sentences - centre])
    some = both[rng.permutation(len(both))[:_FITTED_ON]]
    _, _, axes = np.linalg.svd(some, full_matrices=False)
    return centre, axes[:DIMENSIONS].T


def _fit(
    start: NDArray[np.float64],
    ids: Sequence[Sequence[int]],
    goals: torch.Tensor,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    first = torch.tensor(start, dtype=torch.float32)
    table = torch.nn.EmbeddingBag.from_pretrained(first.clone(), freeze=False, mode="mean")
    optimiser = torch.optim.Adam(table.parameters(), _RATE)
    for _ in range(_EPOCHS):
        order = rng.permutation(len(ids))
        for begin in range(0, len(order), _BATCH):
            part = order[begin : begin + _BATCH]
            flat = torch.tensor([piece for index in part for piece in ids[index]])
            lengths = [len(ids[index]) for index in part]
            offsets = torch.tensor([0, *np.cumsum(lengths)[:-1]])
            means = functional.normalize(table(flat, offsets), dim=1)
            goal = goals[torch.from_numpy(part)]
            aside = (1 - (means * goal).sum(1)).mean()
            between = ((means @ means.T - goal @ goal.T) ** 2).mean()
            moved = ((table.weight - first) ** 2).sum() / len(part)
            loss = aside + _SPREAD * between + _STAY * moved
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return table.weight.detach().numpy()


def agreement(
    vectors: StaticVectors, teacher: MiniLm, texts: Sequence[str], pairs: int = 100_000, seed: int = 0
) -> float:
    """Spearman's rank correlation of cosines between `texts`, by the vectors and by the teacher."""
    from scipy.stats import spearmanr

    rows = vectors.vectors.astype(np.float32) * vectors.scales.astype(np.float32)[:, None]
    ids = [found.ids or [0] for found in vectors.tokenizer.encode_batch(list(texts))]
    own = np.stack([rows[index].mean(0) for index in ids])
    own /= np.linalg.norm(own, axis=1, keepdims=True) + 1e-9
    taught = teacher.encode(texts)
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, len(texts), (2, pairs))
    return float(
        spearmanr((own[one] * own[other]).sum(1), (taught[one] * taught[other]).sum(1)).statistic
    )


def sentences_of(file: Path) -> list[str]:
    """Every text of three words or more in a .jsonl file, whatever its fields are called."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            if len(value.split()) >= _LEAST_WORDS:
                found.append(value)
        elif isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for line in file.read_text(encoding="utf-8").splitlines():
        walk(json.loads(line))
    return found
