"""X coef + intercept for new rows; X is neither copied nor widened."""

from __future__ import annotations

import numpy as np

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.design import Matrix
from shrinkage.solve.points import Points


def predictor(matrix: Matrix, points: Points, k: int | None = None) -> FloatArray:
    """Return X coef + intercept, of shape (n, m), or (n,) for alpha number k alone."""
    chosen = points if k is None else points.only(k)
    eta = _core.linear_predictor(
        matrix.core, chosen.starts, chosen.features, chosen.values, chosen.intercepts
    )
    return eta if k is None else eta[:, 0]


def linear_predictor(matrix: Matrix, coef: FloatArray, intercept: float) -> FloatArray:
    """Return X coef + intercept, of shape (n,); X is neither copied nor widened."""
    features = np.flatnonzero(coef).astype(np.int32)
    starts = np.array([0, features.size], dtype=np.int64)
    intercepts = np.array([intercept], dtype=np.float64)
    values = np.ascontiguousarray(coef[features], dtype=np.float64)
    eta = _core.linear_predictor(matrix.core, starts, features, values, intercepts)
    return np.asarray(eta[:, 0])
