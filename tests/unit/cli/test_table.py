"""Tables: what a file holds, and what each bad file says."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from shrinkage.cli.csv_file import _BLOCK_ROWS
from shrinkage.cli.table import read_table
from shrinkage.errors import ArgumentError, MissingDependencyError


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def columns_of(path: str, **options):
    table = read_table(path, **options)
    return {name: values.tolist() for name, values in table.columns.items()}


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_delimiter_is_detected(write, mark):
    text = "a,b\n1,x\n2,y\n".replace(",", mark)
    assert columns_of(write(text)) == {"a": [1.0, 2.0], "b": ["x", "y"]}


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_names(write):
    assert columns_of(write("\ufeffa,b\r\n1,2\r\n")) == {"a": [1.0], "b": [2.0]}


def test_quotes_protect_delimiters_quotes_and_line_ends(write):
    text = '"a,b";c\n"x;""y""";1\n"two\nlines";2\n'
    assert columns_of(write(text)) == {"a,b": ['x;"y"', "two\nlines"], "c": [1.0, 2.0]}


def test_blank_lines_are_skipped_and_spaces_are_no_part_of_a_value(write):
    assert columns_of(write("a, b\n1, x\n\n2,x\n\n")) == {"a": [1.0, 2.0], "b": ["x", "x"]}


def test_decimal_commas_are_read_when_asked_for(write):
    path = write("a;b\n1,5;2\n-0,25;3\n")
    assert columns_of(path, decimal=",") == {"a": [1.5, -0.25], "b": [2.0, 3.0]}


def test_decimal_commas_are_recognised_when_not_asked_for(write):
    assert read_table(write("a;b\n1,5;2\n-0,25;3\n")).unusable == {
        "a": "numbers with a decimal comma"
    }


def test_missing_numbers_are_nan_and_missing_text_is_none(write):
    found = columns_of(write("a,b\n1,x\nNA,\n,NULL\n"))
    np.testing.assert_array_equal(found["a"], [1.0, np.nan, np.nan])
    assert found["b"] == ["x", None, None]


def test_a_label_with_an_underscore_is_no_number(write):
    assert columns_of(write("a,b\n2020_01,1\n2020_02,2\n"))["a"] == ["2020_01", "2020_02"]


def test_text_far_down_makes_the_whole_column_text(write):
    path = write("a,b\n" + "01,2\n" * (_BLOCK_ROWS + 5) + "x,2\n")
    values = columns_of(path)["a"]
    assert set(values) == {"01", "x"}
    assert len(values) == _BLOCK_ROWS + 6


def test_a_column_of_numbers_is_text_when_asked_for(write):
    assert columns_of(write("a,b\n01,2\n"), text_columns={"a"}) == {"a": ["01"], "b": [2.0]}


@pytest.mark.parametrize("date", ["2024-01-31", "31.1.2024", "1/31/24", "2024-01-31T10:20:30Z"])
def test_dates_are_recognised(write, date):
    assert read_table(write(f"a,b\n{date},2\n{date},3\n")).unusable == {"a": "dates"}


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a,b\n1,2\n")))
    assert columns_of("-") == {"a": [1.0], "b": [2.0]}


def test_the_example_has_squares_and_interactions():
    table = read_table("example:diabetes")
    assert (table.n_rows, len(table.columns)) == (442, 65)
    np.testing.assert_array_equal(
        table.columns["bmi*bp"], table.columns["bmi"] * table.columns["bp"]
    )
    assert sum(name.endswith("^2") for name in table.columns) == 9


@pytest.mark.parametrize(
    ("name", "loader", "target"),
    [
        ("example:breast-cancer", "load_breast_cancer", "diagnosis"),
        ("example:wine", "load_wine", "cultivar"),
    ],
)
def test_examples_of_classes_are_those_of_scikit_learn(name, loader, target):
    datasets = pytest.importorskip("sklearn.datasets")
    source = getattr(datasets, loader)()
    table = read_table(name)
    assert list(table.columns) == [*source.feature_names, target]
    features = [values for column, values in table.columns.items() if column != target]
    np.testing.assert_array_equal(np.column_stack(features), source.data)
    assert table.columns[target].tolist() == source.target_names[source.target].tolist()


