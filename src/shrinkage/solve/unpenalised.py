"""The fit of another family without any penalty, where columns depend on each other.

Only the linear predictor is then determined: of all coefficients that give it the shortest are
reported. Columns that depend nearly, which Newton's method in their own units can't tell apart
from dependent ones, get a basis first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.solve.free_block import FreeBlock
from shrinkage.solve.points import CONVERGED, SEPARATED, SINGULAR, Points
from shrinkage.solve.predictor import predictor
from shrinkage.solve.problem import Problem

# Entries of X beyond which no basis is made: it is dense.
MOST_ENTRIES = 10**8
# Largest change of the linear predictor or the loss that is rounding, as a share of its size.
ROUNDING = 1e-10


def in_a_basis(
    points: Points, problem: Problem, solve: Callable[[Problem], Points], tol: float
) -> Points:
    """Return the points with the last, at alpha 0, solved in a basis if its columns need one.

    Along a direction that they hardly span no correlation tells how far the optimum is.
    """
    if points.status[-1] == SEPARATED or math.prod(problem.matrix.shape) > MOST_ENTRIES:
        return points
    factor = np.where(np.isinf(problem.penalty_factor), np.inf, 0.0)
    block = FreeBlock.of(replace(problem, penalty_factor=factor))
    if block is None:
        return points
    found = block.back(solve(block.problem), 0.0, tol)
    is_better = found.loss[0] <= points.loss[-1] + ROUNDING * abs(points.loss[-1])
    if points.status[-1] == CONVERGED and not (found.status[0] == CONVERGED and is_better):
        return points
    features, values = found.row(0)
    other = _with_last(points, features, values, found.intercepts[0])
    for name in ("loss", "kkt_violation", "status", "rounds"):
        given = getattr(points, name).copy()
        given[-1] = getattr(found, name)[0]
        setattr(other, name, given)
    return other


def shortest(points: Points, problem: Problem, threads: int) -> Points:
    """Return the points with the last, at alpha 0, of minimum norm if it is not the only one.

    The norm is that of s_j b_j, as for the Gaussian family.
    """
    if points.status[-1] != CONVERGED:
        return points
    eta = predictor(problem.matrix, points, len(points) - 1)
    if not eta.any():
        return points
    found = _least_squares(problem, eta, threads)
    if found.status[0] != SINGULAR:
        return points
    apart = np.abs(predictor(problem.matrix, found, 0) - eta)
    if problem.weights is not None:
        apart = apart[problem.weights > 0.0]
    if not apart.max() <= ROUNDING * max(1.0, float(np.abs(eta).max())):
        return points
    features, values = found.row(0)
    other = _with_last(points, features, values, found.intercepts[0])
    other.status = points.status.copy()
    other.status[-1] = SINGULAR
    return other


def _least_squares(problem: Problem, eta: FloatArray, threads: int) -> Points:
    """Return the shortest coefficients whose linear predictor is closest to eta."""
    data = (problem.matrix.core, eta, problem.weights, problem.fit_intercept, problem.standardize)
    zero, factor = np.zeros(1), problem.penalty_factor
    if problem.matrix.shape[1] > problem.n_effective:
        return Points(_core.ridge_wide(*data, zero, factor, threads))
    return Points(_core.CrossProducts(*data, None, 0, threads).ridge(zero, factor, threads))


def _with_last(
    points: Points, features: NDArray[np.int32], values: FloatArray, intercept: float
) -> Points:
    """Return the points with another model at the last alpha."""
    other, start = Points(points), points.starts[-2]
    other.features = np.concatenate([points.features[:start], features]).astype(np.int32)
    other.values = np.concatenate([points.values[:start], values])
    other.starts = np.append(points.starts[:-1], start + len(values))
    other.intercepts = np.append(points.intercepts[:-1], intercept)
    return other
