"""A table of named columns, read from a file, a pipe or a packaged example.

Rows and columns of a table that was read from text are named by their line and header.
"""

from __future__ import annotations

import difflib
import io
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from shrinkage._typing import AnyArray, BoolArray
from shrinkage.comparison.example import EXAMPLES, read_example
from shrinkage.errors import ArgumentError, Phrase

# What a column can be instead of numbers or text.
DATES = "dates"
COMMAS = "numbers with a decimal comma"

# The first bytes of files that are often given the name of a CSV file.
_SIGNATURES = (
    (b"PAR1", "a Parquet file", "give it a name that ends in .parquet"),
    (b"\x1f\x8b", "a gzip file", "unpack it first, for example `gunzip -c FILE | shrinkage ... -`"),
    (b"PK\x03\x04", "a zip file or an Excel workbook", "save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save the sheet as CSV"),
    (b"BZh", "a bzip2 file", "unpack it first"),
    (b"\xfd7zXZ", "an xz file", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstandard file", "unpack it first"),
    (b"\xff\xfe", "text in UTF-16", "save it in UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it in UTF-8"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
)


@dataclass(frozen=True)
class Table:
    """Named columns of equal length.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        float64 with NaN where a number is missing, or object: str, and None where missing.
    source : str
        What was read, as the user named it.
    n_rows : int
    unusable : dict of str to str
        Columns that are neither numbers nor text: what they are instead.
    lines : sequence of int or None
        Line of the file on which each row ends, for messages.
    """

    columns: dict[str, AnyArray]
    source: str
    n_rows: int
    unusable: dict[str, str] = field(default_factory=dict)
    lines: Sequence[int] | None = None

    def place(self, row: int) -> str:
        """Return where `row` is, in words."""
        return f"row {row}" if self.lines is None else f"line {self.lines[row]}"

    def take(self, keep: BoolArray) -> Table:
        """Return the rows for which `keep` is true."""
        lines = None if self.lines is None else np.asarray(self.lines)[keep].tolist()
        columns = {name: values[keep] for name, values in self.columns.items()}
        return Table(columns, self.source, int(keep.sum()), self.unusable, lines)


def missing(values: AnyArray) -> BoolArray:
    """Return where a column has no value."""
    if values.dtype == object:
        return np.fromiter((value is None for value in values), bool, len(values))
    return np.isnan(values)


def suggestion(name: str, names: Iterable[str]) -> str | None:
    """Return a hint with the names closest to `name`, or with the first of all names."""
    known = list(names)
    folded = {known_name.casefold(): known_name for known_name in reversed(known)}
    close = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"`{folded[match]}`" for match in close) + "?"
    if not known:
        return None
    shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    return f"the columns are {shown}"


def read_table(source: str, *, decimal: str = ".", text_columns: Collection[str] = ()) -> Table:
    """Read a table from `source`.

    Parameters
    ----------
    source : str
        Path of a CSV, TSV or Parquet file, "-" for CSV from standard input, or a packaged
        example such as "example:diabetes".
    decimal : "." or ","
        Decimal mark of CSV and TSV.
    text_columns : collection of str
        Columns to read as text although every cell is a number.

    Raises
    ------
    ArgumentError
        If `source` can't be read, or isn't what its name says.
    MissingDependencyError
        If a Parquet file is read without pyarrow.
    """
    if source.startswith("example:"):
        columns = read_example(source, "DATA")
        return Table(columns, source, len(columns[EXAMPLES[source]]))
    if source == "-":
        return _read_text(
            io.BytesIO(sys.stdin.buffer.read()), "standard input", decimal, text_columns
        )
    path = Path(source)
    if path.suffix.lower() in (".parquet", ".pq"):
        from shrinkage.cli.parquet_file import read_parquet

        with _open(path):
            pass
        return read_parquet(path, text_columns)
    with _open(path) as stream:
        # A named pipe can't be read twice, which a file may have to be.
        again = stream if stream.seekable() else io.BytesIO(stream.read())
        return _read_text(again, source, decimal, text_columns)


def _open(path: Path) -> BinaryIO:
    """Open a file for reading; every way in which that fails is one sentence."""
    if path.is_dir():
        raise ArgumentError.must_be("DATA", "a file", Phrase(f"the directory {path}"))
    try:
        return path.open("rb")
    except FileNotFoundError:
        hint = None
        if path.parent.is_dir():
            close = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], 1)
            hint = f"did you mean {path.with_name(close[0])}?" if close else None
        raise ArgumentError.must_be("DATA", "a file that exists", Phrase(str(path)), hint) from None
    except OSError as error:
        raise ArgumentError.cannot("DATA", f"be read: {path}: {error.strerror}") from None


def _read_text(stream: BinaryIO, source: str, decimal: str, text_columns: Collection[str]) -> Table:
    from shrinkage.cli.csv_file import read_csv

    head = stream.read(4096)
    for signature, kind, hint in _SIGNATURES:
        if head.startswith(signature):
            raise ArgumentError.must_be("DATA", "CSV text", Phrase(f"{kind} ({source})"), hint)
    if b"\0" in head:
        raise ArgumentError.must_be("DATA", "CSV text", Phrase(f"binary data ({source})"))
    stream.seek(0)
    return read_csv(stream, source, decimal=decimal, text_columns=text_columns)
