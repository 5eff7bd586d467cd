"""X as one object that the compiled core reads in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from shrinkage import _core, errors
from shrinkage._typing import AnyArray
from shrinkage._validate import as_numbers
from shrinkage.design.frame import is_frame, numbers_of


@dataclass(frozen=True, eq=False)
class Matrix:
    """A checked matrix of features, shape (n, p), n and p >= 1.

    Attributes
    ----------
    core : _core.Design
        What native code reads; it keeps `source` alive.
    source : ndarray or scipy.sparse CSC array
        The numbers: the caller's own where the layout allows, otherwise a copy.
    shape : tuple of int
        Numbers of rows and of columns.
    names : tuple of str or None
        Names of the columns, where the caller's object had them.
    kind : {"dense F", "dense C", "sparse"}
        Column by column, row by row, or compressed columns.
    """

    core: _core.Design
    source: Any
    shape: tuple[int, int]
    names: tuple[str, ...] | None
    kind: str


def as_matrix(
    X: Any,
    *,
    columns: bool = False,
    check_finite: bool = True,
    names: Sequence[str] | None = None,
    min_rows: int = 1,
) -> Matrix:
    """Wrap X for the compiled core, without a copy where its layout allows.

    Read in place: float32 and float64 arrays in the machine's byte order whose columns or whose
    rows are contiguous (any leading dimension, read-only or not), and scipy.sparse CSC
    arrays or matrices of these types with sorted indices and no duplicates. Data frames are read
    in place when `to_numpy` gives such an array.

    Copied: float32 and float64 with other strides (to Fortran order), every other real dtype
    (to float64 in Fortran order), other sparse formats (to CSC), unsorted or duplicate sparse
    entries. The caller's object is never changed.

    Parameters
    ----------
    X : array-like, scipy.sparse matrix or data frame of numbers, shape (n, p)
    columns : bool, default False
        True if whole columns must be contiguous: then row-major X is copied too.
    check_finite : bool, default True
        False skips the search for NaN and infinity, for numbers that were checked before.
    names : sequence of str, optional
        Names of the columns of an array that was made from a data frame.
    min_rows : int, default 1
        The smallest n that the caller can use.

    Raises
    ------
    DataTypeError
        If X holds something else than real numbers.
    DataError
        If X holds NaN or infinity (it names the first in row-major order), is masked or ragged.
    ArgumentError
        If X is not two-dimensional, or has no rows or columns.

    Notes
    -----
    The search for NaN reads X once.
    """
    column_names = None if names is None else tuple(names)
    if sparse.issparse(X):
        source, core, kind = _sparse(X, min_rows)
    else:
        if is_frame(X):
            X, column_names = numbers_of(X)
        source, kind = _dense(X, columns, min_rows)
        core = _core.dense(source)
    if check_finite:
        _refuse_nonfinite(core, source, column_names)
    return Matrix(core, source, source.shape, column_names, kind)


def _dense(X: Any, columns: bool, min_rows: int) -> tuple[AnyArray, str]:
    array = as_numbers("X", X)
    _check_shape(array.shape, min_rows)
    if array.dtype not in (np.float64, np.float32) or not array.dtype.isnative:
        return np.array(array, dtype=np.float64, order="F"), "dense F"
    kind = _layout(array)
    if kind == "dense C" and not columns:
        return array, kind
    return (array if kind == "dense F" else np.asfortranarray(array)), "dense F"


def _layout(array: AnyArray) -> str | None:
    """Return how native code can walk through `array`, None if it can't."""
    size = array.itemsize
    (n, p), (down, across) = array.shape, array.strides
    if not array.flags.aligned:
        return None
    if array.flags.f_contiguous or (down == size and across >= n * size and across % size == 0):
        return "dense F"
    if array.flags.c_contiguous or (across == size and down >= p * size and down % size == 0):
        return "dense C"
    return None


def _sparse(X: Any, min_rows: int) -> tuple[Any, _core.Design, str]:
    _check_shape(X.shape, min_rows)
    if X.dtype.kind == "c":
        raise errors.complex_numbers("X")
    if X.dtype.kind not in "fiub":
        raise errors.not_numbers("X", f"a sparse matrix of dtype {X.dtype}")
    if X.format != "csc":
        X = X.tocsc()
    _check_columns(X)
    if X.data.dtype not in (np.float64, np.float32) or not X.data.dtype.isnative:
        X = X.astype(np.float64)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    first, last = X.indptr[:-1], X.indptr[1:] - 1
    filled = first <= last
    rows = X.indices
    if (rows[first[filled]] < 0).any() or (rows[last[filled]] >= X.shape[0]).any():
        raise errors.broken_sparse("row indices outside its shape")
    starts = X.indptr if X.indptr.dtype == rows.dtype else X.indptr.astype(np.int64)
    rows = rows if rows.dtype == starts.dtype else rows.astype(np.int64)
    stored = int(starts[-1])
    core = _core.sparse(X.data[:stored], rows[:stored], starts, *X.shape)
    return X, core, "sparse"


def _check_columns(X: Any) -> None:
    """Refuse a CSC matrix whose column starts would lead SciPy or us outside its arrays."""
    starts = X.indptr
    if (
        starts[0] != 0
        or (np.diff(starts) < 0).any()
        or starts[-1] > min(X.indices.size, X.data.size)
    ):
        raise errors.broken_sparse("column starts that do not increase from 0 to its size")


def _check_shape(shape: tuple[int, ...], min_rows: int) -> None:
    if len(shape) != 2:
        raise errors.not_two_dimensional("X", shape)
    if shape[1] == 0:
        raise errors.no_columns("X", shape)
    if shape[0] < min_rows:
        raise errors.no_rows("X", shape, min_rows)


def _refuse_nonfinite(core: _core.Design, source: Any, names: tuple[str, ...] | None) -> None:
    if _core.first_nonfinite(core) is None:
        return
    find = _first_stored if sparse.issparse(source) else _first_dense
    row, column = find(source)
    value = float(source[row, column])
    if names is None:
        raise errors.not_finite("X", value, row, column)
    if np.isnan(value):
        raise errors.missing_value("X", names[column], row)
    raise errors.not_finite("X", value, row, column, names[column])


def _first_dense(array: AnyArray) -> tuple[int, int]:
    """Return where the first entry that is not finite is, row by row, however X is stored."""
    rows = np.array([int(np.isfinite(column).argmin()) for column in array.T])
    columns = np.flatnonzero(~np.isfinite(array[rows, np.arange(rows.size)]))
    return _first(rows[columns], columns)


def _first_stored(X: Any) -> tuple[int, int]:
    """Return the same of a CSC matrix."""
    entries = np.flatnonzero(~np.isfinite(X.data))
    return _first(X.indices[entries], np.searchsorted(X.indptr, entries, side="right") - 1)


def _first(rows: AnyArray, columns: AnyArray) -> tuple[int, int]:
    first = np.lexsort((columns, rows))[0]
    return int(rows[first]), int(columns[first])
