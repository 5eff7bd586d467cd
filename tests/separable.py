"""Whether rows of several classes can be told apart, by a linear programme."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog


def separated_rows(X, classes, lower=-np.inf, upper=np.inf, fit_intercept=True):
    """Return how many differences between a row's own class and another can grow for ever.

    While none falls. 0: the fit of these features without a penalty has finite coefficients.
    Bounds that are finite on both sides, or on the way, hold a coefficient.
    """
    X = X.toarray() if sparse.issparse(X) else np.asarray(X, float)
    n, p = X.shape
    K = int(classes.max()) + 1
    spread = X.std(axis=0)
    Z = (X - fit_intercept * X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    least = np.where(np.isfinite(np.broadcast_to(lower, p)), 0.0, -1.0)
    most = np.where(np.isfinite(np.broadcast_to(upper, p)), 0.0, 1.0)
    if fit_intercept:
        Z = np.column_stack([Z, np.ones(n)])
        least, most = np.append(least, -1.0), np.append(most, 1.0)
    differences = []
    for z, own in zip(Z, classes.astype(int), strict=True):
        for other in np.flatnonzero(np.arange(K) != own):
            row = np.zeros((K, Z.shape[1]))
            row[own], row[other] = z, -z
            differences.append(row.ravel())
    A, q = np.array(differences), len(differences)
    small = 1e-4  # coefficients of length 1 must move a row by this much to count
    found = linprog(
        np.r_[np.zeros(A.shape[1]), -np.ones(q)],
        A_ub=np.hstack([-A, small * np.eye(q)]),
        b_ub=np.zeros(q),
        bounds=[*zip(np.tile(least, K), np.tile(most, K), strict=True), *[(0.0, 1.0)] * q],
    )
    return round(-found.fun, 6)
