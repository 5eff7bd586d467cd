"""The labels of two classes, and what each class weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from shrinkage import errors
from shrinkage._typing import AnyArray, ArrayLike, FloatArray
from shrinkage._validate import check_weights
from shrinkage.errors import ArgumentError, DataWarning, Phrase, listed
from shrinkage.select.folds import Splits
from shrinkage.solve import Problem

BALANCED = "balanced"
ClassWeight = Mapping[Any, float] | str | None


def two_classes(y: Any) -> tuple[AnyArray, FloatArray]:
    """Return the labels in y, sorted, and y as 0 for the first and 1 for the second.

    Raises
    ------
    ArgumentError
        If y holds fewer or more than two different labels, or numbers that are no labels.
    """
    labels = _as_array(y)
    _refuse_missing(labels)
    try:
        kind = type_of_target(labels, input_name="y")
    except TypeError:
        kind = "bytes, or a mixture of types"
    if kind not in ("binary", "multiclass"):
        got = Phrase(f"Unknown label type: {kind}")
        hint = (
            "LogisticRegression predicts classes; GeneralizedLinearRegressor(family='binomial') "
            "takes shares of ones in [0, 1]"
        )
        raise ArgumentError.must("y", "hold one label per row", got, hint)
    classes, codes = np.unique(column_or_1d(labels, warn=True), return_inverse=True)
    if classes.size == 1:
        got = Phrase(f"only {errors.describe(classes[0])}: rows of one class")
        raise ArgumentError.must("y", "hold both classes", got)
    if classes.size > 2:
        known = listed(classes.tolist())
        got = Phrase(
            f"{classes.size} classes: {known} (Only binary classification is supported. The type "
            f"of the target is {kind}.)"
        )
        hint = "sklearn.multiclass.OneVsRestClassifier(LogisticRegression(...)) fits one per class"
        raise ArgumentError.must("y", "hold two classes", got, hint)
    return classes, codes.astype(np.float64)


def _as_array(y: Any) -> AnyArray:
    if y is None:
        raise errors.missing_target()
    if isinstance(y, np.ma.MaskedArray):
        raise errors.masked("y")
    try:
        labels = np.asarray(y)
    except ValueError as error:
        raise errors.ragged("y") from error
    if labels.ndim == 0:
        raise ArgumentError.must("y", "hold one label per row", y)
    if labels.dtype.kind == "c":
        raise errors.complex_numbers("y")
    return labels


def _refuse_missing(y: AnyArray) -> None:
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argwhere(~np.isfinite(y))[0][0])
        raise errors.not_finite("y", float(np.ravel(y)[row]), row)
    if y.dtype.kind == "O":
        for row, label in enumerate(y.ravel()):
            if label is None or type(label).__name__ in ("NAType", "NaTType") or label != label:
                got = Phrase(f"a missing one at y[{row}]")
                hint = "drop the rows without a target"
                raise errors.DataError.must("y", "hold a label in each row", got, hint).at(row)


def weights_of_rows(
    class_weight: Any, classes: AnyArray, target: FloatArray, sample_weight: ArrayLike | None
) -> ArrayLike | None:
    """Return the weights of the rows times those of their classes.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping from label to number
        "balanced" gives both classes half of the total weight; labels that a mapping does not
        name have 1.
    classes : ndarray of shape (2,)
    target : ndarray of shape (n,)
        0 for the first class, 1 for the second.
    sample_weight : array-like of shape (n,) or None
    """
    if class_weight is None:
        return sample_weight
    n = target.shape[0]
    given = check_weights(sample_weight, n)
    weights = np.ones(n) if given is None else given
    if isinstance(class_weight, str) and class_weight == BALANCED:
        total, ones = float(weights.sum()), float(weights @ target)
        if not 0.0 < ones < total:
            return weights  # of one class: the fit says so
        each = np.array([total - ones, ones])
        return np.asarray(weights * (0.5 * total / each)[target.astype(np.intp)])
    each = _by_class(class_weight, classes)
    return np.asarray(weights * each[target.astype(np.intp)])


def _by_class(class_weight: Any, classes: AnyArray) -> FloatArray:
    if not isinstance(class_weight, Mapping):
        requirement = "None, 'balanced' or a dict from each class to its weight"
        raise ArgumentError.must_be("class_weight", requirement, class_weight)
    each = np.ones(2)
    positions = {label: k for k, label in enumerate(classes.tolist())}
    for label, weight in class_weight.items():
        if label not in positions:
            known = listed(classes.tolist())
            got = Phrase(errors.describe(label))
            raise ArgumentError.must("class_weight", "name classes of y", got, f"they are {known}")
        if not isinstance(weight, Real) or not 0.0 <= float(weight) < np.inf:
            got = Phrase(f"{errors.describe(weight)} for class {errors.describe(label)}")
            raise ArgumentError.must("class_weight", "hold finite numbers >= 0", got)
        each[positions[label]] = float(weight)
    return each


@dataclass(frozen=True, eq=False)
class BalancedProblem(Problem):
    """A problem of two classes, each of which has half of the weight of every training set."""

    def on_rows(self, rows: AnyArray) -> Problem:
        """Return the problem on some rows, the classes balanced among these."""
        part = super().on_rows(rows)
        weights = part.weights if part.weights is not None else np.zeros(0)
        ones = float(weights @ part.y)
        if not 0.0 < ones < 1.0:
            return part
        half = np.where(part.y > 0.5, 0.5 / ones, 0.5 / (1.0 - ones))
        return replace(part, weights=weights * half)


def balanced_in_folds(problem: Problem, splits: Splits) -> tuple[Problem, Splits]:
    """Return the problem and the folds such that each training set is balanced for itself."""
    values = {each.name: getattr(problem, each.name) for each in fields(Problem)}
    return BalancedProblem(**values), Splits(splits.n_rows, splits.n_folds, None, tuple(splits))


def mention_one_class_folds(problem: Problem, splits: Splits) -> None:
    """Warn once if folds are fitted to rows of one class, which then is all they predict."""
    y = problem.y if problem.weights is None else np.where(problem.weights > 0.0, problem.y, np.nan)
    lacking = _one_class_folds(y, splits)
    if lacking:
        errors.warn(
            f"The training rows of fold {listed(lacking)} are of one class, which is all that it "
            "predicts.\nHint: fewer folds, or cv=StratifiedKFold() of scikit-learn",
            DataWarning,
        )


def _one_class_folds(y: FloatArray, splits: Splits) -> list[int]:
    """Return the folds whose training rows are of one class, y being NaN for rows without one."""
    if splits.fold_ids is None:
        trains = (y[train] for train, _ in splits)
        return [fold for fold, part in enumerate(trains) if np.nanmin(part) == np.nanmax(part)]
    held_out = [splits.fold_ids[y == label] for label in (0.0, 1.0)]
    return sorted({int(ids[0]) for ids in held_out if ids[0] >= 0 and (ids == ids[0]).all()})
