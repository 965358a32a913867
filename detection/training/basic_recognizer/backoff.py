"""Trigram models with back-off, over one vocabulary, as sorted arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

START, END = "<s>", "</s>"
_NEVER = -99.0
"""The ARPA format's log10 probability of what is never predicted."""
_UNKNOWN = -12.0
"""The same of a word that a model has never seen."""
_NO_WORD = -1
_PAIR = 2
_LEAST_LEFT = 1e-6
"""Of the probability left for words that were not seen after a history."""

Words = NDArray[np.int64]
"""Word numbers, one n-gram a row, its last word last."""
Logs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Order:
    """The n-grams of one length above 1.

    `keys` are sorted: the words as digits of a number to the base of the vocabulary's size.
    `prob` and `backoff` are log10; the longest order has no backoff (zeros).
    """

    keys: NDArray[np.int64]
    prob: Logs
    backoff: Logs

    def find(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where each of `keys` is, and whether it is there at all."""
        at = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        return at, self.keys[at] == keys if len(self.keys) else np.zeros(len(keys), bool)


@dataclass(frozen=True, slots=True)
class BackoffModel:
    """p(word | up to two words before it). `prob` and `backoff` are log10 by word."""

    words: tuple[str, ...]
    prob: Logs
    backoff: Logs
    orders: tuple[Order, ...]

    def logs(self, ngrams: Words) -> Logs:
        """log10 p of the last word of every n-gram after the ones before it."""
        length = ngrams.shape[1]
        if length == 1:
            return self.prob[ngrams[:, 0]]
        shorter = self.logs(ngrams[:, 1:]) + self._backoffs(ngrams[:, :-1])
        order = self.orders[length - 2]
        at, is_here = order.find(keys_of(ngrams, len(self.words)))
        return np.where(is_here, order.prob[at] if len(order.keys) else 0.0, shorter)

    def _backoffs(self, histories: Words) -> Logs:
        if histories.shape[1] == 1:
            return self.backoff[histories[:, 0]]
        order = self.orders[histories.shape[1] - 2]
        at, is_here = order.find(keys_of(histories, len(self.words)))
        return np.where(is_here, order.backoff[at] if len(order.keys) else 0.0, 0.0)

    def write_arpa(self, target: Path) -> None:
        """In the ARPA format, which PocketSphinx reads."""
        with target.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"\\data\\\nngram 1={len(self.words)}\n")
            file.writelines(f"ngram {n}={len(order.keys)}\n" for n, order in enumerate(self.orders, 2))
            file.write("\n\\1-grams:\n")
            for word, prob, backoff in zip(self.words, self.prob, self.backoff, strict=True):
                file.write(f"{prob:.4f} {word} {backoff:.4f}\n")
            for n, order in enumerate(self.orders, 2):
                file.write(f"\n\\{n}-grams:\n")
                names = np.array(self.words, dtype=object)[words_of(order.keys, n, len(self.words))]
                last = n == len(self.orders) + 1
                for name, prob, backoff in zip(names, order.prob, order.backoff, strict=True):
                    end = "" if last else f" {backoff:.4f}"
                    file.write(f"{prob:.4f} {' '.join(name)}{end}\n")
            file.write("\n\\end\\\n")


def keys_of(ngrams: Words, size: int) -> NDArray[np.int64]:
    """Each row as one number."""
    keys = np.zeros(len(ngrams), np.int64)
    for column in ngrams.T:
        keys = keys * size + column
    return keys


def words_of(keys: NDArray[np.int64], length: int, size: int) -> Words:
    """The rows that `keys_of` made numbers of."""
    columns = []
    for _ in range(length):
        keys, column = np.divmod(keys, size)
        columns.append(column)
    return np.stack(columns[::-1], axis=1)


def learn(words: Sequence[str], sentences: Iterable[Sequence[str]]) -> BackoffModel:
    """A trigram model of `sentences` by the rule of Witten and Bell 1991 (method C), interpolated.

    Words that are not among `words` part a sentence: no n-gram goes over them.
    """
    number = {word: place for place, word in enumerate(words)}
    runs = [[number.get(word, _NO_WORD) for word in (START, *sentence, END)] for sentence in sentences]
    rows = np.array(
        [row for run in runs for row in zip([_NO_WORD, *run], run, run[1:], strict=False)],
        np.int64,
    ).reshape(-1, 3)
    rows = rows[rows[:, 2] >= 0]
    size = len(words)
    seen = np.bincount(rows[:, 2], minlength=size).astype(float)
    kinds = np.count_nonzero(seen)
    prob = (seen + kinds / (size - 1)) / (seen.sum() + kinds)
    prob[number[START]] = 10**_NEVER
    model = BackoffModel(tuple(words), np.log10(prob), np.zeros(size), ())
    for length in (2, 3):
        fit = rows[(rows[:, -length:] >= 0).all(axis=1), -length:]
        model = _with_order(model, *np.unique(keys_of(fit, size), return_counts=True))
    return model


def _with_order(model: BackoffModel, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> BackoffModel:
    size, length = len(model.words), len(model.orders) + 2
    _, history = np.unique(keys // size, return_inverse=True)
    total = np.bincount(history, counts)[history]
    kinds = np.bincount(history)[history]
    shorter = 10 ** model.logs(words_of(keys, length, size)[:, 1:])
    prob = (counts + kinds * shorter) / (total + kinds)
    order = Order(keys, np.log10(prob), np.zeros(len(keys)))
    return with_backoffs(
        BackoffModel(model.words, model.prob, model.backoff, (*model.orders, order)), length
    )


def _never_start(model: BackoffModel) -> BackoffModel:
    prob = model.prob.copy()
    prob[model.words.index(START)] = _NEVER
    return BackoffModel(model.words, prob, model.backoff, model.orders)


def mix(models: Sequence[BackoffModel], weights: Sequence[float]) -> BackoffModel:
    """The weighted mean of their probabilities on every n-gram that any of them has."""
    words = models[0].words
    size = len(words)
    everything = np.arange(size)[:, None]
    mixed = BackoffModel(words, _mean(models, weights, everything), np.zeros(size), ())
    for length in (2, 3):
        keys = np.unique(np.concatenate([model.orders[length - 2].keys for model in models]))
        prob = _mean(models, weights, words_of(keys, length, size))
        order = Order(keys, prob, np.zeros(len(keys)))
        mixed = with_backoffs(
            BackoffModel(words, mixed.prob, mixed.backoff, (*mixed.orders, order)), length
        )
    return _never_start(mixed)


def _mean(models: Sequence[BackoffModel], weights: Sequence[float], ngrams: Words) -> Logs:
    mean = sum(weight * 10 ** model.logs(ngrams) for model, weight in zip(models, weights, strict=True))
    return np.log10(np.maximum(mean, 1e-30))


def best_weights(models: Sequence[BackoffModel], ngrams: Words, rounds: int = 60) -> list[float]:
    """The weights of `mix` that make `ngrams` most likely (expectation maximisation)."""
    likelihoods = np.stack([10 ** model.logs(ngrams) for model in models])
    weights = np.full(len(models), 1 / len(models))
    for _ in range(rounds):
        shares = weights[:, None] * likelihoods
        weights = (shares / shares.sum(axis=0)).mean(axis=1)
    return weights.tolist()


def trigrams(words: Sequence[str], sentences: Iterable[Sequence[str]]) -> Words:
    """Every place in `sentences` with the two words before it, where all three are known words."""
    number = {word: place for place, word in enumerate(words)}
    rows = []
    for sentence in sentences:
        run = [number.get(word, -1) for word in (START, START, *sentence, END)]
        rows += [row for row in zip(run, run[1:], run[2:], strict=False) if min(row) >= 0]
    return np.array(rows, np.int64).reshape(-1, 3)


def perplexity(model: BackoffModel, ngrams: Words) -> float:
    """Of the last words of `ngrams`."""
    return float(10 ** -model.logs(ngrams).mean())


@dataclass(frozen=True, slots=True)
class _Histories:
    """The histories of an order.

    `group` is which each n-gram has, `first` where each comes up first; `seen` and `shorter` are the
    sums of the probabilities of what was seen after each, by this order and by the shorter one.
    """

    group: NDArray[np.intp]
    first: NDArray[np.intp]
    seen: Logs
    shorter: Logs


def _histories(model: BackoffModel, length: int) -> _Histories:
    size, order = len(model.words), model.orders[length - 2]
    _, first, group = np.unique(order.keys // size, return_index=True, return_inverse=True)
    shorter = 10 ** model.logs(words_of(order.keys, length, size)[:, 1:])
    return _Histories(group, first, np.bincount(group, 10**order.prob), np.bincount(group, shorter))


def with_backoffs(model: BackoffModel, length: int) -> BackoffModel:
    """`model` with the weights of the histories of its n-grams of `length` such that all sums are 1."""
    size, order = len(model.words), model.orders[length - 2]
    of = _histories(model, length)
    left = np.maximum(1 - of.seen, _LEAST_LEFT) / np.maximum(1 - of.shorter, _LEAST_LEFT)
    logs, histories = np.log10(left), order.keys[of.first] // size
    if length == _PAIR:
        backoff = np.zeros(size)
        backoff[histories] = logs
        return BackoffModel(model.words, model.prob, backoff, model.orders)
    below = model.orders[length - 3]
    at, is_here = below.find(histories)
    backoff = np.zeros(len(below.keys))
    backoff[at[is_here]] = logs[is_here]
    orders = list(model.orders)
    orders[length - 3] = Order(below.keys, below.prob, backoff)
    return BackoffModel(model.words, model.prob, model.backoff, tuple(orders))


def pruned(model: BackoffModel, threshold: float) -> BackoffModel:
    """Without the n-grams whose loss raises the model's perplexity by less than the share `threshold`.

    Each alone, by the relative entropy of Stolcke 1998; a history of what stays, stays.
    """
    for length in (3, 2):
        model = _pruned_order(model, length, threshold)
    return model


def _pruned_order(model: BackoffModel, length: int, threshold: float) -> BackoffModel:
    size, order = len(model.words), model.orders[length - 2]
    of = _histories(model, length)
    ngrams = words_of(order.keys, length, size)
    seen, shorter = of.seen[of.group], of.shorter[of.group]
    prob, lower = 10**order.prob, 10 ** model.logs(ngrams[:, 1:])
    before = np.log(np.maximum(1 - seen, _LEAST_LEFT) / np.maximum(1 - shorter, _LEAST_LEFT))
    after = np.log(
        np.maximum(1 - seen + prob, _LEAST_LEFT) / np.maximum(1 - shorter + lower, _LEAST_LEFT)
    )
    gain = prob * (np.log(lower) + after - np.log(prob)) + (1 - seen) * (after - before)
    keep = np.expm1(-_history_probability(model, ngrams[:, :-1]) * gain) >= threshold
    if length < len(model.orders) + 1:
        longer = model.orders[length - 1].keys // size
        keep |= np.isin(order.keys, longer)
    orders = list(model.orders)
    orders[length - 2] = Order(order.keys[keep], order.prob[keep], order.backoff[keep])
    slim = BackoffModel(model.words, model.prob, model.backoff, tuple(orders))
    for changed in range(2, len(orders) + 2):
        slim = with_backoffs(slim, changed)
    return slim


def _history_probability(model: BackoffModel, histories: Words) -> Logs:
    """How often a history comes up: its words one after the other; a start as often as an end."""
    prob = model.prob.copy()
    prob[model.words.index(START)] = model.prob[model.words.index(END)]
    found = prob[histories[:, 0]]
    for length in range(2, histories.shape[1] + 1):
        found = found + model.logs(histories[:, :length])
    return 10**found


def over(model: BackoffModel, words: Sequence[str]) -> BackoffModel:
    """`model` as it is for `words`; those it does not know are next to never predicted."""
    place = {word: number for number, word in enumerate(words)}
    here = np.array([place.get(word, -1) for word in model.words])
    known = here >= 0
    prob, backoff = np.full(len(words), _UNKNOWN), np.zeros(len(words))
    prob[here[known]], backoff[here[known]] = model.prob[known], model.backoff[known]
    narrowed = BackoffModel(tuple(words), prob, backoff, ())
    for length, order in enumerate(model.orders, 2):
        ngrams = here[words_of(order.keys, length, len(model.words))]
        kept = (ngrams >= 0).all(axis=1)
        keys = keys_of(ngrams[kept], len(words))
        rank = np.argsort(keys)
        orders = Order(keys[rank], order.prob[kept][rank], order.backoff[kept][rank])
        narrowed = BackoffModel(
            narrowed.words, narrowed.prob, narrowed.backoff, (*narrowed.orders, orders)
        )
    return narrowed
