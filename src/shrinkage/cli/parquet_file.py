"""Parquet, by pyarrow, which the extra `cli` brings."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from shrinkage._typing import AnyArray
from shrinkage.cli.table import DATES, Table
from shrinkage.errors import ArgumentError, MissingDependencyError, Phrase


def read_parquet(path: Path, text_columns: Collection[str]) -> Table:
    """Read the columns of numbers, booleans and text of a Parquet file."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingDependencyError.needs(str(path), "pyarrow", "cli") from None
    try:
        data = pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise ArgumentError.must_be(
            "DATA", "a Parquet file", Phrase(f"something else ({path})")
        ) from None
    names = data.column_names
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError.must(
                "DATA", "have different names for its columns", Phrase(f"`{name}` twice ({path})")
            )
    if not data.num_rows or not names:
        raise ArgumentError.must("DATA", "have rows and columns", Phrase(f"none in {path}"))
    columns: dict[str, AnyArray] = {}
    unusable: dict[str, str] = {}
    for name in names:
        values, kind = _column(pa, data.column(name), name in text_columns)
        columns[name] = values
        if kind is not None:
            unusable[name] = kind
    return Table(columns, str(path), data.num_rows, unusable)


def _column(pa: Any, column: Any, as_text: bool) -> tuple[AnyArray, str | None]:
    """Return the values of one column, and what it is if it is neither numbers nor text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or as_text:
        values = np.empty(len(column), object)
        values[:] = column.cast(pa.string()).to_pylist()
        return values, None
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if numeric or pa.types.is_boolean(kind):
        as_float = column.cast(pa.float64(), safe=False)
        return as_float.to_numpy().astype(np.float64), None
    dates = pa.types.is_temporal(kind)
    return np.zeros(len(column)), DATES if dates else f"values of type {kind}"
