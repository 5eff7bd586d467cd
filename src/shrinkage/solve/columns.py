"""Columns that deserve a look: without spread, or equal to another one."""

from __future__ import annotations

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.design import Matrix
from shrinkage.errors import DataWarning, listed, warn


def mention_columns(matrix: Matrix, spread: FloatArray, n_threads: int = 1) -> None:
    """Warn once if columns are constant or repeat another column.

    Repeats are looked for among columns with the same fingerprint (a weighted sum of 16 rows, of
    all stored values if X is sparse), so the search reads little of X and may miss some.

    Parameters
    ----------
    matrix : Matrix
    spread : ndarray of shape (p,)
        Standard deviation of each column, 0 where it is constant.
    n_threads : int, default 1
    """
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


def _named(matrix: Matrix, columns: list[int]) -> str:
    return listed(columns if matrix.names is None else [matrix.names[j] for j in columns])
