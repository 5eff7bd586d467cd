"""Samples of the user's rows, as weights, and the fits to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from shrinkage._typing import FloatArray, FoldArray
from shrinkage.design import as_matrix
from shrinkage.solve import Problem, Settings
from shrinkage.solve.opened import Opened
from shrinkage.solve.plan import CROSS_PRODUCTS, RIDGE_P, Plan
from shrinkage.solve.points import Points
from shrinkage.solve.result import unfinished, warn_of
from shrinkage.solve.solver import open_problem


def resamples(problem: Problem, n_resamples: int, seed: int) -> Iterator[Problem]:
    """Yield the problem on bootstrap resamples: how often each row was drawn is its weight."""
    n = problem.matrix.shape[0]
    generator = np.random.default_rng(seed)
    for _ in range(n_resamples):
        counts = np.bincount(generator.integers(n, size=n), minlength=n)
        yield replace(problem, weights=counts / n, n_effective=int(np.count_nonzero(counts)))


def complementary_halves(n: int, n_pairs: int, seed: int) -> Iterator[FoldArray]:
    """Yield pairs of half-samples: 0 for the rows of one, 1 for those of the other, shape (n,)."""
    generator = np.random.default_rng(seed)
    for _ in range(n_pairs):
        halves = np.zeros(n, dtype=np.int32)
        halves[generator.permutation(n)[: n // 2]] = 1
        yield halves


def by_columns(problem: Problem, plans: Sequence[Plan]) -> Problem:
    """Return the problem with its columns in one piece if a plan reads them: one copy for all."""
    if not any(plan.reads_columns for plan in plans):
        return problem
    matrix = problem.matrix
    columns = as_matrix(matrix.source, columns=True, check_finite=False, names=matrix.names)
    return replace(problem, matrix=columns)


def fits_to(
    problem: Problem,
    plans: Sequence[Plan],
    l1_ratios: Sequence[float],
    grids: Sequence[FloatArray],
    settings: Settings,
) -> list[Points]:
    """Return the path of each penalty on its grid; what is read from X is shared."""
    solvers: dict[str, Opened] = {}
    found = []
    for plan, l1_ratio, grid in zip(plans, l1_ratios, grids, strict=True):
        kind = CROSS_PRODUCTS if plan.name == RIDGE_P else plan.name
        if kind not in solvers:
            solvers[kind] = open_problem(problem, plan, settings)
        found.append(solvers[kind].with_plan(plan).path(grid, l1_ratio))
    return found


class Unfinished:
    """The paths that have points which did not reach the tolerance."""

    def __init__(self) -> None:
        self._paths: list[tuple[Points, FloatArray]] = []

    def look_at(self, points: Points, alphas: FloatArray) -> None:
        """Keep the path if it has such points."""
        if unfinished(points.status).size:
            self._paths.append((points, alphas))

    def warn(self, tol: float) -> None:
        """Warn once, if there are any; `tol` is the gap that was asked for."""
        if not self._paths:
            return
        codes = np.concatenate([points.status for points, _ in self._paths])
        gaps = np.concatenate([points.dual_gap for points, _ in self._paths])
        alphas = np.concatenate([alphas for _, alphas in self._paths])
        rounds = sum(int(points.rounds.sum()) for points, _ in self._paths)
        warn_of(unfinished(codes), alphas, codes, gaps, rounds, tol)
