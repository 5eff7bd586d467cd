"""A problem with its certified solution, on which any descent method can be run."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from shrinkage._typing import BoolArray, FloatArray
from shrinkage.lessons.read import Reading
from shrinkage.lessons.steps import Descent, ScaledColumns
from shrinkage.solve import Path, Settings, Solution, choose
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.result import warn_of
from shrinkage.solve.settings import GAUSSIAN_TOL
from shrinkage.solve.solver import Solver

# The optimum that an excess is measured from is solved for as far as rounding allows.
_TIGHT = Settings(tol=1e-13)
# Rounding of the difference of two objectives, over the loss of the null model.
_ROUNDING = 1e-14
# Numbers that the judge widens or holds at a time.
_BLOCK = 1 << 21


class Exercise:
    """One problem, solved, with what the methods and their judge need.

    Parameters
    ----------
    reading : Reading
    alpha : float >= 0, or None for a tenth of alpha_max
        With l1_ratio 0 for a tenth of the lasso's alpha_max.
    """

    def __init__(self, reading: Reading, alpha: float | None) -> None:
        problem = reading.problem
        l1_ratio = problem.l1_ratio
        solver = Solver(problem, choose(problem, alphas=1), _TIGHT)
        core = solver.core
        mention_columns(problem.matrix, core.spread)
        if alpha is None:
            alpha = 0.1 * solver.alpha_max(l1_ratio if l1_ratio > 0.0 else 1.0) or 0.1
        self.names = reading.names
        self.solution = _certified(solver, alpha)
        self.null_loss = solver.null_loss
        self.scale: FloatArray = np.asarray(core.scale)
        self.mean: FloatArray = np.asarray(core.mean)
        self.y_mean = float(problem.y.mean()) if problem.fit_intercept else 0.0
        # float32 would be widened anew by each product.
        X = problem.matrix.source
        self.X = X if X.dtype == np.float64 else X.astype(np.float64)
        l2 = alpha * (1.0 - l1_ratio) / (core.tau or 1.0)
        self.descent = Descent(
            ScaledColumns(self.X, self.mean, self.scale),
            problem.y - self.y_mean,
            self._curvature(core.spread, problem.fit_intercept),
            alpha * l1_ratio,
            l2,
        )
        self.optimum = float(self.objective(self.standardized(self.solution.coef)[None])[0])
        self.known_to = (self.solution.dual_gap + _ROUNDING) * self.null_loss

    @property
    def usable(self) -> BoolArray:
        """Which columns can have a coefficient other than 0."""
        return self.scale > 0.0

    @cached_property
    def step(self) -> tuple[float, float]:
        """The step 1 / L, and how often X was read to find it."""
        before = self.descent.columns.passes
        step = 1.0 / self.descent.largest_curvature()
        return step, self.descent.columns.passes - before

    def standardized(self, coef: FloatArray) -> FloatArray:
        """Return t = s * coef."""
        return coef * self.scale

    def objective(self, t: FloatArray) -> FloatArray:
        """Return the objective at the rows of t; this reading of X is not counted."""
        m, n = t.shape[0], self.X.shape[0]
        values = np.empty(m)
        rows = max(16, _BLOCK // n)
        for first in range(0, m, rows):
            here = slice(first, min(first + rows, m))
            residual = self.descent.y[:, None] - self._fit(t[here])
            values[here] = 0.5 * np.mean(residual**2, axis=0)
        l1, l2 = self.descent.l1, self.descent.l2
        return np.asarray(values + l1 * np.abs(t).sum(axis=1) + 0.5 * l2 * (t**2).sum(axis=1))

    def _curvature(self, spread: FloatArray, fit_intercept: bool) -> FloatArray:
        """Return |z_j|^2 / n."""
        n = self.X.shape[0]
        inverse = np.where(self.usable, 1.0 / np.where(self.usable, self.scale, 1.0), 0.0)
        if fit_intercept:
            return np.asarray((spread * inverse) ** 2)
        if hasattr(self.X, "multiply"):
            squares = np.asarray(self.X.multiply(self.X).sum(axis=0)).ravel()
        else:
            squares = np.einsum("ij,ij->j", self.X, self.X)
        return np.asarray(squares * inverse**2 / n)

    def _fit(self, t: FloatArray) -> FloatArray:
        """Return Z t' of shape (n, m). Dense columns are centred first, so that none cancels."""
        coef = (t * self.descent.columns.inverse).T
        if self.descent.columns.is_sparse:
            return np.asarray(self.X @ coef - self.mean @ coef)
        n, p = self.X.shape
        fit = np.zeros((n, t.shape[0]))
        width = max(16, _BLOCK // n)
        for first in range(0, p, width):
            here = slice(first, first + width)
            fit += (self.X[:, here] - self.mean[here]) @ coef[here]
        return fit


def _certified(solver: Solver, alpha: float) -> Solution:
    """Return the solution as near to the optimum as rounding allows."""
    grid, l1_ratio = np.array([alpha]), solver.problem.l1_ratio
    points = solver.path(grid, l1_ratio)
    if points.dual_gap[0] > GAUSSIAN_TOL:
        failed, rounds = np.array([0]), int(points.rounds[0])
        warn_of(failed, grid, points.status, points.dual_gap, rounds, GAUSSIAN_TOL)
    return Path(solver, grid, l1_ratio, points).solution(0)
