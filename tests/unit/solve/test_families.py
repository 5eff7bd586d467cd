"""Binomial and Poisson problems through the path function: what the laws do not reach."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage import (
    ArgumentError,
    ConvergenceWarning,
    DataError,
    Settings,
    alpha_max,
    choose,
    elastic_net_path,
    make_problem,
)
from shrinkage.families import Binomial, Poisson, resolve
from shrinkage.solve import Status
from tests import cases, twins

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")

FAMILIES = cases.NEWTON_FAMILIES
SOME = [
    case
    for case in cases.some(
        design=("tall", "wide", "wide_mostly_zeros"),
        option=("plain", "no intercept", "weights and offset", "penalty factors", "bounds"),
        family=FAMILIES,
    )
    if case.penalty != "lasso"
]


def data(family, design="tall"):
    return cases.Case(design, "lasso", "plain", family).data()


def trace(X, y, path, k, options):
    """Return the trace of the hat matrix of the last Newton step, less 1 for the intercept."""
    if path.family.name == "multinomial":
        return trace_of_classes(X, path, k, options)
    n, p = X.shape
    weight = options.get("sample_weight", np.ones(n))
    weight = weight / weight.sum()
    factor, coef = options.get("penalty_factor", np.ones(p)), path.coef_path[k]
    fit_intercept = options.get("fit_intercept", True)
    standardize = options.get("standardize", True)
    _, scale, _, _ = twins.scaled(X, y, weight, fit_intercept, standardize)
    low, high = options.get("lower", np.full(p, -np.inf)), options.get("upper", np.full(p, np.inf))
    inside = ~np.isclose(coef, low, rtol=1e-9, atol=0) & ~np.isclose(coef, high, rtol=1e-9, atol=0)
    member = (coef != 0) & inside
    member |= (factor == 0) & np.isinf(low) & np.isinf(high)
    eta = X @ coef + path.intercepts[k] + options.get("offset", 0.0)
    root = np.sqrt(weight * path.family.curvature(y, eta))
    Z = root[:, None] * X[:, member] / scale[member]
    l2 = path.alphas[k] * (1 - options["l1_ratio"]) * factor[member]
    if fit_intercept:
        Z, l2 = np.column_stack([Z, root]), np.append(l2, 0.0)
    hat = np.linalg.pinv(Z.T @ Z + np.diag(l2), rcond=1e-12, hermitian=True)
    return np.trace(Z @ hat @ Z.T) - fit_intercept


def trace_of_classes(X, path, k, options):
    """Return the same with a row, a column and an intercept of each class, one after the other."""
    n, p = X.shape
    weight = options.get("sample_weight", np.ones(n))
    weight = weight / weight.sum()
    factor, coef = options.get("penalty_factor", np.ones(p)), path.coef_path[k]
    fit_intercept = options.get("fit_intercept", True)
    _, scale, _, _ = twins.scaled(X, X[:, 0], weight, fit_intercept, True)
    low, high = options.get("lower", np.full(p, -np.inf)), options.get("upper", np.full(p, np.inf))
    inside = ~np.isclose(coef, low, rtol=1e-9, atol=0) & ~np.isclose(coef, high, rtol=1e-9, atol=0)
    member = (coef != 0) & inside
    member |= (factor == 0) & np.isinf(low) & np.isinf(high)
    K = coef.shape[0]
    columns = np.kron(np.eye(K), X / np.where(scale > 0, scale, 1.0))[:, member.ravel()]
    l2 = path.alphas[k] * (1 - options["l1_ratio"]) * np.tile(factor, K)[member.ravel()]
    if fit_intercept:
        columns = np.column_stack([columns, np.kron(np.eye(K), np.ones((n, 1)))])
        l2 = np.append(l2, np.zeros(K))
    mean = path.family.mean(X @ coef.T + path.intercepts[k] + options.get("offset", 0.0))
    W = np.zeros((K, n, K, n))
    for a in range(K):
        for b in range(K):
            curvature = weight * mean[:, a] * ((a == b) - mean[:, b])
            W[a, np.arange(n), b, np.arange(n)] = curvature
    H = columns.T @ W.reshape(K * n, K * n) @ columns
    return (
        np.trace(np.linalg.pinv(H + np.diag(l2), rcond=1e-12, hermitian=True) @ H)
        - (K - 1) * fit_intercept
    )


@pytest.mark.parametrize("case", SOME, ids=str)
def test_df_is_the_trace_of_the_hat_matrix(case):
    X, y = case.data()
    options = case.options(X, y)
    path = elastic_net_path(X, y, alphas=5, alpha_min_ratio=0.01, **options)
    dense = X.toarray() if sparse.issparse(X) else X
    expected = [trace(dense, y, path, k, options) for k in range(5)]
    assert_allclose(path.df, expected, rtol=1e-5, atol=1e-6)
    assert path.at(path.alphas[3]).df == pytest.approx(path.df[3], rel=1e-9)


def test_the_lasso_counts_its_columns():
    X, y = data("binomial")
    path = elastic_net_path(X, y, family="binomial", alphas=10)
    np.testing.assert_array_equal(path.df, path.n_nonzero)


@pytest.mark.parametrize("family", [Binomial(), Poisson()], ids=lambda family: family.name)
def test_predict_is_the_mean_of_predict_linear(family):
    X, y = data(family.name)
    offset = np.linspace(-1.0, 1.0, len(y))
    path = elastic_net_path(X, y, family=family, offset=offset, alphas=6)
    assert path.family == family
    eta = X @ path.coef_path.T + path.intercepts + offset[:, None]
    assert_allclose(path.predict_linear(X, offset=offset), eta, atol=1e-12)
    assert_allclose(path.predict(X, offset=offset), family.mean(eta), rtol=1e-12)
    alpha = path.alphas[2]
    assert_allclose(path.predict(X, alpha, offset=offset), family.mean(eta[:, 2]), rtol=1e-12)
    # The score equation of the intercept: the fitted means have the mean of y.
    assert_allclose(path.predict(X, offset=offset).mean(axis=0), y.mean(), rtol=1e-6)
    loss = family.loss(y[:, None], eta).mean(axis=0)
    null = family.null_loss(y, None, offset)
    assert path.null_loss == pytest.approx(null, rel=1e-12)
    assert_allclose(path.deviance_ratio, 1 - loss / null, atol=1e-12)


def test_exposure_is_an_offset_and_a_rate_with_its_weight():
    X, y = data("poisson")
    exposure = np.random.default_rng(0).uniform(0.5, 20.0, len(y))
    # Columns have the same units only if nothing depends on the weights.
    options = {"family": "poisson", "standardize": False, "alphas": [0.1, 0.02]}
    options |= {"settings": Settings(tol=1e-13)}
    counts = elastic_net_path(X, y, offset=np.log(exposure), **options)
    options["alphas"] = np.array(options["alphas"]) / exposure.mean()
    rates = elastic_net_path(X, y / exposure, sample_weight=exposure, **options)
    assert_allclose(rates.coef_path, counts.coef_path, atol=1e-6)
    assert_allclose(rates.intercepts, counts.intercepts, atol=1e-6)


def test_shares_with_trials_are_repeated_rows():
    X, _ = data("binomial")
    rng = np.random.default_rng(0)
    trials = rng.integers(1, 6, len(X))
    ones = rng.binomial(trials, 0.4)
    options = {"family": "binomial", "alphas": 5, "settings": Settings(tol=1e-13)}
    shares = elastic_net_path(X, ones / trials, sample_weight=trials, **options)
    single = np.concatenate([np.arange(n) < k for n, k in zip(trials, ones, strict=True)])
    rows = elastic_net_path(np.repeat(X, trials, axis=0), single.astype(float), **options)
    assert_allclose(shares.alphas, rows.alphas, rtol=1e-10)
    assert_allclose(shares.coef_path, rows.coef_path, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_pickling(family):
    X, y = data(family)
    path = elastic_net_path(X, y, family=family, l1_ratio=0.5, alphas=5)
    copy = pickle.loads(pickle.dumps(path))
    np.testing.assert_array_equal(copy.predict(X), path.predict(X))
    np.testing.assert_array_equal(copy.df, path.df)
    assert copy.family == path.family
    assert copy.status == path.status
    with pytest.raises(ArgumentError, match="pickled"):
        copy.at(path.alphas[0] * 0.9)


def test_interpolation_says_so():
    X, y = data("poisson")
    path = elastic_net_path(X, y, family="poisson", alphas=5)
    found = path.at(path.alphas[1] * 0.99, how="linear")
    assert found.status is Status.INTERPOLATED


@pytest.mark.parametrize("family", FAMILIES)
def test_the_plan(family):
    X, y = data(family)
    problem = make_problem(X, y, family=family)
    plan = choose(problem)
    assert plan.name == "proximal Newton"
    assert str(plan).startswith(
        f"proximal Newton: n=60, p=8: the loss is that of the {family} family; at most "
    )
    assert "5 folds in threads" in str(choose(problem, n_folds=5))
    by_rows = make_problem(np.ascontiguousarray(X), y, family=family)
    assert "row-major X is copied by columns" in str(choose(by_rows))
    assert choose(problem, n_folds=2).nbytes >= plan.nbytes
    # Ridge is no linear system here.
    assert choose(problem.with_l1_ratio(0.0)).name == "proximal Newton"


@pytest.mark.parametrize("family", FAMILIES)
def test_alpha_max_and_the_grids(family):
    X, y = data(family)
    strongest = alpha_max(X, y, family=family)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    target = resolve(family).check_target(y)
    slopes = Z.T @ (target - target.mean(axis=0)) / len(y)
    assert strongest == pytest.approx(np.abs(slopes).max(), rel=1e-12)
    assert alpha_max(X, y, family=family, l1_ratio=0.25) == pytest.approx(4 * strongest)
    assert alpha_max(X, y, family=family, l1_ratio=0.0) == np.inf
    lasso = elastic_net_path(X, y, family=family, alphas=10)
    assert_allclose(lasso.alphas, strongest * np.geomspace(1.0, 1e-4, 10), rtol=1e-12)
    ridge = elastic_net_path(X, y, family=family, l1_ratio=0.0, alphas=10)
    assert_allclose(ridge.alphas, strongest * np.geomspace(1e3, 1e-4, 10), rtol=1e-12)


def test_the_tolerance():
    # Large enough to be spared the further step that makes the coefficients of small ones exact.
    X, y = np.vstack([data("binomial")[0]] * 20), np.tile(data("binomial")[1], 20)
    path = elastic_net_path(X, y, family="binomial", alphas=30)
    assert 1e-12 < path.dual_gap.max() <= 1e-8
    tight = elastic_net_path(X, y, family="binomial", alphas=30, settings=Settings(tol=1e-12))
    assert tight.dual_gap.max() <= 1e-12
    assert Settings().gap_of("binomial") == 1e-8
    assert Settings(tol=1e-6).gap_of("poisson") == 1e-6


def test_targets_outside_the_range():
    X, y = data("binomial")
    bad = y.copy()
    bad[7] = 2.0
    with pytest.raises(DataError, match=r"between 0 and 1 for binomial, got 2\.0 at y\[7\]"):
        elastic_net_path(X, bad, family="binomial")
    weight = np.ones(len(y))
    weight[7] = 0.0  # a row that does not count may hold anything
    fine = elastic_net_path(X, bad, family="binomial", sample_weight=weight, alphas=5)
    kept = weight > 0
    assert_allclose(
        fine.coef_path,
        elastic_net_path(X[kept], y[kept], family="binomial", alphas=5).coef_path,
        atol=1e-5,
    )
    with pytest.raises(ArgumentError, match="`y` must hold both classes"):
        elastic_net_path(X, np.ones(len(y)), family="binomial")
    with pytest.raises(ArgumentError, match="`y` must hold both classes"):
        elastic_net_path(X, y, family="binomial", sample_weight=y)
    with pytest.raises(DataError, match="non-negative for Poisson"):
        elastic_net_path(X, y - 1.0, family="poisson")
    with pytest.raises(ArgumentError, match="`y` must hold a positive count"):
        elastic_net_path(X, 0.0 * y, family="poisson")


def test_unknown_families():
    X, y = data("binomial")
    with pytest.raises(ArgumentError, match="`family` must be one of"):
        elastic_net_path(X, y, family="gamma")


def test_separation_names_the_columns():
    X, _ = data("binomial")
    y = (X[:, 2] > 0).astype(float)
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    factor = {"c": 0.0, "f": 0.0}
    with pytest.warns(
        ConvergenceWarning, match=r"ever better.*these coefficients: 'c'\."
    ) as caught:
        path = elastic_net_path(
            frame, y, family="binomial", alphas=[0.1, 0.01], penalty_factor=factor
        )
    assert len(caught) == 1
    assert set(path.status) == {Status.SEPARATED}
    assert not path.status[0].converged
    assert np.isfinite(path.coef_path).all()
    with pytest.warns(ConvergenceWarning, match="alpha = 0 has no finite optimum"):
        path = elastic_net_path(X, y, family="binomial", alphas=[0.1, 0.0])
    assert path.status == (Status.CONVERGED, Status.SEPARATED)
    assert "dual_gap <= " in repr(path)


def test_without_a_penalty_there_is_no_gap_to_give():
    X, y = data("poisson")
    path = elastic_net_path(X, y, family="poisson", alphas=[0.0])
    assert path.status == (Status.CONVERGED,)
    assert np.isnan(path.dual_gap).all()
    assert path.kkt_violation[0] <= 1e-8
    assert "dual_gap <= nan" in repr(path)
    score = np.column_stack([X, np.ones(len(y))]).T @ (y - path.predict(X)[:, 0])
    assert_allclose(score, 0.0, atol=1e-7)


def test_too_few_rounds_are_said():
    X, y = data("binomial")
    few = Settings(max_rounds=1, tol=1e-13)
    with pytest.warns(ConvergenceWarning, match="The limit of rounds was reached first"):
        path = elastic_net_path(X, y, family="binomial", alphas=10, settings=few)
    assert Status.MAX_ROUNDS in path.status


def test_a_share_that_never_varies():
    X, _ = data("binomial")
    path = elastic_net_path(X, np.full(len(X), 0.3), family="binomial", alphas=4)
    assert set(path.status) == {Status.CONSTANT_TARGET}
    assert not path.coef_path.any()
    assert_allclose(path.predict(X), 0.3, rtol=1e-12)
    np.testing.assert_array_equal(path.deviance_ratio, 0.0)
