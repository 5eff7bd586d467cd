"""Columns that deserve a look: without spread, or equal to another one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shrinkage._typing import FloatArray
from shrinkage.design import Matrix
from shrinkage.errors import DataWarning, listed, warn

# Rows compared first, so that most pairs cost next to nothing.
FIRST_ROWS = 64


def mention_columns(matrix: Matrix, spread: FloatArray) -> None:
    """Warn once if columns are constant or repeat another column.

    Repeats are looked for among columns that stand next to each other when sorted by spread, so
    the search is cheap, and may miss some.

    Parameters
    ----------
    matrix : Matrix
    spread : ndarray of shape (p,)
        Standard deviation of each column, 0 where it is constant.
    """
    ordered = np.sort(spread)
    is_close = ordered[1:] - ordered[:-1] <= 1e-12 * ordered[1:]
    if ordered[0] > 0.0 and not is_close.any():
        return
    order = np.argsort(spread, kind="stable")
    n_constant = int(np.searchsorted(ordered, 0.0, side="right"))
    close = n_constant + np.flatnonzero(is_close[n_constant:])
    first, second = order[close], order[close + 1]
    repeats = [j for i, j in zip(first, second, strict=True) if _are_equal(matrix, i, j)]
    if n_constant or repeats:
        _warn(matrix, np.sort(order[:n_constant]), np.sort(np.array(repeats, dtype=np.intp)))


def _are_equal(matrix: Matrix, i: int, j: int) -> bool:
    X: Any = matrix.source
    if matrix.kind == "sparse":
        left, right = (slice(X.indptr[k], X.indptr[k + 1]) for k in (i, j))
        return np.array_equal(X.indices[left], X.indices[right]) and np.array_equal(
            X.data[left], X.data[right]
        )
    return np.array_equal(X[:FIRST_ROWS, i], X[:FIRST_ROWS, j]) and np.array_equal(X[:, i], X[:, j])


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
