"""Cross-validation: the error on rows that a model has not seen, and the alpha it chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray, FoldArray
from shrinkage._validate import check_alphas, check_l1_ratios
from shrinkage.families import Gaussian
from shrinkage.select.curves import Curves, Index, Rule
from shrinkage.select.edges import edge_status, extension
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.folds import Splits
from shrinkage.select.held_out import HeldOut
from shrinkage.select.measures import measure_of, scored
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.elastic_net import check_alpha_min_ratio
from shrinkage.solve.fold_points import Folds, joined_folds
from shrinkage.solve.path import Path
from shrinkage.solve.plan import Plan
from shrinkage.solve.points import Points
from shrinkage.solve.problem import Problem
from shrinkage.solve.result import Status, unfinished, warn_of
from shrinkage.solve.separation import separating
from shrinkage.solve.settings import Settings, check_settings

SQUARED_ERROR = measure_of(None, Gaussian()).name


@dataclass(frozen=True, eq=False)
class CrossValidation(Curves):
    """The curves, what the rule chose, and the fit to all rows.

    Attributes
    ----------
    index : tuple of int
        Indices of l1_ratio and alpha that the rule chose.
    fold_ids : ndarray of int32, shape (n,)
        The fold that holds out each row, -1 where none does.
    held_out : HeldOut
        Makes `oof_predict` when it is asked for.
    path : Path
        On all rows, for the chosen l1_ratio.
    plan : Plan
        How the path and the folds were computed.
    status : Status
        CONVERGED, or GRID_EDGE if the best alpha is at an end of the grid and the error still
        falls there.
    measure : str
        What the errors are.
    """

    index: Index
    fold_ids: FoldArray
    held_out: HeldOut
    path: Path
    plan: Plan
    status: Status
    measure: str

    @property
    def oof_predict(self) -> FloatArray:
        """Mean predicted by the chosen model without the row; NaN where none holds it out."""
        return self.held_out.predict()

    @property
    def alpha(self) -> float:
        """The alpha that the rule chose."""
        return float(self.alphas[self.index])

    @property
    def l1_ratio(self) -> float:
        """The l1_ratio that the rule chose."""
        return self.l1_ratios[self.index[0]]


def cross_validate(
    problem: Problem,
    splits: Splits,
    *,
    alphas: int | ArrayLike = 100,
    alpha_min_ratio: float | None = None,
    l1_ratios: Sequence[float] | None = None,
    rule: Rule = "min",
    scoring: Any = None,
    settings: Settings | None = None,
    opened: FoldSolver | None = None,
) -> CrossValidation:
    """Choose alpha and l1_ratio by their error on held-out rows.

    Parameters
    ----------
    problem : Problem
    splits : Splits
    alphas : int or array-like, default 100
        An integer is the length of the default grid of each l1_ratio; if the best alpha is at
        its lower end (ridge: at either end), the grid is extended once by two decades at the
        same spacing. A grid that is given is not changed.
    alpha_min_ratio : float, optional
        As in `elastic_net_path`.
    l1_ratios : sequence of float, optional
        None means the problem's own.
    rule : {"min", "1se"} or callable, default "min"
        "1se" takes the largest alpha within one standard error of the best, for the best
        l1_ratio. A function gets the `Curves` and returns an index of alpha (for the best
        l1_ratio) or a tuple of an index of l1_ratio and one of alpha.
    scoring : str or callable, optional
        "deviance" (None means the same): the mean unit deviance, for the Gaussian family the mean
        squared error. "mse", "mae" (multinomial: summed over the classes); for classes
        "misclassification" (of the class with the largest mean), for two of them "auc", of which
        larger is better. Or one of scikit-learn's scorers, all of which are better when larger;
        for classes it is given a classifier.
    settings : Settings, optional
    opened : FoldSolver, optional
        The same problem and splits, opened before; what it has read from X is used again.

    Returns
    -------
    CrossValidation

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Warns
    -----
    ConvergenceWarning
        Once, if points of the path or of a fold did not reach the tolerance.
    DataWarning
        Once, if columns are constant or repeat another one; not with `opened`.
    """
    settings = check_settings(settings)
    ratios = (problem.l1_ratio,) if l1_ratios is None else check_l1_ratios(l1_ratios)
    run = _Run(problem, splits, ratios, scoring, settings, opened)
    alphas = check_alphas(alphas)
    curves = run.curves(run.grids(alphas, check_alpha_min_ratio(alpha_min_ratio)))
    if isinstance(alphas, int):
        curves = run.extended(curves)
    index = curves.chosen(rule)
    path = run.path(index[0], curves.alphas[index[0]])
    run.warn_unless_converged(path, curves.alphas)
    return CrossValidation(
        **curves.values(),
        index=index,
        fold_ids=splits.held_out_in(),
        held_out=run.solver.held_out(run.folds[index[0]], index[1]),
        path=path,
        plan=run.plans[index[0]],
        status=edge_status(curves, path.alpha_max),
        measure=run.measure.name,
    )


class _Run:
    """The folds of each l1_ratio while the grid may still grow."""

    def __init__(
        self,
        problem: Problem,
        splits: Splits,
        l1_ratios: tuple[float, ...],
        scoring: Any,
        settings: Settings,
        opened: FoldSolver | None,
    ) -> None:
        self.solver = FoldSolver(problem, splits, settings) if opened is None else opened
        self.is_first = opened is None
        self.l1_ratios = l1_ratios
        self.settings = settings
        self.plans: list[Plan] = []
        self.folds: list[Folds] = []
        self.measure = measure_of(scoring, problem.family, problem.n_classes)

    def grids(self, alphas: int | FloatArray, alpha_min_ratio: float | None) -> FloatArray:
        """Return the alphas of each l1_ratio, of shape (L, m), and fix the plans."""
        rows = []
        for l1_ratio in self.l1_ratios:
            plan = self.solver.plan(l1_ratio, alphas, alpha_min_ratio)
            self.plans.append(plan)
            if isinstance(alphas, int):
                rows.append(self.solver.solver(plan).grid(alphas, alpha_min_ratio, l1_ratio))
            else:
                rows.append(alphas)
        if self.is_first:
            solver = self.solver.solver(self.plans[0])
            mention_columns(solver.problem.matrix, solver.core.spread, solver.n_threads)
        return np.array(rows)

    def curves(self, grids: FloatArray) -> Curves:
        """Return the errors on these grids."""
        self.folds = self._computed(grids)
        return self._curves_of(self.folds, grids)

    def extended(self, curves: Curves) -> Curves:
        """Return the curves, on a longer grid if the best alpha is at an end of this one."""
        found = extension(curves)
        if found is None:
            return curves
        more, upwards = found
        pairs = list(zip(self.folds, self._computed(more), strict=True))
        if upwards:
            self.folds = [joined_folds([new, old]) for old, new in pairs]
            return self._curves_of(self.folds, np.hstack([more, curves.alphas]))
        self.folds = [joined_folds([old, new]) for old, new in pairs]
        return self._curves_of(self.folds, np.hstack([curves.alphas, more]))

    def path(self, row: int, alphas: FloatArray) -> Path:
        """Return the path on all rows for one l1_ratio."""
        solver, l1_ratio = self.solver.solver(self.plans[row]), self.l1_ratios[row]
        return Path(solver, alphas, l1_ratio, solver.path(alphas, l1_ratio))

    def warn_unless_converged(self, path: Path, alphas: FloatArray) -> None:
        """Warn once if points of the path or of the folds did not reach the tolerance."""
        status = [path.points.status, *(folds.status for folds in self.folds)]
        if not unfinished(np.concatenate(status)).size:
            return
        parts: list[tuple[Points, FloatArray]] = [(path.points, path.alphas)]
        for folds, grid in zip(self.folds, alphas, strict=True):
            parts.extend((points, grid[place]) for points, place in folds.points())
        codes = np.concatenate([points.status for points, _ in parts])
        failed = unfinished(codes)
        gaps = np.concatenate([points.dual_gap for points, _ in parts])
        grids = np.concatenate([grid for _, grid in parts])
        rounds = sum(int(points.rounds.sum()) for points, _ in parts)
        named = separating(self.solver.problem, path.spread, parts)
        warn_of(failed, grids, codes, gaps, rounds, self.settings.gap_of(path.family.name), named)

    def _computed(self, grids: FloatArray) -> list[Folds]:
        requests = list(zip(self.plans, self.l1_ratios, grids, strict=True))
        found = self.solver.folds(requests, need_paths=self.measure.score is not None)
        return [scored(self.solver, folds, self.measure) for folds in found]

    def _curves_of(self, folds: list[Folds], alphas: FloatArray) -> Curves:
        return Curves.of(self.l1_ratios, alphas, folds, self.measure.larger_is_better)
