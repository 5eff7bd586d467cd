"""Checks of arguments at the boundary, before any work.

Plain ifs and no wrappers: a path on a small problem has 100 microseconds for all of Python.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from shrinkage import errors
from shrinkage._typing import AnyArray, FloatArray, PerFeature
from shrinkage.errors import ArgumentError, DataError, Phrase, listed


def check_flag(name: str, value: object) -> bool:
    """Return `value` as a bool; anything but True and False is an error."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ArgumentError.must_be(name, "True or False", value)


def check_count(name: str, value: object, minimum: int = 1) -> int:
    """Return `value` as an int; anything but an integer >= `minimum` is an error."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= minimum:
        return int(value)
    raise ArgumentError.must_be(name, f"an integer >= {minimum}", value)


def check_number(
    name: str, value: object, requirement: str, low: float = -math.inf, high: float = math.inf
) -> float:
    """Return `value` as a float; anything but a finite number in [low, high] is an error.

    `requirement` completes "must be", for example "a number >= 0".
    """
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        number = float(value)
        if low <= number <= high and math.isfinite(number):
            return number
    raise ArgumentError.must_be(name, requirement, value)


def check_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value`, which must be one of `choices`."""
    if isinstance(value, str) and value in choices:
        return value
    raise ArgumentError.must_be(name, f"one of {listed(choices, len(choices))}", value)


def check_alpha(alpha: object) -> float:
    """Return the strength of the penalty as a float, finite and >= 0."""
    return check_number("alpha", alpha, "a finite number >= 0", low=0.0)


def check_l1_ratio(l1_ratio: object) -> float:
    """Return the share of L1 as a float in [0, 1]."""
    return check_number("l1_ratio", l1_ratio, "between 0 (ridge) and 1 (lasso)", low=0.0, high=1.0)


def check_l1_ratios(l1_ratio: object) -> tuple[float, ...]:
    """Return the shares of L1 to choose from, in the order given; duplicates are an error."""
    if isinstance(l1_ratio, Real):
        return (check_l1_ratio(l1_ratio),)
    ratios = _grid("l1_ratio", l1_ratio, "a number in [0, 1] or a non-empty list of them")
    for position, value in enumerate(ratios):
        if not 0.0 <= value <= 1.0:
            got = Phrase(f"{errors.number(value)} at l1_ratio[{position}]")
            raise ArgumentError.must_be("l1_ratio", "between 0 (ridge) and 1 (lasso)", got)
    _refuse_duplicates("l1_ratio", ratios)
    return tuple(ratios.tolist())


def check_alphas(alphas: object) -> int | FloatArray:
    """Return the length of the default grid, or the given grid sorted decreasing.

    Each alpha is finite and >= 0. Duplicates are an error: a path has one point per alpha.
    """
    if isinstance(alphas, Integral) and not isinstance(alphas, bool):
        return check_count("alphas", alphas)
    requirement = "a number of points (an integer >= 1) or a non-empty list of strengths"
    grid = _grid("alphas", alphas, requirement)
    if (grid[1:] < grid[:-1]).all() and grid[-1] >= 0.0 and grid[0] < math.inf:
        return grid
    if not (grid >= 0.0).all() or grid[np.argmax(grid)] == math.inf:
        position = int(np.flatnonzero(~((grid >= 0.0) & (grid < math.inf)))[0])
        got = Phrase(f"{errors.number(grid[position])} at alphas[{position}]")
        raise ArgumentError.must_be("alphas", "finite and >= 0", got)
    grid = np.sort(grid)[::-1].copy()
    _refuse_duplicates("alphas", grid)
    return grid


def _grid(name: str, value: object, requirement: str) -> FloatArray:
    if value is None or isinstance(value, (str, bytes, bool, Mapping)):
        raise ArgumentError.must_be(name, requirement, value)
    grid = np.asarray(value)
    if grid.ndim != 1 or grid.size == 0 or grid.dtype.kind not in "fiu":
        hint = f"{name}=[{value}]" if grid.ndim == 0 and grid.dtype.kind == "f" else None
        raise ArgumentError.must_be(name, requirement, value, hint)
    return grid.astype(np.float64)


def _refuse_duplicates(name: str, grid: FloatArray) -> None:
    if grid.size == 1:
        return
    ordered = np.sort(grid)
    if not (ordered[1:] == ordered[:-1]).any():
        return
    values, counts = np.unique(grid, return_counts=True)
    twice = errors.number(float(values[counts > 1][-1]))
    hint = f"numpy.unique({name}) leaves one of each"
    raise ArgumentError.must(name, "hold each value once", Phrase(f"{twice} more than once"), hint)


