"""Sparse columns so many that the quadratic models are solved without their Gram matrix."""

import numpy as np
import pytest
from scipy import sparse

from shrinkage import Settings, elastic_net_path
from shrinkage.solve.certificate import certify

RATIO = {"binomial": 0.05, "poisson": 0.01}  # of the last alpha to the first


def problem(family, n=1500, p=3000):
    """Words in short texts: few stored values, hundreds of them used at the last alpha."""
    rng = np.random.default_rng(4)
    X = sparse.random_array((n, p), density=0.006, format="csc", rng=rng)
    X.data = 1.0 + np.log(1.0 + np.round(2.0 * X.data))
    coef = np.zeros(p)
    coef[:40] = rng.normal(size=40)
    eta = X @ coef
    eta = (eta - eta.mean()) / eta.std()
    if family == "poisson":
        return X, rng.poisson(np.exp(0.5 * eta)).astype(float)
    return X, (rng.random(n) < 1.0 / (1.0 + np.exp(-1.5 * eta))).astype(float)


def fitted(X, y, family, *, n_threads=1, l1_ratio=1.0, tol=1e-8, **options):
    first = np.abs(X.T @ (y - y.mean())).max() / y.size / l1_ratio
    return elastic_net_path(
        X,
        y,
        family=family,
        alphas=first * np.geomspace(1.0, RATIO[family], 25),
        l1_ratio=l1_ratio,
        standardize=False,
        settings=Settings(n_threads=n_threads, tol=tol),
        **options,
    )


def assert_certified(path, X, y, family, l1_ratio=1.0, tol=1e-8, **options):
    for k in range(0, path.alphas.size, 4):
        found = certify(
            X,
            y,
            path.coef_path[k],
            path.intercepts[k],
            family=family,
            alpha=path.alphas[k],
            l1_ratio=l1_ratio,
            standardize=False,
            **options,
        )
        assert found.dual_gap <= 1.05 * tol


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
def test_certified(family, l1_ratio):
    X, y = problem(family)
    path = fitted(X, y, family, l1_ratio=l1_ratio)
    assert np.count_nonzero(path.coef_path[-1]) > 400
    assert_certified(path, X, y, family, l1_ratio)


@pytest.mark.parametrize("tol", [1e-4, 1e-11])
def test_tolerance_is_kept(tol):
    X, y = problem("poisson")
    path = fitted(X, y, "poisson", tol=tol)
    assert_certified(path, X, y, "poisson", tol=tol)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_threads_change_nothing(family):
    X, y = problem(family)
    one, two = (fitted(X, y, family, n_threads=n) for n in (1, 2))
    assert np.array_equal(one.coef_path, two.coef_path)
    assert np.array_equal(one.intercepts, two.intercepts)


@pytest.mark.filterwarnings("ignore::shrinkage.DataWarning")
def test_dependent_columns():
    X, y = problem("binomial")
    sums = X[:, :300] + X[:, 300:600]
    doubled = sparse.csc_array(sparse.hstack([X, X[:, :600], sums]))
    path = fitted(doubled, y, "binomial")
    assert_certified(path, doubled, y, "binomial")


def test_bounds():
    X, y = problem("binomial")
    lower, upper = np.full(X.shape[1], -0.2), np.full(X.shape[1], 0.5)
    path = fitted(X, y, "binomial", lower=lower, upper=upper)
    assert path.coef_path.min() == -0.2
    assert path.coef_path.max() == 0.5
    assert_certified(path, X, y, "binomial", lower=lower, upper=upper)


def test_large_values_and_uneven_weights():
    X, y = problem("poisson")
    rng = np.random.default_rng(5)
    X = sparse.csc_array(X @ sparse.diags_array(10.0 ** rng.uniform(-1.0, 1.0, X.shape[1])))
    weights = 10.0 ** rng.uniform(-2.0, 2.0, y.size)
    path = fitted(X, y, "poisson", sample_weight=weights)
    assert_certified(path, X, y, "poisson", sample_weight=weights)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_where_iterations_are_too_slow_the_gram_matrix_takes_over(family):
    # Windows that overlap by all but one row: the Gram matrix is nearly singular, and its diagonal
    # says nothing of it.
    n, width, p = 900, 30, 860
    starts = np.arange(p + 1) * width
    rows = (np.arange(p)[:, None] + np.arange(width)).ravel()
    X = sparse.csc_array((np.ones(p * width), rows, starts), shape=(n, p))
    rng = np.random.default_rng(1)
    eta = np.sin(np.arange(n) / 9.0) + 0.3 * rng.normal(size=n)
    if family == "poisson":
        y = rng.poisson(np.exp(eta)).astype(float)
    else:
        y = (rng.random(n) < 1.0 / (1.0 + np.exp(-2.0 * eta))).astype(float)
    path = fitted(X, y, family, l1_ratio=0.5)
    assert_certified(path, X, y, family, l1_ratio=0.5)
