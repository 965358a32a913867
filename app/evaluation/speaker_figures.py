"""From embedded pieces of speech to figures of all trials between them; keys in docs/evaluation.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.evaluation.bootstrap import TrialBootstrap
from detection.metrics import (
    DetectionCosts,
    ErrorRates,
    area_under_curve,
    equal_error,
    error_rates,
    llr_cost,
    min_detection_cost,
    min_llr_cost,
)
from detection.voice.encoder import SpeakerEncoder
from detection.voice.scoring import Embeddings, cosines, llrs, scores

COSTS = DetectionCosts(miss=1, false_alarm=1, prior=0.05)
"""Both errors cost the same, and one trial in twenty is of one person, who is the positive."""

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of one person's speech: its embedding, shape (d,), and how its windows scatter.

    `source` and `session` are empty where nothing is known of them; `spread` is None for one window.
    """

    person: str
    source: str
    session: str
    embedding: Embeddings
    spread: float | None


@dataclass(frozen=True, slots=True)
class _Trials:
    """One row per trial, shape (n,). `raw` is the cosine, `llr` what the pack makes of it."""

    first: NDArray[np.str_]
    second: NDArray[np.str_]
    same: Mask
    same_source: Mask
    raw: Floats
    llr: Floats


def figures(pieces: Sequence[Piece], encoder: SpeakerEncoder) -> dict[str, Any]:
    """All figures of one condition and length. What a missing class leaves open is None."""
    trials = _trials(pieces, encoder)
    same, llr = trials.same, trials.llr
    thresholds = encoder.manifest.thresholds
    matches, differs = llr >= thresholds.match_llr, llr < thresholds.reject_llr
    both = bool(same.any() and not same.all())
    bootstrap = TrialBootstrap(trials.first.tolist(), trials.second.tolist()) if len(same) else None
    return {
        **_separation(trials.llr, same),
        "cllr": llr_cost(llr[same], llr[~same]) if both else None,
        "false_accept_rate": _share(matches[~same]),
        "false_reject_rate": _share(differs[same]),
        "accept_rate": _share(matches[same]),
        "reject_rate": _share(differs[~same]),
        "n_speakers": len({piece.person for piece in pieces}),
        "n_pieces": len(pieces),
        "n_target": int(same.sum()),
        "n_nontarget": int((~same).sum()),
        "intervals": {
            "eer": bootstrap.equal_error(llr, same) if bootstrap else None,
            "false_accept_rate": bootstrap.share(matches, ~same) if bootstrap else None,
            "false_reject_rate": bootstrap.share(differs, same) if bootstrap else None,
        },
        "without_norm": _separation(trials.raw, same) if encoder.cohort is not None else None,
        "same_source": _same_source(trials),
        "spread": _spread(pieces),
    }


def error_curve(pieces: Sequence[Piece], encoder: SpeakerEncoder) -> ErrorRates | None:
    """Misses against false alarms; None where a class is missing."""
    trials = _trials(pieces, encoder)
    if trials.same.all() or not trials.same.any():
        return None
    return error_rates(trials.llr[trials.same], trials.llr[~trials.same])


def _trials(pieces: Sequence[Piece], encoder: SpeakerEncoder) -> _Trials:
    """Every pair of pieces, but for pairs of one person in one session: one microphone, one day."""
    persons = np.array([piece.person for piece in pieces], str)
    sources = np.array([piece.source for piece in pieces], str)
    sessions = np.array([piece.session for piece in pieces], str)
    dimensions = encoder.manifest.output.dimensions
    voices = np.array([piece.embedding for piece in pieces], np.float32).reshape(-1, dimensions)
    one, other = np.triu_indices(len(pieces), 1)
    same = persons[one] == persons[other]
    kept = ~(same & (sessions[one] != "") & (sessions[one] == sessions[other]))
    one, other = one[kept], other[kept]
    scored = scores(voices, voices, encoder.cohort) if len(pieces) else np.zeros((0, 0))
    return _Trials(
        persons[one],
        persons[other],
        same[kept],
        (sources[one] == sources[other]) & (sources[one] != ""),
        cosines(voices, voices)[one, other],
        llrs(scored, encoder.manifest.calibration)[one, other],
    )


def _separation(values: Floats, same: Mask) -> dict[str, float | None]:
    if same.all() or not same.any():
        return {"eer": None, "auc": None, "min_cllr": None, "min_dcf": None}
    wanted, unwanted = values[same], values[~same]
    return {
        "eer": equal_error(wanted, unwanted).rate,
        "auc": area_under_curve(wanted, unwanted),
        "min_cllr": min_llr_cost(wanted, unwanted),
        "min_dcf": min_detection_cost(wanted, unwanted, COSTS),
    }


def _same_source(trials: _Trials) -> dict[str, Any] | None:
    """Different people of one source alone: they share a room and a microphone, so these are hardest."""
    hard = ~trials.same & trials.same_source
    if not trials.same.any() or not hard.any():
        return None
    eer = equal_error(trials.llr[trials.same], trials.llr[hard]).rate
    return {"eer": eer, "n_nontarget": int(hard.sum())}


def _spread(pieces: Sequence[Piece]) -> dict[str, float] | None:
    spreads = [piece.spread for piece in pieces if piece.spread is not None]
    if not spreads:
        return None
    low, median, high = np.quantile(spreads, [0.01, 0.5, 0.99])
    return {"low": float(low), "median": float(median), "high": float(high)}


def _share(hits: Mask) -> float | None:
    return float(hits.mean()) if len(hits) else None
