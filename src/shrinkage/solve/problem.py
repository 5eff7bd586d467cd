"""What to solve: data, penalty and constraints, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shrinkage._typing import AnyArray, ArrayLike, FloatArray, PerFeature
from shrinkage._validate import (
    check_bounds,
    check_flag,
    check_l1_ratio,
    check_offset,
    check_penalty_factor,
    check_target,
    check_weights,
)
from shrinkage.design import Matrix, as_matrix, split_target
from shrinkage.errors import ArgumentError, Phrase


@dataclass(frozen=True, eq=False)
class Problem:
    """A Gaussian elastic-net problem without its alpha: docs/objective.md in one value.

    Attributes
    ----------
    matrix : Matrix
        X, of shape (n, p).
    y : ndarray of shape (n,)
        The response minus the offset.
    weights : ndarray of shape (n,) or None
        Weights of the rows, summing to 1; None if all are equal.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    l1_ratio : float in [0, 1]
    penalty_factor : ndarray of shape (p,)
        0 is never penalised, inf is excluded.
    lower, upper : ndarray of shape (p,) or None
        Bounds on the coefficients in original units; both None without bounds.
    fit_intercept, standardize : bool
    n_effective : int
        Number of rows of positive weight: `n` in every rule.
    """

    matrix: Matrix
    y: FloatArray
    weights: FloatArray | None
    offset: FloatArray | None
    l1_ratio: float
    penalty_factor: FloatArray
    lower: FloatArray | None
    upper: FloatArray | None
    fit_intercept: bool
    standardize: bool
    n_effective: int

    @property
    def is_ridge(self) -> bool:
        """Whether the penalty is L2 alone and nothing is bounded: a linear system."""
        return self.l1_ratio == 0.0 and self.lower is None

    def with_l1_ratio(self, l1_ratio: float) -> Problem:
        """Return the same problem with another share of L1."""
        return self if l1_ratio == self.l1_ratio else replace(self, l1_ratio=l1_ratio)

    def on_rows(self, rows: AnyArray) -> Problem:
        """Return the problem on some rows: the others get weight 0. X is not copied."""
        n = self.y.shape[0]
        weights = np.zeros(n)
        weights[rows] = 1.0 if self.weights is None else self.weights[rows]
        total = float(weights.sum())
        if total == 0.0:
            raise ArgumentError.must("cv", "leave rows of positive weight in every training set")
        return replace(self, weights=weights / total, n_effective=int(np.count_nonzero(weights)))


def make_problem(
    X: Any,
    y: ArrayLike | str,
    *,
    l1_ratio: float = 1.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    penalty_factor: PerFeature | None = None,
    lower: PerFeature | None = None,
    upper: PerFeature | None = None,
    fit_intercept: bool = True,
    standardize: bool = True,
) -> Problem:
    """Check every argument and return the problem they describe, for `choose`.

    Parameters and defaults are those of `elastic_net_path`. X may be a `Matrix` that was checked
    before.

    Raises
    ------
    ArgumentError
        If an argument is outside its range, or the shapes do not fit together.
    DataError
        If an entry of the data is not a finite number.
    """
    if isinstance(y, str):
        X, y = split_target(X, y)
    matrix = X if isinstance(X, Matrix) else as_matrix(X, min_rows=2)
    n, p = matrix.shape
    target = check_target(y, n)
    shift = check_offset(offset, n)
    if shift is not None:
        target = target - shift
    given = check_weights(sample_weight, n)
    weights, n_effective = (None, n) if given is None else _relative_weights(given)
    if n_effective < 2:
        raise ArgumentError.must(
            "X", "have at least 2 rows of positive weight", Phrase("one sample")
        )
    bounds = check_bounds(lower, upper, matrix.names, p)
    lowest, highest = (None, None) if bounds is None else bounds
    return Problem(
        matrix,
        target,
        weights,
        shift,
        check_l1_ratio(l1_ratio),
        check_penalty_factor(penalty_factor, matrix.names, p),
        lowest,
        highest,
        check_flag("fit_intercept", fit_intercept),
        check_flag("standardize", standardize),
        n_effective,
    )


def _relative_weights(weights: FloatArray) -> tuple[FloatArray | None, int]:
    """Return the weights summing to 1, None if they are equal, and how many are positive."""
    if weights.min() == weights.max():
        return None, weights.shape[0]
    relative = weights / weights.max()  # so that the sum can't overflow or lose tiny weights
    return relative / math.fsum(relative), int(np.count_nonzero(weights))
