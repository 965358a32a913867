"""PocketSphinx's own US English model, out of the binary trie in its wheel."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.training.basic_recognizer.backoff import BackoffModel, Order, keys_of

_HEADER = b"Trie Language Model"
_ORDER = 3
_BINS = 1 << 16
_LOG10_BASE = np.log10(1.0001)
"""The file's logarithms are to PocketSphinx's base."""
_UNIGRAM = np.dtype([("prob", "<f4"), ("backoff", "<f4"), ("next", "<u4")])

Numbers = NDArray[np.int64]


def read_trie(path: Path) -> BackoffModel:
    """The trigram model in `path`. Raises `ValueError` where it is none in PocketSphinx's format.

    The layout is that of `lm_trie.c` in PocketSphinx 5: after each word those that stand before it, and
    after each of these pairs those before them, in entries of as many bits as the numbers need.
    The file in the wheel holds a few pairs less than it says, over which `NGramModel.write` crashes.
    """
    data = path.read_bytes()
    at = len(_HEADER)
    (order, *counts) = struct.unpack_from("<B3I", data, at)
    if not data.startswith(_HEADER) or order != _ORDER:
        raise ValueError(f"{path} is no trigram model in PocketSphinx's format")
    at += 13 + 4
    tables = np.frombuffer(data, "<f4", 3 * _BINS, at).reshape(3, _BINS) * _LOG10_BASE
    at += 3 * _BINS * 4
    singles = np.frombuffer(data, _UNIGRAM, counts[0] + 1, at)
    at += singles.nbytes
    word_bits, next_bits = counts[0].bit_length(), counts[2].bit_length()
    pairs = _Packed(data, at, counts[1], (word_bits, 16, 16, next_bits))
    triples = _Packed(data, pairs.end, counts[2], (word_bits, 16))
    names = data[triples.end + 4 :].split(b"\0")[: counts[0]]

    last = np.repeat(np.arange(counts[0]), np.diff(singles["next"].astype(np.int64)))
    held = len(last)
    before = pairs.field(0)[:held]
    after = np.repeat(np.arange(held), np.diff(pairs.field(3)[: held + 1]))
    two = _sorted(
        keys_of(np.stack([before, last], axis=1), counts[0]),
        tables[0][pairs.field(2)[:held]],
        tables[1][pairs.field(1)[:held]],
    )
    three = _sorted(
        keys_of(np.stack([triples.field(0)[:-1], before[after], last[after]], axis=1), counts[0]),
        tables[2][triples.field(1)[:-1]],
        np.zeros(counts[2]),
    )
    return BackoffModel(
        tuple(name.decode() for name in names),
        singles["prob"][:-1] * _LOG10_BASE,
        singles["backoff"][:-1] * _LOG10_BASE,
        (two, three),
    )


class _Packed:
    """An array of `count` entries and the end of a further one, in fields of so many `bits`."""

    def __init__(self, data: bytes, at: int, count: int, bits: tuple[int, ...]) -> None:
        self._width, self._bits, self._count = sum(bits), bits, count
        self.end = at + ((1 + count) * self._width + 7) // 8 + 8
        self._bytes = np.frombuffer(data, np.uint8, self.end - at, at).astype(np.uint64)

    def field(self, number: int) -> Numbers:
        """One field of every entry and of the one after the last, least significant bit first."""
        bit = np.arange(self._count + 1) * self._width + sum(self._bits[:number])
        value = np.zeros(len(bit), np.uint64)
        for byte in range(5):
            value |= self._bytes[bit // 8 + byte] << np.uint64(8 * byte)
        value >>= (bit % 8).astype(np.uint64)
        return (value & np.uint64((1 << self._bits[number]) - 1)).astype(np.int64)


def _sorted(keys: Numbers, prob: NDArray[np.float64], backoff: NDArray[np.float64]) -> Order:
    order = np.argsort(keys)
    return Order(keys[order], prob[order], backoff[order])
