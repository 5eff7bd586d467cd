"""The default grid of docs/objective.md."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import alpha_max, elastic_net_path
from tests import cases


def by_hand(X, y, l1_ratio=1.0):
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    return np.abs(Z.T @ (y - y.mean())).max() / len(y) / l1_ratio


@pytest.mark.parametrize("design", ["tall", "wide"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 1e-3])
def test_lasso_and_elastic_net(design, l1_ratio):
    X, y = cases.DESIGNS[design](np.random.default_rng(0))
    path = elastic_net_path(X, y, l1_ratio=l1_ratio)
    last = 1e-4 if design == "tall" else 1e-2
    expected = by_hand(X, y, l1_ratio) * np.geomspace(1.0, last, 100)
    assert_allclose(path.alphas, expected, rtol=1e-11)
    assert path.alpha_max == path.alphas[0] == pytest.approx(alpha_max(X, y, l1_ratio=l1_ratio))


@pytest.mark.parametrize("l1_ratio", [0.0, 9e-4])
def test_ridge(l1_ratio):
    X, y = cases.tall(np.random.default_rng(0))
    path = elastic_net_path(X, y, l1_ratio=l1_ratio)
    assert_allclose(path.alphas, by_hand(X, y) * np.geomspace(1e3, 1e-4, 100), rtol=1e-11)
    assert (path.alpha_max == np.inf) == (l1_ratio == 0.0)
    shorter = elastic_net_path(X, y, l1_ratio=l1_ratio, alpha_min_ratio=1e-3, alphas=7)
    assert_allclose(shorter.alphas, by_hand(X, y) * np.geomspace(1e3, 1.0, 7), rtol=1e-11)


def test_ridge_of_unstandardized_columns():
    X, y = cases.unequal_scales(np.random.default_rng(0))
    path = elastic_net_path(X, y, l1_ratio=0.0, standardize=False)
    c = np.abs((X - X.mean(axis=0)).T @ (y - y.mean())) / len(y)
    first = 1e3 * (c * X.std(axis=0)).max() / y.std()
    assert_allclose(path.alphas, first * np.geomspace(1.0, 1e-7, 100), rtol=1e-10)


def test_length_and_ends():
    X, y = cases.tall(np.random.default_rng(0))
    assert_allclose(elastic_net_path(X, y, alphas=1).alphas, [by_hand(X, y)])
    path = elastic_net_path(X, y, alphas=5, alpha_min_ratio=0.1)
    assert path.alphas[-1] == path.alphas[0] * 0.1
    assert len(path) == 5


def test_rows_of_weight_0_do_not_count():
    # 60 rows and 8 columns, but only 7 rows of positive weight: the wide grid.
    X, y = cases.tall(np.random.default_rng(0))
    weight = np.r_[np.ones(7), np.zeros(53)]
    path = elastic_net_path(X, y, sample_weight=weight, alphas=3)
    assert path.alphas[-1] == pytest.approx(1e-2 * path.alphas[0])


def test_alpha_max_counts_only_signs_that_bounds_allow():
    X, y = cases.tall(np.random.default_rng(0))
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    c = Z.T @ (y - y.mean()) / len(y)
    assert alpha_max(X, y, lower=0.0) == pytest.approx(c.max())
    assert alpha_max(X, y, upper=0.0) == pytest.approx(-c.min())
    factor = np.linspace(0.5, 4.0, 8)
    assert alpha_max(X, y, penalty_factor=factor) == pytest.approx((np.abs(c) / factor).max())
    assert alpha_max(X, y, l1_ratio=0.0) == np.inf


def test_alpha_max_after_the_free_features():
    X, y = cases.tall(np.random.default_rng(0))
    factor = np.r_[0.0, 0.0, np.ones(6)]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    residual = y - y.mean()
    residual = residual - Z[:, :2] @ np.linalg.lstsq(Z[:, :2], residual, rcond=None)[0]
    expected = np.abs(Z[:, 2:].T @ residual).max() / len(y)
    assert alpha_max(X, y, penalty_factor=factor) == pytest.approx(expected)
