"""Features without a penalty that are nearly dependent, in a basis where they are not.

Cross-products and correlations of two columns that agree to k digits have lost k digits of what
tells them apart. Without a penalty the fit may be any combination of them, so a solver could
take what is left for rounding and call the answer optimal. In an orthonormal basis of what they
span the problem is the same, and nothing is lost before the way back to coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.design import as_matrix
from shrinkage.solve.points import STALLED, Points
from shrinkage.solve.problem import Problem

# Singular values of the columns at length 1, as a share of the largest. Below the first they get
# a basis of their own; below the second they lose digits that a gap of 1e-9 needs.
NEARLY_DEPENDENT = 1e-2
NEARLY_DEPENDENT_WITHIN_BOUNDS = 1e-4
# Times the larger side: singular values that are 0 but for rounding, as the judge has it.
ROUNDING = 4.0 * np.finfo(float).eps
# What columns that are hardly dependent make of the square of a rounding error.
CONDITION = 100.0
ROWS = 4096


@dataclass(frozen=True, eq=False)
class FreeBlock:
    """A problem whose free features are replaced by a basis of what they span.

    Attributes
    ----------
    problem : Problem
        The features that are `kept`, then the basis.
    kept : ndarray
        Features that stay as they are, increasing.
    free : ndarray
        Features that are replaced: penalty factor 0, no finite bound.
    mean : ndarray of extended precision, one per free feature
        What they are centred with.
    to_coef : ndarray of shape (len(free), rank)
        Their coefficients from those of the basis.
    length : ndarray
        Their lengths about the mean.
    smallest : float
        Smallest singular value of the free columns that is not rounding, over the largest.
    """

    problem: Problem
    kept: IndexArray
    free: IndexArray
    mean: Any
    to_coef: FloatArray
    length: FloatArray
    smallest: float

    @classmethod
    def of(cls, problem: Problem) -> FreeBlock | None:
        """Return the problem in the new basis; None if the free features are well apart.

        Columns that are dependent to the last digit are no reason: which of them are left out
        makes no difference, and the solver sees that they are.
        """
        if not problem.has_free:
            return None
        free = (problem.penalty_factor == 0.0) & ~_is_bounded(problem)
        parts = _singular_parts(problem, np.flatnonzero(free), NEARLY_DEPENDENT)
        if parts is None:
            return None
        columns, mean, length, inverse, sizes, right = parts
        smallest = float(sizes[-1] / sizes[0])
        to_coef = inverse[:, None] * right.T / sizes
        chosen = np.flatnonzero(free)
        kept = np.flatnonzero(~free)
        basis = columns @ to_coef
        return cls(_with_basis(problem, kept, basis), kept, chosen, mean, to_coef, length, smallest)

    def correlations(self, found: FloatArray) -> FloatArray:
        """Return z_j'u of all features from those of the new problem."""
        all_of_them = np.zeros(self.kept.size + self.free.size)
        all_of_them[self.kept] = found[: self.kept.size]
        return all_of_them

    def back(self, points: Points, null_loss: float, tol: float) -> Points:
        """Return the points in the features of the problem.

        Large coefficients that nearly cancel bring large rounding errors; the gap includes what
        they can cost, and the status is STALLED where that is more than `tol`.
        """
        other = Points(points)
        rows, intercepts, noise = [], [], []
        for k in range(len(points)):
            features, values = points.row(k)
            row, shift = self._row(features, values)
            rows.append(row)
            intercepts.append(float(points.intercepts[k] - shift))
            noise.append(self._noise(row, null_loss))
        other.features = np.concatenate([features for features, _ in rows]).astype(np.int32)
        other.values = np.concatenate([values for _, values in rows])
        lengths = [values.size for _, values in rows]
        other.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        other.intercepts = np.array(intercepts)
        if null_loss > 0.0:
            other.dual_gap = points.dual_gap + CONDITION * np.square(noise)
        beyond = (other.dual_gap > tol) & (points.dual_gap <= tol)
        other.status = np.where(beyond, STALLED, points.status).astype(np.int32)
        return other

    def _row(
        self, features: NDArray[np.int32], values: FloatArray
    ) -> tuple[tuple[IndexArray, FloatArray], Any]:
        is_basis = features >= self.kept.size
        along = np.zeros(self.to_coef.shape[1])
        along[features[is_basis] - self.kept.size] = values[is_basis]
        coef = self.to_coef @ along
        every = np.concatenate([self.kept[features[~is_basis]], self.free])
        order = np.argsort(every)
        shift = self.mean @ coef
        return (every[order], np.concatenate([values[~is_basis], coef])[order]), shift

    def _noise(self, row: tuple[IndexArray, FloatArray], null_loss: float) -> float:
        """Return the length of the residual's rounding errors, as a share of |y|."""
        features, values = row
        coef = values[np.isin(features, self.free)]
        size = np.sqrt(2.0 * null_loss) or 1.0
        return float(ROUNDING * (np.abs(coef) @ self.length / size + 1.0 / self.smallest))


