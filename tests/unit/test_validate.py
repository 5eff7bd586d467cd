"""What the checks return; what they refuse is in tests/text/test_messages.py."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import DataConversionWarning

from shrinkage import _validate as check
from shrinkage.errors import ArgumentError


def test_flags_and_counts_are_exact_types():
    assert check.check_flag("fit_intercept", np.True_) is True
    assert check.check_count("cv", np.int32(3), minimum=2) == 3
    for bad in (1, "yes", None):
        with pytest.raises(ArgumentError):
            check.check_flag("fit_intercept", bad)
    for bad in (True, 2.0, "3", None, 1):
        with pytest.raises(ArgumentError):
            check.check_count("cv", bad, minimum=2)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, "1", None, True, 1j, [1.0]])
def test_alpha_is_finite_and_not_negative(bad):
    with pytest.raises(ArgumentError, match="`alpha` must be a finite number >= 0"):
        check.check_alpha(bad)


def test_alpha_may_be_zero_and_of_any_real_type():
    assert check.check_alpha(0) == 0.0
    assert check.check_alpha(np.float32(0.5)) == 0.5


@pytest.mark.parametrize("bad", [-0.1, 1.5, np.nan, "lasso", None])
def test_l1_ratio_is_a_share(bad):
    with pytest.raises(ArgumentError, match="`l1_ratio` must be between"):
        check.check_l1_ratio(bad)


def test_l1_ratios_keep_their_order():
    assert check.check_l1_ratios([0.9, 0.1]) == (0.9, 0.1)
    assert check.check_l1_ratios(0.5) == (0.5,)


def test_alphas_are_sorted_decreasing_and_not_changed():
    given = np.array([1.0, 3.0, 0.0, 2.0])
    kept = given.copy()
    np.testing.assert_array_equal(check.check_alphas(given), [3.0, 2.0, 1.0, 0.0])
    np.testing.assert_array_equal(given, kept)
    assert check.check_alphas(np.int64(7)) == 7
    assert check.check_alphas([2]).dtype == np.float64


@pytest.mark.parametrize("bad", [0, -3, [], [[1.0]], 0.1, "100", None, True, [1, "a"], {1.0: 2}])
def test_alphas_are_a_length_or_a_grid(bad):
    with pytest.raises(ArgumentError, match="`alphas` must be"):
        check.check_alphas(bad)


def test_a_float64_target_is_not_copied():
    y = np.arange(3.0)
    assert check.check_target(y, 3) is y


@pytest.mark.parametrize(
    "y",
    [
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        np.array([1, 2, 3], dtype=np.int8),
        np.array([1, 2, 3], dtype=">f8"),
        np.array([1, 2, 3], dtype=object),
        np.array([1, 9, 2, 9, 3])[::2],
        pd.Series([1, 2, 3], index=[5, 6, 7]),
        pl.Series([1, 2, 3]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_a_target_can_be_any_vector_of_numbers(y):
    target = check.check_target(y, 3)
    np.testing.assert_array_equal(target, [1.0, 2.0, 3.0])
    assert target.dtype == np.float64
    assert target.dtype.isnative
    assert target.flags.c_contiguous


def test_a_column_vector_is_flattened_with_scikit_learns_warning():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array"):
        target = check.check_target(np.ones((4, 1)), 4)
    assert target.shape == (4,)


def test_weights_are_returned_as_given():
    assert check.check_weights(None, 3) is None
    weights = np.array([0.0, 2.0, 1.0])
    assert check.check_weights(weights, 3) is weights


def test_one_number_per_feature_from_a_scalar_an_array_or_a_dict():
    names = ("age", "bmi")
    for value in (2.0, [2.0, 2.0], {"age": 2.0, "bmi": 2}):
        np.testing.assert_array_equal(check.check_penalty_factor(value, names, 2), [2.0, 2.0])
    np.testing.assert_array_equal(check.check_penalty_factor({"bmi": 0.0}, names, 2), [1.0, 0.0])
    np.testing.assert_array_equal(check.check_penalty_factor([0, np.inf], None, 2), [0.0, np.inf])
    np.testing.assert_array_equal(check.check_penalty_factor(None, None, 2), [1.0, 1.0])


def test_a_given_penalty_factor_is_copied():
    given = np.ones(2)
    assert not np.shares_memory(check.check_penalty_factor(given, None, 2), given)


def test_bounds_that_bind_nothing_are_none():
    assert check.check_bounds(None, None, None, 2) is None
    assert check.check_bounds(-np.inf, np.inf, None, 2) is None
    lower, upper = check.check_bounds({"a": 0.0}, None, ("a", "b"), 2)
    np.testing.assert_array_equal(lower, [0.0, -np.inf])
    np.testing.assert_array_equal(upper, [np.inf, np.inf])
