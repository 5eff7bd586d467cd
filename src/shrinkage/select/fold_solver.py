"""Errors of a problem on folds, for any number of penalties, reading X as rarely as possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.design import Matrix, as_matrix
from shrinkage.select.absent_classes import absent_classes, path_without
from shrinkage.select.folds import Splits
from shrinkage.select.held_out import HeldOut
from shrinkage.solve.fold_points import Folds
from shrinkage.solve.opened import Opened
from shrinkage.solve.plan import CROSS_PRODUCTS, RIDGE_P, Plan, choose
from shrinkage.solve.points import Points
from shrinkage.solve.predictor import predictor
from shrinkage.solve.problem import Problem
from shrinkage.solve.settings import Settings
from shrinkage.solve.solver import open_problem


class FoldSolver:
    """A problem with its folds, opened once for several values of l1_ratio.

    Where no row is held out twice and each fold is fitted to all other rows, native code does
    all folds at once: from cross-products merged without subtraction (one reading of X), or in
    threads. Any other splits are one path each, with weight 0 for the rows left out.

    Parameters
    ----------
    problem : Problem
    splits : Splits
    settings : Settings
    """

    def __init__(self, problem: Problem, splits: Splits, settings: Settings) -> None:
        self.problem = problem
        self.splits = splits
        self.settings = settings
        self._solvers: dict[str, Opened] = {}
        # Two classes in one vector need no help: theirs is the null model.
        self._absent: list[BoolArray] | None = None
        if problem.n_classes is not None and problem.fit_intercept:
            absent = absent_classes(problem, splits)
            self._absent = absent if np.any(absent) else None

    def plan(
        self, l1_ratio: float, alphas: int | FloatArray, alpha_min_ratio: float | None = None
    ) -> Plan:
        """Return the plan for the path and its folds."""
        return choose(
            self.problem.with_l1_ratio(l1_ratio),
            alphas=alphas,
            alpha_min_ratio=alpha_min_ratio,
            n_folds=0 if self.splits.fold_ids is None else self.splits.n_folds,
        )

    def solver(self, plan: Plan) -> Opened:
        """Return the core on all rows, opened when a plan first needs it."""
        kind = CROSS_PRODUCTS if plan.name == RIDGE_P else plan.name
        if kind not in self._solvers:
            folds = self.splits.fold_ids
            n_folds = 0 if folds is None else self.splits.n_folds
            self._solvers[kind] = open_problem(self.problem, plan, self.settings, folds, n_folds)
        return self._solvers[kind].with_plan(plan)

    def folds(
        self, requests: Sequence[tuple[Plan, float, FloatArray]], need_paths: bool = False
    ) -> list[Folds]:
        """Return the folds' errors and paths for each (plan, l1_ratio, alphas).

        Parameters
        ----------
        requests : sequence
        need_paths : bool
            Whether the coefficients of every fold are needed; ridge in the space of the rows
            then solves fold by fold.
        """
        if self.splits.fold_ids is None or self._absent is not None:
            return self._one_by_one(requests)
        found = [
            self.solver(plan).crossval(alphas, l1_ratio) for plan, l1_ratio, alphas in requests
        ]
        if need_paths and not all(folds.has_paths for folds in found):
            return self._one_by_one(requests)
        return found

    def _one_by_one(self, requests: Sequence[tuple[Plan, float, FloatArray]]) -> list[Folds]:
        problem, weights = self.problem, self.problem.weights
        errors: list[list[FloatArray]] = [[] for _ in requests]
        paths: list[list[Points]] = [[] for _ in requests]
        totals = []
        for fold, (train, test) in enumerate(self.splits):
            held_out, part = self.rows(test), problem.on_rows(train)
            given = (
                np.full(test.size, 1.0 / problem.y.shape[0]) if weights is None else weights[test]
            )
            totals.append(float(given.sum()))
            solvers: dict[str, Opened] = {}
            for k, (plan, l1_ratio, alphas) in enumerate(requests):
                if self._absent is not None and self._absent[fold].any():
                    points = path_without(
                        part, self._absent[fold], plan, self.settings, alphas, l1_ratio
                    )
                else:
                    if plan.name not in solvers:
                        solvers[plan.name] = open_problem(part, plan, self.settings)
                    points = solvers[plan.name].path(alphas, l1_ratio)
                deviance = problem.unit_deviance(predictor(held_out, points), test)
                errors[k].append(given @ deviance / given.sum())
                paths[k].append(points)
        return [Folds.of_paths(e, totals, p) for e, p in zip(errors, paths, strict=True)]

    def rows(self, which: IndexArray) -> Matrix:
        """Return some rows of X; they are copied."""
        matrix = self.problem.matrix
        return as_matrix(matrix.source[which], check_finite=False, names=matrix.names)

    def held_out(self, folds: Folds, k: int) -> HeldOut:
        """Return the predictions for the rows that folds hold out, at alpha number k."""
        stretch, k = folds.stretch_of(k)
        if stretch.predictions is not None:
            return HeldOut.known(self.problem, stretch.predictions[:, k])
        return HeldOut(self.problem, self.splits, stretch.paths, k)
