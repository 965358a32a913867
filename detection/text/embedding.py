"""Words to vectors: what each part of an utterance means, for networks that read talk.

Static vectors are distilled from a sentence encoder as model2vec does (Tulkens and van Dongen 2024): one
vector per word piece, whatever stands beside it, so that a look-up is all it takes.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from detection.errors import DetectionError

Vectors = NDArray[np.float32]


class TextEncoder(Protocol):
    """Turns words into vectors. Shared by all calls; used from one thread at a time."""

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    def vectors(self, text: str, longest: int) -> Vectors:
        """One vector per word piece of normalised `text`, shape (n, dimensions); at least one.

        Of more pieces than `longest`, the last are given.
        """
        ...


class StaticEncoder:
    """Looks each word piece up in a table."""

    def __init__(self, tokenizer: Tokenizer, table: Vectors) -> None:
        self._tokenizer = tokenizer
        self._table = table

    @property
    def dimensions(self) -> int:
        return self._table.shape[1]

    def pieces(self, text: str) -> list[int]:
        """Rows of the table for the word pieces of `text`; row 0 stands for what has none."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def vectors(self, text: str, longest: int) -> Vectors:
        return self._table[self.pieces(text)[-longest:] or [0]]


def load_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer of the library `tokenizers`. Raises `DetectionError` where it cannot be read."""
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise DetectionError(
            f"The tokenizer in {path.parent} cannot be read; install the pack again."
        ) from error


def load_static_encoder(tokenizer: Path, table: Path) -> StaticEncoder:
    """The encoder in two files: a tokenizer of the library `tokenizers`, and an .npz.

    The .npz holds `vectors`, int8 of shape (pieces, dimensions), and `scales`, one per row. Raises
    `DetectionError` where they cannot be read or do not fit each other.
    """
    pieces = load_tokenizer(tokenizer)
    try:
        with np.load(table, allow_pickle=False) as stored:
            rows = stored["vectors"].astype(np.float32) * stored["scales"].astype(np.float32)[:, None]
    except Exception as error:
        raise DetectionError(
            f"The word vectors in {tokenizer.parent} cannot be read; install the pack again."
        ) from error
    if len(rows) != pieces.get_vocab_size():
        raise DetectionError(
            f"The word vectors in {tokenizer.parent} are {len(rows)} for {pieces.get_vocab_size()} word "
            "pieces; install the pack again."
        )
    return StaticEncoder(pieces, rows)
