"""A linear model over what both sides say: words, pairs and triples of words, and who said them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.errors import DetectionError

LONGEST = 3
"""Words in the longest n-gram."""
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class WordingModel:
    """Logistic regression on tf-idf, counts sublinear, rows of length 1 (Salton and Buckley 1988).

    `keys` are the sorted hashes of the n-grams it knows, `idf` and `weights` their inverse document
    frequencies and coefficients. What a few turns say is shrunk towards nothing by turns / (turns +
    `settle`). Shared by all calls; safe on any thread.
    """

    keys: NDArray[np.uint64]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    offset: float
    settle: float

    def known(self, words: Sequence[str], *, is_caller: bool) -> Counter[int]:
        """How often each n-gram that the model knows is in a turn, by its place among `keys`."""
        hashes = np.array([key_of(gram) for gram in ngrams(words, is_caller=is_caller)], np.uint64)
        places = np.searchsorted(self.keys, hashes).clip(max=len(self.keys) - 1)
        return Counter(places[self.keys[places] == hashes].tolist())

    def logit(self, counts: Mapping[int, int], turns: int) -> float:
        """Log odds vishing : honest of a call in whose `turns` the n-grams were said so often."""
        if not counts:
            return 0.0
        places = np.fromiter(counts, np.intp, len(counts))
        times = np.fromiter(counts.values(), np.float32, len(counts))
        row = (1 + np.log(times)) * self.idf[places]
        whole = float(row @ self.weights[places] / np.linalg.norm(row)) + self.offset
        return whole * turns / (turns + self.settle)


def ngrams(words: Sequence[str], *, is_caller: bool) -> Iterator[str]:
    """Each run of one to three normalised words, once marked with who said it and once for either."""
    side = "c" if is_caller else "a"
    for length in range(1, LONGEST + 1):
        for first in range(len(words) - length + 1):
            gram = " ".join(words[first : first + length])
            yield f"{side} {gram}"
            yield f"* {gram}"


def key_of(ngram: str) -> int:
    """A 64-bit hash, the same on every machine."""
    return int.from_bytes(blake2b(ngram.encode(), digest_size=_HASH_BYTES).digest(), "little")


def load_wording(path: Path) -> WordingModel:
    """The model in an .npz with an array for each of its fields. Raises `DetectionError`."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            model = WordingModel(
                stored["keys"].astype(np.uint64),
                stored["idf"].astype(np.float32),
                stored["weights"].astype(np.float32),
                float(stored["offset"]),
                float(stored["settle"]),
            )
    except Exception as error:
        raise DetectionError(
            f"The wording model {path} cannot be read; install the pack again."
        ) from error
    if not len(model.keys) == len(model.idf) == len(model.weights) > 0:
        raise DetectionError(f"The wording model {path} does not fit together; install the pack again.")
    return model
