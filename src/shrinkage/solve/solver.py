"""The solver of Gaussian problems: X read once, then any number of paths."""

from __future__ import annotations

import math
from copy import copy
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.solve.fold_points import Folds, joined_folds
from shrinkage.solve.free_block import FreeBlock, is_out_of_reach, without_gap
from shrinkage.solve.glm_solver import GlmSolver
from shrinkage.solve.opened import Opened
from shrinkage.solve.plan import CROSS_PRODUCTS, RIDGE_N, RIDGE_P, Plan
from shrinkage.solve.points import Points, joined
from shrinkage.solve.problem import Problem
from shrinkage.solve.settings import Settings
from shrinkage.solve.threads import one_blas_thread


class Solver(Opened):
    """A Gaussian problem, the plan for it, and the core that holds what was read from X.

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
    A row-major X is copied by columns if the plan needs whole columns. X is copied too if features
    of penalty factor 0 are nearly dependent: `FreeBlock` solves for them in another basis.
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
        self.fold_ids = fold_ids
        self.n_folds = n_folds
        self._data = (
            problem.matrix.core,
            problem.y,
            problem.weights,
            problem.fit_intercept,
            problem.standardize,
        )
        with one_blas_thread:
            if self._is_tall:
                self.core = _core.CrossProducts(*self._data, fold_ids, n_folds, self.n_threads)
            else:
                self.core = _core.WorkingSet(*self._data, self.n_threads)
        self._block = FreeBlock.of(problem)
        self._inner: Solver | None = None
        self._has_no_gap = is_out_of_reach(problem)
        if self._block is not None:
            self._inner = Solver(self._block.problem, plan, settings, fold_ids, n_folds)

    def with_plan(self, plan: Plan) -> Solver:
        """Return this solver under another plan for the same core."""
        if plan.name == self.plan.name:
            return self
        other = copy(self)
        other.plan = plan
        if self._inner is not None:
            other._inner = self._inner.with_plan(plan)
        return other

    def _find_null_correlations(self) -> FloatArray:
        if self._inner is not None and self._block is not None:
            return self._block.correlations(self._inner.null_correlations())
        return super()._find_null_correlations()

    @property
    def _residual_size(self) -> float:
        return math.sqrt(2.0 * self.null_loss)

    @property
    def _l2_unit(self) -> float:
        return self._residual_size

    def path(self, alphas: FloatArray, l1_ratio: float) -> Points:
        """Return the solutions for decreasing alphas."""
        parts = []
        if self._inner is not None and self._block is not None:
            here, alphas = self._split_for_basis(alphas)
            if here.size:
                found = self._inner.path(here, l1_ratio)
                parts.append(self._block.back(found, self.null_loss, self.tol))
        penalised, unpenalised = self._split(alphas, l1_ratio)
        with one_blas_thread:
            if penalised.size:
                parts.append(Points(self.core.path(*self._arguments(penalised, l1_ratio))))
            if unpenalised.size and self._is_bounded:
                parts.append(Points(self.core.path(*self._arguments(unpenalised, 1.0))))
            elif unpenalised.size:
                parts.append(self._ridge(unpenalised))
        points = joined(parts)
        return without_gap(points) if self._has_no_gap and self.null_loss > 0.0 else points

    def crossval(self, alphas: FloatArray, l1_ratio: float) -> Folds:
        """Return the errors and the paths of the folds for decreasing alphas."""
        parts = []
        if self._inner is not None and self._block is not None:
            here, alphas = self._split_for_basis(alphas)
            if here.size:
                back = partial(self._block.back, null_loss=self.null_loss, tol=self.tol)
                parts.append(self._inner.crossval(here, l1_ratio).with_paths(back))
        penalised, unpenalised = self._split(alphas, l1_ratio)
        where = () if self._is_tall else (self.fold_ids, self.n_folds)
        with one_blas_thread:
            for part, share in ((penalised, l1_ratio), (unpenalised, 1.0)):
                if part.size and (part is penalised or self._is_bounded):
                    found = self.core.crossval(*where, *self._arguments(part, share))
                    parts.append(Folds.of(found))
            if unpenalised.size and not self._is_bounded:
                parts.append(self._ridge_folds(unpenalised))
        return joined_folds(parts)

    def _split(self, alphas: FloatArray, l1_ratio: float) -> tuple[FloatArray, FloatArray]:
        """Return the alphas for the active-set method, and those that are a linear system.

        Without L1 nothing tells which features enter. With bounds alpha = 0 still is a problem
        for the active-set method, but one on its own: its l1_ratio does not matter, and it has
        no L2 term that what was factored before could rely on.
        """
        if not alphas.size or (l1_ratio == 0.0 and not self._is_bounded):
            return alphas[:0], alphas
        m = alphas.shape[0] - int(alphas[-1] == 0.0)
        return alphas[:m], alphas[m:]

    def _split_for_basis(self, alphas: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the alphas that free features have a basis of their own for, and the others.

        At alpha = 0 all features are free, and the shortest solution is one in their own units.
        """
        m = alphas.size - int(alphas[-1] == 0.0 and not self._is_bounded)
        return alphas[:m], alphas[m:]

    @property
    def _is_bounded(self) -> bool:
        return self.problem.lower is not None

    @property
    def _is_tall(self) -> bool:
        return self.plan.name in (CROSS_PRODUCTS, RIDGE_P)

    def _cross_products(self, with_folds: bool) -> Any:
        """Return cross-products for a linear system, None where n x n is smaller."""
        if self._is_tall:
            return self.core
        if self.plan.name == RIDGE_N or self.problem.matrix.shape[1] > self.problem.n_effective:
            return None
        folds = (self.fold_ids, self.n_folds) if with_folds else (None, 0)
        return _core.CrossProducts(*self._data, *folds, self.n_threads)

    def _ridge(self, alphas: FloatArray) -> Points:
        factor, threads = self.problem.penalty_factor, self.n_threads
        tall = self._cross_products(with_folds=False)
        if tall is not None:
            points = Points(tall.ridge(alphas, factor, threads))
        else:
            points = Points(_core.ridge_wide(*self._data, alphas, factor, threads))
        return points.judged_by(self.tol)

    def _ridge_folds(self, alphas: FloatArray) -> Folds:
        factor, threads = self.problem.penalty_factor, self.n_threads
        tall = self._cross_products(with_folds=True)
        if tall is not None:
            return Folds.of(tall.ridge_crossval(alphas, factor, threads))
        fold_ids: Any = self.fold_ids
        wide = _core.ridge_wide_crossval(
            *self._data, alphas, factor, fold_ids, self.n_folds, threads
        )
        return Folds.of(wide)


def open_problem(
    problem: Problem,
    plan: Plan,
    settings: Settings,
    fold_ids: NDArray[np.int32] | None = None,
    n_folds: int = 0,
) -> Opened:
    """Return the solver of the problem's family."""
    kind = Solver if problem.is_gaussian else GlmSolver
    return kind(problem, plan, settings, fold_ids, n_folds)
