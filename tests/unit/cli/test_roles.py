"""Which column plays which part."""

from __future__ import annotations

import numpy as np
import pytest

from shrinkage.cli.roles import assign
from shrinkage.cli.table import Table
from shrinkage.errors import ArgumentError


def table(**columns) -> Table:
    arrays = {}
    for name, values in columns.items():
        text = any(isinstance(value, str) for value in values)
        arrays[name] = np.array(values, dtype=object if text else float)
    n_rows = len(next(iter(arrays.values())))
    return Table(arrays, "t.csv", n_rows, lines=range(2, n_rows + 2))


TABLE = table(
    size=[1, 2, 3, 4], kind=["a", "b", "a", "a"], sizes=[4, 3, 2, 1], w=[1, 1, 2, 0], y=[1, 3, 2, 5]
)


def test_every_other_column_is_a_feature():
    roles = assign(TABLE, target="y", weights="w")
    assert list(roles.features) == ["size", "kind", "sizes"]
    np.testing.assert_array_equal(roles.target, [1, 3, 2, 5])
    np.testing.assert_array_equal(roles.weights, [1, 1, 2, 0])


def test_patterns_keep_and_drop():
    assert list(assign(TABLE, target="y", keep=["size*"]).features) == ["size", "sizes"]
    assert list(assign(TABLE, target="y", drop=["size?", "w"]).features) == ["size", "kind"]
    roles = assign(TABLE, target="y", keep=["size*"], drop=["sizes"])
    assert list(roles.features) == ["size"]


def test_groups_are_numbered():
    roles = assign(TABLE, target="y", groups="kind")
    np.testing.assert_array_equal(roles.groups, [0, 1, 0, 0])
    assert "kind" not in roles.features


def test_a_pattern_without_a_match_is_refused():
    with pytest.raises(ArgumentError, match=r"`--drop` must match a feature, got 'siez'"):
        assign(TABLE, target="y", drop=["siez"])


def test_dropping_every_feature_is_refused():
    with pytest.raises(ArgumentError, match="have a column beside the target"):
        assign(TABLE, target="y", drop=["*"])


@pytest.mark.parametrize("role", ["target", "weights", "offset", "groups"])
def test_a_missing_column_brings_the_closest_names(role):
    with pytest.raises(ArgumentError, match=f"--{role}.*got 'Size_'") as caught:
        assign(TABLE, **{role: "Size_"})
    assert "did you mean `size`" in str(caught.value)


def test_text_is_no_target():
    with pytest.raises(ArgumentError, match=r"`--target` must name a column of numbers"):
        assign(TABLE, target="kind")


HOLES = table(a=[1, np.nan, 3], b=["x", "y", None], y=[1, 2, 3])


def test_a_missing_value_is_named_with_its_line():
    with pytest.raises(ArgumentError, match=r"`a` must have a value in every row, .* line 3 of t"):
        assign(HOLES, target="y")


def test_rows_with_missing_values_are_left_out_when_asked_for():
    roles = assign(HOLES, target="y", drop_missing=True)
    assert roles.n_dropped == 2
    assert roles.target.tolist() == [1.0]
    roles = assign(HOLES, target="y", drop=["b"], drop_missing=True)
    assert roles.target.tolist() == [1.0, 3.0]


def test_leaving_out_every_row_is_refused():
    empty = table(a=[np.nan, np.nan], b=[1, 2], y=[1, 2])
    with pytest.raises(ArgumentError, match="must leave rows to fit"):
        assign(empty, target="y", drop_missing=True)


def test_a_missing_value_in_an_unused_column_does_not_matter():
    assert list(assign(HOLES, features=["y"]).features) == ["y"]


def test_infinity_is_refused_with_its_line():
    with pytest.raises(ArgumentError, match=r"`a` must be finite, got inf in line 3 of t.csv"):
        assign(table(a=[1, np.inf], y=[1, 2]), target="y")


def test_a_column_that_is_neither_numbers_nor_text_is_refused_only_if_used():
    dates = Table(
        {"d": np.array(["x"], object), "a": np.ones(1), "y": np.ones(1)}, "t.csv", 1, {"d": "dates"}
    )
    with pytest.raises(ArgumentError, match="got dates") as caught:
        assign(dates, target="y")
    assert "--drop 'd'" in str(caught.value)
    assert list(assign(dates, target="y", drop=["d"]).features) == ["a"]


def test_a_model_names_the_column_that_it_misses():
    with pytest.raises(ArgumentError, match=r"columns that the model knows, got no column 'siz'"):
        assign(TABLE, features=["siz"])
