"""Rows of three classes for tests, and the judge of models of them."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from shrinkage import Settings
from shrinkage.solve.certificate import certify

RNG = np.random.default_rng(23)
N, P, K = 160, 5, 3
X = RNG.normal(size=(N, P)) * [1.0, 10.0, 0.1, 1.0, 1.0]
TRUE = np.array(
    [[1.0, 0.0, -6.0, 0.0, 0.0], [0.0, 0.1, 6.0, 0.0, 0.0], [-1.0, -0.1, 0.0, 0.0, 0.0]]
)
MU = softmax(X @ TRUE.T + [0.5, 0.0, -0.5], axis=1)
CODES = (RNG.random((N, 1)) > MU.cumsum(axis=1)).sum(axis=1)
NAMES = np.array(["a", "bird", "c"])[CODES]
W = RNG.integers(1, 4, size=N).astype(float)
OFFSET = RNG.normal(size=(N, K))
EXACT = Settings(tol=1e-14)


def gap(model, y=CODES, **options) -> float:
    """Return the judge's gap of a fitted model."""
    alpha, l1_ratio = model._penalty()
    known = {"alpha": alpha, "l1_ratio": l1_ratio, "family": "multinomial"}
    return certify(X, y, model.coef_, model.intercept_, **known, **options).dual_gap
