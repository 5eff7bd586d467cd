"""Laws of a path: its points are those asked for, distinct, accurate, and found again by `at`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import Settings, elastic_net_path
from shrinkage.solve.certificate import certify
from tests import cases

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")


@pytest.mark.parametrize(
    "case",
    cases.some(
        design=("tall", "wide", "wide_mostly_zeros"),
        family=("gaussian", *cases.NEWTON_FAMILIES),
    ),
    ids=str,
)
def test_at_finds_what_the_path_has(case):
    X, y = case.data()
    options = case.options(X, y)
    close = 1e-8
    if case.family != "gaussian":
        options["settings"], close = Settings(tol=1e-13), 1e-6
    path = elastic_net_path(X, y, alphas=9, **options)
    alone = elastic_net_path(X, y, alphas=[path.alphas[4]], **options)
    scale = np.abs(path.coef_path).max() + 1e-300
    assert_allclose(alone.coef_path[0], path.coef_path[4], rtol=1e-6, atol=close * scale)
    found = path.at(path.alphas[4])
    np.testing.assert_array_equal(found.coef, path.coef_path[4])
    between = float(np.sqrt(path.alphas[4] * path.alphas[5]))
    refit = path.at(between)
    options.pop("settings", None)
    judged = certify(X, y, refit.coef, refit.intercept, alpha=between, **options)
    assert judged.dual_gap <= 1e-9
    np.testing.assert_array_equal(path.predict(X, alpha=path.alphas[4]), path.predict(X)[:, 4])


def test_points_are_distinct_and_accurate_down_to_tiny_alphas():
    # scikit-learn >= 1.8 returns 20 different solutions of 100 here.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 10))
    y = X @ rng.normal(size=10)
    path = elastic_net_path(X, y, alpha_min_ratio=1e-9)
    assert len({row.tobytes() for row in path.coef_path}) == 100
    for k in range(100):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=path.alphas[k])
        assert judged.dual_gap <= 1e-9
        assert judged.kkt_violation <= 1e-3 * path.alphas[k] / path.alpha_max + 1e-14


def test_alphas_are_exactly_those_asked_for():
    X, y = cases.tall(np.random.default_rng(0))
    asked = [0.3, 5.0, 0.0, 1.0]
    path = elastic_net_path(X, y, alphas=asked)
    np.testing.assert_array_equal(path.alphas, [5.0, 1.0, 0.3, 0.0])
    assert path.coef_path.shape == (4, 8)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_coefficients_move_continuously_with_alpha(l1_ratio):
    X, y = cases.tall(np.random.default_rng(0))
    alpha = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=5).alphas[2]
    pair = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=[alpha * (1 + 1e-9), alpha])
    assert_allclose(pair.coef_path[0], pair.coef_path[1], atol=1e-8)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_loss_falls_and_size_grows_as_alpha_falls(l1_ratio):
    X, y = cases.nearly_collinear(np.random.default_rng(0))
    path = elastic_net_path(X, y, l1_ratio=l1_ratio)
    assert (np.diff(path.deviance_ratio) >= -1e-12).all()
    size = np.abs(path.coef_path * path.spread).sum(axis=1)
    assert (np.diff(size) >= -1e-9 * size.max()).all() or l1_ratio < 1.0
