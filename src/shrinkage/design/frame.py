"""Data frames (pandas, polars, anything narwhals reads, a dict of columns) as arrays of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from scipy import sparse

from shrinkage import errors
from shrinkage._typing import AnyArray
from shrinkage._validate import check_choice
from shrinkage.design.column import Column, Drop
from shrinkage.design.plain_frame import PlainFrame
from shrinkage.errors import ArgumentError, Phrase, listed

if TYPE_CHECKING:
    import narwhals as nw


def is_frame(obj: object) -> bool:
    """Return whether `obj` is a data frame in memory, without importing any frame library.

    A dict of one-dimensional arrays by column name is one, too.
    """
    # The sparse format DOK is a dict, too.
    if isinstance(obj, (np.ndarray, list, tuple)) or sparse.issparse(obj):
        return False
    if isinstance(obj, Mapping):
        return True
    if not (hasattr(type(obj), "columns") or hasattr(type(obj), "column_names")):
        return False
    import narwhals as nw

    return bool(nw.dependencies.is_into_dataframe(obj))


def column_names(frame: Any) -> tuple[str, ...] | None:
    """Return the names of the columns, None if they are all numbers, as pandas' default ones.

    Raises
    ------
    ArgumentError
        If a name occurs twice, or only some are strings.
    """
    if isinstance(frame, Mapping):
        names = list(frame)
    else:
        names = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
    if len(set(names)) < len(names):
        twice = [name for position, name in enumerate(names) if name in names[:position]]
        raise ArgumentError.must("X", "have distinct column names", Phrase(f"{twice[0]!r} twice"))
    strings = sum(isinstance(name, str) for name in names)
    if strings == len(names):
        return tuple(names)
    if strings > 0:
        other = next(name for name in names if not isinstance(name, str))
        hint = "X.columns = X.columns.astype(str) makes them strings"
        raise ArgumentError.must("X", "have strings as column names", other, hint)
    return None


def split_target(frame: Any, y: str) -> tuple[Any, AnyArray]:
    """Split a data frame into the frame without column `y`, and that column as an array.

    Raises
    ------
    ArgumentError
        If `frame` is not a data frame or has no such column.
    DataError
        If the column holds something else than finite numbers.
    """
    rest, target, kind = split_column(frame, y)
    if kind != "number":
        raise errors.text_target(y)
    return rest, target


def split_column(frame: Any, y: str) -> tuple[Any, AnyArray, Literal["number", "text"]]:
    """Split a data frame into the frame without column `y`, and that column of either kind.

    Returns
    -------
    frame, column, kind
        The column as finite numbers, or as an object array of labels.

    Raises
    ------
    ArgumentError
        If `frame` is not a data frame or has no such column.
    DataError
        If the column holds something else than finite numbers and text, or has a gap.
    """
    if not is_frame(frame):
        raise ArgumentError.must_be("X", "a data frame when `y` is the name of a column", frame)
    names = column_names(frame) or ()
    if y not in names:
        got = Phrase(f"{y!r}, while the columns are {listed(names, 20)}")
        raise ArgumentError.must_be("y", "an array or the name of a column of `X`", got)
    wrapped = _wrap(frame)
    column = Column.of(wrapped, y, y)
    rest = wrapped.drop(y).to_native()
    if column.kind == "text":
        labels = np.asarray(wrapped.get_column(y).to_numpy(), dtype=object)
        gaps = [row for row, label in enumerate(labels) if not isinstance(label, str)]
        if gaps:
            raise errors.bad_target(y, math.nan, gaps[0])
        return rest, labels, "text"
    target = column.numbers(wrapped, y)
    if not np.isfinite(target).all():
        row = int(np.flatnonzero(~np.isfinite(target))[0])
        raise errors.bad_target(y, float(target[row]), row)
    return rest, target, "number"


def _wrap(frame: Any) -> Any:
    """Return `frame` as a narwhals frame, or as the small likeness of one for a dict."""
    if isinstance(frame, Mapping):
        return PlainFrame(frame)
    import narwhals as nw

    return nw.from_native(frame, eager_only=True)


def numbers_of(frame: Any) -> tuple[AnyArray, tuple[str, ...] | None]:
    """Return the numbers of a frame whose columns are all numeric or boolean, and their names.

    The array is the frame's own memory where the frame keeps its columns in one block.
    """
    names = column_names(frame)
    encoder = FrameEncoder()._fit(frame, names, allow_text=False)
    return encoder.transform(frame), names


class FrameEncoder:
    """Turn data frames into arrays of numbers, always with the same columns.

    Numeric and boolean columns stay as they are. A text or categorical column becomes one 0/1
    column for each level, named like `sex=female`: every level, because under a penalty none has
    to be left out; with `drop="commonest"` all but the commonest, for an unpenalised fit.

    Parameters
    ----------
    drop : {"none", "commonest"}, default "none"
        Levels without a column of their own. Ties go to the level that sorts first.

    Attributes
    ----------
    names_in : tuple of str
        Names of the frame's columns.
    names_out : tuple of str
        Names of the array's columns.
    levels : dict of str to tuple of str
        Levels of each text column, sorted.
    sources : dict of str to tuple of int
        For each frame column, the positions of its columns in the array.
    """

    names_in: tuple[str, ...]
    names_out: tuple[str, ...]

    def __init__(self, drop: Drop = "none") -> None:
        check_choice("drop", drop, ("none", "commonest"))
        self.drop: Drop = drop

    def fit(self, frame: Any) -> Self:
        """Store the names and levels of `frame`.

        Raises
        ------
        DataError
            If a text value is missing; if a column holds dates, mixed types, or as many levels
            as there are rows.
        ArgumentError
            If a column name occurs twice, also after encoding.
        """
        return self._fit(frame, column_names(frame), allow_text=True)

    def _fit(self, frame: Any, names: tuple[str, ...] | None, allow_text: bool) -> Self:
        wrapped = _wrap(frame)
        keys = wrapped.columns
        shown = names if names is not None else tuple(str(key) for key in keys)
        found = []
        for key, name in zip(keys, shown, strict=True):
            column = Column.of(wrapped, key, name)
            if column.kind == "text":
                if not allow_text:
                    raise errors.text_column(name)
                column = column.with_levels(wrapped, key, self.drop)
            found.append(column)
        self._set(tuple(found))
        return self

    def _set(self, columns: tuple[Column, ...]) -> None:
        self._columns = columns
        self.names_in = tuple(column.name for column in columns)
        self.names_out = tuple(name for column in columns for name in column.names_out)
        if len(set(self.names_out)) < len(self.names_out):
            twice = [name for at, name in enumerate(self.names_out) if name in self.names_out[:at]]
            got = Phrase(f"{twice[0]!r} both as a column and as a level of a text column")
            raise ArgumentError.must("X", "have distinct column names", got)

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels of each text column, sorted."""
        return {column.name: column.levels for column in self._columns if column.kind == "text"}

    @property
    def sources(self) -> dict[str, tuple[int, ...]]:
        """For each frame column, the positions of its columns in the array."""
        result, start = {}, 0
        for column in self._columns:
            stop = start + len(column.names_out)
            result[column.name] = tuple(range(start, stop))
            start = stop
        return result

    def transform(
        self,
        frame: Any,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> AnyArray:
        """Return the numbers of `frame`, one column for each of `names_out`.

        Columns are found by name, so their order in `frame` does not matter. Missing numbers
        become NaN, for `as_matrix` to refuse. The array is the frame's own memory if all columns
        are numbers of one block, otherwise a new float64 array in Fortran order.

        Parameters
        ----------
        frame : data frame
        unseen : {"error", "base"}, default "error"
            What to do with a level that was not there in `fit`: "base" sets all its column's
            indicators to 0 (with `drop="commonest"` that is the commonest level).
        extra : {"error", "ignore"}, default "error"
            What to do with columns that were not there in `fit`.
        """
        check_choice("unseen", unseen, ("error", "base"))
        check_choice("extra", extra, ("error", "ignore"))
        names = column_names(frame)
        wrapped = _wrap(frame)
        keys = dict(zip(names or map(str, wrapped.columns), wrapped.columns, strict=True))
        missing = [name for name in self.names_in if name not in keys]
        if missing:
            raise errors.missing_columns(missing)
        known = set(self.names_in)
        surplus = [name for name in keys if name not in known]
        if surplus and extra == "error":
            raise errors.extra_columns(surplus)
        if self._all_numeric(wrapped, keys):
            if list(keys) != list(self.names_in):
                wrapped = wrapped.select([keys[name] for name in self.names_in])
            numbers: AnyArray = wrapped.to_numpy()
            return numbers
        out = np.zeros((len(wrapped), len(self.names_out)), order="F")
        start = 0
        for column in self._columns:
            if column.kind == "number":
                out[:, start] = column.numbers(wrapped, keys[column.name])
            else:
                rows, places = column.indicators(wrapped, keys[column.name], unseen)
                out[rows, start + places] = 1.0
            start += len(column.names_out)
        return out

    def _all_numeric(self, frame: nw.DataFrame[Any], keys: Mapping[str, Any]) -> bool:
        """Return whether `to_numpy` of the wanted columns needs no conversion of ours."""
        schema = frame.schema
        return all(
            column.kind == "number"
            and (schema[keys[column.name]].is_float() or schema[keys[column.name]].is_integer())
            for column in self._columns
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` needs to make an equal encoder, ready for JSON."""
        columns = []
        for column in self._columns:
            entry: dict[str, Any] = {"name": column.name, "kind": column.kind}
            if column.kind == "text":
                entry |= {"levels": list(column.levels), "base": column.base}
            columns.append(entry)
        return {"drop": self.drop, "columns": columns}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the encoder that `to_dict` described."""
        encoder = cls(stored["drop"])
        encoder._set(
            tuple(
                Column(
                    entry["name"], entry["kind"], tuple(entry.get("levels", ())), entry.get("base")
                )
                for entry in stored["columns"]
            )
        )
        return encoder
