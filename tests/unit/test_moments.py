"""The native cross-products against sums in extended precision."""

import numpy as np
import pytest
import scipy.sparse

from shrinkage import _core

EXTENDED = np.longdouble


def expected_moments(X, y, weights, fold_ids, fold):
    """Return weight, mean and centred products of the rows of one fold."""
    Z = np.column_stack([np.asarray(X), y]).astype(EXTENDED)
    w = np.full(len(y), EXTENDED(1) / len(y)) if weights is None else weights.astype(EXTENDED)
    rows = fold_ids == fold if fold >= 0 else fold_ids < 0
    Z, w = Z[rows], w[rows]
    total = w.sum()
    mean = (w @ Z) / total if total > 0 else np.zeros(Z.shape[1], EXTENDED)
    return total, mean, (w[:, None] * (Z - mean)).T @ (Z - mean)


def assert_close(moments, expected, tolerance=2e-14):
    weight, mean, products = expected
    scale = np.sqrt(np.diag(products))
    scale = np.where(scale > 1e-13 * np.abs(mean), scale, np.abs(mean))
    scale = np.where(scale > 0, scale, 1)
    assert moments.weight == pytest.approx(float(weight), rel=1e-13)
    assert np.max(np.abs(moments.mean - mean) / np.maximum(np.abs(mean), scale)) < tolerance
    assert np.max(np.abs(moments.products - products) / np.outer(scale, scale)) < tolerance


def design_of(X):
    if scipy.sparse.issparse(X):
        return _core.sparse(X.data, X.indices, X.indptr, *X.shape)
    return _core.dense(X)


def make_columns(n, p, seed=0):
    """Return ordinary columns and those that lose digits in naive sums."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1] += 0.7 * X[:, 0]
    X[:, 2] = np.sort(X[:, 2])
    X[n // 3, 3] = 1e9
    X[:, 4] = 0.1
    X[:, 5] *= 1e-6
    return X, X @ rng.normal(size=p) + rng.normal(size=n)


@pytest.mark.parametrize("layout", ["F", "C", "leading F", "leading C", "float32", "sparse"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_folds", [0, 4])
@pytest.mark.parametrize(("n", "p"), [(1, 7), (37, 7), (1003, 12)])
def test_moments(layout, weighted, n_folds, n, p):
    X, y = make_columns(n, p)
    rng = np.random.default_rng(1)
    if layout == "F":
        X = np.asfortranarray(X)
    elif layout == "leading F":
        X = np.asfortranarray(np.vstack([X, X]))[:n]
    elif layout == "leading C":
        X = np.hstack([X, X])[:, :p]
    elif layout == "float32":
        X = np.asfortranarray(X, dtype=np.float32)
    elif layout == "sparse":
        X = X * (rng.random(size=X.shape) < 0.3)
    weights = None
    if weighted:
        weights = rng.exponential(size=n) * (rng.random(size=n) < 0.8) + 1e-3
        weights[n // 2 :: 5] = 0.0
        weights /= max(weights.sum(), 1e-300)
    fold_ids = rng.integers(-1, n_folds, size=n).astype(np.int32) if n_folds else None
    design = design_of(scipy.sparse.csc_array(X) if layout == "sparse" else X)
    found = _core.moments(design, y, weights, fold_ids, n_folds, 1)
    if fold_ids is None:
        assert len(found) == 1
        assert_close(found[0], expected_moments(X, y, weights, np.zeros(n), 0))
        return
    assert len(found) == n_folds + bool((fold_ids < 0).any())
    for fold in range(n_folds):
        assert_close(found[fold], expected_moments(X, y, weights, fold_ids, fold))
    if len(found) > n_folds:
        assert_close(found[-1], expected_moments(X, y, weights, fold_ids, -1))


@pytest.mark.parametrize("order", ["F", "C"])
def test_products_that_are_shared_between_threads(order):
    """Above 256 columns threads share each block, and a block's product is cut into panels."""
    X, y = make_columns(1100, 260)
    fold_ids = (np.arange(1100) % 2).astype(np.int32)
    found = _core.moments(_core.dense(np.asarray(X, order=order)), y, None, fold_ids, 2, 2)
    for fold in range(2):
        assert_close(found[fold], expected_moments(X, y, None, fold_ids, fold))


def test_a_mean_far_from_zero_costs_few_digits():
    """At 1e6 standard deviations the products are as good as the last digit of X."""
    X, y = make_columns(2000, 8)
    X = X[:, [0, 1, 2, 6, 7]] + 1e6
    (found,) = _core.moments(_core.dense(np.asfortranarray(X)), y, None, None, 0, 1)
    assert_close(
        found, expected_moments(X, y, None, np.zeros(2000), 0), tolerance=2 * np.spacing(1e6)
    )


@pytest.mark.parametrize(
    ("n", "p", "n_folds"), [(20_000, 30, 0), (20_000, 30, 5), (3_000, 280, 0), (3_000, 280, 5)]
)
@pytest.mark.parametrize("order", ["F", "C"])
def test_threads_change_no_bit(n, p, n_folds, order):
    rng = np.random.default_rng(2)
    design = _core.dense(np.asarray(rng.normal(size=(n, p)), order=order))
    y = rng.normal(size=n)
    fold_ids = rng.integers(0, n_folds, size=n).astype(np.int32) if n_folds else None
    one = _core.moments(design, y, None, fold_ids, n_folds, 1)
    for n_threads in (2, 3):
        many = _core.moments(design, y, None, fold_ids, n_folds, n_threads)
        for a, b in zip(one, many, strict=True):
            assert a.weight == b.weight
            assert np.array_equal(a.mean, b.mean)
            assert np.array_equal(a.products, b.products)


def test_a_row_of_weight_0_counts_nowhere():
    X, y = make_columns(50, 7)
    weights = np.full(50, 1 / 40)
    weights[::5] = 0.0
    (some,) = _core.moments(_core.dense(X), y, weights, None, 0, 1)
    X[::5], y[::5] = np.nan, np.inf
    (same,) = _core.moments(_core.dense(X), y, weights, None, 0, 1)
    assert np.array_equal(some.products, same.products)
