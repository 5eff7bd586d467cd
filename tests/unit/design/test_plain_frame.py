"""A dict of columns is a data frame, without any library of data frames."""

from __future__ import annotations

import numpy as np
import pytest

from shrinkage.design import FrameEncoder, is_frame, split_target
from shrinkage.errors import ArgumentError, DataError

FRAME = {
    "age": np.array([30.0, 41.0, 52.0, 28.0]),
    "sex": np.array(["f", "m", "f", "f"], dtype=object),
    "smokes": np.array([True, False, False, True]),
}


def test_a_dict_is_a_frame():
    assert is_frame(FRAME)


def test_text_becomes_one_column_for_each_level():
    encoder = FrameEncoder().fit(FRAME)
    assert encoder.names_out == ("age", "sex=f", "sex=m", "smokes")
    expected = [[30, 1, 0, 1], [41, 0, 1, 0], [52, 1, 0, 0], [28, 1, 0, 1]]
    np.testing.assert_array_equal(encoder.transform(FRAME), expected)


def test_lists_and_arrays_of_text_mean_the_same():
    lists = {name: values.tolist() for name, values in FRAME.items()}
    strings = FRAME | {"sex": FRAME["sex"].astype(str)}
    encoder = FrameEncoder().fit(FRAME)
    for frame in (lists, strings):
        np.testing.assert_array_equal(encoder.transform(frame), encoder.transform(FRAME))


def test_columns_are_found_by_name():
    encoder = FrameEncoder().fit(FRAME)
    turned = dict(reversed(FRAME.items()))
    np.testing.assert_array_equal(encoder.transform(turned), encoder.transform(FRAME))
    numbers = {"b": np.array([1, 2]), "a": np.array([3.0, 4.0])}
    encoder = FrameEncoder().fit(numbers)
    turned = dict(reversed(numbers.items()))
    np.testing.assert_array_equal(encoder.transform(turned), [[1, 3], [2, 4]])


def test_the_target_can_be_a_column():
    frame, target = split_target(FRAME, "age")
    assert list(frame) == ["sex", "smokes"]
    np.testing.assert_array_equal(target, FRAME["age"])


def test_missing_text_is_named():
    frame = FRAME | {"sex": np.array(["f", None, "f", "m"], dtype=object)}
    with pytest.raises(DataError, match=r"row 1 of column 'sex'"):
        FrameEncoder().fit(frame)


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ArgumentError, match="inconsistent"):
        FrameEncoder().fit({"a": [1.0, 2.0], "b": [1.0]})


def test_a_matrix_is_no_column():
    with pytest.raises(ArgumentError, match="must be a vector"):
        FrameEncoder().fit({"a": np.ones((2, 2))})
