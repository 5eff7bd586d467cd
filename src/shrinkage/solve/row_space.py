"""Ridge of other families than the Gaussian with more columns than rows, in as many columns.

The L2 penalty knows only the length of the coefficients, and what is orthogonal to all rows has no
use. So with Z' = Q R for the scaled rows of what is penalised, the problem is one in the n columns
of R', and t = Q times its coefficients.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.design import as_matrix
from shrinkage.solve.points import Points
from shrinkage.solve.problem import Problem

# Entries of X beyond which it is not widened.
MOST_ENTRIES = 10**8


def suits(problem: Problem) -> bool:
    """Return whether ridge should be solved there."""
    n, p = problem.n_effective, problem.matrix.shape[1]
    return problem.lower is None and p > n and n * p <= MOST_ENTRIES


class RowSpace:
    """A ridge problem in the space of its rows, and the way back.

    Parameters
    ----------
    problem : Problem
        Without bounds. Features of penalty factor 0 stay as they are.
    mean, scale : ndarray of shape (p,)
        What columns are centred and scaled with; scale 0 never enters.

    Attributes
    ----------
    problem : Problem
        The same in other columns, on the rows of positive weight.
    """

    def __init__(self, problem: Problem, mean: FloatArray, scale: FloatArray) -> None:
        factor = problem.penalty_factor
        usable = (scale > 0.0) & np.isfinite(factor)
        self._penalised = np.flatnonzero(usable & (factor > 0.0))
        self._free = np.flatnonzero(usable & (factor == 0.0))
        self._mean, self._scale = mean, scale
        self._root = np.sqrt(factor[self._penalised])
        self._whole = problem
        weights = problem.weights
        rows = slice(None) if weights is None else np.flatnonzero(weights > 0.0)
        self._q, r = np.linalg.qr((self._columns(rows, self._penalised) / self._root).T)
        columns = np.hstack([r.T, self._columns(rows, self._free)])
        self.problem = replace(
            problem,
            matrix=as_matrix(np.asfortranarray(columns)),
            y=problem.y[rows],
            weights=None if weights is None else weights[rows],
            offset=None if problem.offset is None else problem.offset[rows],
            penalty_factor=np.append(np.ones(r.shape[0]), np.zeros(self._free.size)),
            l1_ratio=0.0,
            standardize=False,
        )

    def _columns(self, rows: Any, which: Any) -> FloatArray:
        X: Any = self._whole.matrix.source
        if self._whole.matrix.kind == "sparse":
            block = X[:, which].tocsr()[rows].toarray()
        else:
            block = X[rows][:, which]
        return np.asarray((block.astype(np.float64) - self._mean[which]) / self._scale[which])

    def back(self, points: Points, alphas: FloatArray, unit: float) -> Points:
        """Return the points in the original columns.

        Parameters
        ----------
        points : Points
        alphas : ndarray
        unit : float
            alpha_max at l1_ratio 1, in which violations are measured.
        """
        p, r = self._mean.size, self._q.shape[1]
        given = points.dense(r + self._free.size)
        coef = np.zeros((*given.shape[:-1], p))
        coef[..., self._penalised] = given[..., :r] @ self._q.T / self._root
        coef[..., self._free] = given[..., r:]
        coef[..., self._scale > 0.0] /= self._scale[self._scale > 0.0]
        flat = coef.reshape(len(points), -1)
        used = flat != 0.0
        other = Points(points)
        other.starts = np.append(0, np.cumsum(used.sum(axis=1))).astype(np.int64)
        other.features = np.nonzero(used)[1].astype(np.int32)
        other.values = flat[used]
        other.intercepts = points.intercepts - coef @ self._mean
        if points.intercepts.ndim == 2 and self._whole.fit_intercept:
            other.intercepts -= other.intercepts.mean(axis=1, keepdims=True)
        other.kkt_violation = np.array(
            [self._violation(points, k, alpha) for k, alpha in enumerate(alphas)]
        )
        if unit > 0.0:
            other.kkt_violation /= unit
        return other

    def _violation(self, points: Points, k: int, alpha: float) -> float:
        """Return the largest |z_j'u - l2_j t_j| of what is penalised."""
        problem, r = self.problem, self._q.shape[1]
        t = points.coef(k, r + self._free.size)
        columns: Any = problem.matrix.source
        eta = problem.eta(columns @ t.T + points.intercepts[k])
        weights = problem.root_weights() ** 2
        u = -(weights * problem.family.gradient(problem.y, eta).T)
        rest = u @ columns[:, :r] - alpha * t[..., :r]
        return float(np.max(np.abs(rest @ self._q.T * self._root), initial=0.0))
