"""Leave-one-out and generalised cross-validation of ridge, without a second fit."""

from __future__ import annotations

import numpy as np

from shrinkage import _core
from shrinkage._typing import ArrayLike, FloatArray
from shrinkage._validate import check_alphas, check_choice
from shrinkage.errors import ArgumentError
from shrinkage.select.crossval import SQUARED_ERROR, CrossValidation
from shrinkage.select.curves import Curves, Rule
from shrinkage.select.edges import edge_status, extension
from shrinkage.select.held_out import HeldOut
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.elastic_net import check_alpha_min_ratio
from shrinkage.solve.fold_points import Folds
from shrinkage.solve.path import Path
from shrinkage.solve.plan import choose
from shrinkage.solve.problem import Problem
from shrinkage.solve.settings import Settings, check_settings
from shrinkage.solve.solver import Solver
from shrinkage.solve.threads import one_blas_thread


def leave_one_out(
    problem: Problem,
    measure: str,
    *,
    alphas: int | ArrayLike = 100,
    alpha_min_ratio: float | None = None,
    rule: Rule = "min",
    settings: Settings | None = None,
) -> CrossValidation:
    """Choose ridge's alpha by leave-one-out or generalised cross-validation, in closed form.

    "loo" leaves each row out: its error is that of a fit to the other rows, exactly, with
    `s_j` and `tau` of docs/objective.md kept at their values on all rows. "gcv" is the
    rotation-invariant approximation: mean squared residual / (1 - trace / n)^2.

    Parameters
    ----------
    problem : Problem
        Of ridge, without bounds.
    measure : {"loo", "gcv"}
    alphas, alpha_min_ratio, rule, settings
        As in `cross_validate`.

    Returns
    -------
    CrossValidation
        For "loo" every row of positive weight is a fold. For "gcv" there are no folds: `cv_se`
        and `alpha_1se` are NaN, `fold_ids` -1 and `oof_predict` NaN.

    Raises
    ------
    ArgumentError
        If the problem is not ridge without bounds, or rule="1se" with "gcv".

    Notes
    -----
    Cost: one decomposition in the smaller of n and p, and n numbers for each alpha.

    References
    ----------
    Golub, Heath, Wahba (1979), equations 1.4 and 2.3.
    """
    check_choice("cv", measure, ("loo", "gcv"))
    if not problem.is_gaussian:
        hint = "an integer number of folds"
        raise ArgumentError.cannot(
            "cv", f"be {measure!r} for the {problem.family.name} family", hint
        )
    if not problem.is_ridge:
        hint = "an integer number of folds"
        raise ArgumentError.cannot("cv", f"be {measure!r} with an L1 penalty or bounds", hint)
    settings = check_settings(settings)
    asked = check_alphas(alphas)
    alpha_min_ratio = check_alpha_min_ratio(alpha_min_ratio)
    plan = choose(problem, alphas=asked, alpha_min_ratio=alpha_min_ratio)
    solver = Solver(problem, plan, settings)
    mention_columns(problem.matrix, solver.core.spread, solver.n_threads)
    grid = solver.grid(asked, alpha_min_ratio, 0.0) if isinstance(asked, int) else asked
    path, curves, left_out = _computed(solver, grid, measure)
    found = extension(curves) if isinstance(asked, int) else None
    if found is not None:
        more, upwards = found[0][0], found[1]
        grid = np.concatenate([more, grid] if upwards else [grid, more])
        path, curves, left_out = _computed(solver, grid, measure)
    index = curves.chosen(rule)
    n = problem.y.size
    fold_ids = np.full(n, -1, dtype=np.int32)
    predicted = np.full(n, np.nan)
    if measure == "loo":
        counted = np.ones(n, dtype=bool) if problem.weights is None else problem.weights > 0.0
        fold_ids[counted] = np.arange(np.count_nonzero(counted))
        predicted = left_out[:, index[1]]
    return CrossValidation(
        **curves.values(),
        index=index,
        fold_ids=fold_ids,
        held_out=HeldOut.known(problem, predicted),
        path=path,
        plan=plan,
        status=edge_status(curves, path.alpha_max),
        measure=SQUARED_ERROR,
    )


def _computed(solver: Solver, alphas: FloatArray, measure: str) -> tuple[Path, Curves, FloatArray]:
    """Return the path, the curves, and each row's prediction without it, (n, n_alphas)."""
    problem = solver.problem
    with one_blas_thread:
        _, left_out, gcv, _ = _core.ridge_leave_one_out(
            problem.matrix.core,
            problem.y,
            problem.weights,
            problem.fit_intercept,
            problem.standardize,
            alphas,
            problem.penalty_factor,
            solver.n_threads,
        )
    points = solver.path(alphas, 0.0)
    if measure == "gcv":
        error, weight = gcv[None, :], np.ones(1)
    else:
        weight = np.ones(problem.y.size) if problem.weights is None else problem.weights
        counted = weight > 0.0
        error = (problem.y[counted, None] - left_out[counted]) ** 2
        weight = weight[counted]
    train_error = np.broadcast_to(2.0 * points.loss, error.shape)
    curves = Curves.of(
        (0.0,), alphas[None, :], [Folds(error, train_error, weight, points.status)], False
    )
    return Path(solver, alphas, 0.0, points), curves, left_out
