"""The ROC curve of rows that a model has not seen: the mean of the folds' curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.comparison.held_out import HeldOutRows
from shrinkage.select.curves import mean_and_se

# Steps up or to the right; a curve goes from (0, 0) to (1, 1).
Steps = tuple[FloatArray, FloatArray]
_MOST_STEPS = 2000


@dataclass(frozen=True, eq=False)
class RocCurve:
    """The mean over folds of the curves of the rows that each holds out.

    At every share of zeros that are taken for ones (`false`), the share of ones that are found
    (`true`) is averaged over the folds; of several classes first over these, each against the
    rest. So the area under the curve is the mean of the folds' areas; of more than 2000 steps
    some are left out.

    Attributes
    ----------
    false, true, se : ndarray of shape (m,)
        `false` does not decrease; where a curve rises straight up it is repeated. `se` is the
        standard error of `true` over the folds.
    n_folds : int
        Folds that hold rows of every class; the others have no curve.
    """

    false: FloatArray
    true: FloatArray
    se: FloatArray
    n_folds: int


def roc_curve(rows: HeldOutRows, mean: FloatArray) -> RocCurve | None:
    """Return the mean ROC curve, None if no fold holds rows of every class.

    Parameters
    ----------
    rows : HeldOutRows
        Of a family with classes.
    mean : ndarray of the shape of y

    References
    ----------
    Fawcett (2006), section 8.2, on averaging at equal `false`.
    """
    shares, given = rows.shares, mean
    if given.ndim == 1:
        shares, given = rows.y[:, None], given[:, None]
    curves, weights = [], []
    for which in rows.folds():
        ones = rows.weights[which, None] * shares[which]
        zeros = rows.weights[which, None] * (1.0 - shares[which])
        if which.size and (ones.sum(axis=0) > 0.0).all() and (zeros.sum(axis=0) > 0.0).all():
            K = given.shape[1]
            curves.append([_steps(given[which, k], ones[:, k], zeros[:, k]) for k in range(K)])
            weights.append(float(rows.weights[which].sum()))
    if not curves:
        return None
    false = np.unique(np.concatenate([steps[0] for fold in curves for steps in fold]))
    if false.size > _MOST_STEPS:  # more than a picture shows
        false = false[np.linspace(0, false.size - 1, _MOST_STEPS).round().astype(np.intp)]
    heights = np.array(
        [np.mean([_heights(steps, false) for steps in fold], axis=0) for fold in curves]
    )
    true, se = mean_and_se(heights, np.array(weights))
    return RocCurve(np.repeat(false, 2), true, se, len(curves))


def _steps(mu: FloatArray, ones: FloatArray, zeros: FloatArray) -> Steps:
    """Return the corners of one curve; rows of equal mu make one sloping piece."""
    order = np.argsort(-mu, kind="stable")
    ordered = mu[order]
    ends = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))

    def up(part: FloatArray) -> FloatArray:
        # Rounded, so that the shares of one fold and of another meet where they are equal.
        sums = np.cumsum(part[order])[ends] / part.sum()
        return np.concatenate([[0.0], np.round(sums, 12)])

    return up(zeros), up(ones)


def _heights(steps: Steps, false: FloatArray) -> FloatArray:
    """Return the height just before and just after each of `false`, one after the other."""
    right, height = steps
    first = np.searchsorted(right, false, side="left")
    last = np.searchsorted(right, false, side="right") - 1
    inside = last < first  # between two corners
    between = np.interp(false[inside], right, height)
    low, high = height[np.where(inside, 0, first)], height[np.where(inside, 0, last)]
    low[inside], high[inside] = between, between
    return np.column_stack([low, high]).ravel()