def check_vector(name: str, value: object, n: int | None = None) -> FloatArray:
    """Return a contiguous float64 vector of finite numbers, of length `n` where that is given.

    A float64 vector is not copied.
    """
    array = as_numbers(name, value)
    if array.ndim != 1:
        got = Phrase(f"an array of shape {array.shape}")
        raise ArgumentError.must_be(name, "one-dimensional", got)
    if n is not None and array.shape[0] != n:
        raise errors.wrong_length(name, array.shape[0], n)
    vector = np.ascontiguousarray(array, dtype=np.float64)
    if not np.isfinite(vector).all():
        row = int(np.flatnonzero(~np.isfinite(vector))[0])
        raise errors.not_finite(name, float(vector[row]), row)
    return vector


def check_target(y: object, n: int | None = None) -> FloatArray:
    """Return the response as a contiguous float64 vector of finite numbers.

    A column vector of shape (n, 1) is flattened.

    Warns
    -----
    sklearn.exceptions.DataConversionWarning
        If `y` is a column vector: pass `y.ravel()`.
    """
    if y is None:
        raise errors.missing_target()
    array = as_numbers("y", y)
    if array.ndim == 2 and array.shape[1] == 1:
        from sklearn.exceptions import DataConversionWarning

        warnings.warn(
            "A column-vector y was passed when a 1d array was expected; it was flattened.\n"
            "Hint: pass y.ravel()",
            DataConversionWarning,
            stacklevel=3,
        )
        array = array.ravel()
    return check_vector("y", array, n)


def check_weights(sample_weight: object, n: int) -> FloatArray | None:
    """Return the weights of the rows as given (not rescaled), or None.

    They are finite and >= 0, at least one is positive, and their sum is finite.
    """
    if sample_weight is None:
        return None
    weights = check_vector("sample_weight", sample_weight, n)
    with np.errstate(over="ignore"):
        smallest, total = float(weights.min(initial=0.0)), float(weights.sum())
    if smallest >= 0.0 and 0.0 < total < math.inf:
        return weights
    if smallest < 0.0:
        row = int(np.flatnonzero(weights < 0.0)[0])
        got = Phrase(f"{errors.number(weights[row])} at sample_weight[{row}]")
        raise ArgumentError.must_be("sample_weight", "non-negative", got)
    if total == 0.0:
        got = Phrase("only weights of zero")
        raise ArgumentError.must("sample_weight", "hold a positive weight", got)
    raise ArgumentError.must("sample_weight", "have a finite sum", total)


def check_offset(offset: object, n: int, n_classes: int | None = None) -> FloatArray | None:
    """Return the known part of the linear predictor, finite numbers, or None.

    One for each row; with `n_classes` one for each row and class.
    """
    if offset is None:
        return None
    if n_classes is None:
        return check_vector("offset", offset, n)
    array = as_numbers("offset", offset)
    if array.shape != (n, n_classes):
        requirement = f"of shape ({n}, {n_classes}): one number for each row and class"
        raise ArgumentError.must_be("offset", requirement, array)
    finite = np.isfinite(array)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise errors.not_finite("offset", float(array[row, column]), row)
    return np.ascontiguousarray(array, dtype=np.float64)


def check_per_feature(
    name: str,
    value: PerFeature,
    names: Sequence[str] | None,
    n_features: int,
    default: float,
) -> FloatArray:
    """Return one float per feature from a scalar, an array or a dict by column name.

    `default` is for columns that a dict does not name. Infinities are allowed, NaN is not.
    """
    if isinstance(value, Real):
        result = np.full(n_features, float(value))
    elif isinstance(value, Mapping):
        result = _by_name(name, value, names, n_features, default)
    else:
        array = as_numbers(name, value)
        if array.shape != (n_features,):
            requirement = f"be a number, a dict by column name, or have {n_features} entries"
            got = Phrase(f"an array of shape {array.shape}")
            raise ArgumentError.must(name, requirement, got)
        result = np.array(array, dtype=np.float64)
    if np.isnan(result).any():
        position = int(np.flatnonzero(np.isnan(result))[0])
        raise ArgumentError.must(name, "hold no NaN", Phrase(f"NaN at {name}[{position}]"))
    return result


def _by_name(
    name: str,
    values: Mapping[str, float],
    names: Sequence[str] | None,
    n_features: int,
    default: float,
) -> FloatArray:
    if names is None:
        hint = f"pass a data frame, or an array of {n_features} entries"
        raise ArgumentError.cannot(name, "be a dict when `X` has no column names", hint)
    position = {column: index for index, column in enumerate(names)}
    unknown = [key for key in values if key not in position]
    if unknown:
        got = Phrase(listed(unknown))
        hint = f"the columns are {listed(list(names))}"
        raise ArgumentError.must(name, "name columns of `X`", got, hint)
    result = np.full(n_features, default)
    for column, value in values.items():
        if not isinstance(value, Real):
            got = Phrase(f"{errors.describe(value)} for column {column!r}")
            raise ArgumentError.must(name, "hold numbers", got)
        result[position[column]] = float(value)
    return result


