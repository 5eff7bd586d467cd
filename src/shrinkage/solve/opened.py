"""What the solvers of all families share: the null model, and the alphas that follow from it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.design import Matrix, as_matrix
from shrinkage.solve.fold_points import Folds
from shrinkage.solve.plan import Plan, default_alpha_min_ratio
from shrinkage.solve.points import Points
from shrinkage.solve.problem import Problem
from shrinkage.solve.settings import Settings
from shrinkage.solve.threads import one_blas_thread

# Below this share of L1 the default grid is ridge's: docs/objective.md.
RIDGE_GRID_L1_RATIO = 1e-3
RIDGE_GRID_FIRST = 1e3
RIDGE_GRID_LAST = 1e-4
# Correlations below this share of |z_j| |u| are rounding.
NOISE = 1e-14


class Opened(ABC):
    """A problem whose X was read, ready for any number of paths.

    Attributes
    ----------
    problem : Problem
        Its l1_ratio is only the default of the methods.
    plan : Plan
    settings : Settings
    tol : float
        The duality gap asked for.
    n_threads : int
    core
        The native object.
    """

    core: Any

    def __init__(self, problem: Problem, plan: Plan, settings: Settings) -> None:
        if plan.reads_columns and problem.matrix.kind == "dense C":
            problem = problem.with_matrix(_by_columns(problem.matrix))
        self.problem = problem
        self.plan = plan
        self.settings = settings
        self.tol = settings.gap_of(problem.family.name)
        self.n_threads = settings.threads
        self._null: FloatArray | None = None
        self._lasso_alpha_max: float | None = None

    @abstractmethod
    def path(self, alphas: FloatArray, l1_ratio: float) -> Points:
        """Return the solutions for decreasing alphas."""

    @abstractmethod
    def crossval(self, alphas: FloatArray, l1_ratio: float) -> Folds:
        """Return the errors and the paths of the folds for decreasing alphas."""

    @abstractmethod
    def with_plan(self, plan: Plan) -> Self:
        """Return this solver under another plan for the same core."""

    @property
    @abstractmethod
    def _residual_size(self) -> float:
        """The weighted length of the null model's residual."""

    @property
    @abstractmethod
    def _l2_unit(self) -> float:
        """The tau of docs/objective.md, as standardize=True would have it."""

    @property
    def null_loss(self) -> float:
        """Loss of the fit with intercept and offset only."""
        return float(self.core.null_loss)

    def null_correlations(self) -> FloatArray:
        """Return z_j'u at the null model, of shape (p,), or (K, p) for K classes."""
        if self._null is None:
            self._null = np.asarray(self._find_null_correlations())
        return self._null

    def alpha_max(self, l1_ratio: float) -> float:
        """Return the smallest alpha with every penalised coefficient zero; inf for ridge."""
        strongest = self._strongest()
        if strongest == 0.0:
            return 0.0
        return strongest / l1_ratio if l1_ratio > 0.0 else math.inf

    def grid(self, n_alphas: int, alpha_min_ratio: float | None, l1_ratio: float) -> FloatArray:
        """Return the default grid of docs/objective.md, decreasing."""
        if l1_ratio >= RIDGE_GRID_L1_RATIO:
            first = self.alpha_max(l1_ratio)
            ratio = alpha_min_ratio or default_alpha_min_ratio(self.problem)
        else:
            first = RIDGE_GRID_FIRST * self._strongest_in_spreads()
            ratio = alpha_min_ratio or RIDGE_GRID_LAST / RIDGE_GRID_FIRST
        return log_spaced(first if first > 0.0 else 1.0, ratio, n_alphas)

    def _find_null_correlations(self) -> FloatArray:
        problem = self.problem
        with one_blas_thread:
            return np.asarray(
                self.core.null_correlations(
                    problem.penalty_factor, problem.lower, problem.upper, self.settings.max_rounds
                )
            )

    def _strongest(self) -> float:
        """Return the lasso's alpha_max: max over penalised j of |z_j'u| / v_j."""
        if self._lasso_alpha_max is None:
            self._lasso_alpha_max = self._find_strongest()
        return self._lasso_alpha_max

    def _find_strongest(self) -> float:
        problem = self.problem
        c = self.null_correlations()
        if problem.lower is not None and problem.upper is not None:
            c = np.where(((c > 0) & (problem.upper > 0)) | ((c < 0) & (problem.lower < 0)), c, 0.0)
        strongest = _largest_ratio(np.abs(c), problem)
        size = self._residual_size
        if not problem.standardize:
            size *= float(self.core.spread.max())
        return strongest if strongest > NOISE * size else 0.0

    def _strongest_in_spreads(self) -> float:
        """Return `_strongest`, in a unit that makes ridge's grid the same for any units."""
        if self.problem.standardize or self.null_loss == 0.0:
            return self._strongest()
        if self._strongest() == 0.0:
            return 0.0
        c = np.abs(self.null_correlations()) * self.core.spread
        return _largest_ratio(c, self.problem) / self._l2_unit

    def _arguments(self, alphas: FloatArray, l1_ratio: float) -> tuple[Any, ...]:
        problem = self.problem
        return (
            alphas,
            l1_ratio,
            problem.penalty_factor,
            problem.lower,
            problem.upper,
            self.settings.max_rounds,
            self.tol,
            self.n_threads,
        )


def log_spaced(first: float, ratio: float, n_alphas: int) -> FloatArray:
    """Return n_alphas numbers from first to ratio * first, equally spaced in their logarithm."""
    if n_alphas == 1:
        return np.array([first])
    grid = first * np.exp(np.arange(n_alphas) * (math.log(ratio) / (n_alphas - 1)))
    grid[0], grid[-1] = first, first * ratio
    return np.asarray(grid)


def _largest_ratio(c: FloatArray, problem: Problem) -> float:
    """Return max of c_j / penalty_factor_j over the features that are penalised."""
    factor = problem.penalty_factor
    if not problem.has_free:
        return float((c / factor).max())
    penalised = factor > 0.0
    return float(np.max(c[..., penalised] / factor[penalised], initial=0.0))


def _by_columns(matrix: Matrix) -> Matrix:
    return as_matrix(matrix.source, columns=True, check_finite=False, names=matrix.names)
