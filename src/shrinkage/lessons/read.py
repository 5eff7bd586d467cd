"""The user's data as the lessons take them: standardized, with an intercept, with names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shrinkage._typing import ArrayLike
from shrinkage.design import encode, split_target
from shrinkage.solve import Problem, make_problem


@dataclass(frozen=True, eq=False)
class Reading:
    """A problem with the names that a figure needs.

    Attributes
    ----------
    problem : Problem
    names : tuple of str, length n_features
        Of the columns after encoding; "x0", "x1", ... for an array.
    target : str
        "y" unless it was given as the name of a column.
    """

    problem: Problem
    names: tuple[str, ...]
    target: str


def read(
    X: Any,
    y: ArrayLike | str,
    *,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    standardize: bool = True,
) -> Reading:
    """Check the data and encode text columns; y may be the name of a column of a frame X."""
    target = y if isinstance(y, str) else "y"
    if isinstance(y, str):
        X, y = split_target(X, y)
    matrix, columns = encode(X)
    problem = make_problem(
        matrix,
        y,
        l1_ratio=l1_ratio,
        sample_weight=None,
        offset=None,
        penalty_factor=None,
        lower=None,
        upper=None,
        fit_intercept=fit_intercept,
        standardize=standardize,
    )
    return Reading(problem, columns.names, target)
