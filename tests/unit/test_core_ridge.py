"""Ridge in the core: by columns and by rows, folds and leave-one-out, against least squares."""

import numpy as np
import pytest
import scipy.sparse

from shrinkage import _core
from shrinkage.solve.certificate import certify
from tests.unit.least_squares import AugmentedRidge, coefs_of

ALPHAS = np.r_[np.geomspace(1e3, 1e-4, 8), 0.0]
SINGULAR = 4
OPTIONS = [(True, True), (True, False), (False, True), (False, False)]


def make_data(n, p, weights, factors, seed=0):
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.normal(size=(n, p)) * np.exp(rng.normal(size=p)) + rng.normal(size=p))
    y = X[:, 0] - 0.5 * X[:, 3] + rng.normal(size=n) + 2.0
    v = np.ones(p)
    if factors == "mixed":
        v = np.exp(rng.normal(size=p))
        v[[1, 4]] = 0.0
        v[2] = np.inf
    w = None
    if weights:
        w = rng.random(n) + 0.2
        w[[2, 5, n - 1]] = 0.0
        w /= w.sum()
    return X, y, w, v


def by_columns(X, y, w, fit_intercept, standardize, alphas, v):
    cross = _core.CrossProducts(_core.dense(X), y, w, fit_intercept, standardize, None, 0, 1)
    return cross.ridge(alphas, v, 1)


def by_rows(X, y, w, fit_intercept, standardize, alphas, v):
    design = _core.dense(X)
    return _core.ridge_wide(design, y, w, fit_intercept, standardize, alphas, v, 1)


def folds_by_columns(design, y, w, fit_intercept, standardize, alphas, v, ids, n_folds, threads=1):
    cross = _core.CrossProducts(design, y, w, fit_intercept, standardize, ids, n_folds, threads)
    return cross.ridge_crossval(alphas, v, threads)


PLANS = [by_columns, by_rows]
FOLD_PLANS = [folds_by_columns, _core.ridge_wide_crossval]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("n", "p"), [(40, 7), (25, 60)])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("factors", ["one", "mixed"])
def test_ridge_is_augmented_least_squares(plan, n, p, options, weights, factors):
    X, y, w, v = make_data(n, p, weights, factors)
    path = plan(X, y, w, *options, ALPHAS, v)
    judge = AugmentedRidge(X, y, w, *options, v)
    for alpha, coef, intercept in zip(ALPHAS, coefs_of(path, p), path.intercepts, strict=True):
        expected, expected_intercept = judge.fit(alpha)
        np.testing.assert_allclose(coef, expected, atol=1e-9 * np.abs(expected).max())
        assert intercept == pytest.approx(expected_intercept, rel=1e-8)
    assert (path.dual_gap < 1e-12).all()
    assert path.status[-1] == (SINGULAR if p > n else 0)
    # free features, alpha > 0, alpha = 0; and two for a second look at dependent rows
    assert path.counts["factorised"] <= (5 if plan is by_rows and n > p else 3)