def test_the_example_of_counts_holds_integers():
    table = read_table("example:doctor-visits")
    assert (table.n_rows, len(table.columns)) == (2019, 10)
    visits = table.columns["visits"]
    assert (visits == np.floor(visits)).all()
    assert visits.min() == 0.0


BAD = {
    "an empty file": (b"", "must have a line with column names, got an empty file"),
    "no rows": (b"a,b\n", "must have rows below its header"),
    "no header": (b"1,2\n3,4\n", "must begin with a line of column names, got numbers"),
    "a column without a name": (b",a\n0,1\n", "must name every column, got no name for column 0"),
    "a name twice": (b"a,b,a\n1,2,3\n", "different names for its columns, got `a` twice"),
    "too few cells": (b"a,b\n1,2\n3\n", "must have 2 cells in every row, got 1 in line 3"),
    "too many cells": (b"a,b\n1,2,3\n", "must have 2 cells in every row, got 3 in line 2"),
    "an open quote": (b'a,b\n"1,2\n', "can't be read as CSV"),
    "Latin-1": ("a,b\nMüller,1\n".encode("latin-1"), "must be text in UTF-8, got the byte 0xfc"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "must be CSV text, got text in UTF-16"),
    "gzip": (b"\x1f\x8b\x08\x00", "must be CSV text, got a gzip file"),
    "Parquet": (b"PAR1\x15\x04", "must be CSV text, got a Parquet file"),
    "Excel": (b"PK\x03\x04abc", "must be CSV text, got a zip file or an Excel workbook"),
    "binary": (b"a\x00\x01\x02", "must be CSV text, got binary data"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_a_sentence(write, case):
    content, sentence = BAD[case]
    with pytest.raises(ArgumentError) as caught:
        read_table(write(content))
    assert sentence in str(caught.value)


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(ArgumentError, match="must be a file, got the directory"):
        read_table(str(tmp_path))


def test_a_missing_file_brings_the_closest_name(write, tmp_path):
    write("a,b\n1,2\n", "houses.csv")
    with pytest.raises(ArgumentError, match=r"did you mean .*houses.csv"):
        read_table(str(tmp_path / "house.csv"))


def test_an_unknown_example_brings_the_known_ones():
    with pytest.raises(ArgumentError, match="one of example:diabetes"):
        read_table("example:prostate")


def test_decimal_commas_between_commas_are_refused(write):
    with pytest.raises(ArgumentError, match="where commas separate the columns"):
        read_table(write("a,b\n1,2\n"), decimal=",")


def test_parquet_gives_numbers_text_and_dates(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    columns = {
        "n": pa.array([1, None, 3]),
        "f": pa.array([1.5, 2.5, None]),
        "b": pa.array([True, False, True]),
        "s": pa.array(["x", None, "y"]),
        "c": pa.array(["x", "x", "y"]).dictionary_encode(),
        "d": pa.array([1, 2, 3], pa.date32()),
        "l": pa.array([[1], [2], [3]]),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = read_table(str(tmp_path / "t.parquet"))
    np.testing.assert_array_equal(table.columns["n"], [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(table.columns["f"], [1.5, 2.5, np.nan])
    assert table.columns["b"].tolist() == [1.0, 0.0, 1.0]
    assert table.columns["s"].tolist() == ["x", None, "y"]
    assert table.columns["c"].tolist() == ["x", "x", "y"]
    assert list(table.unusable) == ["d", "l"]
    assert table.unusable["d"] == "dates"


def test_text_that_is_named_parquet_is_refused(write):
    pytest.importorskip("pyarrow")
    with pytest.raises(ArgumentError, match="must be a Parquet file, got something else"):
        read_table(write("a,b\n1,2\n", "data.parquet"))


def test_parquet_without_pyarrow_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"shrinkage\[cli\]"):
        read_table(write("", "data.parquet"))
