"""Columns that deserve a look: without spread, or equal to another one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.design import Matrix
from shrinkage.errors import DataWarning, listed, warn


def mention_columns(matrix: Matrix, spread: FloatArray, n_threads: int = 1) -> None:
    """Warn once if columns are constant or repeat another column.

    Repeats are looked for among columns with the same fingerprint (a weighted sum of 16 rows;
    the spread and the first and last row if X is sparse), so the search reads little of X and
    may miss some.

    Parameters
    ----------
    matrix : Matrix
    spread : ndarray of shape (p,)
        Standard deviation of each column, 0 where it is constant.
    n_threads : int, default 1
    """
    if matrix.kind == "sparse":
        constant, repeated = _look_at_sparse(matrix.source, spread)
    else:
        constant, repeated = _core.uninformative_columns(matrix.core, spread, n_threads)
    parts = []
    if constant:
        parts.append(f"constant, with coefficient 0: {_named(matrix, constant)}")
    if repeated:
        parts.append(
            f"equal to another column, so the share of each is arbitrary without an L2 penalty: "
            f"{_named(matrix, repeated)}"
        )
    if parts:
        warn(f"Columns of `X` are {'; '.join(parts)}.", DataWarning)


def _look_at_sparse(X: Any, spread: FloatArray) -> tuple[list[int], list[int]]:
    """Return the constant and the repeated columns, each increasing."""
    varying = np.flatnonzero(spread)
    keys = [spread[varying], _ends(X)[varying]]
    order = np.lexsort(keys[::-1])
    same = np.flatnonzero(np.all([key[order[1:]] == key[order[:-1]] for key in keys], axis=0))
    pairs = zip(varying[order[same]], varying[order[same + 1]], strict=True)
    repeated = sorted(int(j) for i, j in pairs if _are_equal(X, i, j))
    return np.flatnonzero(spread == 0.0).tolist(), repeated


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


def _are_equal(X: Any, i: int, j: int) -> bool:
    left, right = (slice(X.indptr[k], X.indptr[k + 1]) for k in (i, j))
    return np.array_equal(X.indices[left], X.indices[right]) and np.array_equal(
        X.data[left], X.data[right]
    )


def _named(matrix: Matrix, columns: list[int]) -> str:
    return listed(columns if matrix.names is None else [matrix.names[j] for j in columns])
