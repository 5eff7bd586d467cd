"""The labels of classes, and what each class weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from shrinkage import errors
from shrinkage._typing import AnyArray, ArrayLike, FloatArray, IndexArray
from shrinkage._validate import check_weights, label_array, refuse_missing
from shrinkage.errors import ArgumentError, DataWarning, Phrase, listed
from shrinkage.select.absent_classes import absent_classes, indicators
from shrinkage.select.folds import Splits
from shrinkage.solve import Problem

BALANCED = "balanced"
ClassWeight = Mapping[Any, float] | str | None


def read_labels(y: Any) -> tuple[AnyArray, IndexArray]:
    """Return the different labels in y, sorted, and the place of each row's label among them.

    Raises
    ------
    ArgumentError
        If y holds less than two different labels, or numbers that are no labels.
    """
    labels = label_array(y)
    refuse_missing(labels)
    try:
        kind = "bytes" if labels.dtype.kind == "S" else type_of_target(labels, input_name="y")
    except TypeError:
        kind = "a mixture of types"
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
        raise ArgumentError.must("y", "hold two classes or more", got)
    return classes, codes


def too_many_classes(classes: AnyArray) -> ArgumentError:
    """Return the error for more classes than the binomial family has."""
    known = listed(classes.tolist())
    got = Phrase(
        f"{classes.size} classes: {known} (Only binary classification is supported. The type "
        "of the target is multiclass.)"
    )
    hint = (
        "family='multinomial' is one model of all classes, "
        "sklearn.multiclass.OneVsRestClassifier(LogisticRegression(...)) fits one per class"
    )
    return ArgumentError.must("y", "hold two classes for family='binomial'", got, hint)


def two_classes(y: Any) -> tuple[AnyArray, FloatArray]:
    """Return the labels in y, sorted, and y as 0 for the first and 1 for the second.

    Raises
    ------
    ArgumentError
        If y holds fewer or more than two different labels, or numbers that are no labels.
    """
    classes, codes = read_labels(y)
    if classes.size > 2:
        raise too_many_classes(classes)
    return classes, codes.astype(np.float64)


def label_numbers(target: FloatArray) -> FloatArray:
    """Return the number of the class of each row, from the target of a problem."""
    return target if target.ndim == 1 else target.argmax(axis=1).astype(np.float64)


def weights_of_rows(
    class_weight: Any, classes: AnyArray, target: FloatArray, sample_weight: ArrayLike | None
) -> ArrayLike | None:
    """Return the weights of the rows times those of their classes.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping from label to number
        "balanced" gives all classes the same share of the total weight; labels that a mapping
        does not name have 1.
    classes : ndarray of shape (K,)
    target : ndarray of shape (n,) or (n, K)
        0 for the first class and 1 for the second, or a column for each class.
    sample_weight : array-like of shape (n,) or None
    """
    n = target.shape[0]
    if class_weight is None and not _is_one_per_row(sample_weight, n):
        return sample_weight  # None, or X tells what is wrong
    is_balanced = isinstance(class_weight, str) and class_weight == BALANCED
    if not (class_weight is None or is_balanced or isinstance(class_weight, Mapping)):
        requirement = "None, 'balanced' or a dict from each class to its weight"
        raise ArgumentError.must_be("class_weight", requirement, class_weight)
    table = indicators(target)
    given = check_weights(sample_weight, n)
    weights = np.ones(n) if given is None else given
    if isinstance(class_weight, Mapping):
        weights = weights * (table @ _by_class(class_weight, classes))
    nothing = np.flatnonzero(weights @ table == 0.0)
    if nothing.size:
        raise _weightless(classes[nothing])
    return _balanced(weights, table) if is_balanced else weights


def _is_one_per_row(sample_weight: Any, n: int) -> bool:
    try:
        return np.asarray(sample_weight).shape == (n,)
    except ValueError:
        return False


def _weightless(classes: AnyArray) -> ArgumentError:
    got = Phrase(f"none of class {listed(classes.tolist())}")
    hint = "leave the rows of a class out if they are not to count"
    return ArgumentError.must("y", "hold rows of positive weight of every class", got, hint)


def _balanced(weights: FloatArray, table: FloatArray) -> FloatArray:
    """Return weights of the same sum, of which every class that is there has the same share."""
    totals = weights @ table
    there = totals > 0.0
    each = np.zeros_like(totals)
    each[there] = weights.sum() / (there.sum() * totals[there])
    return np.asarray(weights * (table @ each))


def _by_class(class_weight: Mapping[Any, Any], classes: AnyArray) -> FloatArray:
    each = np.ones(classes.size)
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
    """A problem of classes which have the same share of the weight of every training set."""

    def on_rows(self, rows: AnyArray) -> Problem:
        """Return the problem on some rows, the classes balanced among these."""
        part = super().on_rows(rows)
        weights = part.weights if part.weights is not None else np.zeros(0)
        return replace(part, weights=_balanced(weights, indicators(part.y)))


def balanced_in_folds(problem: Problem, splits: Splits) -> tuple[Problem, Splits]:
    """Return the problem and the folds such that each training set is balanced for itself."""
    values = {each.name: getattr(problem, each.name) for each in fields(Problem)}
    return BalancedProblem(**values), Splits(splits.n_rows, splits.n_folds, None, tuple(splits))


def mention_absent_classes(problem: Problem, splits: Splits, classes: AnyArray) -> None:
    """Warn once if folds are fitted to rows without one of the classes, and never predict it."""
    lacking = absent_classes(problem, splits)
    folds = [fold for fold, absent in enumerate(lacking) if absent.any()]
    if not folds:
        return
    if classes.size == 2:
        said = "are of one class, which is all that it predicts"
    else:
        labels = classes[np.any([lacking[fold] for fold in folds], axis=0)].tolist()
        said = f"are without class {listed(labels)}, which it never predicts"
    hint = "fewer folds, or cv=StratifiedKFold() of scikit-learn"
    message = f"The training rows of fold {listed(folds)} {said}.\nHint: {hint}"
    errors.warn(message, DataWarning)
