"""Fit the model without a penalty, ridge, elastic net and lasso on the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from shrinkage._typing import ArrayLike
from shrinkage._validate import check_weights
from shrinkage.comparison.contender import Contender
from shrinkage.comparison.entrants import Entrants, against_best
from shrinkage.comparison.example import EXAMPLES, read_example
from shrinkage.comparison.groups import Group, correlated_groups
from shrinkage.comparison.result import Comparison
from shrinkage.comparison.target import Target, choose_family, read_target
from shrinkage.comparison.thumb import RuleOfThumb
from shrinkage.design import MOST_CORRELATED, Columns, encode, split_column
from shrinkage.errors import ArgumentError
from shrinkage.families import Family
from shrinkage.select.folds import make_splits
from shrinkage.solve import Problem, Settings, Status, make_problem

L1_RATIOS = {
    "ridge": 0.0,
    "elastic net 0.1": 0.1,
    "elastic net 0.5": 0.5,
    "elastic net 0.9": 0.9,
    "lasso": 1.0,
}
# Endings that a reader of the table has to know of.
_MENTIONED = (Status.GRID_EDGE, Status.MAX_ROUNDS, Status.STALLED, Status.SEPARATED)


def compare(
    X: Any,
    y: ArrayLike | str | None = None,
    *,
    family: str | Family | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    fold_ids: ArrayLike | None = None,
    alphas: int | ArrayLike = 100,
    cv: Any = 10,
    random_state: int = 0,
    settings: Settings | None = None,
) -> Comparison:
    """Compare ridge, elastic net and lasso on one data set and the same folds.

    Each penalty is solved over its range of strengths; cross-validation chooses one. The model
    without a penalty is beside them where it has an answer (for numbers: least squares). The
    columns are standardized inside every fold, so that units do not matter; docs/objective.md has
    the objective. What is predicted for the rows that a fold holds out is measured by the
    deviance; classifiers also by the area under the ROC curve, log loss, Brier score,
    calibration and the table of confusions, counts by absolute error and calibration.

    Parameters
    ----------
    X : array, scipy.sparse matrix or data frame of shape (n_samples, n_features), or str
        Text columns of a frame become one 0/1 column for each level; the model without a
        penalty drops the commonest level. Or a packaged example, whose target is known:
        "example:diabetes", "example:breast-cancer", "example:wine" or "example:doctor-visits".
    y : array-like of shape (n_samples,) or str
        Response, or the name of its column in the frame X: numbers, or labels of classes. None
        for an example.
    family : {"gaussian", "binomial", "poisson", "multinomial"} or Family, optional
        How y scatters around its mean. None chooses by the values of y, as
        `shrinkage.comparison.choose_family` does, and the report says so. Binomial: two labels,
        the second in sorted order being the one, or shares of ones with the number of trials as
        `sample_weight`.
    sample_weight : array-like of shape (n_samples,), optional
        Weights >= 0, in the fits and in the errors.
    offset : array-like of shape (n_samples,), optional
        Known part of the linear predictor: for numbers in units of y, for counts with a known
        exposure its logarithm; multinomial: of shape (n_samples, n_classes).
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
    The area under the ROC curve is computed on each fold, of several classes as the mean of one
    against the rest, and averaged over the folds that hold every class.
    Cost: one cross-validated path for each of the five penalties, and for the correlations
    n_samples * min(n_features, 2000)^2 operations.

    Examples
    --------
    >>> import shrinkage
    >>> from sklearn.datasets import load_diabetes
    >>> comparison = shrinkage.compare(*load_diabetes(return_X_y=True))
    >>> print(comparison["lasso"].n_nonzero < comparison["ridge"].n_nonzero)
    True
    >>> comparison = shrinkage.compare("example:breast-cancer")
    >>> print(comparison.family, comparison.best.measures["auc"].mean_and_se()[0] > 0.99)
    binomial True
    """
    if isinstance(X, str):
        X, y = read_example(X, "X"), EXAMPLES[X] if y is None else y
    target_name = y if isinstance(y, str) else "y"
    if isinstance(y, str):
        X, y, _ = split_column(X, y)
    target, choice = _target(y, target_name, family)
    matrix, columns = encode(X)
    problem = make_problem(
        matrix,
        target.values,
        family=target.family,
        l1_ratio=1.0,
        sample_weight=sample_weight,
        offset=offset,
        penalty_factor=None,
        lower=None,
        upper=None,
        fit_intercept=True,
        standardize=True,
    )
    n = matrix.shape[0]
    splits = make_splits(cv, n, target.by_row, groups, fold_ids, random_state, problem.weights)
    if splits.n_folds < 2:
        raise ArgumentError.must("cv", "give at least 2 splits", splits.n_folds)
    given = check_weights(sample_weight, n)
    entrants = Entrants(problem, target, splits, n if given is None else given.sum(), settings)
    contenders, notes = _contenders(entrants, columns, alphas)
    correlated, rule = _correlations(problem, columns, contenders)
    return Comparison(
        contenders=tuple(contenders),
        feature_names=columns.names,
        is_level=columns.is_level,
        base_levels=columns.commonest,
        n_rows=problem.n_effective,
        fold_ids=splits.fold_ids,
        n_folds=splits.n_folds,
        null_error=entrants.null.error,
        null_se=entrants.null.se,
        groups=tuple(correlated),
        rule=rule,
        target_name=target_name,
        notes=(*choice, *notes),
        rows=entrants.rows,
        null_measures=entrants.null.measures,
    )


def _target(y: Any, name: str, family: str | Family | None) -> tuple[Target, list[str]]:
    """Return the target, and what there is to say of a family that its values chose."""
    if family is not None:
        return read_target(y, family), []
    choice = choose_family(y, name)
    return read_target(y, choice.name), [f"{choice}."]


def _contenders(
    entrants: Entrants, columns: Columns, alphas: int | ArrayLike
) -> tuple[list[Contender], list[str]]:
    """Return all models with their differences to the best, and what to say about them."""
    unpenalised, notes = entrants.unpenalised(columns.commonest)
    found = [entrants.penalised(name, ratio, alphas) for name, ratio in L1_RATIOS.items()]
    notes += [
        f"{contender.name}: {contender.status.value}"
        for contender in found
        if contender.status in _MENTIONED
    ]
    return against_best([*unpenalised, *found], entrants.fold_weights), notes


def _correlations(
    problem: Problem, columns: Columns, contenders: list[Contender]
) -> tuple[list[Group], RuleOfThumb]:
    """Return the correlated groups, heaviest first, and the rule of thumb's measurements."""
    p = len(columns.names)
    weight = np.mean([c.size for c in contenders if c.curve is not None], axis=0)
    examined = np.sort(np.argsort(-weight, kind="stable")[:MOST_CORRELATED])
    groups, strongest = correlated_groups(
        problem.matrix.source, problem.weights, examined, columns.origin
    )
    groups.sort(key=lambda group: -float(weight[group.features].sum()))
    n_correlated = sum(len(group.features) for group in groups)
    rule = RuleOfThumb(problem.n_effective, p, n_correlated, len(examined), strongest)
    return groups, rule
