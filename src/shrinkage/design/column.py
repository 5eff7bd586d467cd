"""One column of a data frame, as numbers or as indicators of its levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from shrinkage import errors
from shrinkage._typing import FloatArray, IndexArray
from shrinkage._validate import as_numbers

if TYPE_CHECKING:
    import narwhals as nw

Drop = Literal["none", "commonest"]


@dataclass(frozen=True)
class Column:
    """One column of a frame: what it holds and, for text, its levels in sorted order."""

    name: str
    kind: Literal["number", "text"]
    levels: tuple[str, ...] = ()
    base: str | None = None  # the level without an indicator

    @classmethod
    def of(cls, frame: nw.DataFrame[Any], key: Any, name: str) -> Column:
        """Return the column `key` of `frame`, still without its levels."""
        import narwhals as nw

        dtype = frame.get_column(key).dtype
        if dtype.is_numeric() or dtype == nw.Boolean:
            return cls(name, "number")
        if dtype in (nw.String, nw.Categorical, nw.Enum):
            return cls(name, "text")
        if dtype.is_temporal():
            raise errors.date_column(name, type(dtype).__name__)
        values = frame.get_column(key).to_numpy()
        if dtype == nw.Object and all(_is_real(value) for value in values):
            return cls(name, "number")
        _refuse_missing(frame, key, name)
        if all(isinstance(value, (date, time)) for value in values):
            raise errors.date_column(name, type(values[0]).__name__)
        raise errors.mixed_column(name, str(dtype))

    @property
    def shown(self) -> tuple[str, ...]:
        """The levels that have an indicator."""
        return tuple(level for level in self.levels if level != self.base)

    @property
    def names_out(self) -> tuple[str, ...]:
        """Names of the column's columns in the array."""
        if self.kind == "number":
            return (self.name,)
        return tuple(f"{self.name}={level}" for level in self.shown)

    def numbers(self, frame: nw.DataFrame[Any], key: Any) -> FloatArray:
        """Return the column as float64; missing numbers are NaN."""
        import narwhals as nw

        values = frame.get_column(key)
        dtype = values.dtype
        if dtype == nw.Boolean or dtype.is_decimal():
            values = values.cast(nw.Float64)
        elif not dtype.is_numeric() and dtype != nw.Object:
            raise errors.not_as_fitted(self.name, "numbers", f"a column of type {dtype}")
        return as_numbers(self.name, values.to_numpy()).astype(np.float64, copy=False)

    def with_levels(self, frame: nw.DataFrame[Any], key: Any, drop: Drop) -> Column:
        """Return the column with the levels found in `frame`."""
        levels, codes = self._text(frame, key)
        if len(levels) == len(codes) > 1:
            raise errors.identifier_column(self.name)
        base = levels[int(np.bincount(codes).argmax())] if drop == "commonest" else None
        return Column(self.name, "text", tuple(levels), base)

    def indicators(
        self, frame: nw.DataFrame[Any], key: Any, unseen: str
    ) -> tuple[IndexArray, IndexArray]:
        """Return rows and positions in `shown` at which the indicators are 1."""
        found, codes = self._text(frame, key)
        position = {level: index for index, level in enumerate(self.shown)}
        if unseen == "error":
            new = np.array([level not in self.levels for level in found], dtype=np.bool_)[codes]
            if new.any():
                row = int(np.flatnonzero(new)[0])
                raise errors.unseen_level(self.name, found[codes[row]], row, self.levels)
        lookup = np.array([position.get(level, -1) for level in found], dtype=np.intp)
        places = lookup[codes]
        rows = np.flatnonzero(places >= 0)
        return rows, places[rows]

    def _text(self, frame: nw.DataFrame[Any], key: Any) -> tuple[list[str], IndexArray]:
        """Return the sorted levels that occur, and for each row the position of its level."""
        import narwhals as nw

        dtype = frame.get_column(key).dtype
        # A file of codes such as postcodes may be read as integers the second time.
        if not (dtype in (nw.String, nw.Categorical, nw.Enum) or dtype.is_integer()):
            raise errors.not_as_fitted(self.name, "text", f"a column of type {dtype}")
        _refuse_missing(frame, key, self.name)
        values = frame.get_column(key).cast(nw.String).to_numpy().astype(object)
        levels, codes = np.unique(values, return_inverse=True)
        return levels.tolist(), codes


def _is_real(value: object) -> bool:
    return isinstance(value, (int, float, np.number, np.bool_)) and not np.iscomplexobj(value)


def _refuse_missing(frame: nw.DataFrame[Any], key: Any, name: str) -> None:
    missing = frame.get_column(key).is_null().to_numpy()
    if missing.any():
        raise errors.missing_value("X", name, int(np.flatnonzero(missing)[0]))
