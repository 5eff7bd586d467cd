"""An integer weight equals repeated rows, and a weight of 0 changes nothing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import Lasso, Settings, alpha_max, elastic_net_path
from shrinkage.select.crossval import cross_validate
from shrinkage.select.folds import make_splits
from shrinkage.solve import make_problem
from tests.cases import FAMILIES, NEWTON_FAMILIES

# At the default gap two solutions may differ in the fourth digit.
TIGHT = Settings(tol=1e-13)

OPTIONS = [
    {},
    {"l1_ratio": 0.5},
    {"l1_ratio": 0.0},
    {"l1_ratio": 0.5, "standardize": False},
    {"fit_intercept": False},
    {"lower": -0.1, "upper": 0.3},
]


def weighted_data(seed=0, n=40, p=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 2.0
    y = X @ rng.normal(size=p) + rng.normal(size=n)
    weight = rng.integers(0, 4, size=n).astype(float)
    return X, y, weight


def problem(X, y, sample_weight=None, **options):
    defaults = {
        "l1_ratio": 1.0,
        "offset": None,
        "penalty_factor": None,
        "lower": None,
        "upper": None,
        "fit_intercept": True,
        "standardize": True,
    }
    return make_problem(X, y, sample_weight=sample_weight, **defaults | options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_integer_weight_is_repeated_rows(options):
    X, y, weight = weighted_data()
    times = weight.astype(int)
    weighted = elastic_net_path(X, y, alphas=20, sample_weight=weight, **options)
    repeated = elastic_net_path(
        np.repeat(X, times, axis=0), np.repeat(y, times), alphas=20, **options
    )
    assert_allclose(weighted.alphas, repeated.alphas, rtol=1e-12)
    assert_allclose(weighted.coef_path, repeated.coef_path, rtol=1e-8, atol=1e-10)
    assert_allclose(weighted.intercepts, repeated.intercepts, rtol=1e-8, atol=1e-10)
    assert_allclose(weighted.deviance_ratio, repeated.deviance_ratio, rtol=1e-9, atol=1e-12)
    assert_allclose(weighted.df, repeated.df, rtol=1e-8)


def test_integer_weight_is_repeated_rows_in_score():
    X, y, weight = weighted_data()
    times = weight.astype(int)
    weighted = Lasso(alpha=0.3).fit(X, y, sample_weight=weight)
    long_X, long_y = np.repeat(X, times, axis=0), np.repeat(y, times)
    repeated = Lasso(alpha=0.3).fit(long_X, long_y)
    score = repeated.score(long_X, long_y)
    assert weighted.score(X, y, sample_weight=weight) == pytest.approx(score, rel=1e-10)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_weight_0_changes_nothing(options):
    X, y, weight = weighted_data()
    kept = weight > 0
    wild_X = np.where(kept[:, None], X, 1e3 * X)
    wild_y = np.where(kept, y, -1e4)
    with_zeros = elastic_net_path(wild_X, wild_y, alphas=20, sample_weight=weight, **options)
    without = elastic_net_path(X[kept], y[kept], alphas=20, sample_weight=weight[kept], **options)
    assert_allclose(with_zeros.alphas, without.alphas, rtol=1e-12)
    assert_allclose(with_zeros.coef_path, without.coef_path, rtol=1e-9, atol=1e-11)
    assert_allclose(with_zeros.df, without.df, rtol=1e-9)


def test_only_ratios_of_weights_matter():
    X, y, weight = weighted_data()
    for factor in (1e-300, 2.0, 1e290):
        assert_allclose(
            elastic_net_path(X, y, alphas=9, sample_weight=factor * weight).coef_path,
            elastic_net_path(X, y, alphas=9, sample_weight=weight).coef_path,
            rtol=1e-9,
            atol=1e-12,
        )


def test_weight_0_leaves_alpha_max_alone():
    X, y, weight = weighted_data()
    kept = weight > 0
    expected = alpha_max(X[kept], y[kept], sample_weight=weight[kept])
    assert_allclose(alpha_max(X, y, sample_weight=weight), expected, rtol=1e-12)


def family_data(family, seed=0):
    """Return the weighted data with a target of the family."""
    X, y, weight = weighted_data(seed)
    target = FAMILIES[family].of_response(np.random.default_rng(seed), (y - y.mean()) / y.std())
    weight[:2] = 1.0, 2.0  # both classes count
    return X, target, weight


@pytest.mark.parametrize("family", NEWTON_FAMILIES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_weights_of_the_other_families(options, family):
    X, y, weight = family_data(family)
    options = options | {"family": family, "settings": TIGHT}
    times = weight.astype(int)
    weighted = elastic_net_path(X, y, alphas=10, sample_weight=weight, **options)
    X_times, y_times = np.repeat(X, times, axis=0), np.repeat(y, times)
    repeated = elastic_net_path(X_times, y_times, alphas=10, **options)
    kept = weight > 0
    wild_X, wild_y = np.where(kept[:, None], X, 1e3 * X), np.where(kept, y, -1e4)
    with_zeros = elastic_net_path(wild_X, wild_y, alphas=10, sample_weight=weight, **options)
    scale = np.abs(weighted.coef_path).max()
    for other in (repeated, with_zeros):
        assert_allclose(other.alphas, weighted.alphas, rtol=1e-11)
        assert_allclose(other.coef_path, weighted.coef_path, atol=1e-6 * scale)
        assert_allclose(other.intercepts, weighted.intercepts, atol=1e-6 * scale)
        assert_allclose(other.df, weighted.df, rtol=1e-5)
        assert_allclose(other.deviance_ratio, weighted.deviance_ratio, atol=1e-10)


@pytest.mark.parametrize("family", NEWTON_FAMILIES)
def test_weights_of_the_other_families_in_cross_validation(family):
    X, y, weight = family_data(family)
    times, fold_ids = weight.astype(int), np.arange(len(y)) % 4
    weighted = problem(X, y, weight, family=family)
    repeated = problem(np.repeat(X, times, axis=0), np.repeat(y, times), family=family)
    first = cross_validate(
        weighted, make_splits(4, len(y), fold_ids=fold_ids, weights=weighted.weights), alphas=10
    )
    second = cross_validate(
        repeated, make_splits(4, times.sum(), fold_ids=np.repeat(fold_ids, times)), alphas=10
    )
    assert_allclose(first.cv_mean, second.cv_mean, rtol=1e-4)
    assert_allclose(first.cv_se, second.cv_se, rtol=1e-3)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_integer_weight_is_repeated_rows_in_cross_validation(options):
    X, y, weight = weighted_data()
    times = weight.astype(int)
    fold_ids = np.arange(len(y)) % 4
    weighted = problem(X, y, weight, **options)
    repeated = problem(np.repeat(X, times, axis=0), np.repeat(y, times), **options)
    first = cross_validate(
        weighted, make_splits(4, len(y), fold_ids=fold_ids, weights=weighted.weights), alphas=30
    )
    second = cross_validate(
        repeated, make_splits(4, times.sum(), fold_ids=np.repeat(fold_ids, times)), alphas=30
    )
    assert_allclose(first.alphas, second.alphas, rtol=1e-11)
    assert_allclose(first.cv_mean, second.cv_mean, rtol=1e-8)
    assert_allclose(first.cv_se, second.cv_se, rtol=1e-7)
    assert_allclose(first.train_mean, second.train_mean, rtol=1e-8)
    assert_allclose([first.alpha, first.alpha_1se], [second.alpha, second.alpha_1se], rtol=1e-11)
