"""X with its text columns encoded, and where each column of it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shrinkage._typing import BoolArray, IndexArray
from shrinkage.design.frame import FrameEncoder, is_frame
from shrinkage.design.matrix import Matrix, as_matrix


@dataclass(frozen=True)
class Columns:
    """Where the columns of X come from.

    Attributes
    ----------
    names : tuple of str of length n_features
    origin : ndarray of shape (n_features,)
        Column of the user's table.
    commonest : ndarray
        The column of the commonest level, for each column of text.
    is_level : ndarray of bool, shape (n_features,)
    """

    names: tuple[str, ...]
    origin: IndexArray
    commonest: IndexArray
    is_level: BoolArray


def encode(X: Any) -> tuple[Matrix, Columns]:
    """Return X as one object, text columns as one 0/1 column for each level, and its columns."""
    if not is_frame(X):
        matrix = as_matrix(X, min_rows=2)
        p = matrix.shape[1]
        names = tuple(f"x{j}" for j in range(p))
        return matrix, Columns(names, np.arange(p), np.arange(0), np.zeros(p, bool))
    encoder = FrameEncoder().fit(X)
    matrix = as_matrix(encoder.transform(X), names=encoder.names_out, min_rows=2)
    origin = np.empty(matrix.shape[1], dtype=np.intp)
    for k, positions in enumerate(encoder.sources.values()):
        origin[list(positions)] = k
    commonest = []
    is_level = np.zeros(matrix.shape[1], bool)
    for name in encoder.levels:
        levels = list(encoder.sources[name])
        is_level[levels] = True
        commonest.append(levels[int(matrix.source[:, levels].sum(axis=0).argmax())])
    base = np.array(commonest, dtype=np.intp)
    return matrix, Columns(encoder.names_out, origin, base, is_level)
