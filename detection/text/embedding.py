"""Words to vectors: what each part of an utterance means, for networks that read talk.

Static vectors are distilled from a sentence encoder as model2vec does (Tulkens and van Dongen 2024): one
vector per word piece, whatever stands beside it, so that a look-up is all it takes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from detection.errors import DetectionError
from detection.models.runtime import open_network

if TYPE_CHECKING:
    import onnxruntime

Vectors = NDArray[np.float32]
ENCODED_AROUND = ("[CLS]", "[SEP]")
"""Word pieces that an encoder sees before and after a text."""


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
        self.table = table
        """One row per word piece, shape (pieces, dimensions)."""

    @property
    def dimensions(self) -> int:
        return self.table.shape[1]

    def pieces(self, text: str) -> list[int]:
        """Rows of the table for the word pieces of `text`; row 0 stands for what has none."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def vectors(self, text: str, longest: int) -> Vectors:
        return self.table[self.pieces(text)[-longest:] or [0]]


class ContextEncoder:
    """A transformer's last layer: each word piece as it is meant beside the others."""

    def __init__(
        self, tokenizer: Tokenizer, session: "onnxruntime.InferenceSession", dimensions: int
    ) -> None:
        """`session` turns `ids` (1, n) into `vectors` (1, n, dimensions)."""
        self._tokenizer = tokenizer
        self._session = session
        self._dimensions = dimensions
        self._first, self._last = (tokenizer.token_to_id(name) for name in ENCODED_AROUND)

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def vectors(self, text: str, longest: int) -> Vectors:
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids[-longest:]
        around = np.array([[self._first, *ids, self._last]], np.int64)
        (vectors,) = self._session.run(["vectors"], {"ids": around})
        return np.asarray(vectors, np.float32)[0]


def load_context_encoder(tokenizer: Path, network: Path, pack: str) -> ContextEncoder:
    """The encoder in two files of the pack named `pack`.

    Raises `DetectionError` where they cannot be read or do not fit each other.
    """
    session = open_network(network, pack)
    shapes = {given.name: given.shape for given in (*session.get_inputs(), *session.get_outputs())}
    if set(shapes) != {"ids", "vectors"} or not isinstance(shapes["vectors"][-1], int):
        raise DetectionError(f"{network.name} of model pack {pack} encodes no text; install it again.")
    pieces = load_tokenizer(tokenizer)
    if any(pieces.token_to_id(name) is None for name in ENCODED_AROUND):
        raise DetectionError(
            f"The tokenizer in {tokenizer.parent} is not that of an encoder; install the pack again."
        )
    return ContextEncoder(pieces, session, shapes["vectors"][-1])


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
