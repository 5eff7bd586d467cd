"""Fit least squares, ridge, elastic net and lasso on the same folds."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Any

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage.comparison.groups import Group, correlated_groups
from shrinkage.comparison.result import Comparison, Contender, Curve
from shrinkage.comparison.thumb import RuleOfThumb
from shrinkage.design import MOST_CORRELATED, Columns, encode, split_target
from shrinkage.errors import ArgumentError
from shrinkage.select.crossval import CrossValidation, cross_validate
from shrinkage.select.curves import mean_and_se
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.folds import Splits, make_splits
from shrinkage.solve import Problem, Settings, Status, make_problem
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.settings import check_settings

L1_RATIOS = {
    "ridge": 0.0,
    "elastic net 0.1": 0.1,
    "elastic net 0.5": 0.5,
    "elastic net 0.9": 0.9,
    "lasso": 1.0,
}
LEAST_SQUARES = "OLS"

_log = logging.getLogger("shrinkage")


def compare(
    X: Any,
    y: ArrayLike | str,
    *,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    fold_ids: ArrayLike | None = None,
    alphas: int | ArrayLike = 100,
    cv: Any = 10,
    random_state: int = 0,
    settings: Settings | None = None,
) -> Comparison:
    """Compare least squares, ridge, elastic net and lasso on one data set and the same folds.

    Each penalty is solved over its range of strengths; cross-validation chooses one. The columns
    are standardized inside every fold, so that units do not matter; docs/objective.md has the
    objective.

    Parameters
    ----------
    X : array, scipy.sparse matrix or data frame of shape (n_samples, n_features)
        Text columns of a frame become one 0/1 column for each level; least squares drops the
        commonest level.
    y : array-like of shape (n_samples,) or str
        Response, or the name of its column in the frame X.
    sample_weight : array-like of shape (n_samples,), optional
        Weights >= 0, in the fits and in the errors.
    offset : array-like of shape (n_samples,), optional
        Known part of the prediction, in units of y.
    groups : array-like of shape (n_samples,), optional
        Rows of one group are held out together.
    fold_ids : array-like of int, shape (n_samples,), optional
        The fold that holds out each row, from 0; -1 for rows that are never held out.
    alphas : int or array-like, default 100
        Length of each penalty's own grid, or one grid for all.
    cv : int, splitter or list of splits, default 10
        Number of folds, or how to split.
    random_state : int, default 0
        Makes other folds, for an integer `cv` without `groups`.
    settings : Settings, optional
        How hard to solve. None means `Settings()`.

    Returns
    -------
    Comparison
        `print(comparison)` shows the report, `comparison.save(directory)` writes the files.

    Raises
    ------
    ArgumentError
        If an argument does not meet its requirement.

    Notes
    -----
    The held-out errors are slightly too good, for the same folds chose alpha. They compare the
    penalties and do not prove which is better.
    Cost: one cross-validated path for each of the five penalties, and for the correlations
    n_samples * min(n_features, 2000)^2 operations.

    Examples
    --------
    >>> import shrinkage
    >>> from sklearn.datasets import load_diabetes
    >>> comparison = shrinkage.compare(*load_diabetes(return_X_y=True))
    >>> print(comparison["lasso"].n_nonzero < comparison["ridge"].n_nonzero)
    True
    """
    target_name = y if isinstance(y, str) else "y"
    if isinstance(y, str):
        X, y = split_target(X, y)
    matrix, columns = encode(X)
    problem = make_problem(
        matrix,
        y,
        l1_ratio=1.0,
        sample_weight=sample_weight,
        offset=offset,
        penalty_factor=None,
        lower=None,
        upper=None,
        fit_intercept=True,
        standardize=True,
    )
    splits = make_splits(cv, matrix.shape[0], y, groups, fold_ids, random_state, problem.weights)
    if splits.n_folds < 2:
        raise ArgumentError.must("cv", "give at least 2 splits", splits.n_folds)
    contest = _Contest(problem, splits, settings)
    least_squares, notes = _least_squares(contest, columns)
    found = [contest.penalised(name, ratio, alphas) for name, ratio in L1_RATIOS.items()]
    notes += [
        f"{contender.name}: {contender.status.value}"
        for contender in found
        if contender.status in (Status.GRID_EDGE, Status.MAX_ROUNDS, Status.STALLED)
    ]
    contenders = _against_best([*least_squares, *found], contest.fold_weights)
    correlated, rule = _correlations(problem, columns, contenders)
    null_error, null_se = _null_error(contest)
    return Comparison(
        tuple(contenders),
        columns.names,
        columns.is_level,
        columns.commonest,
        problem.n_effective,
        splits.fold_ids,
        splits.n_folds,
        null_error,
        null_se,
        tuple(correlated),
        rule,
        target_name,
        tuple(notes),
    )


class _Contest:
    """The problem and the folds that all contenders share; what was read from X is kept."""

    def __init__(self, problem: Problem, splits: Splits, settings: Settings | None) -> None:
        self.problem = problem
        self.splits = splits
        self._settings = check_settings(settings)
        self._opened = FoldSolver(problem, splits, self._settings)
        self._mentioned = False
        n = problem.y.shape[0]
        self.weights = np.full(n, 1.0 / n) if problem.weights is None else problem.weights
        self.fold_weights = np.array([self.weights[held_out].sum() for _, held_out in splits])

    def penalised(self, name: str, l1_ratio: float, alphas: int | ArrayLike) -> Contender:
        """Return a penalty at the alpha that its folds chose."""
        _log.info("%s: %d folds", name, self.splits.n_folds)
        found = cross_validate(
            self.problem,
            self.splits,
            alphas=alphas,
            l1_ratios=(l1_ratio,),
            settings=self._settings,
            opened=self._opened,
        )
        if not self._mentioned:
            mention_columns(self.problem.matrix, found.path.spread)
            self._mentioned = True
        return _contender(name, found)

    def unpenalised(self, excluded: IndexArray) -> Contender:
        """Return least squares without some columns."""
        _log.info("%s: %d folds", LEAST_SQUARES, self.splits.n_folds)
        problem, opened = self.problem, self._opened
        if excluded.size:
            factor = np.ones(problem.matrix.shape[1])
            factor[excluded] = math.inf
            problem = replace(problem, penalty_factor=factor)
            opened = FoldSolver(problem, self.splits, self._settings)
        found = cross_validate(
            problem,
            self.splits,
            alphas=[0.0],
            l1_ratios=(0.0,),
            settings=self._settings,
            opened=opened,
        )
        return replace(
            _contender(LEAST_SQUARES, found), l1_ratio=math.nan, alpha_1se=math.nan, curve=None
        )


def _contender(name: str, found: CrossValidation) -> Contender:
    path, k = found.path, found.index[1]
    coef = path.points.coef(k, path.n_features)
    return Contender(
        name=name,
        slug=name.lower().replace(" ", "-"),
        l1_ratio=found.l1_ratio,
        alpha=found.alpha,
        alpha_1se=found.alpha_1se,
        coef=coef,
        coef_per_sd=coef * path.spread,
        intercept=float(path.intercepts[k]),
        n_nonzero=int(path.n_nonzero[k]),
        n_nonzero_1se=int(path.n_nonzero[found.one_se_index[1]]),
        training_error=float(found.train_mean[0, k]),
        held_out_error=float(found.cv_mean[0, k]),
        held_out_se=float(found.cv_se[0, k]),
        fold_errors=found.fold_errors[0, :, k],
        difference=0.0,
        difference_se=0.0,
        dual_gap=float(path.dual_gap[k]),
        status=found.status if found.status is Status.GRID_EDGE else path.status[k],
        curve=Curve(
            path, found.cv_mean[0], found.cv_se[0], found.train_mean[0], found.paired_se[0]
        ),
    )


def _null_error(contest: _Contest) -> tuple[float, float]:
    """Return the held-out error of predicting the mean of y, and its standard error."""
    y, weights = contest.problem.y, contest.weights
    errors = []
    for training, held_out in contest.splits:
        centre = np.average(y[training], weights=weights[training])
        errors.append(np.average((y[held_out] - centre) ** 2, weights=weights[held_out]))
    return _mean_and_se(np.array(errors), contest.fold_weights)


def _mean_and_se(errors: FloatArray, fold_weights: FloatArray) -> tuple[float, float]:
    mean, se = mean_and_se(errors[:, None], fold_weights)
    return float(mean[0]), float(se[0])


def _least_squares(contest: _Contest, columns: Columns) -> tuple[list[Contender], list[str]]:
    """Return least squares if there are more rows than features, and what to say about it."""
    n, p = contest.problem.n_effective, len(columns.names) - columns.commonest.size
    if n <= p:
        return [], [f"{LEAST_SQUARES} is left out: {p} features, but only {n} rows."]
    found = contest.unpenalised(columns.commonest)
    if found.status is not Status.SINGULAR:
        return [found], []
    return [found], [
        f"{LEAST_SQUARES} has more than one solution, for some features are combinations of "
        "others; shown is the one of minimum norm."
    ]


def _against_best(contenders: list[Contender], fold_weights: FloatArray) -> list[Contender]:
    """Return the contenders with their paired differences to the best one."""
    best = min(contenders, key=lambda contender: contender.held_out_error)
    compared = []
    for contender in contenders:
        mean, se = _mean_and_se(contender.fold_errors - best.fold_errors, fold_weights)
        compared.append(replace(contender, difference=mean, difference_se=se))
    return compared


def _correlations(
    problem: Problem, columns: Columns, contenders: list[Contender]
) -> tuple[list[Group], RuleOfThumb]:
    """Return the correlated groups, heaviest first, and the rule of thumb's measurements."""
    p = len(columns.names)
    weight = np.mean([np.abs(c.coef_per_sd) for c in contenders if c.curve is not None], axis=0)
    examined = np.sort(np.argsort(-weight, kind="stable")[:MOST_CORRELATED])
    groups, strongest = correlated_groups(
        problem.matrix.source, problem.weights, examined, columns.origin
    )
    groups.sort(key=lambda group: -float(weight[group.features].sum()))
    n_correlated = sum(len(group.features) for group in groups)
    rule = RuleOfThumb(problem.n_effective, p, n_correlated, len(examined), strongest)
    return groups, rule
