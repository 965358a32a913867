"""A sketch of what a party said, to find calls with the same wording without keeping their words.

MinHash (Broder 1997) over runs of four words, hashed by multiply-shift (Dietzfelbinger 1996): the share
of equal numbers in two sketches estimates the share of runs that both calls have (Jaccard).
"""

import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_RUN = 4
_NUMBERS = 128
_SEED = 20_261_122
_EMPTY = np.uint32(0xFFFFFFFF)
_factors, _terms = np.random.default_rng(_SEED).integers(0, 2**63, (2, _NUMBERS), dtype=np.uint64)
_factors = _factors * np.uint64(2) + np.uint64(1)


class WordingSketch:
    """Grows with the words of one party. Runs on the inference thread."""

    def __init__(self) -> None:
        self.runs = 0
        """Runs of words taken in."""
        self._numbers = np.full(_NUMBERS, _EMPTY)

    def add(self, words: Iterable[str]) -> None:
        """Take in what was said in one go, as normalised words."""
        said = list(words)
        hashes = [
            zlib.crc32(" ".join(said[first : first + _RUN]).encode())
            for first in range(len(said) - _RUN + 1)
        ]
        if not hashes:
            return
        self.runs += len(hashes)
        mixed = np.array(hashes, np.uint64)[:, None] * _factors + _terms
        self._numbers = np.minimum(self._numbers, (mixed >> np.uint64(32)).astype(np.uint32).min(0))

    @property
    def text(self) -> str:
        """The sketch as hexadecimal digits."""
        return self._numbers.astype(">u4").tobytes().hex()

    def likeness(self, other: str) -> float:
        """The share of runs in common (0-1) with a sketch as `text` gives it; 0 for anything else."""
        try:
            numbers = np.frombuffer(bytes.fromhex(other), ">u4")
        except ValueError:
            return 0.0
        if numbers.shape != self._numbers.shape:
            return 0.0
        return float(np.mean(_matches(self._numbers, numbers.astype(np.uint32))))


def _matches(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return (one == other) & (one != _EMPTY)
