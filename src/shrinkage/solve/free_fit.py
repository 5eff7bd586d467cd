"""The fit of what is not penalised, for the judge: intercept and free features, within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from shrinkage._typing import BoolArray, FloatArray
from shrinkage.solve.penalty_terms import PenaltyTerms
from shrinkage.solve.scaled_data import GlmData

_MOST_STEPS = 300


def fit_free(
    data: GlmData, terms: PenaltyTerms, free: BoolArray, eta: FloatArray, t: FloatArray
) -> FloatArray:
    """Return eta after intercept and free features were fitted, all other coefficients as given.

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
    Solved to rounding. The free columns are widened all at once.
    """
    family, n_outputs = data.family, eta.size // eta.shape[0]
    features = np.flatnonzero(free.reshape(-1, n_outputs)[:, 0])
    if not features.size:
        if not data.fit_intercept:
            return eta
        return np.asarray(eta + family.null_intercept(data.y, data.weight, eta))
    columns = data.columns(features) / data.root[:, None]
    chosen = (features[:, None] * n_outputs + np.arange(n_outputs)).ravel()
    start, low, high = t[chosen], terms.low[chosen], terms.high[chosen]
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

    def run(self, eta: FloatArray, start: FloatArray) -> FloatArray:
        """Return eta at the minimum, starting from the coefficients `start` at `eta`."""
        theta, damping = start, 1e-10
        size = np.repeat(self._data.weight @ self._columns**2, start.size // self._columns.shape[1])
        loss, gradient, inside = self._state(eta, theta)
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
            if lower < loss or (settles and lower <= loss * (1.0 + 1e-14)):
                eta, theta, loss, gradient, inside = moved, trial, lower, slope, free
                damping = max(0.01 * damping, 1e-12)
            elif _largest(gradient[inside]) <= 1e-15:
                break
            else:
                damping *= 10.0
        return eta

    def _table(self, theta: FloatArray) -> FloatArray:
        return theta.reshape(self._columns.shape[1], -1)

    def _state(self, eta: FloatArray, theta: FloatArray) -> tuple[float, FloatArray, BoolArray]:
        """Return the loss, its gradient, and which coefficients are not held at a bound."""
        family, y, weight = self._data.family, self._data.y, self._data.weight
        loss = float(weight @ family.loss(y, eta))
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


def _largest(values: FloatArray) -> float:
    return float(np.max(np.abs(values), initial=0.0))
