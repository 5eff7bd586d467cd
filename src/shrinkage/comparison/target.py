"""The target as its family takes it, and the family that a target suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shrinkage import errors
from shrinkage._typing import AnyArray, FloatArray, IndexArray
from shrinkage._validate import as_numbers, label_array, refuse_missing
from shrinkage.errors import ArgumentError, DataError, Phrase, listed
from shrinkage.families import Family, resolve

CLASSIFIERS = ("binomial", "multinomial")


@dataclass(frozen=True)
class FamilyChoice:
    """The family that a target suggests.

    Attributes
    ----------
    name : str
        As `family` takes it.
    because : str
        What the target holds, and which other family may be meant.
    """

    name: str
    because: str

    def __str__(self) -> str:
        return f"family {self.name}: {self.because}"


def choose_family(y: Any, name: str = "y") -> FamilyChoice:
    """Choose a family by the values of the target.

    Two labels or integers: binomial. Several labels that are no numbers: multinomial. Anything
    else is Gaussian; where all are integers >= 0, `because` suggests Poisson.

    Parameters
    ----------
    y : array-like of shape (n,)
        Numbers, text or booleans.
    name : str, default "y"
        What the target is called in `because`.

    Raises
    ------
    DataError
        If a value is missing, or each row has a text of its own.
    ArgumentError
        If all rows have one text.

    Examples
    --------
    >>> from shrinkage.comparison import choose_family
    >>> print(choose_family(["no", "yes", "no"]))
    family binomial: y has the two values 'no' and 'yes'
    """
    values = label_array(y)
    if values.ndim != 1 or values.size == 0:
        return FamilyChoice("gaussian", f"{name} is no column of labels")
    refuse_missing(values)
    found = _distinct(values)
    is_text = not _is_numeric(values)
    if is_text and found.size == values.size > 2:
        got = Phrase("a different one in each row")
        raise DataError.must("y", "be numbers, or labels that are repeated", got)
    if is_text and found.size < 2:
        raise _one_class(found)
    if is_text and found.size > 2:
        return FamilyChoice("multinomial", f"{name} has {found.size} labels")
    are_integers = is_text or bool((values == np.floor(values.astype(np.float64))).all())
    # Of two rows each has a number of its own: they are measurements, and no classes.
    if is_text or (found.size == 2 and values.size > 2 and are_integers):
        return FamilyChoice("binomial", f"{name} has the two values {_both(found)}")
    if found.size > 2 and are_integers and found[0] >= 0:
        hint = "for counts family poisson may fit better, for labels multinomial"
        return FamilyChoice("gaussian", f"{name} holds integers >= 0; {hint}")
    return FamilyChoice("gaussian", f"{name} holds numbers")


def _both(found: AnyArray) -> str:
    return " and ".join(shown_label(label, quoted=True) for label in found.tolist())


@dataclass(frozen=True, eq=False)
class Target:
    """A target as its family takes it.

    Attributes
    ----------
    family : Family
    values : ndarray of shape (n,), for the multinomial family (n, K)
        Numbers; of labels their codes or indicators.
    classes : ndarray of shape (K,) or None
        The labels, sorted; None unless the rows have labels.
    """

    family: Family
    values: FloatArray
    classes: AnyArray | None

    @property
    def by_row(self) -> FloatArray | IndexArray:
        """One number for each row, for splitters that keep the shares of the classes."""
        return self.values if self.values.ndim == 1 else self.values.argmax(axis=1)


def read_target(y: Any, family: str | Family) -> Target:
    """Return the target as the family takes it.

    Binomial: two labels, or shares in [0, 1]. Multinomial: labels, or shares of the classes of
    shape (n, K). The others: numbers.

    Raises
    ------
    ArgumentError
        If there are fewer than two labels, or more than the family has classes.
    DataError
        If a label is missing, or the family needs numbers.
    """
    chosen = resolve(family)
    values = label_array(y)
    if chosen.name not in CLASSIFIERS:
        return Target(chosen, as_numbers("y", values), None)
    is_numeric = _is_numeric(values)
    if is_numeric and chosen.name == "multinomial" and values.ndim == 2 and values.shape[1] > 1:
        return Target(chosen, values.astype(np.float64), np.arange(values.shape[1]))
    values = values.ravel() if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1:
        raise ArgumentError.must("y", "hold one label per row", values)
    refuse_missing(values)
    values = as_labels(values)
    classes = _distinct(values)
    if classes.size < 2:
        raise _one_class(classes)
    if chosen.name == "multinomial":
        return Target(chosen, (values[:, None] == classes).astype(np.float64), classes)
    if is_numeric and values.dtype.kind == "f" and values.min() >= 0.0 and values.max() <= 1.0:
        return Target(chosen, values, None)  # shares of ones
    if classes.size == 2:
        return Target(chosen, (values == classes[1]).astype(np.float64), classes)
    got = Phrase(f"{classes.size} values: {listed(classes.tolist())}")
    hint = "family 'multinomial' takes several labels"
    raise ArgumentError.must("y", "hold two labels, or shares in [0, 1], for binomial", got, hint)


def _one_class(classes: AnyArray) -> ArgumentError:
    got = Phrase(f"only {listed(classes.tolist())}: rows of one class")
    return ArgumentError.must("y", "hold rows of at least two classes", got)


def as_labels(values: AnyArray) -> AnyArray:
    """Return numbers that are all integers as such: as labels they are 0 and 1, not 0.0 and 1.0."""
    if values.dtype.kind == "f" and np.isfinite(values).all() and not (values % 1.0).any():
        return values.astype(np.int64)
    return values


def shown_label(label: Any, *, quoted: bool = False) -> str:
    """Return a label as a table shows it: text as it is, 1.0 as 1."""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return errors.describe(label) if quoted else str(label)


def _is_numeric(values: AnyArray) -> bool:
    if values.dtype.kind in "fiu":
        return True
    return values.dtype.kind == "O" and all(
        isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        for value in values.ravel()
    )


def _distinct(values: AnyArray) -> AnyArray:
    try:
        return np.unique(values)
    except TypeError:
        got = Phrase("labels that can't be sorted: a mixture of types")
        raise DataError.must("y", "hold labels of one type", got) from None
