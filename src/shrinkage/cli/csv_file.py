"""CSV and TSV, by the standard library's csv module: the same answer whatever is installed."""

from __future__ import annotations

import csv
import io
import itertools
import re
from array import array
from collections.abc import Collection, Iterator
from typing import BinaryIO

import numpy as np

from shrinkage._typing import AnyArray, FloatArray
from shrinkage.cli.table import COMMAS, DATES, Table
from shrinkage.errors import ArgumentError, Phrase

MISSING = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>"})

# Strings take ten times the memory of numbers, so rows are turned into columns in blocks.
_BLOCK_ROWS = 10_000
_DATE = re.compile(
    r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))([T ]\d{1,2}:\S*)?\s*"
)
_COMMA = re.compile(r"[-+]?\d*,?\d+")


class _TextFound(Exception):
    """A column that looked like numbers turned out to be text."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def read_csv(
    stream: BinaryIO, source: str, *, decimal: str, text_columns: Collection[str]
) -> Table:
    """Read a table from UTF-8 text whose first line holds the names of the columns.

    The delimiter (comma, semicolon or tab) is the one that the first line has most of. A
    column is numbers if every cell is one or is missing; otherwise it is text.
    """
    as_text = set(text_columns)
    while True:
        stream.seek(0)
        try:
            return _parse(stream, source, decimal, as_text)
        except _TextFound as found:
            as_text.add(found.name)
        except UnicodeDecodeError as error:
            raise ArgumentError.must_be(
                "DATA",
                "text in UTF-8",
                Phrase(f"the byte 0x{error.object[error.start]:02x} in {source}"),
                "save the file in UTF-8, or convert it with `iconv -f LATIN1 -t UTF-8`",
            ) from None
        except csv.Error as error:
            raise ArgumentError.cannot("DATA", f"be read as CSV: {source}: {error}") from None


def _parse(stream: BinaryIO, source: str, decimal: str, as_text: set[str]) -> Table:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        first = text.readline()
        if not first.strip():
            got = Phrase(f"an empty {'first line' if first else 'file'} ({source})")
            raise ArgumentError.must("DATA", "have a line with column names", got)
        reader = csv.reader(
            itertools.chain([first], text),
            delimiter=_delimiter(first, source, decimal),
            strict=True,
        )
        names = _header(next(reader), source)
        lines = array("q")
        builders = [_Column(name, decimal, text=name in as_text) for name in names]
        for block in _blocks(reader, len(names), source, lines):
            for builder, cells in zip(builders, zip(*block, strict=True), strict=True):
                builder.add(cells)
    finally:
        text.detach()  # the wrapper would close the stream, which may have to be read again
    if not lines:
        raise ArgumentError.must("DATA", "have rows below its header", Phrase(f"none in {source}"))
    columns = {builder.name: builder.finish() for builder in builders}
    kinds = {name: _unusable_kind(values) for name, values in columns.items()}
    unusable = {name: kind for name, kind in kinds.items() if kind is not None}
    return Table(columns, source, len(lines), unusable, lines)


def _delimiter(first: str, source: str, decimal: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", first)
    counts = {mark: unquoted.count(mark) for mark in ("\t", ";", ",")}
    if decimal == "," and counts[","] and not counts[";"] and not counts["\t"]:
        raise ArgumentError.cannot(
            "--decimal ,", f"be used where commas separate the columns ({source})"
        )
    if decimal == ",":
        counts[","] = 0
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _header(names: list[str], source: str) -> list[str]:
    names = [name.strip() for name in names]
    if all(_is_number(name) for name in names):
        raise ArgumentError.must(
            "DATA",
            "begin with a line of column names",
            Phrase(f"numbers ({source})"),
        )
    if "" in names:
        raise ArgumentError.must(
            "DATA",
            "name every column",
            Phrase(f"no name for column {names.index('')} ({source})"),
            "a row index is left out by to_csv(index=False) in pandas and row.names=FALSE in R",
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ArgumentError.must(
                "DATA", "have different names for its columns", Phrase(f"`{name}` twice ({source})")
            )
        seen.add(name)
    return names


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _blocks(
    reader: Iterator[list[str]], n_columns: int, source: str, lines: array[int]
) -> Iterator[list[list[str]]]:
    """Yield the rows in blocks; blank lines are skipped, ragged rows refused."""
    block: list[list[str]] = []
    for row in reader:
        if not row:
            continue
        line = reader.line_num  # type: ignore[attr-defined]
        if len(row) != n_columns:
            raise ArgumentError.must(
                "DATA",
                f"have {n_columns} cells in every row",
                Phrase(f"{len(row)} in line {line} of {source}"),
            )
        lines.append(line)
        block.append(row)
        if len(block) == _BLOCK_ROWS:
            yield block
            block = []
    if block:
        yield block


class _Column:
    """Collects the cells of one column, as numbers for as long as they are numbers."""

    def __init__(self, name: str, decimal: str, *, text: bool) -> None:
        self.name = name
        self._decimal = decimal
        self._text = text
        self._numbers: list[FloatArray] = []
        self._strings: list[str | None] = []

    def add(self, cells: tuple[str, ...]) -> None:
        if not self._text:
            numbers = _as_numbers(cells, self._decimal)
            if numbers is not None:
                self._numbers.append(numbers)
                return
            if self._numbers:
                raise _TextFound(self.name)
            self._text = True
        self._strings.extend(None if cell.strip() in MISSING else cell.strip() for cell in cells)

    def finish(self) -> AnyArray:
        if not self._text:
            return np.concatenate(self._numbers)
        values = np.empty(len(self._strings), object)
        values[:] = self._strings
        return values


def _as_numbers(cells: tuple[str, ...], decimal: str) -> FloatArray | None:
    """Return the cells as numbers, NaN where missing, or None if one is something else."""
    joined = "".join(cells)
    # float() reads the underscores of Python's own literals; in data, "2024_01" is a label.
    if "_" in joined or (decimal == "," and "." in joined):
        return None
    if decimal == ",":
        cells = tuple(cell.replace(",", ".") for cell in cells)
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        pass
    try:
        filled = ["nan" if cell.strip() in MISSING else cell for cell in cells]
        return np.array(filled, dtype=np.float64)
    except ValueError:
        return None


def _unusable_kind(values: AnyArray) -> str | None:
    """Return what a column of text is if it had better not be taken for categories."""
    if values.dtype != object:
        return None
    cells = [value for value in values if value is not None]
    if all(_DATE.fullmatch(cell) for cell in cells):
        return DATES
    comma = any("," in cell for cell in cells)
    return COMMAS if comma and all(_COMMA.fullmatch(cell) for cell in cells) else None
