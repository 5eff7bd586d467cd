"""Whether predicted means are as large as what was observed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shrinkage._typing import AnyArray, FloatArray
from shrinkage.comparison.held_out import HeldOutRows
from shrinkage.families import Family

_MOST_STEPS = 100
# Beyond it the held-out rows are separated, and there is no finite slope.
_STEEPEST = 1e4
# (numbers) to loss, its derivative by each row, and its second derivative.
State = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]


@dataclass(frozen=True, eq=False)
class Calibration:
    """How the held-out predictions have to be changed to fit the held-out rows best.

    The standard errors take the rows of each fold together.

    Attributes
    ----------
    slope, slope_se : float
        What the linear predictor is to be multiplied by: 1 is perfect, below 1 the predictions
        are too extreme, above 1 too cautious. NaN without a finite answer.
    intercept, intercept_se : float
        What is to be added to the linear predictor, its slope being 1: 0 is perfect. NaN for
        several classes, and where only zeros or only ones were held out.
    observed, predicted : ndarray of shape (n_outputs,)
        Mean of the response and of the predictions: one number, for several classes one each.

    References
    ----------
    Cox (1958); Van Calster et al. (2016).
    """

    slope: float
    slope_se: float
    intercept: float
    intercept_se: float
    observed: FloatArray
    predicted: FloatArray


def calibration_of(rows: HeldOutRows, mean: FloatArray) -> Calibration:
    """Return the calibration of predictions for the rows that folds hold out.

    Parameters
    ----------
    rows : HeldOutRows
        Of any family but the Gaussian.
    mean : ndarray of the shape of y
    """
    with np.errstate(over="ignore", invalid="ignore"):  # means that no count comes near
        return _calibration(rows, mean)


def _calibration(rows: HeldOutRows, mean: FloatArray) -> Calibration:
    which = rows.counted
    weight = rows.weights[which] / rows.weights[which].sum()
    y, mu, folds = rows.y[which], mean[which], np.asarray(rows.fold_ids)[which]
    eta = _linear_predictor(rows.family, mu)
    slope = slope_se = intercept = intercept_se = math.nan
    if not np.isfinite(eta).all():
        pass  # a mean of infinity: nothing corrects it
    elif y.ndim == 1:
        intercept, intercept_se = _intercept(rows.family, y, weight, eta, folds)
        slope, slope_se = _slope(rows.family, y, weight, eta, folds)
    else:
        slope, slope_se = _common_slope(rows.family, y, weight, eta, folds)
    return Calibration(
        slope,
        slope_se,
        intercept,
        intercept_se,
        np.atleast_1d(weight @ y),
        np.atleast_1d(weight @ mu),
    )


def _linear_predictor(family: Family, mu: FloatArray) -> FloatArray:
    """Return the linear predictor of a mean that may have been rounded to 0 or 1."""
    smallest = np.finfo(float).tiny
    largest = math.inf if family.name == "poisson" else 1.0 - 2.0**-53
    return family.linear_predictor(np.clip(mu, smallest, largest))


def _intercept(
    family: Family, y: FloatArray, weight: FloatArray, eta: FloatArray, folds: AnyArray
) -> tuple[float, float]:
    """Return what eta lacks on average, and its standard error."""
    if not y.any() or (family.name == "binomial" and y.min() == 1.0):
        return math.nan, math.nan  # of zeros alone, or ones alone, it is infinite
    intercept = float(family.null_intercept(y, weight, eta))
    shifted = eta + intercept
    pull = weight * family.gradient(y, shifted)
    curvature = float(weight @ family.curvature(y, shifted))
    return intercept, float(_clustered_se(pull[:, None] / curvature, folds)[0])


def _slope(
    family: Family, y: FloatArray, weight: FloatArray, eta: FloatArray, folds: AnyArray
) -> tuple[float, float]:
    """Return the slope of y on eta, fitted with an intercept, and its standard error."""
    Z = np.column_stack([np.ones_like(eta), eta])

    def state(b: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        line = Z @ b
        pull = weight[:, None] * Z * family.gradient(y, line)[:, None]
        hessian = Z.T @ (Z * (weight * family.curvature(y, line))[:, None])
        return float(weight @ family.loss(y, line)), pull, hessian

    found = _minimum(state, np.array([0.0, 1.0]))
    return (math.nan, math.nan) if found is None else _last(found, state, folds)


def _common_slope(
    family: Family, y: FloatArray, weight: FloatArray, eta: FloatArray, folds: AnyArray
) -> tuple[float, float]:
    """Return the slope that is common to the linear predictors of all classes."""

    def state(b: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        line = b[0] * eta
        pull = weight * np.sum(family.gradient(y, line) * eta, axis=1)
        # The second derivative is the variance of eta under mu: no matrix for each row.
        mu = family.mean(line)
        bend = np.sum(mu * eta**2, axis=1) - np.sum(mu * eta, axis=1) ** 2
        return float(weight @ family.loss(y, line)), pull[:, None], np.array([[weight @ bend]])

    found = _minimum(state, np.array([1.0]))
    return (math.nan, math.nan) if found is None else _last(found, state, folds)


def _minimum(state: State, b: FloatArray) -> FloatArray | None:
    """Return where a convex function of few numbers is smallest; None if that is nowhere."""
    loss, pull, hessian = state(b)
    for _ in range(_MOST_STEPS):
        gradient = pull.sum(axis=0)
        if not np.isfinite(hessian).all() or np.linalg.cond(hessian) > 1e14:
            return None
        step = np.linalg.solve(hessian, gradient)
        decrease = 0.5 * float(gradient @ step)
        if decrease <= 1e-14 * max(loss, 1e-300):
            return np.asarray(b - step)
        size = 1.0
        while size > 1e-8 and not state(b - size * step)[0] <= loss - 0.1 * size * decrease:
            size *= 0.5
        b = b - size * step
        if size <= 1e-8:
            return b  # what is left is rounding
        if abs(b[-1]) > _STEEPEST:
            return None
        loss, pull, hessian = state(b)
    return None


def _last(b: FloatArray, state: State, folds: AnyArray) -> tuple[float, float]:
    """Return the last of the fitted numbers and its standard error."""
    _, pull, hessian = state(b)
    influence = np.asarray(np.linalg.solve(hessian, pull.T).T, dtype=np.float64)
    return float(b[-1]), float(_clustered_se(influence, folds)[-1])


def _clustered_se(influence: FloatArray, folds: AnyArray) -> FloatArray:
    """Return standard errors from the influence of each row, rows of a fold taken together.

    For a mean over folds of equal weight these are those of `mean_and_se`.
    """
    names, place = np.unique(folds, return_inverse=True)
    if names.size < 2:
        return np.full(influence.shape[1], math.nan)
    sums = np.zeros((names.size, influence.shape[1]))
    np.add.at(sums, place, influence)
    return np.asarray(np.sqrt(names.size / (names.size - 1.0) * np.sum(sums**2, axis=0)))