def is_out_of_reach(problem: Problem) -> bool:
    """Return whether features without a penalty, some within bounds, are nearly dependent.

    A basis of theirs would not have the bounds, so no gap of such a problem can be trusted.
    """
    if problem.lower is None or not problem.has_free:
        return False
    free = problem.penalty_factor == 0.0
    if not (free & _is_bounded(problem)).any():
        return False
    chosen = np.flatnonzero(free)
    return _singular_parts(problem, chosen, NEARLY_DEPENDENT_WITHIN_BOUNDS) is not None


def without_gap(points: Points) -> Points:
    """Return the points as STALLED, with the only bound that is known."""
    other = Points(points)
    other.dual_gap = np.full(len(points), np.inf)
    other.status = np.full(len(points), STALLED, dtype=np.int32)
    return other


def _is_bounded(problem: Problem) -> BoolArray:
    if problem.lower is None or problem.upper is None:
        return np.zeros(problem.penalty_factor.size, dtype=np.bool_)
    return np.isfinite(problem.lower) | np.isfinite(problem.upper)


def _singular_parts(problem: Problem, chosen: IndexArray, limit: float) -> Any:
    """Return the columns and their singular values but rounding; None if these are well apart."""
    if chosen.size < 2 or not _may_be_dependent(problem, chosen, limit):
        return None
    columns, mean, length = _centred(problem, chosen)
    inverse = np.where(length > 0.0, 1.0 / np.where(length > 0.0, length, 1.0), 0.0)
    scaled = columns * _root_weights(problem)[:, None] * inverse
    _, sizes, right = np.linalg.svd(scaled, full_matrices=False)
    rank = int(np.count_nonzero(sizes > max(columns.shape) * ROUNDING * sizes[0]))
    if rank == 0 or sizes[rank - 1] > limit * sizes[0]:
        return None
    return columns, mean, length, inverse, sizes[:rank], right[:rank]


def _may_be_dependent(problem: Problem, chosen: IndexArray, limit: float) -> bool:
    """Return what cross-products say, which are cheaper than singular values."""
    total = np.zeros((chosen.size, chosen.size))
    mean = _means(problem, chosen).astype(float)
    for rows, block in _blocks(problem, chosen):
        block = (block - mean) * _root_weights(problem)[rows, None]
        total += block.T @ block
    diagonal = np.diag(total)
    inverse = np.where(diagonal > 0.0, 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0)), 0.0)
    values = np.linalg.eigvalsh(total * inverse * inverse[:, None])
    return bool(values[0] <= limit**2 * values[-1])


def _root_weights(problem: Problem) -> FloatArray:
    n = problem.y.shape[0]
    return np.sqrt(np.full(n, 1.0 / n) if problem.weights is None else problem.weights)


def _blocks(problem: Problem, chosen: IndexArray) -> Iterator[tuple[slice, FloatArray]]:
    """Return rows and the chosen columns on them, widened."""
    X: Any = problem.matrix.source
    is_sparse = problem.matrix.kind == "sparse"
    if is_sparse:
        X = X[:, chosen].tocsr()
    for first in range(0, X.shape[0], ROWS):
        rows = slice(first, first + ROWS)
        block = X[rows].toarray() if is_sparse else X[rows][:, chosen]
        yield rows, block.astype(np.float64)


def _means(problem: Problem, chosen: IndexArray) -> Any:
    """Return the weighted means in extended precision; 0 without an intercept."""
    mean = np.zeros(chosen.size, dtype=np.longdouble)
    if not problem.fit_intercept:
        return mean
    weight = _root_weights(problem) ** 2
    total = np.longdouble(weight.sum())
    for _ in range(2):  # the second time about the first, so that nothing large has to cancel
        step = np.zeros_like(mean)
        for rows, block in _blocks(problem, chosen):
            step += weight[rows] @ (block - mean).astype(float)
        mean = mean + step / total
    return mean


def _centred(problem: Problem, chosen: IndexArray) -> tuple[FloatArray, Any, FloatArray]:
    """Return the columns about their means, the means, and the lengths of the columns."""
    mean = _means(problem, chosen)
    columns = np.empty((problem.y.shape[0], chosen.size))
    size = np.zeros(chosen.size)
    for rows, block in _blocks(problem, chosen):
        columns[rows] = (block - mean).astype(float)
        size = np.maximum(size, np.max(np.abs(block), axis=0))
    length = np.sqrt(_root_weights(problem) ** 2 @ columns**2)
    length[length <= 1e-13 * size] = 0.0
    return columns, mean, length


def _with_basis(problem: Problem, kept: IndexArray, basis: FloatArray) -> Problem:
    source: Any = problem.matrix.source
    if problem.matrix.kind == "sparse":
        joined: Any = sparse.hstack([source[:, kept], sparse.csc_array(basis)], format="csc")
    else:
        joined = np.empty((basis.shape[0], kept.size + basis.shape[1]), order="F")
        joined[:, : kept.size] = source[:, kept]
        joined[:, kept.size :] = basis
    unbounded = np.full(basis.shape[1], np.inf)
    lower, upper = problem.lower, problem.upper
    return replace(
        problem,
        matrix=as_matrix(joined, check_finite=False),
        penalty_factor=np.concatenate([problem.penalty_factor[kept], 0.0 * basis[0]]),
        lower=None if lower is None else np.concatenate([lower[kept], -unbounded]),
        upper=None if upper is None else np.concatenate([upper[kept], unbounded]),
    )
