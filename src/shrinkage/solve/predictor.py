"""X coef + intercept for new rows; X is neither copied nor widened."""

from __future__ import annotations

import numpy as np

from shrinkage import _core
from shrinkage._typing import ArrayLike, FloatArray
from shrinkage.design import Matrix
from shrinkage.solve.points import Points


def predictor(matrix: Matrix, points: Points, k: int | None = None) -> FloatArray:
    """Return X coef + intercept, of shape (n, m), or (n,) for alpha number k alone.

    For K classes (n, m, K) or (n, K).
    """
    chosen = points if k is None else points.only(k)
    eta = _core.linear_predictor(matrix.core, *chosen.models(matrix.shape[1]))
    if chosen.intercepts.ndim == 2:
        eta = eta.T.reshape(*chosen.intercepts.shape, -1).transpose(2, 0, 1)
    return eta if k is None else eta[:, 0]


def linear_predictor(matrix: Matrix, coef: FloatArray, intercept: ArrayLike) -> FloatArray:
    """Return X coef + intercept; X is neither copied nor widened.

    Parameters
    ----------
    matrix : Matrix
    coef : ndarray of shape (p,), or (K, p) for K classes
    intercept : float, or array-like of shape (K,)

    Returns
    -------
    ndarray of shape (n,), or (n, K)
    """
    models = np.atleast_2d(coef)
    model, features = np.nonzero(models)
    starts = np.zeros(models.shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(model, minlength=models.shape[0]), out=starts[1:])
    eta = _core.linear_predictor(
        matrix.core,
        starts,
        features.astype(np.int32),
        np.ascontiguousarray(models[model, features], dtype=np.float64),
        np.atleast_1d(np.asarray(intercept, dtype=np.float64)),
    )
    return np.asarray(eta[:, 0] if coef.ndim == 1 else eta)
