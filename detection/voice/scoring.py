"""How alike two voices are: cosine, normalised by a cohort, as a calibrated likelihood ratio."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from detection.models.manifest import ScoreCalibration

Embeddings: TypeAlias = NDArray[np.float32]
"""Voices, shape (n, d), each row of length 1."""
Scores: TypeAlias = NDArray[np.float64]

TOP = 100
"""Nearest voices of the cohort that a voice is measured against; all of a smaller cohort."""
MIN_COHORT = 20
"""Below this the cohort's deviation is too rough to divide by."""
_LEAST_DEVIATION = 1e-3


def direction(embeddings: NDArray[np.floating]) -> Embeddings:
    """Rows of `embeddings`, shape (..., d), brought to length 1; a row of zeros stays zero."""
    lengths = np.linalg.norm(embeddings, axis=-1, keepdims=True)
    return (embeddings / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)


def cosines(some: Embeddings, others: Embeddings) -> Scores:
    """Cosines, shape (n, m), of `some` (n, d) with `others` (m, d)."""
    return some.astype(np.float64) @ others.astype(np.float64).T


def scores(some: Embeddings, others: Embeddings, cohort: Embeddings | None) -> Scores:
    """Scores, shape (n, m), of `some` (n, d) with `others` (m, d); the raw cosine without a cohort.

    Adaptive symmetric normalisation (Matejka et al. 2017, "Analysis of Score Normalization in
    Multilingual Speaker Recognition", as-norm1): with mean and deviation of each voice's cosines
    to the `TOP` voices of the cohort (k, d) nearest to it,
    ((s - mean_e) / deviation_e + (s - mean_t) / deviation_t) / 2.
    """
    raw = cosines(some, others)
    if cohort is None:
        return raw
    mean, deviation = _nearest(some, cohort)
    other_mean, other_deviation = _nearest(others, cohort)
    enrolled = (raw - mean[:, None]) / deviation[:, None]
    heard = (raw - other_mean) / other_deviation
    return (enrolled + heard) / 2


def llrs(scored: Scores, calibration: ScoreCalibration) -> Scores:
    """Natural-log likelihood ratios same : different speaker of `scored`, any shape."""
    return calibration.scale * scored + calibration.offset


def _nearest(voices: Embeddings, cohort: Embeddings) -> tuple[Scores, Scores]:
    """Mean and deviation, each (n,), of the cosines of `voices` to the nearest of `cohort`."""
    alike = cosines(voices, cohort)
    top = min(TOP, alike.shape[1])
    nearest = np.partition(alike, -top, axis=1)[:, -top:]
    return nearest.mean(axis=1), np.maximum(nearest.std(axis=1), _LEAST_DEVIATION)
