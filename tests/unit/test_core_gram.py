"""The plan "cross-products" in the core: units, paths and folds, against fits by other means."""

import numpy as np
import pytest
from scipy import sparse

from shrinkage import _core
from shrinkage.solve.certificate import certify
from tests.unit.least_squares import coefs_of

OPTIONS = [(True, True), (True, False), (False, True), (False, False)]
N, P = 60, 9


def make_data(weights, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) * np.exp(rng.normal(size=P)) + rng.normal(size=P)
    X[:, 6] = 4.0
    X = np.asfortranarray(X)
    y = X[:, 0] - 0.5 * X[:, 3] + rng.normal(size=N) + 2.0
    w = None
    if weights:
        w = rng.random(N)
        w[[1, 7]] = 0.0
        w /= w.sum()
    return X, y, w


def cross_products(X, y, w, options, ids=None, n_folds=0):
    return _core.CrossProducts(_core.dense(X), y, w, *options, ids, n_folds, 1)


def problem_of(kind):
    """Return penalty factors and bounds."""
    v = np.ones(P)
    if kind == "plain":
        return v, None, None
    v = np.linspace(0.5, 2.0, P)
    v[[1, 4]] = 0.0
    v[2] = np.inf
    if kind == "factors":
        return v, None, None
    lower, upper = np.full(P, -np.inf), np.full(P, np.inf)
    lower[[0, 4]] = -0.2, 0.0
    upper[[3, 4, 5]] = 0.0, 0.1, 0.05
    return v, lower, upper


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
def test_units(options, weights):
    X, y, w = make_data(weights)
    fit_intercept, standardize = options
    found = cross_products(X, y, w, options)
    wt = np.full(N, 1 / N) if w is None else w
    mean, y_mean = wt @ X, wt @ y
    spread = np.sqrt(wt @ (X - mean) ** 2)
    spread[6] = 0.0
    expected_scale = spread if standardize else np.ones(P)
    if not standardize and fit_intercept:
        expected_scale[6] = 0.0
    np.testing.assert_allclose(found.spread, spread, rtol=1e-12)
    np.testing.assert_allclose(found.scale, expected_scale, rtol=1e-12)
    np.testing.assert_allclose(found.mean, mean if fit_intercept else 0.0 * mean, rtol=1e-12)
    assert found.y_mean == pytest.approx(y_mean if fit_intercept else 0.0)
    assert found.y_spread == pytest.approx(np.sqrt(wt @ (y - y_mean) ** 2))
    assert found.null_loss == pytest.approx(wt @ (y - found.y_mean) ** 2 / 2)
    assert found.tau == pytest.approx(np.sqrt(2 * found.null_loss) if standardize else 1.0)