def check_penalty_factor(
    penalty_factor: PerFeature | None, names: Sequence[str] | None, n_features: int
) -> FloatArray:
    """Return the multiplier of the penalty of each feature: 1 by default, 0 free, inf excluded."""
    if penalty_factor is None:
        return np.ones(n_features)
    factor = check_per_feature("penalty_factor", penalty_factor, names, n_features, 1.0)
    if (factor < 0.0).any():
        raise ArgumentError.must_be(
            "penalty_factor", "non-negative", _at_feature("penalty_factor", factor, factor < 0.0)
        )
    return factor


def check_bounds(
    lower: PerFeature | None,
    upper: PerFeature | None,
    names: Sequence[str] | None,
    n_features: int,
) -> tuple[FloatArray, FloatArray] | None:
    """Return the bounds on the coefficients, lower <= 0 <= upper, or None if all are infinite."""
    if lower is None and upper is None:
        return None
    low = np.full(n_features, -math.inf)
    high = np.full(n_features, math.inf)
    if lower is not None:
        low = check_per_feature("lower", lower, names, n_features, -math.inf)
    if upper is not None:
        high = check_per_feature("upper", upper, names, n_features, math.inf)
    crossed = low > high
    if crossed.any():
        j = int(np.flatnonzero(crossed)[0])
        got = f"lower[{j}] = {errors.number(low[j])} and upper[{j}] = {errors.number(high[j])}"
        raise ArgumentError.must("lower", "not exceed `upper`", Phrase(got))
    if (low > 0.0).any():
        raise ArgumentError.must_be("lower", "<= 0", _at_feature("lower", low, low > 0.0), ZERO)
    if (high < 0.0).any():
        raise ArgumentError.must_be("upper", ">= 0", _at_feature("upper", high, high < 0.0), ZERO)
    if low.max(initial=-math.inf) == -math.inf and high.min(initial=math.inf) == math.inf:
        return None
    return low, high


ZERO = "a penalty shrinks towards 0, so 0 has to be allowed"


def _at_feature(name: str, values: FloatArray, offends: AnyArray) -> Phrase:
    position = int(np.flatnonzero(offends)[0])
    return Phrase(f"{errors.number(values[position])} at {name}[{position}]")


def label_array(y: Any) -> AnyArray:
    """Return labels or numbers as an array, not masked and not complex."""
    if y is None:
        raise errors.missing_target()
    if isinstance(y, np.ma.MaskedArray):
        raise errors.masked("y")
    try:
        labels = np.asarray(y)
    except ValueError as error:
        raise errors.ragged("y") from error
    if labels.ndim == 0:
        raise ArgumentError.must("y", "hold one label per row", y)
    if labels.dtype.kind == "c":
        raise errors.complex_numbers("y")
    return labels


def refuse_missing(y: AnyArray) -> None:
    """Raise where a label is missing or not finite."""
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argwhere(~np.isfinite(y))[0][0])
        raise errors.not_finite("y", float(np.ravel(y)[row]), row)
    if y.dtype.kind == "O":
        for row, label in enumerate(y.ravel()):
            if label is None or type(label).__name__ in ("NAType", "NaTType") or label != label:
                got = Phrase(f"a missing one at y[{row}]")
                hint = "drop the rows without a target"
                raise DataError.must("y", "hold a label in each row", got, hint).at(row)


def as_numbers(name: str, value: object) -> AnyArray:
    """Return `value` as an array of a real dtype: numbers and booleans, or objects that are.

    Numbers of a real dtype are not copied. Text, dates, complex numbers and masked arrays are
    errors.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise errors.masked(name)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise errors.ragged(name) from error
    kind = array.dtype.kind
    if kind in "fiub":
        return array
    if kind == "c":
        raise errors.complex_numbers(name)
    if kind != "O":
        raise errors.not_numbers(name, f"an array of dtype {array.dtype}", kind in "US")
    return _from_objects(name, array)


def _from_objects(name: str, array: AnyArray) -> FloatArray:
    numbers = np.empty(array.shape, dtype=np.float64)
    for position in np.ndindex(array.shape):
        value = array[position]
        if isinstance(value, (complex, np.complexfloating)):
            raise errors.complex_numbers(name)
        if isinstance(value, (Real, np.bool_)):
            numbers[position] = float(value)
            continue
        row = position[0] if position else None
        column = position[1] if len(position) > 1 else None
        raise errors.not_a_number(name, value, row, column)
    return numbers
