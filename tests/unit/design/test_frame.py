"""Data frames of pandas and polars: names, levels, and what is refused."""

import datetime
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from shrinkage.design import FrameEncoder, as_matrix, column_names, is_frame, split_target
from shrinkage.errors import ArgumentError, DataError, DataTypeError

COLUMNS = {
    "age": [30.0, 40.0, 50.0, 60.0],
    "sex": ["male", "female", "male", "male"],
    "smokes": [True, False, True, True],
    "visits": [1, 2, 3, 4],
}
ENCODED = [[30, 0, 1, 1, 1], [40, 1, 0, 0, 2], [50, 0, 1, 1, 3], [60, 0, 1, 1, 4]]

frames = pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


@frames
def test_text_becomes_one_column_per_level(make):
    encoder = FrameEncoder()
    encoded = encoder.fit(make(COLUMNS)).transform(make(COLUMNS))
    assert encoder.names_in == tuple(COLUMNS)
    assert encoder.names_out == ("age", "sex=female", "sex=male", "smokes", "visits")
    assert encoder.levels == {"sex": ("female", "male")}
    assert encoder.sources == {"age": (0,), "sex": (1, 2), "smokes": (3,), "visits": (4,)}
    np.testing.assert_array_equal(encoded, ENCODED)
    assert encoded.flags.f_contiguous


@frames
def test_the_commonest_level_can_be_left_out(make):
    encoder = FrameEncoder(drop="commonest").fit(make(COLUMNS))
    assert encoder.names_out == ("age", "sex=female", "smokes", "visits")
    expected = np.delete(np.array(ENCODED), 2, axis=1)
    np.testing.assert_array_equal(encoder.transform(make(COLUMNS)), expected)


def test_a_tie_for_the_commonest_goes_to_the_first_in_order():
    frame = pd.DataFrame({"c": ["b", "a", "a", "b"]})
    assert FrameEncoder(drop="commonest").fit(frame).names_out == ("c=b",)


@frames
def test_categories_are_levels_too(make):
    if make is pd.DataFrame:
        frame = make({"grade": pd.Categorical([3, 1, 3], categories=[1, 2, 3])})
    else:
        frame = make({"grade": pl.Series(["3", "1", "3"], dtype=pl.Categorical)})
    encoder = FrameEncoder().fit(frame)
    assert encoder.names_out == ("grade=1", "grade=3")  # a level that no row has is not one
    np.testing.assert_array_equal(encoder.transform(frame), [[0, 1], [1, 0], [0, 1]])


@frames
def test_an_encoder_survives_json(make):
    encoder = FrameEncoder(drop="commonest").fit(make(COLUMNS))
    again = FrameEncoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again.to_dict() == encoder.to_dict()
    np.testing.assert_array_equal(again.transform(make(COLUMNS)), encoder.transform(make(COLUMNS)))


@frames
def test_columns_are_found_by_name(make):
    encoder = FrameEncoder().fit(make(COLUMNS))
    turned = make({name: COLUMNS[name] for name in reversed(COLUMNS)})
    np.testing.assert_array_equal(encoder.transform(turned), ENCODED)
    more = make(COLUMNS | {"other": [0.0] * 4})
    with pytest.raises(ArgumentError, match="got the unknown column 'other'"):
        encoder.transform(more)
    np.testing.assert_array_equal(encoder.transform(more, extra="ignore"), ENCODED)
    with pytest.raises(ArgumentError, match="got no column 'age', 'visits'"):
        encoder.transform(make({name: COLUMNS[name] for name in ("sex", "smokes")}))


@frames
def test_columns_of_numbers_are_found_by_name_too(make):
    numbers = {name: COLUMNS[name] for name in ("age", "visits")}
    encoder = FrameEncoder().fit(make(numbers))
    turned = make({name: numbers[name] for name in reversed(numbers)})
    np.testing.assert_array_equal(encoder.transform(turned)[:, 0], COLUMNS["age"])
    np.testing.assert_array_equal(
        encoder.transform(make(COLUMNS), extra="ignore")[:, 0], [30, 40, 50, 60]
    )


@frames
def test_an_unseen_level_is_an_error_or_the_base(make):
    encoder = FrameEncoder().fit(make(COLUMNS))
    new = make(COLUMNS | {"sex": ["male", "unknown", "male", "other"]})
    with pytest.raises(DataError, match="'unknown' in row 1 of column 'sex'") as caught:
        encoder.transform(new)
    assert (caught.value.row, caught.value.column) == (1, "sex")
    encoded = encoder.transform(new, unseen="base")
    np.testing.assert_array_equal(encoded[:, 1:3], [[0, 1], [0, 0], [0, 1], [0, 0]])


def test_codes_read_as_integers_are_levels_when_the_fit_saw_text():
    encoder = FrameEncoder().fit(pd.DataFrame({"post": ["10", "20", "10"]}))
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"post": [20]})), [[0, 1]])
    with pytest.raises(DataTypeError, match="must hold text in column 'post'"):
        encoder.transform(pd.DataFrame({"post": [20.5]}))


