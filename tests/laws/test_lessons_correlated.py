"""How the penalties share weight among correlated features, and what half-samples keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from shrinkage import elastic_net_path, make_problem
from shrinkage.design import encode
from shrinkage.lessons.correlated import L1_RATIOS, bootstrap_effects, simulated_effects
from shrinkage.lessons.samples import complementary_halves, resamples
from shrinkage.lessons.selection import selections
from shrinkage.solve.certificate import certify

REPEATS = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")


def standardized(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


def correlated(rng, n, p, rho):
    common = rng.normal(size=(n, 1))
    return np.sqrt(rho) * common + np.sqrt(1.0 - rho) * rng.normal(size=(n, p))


def solved(X, y, alpha, l1_ratio):
    """Return the coefficients per standard deviation, with the certificate of another hand."""
    found = elastic_net_path(X, y, alphas=[alpha], l1_ratio=l1_ratio)
    coef, intercept = found.coef_path[0], found.intercepts[0]
    proof = certify(X, y, coef, intercept, alpha=alpha, l1_ratio=l1_ratio)
    assert proof.dual_gap <= 1e-8
    return coef * X.std(axis=0), proof


@REPEATS
@pytest.mark.parametrize("alpha", [0.01, 0.3, 5.0])
def test_ridge_shares_equally_among_identical_columns(alpha):
    # Both halves t of the weight minimise (c - 2 t)^2 / 2 + l2 t^2: t = c / (2 + l2).
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    y = 2.0 * x + rng.normal(size=60) + 4.0
    X = np.column_stack([x, x])
    found, _ = solved(X, y, alpha, 0.0)
    expected = standardized(x) @ (y - y.mean()) / 60 / (2.0 + alpha / y.std())
    assert_allclose(found, [expected, expected], rtol=1e-9)


@REPEATS
@pytest.mark.parametrize("l1_ratio", [0.1, 0.5, 0.9])
def test_the_elastic_net_shares_equally_among_identical_columns(l1_ratio):
    # t minimises (c - 2 t)^2 / 2 + l2 t^2 + 2 l1 t: t = (c - l1) / (2 + l2).
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    y = 2.0 * x + rng.normal(size=60)
    found, _ = solved(np.column_stack([x, x]), y, 0.4, l1_ratio)
    c = standardized(x) @ (y - y.mean()) / 60
    expected = (c - 0.4 * l1_ratio) / (2.0 + 0.4 * (1.0 - l1_ratio) / y.std())
    assert_allclose(found, [expected, expected], rtol=1e-5)


@REPEATS
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_lasso_does_not_care_how_identical_columns_share(share):
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    X = np.column_stack([x, x, rng.normal(size=60)])
    y = 2.0 * x + X[:, 2] + rng.normal(size=60)
    path = elastic_net_path(X, y, alphas=[0.3])
    total = path.coef_path[0, :2].sum()
    ours = certify(X, y, path.coef_path[0], path.intercepts[0], alpha=0.3)
    split = np.array([share * total, (1.0 - share) * total, path.coef_path[0, 2]])
    other = certify(X, y, split, path.intercepts[0], alpha=0.3)
    assert max(ours.dual_gap, other.dual_gap) <= 1e-8
    assert_allclose(other.objective, ours.objective, rtol=1e-12)
    # Whereas a pair of opposite signs with the same fit is no solution.
    worse = np.array([1.5 * total, -0.5 * total, path.coef_path[0, 2]])
    assert certify(X, y, worse, path.intercepts[0], alpha=0.3).dual_gap > 1e-3


def grouping_bound(Z, y, i, j, alpha, l1_ratio):
    """Return the bound on |t_i - t_j| of two coefficients of one sign.

    z_i'u - l1 - l2 t_i = 0 and the same of j give l2 (t_i - t_j) = (z_i - z_j)'u. The right side
    is at most |z_i - z_j| |y| in the norm of the mean, that is sqrt(2 (1 - r)) tau, for the
    residual is no longer than y; and l2 = alpha (1 - l1_ratio) / tau.
    """
    r = Z[:, i] @ Z[:, j] / len(y)
    return y.std() ** 2 * np.sqrt(2.0 * max(1.0 - r, 0.0)) / (alpha * (1.0 - l1_ratio))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    rho=st.sampled_from([0.3, 0.9, 0.999, 1.0 - 1e-8]),
    l1_ratio=st.floats(0.05, 0.95),
    strength=st.floats(0.01, 0.9),
)
def test_the_grouping_inequality(seed, rho, l1_ratio, strength):
    """Zou and Hastie (2005), theorem 1, with the factors of docs/objective.md."""
    rng = np.random.default_rng(seed)
    X = correlated(rng, 40, 4, rho) * rng.uniform(0.1, 10.0, size=4)
    y = standardized(X) @ rng.normal(size=4) + rng.normal(size=40)
    Z, tau = standardized(X), y.std()
    alpha = strength * np.abs(Z.T @ (y - y.mean())).max() / 40 / l1_ratio
    t, proof = solved(X, y, alpha, l1_ratio)
    l2 = alpha * (1.0 - l1_ratio) / tau
    # Strong convexity: a gap g leaves t within sqrt(2 g P_null / l2) of the minimum.
    slack = 2.0 * np.sqrt(2.0 * proof.dual_gap * proof.null_loss / l2) + 1e-9
    for i in range(4):
        for j in range(i):
            if t[i] * t[j] > 0.0:
                bound = grouping_bound(Z, y, i, j, alpha, l1_ratio)
                assert abs(t[i] - t[j]) <= bound + slack


def test_the_grouping_inequality_is_sharp():
    # Without L1 the sign does not matter. For y = z_i - z_j and a strong penalty the residual is
    # y itself, and both inequalities are equalities.
    rng = np.random.default_rng(3)
    X = correlated(rng, 200, 2, 0.9)
    Z = standardized(X)
    y = Z[:, 0] - Z[:, 1]
    t, _ = solved(X, y, 1000.0, 0.0)
    assert_allclose(t[0] - t[1], grouping_bound(Z, y, 0, 1, 1000.0, 0.0), rtol=1e-3)


def test_a_resample_is_the_rows_that_were_drawn():
    rng = np.random.default_rng(4)
    X = correlated(rng, 50, 5, 0.8)
    y = X @ [1.0, 1.0, 0.0, 0.0, 0.5] + rng.normal(size=50)
    problem = make_problem(X, y)
    wanted = np.array([1, 0])
    found = bootstrap_effects(problem, encode(X)[1], wanted, 6, 0)
    for sample, part in enumerate(resamples(problem, 6, 0)):
        rows = np.repeat(np.arange(50), np.round(50 * part.weights).astype(int))
        assert rows.size == 50
        for k, l1_ratio in enumerate(L1_RATIOS):
            path = elastic_net_path(X[rows], y[rows], alphas=[found.alphas[k]], l1_ratio=l1_ratio)
            expected = (path.coef_path[0] * X.std(axis=0))[wanted]
            assert_allclose(found.coefs[k, sample], expected, rtol=1e-4, atol=1e-6)


def test_ridge_never_drops_a_feature_and_moves_less_than_the_lasso():
    found = simulated_effects(0.95, 100, 0)
    assert (found.n_kept[0] == 2).all()
    assert (found.n_kept[2] == 1).any()
    against = (found.coefs @ [1.0, -1.0]).std(axis=1)
    assert against[0] < against[1] < against[2]


def signal(seed=5, n=61, p=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, 10.0 * X[:, 2] + X[:, 4] + rng.normal(size=n)


def of(X, y, alphas=12, l1_ratios=(1.0, 0.5), n_halves=20, seed=0):
    problem = make_problem(X, y)
    return selections(problem, l1_ratios, n_halves=n_halves, alphas=alphas, seed=seed)


@pytest.mark.parametrize("n", [4, 10, 61])
def test_each_pair_of_halves_has_every_row_once(n):
    pairs = list(complementary_halves(n, 5, 0))
    assert len(pairs) == 5
    for halves in pairs:
        assert_array_equal(np.sort(np.bincount(halves)), [n // 2, n - n // 2])
    assert any((one != pairs[0]).any() for one in pairs)


def test_frequencies_are_those_of_paths_on_copied_halves():
    X, y = signal()
    for found in of(X, y, n_halves=6):
        expected = np.zeros_like(found.frequency)
        for halves in complementary_halves(61, 3, 0):
            for half in (0, 1):
                rows = halves == half
                path = elastic_net_path(
                    X[rows], y[rows], alphas=found.alphas, l1_ratio=found.l1_ratio
                )
                assert path.dual_gap.max() <= 1e-9
                expected += (path.coef_path != 0.0) / 6
        assert_allclose(found.frequency, expected, atol=1e-12)
        assert 0.0 < expected.mean() < 1.0


def test_frequencies_are_shares():
    for found in of(*signal()):
        assert found.frequency.min() >= 0.0
        assert found.frequency.max() <= 1.0
        assert_allclose(20 * found.frequency, np.round(20 * found.frequency))


def test_nothing_is_kept_at_or_above_the_largest_alpha_max():
    X, y = signal()
    largest = 0.0
    for halves in complementary_halves(61, 10, 0):
        for half in (0, 1):
            rows = halves == half
            c = standardized(X[rows]).T @ (y[rows] - y[rows].mean()) / rows.sum()
            largest = max(largest, np.abs(c).max())
    found = of(X, y, largest * np.array([2.0, 1.0 + 1e-9, 0.9]), (1.0,))[0]
    assert_array_equal(found.frequency[:2], 0.0)
    assert found.frequency[2].max() > 0.0


def test_a_feature_that_is_the_signal_is_always_kept():
    for found in of(*signal(), alphas=np.array([2.0, 1.0, 0.5])):
        assert_array_equal(found.frequency[:, 2], 1.0)


def test_the_order_of_the_columns_does_not_matter():
    X, y = signal()
    order = np.random.default_rng(0).permutation(X.shape[1])
    for one, other in zip(of(X, y), of(X[:, order], y), strict=True):
        assert_array_equal(other.frequency, one.frequency[:, order])


def test_sparse_columns_give_the_same_frequencies():
    X, y = signal()
    X = X * (np.random.default_rng(1).uniform(size=X.shape) < 0.4)
    for one, other in zip(of(X, y), of(sparse.csr_array(X), y), strict=True):
        assert_allclose(other.alphas, one.alphas, rtol=1e-9)
        assert_array_equal(other.frequency, one.frequency)


def test_wide_row_major_data_give_the_same_frequencies():
    rng = np.random.default_rng(2)
    X = np.ascontiguousarray(rng.normal(size=(20, 50)))
    y = 3.0 * X[:, 0] + rng.normal(size=20)
    for one, other in zip(of(X, y), of(np.asfortranarray(X), y), strict=True):
        assert_array_equal(other.frequency, one.frequency)
