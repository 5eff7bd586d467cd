"""How well a model predicts rows that it has not seen, beside the deviance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from shrinkage._typing import AnyArray, FloatArray, IndexArray
from shrinkage.comparison.target import CLASSIFIERS, shown_label
from shrinkage.families import Family
from shrinkage.select.absent_classes import indicators
from shrinkage.select.curves import mean_and_se
from shrinkage.select.measures import absolute_error, area_under_curve, misclassification

AUC, LOG_LOSS, BRIER, WRONG = "auc", "log_loss", "brier", "misclassification"
ABSOLUTE, EXPLAINED = "mean_absolute_error", "deviance_explained"
# What each family is measured by.
MEASURES = {
    "gaussian": (),
    "binomial": (AUC, LOG_LOSS, BRIER, WRONG),
    "multinomial": (AUC, LOG_LOSS, BRIER, WRONG),
    "poisson": (EXPLAINED, ABSOLUTE),
}


@dataclass(frozen=True, eq=False)
class HeldOutRows:
    """The rows that folds hold out, as all contenders see them.

    A row that is held out several times counts once, in the last of these folds, with the mean
    of its predictions.

    Attributes
    ----------
    family : Family
    y : ndarray of shape (n,) or (n, K)
        The response: of classifiers codes, indicators or shares.
    classes : ndarray of shape (K,) or None
        The labels.
    weights : ndarray of shape (n,)
        Not negative; they sum to 1.
    total : float
        What the weights summed to before.
    fold_ids : ndarray of int, shape (n,)
        -1 for a row that no fold holds out.
    n_folds : int
    """

    family: Family
    y: FloatArray
    classes: AnyArray | None
    weights: FloatArray
    total: float
    fold_ids: AnyArray
    n_folds: int

    @property
    def is_classified(self) -> bool:
        """Whether the response is a class, or shares of classes."""
        return self.family.name in CLASSIFIERS

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in words."""
        names = range(self.shares.shape[1]) if self.classes is None else self.classes.tolist()
        return tuple(shown_label(name) for name in names)

    @property
    def shares(self) -> FloatArray:
        """Y with one column for each class."""
        return indicators(self.y)

    @property
    def counted(self) -> IndexArray:
        """The rows that a fold holds out and that have weight."""
        return np.flatnonzero((self.fold_ids >= 0) & (self.weights > 0.0))

    def folds(self) -> list[IndexArray]:
        """Return the rows of each fold; a fold may be empty where splits overlap."""
        rows = self.counted
        return [rows[self.fold_ids[rows] == fold] for fold in range(self.n_folds)]


@dataclass(frozen=True, eq=False)
class ByFold:
    """A measure on each fold, and what the fold weighs in the mean.

    Attributes
    ----------
    values, weights : ndarray of shape (n_folds,)
        A fold on which the measure is not defined has the weight 0.
    """

    values: FloatArray
    weights: FloatArray

    @property
    def n_used(self) -> int:
        """Number of folds in the mean."""
        return int(np.count_nonzero(self.weights))

    def mean_and_se(self, less: ByFold | None = None) -> tuple[float, float]:
        """Return the mean over the folds and its standard error, of the difference to `less`."""
        used = self.weights > 0.0
        if not used.any():
            return np.nan, np.nan
        with np.errstate(invalid="ignore"):  # infinite ones have no difference
            values = self.values[used] if less is None else self.values[used] - less.values[used]
        mean, se = mean_and_se(values[:, None], self.weights[used])
        return float(mean[0]), float(se[0])


# (rows, predictions, the rows of one fold) to a number.
Function = Callable[[HeldOutRows, FloatArray, IndexArray], float]


def measured(
    rows: HeldOutRows, mean: FloatArray, deviances: FloatArray, null_deviances: FloatArray
) -> dict[str, ByFold]:
    """Return the measures of the family on each fold.

    Parameters
    ----------
    rows : HeldOutRows
    mean : ndarray of the shape of y
        Predicted for each row by the fold that holds it out.
    deviances, null_deviances : ndarray of shape (n_folds,)
        Mean unit deviance on each fold, of the model and of the null model.
    """
    folds = rows.folds()
    weights = np.array([rows.weights[which].sum() for which in folds])
    found = {}
    for name in MEASURES[rows.family.name]:
        if name == LOG_LOSS:
            # From the deviance: a probability that was rounded to 1 has lost what is left.
            values = 0.5 * deviances + _on(folds, _entropy, rows, mean)
        elif name == EXPLAINED:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = 1.0 - deviances / null_deviances
        else:
            values = _on(folds, _FUNCTIONS[name], rows, mean)
        found[name] = ByFold(values, np.where(np.isnan(values), 0.0, weights))
    return found


def _on(
    folds: list[IndexArray], function: Function, rows: HeldOutRows, mean: FloatArray
) -> FloatArray:
    return np.array([function(rows, mean, which) if which.size else np.nan for which in folds])


def _share(rows: HeldOutRows, which: IndexArray) -> FloatArray:
    weight = rows.weights[which]
    return np.asarray(weight / weight.sum())


def _entropy(rows: HeldOutRows, mean: FloatArray, which: IndexArray) -> float:
    """Return the mean of -sum_k y_k log y_k, which is 0 for labels."""
    shares = rows.shares[which]
    return -float(_share(rows, which) @ xlogy(shares, shares).sum(axis=1))


def _auc(rows: HeldOutRows, mean: FloatArray, which: IndexArray) -> float:
    """Return the area under the ROC curve, of several classes the mean of one against the rest."""
    share = _share(rows, which)
    if mean.ndim == 1:
        return float(area_under_curve(rows.y[which], mean[which, None], share)[0])
    each = [
        area_under_curve(rows.y[which, k], mean[which, k, None], share)[0]
        for k in range(mean.shape[1])
    ]
    return float(np.mean(each))


def _brier(rows: HeldOutRows, mean: FloatArray, which: IndexArray) -> float:
    """Return the mean of (y - mu)^2, for several classes summed over these."""
    square = (rows.y[which] - mean[which]) ** 2
    return float(_share(rows, which) @ (square if square.ndim == 1 else square.sum(axis=1)))


def _wrong(rows: HeldOutRows, mean: FloatArray, which: IndexArray) -> float:
    share = _share(rows, which)
    if mean.ndim == 1:
        return float(misclassification(rows.y[which], mean[which, None], share)[0])
    right = rows.y[which, mean[which].argmax(axis=1)]
    return float(share @ (1.0 - right))


def _absolute(rows: HeldOutRows, mean: FloatArray, which: IndexArray) -> float:
    return float(absolute_error(rows.y[which], mean[which, None], _share(rows, which))[0])


_FUNCTIONS = {AUC: _auc, BRIER: _brier, WRONG: _wrong, ABSOLUTE: _absolute}


def confusion_table(rows: HeldOutRows, mean: FloatArray) -> FloatArray:
    """Return the weight of the rows of each class (rows) predicted as each class (columns).

    Predicted is the most probable class, of two equal ones the first. Without weights the entries
    are counts.
    """
    which = rows.counted
    shares = rows.shares[which]
    given = mean[which]
    said = (given > 0.5).astype(np.intp) if given.ndim == 1 else given.argmax(axis=1)
    K = shares.shape[1]
    table = np.zeros((K, K))
    for k in range(K):
        here = said == k
        table[:, k] = (rows.total * rows.weights[which[here]]) @ shares[here]
    return table