HARD_COLUMNS = {
    "mean a million": lambda X: X + 1e6,
    "one mean a million": lambda X: X + 1e6 * (np.arange(X.shape[1]) == 3),
    "duplicates": lambda X: np.column_stack([X, X[:, 1], -X[:, 2], X[:, 3] + X[:, 4]]),
    "constants": lambda X: np.column_stack([X, np.full(len(X), 0.1), np.full(len(X), 1e8)]),
    "scales": lambda X: X * np.logspace(-6, 6, X.shape[1]),
    "powers": lambda X: np.abs(X[:, :1]) ** np.arange(1, 13),
    "outlier": lambda X: X + np.outer(np.arange(len(X)) == 7, 1e9 * (np.arange(X.shape[1]) == 1)),
    "nearly equal": lambda X: X[:, :1] + 1e-3 * X,
    "equal rows": lambda X: np.vstack([X[: len(X) // 2]] * 2),
}


@pytest.mark.parametrize("name", HARD_COLUMNS)
@pytest.mark.parametrize(("n", "p", "plan"), [(80, 12, by_columns), (30, 100, by_rows)])
@pytest.mark.parametrize("standardize", [True, False])
def test_hard_columns_are_certified_over_seven_decades(name, n, p, plan, standardize):
    rng = np.random.default_rng(3)
    X = np.asfortranarray(HARD_COLUMNS[name](rng.normal(size=(n, p))))
    p = X.shape[1]
    spread = X.std(axis=0)
    spread[spread <= 1e-13 * np.abs(X).max(axis=0)] = np.inf
    y = ((X - X.mean(axis=0)) / spread)[:, :4] @ [1, -2, 3, 1] + rng.normal(size=n)
    v = np.ones(p)
    cross = _core.CrossProducts(_core.dense(X), y, None, True, standardize, None, 0, 1)
    null = np.abs(cross.null_correlations(v, None, None, 1000))
    base = null.max() if standardize else (null * cross.spread).max() / y.std()
    alphas = np.geomspace(1e3 * base, 1e-4 * base, 12)
    path = plan(X, y, None, True, standardize, alphas, v)
    assert (path.status == 0).all()
    for k, coef in enumerate(coefs_of(path, p)):
        judged = certify(
            X,
            y,
            coef,
            path.intercepts[k],
            alpha=alphas[k],
            l1_ratio=0.0,
            standardize=standardize,
        )
        assert judged.dual_gap <= 1e-9
        assert path.dual_gap[k] <= 1e-9


def test_columns_of_very_different_length_take_a_factor_of_their_own():
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(50, 12)) * np.logspace(-6, 6, 12))
    y = X[:, 0] * 1e6 + rng.normal(size=50)
    path = by_columns(X, y, None, True, False, np.array([1e-3, 1e-8]), np.ones(12))
    assert (path.dual_gap < 1e-9).all()
    assert path.counts["factorised"] > 1


@pytest.mark.parametrize("plan", PLANS)
def test_without_spread_in_y_every_point_is_the_constant(plan):
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(9, 4)))
    path = plan(X, np.full(9, 2.5), None, True, True, ALPHAS, np.ones(4))
    assert (path.status == 3).all()
    assert (path.intercepts == 2.5).all()
    assert len(path.features) == 0


@pytest.mark.parametrize("plan", PLANS)
def test_without_a_column_that_may_enter_every_point_is_the_mean(plan):
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(9, 2)))
    X[:, 1] = 3.0
    y = np.arange(9.0)
    path = plan(X, y, None, True, True, ALPHAS, np.array([np.inf, 1.0]))
    assert len(path.features) == 0
    np.testing.assert_allclose(path.intercepts, 4.0)
    assert (path.status == 0).all()
    error, *_ = _core.ridge_leave_one_out(
        _core.dense(X), y, None, True, True, ALPHAS, np.array([np.inf, 1.0]), 1
    )
    others = (y.sum() - y) / 8
    np.testing.assert_allclose(error, np.mean((y - others) ** 2))


NEARLY_DEPENDENT = {
    "powers": (100, 12, lambda E: np.abs(E[:, :1]) ** np.arange(1, 13)),
    "mixes": (47, 30, lambda E: E[:, :10] @ E[:10, :] + 1e-6 * E),
    "wide mixes": (40, 55, lambda E: E[:, :18] @ E[:18, :] + 1e-5 * E),
    "nearly equal rows": (24, 60, lambda E: np.vstack([E[:12], E[:12] + 1e-6 * E[12:]])),
}