def test_text_where_the_fit_saw_numbers_is_refused():
    encoder = FrameEncoder().fit(pd.DataFrame({"age": [1.0, 2.0]}))
    with pytest.raises(DataTypeError, match="must hold numbers in column 'age'"):
        encoder.transform(pd.DataFrame({"age": ["old"]}))


@frames
@pytest.mark.parametrize(
    ("column", "words"),
    [
        ([datetime.date(2020, 1, 1)] * 3, "got dates or times"),
        ([datetime.datetime(2020, 1, 1)] * 3, "got dates or times"),
        ([datetime.timedelta(1)] * 3, "got dates or times"),
        ([[1], [2], [3]], "got mixed or nested values"),
        (["a", "b", "c"], "got a different text in every row"),
        (["a", None, "a"], "got one in row 1 of column 'x'"),
    ],
)
def test_columns_that_cannot_be_learnt_from_are_refused(make, column, words):
    with pytest.raises(DataError, match=words) as caught:
        FrameEncoder().fit(make({"x": column}))
    assert caught.value.column == "x"


def test_mixed_values_are_refused_and_objects_that_are_numbers_are_not():
    with pytest.raises(DataTypeError, match="mixed or nested"):
        FrameEncoder().fit(pd.DataFrame({"x": [1, "a"]}))
    frame = pd.DataFrame({"x": [1, 2.5, True]}, dtype=object)
    np.testing.assert_array_equal(FrameEncoder().fit(frame).transform(frame), [[1], [2.5], [1]])


@frames
@pytest.mark.parametrize("column", [[1.0, None, 2.0], [1, None, 2]])
def test_a_missing_number_is_named(make, column):
    with pytest.raises(DataError, match="no missing values, got one in row 1 of column 'x'"):
        as_matrix(make({"x": column}))


def test_missing_values_of_pandas_extension_types_are_named():
    for dtype in ("Int64", "boolean", "Float64"):
        frame = pd.DataFrame({"x": pd.array([1, None, 0], dtype=dtype)})
        with pytest.raises(DataError, match="row 1 of column 'x'"):
            as_matrix(frame)


def test_the_imputer_of_the_hint_works_on_text_and_numbers():
    frame = pd.DataFrame({"age": [1.0, np.nan, 1.0], "sex": ["a", "b", np.nan]})
    frame = pd.concat([frame, frame], ignore_index=True)
    imputer = SimpleImputer(strategy="most_frequent").set_output(transform="pandas")
    filled = make_pipeline(imputer).fit_transform(frame)
    assert FrameEncoder().fit(filled).names_out == ("age", "sex=a", "sex=b")


def test_duplicate_names_are_refused_also_after_encoding():
    with pytest.raises(ArgumentError, match="distinct column names, got 'a' twice"):
        as_matrix(pd.DataFrame(np.ones((2, 2)), columns=["a", "a"]))
    frame = pd.DataFrame({"a": ["x", "x", "y"], "a=x": [1, 2, 3]})
    with pytest.raises(ArgumentError, match="distinct column names, got 'a=x' both"):
        FrameEncoder().fit(frame)


def test_names_are_strings_or_there_are_none():
    assert column_names(pd.DataFrame(np.ones((2, 2)))) is None
    with pytest.raises(ArgumentError, match="strings as column names, got 1"):
        column_names(pd.DataFrame(np.ones((2, 2)), columns=["a", 1]))


@frames
def test_text_without_an_encoder_is_refused(make):
    with pytest.raises(DataTypeError, match="got text in column 'sex'"):
        as_matrix(make(COLUMNS))


@frames
def test_a_target_column_is_split_off(make):
    frame = make(COLUMNS)
    rest, y = split_target(frame, "age")
    assert list(rest.columns) == ["sex", "smokes", "visits"]
    np.testing.assert_array_equal(y, COLUMNS["age"])
    assert "age" in frame.columns
    with pytest.raises(ArgumentError, match="the name of a column of `X`, got 'height'"):
        split_target(frame, "height")
    with pytest.raises(DataTypeError, match="`y` must hold numbers, got text in column 'sex'"):
        split_target(frame, "sex")
    with pytest.raises(DataError, match="NaN in row 0 of column 'age'"):
        split_target(make(COLUMNS | {"age": [None, 1.0, 2.0, 3.0]}), "age")


def test_only_frames_are_frames():
    assert is_frame(pd.DataFrame())
    assert is_frame(pl.DataFrame())
    for other in (np.ones((2, 2)), [[1]], None, "x", pd.Series([1]), pl.LazyFrame({"a": [1]})):
        assert not is_frame(other)
    with pytest.raises(ArgumentError, match="must be a data frame when `y` is the name"):
        split_target(np.ones((2, 2)), "y")
