"""Which column of a table plays which part: features, target, weights, offset, groups."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shrinkage._typing import AnyArray, FloatArray
from shrinkage.cli.table import COMMAS, DATES, Table, missing, suggestion
from shrinkage.errors import ArgumentError, Phrase, listed


@dataclass(frozen=True)
class Roles:
    """The columns of a table by the part they play.

    Attributes
    ----------
    features : dict of str to ndarray of shape (n_rows,)
    target : ndarray of shape (n_rows,) or None
        Numbers, or labels.
    weights, offset : ndarray of shape (n_rows,) or None
    groups : ndarray of shape (n_rows,) or None
        Labels; rows with the same label are held out together.
    n_dropped : int
        Rows left out because a value was missing.
    place : callable
        Says in words where a row is.
    """

    features: dict[str, AnyArray]
    target: AnyArray | None
    weights: FloatArray | None
    offset: FloatArray | None
    groups: AnyArray | None
    n_dropped: int = 0
    place: Callable[[int], str] = "row {}".format


def assign(
    table: Table,
    *,
    target: str | None = None,
    weights: str | None = None,
    offset: str | None = None,
    exposure: str | None = None,
    groups: str | None = None,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    features: Iterable[str] | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
    drop_missing: bool = False,
    labels: bool = False,
) -> Roles:
    """Give the columns of `table` their parts.

    Parameters
    ----------
    table : Table
    target, weights, offset, groups : str, optional
        Names of columns.
    exposure : str, optional
        Name of a column whose logarithm is the offset.
    keep, drop : sequence of str
        Patterns (`*`, `?`, `[...]`) of the features to use and to leave out; `drop` wins.
    features : iterable of str, optional
        The features, all of which must be there; by default every column without another part.
    levels : mapping of str to sequence of str, optional
        The only values that these features may have.
    drop_missing : bool
        Leave out rows with a missing value in a column that is used; otherwise that is an error.
    labels : bool
        Whether the target may be text.
    """
    named = {
        "--target": target,
        "--weights": weights,
        "--offset": offset,
        "--exposure": exposure,
        "--groups": groups,
    }
    for option, name in named.items():
        if name is not None and name not in table.columns:
            raise _no_column(option, name, table)
    taken = [name for name in named.values() if name is not None]
    if features is None:
        names = _chosen(table, taken, keep, drop)
    else:
        names = list(features)
        for name in names:
            if name not in table.columns:
                raise _no_column("MODEL", name, table)
    for name in [*taken, *names]:
        _check_usable(table, name)
    n_rows = table.n_rows
    if drop_missing:
        table = _without_missing(table, [*taken, *names])
    else:
        hint = "--missing drop leaves out such rows where a model is fitted"
        _refuse_gaps(table, [*taken, *names], hint if features is None else None)
    _refuse_infinite(table, [*taken, *names])
    _refuse_unseen(table, levels or {})
    known = _numbers(table, "--offset", offset)
    return Roles(
        {name: table.columns[name] for name in names},
        table.columns[target] if labels and target else _numbers(table, "--target", target),
        _numbers(table, "--weights", weights),
        known if exposure is None else _logarithm(table, exposure),
        None if groups is None else _codes(table.columns[groups]),
        n_rows - table.n_rows,
        lambda row: f"{table.place(row)} of {table.source}",
    )


def _chosen(
    table: Table, taken: Sequence[str], keep: Sequence[str], drop: Sequence[str]
) -> list[str]:
    """Return the columns that have no other part and that the patterns let through."""
    names = _matching([name for name in table.columns if name not in taken], keep, drop)
    if names:
        return names
    got = Phrase("none" if not (keep or drop) else "none that --keep and --drop leave")
    raise ArgumentError.must("DATA", "have a column beside the target", got)


def _no_column(option: str, name: str, table: Table) -> ArgumentError:
    hint = suggestion(name, table.columns)
    if option == "MODEL":
        got = Phrase(f"no column {name!r} in {table.source}")
        return ArgumentError.must("DATA", "have the columns that the model knows", got, hint)
    return ArgumentError.must(option, f"name a column of {table.source}", name, hint)


def _matching(names: list[str], keep: Sequence[str], drop: Sequence[str]) -> list[str]:
    for option, patterns in (("--keep", keep), ("--drop", drop)):
        for pattern in patterns:
            if not fnmatch.filter(names, pattern):
                raise ArgumentError.must(
                    option, "match a feature", pattern, suggestion(pattern, names)
                )

    def matches(name: str, patterns: Sequence[str]) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    return [name for name in names if (not keep or matches(name, keep)) and not matches(name, drop)]


def _check_usable(table: Table, name: str) -> None:
    kind = table.unusable.get(name)
    if kind is None:
        return
    hint = f"leave it out with --drop {name!r}"
    if kind == DATES:
        hint += ", or turn it into a number, such as the days since a fixed date"
    elif kind == COMMAS:
        hint = "read the file with --decimal ,"
    raise ArgumentError.must_be(name, "a column of numbers or text", Phrase(kind), hint)


def _refuse_gaps(table: Table, names: list[str], hint: str | None) -> None:
    """Refuse missing values."""
    for name in names:
        rows = np.flatnonzero(missing(table.columns[name]))
        if rows.size:
            others = f" and {rows.size - 1} more" if rows.size > 1 else ""
            raise ArgumentError.must(
                name,
                "have a value in every row",
                Phrase(f"none in {table.place(int(rows[0]))} of {table.source}{others}"),
                hint,
            )


def _refuse_infinite(table: Table, names: list[str]) -> None:
    for name in names:
        values = table.columns[name]
        if values.dtype != object and np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            got = Phrase(f"{values[row]} in {table.place(row)} of {table.source}")
            raise ArgumentError.must_be(name, "finite", got)


def _refuse_unseen(table: Table, levels: Mapping[str, Sequence[str]]) -> None:
    for name, known in levels.items():
        allowed = frozenset(known)
        for row, value in enumerate(table.columns[name]):
            if value not in allowed:
                raise ArgumentError.must(
                    name,
                    "hold values that the model has seen",
                    Phrase(f"{value!r} in {table.place(row)} of {table.source}"),
                    f"the model knows {listed(known, 10)}; --unseen base goes on without an effect",
                )


def _without_missing(table: Table, names: list[str]) -> Table:
    keep = np.ones(table.n_rows, bool)
    for name in names:
        keep &= ~missing(table.columns[name])
    if not keep.any():
        raise ArgumentError.must(
            "--missing drop",
            "leave rows to fit",
            Phrase("a missing value in every row"),
            "leave out the emptiest columns with --drop",
        )
    return table.take(keep)


def _numbers(table: Table, option: str, name: str | None) -> FloatArray | None:
    if name is None:
        return None
    values = table.columns[name]
    if values.dtype != object:
        return values
    texts = list(dict.fromkeys(values))
    raise ArgumentError.must(
        option,
        "name a column of numbers",
        Phrase(f"{name!r} with {listed(texts, 3)}"),
    )


def _logarithm(table: Table, name: str) -> FloatArray:
    """Return the logarithm of the exposure."""
    values = _numbers(table, "--exposure", name)
    assert values is not None
    rows = np.flatnonzero(values <= 0.0)
    if rows.size:
        got = Phrase(f"{values[rows[0]]:g} in {table.place(int(rows[0]))} of {table.source}")
        raise ArgumentError.must("--exposure", "be above 0 in every row", got)
    return np.asarray(np.log(values))


def _codes(values: AnyArray) -> AnyArray:
    """Return a number for each label."""
    labels = values.astype(str) if values.dtype == object else values
    return np.unique(labels, return_inverse=True)[1]