@pytest.mark.parametrize("name", NEARLY_DEPENDENT)
@pytest.mark.parametrize("options", OPTIONS)
def test_least_squares_of_nearly_dependent_columns(name, options):
    n, p, make = NEARLY_DEPENDENT[name]
    rng = np.random.default_rng(6)
    X = np.asfortranarray(make(rng.normal(size=(n, p))))
    y = X @ rng.normal(size=p) + rng.normal(size=n)
    plan = by_rows if p > n else by_columns
    path = plan(X, y, None, *options, np.zeros(1), np.ones(p))
    coef = coefs_of(path, p)[0]
    judged = certify(
        X,
        y,
        coef,
        path.intercepts[0],
        alpha=0.0,
        l1_ratio=0.0,
        fit_intercept=options[0],
        standardize=options[1],
    )
    assert judged.dual_gap <= 1e-9
    assert path.dual_gap[0] <= 1e-9
    assert path.status[0] == (SINGULAR if p > n else 0)
    judge = AugmentedRidge(X, y, None, *options, np.ones(p))
    expected, _ = judge.fit(0.0)
    np.testing.assert_allclose(coef, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("plan", FOLD_PLANS)
@pytest.mark.parametrize(("n", "p"), [(40, 7), (25, 60)])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("factors", ["one", "mixed"])
def test_fold_errors_are_those_of_fits_outside_each_fold(plan, n, p, options, weights, factors):
    X, y, w, v = make_data(n, p, weights, factors)
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 4, n).astype(np.int32)
    ids[0] = -1
    X[ids != 2, 5] = 3.0  # without spread outside fold 2
    folds = plan(_core.dense(X), y, w, *options, ALPHAS, v, ids, 4, 1)
    in_threads = plan(_core.dense(X), y, w, *options, ALPHAS, v, ids, 4, 2)
    wt = np.full(n, 1 / n) if w is None else w
    for fold in range(4):
        held = ids == fold
        assert folds.weight[fold] == pytest.approx(wt[held].sum())
        judge = AugmentedRidge(X, y, np.where(held, 0.0, wt), *options, v)
        for k, alpha in enumerate(ALPHAS):
            coef, intercept = judge.fit(alpha)
            square = (y - X @ coef - intercept) ** 2
            assert folds.error[fold, k] == pytest.approx(
                np.average(square[held], weights=wt[held]), rel=1e-7
            )
            train = np.average(square[~held], weights=wt[~held])
            assert folds.train_error[fold, k] == pytest.approx(train, rel=1e-7, abs=1e-12)
            if folds.predictions is not None:
                fit = X[held] @ coef + intercept
                np.testing.assert_allclose(folds.predictions[held, k], fit, rtol=1e-6, atol=1e-7)
    assert (folds.error == in_threads.error).all()
    assert (folds.train_error == in_threads.train_error).all()


def test_the_fold_that_predicts_is_the_one_that_holds_the_row_out():
    X, y, _, v = make_data(25, 60, False, "one")
    ids = (np.arange(25) % 5).astype(np.int32)
    ids[3] = -1
    arguments = (_core.dense(X), y, None, True, True, ALPHAS, v, ids, 5, 1)
    folds = _core.ridge_wide_crossval(*arguments)
    assert folds.paths == []
    assert np.isnan(folds.predictions).any(axis=1).tolist() == [i == 3 for i in range(25)]
    assert folds_by_columns(*arguments).predictions is None


@pytest.mark.parametrize(("n", "p"), [(30, 6), (20, 45)])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("factors", ["one", "mixed"])
def test_leave_one_out_is_a_fit_without_each_row(n, p, options, weights, factors):
    X, y, w, v = make_data(n, p, weights, factors)
    wt = np.full(n, 1 / n) if w is None else w
    full = AugmentedRidge(X, y, w, *options, v)
    design = _core.dense(X)
    error, predictions, gcv, trace = _core.ridge_leave_one_out(design, y, w, *options, ALPHAS, v, 1)
    expected = np.full((n, len(ALPHAS)), np.nan)
    for i in np.flatnonzero(wt > 0):
        others = np.where(np.arange(n) == i, 0.0, wt)
        judge = AugmentedRidge(X, y, others, *options, v, units=(full.scale, full.tau))
        for k, alpha in enumerate(ALPHAS):
            coef, intercept = judge.fit(alpha)
            expected[i, k] = X[i] @ coef + intercept
    scale = np.abs(y).max()
    np.testing.assert_allclose(predictions, expected, atol=1e-7 * scale)
    assert (np.isnan(predictions).all(axis=1) == (wt == 0)).all()
    rows = wt > 0
    squares = (y[rows, None] - predictions[rows]) ** 2
    np.testing.assert_allclose(error, wt[rows] @ squares, rtol=1e-12)
    for k, alpha in enumerate(ALPHAS[:-1]):
        coef, intercept = full.fit(alpha)
        assert trace[k] == pytest.approx(full.trace(alpha, options[0]), rel=1e-8)
        loss = wt @ (y - X @ coef - intercept) ** 2
        expected_gcv = loss / (1 - trace[k] / rows.sum()) ** 2
        assert gcv[k] == pytest.approx(expected_gcv, rel=1e-6)


