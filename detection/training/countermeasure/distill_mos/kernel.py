"""Least squares in a Gaussian kernel's space, and what it would say of sources it had not seen.

One linear system gives the machine; its inverse also gives the machine that each source left out
would have given, so how well the recipe carries over is measured on every source and exactly
(Rifkin and Lippert 2007, "Notes on regularized least squares"; An, Liu and Venkatesh 2007, "Fast
cross-validation algorithms for least squares support vector machine and kernel ridge regression").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """Statistics, shape (n, values), to points (n, components): (statistics - centre) @ basis."""

    centre: Floats
    basis: Floats

    def points(self, statistics: NDArray[np.floating]) -> Floats:
        return (statistics - self.centre) @ self.basis


def principal(
    statistics: NDArray[np.floating], parts: Sequence[int], components: int, width: float
) -> Projection:
    """The first principal components of values brought to one deviation.

    The values come in `parts` of so many each, all parts weighing the same. Scaled so that two points
    drawn at random are sqrt(`width`) apart in the root mean square.
    """
    centre = statistics.mean(axis=0, dtype=np.float64)
    deviation = statistics.std(axis=0, dtype=np.float64) + 1e-4
    deviation *= np.sqrt(np.repeat(parts, parts))
    alike = ((statistics - centre) / deviation).astype(np.float32)
    covariance = alike.T @ alike / len(alike)
    variances, basis = np.linalg.eigh(covariance)
    variances, basis = variances[-components:], basis[:, -components:]
    scale = np.sqrt(width / (2 * variances.sum()))
    return Projection(centre, basis.astype(np.float64) / deviation[:, None] * scale)


@dataclass(frozen=True, slots=True)
class Machine:
    """Scores points (n, d) by `weights` (m,) on the `kernel` to `anchors` (m, d)."""

    anchors: Floats
    weights: Floats

    def scores(self, points: Floats) -> Floats:
        return kernel(points, self.anchors) @ self.weights


@dataclass(frozen=True, slots=True)
class Fit:
    """A machine with the inverse of the system that it solves."""

    machine: Machine
    inverse: Floats

    def without(self, members: NDArray[np.intp]) -> Machine:
        """The machine that the same fit gives where the anchors `members` had never been there."""
        rest = np.setdiff1d(np.arange(len(self.inverse)), members)
        weights = self.machine.weights
        correction = np.linalg.solve(self.inverse[np.ix_(members, members)], weights[members])
        kept = weights[rest] - self.inverse[np.ix_(rest, members)] @ correction
        return Machine(self.machine.anchors[rest], kept)


def fit(points: Floats, synthetic: NDArray[np.bool_], importance: Floats, ridge: float) -> Fit:
    """Least squares to +1 for `synthetic` points (n, d) and -1 for the others.

    Errors are weighted by `importance` (n,), mean 1; `ridge` is the price of a complicated answer.
    """
    system = kernel(points, points)
    system[np.diag_indices_from(system)] += ridge / importance
    inverse = np.linalg.inv(system)
    return Fit(Machine(points, inverse @ np.where(synthetic, 1.0, -1.0)), inverse)


def kernel(some: Floats, others: Floats) -> Floats:
    """exp(-|a - b|^2), shape (n, m), of `some` (n, d) and `others` (m, d)."""
    squares = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    return np.exp(-np.maximum(squares - 2 * some @ others.T, 0.0))
