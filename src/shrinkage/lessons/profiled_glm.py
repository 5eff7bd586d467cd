"""The loss of classes or counts as a function of two coefficients, the others at their best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.families import Family
from shrinkage.solve import Problem, Settings, choose, make_problem
from shrinkage.solve.points import Points
from shrinkage.solve.result import unfinished
from shrinkage.solve.solver import open_problem

# How far the slopes are compared for the curvature, as a share of the coefficients.
_APART = 0.05


class ProfiledGlm:
    """L(a, b) = min over b0, w of mean loss(y, b0 + a z_i + b z_j + Z w) + l1 |w|_1 + l2 |w|^2 / 2.

    Z are all columns but the pair z_i, z_j, and b0 is the intercept. L is convex and has a
    continuous gradient, the mean of -(z_i, z_j) (y - mu). It has no pieces that one solution
    gives: every point is a fit of the others, with the pair in its offset, to the tolerance of
    the package.

    Parameters
    ----------
    columns : ndarray of shape (n, p)
        Scaled and centred, p >= 2.
    y : ndarray of shape (n,)
    family : Family
        Of one linear predictor.
    pair : tuple of int
        i and j.
    l1, l2 : float >= 0, not both 0
        Weights of the penalty of the others.

    Attributes
    ----------
    minimum : ndarray of shape (2,)
        Where L is smallest; NaN if no finite point is, because the pair separates the classes.

    Notes
    -----
    Cost: one certified fit for each point.
    """

    n_rays, n_steps = 60, 8

    def __init__(
        self,
        columns: FloatArray,
        y: FloatArray,
        family: Family,
        pair: tuple[int, int],
        l1: float,
        l2: float,
    ) -> None:
        others = np.setdiff1d(np.arange(columns.shape[1]), pair)
        self.l1, self.l2 = l1, l2
        self._y, self._family = y, family
        self._others = np.asfortranarray(columns[:, others[columns[:, others].any(axis=0)]])
        self._pair = columns[:, list(pair)]
        self._problem = self._make(self._others) if self._others.size else None
        self.minimum = self._minimum(columns, pair)

    def __call__(self, points: FloatArray) -> FloatArray:
        """Return L at points of shape (n_points, 2)."""
        return np.array([self._at(point)[0] for point in points])

    def curvature(self) -> FloatArray:
        """Return the second derivatives of L about its minimum, of shape (2, 2), roughly."""
        step = _APART * (float(np.abs(self.minimum).max()) or 1.0)
        ahead, behind = (
            np.array([self._slope(self.minimum + side * step * e) for e in np.eye(2)])
            for side in (1.0, -1.0)
        )
        square = (ahead - behind) / (2.0 * step)
        return np.asarray(0.5 * (square + square.T))

    def _minimum(self, columns: FloatArray, pair: tuple[int, int]) -> FloatArray:
        """Return where L is smallest: the pair of the solution that does not penalise it."""
        factor = np.ones(columns.shape[1])
        factor[list(pair)] = 0.0
        points = self._solve(self._make(np.asfortranarray(columns), factor))
        if unfinished(points.status).size:
            return np.full(2, np.nan)
        return points.coef(0, columns.shape[1])[list(pair)]

    def _slope(self, point: FloatArray) -> FloatArray:
        """Return the gradient of L."""
        gradient = self._family.gradient(self._y, self._at(point)[1])
        return np.asarray(self._pair.T @ gradient / len(gradient))

    def _at(self, point: FloatArray) -> tuple[float, FloatArray]:
        """Return L and the linear predictor of the rows where the others are at their best."""
        offset = self._pair @ point
        if self._problem is None:
            eta = offset + self._family.null_intercept(self._y, None, offset)
            return float(self._family.loss(self._y, eta).mean()), eta
        points = self._solve(replace(self._problem, offset=offset))
        w = points.coef(0, self._others.shape[1])
        eta = offset + points.intercepts[0] + self._others @ w
        penalty = self.l1 * np.abs(w).sum() + 0.5 * self.l2 * (w @ w)
        return float(self._family.loss(self._y, eta).mean() + penalty), eta

    def _make(self, columns: FloatArray, factor: FloatArray | None = None) -> Problem:
        return make_problem(
            columns,
            self._y,
            family=self._family,
            l1_ratio=self.l1 / (self.l1 + self.l2),
            penalty_factor=factor,
            standardize=False,
        )

    def _solve(self, problem: Problem) -> Points:
        grid = np.array([self.l1 + self.l2])
        solver = open_problem(problem, choose(problem, alphas=grid), Settings())
        return solver.path(grid, problem.l1_ratio)
