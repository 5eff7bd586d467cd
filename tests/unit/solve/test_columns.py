"""Columns that deserve a look are mentioned once."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from shrinkage import DataWarning, elastic_net_path


def message_for(X, y):
    with pytest.warns(DataWarning) as caught:
        elastic_net_path(X, y, alphas=3)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    return str(caught[0].message)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(30, 6)), rng.normal(size=30)


def test_constant_and_repeated(data):
    X, y = data
    X[:, 1], X[:, 4] = 3.0, X[:, 2]
    text = message_for(X, y)
    assert "constant, with coefficient 0: 1" in text
    assert "equal to another column" in text
    assert text.endswith(": 4.")
    named = message_for(pd.DataFrame(X, columns=list("abcdef")), y)
    assert "'b'" in named
    assert "'e'" in named


def test_sparse(data):
    X, y = data
    X[np.abs(X) < 0.8] = 0.0
    X[:, 1], X[:, 5] = 0.0, X[:, 3]
    text = message_for(sparse.csc_array(X), y)
    assert "0: 1;" in text
    assert text.endswith(": 5.")


def test_many_are_not_all_listed(data):
    _, y = data
    text = message_for(np.tile(np.arange(9.0), (30, 1)), y)
    assert "0, 1, 2, 3, 4 and 4 more" in text


def test_equal_spreads_are_no_repeats(data):
    _, y = data
    X = np.eye(30)[:, :6]  # the same mean and spread in every column
    elastic_net_path(X, y, alphas=3)  # a warning would be an error
