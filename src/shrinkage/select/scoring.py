"""Fold errors by one of scikit-learn's scorers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.errors import ArgumentError
from shrinkage.families import Family
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.measures import Measure
from shrinkage.solve.points import Points
from shrinkage.solve.predictor import predictor


def scorer_of(scoring: Any, family: Family) -> Measure:
    """Return the measure for the name of a scorer or a callable.

    Weights of the rows are passed to scikit-learn's own scorers only: a function of
    (estimator, X, y) may not take them.

    Raises
    ------
    ArgumentError
        If `scoring` is neither a name that scikit-learn knows nor a callable.
    """
    name, scorer = scoring, scoring
    if callable(scoring):
        name = getattr(scoring, "__name__", type(scoring).__name__)
    else:
        requirement = (
            "None, 'deviance', 'mse', 'mae', 'misclassification', 'auc', the name of a "
            "scikit-learn scorer, or callable(estimator, X, y)"
        )
        if not isinstance(scoring, str):
            raise ArgumentError.must_be("scoring", requirement, scoring)
        try:
            scorer = get_scorer(scoring)
        except ValueError as error:
            raise ArgumentError.must_be("scoring", requirement, scoring) from error

    def score(solver: FoldSolver, points: Points, which: IndexArray) -> FloatArray:
        return _scores(solver, points, scorer, which)

    return Measure(name, True, score)


def _scores(solver: FoldSolver, points: Points, scorer: Any, which: IndexArray) -> FloatArray:
    problem = solver.problem
    keywords = {}
    if problem.weights is not None:
        which = which[problem.weights[which] > 0.0]
        if hasattr(scorer, "_score_func"):
            keywords["sample_weight"] = problem.weights[which]
    matrix, y = solver.rows(which), problem.response[which]
    mu = problem.mean(predictor(matrix, points), which)
    model: type[BaseEstimator] = _Predicted
    if problem.family.name in ("binomial", "multinomial") and np.isin(problem.y, (0.0, 1.0)).all():
        model, y = _PredictedClasses, y.astype(np.int64) if y.ndim == 1 else y.argmax(axis=1)
    models = (model(mu[:, k]) for k in range(mu.shape[1]))
    return np.array([float(scorer(each, matrix.source, y, **keywords)) for each in models])


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


class _PredictedClasses(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The same for classes 0..K-1; of two the mean is the probability of the second."""

    def __init__(self, predicted: FloatArray) -> None:
        self.predicted = predicted
        self.classes_ = np.arange(2 if predicted.ndim == 1 else predicted.shape[1])

    def fit(self, X: Any, y: Any = None) -> _PredictedClasses:
        return self

    def predict(self, X: Any) -> IndexArray:
        if self.predicted.ndim == 2:
            return np.asarray(np.argmax(self.predicted, axis=1))
        return (self.predicted > 0.5).astype(np.int64)

    def predict_proba(self, X: Any) -> FloatArray:
        if self.predicted.ndim == 2:
            return self.predicted
        return np.column_stack([1.0 - self.predicted, self.predicted])

    def __sklearn_is_fitted__(self) -> bool:
        return True
