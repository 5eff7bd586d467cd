"""What a change of units does, in both conventions of docs/objective.md."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from shrinkage import Settings, elastic_net_path
from tests.cases import FAMILIES, NEWTON_FAMILIES

TIGHT = Settings(tol=1e-13)
L1_RATIOS = [1.0, 0.5, 0.0]


def data(seed=0, n=50, p=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ np.diag([1.0, 2.0, 0.5, 3.0, 1.0, 1.0]) + 1.0
    return X, X @ rng.normal(size=p) + rng.normal(size=n)


def close(actual, expected):
    scale = np.max(np.abs(expected))
    assert_allclose(actual, expected, rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("l1_ratio", L1_RATIOS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(c=st.floats(1e-3, 1e3), d=st.floats(-1e3, 1e3))
def test_units_of_y_scale_alpha_when_standardized(l1_ratio, c, d):
    X, y = data()
    path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=8)
    scaled = elastic_net_path(X, c * y + d, l1_ratio=l1_ratio, alphas=8)
    assert_allclose(scaled.alphas, c * path.alphas, rtol=1e-9)
    close(scaled.coef_path, c * path.coef_path)
    close(scaled.intercepts, c * path.intercepts + d)
    close(scaled.df, path.df)


@pytest.mark.parametrize("l1_ratio", L1_RATIOS)
def test_units_of_y_scale_bounds_and_offset_when_standardized(l1_ratio):
    X, y = data()
    offset = np.linspace(-1.0, 1.0, len(y))
    path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=8, lower=-0.3, upper=0.5, offset=offset)
    scaled = elastic_net_path(
        X, 7 * y, l1_ratio=l1_ratio, alphas=8, lower=-2.1, upper=3.5, offset=7 * offset
    )
    close(scaled.coef_path, 7 * path.coef_path)


@pytest.mark.parametrize("l1_ratio", L1_RATIOS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(scales=st.lists(st.floats(1e-4, 1e4), min_size=6, max_size=6))
def test_units_of_columns_do_not_matter_when_standardized(l1_ratio, scales):
    X, y = data()
    scales = np.array(scales)
    path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=8, lower=-0.3)
    scaled = elastic_net_path(X * scales, y, l1_ratio=l1_ratio, alphas=8, lower=-0.3 / scales)
    assert_allclose(scaled.alphas, path.alphas, rtol=1e-9)
    close(scaled.coef_path * scales, path.coef_path)
    close(scaled.intercepts, path.intercepts)


@pytest.mark.parametrize("family", NEWTON_FAMILIES)
@pytest.mark.parametrize("l1_ratio", L1_RATIOS)
def test_units_of_columns_do_not_matter_to_other_families(family, l1_ratio):
    X, z = data()
    y = FAMILIES[family].of_response(np.random.default_rng(0), (z - z.mean()) / z.std())
    scales = np.array([1e-3, 1.0, 40.0, 1e3, 0.1, 7.0])
    options = {"family": family, "l1_ratio": l1_ratio, "alphas": 8, "settings": TIGHT}
    path = elastic_net_path(X, y, lower=-0.3, **options)
    scaled = elastic_net_path(X * scales, y, lower=-0.3 / scales, **options)
    size = np.abs(path.coef_path).max()
    assert_allclose(scaled.alphas, path.alphas, rtol=1e-9)
    assert_allclose(scaled.coef_path * scales, path.coef_path, atol=1e-6 * size)
    assert_allclose(scaled.intercepts, path.intercepts, atol=1e-6 * size)
    standardized = (X - X.mean(axis=0)) / X.std(axis=0)
    direct = elastic_net_path(standardized, y, standardize=False, **options)
    whole = elastic_net_path(X, y, **options)
    assert_allclose(direct.alphas, whole.alphas, rtol=1e-9)
    assert_allclose(direct.coef_path, whole.coef_path * whole.spread, atol=1e-6 * size)


@pytest.mark.parametrize("l1_ratio", L1_RATIOS)
@pytest.mark.parametrize("c", [0.001, 0.5, 40.0])
def test_units_of_y_in_original_units(l1_ratio, c):
    X, y = data()
    alphas = np.array([1.0, 0.1, 0.01])
    share = c * l1_ratio + 1 - l1_ratio
    path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=alphas, standardize=False)
    scaled = elastic_net_path(
        X, c * y, l1_ratio=min(c * l1_ratio / share, 1.0), alphas=alphas * share, standardize=False
    )
    close(scaled.coef_path, c * path.coef_path)


@pytest.mark.parametrize(("l1_ratio", "power"), [(1.0, 1), (0.0, 2)])
def test_units_of_columns_in_original_units_are_penalty_factors(l1_ratio, power):
    X, y = data()
    scales = np.array([1.0, 3.0, 0.2, 1.0, 10.0, 0.5])
    options = {"l1_ratio": l1_ratio, "alphas": [1.0, 0.1, 0.01], "standardize": False}
    path = elastic_net_path(X, y, **options)
    scaled = elastic_net_path(X * scales, y, penalty_factor=scales**power, **options)
    close(scaled.coef_path * scales, path.coef_path)


def test_grid_of_ridge_does_not_depend_on_units():
    X, y = data()
    scales = np.array([1.0, 3.0, 0.2, 1.0, 10.0, 0.5])
    for factor in (1.0, 1e-3):
        standardized = elastic_net_path(X * scales, factor * y, l1_ratio=0.0, alphas=20)
        direct = elastic_net_path(
            (X - X.mean(axis=0)) / X.std(axis=0), factor * y, l1_ratio=0.0, alphas=20
        )
        close(standardized.alphas, direct.alphas)
        close(standardized.deviance_ratio, direct.deviance_ratio)
    small = elastic_net_path(X, 1e-3 * y, l1_ratio=0.0, standardize=False)
    large = elastic_net_path(1e3 * X, y, l1_ratio=0.0, standardize=False)
    close(large.deviance_ratio, small.deviance_ratio)
