"""Fits the linear model over words on calls cut off where they might have got to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from detection.training.talk.calls import Call, Turn
from detection.training.talk.noise import Confusions
from detection.vishing.wording import WordingModel, key_of, ngrams

_LEAST = 14
"""Cut calls that an n-gram is in."""
_STRENGTH = 5.0
"""Inverse of the regularisation, scikit-learn's `C`."""
SETTLE = 12.0
"""Turns; chosen on families that were left out."""
_FIRST = 3
_SPOILED = 0.3

Turns = tuple[Turn, ...]


def fit_wording(calls: Sequence[Call], confusions: Confusions, seed: int = 0) -> WordingModel:
    """A model that has seen `calls` whole, cut where the harm is done, and cut before that.

    Honest calls are cut at the same shares of their length, so that how far a call has got says nothing.
    """
    rng = np.random.default_rng(seed)
    shares = [call.until / len(call.turns) for call in calls if call.until < len(call.turns)]
    seen: list[Turns] = []
    cons: list[bool] = []
    for call in calls:
        for turns in _cuts(call, shares, rng):
            seen.append(_spoiled(turns, confusions, rng) if rng.random() < _SPOILED else turns)
            cons.append(bool(call.is_con))
    vectorizer = TfidfVectorizer(analyzer=_grams, min_df=_LEAST, sublinear_tf=True)
    rows = vectorizer.fit_transform(seen)
    line = LogisticRegression(C=_STRENGTH, max_iter=500).fit(rows, cons)
    keys = np.array([key_of(gram) for gram in vectorizer.get_feature_names_out()], np.uint64)
    order = np.argsort(keys)
    return WordingModel(
        keys[order],
        vectorizer.idf_[order].astype(np.float32),
        line.coef_[0, order].astype(np.float32),
        float(line.intercept_[0]),
        SETTLE,
    )


def write_wording(model: WordingModel, path: Path) -> None:
    """In the form that `load_wording` reads."""
    np.savez_compressed(
        path,
        keys=model.keys,
        idf=model.idf.astype(np.float16),
        weights=model.weights.astype(np.float16),
        offset=model.offset,
        settle=model.settle,
    )


def wording_logits(model: WordingModel, call: Call) -> NDArray[np.float32]:
    """The model's logit after each turn."""
    logits = []
    counts = model.known((), is_caller=True)
    for at, turn in enumerate(call.turns):
        counts += model.known(turn.words, is_caller=turn.is_caller)
        logits.append(model.logit(counts, at + 1))
    return np.array(logits, np.float32)


def _cuts(call: Call, shares: Sequence[float], rng: np.random.Generator) -> list[Turns]:
    count = len(call.turns)
    until = call.until if call.is_con else round(count * rng.choice(shares))
    ends = {count, until, round(until * rng.uniform(0.6, 1))}
    return [call.turns[: max(_FIRST, end)] for end in sorted(ends)]


def _spoiled(turns: Turns, confusions: Confusions, rng: np.random.Generator) -> Turns:
    share = rng.uniform(0.1, 0.8)
    return tuple(
        Turn(confusions.spoil(turn.words, rng, share), turn.is_caller, turn.labels) for turn in turns
    )


def _grams(turns: Turns) -> list[str]:
    return [gram for turn in turns for gram in ngrams(turn.words, is_caller=turn.is_caller)]
