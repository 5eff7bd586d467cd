"""What to solve: data, penalty and constraints, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from shrinkage._typing import AnyArray, ArrayLike, FloatArray, PerFeature
from shrinkage._validate import (
    as_numbers,
    check_bounds,
    check_flag,
    check_l1_ratio,
    check_offset,
    check_penalty_factor,
    check_target,
    check_weights,
)
from shrinkage.design import Matrix, as_matrix, split_target
from shrinkage.errors import ArgumentError, Phrase, listed
from shrinkage.families import Family, Gaussian, resolve

# The families that the core has.
SOLVED = ("gaussian", "binomial", "poisson", "multinomial")
GAUSSIAN = Gaussian()


@dataclass(frozen=True, eq=False)
class Problem:
    """An elastic-net problem without its alpha: docs/objective.md in one value.

    Attributes
    ----------
    matrix : Matrix
        X, of shape (n, p).
    y : ndarray of shape (n,), or (n, K) for K classes
        The response; for the Gaussian family minus the offset; shares of the classes for the
        multinomial family. Rows of weight 0 have that of another row if their own is outside the
        family's range.
    weights : ndarray of shape (n,) or None
        Weights of the rows, summing to 1; None if all are equal.
    offset : ndarray of the shape of y, or None
        Known part of the linear predictor.
    l1_ratio : float in [0, 1]
    penalty_factor : ndarray of shape (p,)
        0 is never penalised, inf is excluded.
    lower, upper : ndarray of shape (p,) or None
        Bounds on the coefficients in original units; both None without bounds.
    fit_intercept, standardize : bool
    n_effective : int
        Number of rows of positive weight: `n` in every rule.
    family : Family
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
    family: Family = GAUSSIAN

    @property
    def is_gaussian(self) -> bool:
        """Whether the loss is that of least squares."""
        return self.family.name == "gaussian"

    @property
    def is_ridge(self) -> bool:
        """Whether it is a linear system: least squares, the penalty L2 alone, nothing bounded."""
        return self.l1_ratio == 0.0 and self.lower is None and self.is_gaussian

    @cached_property
    def has_free(self) -> bool:
        """Whether some feature is never penalised."""
        return not self.penalty_factor.all()

    @property
    def n_classes(self) -> int | None:
        """The number of classes that have coefficients of their own; None for one vector."""
        return self.y.shape[1] if self.y.ndim == 2 else None

    @property
    def response(self) -> FloatArray:
        """The response with its offset."""
        if self.offset is None or not self.is_gaussian:
            return self.y
        return self.y + self.offset

    def eta(self, predictor: FloatArray) -> FloatArray:
        """Return the linear predictor of all rows from X coef + intercept.

        Of shape (n,) or (n, m); for K classes (n, K) or (n, m, K).
        """
        return _plus(predictor, self.offset)

    def root_weights(self) -> FloatArray:
        """Return the square roots of the weights, which sum to 1."""
        n = self.y.shape[0]
        return np.sqrt(np.full(n, 1.0 / n) if self.weights is None else self.weights)

    def mean(self, predictor: FloatArray, rows: AnyArray | None = None) -> FloatArray:
        """Return the mean of the response on some rows from X coef + intercept, shaped like it."""
        return self.family.mean(_plus(predictor, _on(self.offset, rows)))

    def unit_deviance(self, predictor: FloatArray, rows: AnyArray | None = None) -> FloatArray:
        """Return the unit deviance of some rows from X coef + intercept, of shape (n, m)."""
        y = self.y if rows is None else self.y[rows]
        offset = None if self.is_gaussian else _on(self.offset, rows)
        return 2.0 * self.family.loss(y[:, None], _plus(predictor, offset))

    def with_l1_ratio(self, l1_ratio: float) -> Problem:
        """Return the same problem with another share of L1."""
        return self if l1_ratio == self.l1_ratio else replace(self, l1_ratio=l1_ratio)

    def with_matrix(self, matrix: Matrix) -> Problem:
        """Return the same problem with X kept in another way."""
        return replace(self, matrix=matrix)

    def on_rows(self, rows: AnyArray) -> Problem:
        """Return the problem on some rows: the others get weight 0. X is not copied."""
        n = self.y.shape[0]
        weights = np.zeros(n)
        weights[rows] = 1.0 if self.weights is None else self.weights[rows]
        total = float(weights.sum())
        if total == 0.0:
            raise ArgumentError.must("cv", "leave rows of positive weight in every training set")
        return replace(self, weights=weights / total, n_effective=int(np.count_nonzero(weights)))


def _on(offset: FloatArray | None, rows: AnyArray | None) -> FloatArray | None:
    return offset if offset is None or rows is None else offset[rows]


def _plus(predictor: FloatArray, offset: FloatArray | None) -> FloatArray:
    if offset is None:
        return predictor
    return predictor + (offset if predictor.ndim == offset.ndim else offset[:, None])


def make_problem(
    X: Any,
    y: ArrayLike | str,
    *,
    family: str | Family = "gaussian",
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
        If an entry of the data is not a finite number, or outside the range of the family.
    """
    chosen = _check_family(family)
    if isinstance(y, str):
        X, y = split_target(X, y)
    matrix = X if isinstance(X, Matrix) else as_matrix(X, min_rows=2)
    n, p = matrix.shape
    given = check_weights(sample_weight, n)
    target = check_target(y, n) if chosen is GAUSSIAN else _in_range(chosen, y, given, n)
    shift = check_offset(offset, n, target.shape[1] if target.ndim == 2 else None)
    if chosen is GAUSSIAN and shift is not None:
        target = target - shift
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
        chosen,
    )


def _check_family(family: str | Family) -> Family:
    if isinstance(family, str) and family == GAUSSIAN.name:
        return GAUSSIAN
    chosen = resolve(family)
    if chosen == GAUSSIAN:
        return GAUSSIAN
    if chosen.name not in SOLVED:
        requirement = f"one of {listed(SOLVED)}, which have a solver"
        raise ArgumentError.must_be("family", requirement, chosen.name)
    return chosen


def _in_range(family: Family, y: ArrayLike, weights: FloatArray | None, n: int) -> FloatArray:
    """Return a target that the family takes, but for rows of weight 0, which may hold anything."""
    target = as_numbers("y", y) if np.ndim(y) == 2 else check_target(y, n)
    if weights is not None and weights.min() == 0.0 and target.shape[0] == n:
        kept = weights > 0.0
        target = target[np.where(kept, np.arange(n), np.argmax(kept))]
    return family.check_target(target, n)


def _relative_weights(weights: FloatArray) -> tuple[FloatArray | None, int]:
    """Return the weights summing to 1, None if they are equal, and how many are positive."""
    if weights.min() == weights.max():
        return None, weights.shape[0]
    relative = weights / weights.max()  # so that the sum can't overflow or lose tiny weights
    return relative / math.fsum(relative), int(np.count_nonzero(weights))
