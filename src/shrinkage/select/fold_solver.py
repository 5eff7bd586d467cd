"""Errors of a problem on folds, for any number of penalties, reading X as rarely as possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.design import Matrix, as_matrix
from shrinkage.select.folds import Splits
from shrinkage.solve.path import predictor
from shrinkage.solve.plan import CROSS_PRODUCTS, RIDGE_P, Plan, choose
from shrinkage.solve.points import Folds, Points, joined
from shrinkage.solve.problem import Problem
from shrinkage.solve.settings import Settings
from shrinkage.solve.solver import Solver

# Folds whose held-out predictions are computed together.
AT_ONCE = 16


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
        self._solvers: dict[str, Solver] = {}

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

    def solver(self, plan: Plan) -> Solver:
        """Return the core on all rows, opened when a plan first needs it."""
        kind = CROSS_PRODUCTS if plan.name == RIDGE_P else plan.name
        if kind not in self._solvers:
            folds = self.splits.fold_ids
            n_folds = 0 if folds is None else self.splits.n_folds
            self._solvers[kind] = Solver(self.problem, plan, self.settings, folds, n_folds)
        return self._solvers[kind].with_plan(plan)

    def folds(self, requests: Sequence[tuple[Plan, float, FloatArray]]) -> list[Folds]:
        """Return the folds' errors and paths for each (plan, l1_ratio, alphas)."""
        if self.splits.fold_ids is not None:
            return [
                self.solver(plan).crossval(alphas, l1_ratio) for plan, l1_ratio, alphas in requests
            ]
        return self._one_by_one(requests)

    def _one_by_one(self, requests: Sequence[tuple[Plan, float, FloatArray]]) -> list[Folds]:
        problem = self.problem
        weights = problem.weights
        found: list[Folds] = [Folds.empty(len(alphas)) for _, _, alphas in requests]
        for train, test in self.splits:
            held_out = self.rows(test)
            given = np.full(test.size, 1.0 / problem.y.size) if weights is None else weights[test]
            part = problem.on_rows(train)
            solvers: dict[str, Solver] = {}
            for folds, (plan, l1_ratio, alphas) in zip(found, requests, strict=True):
                if plan.name not in solvers:
                    solvers[plan.name] = Solver(part, plan, self.settings)
                points = solvers[plan.name].path(alphas, l1_ratio)
                squares = (problem.y[test, None] - predictor(held_out, points)) ** 2
                folds.add(given @ squares / given.sum(), float(given.sum()), points)
        return found

    def rows(self, which: IndexArray) -> Matrix:
        """Return some rows of X; they are copied."""
        matrix = self.problem.matrix
        return as_matrix(matrix.source[which], check_finite=False, names=matrix.names)

    def held_out_predictions(self, paths: Sequence[Points], k: int) -> FloatArray:
        """Return the prediction, offset included, for each row by the fold that holds it out.

        NaN for rows that are never held out, the mean for rows that are held out several times.
        X is read once for each 16 folds.
        """
        total, times = np.zeros(self.problem.y.size), np.zeros(self.problem.y.size)
        pairs = list(enumerate(test for _, test in self.splits))
        for first in range(0, len(pairs), AT_ONCE):
            together = pairs[first : first + AT_ONCE]
            models = joined([paths[fold].only(k) for fold, _ in together])
            eta = predictor(self.problem.matrix, models)
            for column, (_, test) in enumerate(together):
                total[test] += eta[test, column]
                times[test] += 1
        with np.errstate(invalid="ignore"):
            mean = total / times
        return mean if self.problem.offset is None else mean + self.problem.offset
