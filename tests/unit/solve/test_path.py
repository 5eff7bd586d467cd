"""What a path offers beside its numbers."""

import pickle
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from shrinkage import ArgumentError, elastic_net_path
from shrinkage.design import as_matrix
from shrinkage.solve import Path, Status, linear_predictor
from tests import cases

NAMES = ["age", "bmi", "bp", "s1"]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    data = pd.DataFrame(X, columns=NAMES)
    data["y"] = X @ [1.0, -2.0, 0.0, 0.5] + rng.normal(size=60)
    return data


@pytest.fixture(scope="module")
def path(frame):
    return elastic_net_path(frame, "y", alphas=20)


def test_target_by_name(frame, path):
    other = elastic_net_path(frame[NAMES].to_numpy(), frame["y"].to_numpy(), alphas=20)
    np.testing.assert_array_equal(path.coef_path, other.coef_path)
    assert path.names == tuple(NAMES)
    assert other.names is None
    polar = elastic_net_path(pl.from_pandas(frame), "y", alphas=20)
    np.testing.assert_array_equal(path.coef_path, polar.coef_path)


def test_shapes_and_lengths(path):
    assert len(path) == 20
    assert path.coef_path.shape == (20, 4)
    for name in ("alphas", "intercepts", "dual_gap", "kkt_violation", "n_nonzero", "n_rounds"):
        assert getattr(path, name).shape == (20,), name
    for name in ("df", "deviance_ratio"):
        assert getattr(path, name).shape == (20,), name
    assert len(path.status) == 20
    assert path.coef_path is path.coef_path
    np.testing.assert_array_equal(path.n_nonzero, (path.coef_path != 0).sum(axis=1))
    assert path.counts["rounds"] > 0
    assert repr(path).startswith("Path(20 alphas from ")


def test_predict(frame, path):
    X = frame[NAMES]
    expected = X.to_numpy() @ path.coef_path.T + path.intercepts
    assert_allclose(path.predict(X), expected)
    assert_allclose(path.predict(X, alpha=path.alphas[5]), expected[:, 5])
    offset = np.arange(60.0)
    assert_allclose(path.predict(X, offset=offset), expected + offset[:, None])
    assert_allclose(path.predict(X, path.alphas[5], offset=offset), expected[:, 5] + offset)
    between = path.at(0.3)
    assert_allclose(path.predict(X, 0.3), X.to_numpy() @ between.coef + between.intercept)
    matrix = as_matrix(X.to_numpy())
    assert_allclose(linear_predictor(matrix, between.coef, between.intercept), path.predict(X, 0.3))


def test_predict_finds_columns_by_name(frame, path):
    shuffled = frame[["s1", "y", "bp", "age", "bmi"]]
    assert_allclose(path.predict(shuffled), path.predict(frame[NAMES]))
    with pytest.raises(ArgumentError, match="bmi"):
        path.predict(frame[["age", "bp", "s1"]])
    with pytest.raises(ArgumentError, match="3 features"):
        path.predict(frame[NAMES].to_numpy()[:, :3])


def test_interpolation_says_what_it_is(path):
    first, second = path.solution(4), path.solution(5)
    middle = (first.alpha + second.alpha) / 2
    found = path.at(middle, how="linear")
    assert_allclose(found.coef, (first.coef + second.coef) / 2)
    assert found.status is Status.INTERPOLATED
    assert np.isnan(found.dual_gap)
    assert path.at(first.alpha, how="linear").status is Status.CONVERGED
    exact = path.at(middle)
    assert exact.status is Status.CONVERGED
    assert exact.dual_gap <= 1e-9
    with pytest.raises(ArgumentError, match='the range of `alphas`, with how="linear"'):
        path.at(2 * path.alphas[0], how="linear")
    with pytest.raises(ArgumentError, match="`how` must be one of"):
        path.at(middle, how="cubic")
    with pytest.raises(ArgumentError, match="`alpha` must be a finite number >= 0"):
        path.at(-1.0)


