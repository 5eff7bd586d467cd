"""The fit of what is not penalised, for the judge: intercept and free features, within bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shrinkage._typing import BoolArray, FloatArray
from shrinkage.solve.penalty_terms import PenaltyTerms
from shrinkage.solve.scaled_data import GlmData

_MOST_STEPS = 300


def fit_free(
    data: GlmData, terms: PenaltyTerms, free: BoolArray, eta: FloatArray, t: FloatArray
) -> tuple[FloatArray, float]:
    """Return eta after intercept and free features were fitted, all other coefficients as given.

    The second value is the largest slope of the loss that is left, over what rounding may leave
    of it: if it is above 1 the fit has failed.

    Parameters
    ----------
    data : GlmData
    terms : PenaltyTerms
        For their bounds.
    free : ndarray of bool
        The features that are not penalised, one entry for each coefficient.
    eta : ndarray
        Where t leads.
    t : ndarray
        The scaled coefficients.

    Notes
    -----
    Solved to rounding, in a basis of the free columns where none has a bound. They are widened all
    at once.
    """
    family, n_outputs = data.family, eta.size // eta.shape[0]
    features = np.flatnonzero(free.reshape(-1, n_outputs)[:, 0])
    if not features.size:
        if not data.fit_intercept:
            return eta, 0.0
        eta = np.asarray(eta + family.null_intercept(data.y, data.weight, eta))
        return eta, _over_rounding(data, eta, data.weight @ family.gradient(data.y, eta))
    chosen = (features[:, None] * n_outputs + np.arange(n_outputs)).ravel()
    start, low, high = t[chosen], terms.low[chosen], terms.high[chosen]
    columns = data.columns(features)
    if np.isinf(low).all() and np.isinf(high).all():
        columns, _ = data.span(features)
        start = np.zeros(columns.shape[1] * n_outputs)
        low, high = start - np.inf, start + np.inf
    columns = columns / data.root[:, None]
    size = np.sqrt(data.weight @ columns**2)
    size[size == 0.0] = 1.0
    columns, units = columns / size, np.repeat(size, n_outputs)
    start, low, high = start * units, low * units, high * units
    if data.fit_intercept:
        columns = np.column_stack([columns, np.ones(eta.shape[0])])
        unbounded = np.full(n_outputs, np.inf)
        start = np.append(start, np.zeros(n_outputs))
        low, high = np.append(low, -unbounded), np.append(high, unbounded)
    return _FreeFit(data, columns, low, high).run(eta, start)


class _FreeFit:
    """Newton steps with a damped Hessian, projected on the bounds."""

    def __init__(
        self, data: GlmData, columns: FloatArray, low: FloatArray, high: FloatArray
    ) -> None:
        self._data, self._columns, self._low, self._high = data, columns, low, high

    def run(self, eta: FloatArray, start: FloatArray) -> tuple[FloatArray, float]:
        """Return the minimum and the slope left, from the coefficients `start` at `eta`."""
        theta, damping = start, 1e-10
        size = np.repeat(self._data.weight @ self._columns**2, start.size // self._columns.shape[1])
        loss, gradient, inside = self._state(eta, theta)
        noise = 1e-15 * (1.0 + float(np.max(np.abs(eta))))  # of the loss, small as it may be
        for _ in range(_MOST_STEPS):
            if not gradient[inside].any() or damping > 1e20:
                break
            hessian = self._hessian(eta)[np.ix_(inside, inside)]
            hessian[np.diag_indices_from(hessian)] += damping * size[inside]
            try:
                step = np.linalg.solve(hessian, gradient[inside])
            except np.linalg.LinAlgError:
                damping *= 100.0
                continue
            trial = theta.copy()
            trial[inside] = np.clip(theta[inside] - step, self._low[inside], self._high[inside])
            moved = eta + (self._columns @ self._table(trial - theta)).reshape(eta.shape)
            lower, slope, free = self._state(moved, trial)
            settles = _largest(slope[free]) < 0.5 * _largest(gradient[inside])
            if lower < loss - noise * max(loss, 1.0) or (
                settles and lower <= loss + 10.0 * noise * max(loss, 1.0)
            ):
                eta, theta, loss, gradient, inside = moved, trial, lower, slope, free
                damping = max(0.01 * damping, 1e-12)
            elif _largest(gradient[inside]) <= 1e-15:
                break
            else:
                damping *= 10.0
        return eta, _over_rounding(self._data, eta, gradient[inside])

    def _table(self, theta: FloatArray) -> FloatArray:
        return theta.reshape(self._columns.shape[1], -1)

    def _state(self, eta: FloatArray, theta: FloatArray) -> tuple[float, FloatArray, BoolArray]:
        """Return the loss, its gradient, and which coefficients are not held at a bound."""
        family, y, weight = self._data.family, self._data.y, self._data.weight
        loss = float(weight @ family.loss(y, eta))
        if not math.isfinite(loss):
            return math.inf, np.zeros_like(theta), np.zeros(theta.shape, dtype=np.bool_)
        slope = (weight * family.gradient(y, eta).T).T
        gradient = (self._columns.T @ slope).ravel()
        held = ((theta <= self._low) & (gradient > 0)) | ((theta >= self._high) & (gradient < 0))
        return loss, gradient, ~held

    def _hessian(self, eta: FloatArray) -> FloatArray:
        columns, weight = self._columns, self._data.weight
        curvature: Any = self._data.family.curvature(self._data.y, eta)
        if curvature.ndim == 1:
            return np.asarray(columns.T @ (columns * (weight * curvature)[:, None]))
        m, n_outputs = columns.shape[1], curvature.shape[1]
        hessian = np.empty((m, n_outputs, m, n_outputs))
        for k in range(n_outputs):
            for other in range(n_outputs):
                scaled = columns * (weight * curvature[:, k, other])[:, None]
                hessian[:, k, :, other] = columns.T @ scaled
        return hessian.reshape(m * n_outputs, m * n_outputs)


def _over_rounding(data: GlmData, eta: FloatArray, slope: FloatArray) -> float:
    """Return the largest slope over 1e-10 of the gradient's size and 1e-13 of its terms'."""
    gradient = np.abs(data.family.gradient(data.y, eta))
    terms = np.abs(data.y) + np.abs(data.family.mean(eta))
    allowed = 1e-10 * np.max(data.weight @ gradient) + 1e-13 * np.max(data.weight @ terms)
    return _largest(np.atleast_1d(slope)) / float(allowed)


def _largest(values: FloatArray) -> float:
    return float(np.max(np.abs(values), initial=0.0))
