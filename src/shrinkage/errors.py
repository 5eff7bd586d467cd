"""Errors and warnings, and the sentences they say.

Every message has the form "`name` must be <requirement>, got <value>." (or "`name` can't
<failure>."), and where there is a way out a second line "Hint: ...". Rows and columns are
counted from 0, as NumPy does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from sklearn.exceptions import ConvergenceWarning as _SklearnConvergenceWarning

    class ConvergenceWarning(_SklearnConvergenceWarning):
        """The answer is further from the optimum than was asked for."""


class ShrinkageError(Exception):
    """Base class of every error that this package raises on purpose."""


class ArgumentError(ShrinkageError, ValueError):
    """An argument does not meet its requirement."""

    @classmethod
    def must(
        cls, name: str, requirement: str, got: object = None, hint: str | None = None
    ) -> Self:
        """Return the error "`name` must <requirement>, got <got>."."""
        return cls(_with_hint(f"`{name}` must {requirement}, got {describe(got)}.", hint))

    @classmethod
    def must_be(
        cls, name: str, requirement: str, got: object = None, hint: str | None = None
    ) -> Self:
        """Return the error "`name` must be <requirement>, got <got>."."""
        return cls.must(name, f"be {requirement}", got, hint)

    @classmethod
    def cannot(cls, name: str, failure: str, hint: str | None = None) -> Self:
        """Return the error "`name` can't <failure>."."""
        return cls(_with_hint(f"`{name}` can't {failure}.", hint))


class DataError(ArgumentError):
    """An entry of the data does not meet its requirement.

    Attributes
    ----------
    row : int or None
        Row of the first offending entry, from 0.
    column : int, str or None
        Its column: the name where there is one, the position otherwise.
    """

    row: int | None = None
    column: int | str | None = None

    def at(self, row: int | None, column: int | str | None = None) -> Self:
        """Set the position of the first offending entry and return the error."""
        self.row, self.column = row, column
        return self


class DataTypeError(DataError, TypeError):
    """An entry of the data is not a number."""


class MissingDependencyError(ShrinkageError, ImportError):
    """An optional dependency is not installed."""

    @classmethod
    def needs(cls, what: str, package: str, extra: str) -> Self:
        """Return the error for `what`, which needs `package`, which `extra` brings."""
        return cls(
            _with_hint(
                f"`{what}` can't be used without {package}.", f"pip install 'shrinkage[{extra}]'"
            )
        )


class DataWarning(UserWarning):
    """The data can be used, and something about them deserves a look."""


def __getattr__(name: str) -> Any:
    # scikit-learn takes a second to import, so its subclass is made when first asked for.
    if name != "ConvergenceWarning":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sklearn.exceptions import ConvergenceWarning as base

    made = type(
        name,
        (base,),
        {
            "__doc__": "The answer is further from the optimum than was asked for.",
            "__module__": __name__,
        },
    )
    globals()[name] = made
    return made


class Phrase(str):
    """Words that `describe` shows as they are, for what was got."""


def describe(value: object) -> str:
    """Return `value` in a few words: arrays by shape and dtype, the rest by a short repr."""
    if isinstance(value, Phrase):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return number(value)
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    text = " ".join(repr(value).split())
    if text.startswith("<") or len(text) > 80:
        return f"an object of type {type(value).__name__}"
    return text


def number(value: float) -> str:
    """Return a float as Python shows it; "NaN" and "inf" where it is not finite."""
    return "NaN" if value != value else repr(float(value))


def listed(values: Sequence[object], most: int = 5) -> str:
    """Return the first `most` values, comma-separated, and how many more there are."""
    shown = ", ".join(describe(value) for value in values[:most])
    more = len(values) - most
    return f"{shown} and {more} more" if more > 0 else shown


def _with_hint(sentence: str, hint: str | None) -> str:
    return sentence if hint is None else f"{sentence}\nHint: {hint}"
