"""How errors are made; their sentences are in tests/text/test_messages.py."""

import pickle

import numpy as np
import pytest
import sklearn.exceptions

from shrinkage import errors


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.5, "1.5"),
        (np.float64(1.5), "1.5"),
        (float("nan"), "NaN"),
        (-np.inf, "-inf"),
        (True, "True"),
        (None, "None"),
        ("a", "'a'"),
        (errors.Phrase("nothing"), "nothing"),
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((3, 4)), "an array of shape (3, 4) and dtype float64"),
        (object(), "an object of type object"),
        (list(range(100)), "an object of type list"),
    ],
)
def test_a_value_is_described_in_a_few_words(value, words):
    assert errors.describe(value) == words


def test_a_long_list_is_cut():
    assert errors.listed(list("abcdefg")) == "'a', 'b', 'c', 'd', 'e' and 2 more"
    assert errors.listed([1]) == "1"


def test_a_hint_is_a_second_line():
    error = errors.ArgumentError.must_be("l1_ratio", "between 0 and 1", 2, hint="try 0.5")
    assert str(error) == "`l1_ratio` must be between 0 and 1, got 2.\nHint: try 0.5"
    assert isinstance(error, ValueError)
    assert isinstance(error, errors.ShrinkageError)


def test_a_data_error_knows_its_position():
    error = errors.missing_value("X", "age", 3)
    assert (error.row, error.column) == (3, "age")
    error = errors.not_finite("X", np.inf, 2, 5)
    assert (error.row, error.column) == (2, 5)


def test_not_a_number_is_a_type_error_and_a_value_error():
    error = errors.not_a_number("X", {}, 0, 0)
    assert isinstance(error, TypeError)
    assert isinstance(error, ValueError)


def test_a_missing_package_names_the_extra():
    error = errors.MissingDependencyError.needs("path.plot", "matplotlib", "plot")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "`path.plot` can't be used without matplotlib.\nHint: pip install 'shrinkage[plot]'"
    )


def test_the_convergence_warning_is_scikit_learns_and_can_be_pickled():
    assert issubclass(errors.ConvergenceWarning, sklearn.exceptions.ConvergenceWarning)
    assert errors.ConvergenceWarning is errors.ConvergenceWarning
    warning = pickle.loads(pickle.dumps(errors.ConvergenceWarning("late")))
    assert isinstance(warning, errors.ConvergenceWarning)


def test_errors_has_no_other_lazy_name():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        errors.nothing  # noqa: B018
