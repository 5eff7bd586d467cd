"""A dict of columns as a data frame: what narwhals does for the frames of libraries, in short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage import errors
from shrinkage._typing import AnyArray, BoolArray

if TYPE_CHECKING:
    import narwhals as nw


class PlainFrame:
    """Named one-dimensional arrays of equal length, with the part of narwhals' frames used here.

    Parameters
    ----------
    columns : mapping of str to array-like of shape (n_rows,)
        Numbers, booleans, or strings with None where one is missing.

    Raises
    ------
    ArgumentError
        If a column is not one-dimensional, or the lengths differ.
    """

    def __init__(self, columns: Mapping[Any, Any]) -> None:
        self._series = {name: PlainSeries(_vector(name, v)) for name, v in columns.items()}
        lengths = {name: len(series) for name, series in self._series.items()}
        self._length = next(iter(lengths.values()), 0)
        for name, length in lengths.items():
            if length != self._length:
                raise errors.wrong_length(str(name), length, self._length)

    def __len__(self) -> int:
        return self._length

    @property
    def columns(self) -> list[Any]:
        """Names of the columns."""
        return list(self._series)

    @property
    def schema(self) -> dict[Any, nw.dtypes.DType]:
        """Type of each column."""
        return {name: series.dtype for name, series in self._series.items()}

    def get_column(self, name: Any) -> PlainSeries:
        """Return one column."""
        return self._series[name]

    def select(self, names: list[Any]) -> PlainFrame:
        """Return the frame of the columns `names`, in that order."""
        return PlainFrame({name: self._series[name].to_numpy() for name in names})

    def drop(self, name: Any) -> PlainFrame:
        """Return the frame without one column."""
        return self.select([other for other in self._series if other != name])

    def to_native(self) -> dict[Any, AnyArray]:
        """Return the columns as a dict again."""
        return {name: series.to_numpy() for name, series in self._series.items()}

    def to_numpy(self) -> AnyArray:
        """Return columns of numbers as one array in Fortran order."""
        columns = [series.to_numpy() for series in self._series.values()]
        out = np.empty((self._length, len(columns)), np.result_type(*columns), order="F")
        for j, column in enumerate(columns):
            out[:, j] = column
        return out


class PlainSeries:
    """One column of a `PlainFrame`."""

    def __init__(self, values: AnyArray) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    @property
    def dtype(self) -> nw.dtypes.DType:
        """The narwhals type; text is a column in which every value is a str or missing."""
        import narwhals as nw

        values = self._values
        if values.dtype == object:
            text = all(value is None or isinstance(value, str) for value in values)
            return nw.String() if text else nw.Object()
        kinds: dict[str, nw.dtypes.DType] = {
            "b": nw.Boolean(),
            "i": nw.Int64(),
            "u": nw.UInt64(),
            "f": nw.Float64(),
            "U": nw.String(),
            "M": nw.Datetime(),
            "m": nw.Duration(),
        }
        return kinds.get(values.dtype.kind, nw.Object())

    def to_numpy(self) -> AnyArray:
        """Return the values."""
        return self._values

    def cast(self, dtype: Any) -> PlainSeries:
        """Return the values as text or as float64."""
        import narwhals as nw

        return PlainSeries(self._values.astype(str if dtype == nw.String else np.float64))

    def is_null(self) -> PlainSeries:
        """Return where a value is missing."""
        values = self._values
        if values.dtype == object:
            absent: BoolArray = np.array([value is None for value in values], dtype=bool)
        else:
            absent = np.zeros(len(values), dtype=bool)
        return PlainSeries(absent)


def _vector(name: Any, values: Any) -> AnyArray:
    array = values if isinstance(values, np.ndarray) else np.array(values)
    if array.dtype.kind == "U" and not isinstance(values, np.ndarray):
        # NumPy turns a list of strings and numbers, or None, into strings.
        array = np.array(values, dtype=object)
    if array.ndim != 1:
        raise errors.ArgumentError.must_be(
            str(name), "a vector", errors.Phrase(f"an array of shape {array.shape}")
        )
    return array