@pytest.mark.parametrize("kind", ["plain", "factors", "bounds"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
def test_every_point_is_certified(kind, l1_ratio, options, weights):
    X, y, w = make_data(weights)
    v, lower, upper = problem_of(kind)
    cross = cross_products(X, y, w, options)
    alphas = np.geomspace(2.0, 1e-3, 12)
    path = cross.path(alphas, l1_ratio, v, lower, upper, 1000, 1e-9, 1)
    for k, coef in enumerate(coefs_of(path, P)):
        judged = certify(
            X,
            y,
            coef,
            path.intercepts[k],
            alpha=alphas[k],
            l1_ratio=l1_ratio,
            sample_weight=w,
            penalty_factor=v,
            lower=lower,
            upper=upper,
            fit_intercept=options[0],
            standardize=options[1],
        )
        assert judged.dual_gap <= 1e-9
        assert judged.kkt_violation <= 1e-9


@pytest.mark.parametrize("options", OPTIONS)
def test_null_correlations_are_those_of_the_fitted_free_features(options):
    X, y, w = make_data(True)
    v, _, _ = problem_of("factors")
    cross = cross_products(X, y, w, options)
    used = cross.scale > 0
    Z = np.sqrt(w)[:, None] * (X - cross.mean)
    Z[:, used] /= cross.scale[used]
    target = np.sqrt(w) * (y - cross.y_mean)
    free = Z[:, v == 0]
    residual = target - free @ np.linalg.lstsq(free, target)[0]
    found = cross.null_correlations(v, None, None, 1000)
    np.testing.assert_allclose(found[used], (Z.T @ residual)[used], atol=1e-12)
    assert (found[~used] == 0.0).all()


@pytest.mark.parametrize("kind", ["plain", "factors", "bounds"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
def test_fold_errors_are_those_of_fits_outside_each_fold(kind, l1_ratio, options, weights):
    X, y, w = make_data(weights)
    wt = np.full(N, 1 / N) if w is None else w
    v, lower, upper = problem_of(kind)
    ids = np.random.default_rng(2).integers(0, 5, N).astype(np.int32)
    ids[:3] = -1
    X[ids != 2, 5] = -1.0  # without spread outside fold 2
    arguments = (np.geomspace(1.0, 1e-3, 8), l1_ratio, v, lower, upper, 1000, 1e-9)
    cross = cross_products(X, y, w, options, ids, 5)
    folds = cross.crossval(*arguments, 1)
    for fold in range(5):
        held = ids == fold
        outside = np.where(held, 0.0, wt)
        alone = cross_products(X, y, outside / outside.sum(), options).path(*arguments, 1)
        square = (y[:, None] - X @ coefs_of(alone, P).T - alone.intercepts) ** 2
        expected = np.average(square[held], axis=0, weights=wt[held])
        np.testing.assert_allclose(folds.error[fold], expected, rtol=1e-9)
        expected = np.average(square[~held], axis=0, weights=wt[~held])
        np.testing.assert_allclose(folds.train_error[fold], expected, rtol=1e-9)
        own = folds.paths[fold]
        np.testing.assert_allclose(coefs_of(own, P), coefs_of(alone, P), atol=1e-9)
        np.testing.assert_allclose(own.intercepts, alone.intercepts, atol=1e-9)
        assert folds.weight[fold] == pytest.approx(wt[held].sum())
    in_threads = cross.crossval(*arguments, 2)
    assert (folds.error == in_threads.error).all()
    assert all(
        (one.values == two.values).all()
        for one, two in zip(folds.paths, in_threads.paths, strict=True)
    )


def test_folds_with_a_mean_of_a_million_lose_no_digits():
    X, y, _ = make_data(False)
    ids = (np.arange(N) * 5 // N).astype(np.int32)
    order = np.argsort(X[:, 0])  # folds whose means are far apart
    X, y = np.asfortranarray(X[order]), y[order]
    v = np.ones(P)
    arguments = (np.geomspace(1.0, 1e-4, 8), 1.0, v, None, None, 1000, 1e-9, 1)
    near = cross_products(X, y, None, (True, True), ids, 5).crossval(*arguments)
    far = cross_products(X + 2.0**20, y, None, (True, True), ids, 5).crossval(*arguments)
    np.testing.assert_allclose(far.error, near.error, rtol=1e-7)


def test_folds_without_noise_have_errors_that_are_not_negative():
    X, _, _ = make_data(False)
    y = X @ np.arange(P)
    ids = (np.arange(N) % 4).astype(np.int32)
    folds = cross_products(X, y, None, (True, False), ids, 4).crossval(
        np.array([1e-10]), 1.0, np.ones(P), None, None, 1000, 1e-9, 1
    )
    assert (folds.error >= 0.0).all()
    assert folds.error.max() < 1e-12 * y.var()


def test_a_fold_without_weight_has_no_error():
    X, y, _ = make_data(False)
    ids = (np.arange(N) % 4).astype(np.int32)
    w = np.where(ids == 1, 0.0, 1.0)
    cross = cross_products(X, y, w / w.sum(), (True, True), ids, 4)
    folds = cross.crossval(np.array([0.1]), 1.0, np.ones(P), None, None, 1000, 1e-9, 1)
    assert np.isnan(folds.error[:, 0]).tolist() == [False, True, False, False]
    assert np.isfinite(folds.train_error).all()


@pytest.mark.parametrize("kind", ["C", "float32", "sparse"])
def test_every_kind_of_matrix_gives_the_same_folds(kind):
    X, y, w = make_data(True)
    X = np.asfortranarray(X.astype(np.float32).astype(float))
    ids = (np.arange(N) % 4).astype(np.int32)
    if kind == "sparse":
        columns = sparse.csc_matrix(X)
        design = _core.sparse(columns.data, columns.indices, columns.indptr, N, P)
    else:
        design = _core.dense(
            np.ascontiguousarray(X) if kind == "C" else np.asfortranarray(X, dtype=np.float32)
        )
    arguments = (np.geomspace(1.0, 1e-3, 5), 0.5, np.ones(P), None, None, 1000, 1e-9, 1)
    expected = cross_products(X, y, w, (True, True), ids, 4).crossval(*arguments)
    found = _core.CrossProducts(design, y, w, True, True, ids, 4, 1).crossval(*arguments)
    np.testing.assert_allclose(found.error, expected.error, rtol=1e-9)


def test_bytes_are_those_of_the_cross_products():
    X, y, w = make_data(False)
    ids = (np.arange(N) % 4).astype(np.int32)
    assert cross_products(X, y, w, (True, True)).nbytes == 8 * P**2
    cross = cross_products(X, y, w, (True, True), ids, 4)
    assert cross.nbytes == 8 * (P**2 + 4 * (P + 1) ** 2)
    assert cross.n_folds == 4
