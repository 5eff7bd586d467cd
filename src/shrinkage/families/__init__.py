"""The families: how y scatters around its mean, and how the mean follows from eta.

A family is a frozen value that knows nothing of X, of penalties or of solvers. Its functions work
row by row. `loss` is half the unit deviance of docs/objective.md: 0 where the mean is y, so the
constants that depend on y alone are in it. A new family is one class and one entry of
`FAMILIES`; the laws of tests/laws run over every entry.
"""

from __future__ import annotations

from shrinkage import errors
from shrinkage.errors import ArgumentError
from shrinkage.families.binomial import Binomial
from shrinkage.families.family import Family
from shrinkage.families.gaussian import Gaussian
from shrinkage.families.multinomial import Multinomial
from shrinkage.families.poisson import Poisson

__all__ = ["FAMILIES", "Binomial", "Family", "Gaussian", "Multinomial", "Poisson", "resolve"]

FAMILIES: dict[str, type[Family]] = {
    family.name: family for family in (Gaussian, Binomial, Poisson, Multinomial)
}


def resolve(family: str | Family) -> Family:
    """Return the family of this name; a family is returned as it is.

    Raises
    ------
    ArgumentError
        If there is no family of this name.
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, str) and family in FAMILIES:
        return FAMILIES[family]()
    known = errors.listed(list(FAMILIES), len(FAMILIES))
    raise ArgumentError.must_be(
        "family", f"one of {known}, or an instance of a class of shrinkage.families", family
    )