def test_above_alpha_max_is_the_null_model(path):
    found = path.at(10 * path.alpha_max)
    assert found.status is Status.NULL_MODEL
    assert not found.coef.any()
    assert repr(found).startswith("Solution(alpha=")


def test_pickle_keeps_everything_but_the_data(path, frame):
    copy = pickle.loads(pickle.dumps(path))
    assert isinstance(copy, Path)
    np.testing.assert_array_equal(copy.coef_path, path.coef_path)
    np.testing.assert_array_equal(copy.df, path.df)
    np.testing.assert_array_equal(copy.predict(frame[NAMES]), path.predict(frame[NAMES]))
    assert copy.status == path.status
    assert copy.alpha_max == path.alpha_max
    assert copy.at(path.alphas[3]).df == path.df[3]
    assert copy.at(0.3, how="linear").alpha == 0.3
    with pytest.raises(ArgumentError, match=r"`path` can't solve for alpha = 0\.3.*pickled"):
        copy.at(0.3)
    big = elastic_net_path(np.random.default_rng(0).normal(size=(5000, 4)), np.arange(5000.0))
    assert len(pickle.dumps(big)) < 40_000


def test_to_frame(path, monkeypatch):
    table = path.to_frame()
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == ["alpha", "feature", "coef"]
    entered = path.coef_path.any(axis=0)
    assert len(table) == 20 * entered.sum()
    wide = table.pivot(index="alpha", columns="feature", values="coef").sort_index(ascending=False)
    for name, column in zip(NAMES, path.coef_path.T, strict=True):
        if column.any():
            np.testing.assert_array_equal(wide[name], column)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert isinstance(path.to_frame(), pl.DataFrame)
    monkeypatch.setitem(sys.modules, "polars", None)
    plain = path.to_frame()
    assert isinstance(plain, dict)
    np.testing.assert_array_equal(plain["coef"], table["coef"])


def test_plot(path):
    figure = path.plot()
    assert figure.axes


def test_alphas_out_of_range():
    X, y = cases.tall(np.random.default_rng(0))
    for ratio in (0.0, 1.0, -1.0, "small", float("nan")):
        with pytest.raises(ArgumentError, match="`alpha_min_ratio` must be None or a number"):
            elastic_net_path(X, y, alpha_min_ratio=ratio)
    with pytest.raises(ArgumentError, match="`alphas`"):
        elastic_net_path(X, y, alphas=[])


def test_one_row_is_not_enough():
    with pytest.raises(ArgumentError, match="at least 2 rows"):
        elastic_net_path(np.ones((1, 2)), [1.0])
    X, y = cases.tall(np.random.default_rng(0))
    with pytest.raises(ArgumentError, match="at least 2 rows of positive weight"):
        elastic_net_path(X, y, sample_weight=np.r_[1.0, np.zeros(59)])


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_constant_target(fit_intercept):
    X, _ = cases.tall(np.random.default_rng(0))
    y = np.full(60, 4.0 if fit_intercept else 0.0)
    for l1_ratio in (1.0, 0.5, 0.0):
        path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=5, fit_intercept=fit_intercept)
        assert path.alphas[0] == 1.0
        assert not path.coef_path.any()
        assert set(path.status) == {Status.CONSTANT_TARGET}
        np.testing.assert_array_equal(path.intercepts, y[0])
        np.testing.assert_array_equal(path.deviance_ratio, 0.0)


def test_nothing_left_for_the_penalised():
    # Free features fit y: alpha_max is 0, and every point is the same fit.
    X, _ = cases.tall(np.random.default_rng(0))
    y = 2.0 + X[:, 0] - X[:, 1]
    path = elastic_net_path(X, y, alphas=4, penalty_factor=np.r_[0, 0, np.ones(6)])
    assert path.alpha_max == 0.0
    assert path.alphas[0] == 1.0
    assert_allclose(path.coef_path, np.tile([1.0, -1.0, 0, 0, 0, 0, 0, 0], (4, 1)), atol=1e-12)
