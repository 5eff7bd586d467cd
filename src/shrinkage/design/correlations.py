"""Correlations between columns, without a copy of X."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from shrinkage._typing import FloatArray, IndexArray

# So many columns at most: their matrix of correlations stays below 32 MB.
MOST_CORRELATED = 2_000
_ROWS_PER_BLOCK = 4_096


def correlations(X: Any, features: IndexArray, weights: FloatArray | None = None) -> FloatArray:
    """Return the weighted correlations of some columns, 0 for those without spread.

    Parameters
    ----------
    X : ndarray or scipy.sparse matrix of shape (n_rows, n_columns)
    features : ndarray of shape (k,)
        At most `MOST_CORRELATED` of its columns.
    weights : ndarray of shape (n_rows,), optional
        Weights that sum to 1; None means equal ones.

    Returns
    -------
    ndarray of shape (k, k)

    Notes
    -----
    Cost: n_rows * k^2 operations, two passes over the columns by blocks of rows.
    """
    is_sparse = sparse.issparse(X)
    if is_sparse:
        X = X[:, features].tocsr()
    n_rows = X.shape[0]
    weights = np.full(n_rows, 1.0 / n_rows) if weights is None else weights
    blocks = [slice(start, start + _ROWS_PER_BLOCK) for start in range(0, n_rows, _ROWS_PER_BLOCK)]

    def block_of(rows: slice) -> FloatArray:
        block = X[rows].toarray() if is_sparse else X[rows][:, features]
        return np.asarray(block, dtype=np.float64)

    mean = np.zeros(len(features))
    for rows in blocks:
        mean += weights[rows] @ block_of(rows)
    cross = np.zeros((len(features), len(features)))
    for rows in blocks:
        centred = (block_of(rows) - mean) * np.sqrt(weights[rows])[:, None]
        cross += centred.T @ centred
    sd = np.sqrt(np.diagonal(cross))
    inverse = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 1e-13 * np.abs(mean))
    return np.asarray(np.clip(cross * inverse * inverse[:, None], -1.0, 1.0))
