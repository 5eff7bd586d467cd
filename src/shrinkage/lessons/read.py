"""The user's data as the lessons take them: standardized, with an intercept, with names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shrinkage import errors
from shrinkage._typing import ArrayLike
from shrinkage.design import Columns, encode, split_column, split_target
from shrinkage.errors import ArgumentError
from shrinkage.estimators.classes import two_classes
from shrinkage.families import Family, resolve
from shrinkage.solve import Problem, make_problem

# The families whose linear predictor is one number for each row.
FAMILIES = ("gaussian", "binomial", "poisson")


@dataclass(frozen=True, eq=False)
class Reading:
    """A problem with the names that a figure needs.

    Attributes
    ----------
    problem : Problem
    columns : Columns
        After encoding.
    target : str
        "y" unless it was given as the name of a column.
    unit : str
        Of the linear predictor.
    """

    problem: Problem
    columns: Columns
    target: str
    unit: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns after encoding; "x0", "x1", ... for an array."""
        return self.columns.names


def read(
    X: Any,
    y: ArrayLike | str,
    *,
    family: str | Family = "gaussian",
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    standardize: bool = True,
) -> Reading:
    """Check the data and encode text columns; y may be the name of a column of a frame X.

    For the binomial family y are labels of two classes.
    """
    chosen = check_family(family)
    target = y if isinstance(y, str) else "y"
    has_classes = chosen.name == "binomial"
    if isinstance(y, str):
        X, y = split_column(X, y)[:2] if has_classes else split_target(X, y)
    matrix, columns = encode(X)
    unit = f"units of {target}"
    if has_classes:
        labels, y = two_classes(y)
        unit = f"log odds of {target} = {labels[1]}"
    elif chosen.name == "poisson":
        unit = f"log of the mean of {target}"
    problem = make_problem(
        matrix,
        y,
        family=chosen,
        l1_ratio=l1_ratio,
        sample_weight=None,
        offset=None,
        penalty_factor=None,
        lower=None,
        upper=None,
        fit_intercept=fit_intercept,
        standardize=standardize,
    )
    return Reading(problem, columns, target, unit)


def check_family(family: str | Family) -> Family:
    """Return the family, one whose linear predictor is one number for each row."""
    chosen = resolve(family)
    if chosen.name not in FAMILIES:
        requirement = f"one of {errors.listed(FAMILIES)} in this picture"
        hint = "of more than two classes draw one against the others"
        raise ArgumentError.must_be("family", requirement, chosen.name, hint)
    return chosen
