"""Errors over alphas and folds, their mean and standard error, and the choice among them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from shrinkage import _core
from shrinkage._typing import BoolArray, FloatArray
from shrinkage.errors import ArgumentError
from shrinkage.solve.fold_points import Folds

Index = tuple[int, int]
# Errors that differ by this share do by rounding: sums of the same numbers in another order.
TIE = 1e-13
Rule = str | Callable[["Curves"], Any]


@dataclass(frozen=True, eq=False)
class Curves:
    """The errors of L values of l1_ratio times m alphas on K folds.

    Attributes
    ----------
    l1_ratios : tuple of float, length L
    alphas : ndarray of shape (L, m)
        Decreasing in each row.
    fold_errors : ndarray of shape (L, K, m)
        Weighted mean unit deviance on the rows held out, or a score.
    train_errors : ndarray of shape (L, K, m)
        The same on the rows that the fold was fitted to.
    fold_weights : ndarray of shape (K,)
        Total weight of the rows held out, as a share of all weights.
    cv_mean, cv_se : ndarray of shape (L, m)
        Mean over folds weighted by `fold_weights`, and its standard error from the spread over
        folds; NaN with one fold.
    train_mean : ndarray of shape (L, m)
        The same mean of `train_errors`.
    larger_is_better : bool
        True for a score.
    """

    l1_ratios: tuple[float, ...]
    alphas: FloatArray
    fold_errors: FloatArray
    train_errors: FloatArray
    fold_weights: FloatArray
    cv_mean: FloatArray
    cv_se: FloatArray
    train_mean: FloatArray
    larger_is_better: bool

    @classmethod
    def of(
        cls,
        l1_ratios: tuple[float, ...],
        alphas: FloatArray,
        folds: Sequence[Folds],
        larger_is_better: bool,
    ) -> Curves:
        """Return the curves of the folds for each l1_ratio."""
        error = np.array([part.error for part in folds])
        train_error = np.array([part.train_error for part in folds])
        weight = folds[0].weight
        mean, se = mean_and_se(error, weight)
        train_mean = mean_and_se(train_error, weight)[0]
        return cls(
            l1_ratios, alphas, error, train_error, weight, mean, se, train_mean, larger_is_better
        )

    def values(self) -> dict[str, Any]:
        """Return the attributes by name, without what was derived from them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def loss(self) -> FloatArray:
        """`cv_mean` turned so that smaller is better, of shape (L, m)."""
        return -self.cv_mean if self.larger_is_better else self.cv_mean

    @cached_property
    def best_index(self) -> Index:
        """Indices of l1_ratio and alpha with the best mean; ties go to the larger alpha."""
        ties = _is_smallest(self.loss, None).ravel().nonzero()[0]
        best = ties[0] if ties.size <= 1 else ties[self.alphas.ravel()[ties].argmax()]
        row, column = divmod(int(best), self.loss.shape[1])
        return row, column

    @cached_property
    def paired_se(self) -> FloatArray:
        """Standard error over folds of e_k(alpha) - e_k(best alpha of that l1_ratio), (L, m).

        All alphas share the folds: what makes a fold hard for one makes it hard for its
        neighbours, and cancels in the difference. 0 at the best alpha; NaN with one fold.
        """
        best = _is_smallest(self.loss, 1).argmax(axis=1)
        reference = self.fold_errors[np.arange(best.size), :, best]
        return mean_and_se(self.fold_errors - reference[..., None], self.fold_weights)[1]

    @property
    def one_se_index(self) -> Index:
        """Indices of the largest alpha within one standard error, for the best l1_ratio."""
        row, column = self.best_index
        limit = self.loss[row, column] + self.cv_se[row, column]
        return row, int((self.loss[row] <= limit).argmax())

    @property
    def alpha_1se(self) -> float:
        """The alpha at `one_se_index`; NaN with one fold."""
        if math.isnan(self.cv_se[self.best_index]):
            return math.nan
        return float(self.alphas[self.one_se_index])

    def chosen(self, rule: Rule) -> Index:
        """Return what `rule` chooses: "min", "1se", or a function of these curves.

        Raises
        ------
        ArgumentError
            If the rule is none of these, or what it returns is no index; for "1se" with one
            fold, which has no standard error.
        """
        if callable(rule):
            return self._checked(rule(self))
        if rule == "min":
            return self.best_index
        if rule != "1se":
            raise ArgumentError.must_be("rule", "'min', '1se' or a function of the curves", rule)
        if np.isnan(self.cv_se[self.best_index]):
            hint = "rule='min', or more folds"
            raise ArgumentError.cannot("rule", "be '1se' without a standard error of folds", hint)
        return self.one_se_index

    def _checked(self, index: Any) -> Index:
        rows, columns = self.alphas.shape
        given = index if isinstance(index, tuple) else (self.best_index[0], index)
        requirement = f"return an index below {columns}, or two below {(rows, columns)}"
        try:
            row, column = (operator.index(part) for part in given)
        except (TypeError, ValueError):
            raise ArgumentError.must("rule", requirement, index) from None
        if not (0 <= row < rows and 0 <= column < columns):
            raise ArgumentError.must("rule", requirement, index)
        return row, column


def _is_smallest(loss: FloatArray, axis: int | None) -> BoolArray:
    smallest = np.fmin.reduce(loss, axis=axis, keepdims=True)
    return np.asarray(loss <= smallest + TIE * np.abs(smallest))


def as_good_as_best(loss: FloatArray, paired_se: FloatArray) -> tuple[tuple[int, int], ...]:
    """Return the stretches of alphas that the folds can't tell from the best one.

    Those in which loss - smallest loss <= paired_se. This describes the folds at hand and is no
    test: folds share training rows, and the minimum was found on them.

    Parameters
    ----------
    loss : ndarray of shape (m,)
        Mean over folds, smaller is better.
    paired_se : ndarray of shape (m,)
        As in `Curves.paired_se`.

    Returns
    -------
    tuple of (first, last)
        Indices, both included, increasing. Empty without a standard error or a second alpha.

    References
    ----------
    Chen and Yang (2021), on the error of one-standard-error rules by marginal errors.
    """
    if loss.size < 2 or np.isnan(paired_se).all():
        return ()
    is_as_good = loss - np.fmin.reduce(loss) <= paired_se
    edges = np.flatnonzero(np.diff(is_as_good, prepend=False, append=False)).tolist()
    return tuple((first, after - 1) for first, after in zip(edges[::2], edges[1::2], strict=True))


def mean_and_se(error: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted mean over folds, and its standard error.

    With weights W_k: mean = sum W_k e_k / sum W_k, and se = sqrt(sum W_k (e_k - mean)^2 /
    sum W_k / (K - 1)).

    Parameters
    ----------
    error : ndarray of shape (..., K, m)
    weight : ndarray of shape (K,)

    Returns
    -------
    mean, se : ndarray of shape (..., m)
        se is NaN for K = 1.
    """
    if error.ndim > 2:
        means, ses = zip(*(mean_and_se(part, weight) for part in error), strict=True)
        return np.array(means), np.array(ses)
    return _core.average_over_folds(np.ascontiguousarray(error, dtype=np.float64), weight)
