"""Simulated problems: autoregressive columns, a tenth of the rows as true features at most."""

import numpy as np
import scipy.sparse

from benchmarks.objective import Data


def dense(n: int, p: int, *, rho: float = 0.5, n_true: int = 20, seed: int = 0) -> Data:
    """Columns with correlation rho^|i - j|, F-ordered; signal and noise of equal variance."""
    rng = np.random.default_rng(seed)
    X = np.empty((n, p), order="F")
    X[:, 0] = rng.standard_normal(n)
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    signal = _signal(X, min(n_true, p), rng)
    return Data(X, signal + np.std(signal) * rng.standard_normal(n))


def sparse(n: int, p: int, *, density: float = 1e-3, n_true: int = 50, seed: int = 0) -> Data:
    """CSC with positive entries, like counts of words."""
    rng = np.random.default_rng(seed)
    X = scipy.sparse.random_array(
        (n, p),
        density=density,
        format="csc",
        rng=rng,
        data_sampler=rng.standard_exponential,
    )
    X = scipy.sparse.csc_array(X)
    X.sort_indices()
    signal = _signal(X, n_true, rng)
    return Data(X, signal + np.std(signal) * rng.standard_normal(n))


def _signal(X, n_true, rng):  # type: ignore[no-untyped-def]
    coef = np.zeros(X.shape[1])
    coef[rng.choice(X.shape[1], n_true, replace=False)] = rng.standard_normal(n_true)
    return X @ coef
