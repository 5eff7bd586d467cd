"""Which columns a lesson looks at: named ones, or the most correlated pair."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.design import MOST_CORRELATED, Columns, correlations
from shrinkage.errors import ArgumentError, Phrase, listed

MOST_COLUMNS = 30


def most_correlated_pair(
    X: Any, about: Columns, spread: FloatArray, with_y: FloatArray
) -> IndexArray:
    """Return the two numeric columns of the largest absolute correlation, of shape (2,).

    Parameters
    ----------
    X : ndarray or scipy.sparse matrix of shape (n, p)
    about : Columns
    spread, with_y : ndarray of shape (p,)
        Standard deviation of each column; size of its correlation with y: of more than 2000
        columns those with the largest are looked at.

    Notes
    -----
    Cost: n min(p, 2000)^2 operations.
    """
    numeric = np.flatnonzero(~about.is_level & (spread > 0.0))
    if numeric.size < 2:
        got = Phrase(f"{numeric.size} such column{'' if numeric.size == 1 else 's'}")
        hint = "`columns` can name the levels of a text column"
        raise ArgumentError.must("X", "have two numeric columns that vary", got, hint)
    if numeric.size > MOST_CORRELATED:
        order = np.argsort(-with_y[numeric], kind="stable")
        numeric = np.sort(numeric[order[:MOST_CORRELATED]])
    size = np.triu(np.abs(correlations(X, numeric)), 1)
    first, second = np.unravel_index(int(size.argmax()), size.shape)
    return np.asarray(numeric[[first, second]], dtype=np.intp)


def named_columns(columns: object, about: Columns) -> IndexArray:
    """Return the positions of 2 to 30 columns given by name or by position.

    The name of a text column means all its levels.
    """
    requirement = f"hold 2 to {MOST_COLUMNS} different names or positions of columns"
    if isinstance(columns, (str, bytes, dict)) or not hasattr(columns, "__iter__"):
        raise ArgumentError.must("columns", requirement, columns)
    found = [position for entry in columns for position in _positions(entry, about)]
    if len(set(found)) < len(found) or not 2 <= len(found) <= MOST_COLUMNS:
        got = Phrase(listed([about.names[j] for j in found]) or "none")
        raise ArgumentError.must("columns", requirement, got)
    return np.array(found, dtype=np.intp)


def _positions(entry: object, about: Columns) -> list[int]:
    if isinstance(entry, Integral) and not isinstance(entry, bool):
        if 0 <= int(entry) < len(about.names):
            return [int(entry)]
    elif entry in about.names:
        return [about.names.index(str(entry))]
    elif isinstance(entry, str):
        levels = np.flatnonzero(about.is_level).tolist()
        found = [j for j in levels if about.names[j].startswith(f"{entry}=")]
        if found:
            return found
    hint = f"the columns are {listed(about.names)}"
    raise ArgumentError.must("columns", "name columns of `X`", entry, hint)
