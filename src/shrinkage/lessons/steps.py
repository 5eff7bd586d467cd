"""The steps of the descent methods, and X as they read it: every reading is counted.

Notation of docs/objective.md: z_j is the scaled (and, with an intercept, centred) column,
t = s * coef. In t the objective is

    F(t) = |y - Z t|^2 / (2 n) + l2 |t|^2 / 2     its differentiable part, and
           + l1 |t|_1                             the part with a kink at every t_j = 0

and the intercept is at its best for every t. Each method yields t after each of its steps,
from t = 0 on, for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from shrinkage._typing import FloatArray

# Share by which the largest eigenvalue may be found too small, and by which it is raised.
_EIGENVALUE_TOL = 1e-3
_SMALL = 16


class ScaledColumns:
    """The columns z_j = (x_j - mean_j) / scale_j of X, which is read in place.

    Parameters
    ----------
    X : ndarray or scipy.sparse CSC matrix of shape (n, p)
    mean : ndarray of shape (p,)
        Zeros without an intercept.
    scale : ndarray of shape (p,)
        0 for a column that can't be used.

    Attributes
    ----------
    passes : float
        How often X was read so far, as a multiple of its stored entries.
    """

    def __init__(self, X: Any, mean: FloatArray, scale: FloatArray) -> None:
        self.X = X
        self.n, self.p = X.shape
        self.mean = mean
        usable = scale > 0.0
        self.inverse = np.where(usable, 1.0 / np.where(usable, scale, 1.0), 0.0)
        self.is_sparse = sparse.issparse(X)
        self._stored = int(X.nnz) if self.is_sparse else self.n * self.p
        self._read = 0

    @property
    def passes(self) -> float:
        """How often X was read so far."""
        return self._read / max(self._stored, 1)

    def product(self, t: FloatArray) -> FloatArray:
        """Return Z t. One pass."""
        self._read += self._stored
        coef = t * self.inverse
        return np.asarray(self.X @ coef - self.mean @ coef)

    def adjoint(self, residual: FloatArray) -> FloatArray:
        """Return Z'residual / n. One pass."""
        self._read += self._stored
        raw = self.X.T @ residual - self.mean * residual.sum()
        return np.asarray(raw * self.inverse / self.n)

    def column(self, j: int) -> tuple[Any, FloatArray, float]:
        """Return rows, values there, and what is left to subtract in all rows, of scale_j z_j.

        One pass over x_j. A dense column is centred here, so that nothing has to cancel later.
        """
        if self.is_sparse:
            stored = slice(self.X.indptr[j], self.X.indptr[j + 1])
            rows, values, left = self.X.indices[stored], self.X.data[stored], float(self.mean[j])
        else:
            rows, values, left = slice(None), self.X[:, j] - self.mean[j], 0.0
        self._read += values.size
        return rows, values, left


@dataclass(frozen=True, eq=False)
class Descent:
    """The objective F of this module's first lines.

    Attributes
    ----------
    columns : ScaledColumns
    y : ndarray of shape (n,)
        The response, centred if there is an intercept.
    curvature : ndarray of shape (p,)
        |z_j|^2 / n.
    l1, l2 : float
    """

    columns: ScaledColumns
    y: FloatArray
    curvature: FloatArray
    l1: float
    l2: float

    @property
    def start(self) -> FloatArray:
        """Where every method starts: t = 0."""
        return np.zeros(self.columns.p)

    def slope(self, t: FloatArray) -> FloatArray:
        """Return the gradient of the differentiable part. Two passes."""
        return self.l2 * t - self.columns.adjoint(self.y - self.columns.product(t))

    def largest_curvature(self) -> float:
        """Return L, an upper bound of the slope's Lipschitz constant, at most 0.1 % too large.

        The largest eigenvalue of Z'Z / n by the Lanczos method, from a fixed start, plus l2.
        """
        columns, p = self.columns, self.columns.p
        if not columns.inverse.any():
            return max(self.l2, 1.0)

        def product(t: FloatArray) -> FloatArray:
            return columns.adjoint(columns.product(np.ravel(t)))

        if p <= _SMALL:
            square = np.column_stack([product(unit) for unit in np.eye(p)])
            largest = float(np.linalg.eigvalsh(square + square.T)[-1]) / 2.0
        else:
            operator = LinearOperator((p, p), matvec=product, dtype=np.float64)
            start = np.random.default_rng(0).normal(size=p) * (columns.inverse > 0.0)
            found = eigsh(operator, k=1, v0=start, tol=_EIGENVALUE_TOL, return_eigenvectors=False)
            largest = float(found[0])
        return largest * (1.0 + _EIGENVALUE_TOL) + self.l2


def soft(t: FloatArray, threshold: float) -> FloatArray:
    """Return the proximal map of threshold * |t|_1: t moved to 0 by threshold, or to exactly 0."""
    return np.asarray(t - np.clip(t, -threshold, threshold))


def gradient(problem: Descent, step: float) -> Iterator[FloatArray]:
    """Yield t <- t - step * slope(t): for the objective without its kink."""
    t = problem.start
    while True:
        t = t - step * problem.slope(t)
        yield t


def subgradient(problem: Descent, step: float) -> Iterator[FloatArray]:
    """Yield t <- t - step / sqrt(k) * (slope(t) + l1 sign(t)), k = 1, 2, ..., with sign(0) = 0."""
    t, k = problem.start, 1
    while True:
        t = t - step / math.sqrt(k) * (problem.slope(t) + problem.l1 * np.sign(t))
        k += 1
        yield t


def proximal(problem: Descent, step: float) -> Iterator[FloatArray]:
    """Yield t <- soft(t - step * slope(t), step * l1)."""
    t = problem.start
    while True:
        t = soft(t - step * problem.slope(t), step * problem.l1)
        yield t


def accelerated(problem: Descent, step: float) -> Iterator[FloatArray]:
    """Yield the proximal step from a point ahead of t: FISTA with a constant step."""
    t = ahead = problem.start
    momentum = 1.0
    while True:
        last = t
        t = soft(ahead - step * problem.slope(ahead), step * problem.l1)
        faster = (1.0 + math.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        ahead = t + (momentum - 1.0) / faster * (t - last)
        momentum = faster
        yield t


def coordinate(problem: Descent, step: float) -> Iterator[FloatArray]:
    """Yield t after each sweep, in which each t_j in turn goes to the minimum over it alone.

    `step` is not used: along one coordinate the minimum is known.
    """
    columns, curvature = problem.columns, problem.curvature + problem.l2
    inverse, n = columns.inverse.tolist(), columns.n
    used = np.flatnonzero(problem.curvature).tolist()
    t = problem.start
    # residual = y - Z t but for a constant, which a sparse z_j' does not see.
    residual = problem.y.copy()
    while True:
        total = float(residual.sum())
        for j in used:
            rows, values, left = columns.column(j)
            drag = float(values @ residual[rows]) - left * total
            at = drag * inverse[j] / n + problem.curvature[j] * t[j]
            moved = (at - min(max(at, -problem.l1), problem.l1)) / curvature[j]
            change = (moved - t[j]) * inverse[j]
            if change == 0.0:
                continue
            rows, values, _ = columns.column(j)
            residual[rows] -= change * values
            total -= change * n * left
            t[j] = moved
        yield t.copy()


Method = Callable[[Descent, float], Iterator[FloatArray]]
METHODS: dict[str, Method] = {
    "gradient": gradient,
    "subgradient": subgradient,
    "proximal": proximal,
    "accelerated": accelerated,
    "coordinate": coordinate,
}
