"""Errors and warnings, and the sentences they say.

Every message has the form "`name` must be <requirement>, got <value>." (or "`name` can't
<failure>."), and where there is a way out a second line "Hint: ...". Rows and columns are
counted from 0, as NumPy does.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:

    class ConvergenceWarning(UserWarning):
        """The answer is further from the optimum than was asked for."""


class ShrinkageError(Exception):
    """Base class of every error that this package raises on purpose."""


class ArgumentError(ShrinkageError, ValueError):
    """An argument does not meet its requirement."""

    @classmethod
    def must(cls, name: str, requirement: str, got: object = None, hint: str | None = None) -> Self:
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


def warn(message: str, category: type[Warning]) -> None:
    """Warn, and name the first line outside this package as the place."""
    level, frame = 1, sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == "shrinkage":
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level + 1)


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
    return "NaN" if math.isnan(value) else repr(float(value))


def listed(values: Sequence[object], most: int = 5) -> str:
    """Return the first `most` values, comma-separated, and how many more there are."""
    shown = ", ".join(describe(value) for value in values[:most])
    more = len(values) - most
    return f"{shown} and {more} more" if more > 0 else shown


def _with_hint(sentence: str, hint: str | None) -> str:
    return sentence if hint is None else f"{sentence}\nHint: {hint}"


# The sentences about data, which several modules say.


_LABELS = "labels are for LogisticRegression and compare; in pictures for family='binomial'"


def not_numbers(name: str, got: str, is_text: bool = False) -> DataTypeError:
    """Return the error for an array, of a kind described by `got`, that holds no real numbers."""
    hint = _LABELS if is_text and name == "y" else None
    return DataTypeError.must(name, "hold real numbers", Phrase(got), hint)


def not_a_number(name: str, value: object, row: int | None, column: int | None) -> DataTypeError:
    """Return the error for one entry of an object array that is not a number."""
    got = describe(value) if row is None else f"{describe(value)} at {_entry(name, row, column)}"
    is_text = isinstance(value, (str, bytes))
    if not is_text:
        # Python's own words for float(value), which scikit-learn's checks look for.
        kind = type(value).__name__
        got += f" (float() argument must be a string or a real number, not {kind!r})"
    hint = _LABELS if is_text and name == "y" else None
    return DataTypeError.must(name, "hold real numbers", Phrase(got), hint).at(row, column)


def ragged(name: str) -> DataError:
    """Return the error for nested lists of unequal length."""
    return DataError.must(name, "have rows of one length", Phrase("rows of several lengths"))


def complex_numbers(name: str) -> DataTypeError:
    """Return the error for complex data."""
    return DataTypeError.must(
        name,
        "hold real numbers",
        Phrase("complex ones (Complex data not supported)"),
        "pass the real and the imaginary part as two columns",
    )


def masked(name: str) -> DataError:
    """Return the error for a masked array, whose mask would be lost."""
    return DataError.cannot(
        name,
        "be a masked array: its mask would be ignored",
        "fill the masked entries first, for example by `x.filled(fill_value)`",
    )


def not_finite(
    name: str, value: float, row: int, column: int | None = None, column_name: str | None = None
) -> DataError:
    """Return the error for a NaN or an infinity in an array."""
    where = _entry(name, row, column)
    if column_name is not None:
        where += f" (column {column_name!r})"
    hint = None
    if math.isnan(value) and column is not None:
        hint = IMPUTE
    error = DataError.must_be(name, "finite", Phrase(f"{number(value)} at {where}"), hint)
    return error.at(row, column if column_name is None else column_name)


def wrong_length(name: str, got: int, expected: int) -> ArgumentError:
    """Return the error for a vector that does not have one entry per row of X."""
    return ArgumentError.must(
        name,
        "have one entry per row of `X`",
        Phrase(f"inconsistent numbers of samples: {got} in `{name}`, {expected} in `X`"),
    )


def missing_target() -> ArgumentError:
    """Return the error for a target that is None."""
    return ArgumentError.must(
        "y",
        "hold one number per row",
        Phrase("None (a fit requires y to be passed, but the target y is None)"),
    )


def no_rows(name: str, shape: tuple[int, ...], minimum: int = 1) -> ArgumentError:
    """Return the error for data with fewer than `minimum` rows."""
    rows = "row" if minimum == 1 else "rows"
    samples = "1 sample" if shape[0] == 1 else f"{shape[0]} samples"
    return ArgumentError.must(
        name,
        f"have at least {minimum} {rows}",
        Phrase(f"{samples} (shape={shape}) while a minimum of {minimum} is required"),
    )


def no_columns(name: str, shape: tuple[int, ...]) -> ArgumentError:
    """Return the error for data without columns."""
    return ArgumentError.must(
        name,
        "have at least 1 column",
        Phrase(f"0 feature(s) (shape={shape}) while a minimum of 1 is required"),
    )


def not_two_dimensional(name: str, shape: tuple[int, ...]) -> ArgumentError:
    """Return the error for an array that is not a matrix."""
    hint = None
    if len(shape) == 1:
        hint = (
            f"Reshape your data: {name}.reshape(-1, 1) if it is one feature, "
            f"{name}.reshape(1, -1) if it is one row"
        )
    return ArgumentError.must_be(name, "a matrix", Phrase(f"an array of shape {shape}"), hint)


def feature_count(estimator: str, got: int, expected: int) -> ArgumentError:
    """Return the error for a prediction from another number of columns than were fitted."""
    return ArgumentError(
        f"`X` must have the columns it was fitted with: X has {got} features, but {estimator} "
        f"is expecting {expected} features as input."
    )


def missing_value(name: str, column: str, row: int) -> DataError:
    """Return the error for a missing value in a data frame."""
    got = Phrase(f"one in row {row} of column {column!r}")
    return DataError.must(name, "have no missing values", got, IMPUTE_FRAME).at(row, column)


def text_column(column: str) -> DataTypeError:
    """Return the error for a text column where only numbers can be used."""
    got = Phrase(f"text in column {column!r}")
    hint = "the estimators' fit(frame, y) encodes text columns, one 0/1 column per level"
    return DataTypeError.must("X", "hold numbers", got, hint).at(None, column)


def text_target(column: str) -> DataTypeError:
    """Return the error for a target column of text."""
    got = Phrase(f"text in column {column!r}")
    return DataTypeError.must("y", "hold numbers", got, _LABELS).at(None, column)


def bad_target(column: str, value: float, row: int) -> DataError:
    """Return the error for a missing or infinite entry of a target column."""
    got = Phrase(f"{number(value)} in row {row} of column {column!r}")
    hint = "drop the rows without a target" if math.isnan(value) else None
    return DataError.must("y", "be finite", got, hint).at(row, column)


def date_column(column: str, dtype: str) -> DataTypeError:
    """Return the error for a column of dates or times."""
    got = Phrase(f"dates or times ({dtype}) in column {column!r}")
    hint = "turn it into numbers, such as days since a first day, or drop it"
    return DataTypeError.must("X", "hold numbers or text", got, hint).at(None, column)


def mixed_column(column: str, dtype: str) -> DataTypeError:
    """Return the error for a column of mixed or nested types."""
    got = Phrase(f"mixed or nested values ({dtype}) in column {column!r}")
    hint = "make it all numbers or all text"
    return DataTypeError.must("X", "hold numbers or text", got, hint).at(None, column)


def identifier_column(column: str) -> DataError:
    """Return the error for a text column with as many levels as rows."""
    got = Phrase(f"a different text in every row of column {column!r}")
    hint = "drop it: a name or number of the row cannot be learnt from"
    return DataError.must("X", "repeat the levels of its text columns", got, hint).at(None, column)


def unseen_level(column: str, level: str, row: int, levels: Sequence[str]) -> DataError:
    """Return the error for a level that was not there when the model was fitted."""
    got = Phrase(f"{level!r} in row {row} of column {column!r}")
    hint = f"the levels are {listed(levels, 10)}; with unseen='base' such a row has none of them"
    return DataError.must("X", "hold the levels it was fitted with", got, hint).at(row, column)


def not_as_fitted(column: str, fitted: str, got: str) -> DataTypeError:
    """Return the error for a column of another type than when the model was fitted."""
    requirement = f"hold {fitted} in column {column!r}, as when it was fitted"
    return DataTypeError.must("X", requirement, Phrase(got)).at(None, column)


def missing_columns(columns: Sequence[str]) -> ArgumentError:
    """Return the error for columns of the fit that are not there now."""
    got = Phrase(f"no column {listed(columns)}")
    return ArgumentError.must("X", "have the columns it was fitted with", got)


def extra_columns(columns: Sequence[str]) -> ArgumentError:
    """Return the error for columns that were not there in the fit."""
    got = Phrase(f"the unknown column {listed(columns)}")
    hint = "drop what the model does not know, or pass extra='ignore'"
    return ArgumentError.must("X", "have only the columns it was fitted with", got, hint)


def broken_sparse(what: str) -> DataError:
    """Return the error for a sparse matrix whose index arrays contradict each other."""
    return DataError.must_be("X", "a valid sparse matrix", Phrase(f"one with {what}"))


IMPUTE = "drop such rows, or fill them in: make_pipeline(SimpleImputer(), model) of scikit-learn"
IMPUTE_FRAME = (
    "drop such rows, or fill them in: make_pipeline(SimpleImputer(strategy='most_frequent')"
    ".set_output(transform='pandas'), model) of scikit-learn, which also knows text"
)


def _entry(name: str, row: int, column: int | None) -> str:
    return f"{name}[{row}]" if column is None else f"{name}[{row}, {column}]"
