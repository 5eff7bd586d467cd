"""Predictions for rows by the models that were fitted without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.select.folds import Splits
from shrinkage.solve.points import Points, at_alpha
from shrinkage.solve.predictor import predictor
from shrinkage.solve.problem import Problem

# Folds whose predictions are computed together.
AT_ONCE = 16


class HeldOut:
    """Each row's predicted mean by the folds that hold it out, computed when first asked for.

    Until then the data and the folds' paths are referred to; pickling computes it.

    Parameters
    ----------
    problem : Problem
    splits : Splits
    paths : sequence of Points
        One for each fold.
    k : int
        Number of the alpha.
    """

    def __init__(self, problem: Problem, splits: Splits, paths: Sequence[Points], k: int) -> None:
        self._values: FloatArray | None = None
        self._data: tuple[Problem, Splits, Sequence[Points], int] | None
        self._data = problem, splits, paths, k

    @classmethod
    def known(cls, problem: Problem, mean: FloatArray) -> Self:
        """Return Gaussian predictions that are there already, but for the offset."""
        held_out = cls.__new__(cls)
        held_out._data = None
        held_out._values = np.array(mean) if problem.offset is None else mean + problem.offset
        return held_out

    def predict(self) -> FloatArray:
        """Return the predictions, offset included, of shape (n,), or (n, K) for K classes.

        NaN for rows that are never held out, the mean for rows that are held out several times.
        X is read once for each 16 folds.
        """
        if self._values is None and self._data is not None:
            self._values = _mean(*self._data)
            self._data = None
        return np.asarray(self._values)

    def __getstate__(self) -> dict[str, Any]:
        """Return the predictions without the data."""
        self.predict()
        return self.__dict__


def _mean(problem: Problem, splits: Splits, paths: Sequence[Points], k: int) -> FloatArray:
    n, fold_ids = problem.y.shape[0], splits.fold_ids
    total, times = np.zeros(problem.y.shape), np.zeros(n)
    tests = [] if fold_ids is not None else [test for _, test in splits]
    for first in range(0, len(paths), AT_ONCE):
        models = at_alpha(paths[first : first + AT_ONCE], k)
        mu = problem.mean(predictor(problem.matrix, models))
        if fold_ids is not None:
            here = np.flatnonzero((fold_ids >= first) & (fold_ids < first + AT_ONCE))
            total[here] = mu[here, fold_ids[here] - first]
            times[here] = 1
        for column, test in enumerate(tests[first : first + AT_ONCE]):
            total[test] += mu[test, column]
            times[test] += 1
    return np.asarray((total.T / np.where(times > 0, times, np.nan)).T)
