"""What theory says of the descent methods, step by step, and what |b| at 0 does to each."""

from itertools import product

import numpy as np
import pytest
from scipy import sparse

import shrinkage
from shrinkage.solve.certificate import certify
from tests import twins

WITH_L1 = ("subgradient", "proximal", "accelerated", "coordinate")
METHODS = ("gradient", *WITH_L1)
CONVENTIONS = list(product((True, False), (True, False)))


def problem(seed=0, n=80, p=12, rho=0.3):
    """Return correlated columns of several scales, not centred, and y from a third of them."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 1))
    X = np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.normal(size=(n, p))
    X = 2.0 + X * np.geomspace(0.5, 4.0, p)
    coef = np.where(np.arange(p) % 3 == 0, 1.0, 0.0) / X.std(axis=0)
    return X, 5.0 + X @ coef + rng.normal(size=n)


def strength(X, y, l1_ratio, fit_intercept=True, standardize=True, share=0.1):
    return share * shrinkage.alpha_max(
        X, y, l1_ratio=l1_ratio or 1.0, fit_intercept=fit_intercept, standardize=standardize
    )


class Scaled:
    """The problem in standardized coefficients t, in plain NumPy."""

    def __init__(self, X, y, alpha, l1_ratio, fit_intercept=True, standardize=True):
        mean, self.scale, y_mean, tau = twins.scaled(
            X, y, np.ones(len(y)), fit_intercept, standardize
        )
        self.Z = (X - mean) / self.scale
        self.y = y - y_mean
        self.l1, self.l2 = alpha * l1_ratio, alpha * (1 - l1_ratio) / tau
        curvatures = np.linalg.eigvalsh(self.Z.T @ self.Z / len(y)) + self.l2
        self.smallest, self.largest = float(curvatures[0]), float(curvatures[-1])

    def slope(self, t):
        return self.l2 * t - self.Z.T @ (self.y - self.Z @ t) / len(self.y)

    def soft(self, t, step):
        return np.sign(t) * np.maximum(np.abs(t) - step * self.l1, 0.0)


@pytest.mark.parametrize(("fit_intercept", "standardize"), CONVENTIONS)
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_the_objective_is_that_of_the_page_and_the_optimum_is_certified(
    l1_ratio, fit_intercept, standardize
):
    X, y = problem()
    how = {"fit_intercept": fit_intercept, "standardize": standardize}
    alpha = strength(X, y, l1_ratio, **how)
    trace = shrinkage.descent(X, y, alpha, l1_ratio, n_steps=20, **how)
    penalty = {"alpha": alpha, "l1_ratio": l1_ratio}
    for coef, intercept, value in zip(trace.coef, trace.intercepts, trace.objective, strict=True):
        assert value == pytest.approx(
            twins.objective(X, y, coef, intercept, **penalty, **how), rel=1e-12
        )
    verdict = certify(X, y, trace.solution.coef, trace.solution.intercept, **penalty, **how)
    assert verdict.dual_gap <= 1e-12
    assert trace.optimum == pytest.approx(verdict.objective, rel=1e-12)
    assert np.array_equal(trace.excess, trace.objective - trace.optimum)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("fit_intercept", "standardize"), CONVENTIONS)
def test_every_step_is_the_one_of_the_docstring(method, fit_intercept, standardize):
    X, y = problem()
    l1_ratio = 0.0 if method == "gradient" else 0.6
    how = {"fit_intercept": fit_intercept, "standardize": standardize}
    alpha = strength(X, y, l1_ratio, **how)
    trace = shrinkage.descent(X, y, alpha, l1_ratio, method=method, n_steps=8, **how)
    plain = Scaled(X, y, alpha, l1_ratio, **how)
    step, n, p = trace.step_size, *X.shape
    t, last, momentum = np.zeros(p), np.zeros(p), 1.0
    assert not trace.coef[0].any()
    for k in range(1, 9):
        before = t
        if method == "gradient":
            t = t - step * plain.slope(t)
        elif method == "subgradient":
            t = t - step / np.sqrt(k) * (plain.slope(t) + plain.l1 * np.sign(t))
        elif method == "proximal":
            t = plain.soft(t - step * plain.slope(t), step)
        elif method == "accelerated":
            faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = t + (momentum - 1) / faster * (t - last) if k > 1 else t
            # The weight between step k - 1 and step k: (t_{k-1} - 1) / t_k of the paper.
            t = plain.soft(ahead - step * plain.slope(ahead), step)
            momentum = faster if k > 1 else 1.0
        else:
            t = t.copy()
            for j in range(p):
                curvature = plain.Z[:, j] @ plain.Z[:, j] / n + plain.l2
                t[j] = plain.soft(t[j] - plain.slope(t)[j] / curvature, 1 / curvature)
        last = before
        scaled = trace.coef[k] * plain.scale
        np.testing.assert_allclose(scaled, t, rtol=1e-9, atol=1e-12 * np.abs(t).max())
    if method != "coordinate":
        assert 1 / (1.0011 * plain.largest) <= step <= 1 / plain.largest


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_subgradient_never_has_a_zero_where_the_others_have_the_certified_support(
    seed, l1_ratio
):
    X, y = problem(seed)
    alpha = strength(X, y, l1_ratio)
    path = shrinkage.elastic_net_path(X, y, alphas=[alpha], l1_ratio=l1_ratio)
    kept = path.coef_path[0] != 0.0
    assert 0 < kept.sum() < len(kept)
    for method in WITH_L1:
        trace = shrinkage.descent(X, y, alpha, l1_ratio, method=method, n_steps=300)
        assert trace.n_zeros[0] == len(kept)  # the start is zero
        assert trace.n_zeros_certified == (~kept).sum()
        if method == "subgradient":
            assert not trace.n_zeros[1:].any()
            assert trace.support_step is None
        else:
            found = trace.support_step
            assert found is not None
            assert ((trace.coef[found:] != 0.0) == kept).all()
            assert ((trace.coef[found - 1] != 0.0) != kept).any()
        assert np.array_equal(trace.n_zeros, (trace.coef == 0.0).sum(axis=1))


@pytest.fixture(scope="module")
def lasso():
    """Return data, alpha, the problem in t, and |t_0 - t*|^2."""
    X, y = problem()
    alpha = strength(X, y, 1.0)
    plain = Scaled(X, y, alpha, 1.0)
    solution = shrinkage.descent(X, y, alpha, n_steps=1).solution
    return X, y, alpha, plain, float(np.sum((solution.coef * plain.scale) ** 2))


def test_the_proximal_method_has_its_rate(lasso):
    X, y, alpha, plain, distance = lasso
    trace = shrinkage.descent(X, y, alpha, method="proximal", n_steps=400)
    k = np.arange(1, 401)
    largest = 1.0011 * plain.largest
    assert (trace.excess[1:] <= largest * distance / (2 * k) + trace.known_to).all()


def test_the_accelerated_method_has_its_rate(lasso):
    X, y, alpha, plain, distance = lasso
    trace = shrinkage.descent(X, y, alpha, method="accelerated", n_steps=400)
    k = np.arange(1, 401)
    largest = 1.0011 * plain.largest
    assert (trace.excess[1:] <= 2 * largest * distance / (k + 1) ** 2 + trace.known_to).all()


def test_the_best_of_the_subgradient_method_has_its_bound(lasso):
    X, y, alpha, plain, distance = lasso
    trace = shrinkage.descent(X, y, alpha, method="subgradient", n_steps=400)
    t = trace.coef * plain.scale
    subgradients = np.array([plain.slope(at) + plain.l1 * np.sign(at) for at in t])
    steps = trace.step_size / np.sqrt(np.arange(1, 401))
    squares = np.sum(subgradients[:400] ** 2, axis=1)
    bound = (distance + np.cumsum(steps**2 * squares)) / (2 * np.cumsum(steps))
    best = np.minimum.accumulate(trace.excess)[:400]
    assert (best <= bound + trace.known_to).all()
    # The bound is of use: the last one is far below where the descent began.
    assert bound[-1] < 0.1 * trace.excess[0]


def test_gradient_descent_on_ridge_converges_linearly():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 6))
    y = X @ np.arange(6) + rng.normal(size=200)
    alpha = strength(X, y, 0.0)
    plain = Scaled(X, y, alpha, 0.0)
    assert plain.largest / plain.smallest < 3  # well conditioned
    trace = shrinkage.descent(X, y, alpha, 0.0, method="gradient", n_steps=60)
    rate = 1 - plain.smallest / (1.0011 * plain.largest)
    k = np.arange(61)
    assert (trace.excess <= rate**k * trace.excess[0] + trace.known_to).all()
    assert trace.excess[-1] <= trace.known_to


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", ["gradient", "proximal", "coordinate"])
def test_these_methods_never_rise(method, seed):
    X, y = problem(seed)
    l1_ratio = 0.0 if method == "gradient" else 0.8
    trace = shrinkage.descent(X, y, strength(X, y, l1_ratio), l1_ratio, method=method)
    assert (np.diff(trace.excess) <= trace.known_to).all()


@pytest.mark.parametrize("method", ["accelerated", "subgradient"])
def test_these_methods_do_rise(method, lasso):
    X, y, alpha, *_ = lasso
    trace = shrinkage.descent(X, y, alpha, method=method, n_steps=400)
    assert np.diff(trace.excess).max() > 1e6 * trace.known_to


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_one_sweep_over_orthogonal_columns_is_exact(l1_ratio):
    rng = np.random.default_rng(2)
    raw = rng.normal(size=(30, 6))
    X = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.geomspace(1, 100, 6) + 3.0
    y = X @ rng.normal(size=6) + rng.normal(size=30)
    alpha = strength(X, y, l1_ratio, share=0.3)
    trace = shrinkage.descent(X, y, alpha, l1_ratio, method="coordinate", n_steps=2)
    assert trace.excess[0] > 1e3 * trace.known_to
    assert abs(trace.excess[1]) <= trace.known_to
    np.testing.assert_allclose(trace.coef[1], trace.solution.coef, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_the_excess_is_below_zero_by_no_more_than_is_known(method):
    X, y = problem()
    X = X + 1e5  # far from zero, where rounding is largest
    l1_ratio = 0.0 if method == "gradient" else 1.0
    alpha = strength(X, y, l1_ratio)
    trace = shrinkage.descent(X, y, alpha, l1_ratio, method=method, n_steps=500)
    assert trace.excess.min() >= -trace.known_to
    assert 0 < trace.known_to <= 1e-11 * np.var(y)
    if method == "coordinate":
        assert trace.excess[-1] <= trace.known_to


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "kind", [sparse.csc_matrix, sparse.csr_array, np.float32, np.asfortranarray]
)
def test_the_layout_of_X_does_not_matter(method, kind):
    X, y = problem(p=20)
    X = np.where(np.abs(X) > 2.5, np.round(X, 1), 0.0).astype(np.float32).astype(float)
    other = X.astype(kind) if kind is np.float32 else kind(X)
    l1_ratio = 0.0 if method == "gradient" else 0.7
    alpha = strength(X, y, l1_ratio)
    expected = shrinkage.descent(X, y, alpha, l1_ratio, method=method, n_steps=30)
    trace = shrinkage.descent(other, y, alpha, l1_ratio, method=method, n_steps=30)
    np.testing.assert_allclose(trace.coef, expected.coef, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(trace.objective, expected.objective, rtol=1e-10)
    assert np.array_equal(trace.n_zeros, expected.n_zeros)
    if method != "coordinate":
        assert np.array_equal(trace.passes, expected.passes)


@pytest.mark.parametrize("method", METHODS)
def test_a_change_of_units_changes_only_the_units(method):
    X, y = problem()
    l1_ratio = 0.0 if method == "gradient" else 0.7
    alpha = strength(X, y, l1_ratio)
    trace = shrinkage.descent(X, y, alpha, l1_ratio, method=method, n_steps=30)
    units = 2.0 ** np.arange(-6, 6)
    other = shrinkage.descent(X * units, 4 * y, 4 * alpha, l1_ratio, method=method, n_steps=30)
    np.testing.assert_allclose(other.coef * units / 4, trace.coef, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.excess / 16, trace.excess, atol=2 * trace.known_to)
    assert np.array_equal(other.n_zeros, trace.n_zeros)


def test_with_the_smooth_penalty_the_proximal_step_is_the_gradient_step():
    X, y = problem()
    alpha = strength(X, y, 0.0)
    one, other = (
        shrinkage.descent(X, y, alpha, 0.0, method=method, n_steps=20)
        for method in ("gradient", "proximal")
    )
    assert np.array_equal(one.coef, other.coef)
