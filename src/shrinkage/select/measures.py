"""Measures of the error on held-out rows, from the means that a model predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.errors import ArgumentError
from shrinkage.families import Family, Gaussian
from shrinkage.select.absent_classes import indicators
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.solve.fold_points import Folds
from shrinkage.solve.points import Points, joined
from shrinkage.solve.predictor import predictor
from shrinkage.solve.problem import Problem

# (solver, points of one fold, rows) to one number for each alpha.
Score = Callable[[FoldSolver, Points, IndexArray], FloatArray]


@dataclass(frozen=True)
class Measure:
    """What the errors of a cross-validation are.

    Attributes
    ----------
    name : str
        What tables and figures call it.
    larger_is_better : bool
    score : callable or None
        Makes the errors of a fold; None for the mean unit deviance, which the core returns.
    """

    name: str
    larger_is_better: bool = False
    score: Score | None = None


def measure_of(scoring: Any, family: Family, n_classes: int | None = None) -> Measure:
    """Return the measure for None, one of our names, or one of scikit-learn's scorers.

    Parameters
    ----------
    scoring : None, str or callable
    family : Family
    n_classes : int, optional
        The number of classes that have a linear predictor each.

    Raises
    ------
    ArgumentError
        If `scoring` is none of these, or can't be had for the family.
    """
    is_gaussian = isinstance(family, Gaussian)
    if scoring is None or scoring == "deviance" or (is_gaussian and scoring == "mse"):
        return Measure("mean squared error" if is_gaussian else "mean deviance")
    if not isinstance(scoring, str) or scoring not in _MEASURES:
        from shrinkage.select.scoring import scorer_of

        return scorer_of(scoring, family)
    name, larger_is_better, families, function = _MEASURES[scoring]
    if family.name not in families:
        hint = "it compares classes; 'deviance', 'mse' and 'mae' are for every family"
        failure = f"be {scoring!r} for the {family.name} family"
        raise ArgumentError.cannot("scoring", failure, hint)
    if scoring == "auc" and n_classes not in (None, 2):
        hint = "'roc_auc_ovr' of scikit-learn is the mean over classes, each against the rest"
        raise ArgumentError.cannot("scoring", f"be 'auc' for {n_classes} classes", hint)

    def score(solver: FoldSolver, points: Points, which: IndexArray) -> FloatArray:
        problem = solver.problem
        mu = problem.mean(predictor(solver.rows(which), points), which)
        weight = np.ones(which.size) if problem.weights is None else problem.weights[which]
        return function(problem.response[which], mu, weight / weight.sum())

    return Measure(name, larger_is_better, score)


def scored(solver: FoldSolver, folds: Folds, measure: Measure) -> Folds:
    """Return the folds with the values of the measure in place of the deviances."""
    if measure.score is None:
        return folds
    error, train_error = np.empty_like(folds.error), np.empty_like(folds.train_error)
    for fold, rows in enumerate(solver.splits):
        points = joined([stretch.paths[fold] for stretch in folds.stretches])
        for target, which in zip((train_error, error), rows, strict=True):
            try:
                target[fold] = measure.score(solver, points, which)
            except ArgumentError:
                raise
            except ValueError as cause:
                raise _failed(measure, fold, cause, solver.problem, which) from cause
            if np.isnan(target[fold]).all():
                raise _undefined(measure, fold)
    return replace(folds, error=error, train_error=train_error)


def squared_error(y: FloatArray, mu: FloatArray, share: FloatArray) -> FloatArray:
    """Return the mean of (y - mu)^2 for each column of mu; summed over the classes."""
    return _summed(share, (y[:, None] - mu) ** 2)


def absolute_error(y: FloatArray, mu: FloatArray, share: FloatArray) -> FloatArray:
    """Return the mean of |y - mu| for each column of mu; summed over the classes."""
    return _summed(share, np.abs(y[:, None] - mu))


def _summed(share: FloatArray, each: FloatArray) -> FloatArray:
    return np.asarray(share @ (each if each.ndim == 2 else each.sum(axis=2)))


def misclassification(y: FloatArray, mu: FloatArray, share: FloatArray) -> FloatArray:
    """Return the share of rows in another class than mu says, for each column of mu.

    Of two classes it says one where mu > 1/2, of more the one with the largest mean. Rows with
    shares of the classes count for all of them.
    """
    if mu.ndim == 3:
        said = np.argmax(mu, axis=2)
        return np.asarray(share @ (1.0 - np.take_along_axis(y, said, axis=1)))
    return np.asarray(share @ np.where(mu > 0.5, 1.0 - y[:, None], y[:, None]))


def area_under_curve(y: FloatArray, mu: FloatArray, share: FloatArray) -> FloatArray:
    """Return the probability that mu is larger for a one than for a zero, ties counting half.

    For each column of mu; NaN if the rows are of one class. Rows with a share of ones count for
    both classes. Two classes may also have a column each.
    """
    if mu.ndim == 3:
        y, mu = y[:, 1], mu[:, :, 1]
    ones, zeros = share * y, share * (1.0 - y)
    pairs = float(ones.sum() * zeros.sum())
    if pairs == 0.0:
        return np.full(mu.shape[1], np.nan)
    return np.array([_ordered_pairs(column, ones, zeros) for column in mu.T]) / pairs


def _ordered_pairs(mu: FloatArray, ones: FloatArray, zeros: FloatArray) -> float:
    order = np.argsort(mu, kind="stable")
    ordered = mu[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] > ordered[:-1]))
    positive, negative = (np.add.reduceat(part[order], starts) for part in (ones, zeros))
    below = np.cumsum(negative) - 0.5 * negative
    return float(positive @ below)


_EVERY = ("gaussian", "binomial", "poisson", "multinomial")
STRATIFIED = "fewer folds, or folds that hold every class: cv=StratifiedKFold() of scikit-learn"
# scoring: (name, whether larger is better, families, function)
_MEASURES = {
    "mse": ("mean squared error", False, _EVERY, squared_error),
    "mae": ("mean absolute error", False, _EVERY, absolute_error),
    "misclassification": (
        "misclassification",
        False,
        ("binomial", "multinomial"),
        misclassification,
    ),
    "auc": ("area under the ROC curve", True, ("binomial", "multinomial"), area_under_curve),
}


def _undefined(measure: Measure, fold: int) -> ArgumentError:
    failure = f"be the {measure.name}, which fold {fold} does not have"
    return ArgumentError.cannot("scoring", failure, STRATIFIED)


def _failed(
    measure: Measure, fold: int, cause: ValueError, problem: Problem, which: IndexArray
) -> ArgumentError:
    """Return the error for a scorer that refuses the rows of a fold."""
    reason = str(cause).partition("\n")[0].rstrip(".")
    lacks_a_class = problem.family.name in ("binomial", "multinomial") and not (
        (indicators(problem.y)[which] > 0.0).any(axis=0).all()
    )
    failure = f"be the {measure.name} in fold {fold}: {reason}"
    return ArgumentError.cannot("scoring", failure, STRATIFIED if lacks_a_class else None)
