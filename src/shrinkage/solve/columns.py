"""Columns that deserve a look: without spread, or equal to another one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shrinkage._typing import FloatArray
from shrinkage.design import Matrix
from shrinkage.errors import DataWarning, listed, warn

# Rows whose weighted sum tells columns apart; the weights are no simple multiples of each other.
SAMPLE = np.arange(16)
SAMPLE_WEIGHTS = np.sqrt(SAMPLE + 2.0)


def mention_columns(matrix: Matrix, spread: FloatArray) -> None:
    """Warn once if columns are constant or repeat another column.

    Repeats are looked for among columns with the same fingerprint (a weighted sum of 16 rows;
    the spread and the first and last row if X is sparse), so the search costs one sort and may
    miss some.

    Parameters
    ----------
    matrix : Matrix
    spread : ndarray of shape (p,)
        Standard deviation of each column, 0 where it is constant.
    """
    prints = _fingerprints(matrix, spread)
    ordered = np.sort(prints)
    if spread.min() > 0.0 and not (ordered[1:] == ordered[:-1]).any():
        return
    constant = np.flatnonzero(spread == 0.0)
    varying = np.flatnonzero(spread)
    keys = [prints[varying]]
    if matrix.kind == "sparse":
        keys.append(_ends(matrix.source)[varying])
    order = np.lexsort(keys[::-1])
    same = np.flatnonzero(np.all([key[order[1:]] == key[order[:-1]] for key in keys], axis=0))
    pairs = zip(varying[order[same]], varying[order[same + 1]], strict=True)
    repeats = np.array([j for i, j in pairs if _are_equal(matrix, i, j)], dtype=np.intp)
    if constant.size or repeats.size:
        _warn(matrix, constant, np.sort(repeats))


def _fingerprints(matrix: Matrix, spread: FloatArray) -> FloatArray:
    if matrix.kind == "sparse":
        return spread
    rows = SAMPLE * (matrix.shape[0] - 1) // SAMPLE[-1]
    # Row by row: a matrix product may round equal columns differently.
    return np.asarray((matrix.source[rows] * SAMPLE_WEIGHTS[:, None]).sum(axis=0))


def _ends(X: Any) -> NDArray[np.int64]:
    """Return the first and last row of each sparse column in one number; 0 of an empty one.

    Columns of counts have few different spreads, but seldom the same ends.
    """
    filled = np.flatnonzero(np.diff(X.indptr))
    ends = np.zeros(X.shape[1], dtype=np.int64)
    ends[filled] = X.indices[X.indptr[filled]]
    ends[filled] *= X.shape[0]
    ends[filled] += X.indices[X.indptr[filled + 1] - 1]
    return ends


def _are_equal(matrix: Matrix, i: int, j: int) -> bool:
    X: Any = matrix.source
    if matrix.kind == "sparse":
        left, right = (slice(X.indptr[k], X.indptr[k + 1]) for k in (i, j))
        return np.array_equal(X.indices[left], X.indices[right]) and np.array_equal(
            X.data[left], X.data[right]
        )
    return np.array_equal(X[:, i], X[:, j])


def _warn(matrix: Matrix, constant: NDArray[np.intp], repeats: NDArray[np.intp]) -> None:
    parts = []
    if constant.size:
        parts.append(f"constant, with coefficient 0: {_named(matrix, constant)}")
    if repeats.size:
        parts.append(
            f"equal to another column, so the share of each is arbitrary without an L2 penalty: "
            f"{_named(matrix, repeats)}"
        )
    warn(f"Columns of `X` are {'; '.join(parts)}.", DataWarning)


def _named(matrix: Matrix, columns: NDArray[np.intp]) -> str:
    if matrix.names is None:
        return listed(columns.tolist())
    return listed([matrix.names[j] for j in columns])
