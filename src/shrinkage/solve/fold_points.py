"""What the core returns for K folds: errors, and paths or predictions to look closer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shrinkage import _core
from shrinkage._typing import FloatArray
from shrinkage.solve.points import Points


@dataclass(frozen=True, eq=False)
class Stretch:
    """Consecutive alphas that were solved together.

    Attributes
    ----------
    n_alphas : int
    paths : tuple of Points
        One for each fold; empty for ridge in the space of the rows, where the coefficients of
        all folds would outweigh X.
    predictions : ndarray of shape (n, n_alphas) or None
        In their place the predictions for the rows held out, NaN for rows that never are.
    """

    n_alphas: int
    paths: tuple[Points, ...]
    predictions: FloatArray | None


@dataclass(frozen=True, eq=False)
class Folds:
    """Errors of K folds for m alphas, and what they come from.

    Attributes
    ----------
    error : ndarray of shape (K, m)
        Weighted mean unit deviance over the rows held out.
    train_error : ndarray of shape (K, m)
        The same over the rows of the training set.
    weight : ndarray of shape (K,)
        Total weight of the rows held out, as a share of all weights.
    status : ndarray of int32
        Codes of how each alpha of each fold ended; empty for ridge in the space of the rows.
    stretches : tuple of Stretch
        In the order of the alphas.
    """

    error: FloatArray
    train_error: FloatArray
    weight: FloatArray
    status: NDArray[np.int32]
    stretches: tuple[Stretch, ...] = ()

    @classmethod
    def of(cls, result: _core.FoldResult) -> Folds:
        """Wrap a `_core.FoldResult`."""
        paths = tuple(Points(path) for path in result.paths)
        stretch = Stretch(result.error.shape[1], paths, result.predictions)
        return cls(result.error, result.train_error, result.weight, result.status, (stretch,))

    def with_paths(self, change: Callable[[Points], Points]) -> Folds:
        """Return the folds with every path changed."""
        stretches = tuple(
            replace(stretch, paths=tuple(map(change, stretch.paths))) for stretch in self.stretches
        )
        codes = [points.status for stretch in stretches for points in stretch.paths]
        status = np.concatenate(codes) if codes else self.status
        return replace(self, status=status, stretches=stretches)

    @classmethod
    def of_paths(
        cls, error: Sequence[FloatArray], weight: Sequence[float], paths: Sequence[Points]
    ) -> Folds:
        """Put together folds that were solved one by one."""
        train_error = np.stack([2.0 * points.loss for points in paths])
        stretch = Stretch(train_error.shape[1], tuple(paths), None)
        status = np.concatenate([points.status for points in paths])
        return cls(np.stack(error), train_error, np.array(weight), status, (stretch,))

    @property
    def has_paths(self) -> bool:
        """Whether the coefficients of the folds are there for every alpha."""
        return all(stretch.predictions is None for stretch in self.stretches)

    def stretch_of(self, k: int) -> tuple[Stretch, int]:
        """Return the stretch that has alpha number k, and its number there."""
        for stretch in self.stretches:
            if k < stretch.n_alphas:
                return stretch, k
            k -= stretch.n_alphas
        raise IndexError(k)

    def points(self) -> Iterator[tuple[Points, slice]]:
        """Yield every path of every fold, and the place of its alphas."""
        first = 0
        for stretch in self.stretches:
            for points in stretch.paths:
                yield points, slice(first, first + stretch.n_alphas)
            first += stretch.n_alphas


def joined_folds(parts: Sequence[Folds]) -> Folds:
    """Return the folds of several stretches of alphas as one."""
    if len(parts) == 1:
        return parts[0]
    return Folds(
        np.concatenate([part.error for part in parts], axis=1),
        np.concatenate([part.train_error for part in parts], axis=1),
        parts[0].weight,
        np.concatenate([part.status for part in parts]),
        tuple(stretch for part in parts for stretch in part.stretches),
    )
