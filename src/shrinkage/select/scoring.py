"""Fold errors by one of scikit-learn's scorers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import get_scorer

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.errors import ArgumentError
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.solve.fold_points import Folds
from shrinkage.solve.points import Points, joined
from shrinkage.solve.predictor import predictor


def scorer_of(scoring: Any) -> tuple[Any, str]:
    """Return the scorer for a name or a callable, and what to call it.

    Raises
    ------
    ArgumentError
        If `scoring` is neither a name that scikit-learn knows nor a callable.
    """
    if callable(scoring):
        return scoring, getattr(scoring, "__name__", type(scoring).__name__)
    requirement = "None, the name of a scikit-learn scorer, or callable(estimator, X, y)"
    if not isinstance(scoring, str):
        raise ArgumentError.must_be("scoring", requirement, scoring)
    try:
        return get_scorer(scoring), scoring
    except ValueError as error:
        raise ArgumentError.must_be("scoring", requirement, scoring) from error


def scored(solver: FoldSolver, folds: Folds, scorer: Any) -> Folds:
    """Return the folds with the scorer's values in place of the errors.

    Weights of the rows are passed to scikit-learn's own scorers only: a function of
    (estimator, X, y) may not take them.
    """
    error, train_error = np.empty_like(folds.error), np.empty_like(folds.train_error)
    for fold, rows in enumerate(solver.splits):
        points = joined([stretch.paths[fold] for stretch in folds.stretches])
        for target, which in zip((train_error, error), rows, strict=True):
            target[fold] = _scores(solver, points, scorer, which)
    return replace(folds, error=error, train_error=train_error)


def _scores(solver: FoldSolver, points: Points, scorer: Any, which: IndexArray) -> FloatArray:
    problem = solver.problem
    keywords = {}
    if problem.weights is not None:
        which = which[problem.weights[which] > 0.0]
        if hasattr(scorer, "_score_func"):
            keywords["sample_weight"] = problem.weights[which]
    matrix = solver.rows(which)
    offset = np.zeros(which.size) if problem.offset is None else problem.offset[which]
    y = problem.y[which] + offset
    eta = predictor(matrix, points) + offset[:, None]
    models = (_Predicted(column) for column in eta.T)
    return np.array([float(scorer(model, matrix.source, y, **keywords)) for model in models])


class _Predicted(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted model for scorers: its predictions were made before."""

    def __init__(self, predicted: FloatArray) -> None:
        self.predicted = predicted

    def fit(self, X: Any, y: Any = None) -> _Predicted:
        return self

    def predict(self, X: Any) -> FloatArray:
        return self.predicted

    def __sklearn_is_fitted__(self) -> bool:
        return True