@pytest.mark.parametrize("p", [6, 45])
def test_leave_one_out_is_the_same_for_any_number_of_threads(p):
    X, y, w, v = make_data(2500 if p == 6 else 20, p, True, "mixed")
    once = _core.ridge_leave_one_out(_core.dense(X), y, w, True, True, ALPHAS, v, 1)
    twice = _core.ridge_leave_one_out(_core.dense(X), y, w, True, True, ALPHAS, v, 2)
    for one, two in zip(once, twice, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_row_that_the_unpenalised_fit_goes_through():
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(12, 4)))
    X[:, 2] = np.arange(12) == 5
    y = rng.normal(size=12)
    full = AugmentedRidge(X, y, None, True, True, np.ones(4))
    alphas = np.array([1e-7, 0.0])
    _, predictions, _, _ = _core.ridge_leave_one_out(
        _core.dense(X), y, None, True, True, alphas, np.ones(4), 1
    )
    others = np.where(np.arange(12) == 5, 0.0, 1.0)
    judge = AugmentedRidge(X, y, others, True, True, np.ones(4), units=(full.scale, full.tau))
    coef, intercept = judge.fit(0.0)
    assert predictions[5, 1] == pytest.approx(X[5] @ coef + intercept, rel=1e-9)
    assert predictions[5, 0] == pytest.approx(predictions[5, 1], rel=1e-5)


@pytest.mark.parametrize(("n", "p"), [(14, 5), (14, 30)])
@pytest.mark.parametrize("options", OPTIONS)
def test_a_row_that_a_free_feature_is_made_for(n, p, options):
    rng = np.random.default_rng(2)
    X = np.asfortranarray(rng.normal(size=(n, p)))
    X[:, 2] = 7.0 * (np.arange(n) == 5)
    y = rng.normal(size=n)
    v = np.ones(p)
    v[[1, 2]] = 0.0
    full = AugmentedRidge(X, y, None, *options, v)
    alphas = np.array([1.0, 1e-3])
    _, predictions, _, _ = _core.ridge_leave_one_out(
        _core.dense(X), y, None, *options, alphas, v, 1
    )
    others = np.where(np.arange(n) == 5, 0.0, 1.0)
    judge = AugmentedRidge(X, y, others, *options, v, units=(full.scale, full.tau))
    for k, alpha in enumerate(alphas):
        length = np.sqrt((full.Z**2).sum(axis=0))[judge.factor == 0]
        coef, intercept = judge.fit(alpha, free_length=length)
        assert predictions[5, k] == pytest.approx(X[5] @ coef + intercept, rel=1e-7)


@pytest.mark.parametrize("layout", ["C", "float32", "sparse"])
@pytest.mark.parametrize(("n", "p"), [(60, 12), (30, 80)])
def test_every_kind_of_matrix_gives_the_same(layout, n, p):
    rng = np.random.default_rng(4)
    X = np.round(rng.normal(size=(n, p)), 2) * (rng.random((n, p)) < 0.06)
    X = X.astype(np.float32).astype(float)
    y = X[:, :5].sum(axis=1) + rng.normal(size=n)
    v = np.ones(p)
    ids = (np.arange(n) % 3).astype(np.int32)
    dense = _core.dense(np.asfortranarray(X))
    if layout == "C":
        other = _core.dense(np.ascontiguousarray(X))
    elif layout == "float32":
        other = _core.dense(np.asfortranarray(X, dtype=np.float32))
    else:
        columns = scipy.sparse.csc_matrix(X)
        other = _core.sparse(columns.data, columns.indices, columns.indptr, n, p)
    arguments = (y, None, True, True, ALPHAS, v)
    results = []
    for design in (dense, other):
        found = [*_core.ridge_leave_one_out(design, *arguments, 1)]
        if p > n and layout != "C":
            path = _core.ridge_wide(design, *arguments, 1)
            found += [coefs_of(path, p), path.intercepts]
            found.append(_core.ridge_wide_crossval(design, *arguments, ids, 3, 1).error)
        else:
            found.append(folds_by_columns(design, *arguments, ids, 3).error)
        results.append(found)
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("plan", PLANS)
def test_an_integer_weight_is_a_repeated_row(plan):
    X, y, _, v = make_data(30, 8 if plan is by_columns else 50, False, "mixed")
    counts = np.random.default_rng(5).integers(0, 4, 30)
    repeated = np.repeat(np.arange(30), counts)
    weighted = plan(X, y, counts / counts.sum(), True, True, ALPHAS, v)
    longer = plan(np.asfortranarray(X[repeated]), y[repeated], None, True, True, ALPHAS, v)
    p = X.shape[1]
    np.testing.assert_allclose(coefs_of(weighted, p), coefs_of(longer, p), atol=1e-9)
    np.testing.assert_allclose(weighted.loss, longer.loss, atol=1e-12)
