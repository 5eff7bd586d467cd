"""The solver of the other families: proximal Newton steps of the core."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.solve.fold_points import Folds
from shrinkage.solve.opened import Opened
from shrinkage.solve.plan import Plan
from shrinkage.solve.points import Points, joined
from shrinkage.solve.predictor import predictor
from shrinkage.solve.problem import Problem
from shrinkage.solve.row_space import RowSpace, suits
from shrinkage.solve.settings import Settings
from shrinkage.solve.threads import one_blas_thread
from shrinkage.solve.unpenalised import in_a_basis, shortest


class GlmSolver(Opened):
    """A problem of another family than the Gaussian, and the core that holds what was read from X.

    Parameters
    ----------
    problem : Problem
        Its l1_ratio is only the default of the methods.
    plan : Plan
    settings : Settings
    fold_ids : ndarray of int32, shape (n,), optional
        Fold of each row, -1 for rows that are in every training set.
    n_folds : int

    Notes
    -----
    A row-major X is copied by columns.
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        settings: Settings,
        fold_ids: NDArray[np.int32] | None = None,
        n_folds: int = 0,
    ) -> None:
        super().__init__(problem, plan, settings)
        problem = self.problem
        self._folds = (fold_ids, n_folds)
        self._row_space: tuple[RowSpace, GlmSolver] | None = None
        with one_blas_thread:
            self.core = self._opened(problem)

    def _opened(self, problem: Problem) -> Any:
        data = (problem.matrix.core, problem.y, problem.weights, problem.offset)
        how = (problem.fit_intercept, problem.standardize, self.n_threads)
        if problem.n_classes is not None:
            return _core.Multinomial(*data, *how)
        return _core.Glm(*data, problem.family.name, *how)

    def with_plan(self, plan: Plan) -> Self:
        """Return this solver: there is one plan."""
        return self

    def path(self, alphas: FloatArray, l1_ratio: float) -> Points:
        """Return the solutions for decreasing alphas."""
        m = alphas.size - int(alphas[-1] == 0.0)
        if suits(self.problem) and (l1_ratio == 0.0 or self.problem.n_classes):
            if 0 < m < alphas.size:
                return joined([self.path(alphas[:m], l1_ratio), self.path(alphas[m:], l1_ratio)])
            if m == 0 and self.problem.n_classes:
                return self._shortest_unpenalised()
            if m > 0 and l1_ratio == 0.0:
                return self._in_row_space(alphas)
        with one_blas_thread:
            points = Points(self.core.path(*self._arguments(alphas, l1_ratio)))
            if alphas[-1] > 0.0 or self.problem.lower is not None or self.problem.n_classes:
                return points
            points = in_a_basis(points, self.problem, self._unpenalised, self.tol)
            return shortest(points, self.problem, self.n_threads)

    def _in_row_space(self, alphas: FloatArray) -> Points:
        with one_blas_thread:
            if self._row_space is None:
                space = RowSpace(self.problem, self.core.mean, self.core.scale)
                self._row_space = space, GlmSolver(space.problem, self.plan, self.settings)
            space, solver = self._row_space
            found = Points(solver.core.path(*solver._arguments(alphas, 0.0)))
            return space.back(found, alphas, self._strongest())

    def _shortest_unpenalised(self) -> Points:
        """Return the fit without a penalty: of all coefficients that give it the shortest."""
        factor = np.where(np.isinf(self.problem.penalty_factor), np.inf, 1.0)
        equal = replace(self.problem, penalty_factor=factor)
        with one_blas_thread:
            space = RowSpace(equal, self.core.mean, self.core.scale)
            nothing = np.zeros(space.problem.penalty_factor.size)
            found = self._unpenalised(replace(space.problem, penalty_factor=nothing))
            return space.back(found, np.zeros(1), self._strongest())

    def _unpenalised(self, problem: Problem) -> Points:
        limits = (problem.penalty_factor, None, None, self.settings.max_rounds)
        core = self._opened(problem)
        return Points(core.path(np.zeros(1), 1.0, *limits, self.tol, self.n_threads))

    def crossval(self, alphas: FloatArray, l1_ratio: float) -> Folds:
        """Return the errors and the paths of the folds for decreasing alphas."""
        if l1_ratio == 0.0 and suits(self.problem):
            return self._folds_one_by_one(alphas)
        with one_blas_thread:
            found = self.core.crossval(*self._folds, *self._arguments(alphas, l1_ratio))
        return Folds.of(found)

    def _folds_one_by_one(self, alphas: FloatArray) -> Folds:
        """Return the folds of ridge, each in the space of its own rows."""
        problem, fold_ids, n_folds = self.problem, np.asarray(self._folds[0]), self._folds[1]
        errors, totals, paths = [], [], []
        for fold in range(n_folds):
            held_out = np.flatnonzero(fold_ids == fold)
            part = problem.on_rows(np.flatnonzero(fold_ids != fold))
            points = GlmSolver(part, self.plan, self.settings).path(alphas, 0.0)
            eta = predictor(problem.matrix, points)[held_out]
            weights = problem.root_weights()[held_out] ** 2
            totals.append(float(weights.sum()))
            errors.append(weights @ problem.unit_deviance(eta, held_out) / totals[-1])
            paths.append(points)
        return Folds.of_paths(errors, totals, paths)

    @property
    def _residual_size(self) -> float:
        problem = self.problem
        if problem.n_classes is None:
            eta = np.full(problem.y.shape, self.core.null_intercept)
            squares = (problem.y - problem.mean(eta)) ** 2
        else:
            eta = np.broadcast_to(self.core.null_intercepts, problem.y.shape)
            squares = np.sum((problem.y - problem.mean(eta)) ** 2, axis=1)
        weighted = squares.mean() if problem.weights is None else problem.weights @ squares
        return math.sqrt(weighted)

    @property
    def _l2_unit(self) -> float:
        return 1.0
