"""The coefficients of one model as a table: of one linear predictor, or of one for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.table import aligned, significant
from shrinkage.solve.path import frame_of

MOST_SHOWN = 30
# Of more classes than these each has a table of its own, with fewer features.
MOST_CLASSES = 6
MOST_OF_A_CLASS = 10
MOST_TABLES = 10
LONGEST_LABEL = 20

HEADER = ("feature", "coefficient", "per standard deviation")


@dataclass(frozen=True)
class Section:
    """A part of a report's coefficients.

    Attributes
    ----------
    heading : str
        What stands above it, "" for nothing.
    header : tuple of str
    rows : list of tuple of str
    n_more : int
        Features with a coefficient that there was no room for.
    """

    heading: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    n_more: int


@dataclass(frozen=True, eq=False)
class CoefTable:
    """The coefficients of one model.

    Attributes
    ----------
    names : tuple of str
        One per column, as in `coef_names_`.
    coef : ndarray of shape (n_columns,)
        In units of the linear predictor (least squares: of y) per unit of the column.
    coef_per_sd : ndarray of shape (n_columns,)
        The same per standard deviation of the column: these compare between columns.
    intercept : float
        In units of the linear predictor.
    """

    names: tuple[str, ...]
    coef: FloatArray
    coef_per_sd: FloatArray
    intercept: Any

    def by_size(self) -> list[int]:
        """Return the columns with a coefficient, largest per standard deviation first."""
        return _by_size(self.coef_per_sd, self.coef != 0.0)

    def zeros(self) -> list[str]:
        """Return the names of the columns whose coefficient is exactly zero."""
        return [self.names[j] for j in np.flatnonzero(self.coef == 0.0)]

    def to_frame(self) -> Any:
        """Return the table with columns feature, coef, coef_per_sd.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or dict of str to ndarray
            pandas if it is installed, else polars, else the columns as arrays.
        """
        names = np.array(self.names, dtype=object)
        return frame_of({"feature": names, "coef": self.coef, "coef_per_sd": self.coef_per_sd})

    def __str__(self) -> str:
        """Return every column with its two coefficients, in the order of `coef_`."""
        return "\n".join(aligned(self.rows(range(len(self.names))), HEADER))

    __repr__ = __str__

    def rows(self, columns: Sequence[int]) -> list[tuple[str, ...]]:
        """Return name and formatted coefficients of some columns, the intercept last."""
        shown = [
            (self.names[j], significant(self.coef[j]), significant(self.coef_per_sd[j]))
            for j in columns
        ]
        return [*shown, ("(intercept)", significant(self.intercept), "")]

    def sections(self) -> list[Section]:
        """Return what a report shows: the largest coefficients, both ways."""
        shown = self.by_size()
        n_more = max(len(shown) - MOST_SHOWN, 0)
        return [Section("", HEADER, self.rows(shown[:MOST_SHOWN]), n_more)]


@dataclass(frozen=True, eq=False)
class ClassTable:
    """The coefficients of a model in which each class has its own.

    They say how a class differs from the average of all: a number added to one feature's
    coefficient in every class changes no probability.

    Attributes
    ----------
    names : tuple of str
        One per column, as in `coef_names_`.
    coef : ndarray of shape (n_classes, n_columns)
        In units of the linear predictor per unit of the column.
    coef_per_sd : ndarray of shape (n_classes, n_columns)
        The same per standard deviation of the column: these compare between columns.
    intercept : ndarray of shape (n_classes,)
    classes : tuple of str
    """

    names: tuple[str, ...]
    coef: FloatArray
    coef_per_sd: FloatArray
    intercept: Any
    classes: tuple[str, ...]

    def by_size(self) -> list[int]:
        """Return the columns with a coefficient in any class, largest in any of them first."""
        return _by_size(np.abs(self.coef_per_sd).max(axis=0), self.coef.any(axis=0))

    def zeros(self) -> list[str]:
        """Return the names of the columns whose coefficient is exactly zero in every class."""
        return [self.names[j] for j in np.flatnonzero(~self.coef.any(axis=0))]

    def of_class(self, k: int) -> CoefTable:
        """Return the coefficients of class number k."""
        return CoefTable(self.names, self.coef[k], self.coef_per_sd[k], float(self.intercept[k]))

    def to_frame(self) -> Any:
        """Return a long table with columns class, feature, coef, coef_per_sd.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or dict of str to ndarray
            pandas if it is installed, else polars, else the columns as arrays.
        """
        names, classes = (np.array(each, dtype=object) for each in (self.names, self.classes))
        return frame_of(
            {
                "class": np.repeat(classes, names.size),
                "feature": np.tile(names, classes.size),
                "coef": self.coef.ravel(),
                "coef_per_sd": self.coef_per_sd.ravel(),
            }
        )

    def __str__(self) -> str:
        """Return every column with its two coefficients, class by class."""
        every = range(len(self.names))
        rows = [
            (label, *row)
            for k, label in enumerate(self.classes)
            for row in self.of_class(k).rows(every)
        ]
        return "\n".join(aligned(rows, ("class", *HEADER), left=2))

    __repr__ = __str__

    def sections(self) -> list[Section]:
        """Return what a report shows: a column for each class, or a table where they are many."""
        if len(self.classes) <= MOST_CLASSES:
            return [self._side_by_side()]
        found = []
        for k, label in enumerate(self.classes[:MOST_TABLES]):
            table = self.of_class(k)
            shown = table.by_size()
            n_more = max(len(shown) - MOST_OF_A_CLASS, 0)
            rows = table.rows(shown[:MOST_OF_A_CLASS])
            found.append(Section(f"class {label}", HEADER, rows, n_more))
        more = len(self.classes) - MOST_TABLES
        if more > 0:
            found.append(Section(f"... and {more} more classes: coef_table() has all", (), [], 0))
        return found

    def _side_by_side(self) -> Section:
        shown = self.by_size()
        rows = [
            (self.names[j], *map(significant, self.coef_per_sd[:, j])) for j in shown[:MOST_SHOWN]
        ]
        rows.append(("(intercept)", *map(significant, self.intercept)))
        heading = "coefficients per standard deviation of their feature, for each class:"
        n_more = max(len(shown) - MOST_SHOWN, 0)
        return Section(heading, ("feature", *map(_short, self.classes)), rows, n_more)


def _by_size(size: FloatArray, is_kept: Any) -> list[int]:
    kept = np.flatnonzero(is_kept)
    order = np.argsort(-np.abs(size[kept]), kind="stable")
    return [int(j) for j in kept[order]]


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 3]}..."
