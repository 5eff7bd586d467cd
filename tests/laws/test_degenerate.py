"""What goes wrong in floating point, one case each: every plan returns a certified answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg, sparse

from shrinkage import elastic_net_path
from shrinkage.solve.certificate import certify
from shrinkage.solve.plan import CROSS_PRODUCTS, RIDGE_N, RIDGE_P
from tests.cases import FAMILIES, NEWTON_FAMILIES
from tests.plans import ACTIVE_SET_PLANS, forced

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")

# In units of alpha_max; at mean/sd = 1e6 the judge itself keeps ten digits.
KKT = 1e-9


def _columns(rng, n, p, rho=0.5):
    """Columns that correlate with their neighbours by rho."""
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def _response(rng, X, n_true=5, noise=1.0):
    Z = (X - X.mean(axis=0)) / np.where(np.ptp(X, axis=0) > 0, X.std(axis=0), 1.0)
    true = rng.choice(X.shape[1], min(n_true, X.shape[1]), replace=False)
    return Z[:, true] @ rng.normal(size=true.size) + noise * rng.normal(size=len(X))


def duplicate_and_negated(rng):
    X = _columns(rng, 60, 15)
    X = np.column_stack([X, X, -X])
    return X, _response(rng, X), {}


def exactly_collinear(rng):
    X = rng.integers(-9, 10, size=(60, 12)).astype(float)
    X = np.column_stack([X, X[:, :6] + X[:, 6:], X[:, :6] - X[:, 6:]])
    return X, _response(rng, X), {}


def dummy_sets(rng):
    levels = rng.integers(0, [5, 4, 3], size=(80, 3))
    X = np.column_stack([np.eye(k)[levels[:, i]] for i, k in enumerate((5, 4, 3))])
    return X, _response(rng, X), {}


def rank_10_of_80(rng):
    X = rng.normal(size=(100, 10)) @ rng.normal(size=(10, 80))
    return X, _response(rng, X), {}


def support_of_n_minus_1(rng):
    X = rng.normal(size=(40, 300))
    return X, _response(rng, X), {"alpha_min_ratio": 1e-7}


def many_enter_at_once(rng):
    X = _columns(rng, 100, 400, rho=0.95)
    return X, _response(rng, X), {"alpha_min_ratio": 1e-3}


def many_more_enter_at_once(rng):
    X = _columns(rng, 250, 500, rho=0.95)
    return X, _response(rng, X, n_true=40), {"alpha_min_ratio": 1e-3, "alphas": 8}


def nearly_singular_appends(rng):
    X = rng.normal(size=(80, 20))
    mixed = X @ rng.normal(size=(20, 100)) + 1e-6 * rng.normal(size=(80, 100))
    X = np.column_stack([X, mixed])
    return X, _response(rng, X), {"alpha_min_ratio": 1e-4}


def ties_at_knots(rng):
    # Orthogonal columns: the lasso's knots are the correlations, and many of them are equal.
    H = linalg.hadamard(32).astype(float)
    X, coef = H[:, 1:25], np.repeat([2.0, -1.0, 0.5, 0.25], 6)
    return X, X @ coef + 0.125 * H[:, 28], {"alphas": [3.0, 2.0, 1.0, 0.75, 0.5, 0.25, 0.1, 0.01]}


def one_column_far_from_zero(rng):
    X = _columns(rng, 80, 20)
    X[:, 3] += 1e6
    return X, _response(rng, X), {}


def all_columns_far_from_zero(rng):
    X = _columns(rng, 80, 20) + 1e6 * rng.uniform(0.5, 1.0, size=20)
    return X, _response(rng, X), {}


def sorted_columns(rng):
    X = np.sort(1e4 + _columns(rng, 200, 8), axis=0)
    return X, _response(rng, X), {}


def one_outlier(rng):
    X = _columns(rng, 120, 10)
    X[57, 4] = 1e9
    return X, _response(rng, np.delete(X, 4, axis=1)), {}


def constant_columns(rng):
    X = _columns(rng, 50, 12)
    X[:, 0], X[:, 5], X[:, 11] = 0.1, 0.0, -1e8
    return X, _response(rng, np.delete(X, [0, 5, 11], axis=1)), {}


def scales_of_12_decades(rng):
    X = _columns(rng, 80, 13)
    y = _response(rng, X)
    return X * 10.0 ** rng.permutation(np.arange(-6, 7)), y, {"standardize": False}


def twelve_powers(rng):
    x = np.linspace(0.0, 1.0, 100)[:, None]
    return x ** np.arange(1, 13), np.sin(7 * x[:, 0]) + 0.1 * rng.normal(size=100), {}


def free_features(rng):
    X = _columns(rng, 40, 90)
    factor = np.ones(90)
    factor[[3, 40, 77]] = 0.0
    return X, _response(rng, X), {"penalty_factor": factor}


def excluded_features(rng):
    X = _columns(rng, 60, 20)
    factor = np.ones(20)
    factor[::3] = np.inf
    return X, _response(rng, X), {"penalty_factor": factor}


def bounds_of_many_kinds(rng):
    X = _columns(rng, 40, 100)
    lower, upper = np.full(100, -np.inf), np.full(100, np.inf)
    lower[::2], upper[::3], lower[1::4], upper[5::7] = 0.0, 0.05, -0.02, 0.0
    return X, _response(rng, X), {"lower": lower, "upper": upper, "alpha_min_ratio": 1e-4}


def bounds_that_are_never_met(rng):
    # A dual value that pays rounding times the bound would be worthless.
    X = _columns(rng, 80, 20)
    return X, _response(rng, X), {"lower": -1e9, "upper": 1e9}


def no_noise(rng):
    X = _columns(rng, 60, 20)
    return X, _response(rng, X, noise=0.0), {"alpha_min_ratio": 1e-9}


def no_noise_and_wide(rng):
    X = _columns(rng, 40, 150)
    return X, _response(rng, X, noise=0.0), {"alpha_min_ratio": 1e-6}


def more_columns_than_rank(rng):
    # Of rank n - 1: a factor of more members than that is not one.
    X = _columns(rng, 30, 70, rho=0.9)
    return X, _response(rng, X), {"alpha_min_ratio": 1e-4}


def weights_of_zero(rng):
    X = _columns(rng, 50, 60)
    weight = rng.integers(0, 3, size=50).astype(float)
    return X, _response(rng, X), {"sample_weight": weight, "alpha_min_ratio": 1e-3}


CASES = [
    duplicate_and_negated,
    exactly_collinear,
    dummy_sets,
    rank_10_of_80,
    support_of_n_minus_1,
    many_enter_at_once,
    many_more_enter_at_once,
    nearly_singular_appends,
    ties_at_knots,
    one_column_far_from_zero,
    all_columns_far_from_zero,
    sorted_columns,
    one_outlier,
    constant_columns,
    scales_of_12_decades,
    twelve_powers,
    free_features,
    excluded_features,
    bounds_of_many_kinds,
    bounds_that_are_never_met,
    no_noise,
    no_noise_and_wide,
    more_columns_than_rank,
    weights_of_zero,
]
# Sparse columns are centred by a correction, which costs the digits that mean/sd has; and
# hundreds of nearly collinear ones without a zero are nothing to iterate on.
NOT_SPARSE = [
    one_column_far_from_zero,
    all_columns_far_from_zero,
    sorted_columns,
    one_outlier,
    many_more_enter_at_once,
]
DOORS = [
    (case, plan, form)
    for case in CASES
    for plan in ACTIVE_SET_PLANS
    for form in (np.asfortranarray, sparse.csc_array)
    if form is np.asfortranarray or case not in NOT_SPARSE
]


def _door_id(value):
    return getattr(value, "__name__", str(value))


def _solve(case, plan, form, l1_ratio):
    X, y, options = case(np.random.default_rng(0))
    X = form(X)
    grid = {"alphas": 15} | {k: options.pop(k) for k in list(options) if k.startswith("alpha")}
    with forced(plan):
        path = elastic_net_path(X, y, l1_ratio=l1_ratio, **grid, **options)
    return X, y, path, {"l1_ratio": l1_ratio} | options


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize(("case", "plan", "form"), DOORS, ids=_door_id)
def test_the_answer_is_certified(case, plan, form, l1_ratio):
    X, y, path, options = _solve(case, plan, form, l1_ratio)
    assert path.plan.name == plan
    for k, alpha in enumerate(path.alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= 1e-9, (k, alpha, judged, path.status[k])
        assert judged.kkt_violation <= KKT, (k, alpha, judged, path.status[k])
    assert path.dual_gap.max() <= 1e-9
    assert all(status.converged for status in path.status)
    # Walking monotonely needs few rounds; dropping all wrong signs at once took thousands.
    assert path.counts["rounds"] <= 20 * len(path.alphas)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("form", [np.asfortranarray, sparse.csc_array], ids=_door_id)
@pytest.mark.parametrize("family", NEWTON_FAMILIES)
@pytest.mark.parametrize("case", CASES, ids=_door_id)
def test_the_answer_of_the_other_families_is_certified(case, family, form, l1_ratio):
    if form is not np.asfortranarray and case in NOT_SPARSE:
        pytest.skip("sparse columns lose the digits that mean/sd has")
    X, z, options = case(np.random.default_rng(0))
    z = (z - z.mean()) / z.std()
    y = FAMILIES[family].of_response(np.random.default_rng(1), z)
    options.pop("alphas", None)
    options |= {"family": family, "l1_ratio": l1_ratio}
    path = elastic_net_path(form(X), y, alphas=8, **options)
    options.pop("alpha_min_ratio", None)
    for k, alpha in enumerate(path.alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= 1.01e-8, (k, alpha, judged, path.status[k])
        assert path.dual_gap[k] <= 1e-8
        assert path.status[k].converged
    assert path.counts["evaluations"] <= 60 * len(path.alphas)
    assert path.counts["rejects"] <= len(path.alphas)


@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
def test_ties_enter_together_and_knots_leave_no_rounding_behind(plan):
    X, y, path, _ = _solve(ties_at_knots, plan, np.asfortranarray, 1.0)
    c = X.T @ (y - y.mean()) / len(y)
    for k, alpha in enumerate(path.alphas):
        expected = np.sign(c) * np.maximum(np.abs(c) - alpha, 0.0)
        assert_allclose(path.coef_path[k], expected, atol=1e-14)
        assert (path.coef_path[k] * c >= 0.0).all()


@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
def test_a_dependent_column_takes_the_place_of_another_one(plan):
    _, _, path, _ = _solve(support_of_n_minus_1, plan, np.asfortranarray, 1.0)
    assert path.n_nonzero.max() == 39
    if plan == CROSS_PRODUCTS:  # a working set may hold no other column
        assert path.counts["exchanged"] > 0


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
@pytest.mark.parametrize("standardize", [True, False])
def test_columns_far_from_zero_have_the_coefficients_of_centred_ones(plan, l1_ratio, standardize):
    rng = np.random.default_rng(0)
    near = rng.integers(-1000, 1000, size=(150, 12)) / 64.0  # exact after the shift
    y = near[:, :4] @ [0.3, -0.2, 0.1, 0.05] + rng.normal(size=150)
    shift = np.round(1e6 * near.std(axis=0) * rng.choice([-1.0, 1.0], size=12))
    shift[::3] = 0.0
    options = {"l1_ratio": l1_ratio, "standardize": standardize}
    with forced(plan):
        alphas = elastic_net_path(near, y, alphas=20, **options).alphas
        expected = elastic_net_path(near, y, alphas=alphas, **options)
        found = elastic_net_path(near + shift, y, alphas=alphas, **options)
    scale = np.abs(expected.coef_path).max()
    assert_allclose(found.coef_path, expected.coef_path, rtol=1e-7, atol=1e-7 * scale)
    at_centre = found.intercepts + found.coef_path @ (near + shift).mean(axis=0)
    assert_allclose(at_centre, y.mean(), atol=1e-8 * y.std())  # 1e7 times rounding


@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
def test_excluded_and_constant_features_stay_at_zero(plan):
    _, _, path, options = _solve(excluded_features, plan, np.asfortranarray, 1.0)
    assert not path.coef_path[:, np.isinf(options["penalty_factor"])].any()
    _, _, path, _ = _solve(constant_columns, plan, np.asfortranarray, 1.0)
    assert not path.coef_path[:, [0, 5, 11]].any()


@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
def test_features_without_penalty_are_in_every_model(plan):
    _, _, path, options = _solve(free_features, plan, np.asfortranarray, 1.0)
    assert path.coef_path[:, options["penalty_factor"] == 0.0].all()


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
def test_bounds_are_kept_exactly(plan, l1_ratio):
    _, _, path, options = _solve(bounds_of_many_kinds, plan, np.asfortranarray, l1_ratio)
    slack = 1e-15 * np.abs(path.coef_path)
    assert (path.coef_path >= options["lower"] - slack).all()
    assert (path.coef_path <= options["upper"] + slack).all()
    assert np.isclose(path.coef_path, options["upper"], rtol=1e-15, atol=0).any()


def _free_and_nearly_dependent(seed, apart, n, p):
    """Four free columns of which two are combinations of the others but for `apart`."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1] = X[:, 0] + apart * rng.normal(size=n)
    X[:, 2] = X[:, 3] - X[:, 0] + apart * rng.normal(size=n)
    y = X[:, 0] + X[:, 5] + rng.normal(size=n)
    if seed % 2:
        X *= 10.0 ** rng.uniform(-4, 4, size=p)
    factor = np.ones(p)
    factor[:4] = 0.0
    return X, y, {"penalty_factor": factor}


def _judge(X, y, path, **options):
    """Return the worst gap of the points that are called converged, and how many these are."""
    found = 0.0
    is_done = np.array([status.converged for status in path.status])
    for k in np.flatnonzero(is_done):
        at = {"alpha": path.alphas[k]} | options
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], **at).dual_gap
        assert judged <= 1e-9, (k, at, judged, path.dual_gap[k], path.status[k])
        found = max(found, judged)
    assert (path.dual_gap[is_done] <= 1e-9).all()
    return found, int(is_done.sum())


FREE = [
    (plan, l1_ratio, shape)
    for plan, l1_ratios in (
        (CROSS_PRODUCTS, (1.0, 0.5)),
        (ACTIVE_SET_PLANS[1], (1.0, 0.5)),
        (RIDGE_P, (0.0,)),
        (RIDGE_N, (0.0,)),
    )
    for l1_ratio in l1_ratios
    for shape in ((80, 12), (40, 70))
    if plan != RIDGE_P or shape[0] > shape[1]
]


# At 1e-12 rounding is all that the coefficients could be made of: no gap can be promised.
@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("apart", [1.0, 1e-3, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-12, 0.0])
@pytest.mark.parametrize(("plan", "l1_ratio", "shape"), FREE)
def test_free_features_that_are_nearly_dependent_have_an_honest_gap(plan, l1_ratio, shape, apart):
    for seed in range(2):
        X, y, options = _free_and_nearly_dependent(seed, apart, *shape)
        with forced(plan):
            path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=5, **options)
        _, n_done = _judge(X, y, path, l1_ratio=l1_ratio, **options)
        if apart == 0.0 or apart >= 1e-7:
            assert n_done == 5


def test_a_basis_of_free_features_changes_nothing_but_the_last_digits():
    X, y, options = _free_and_nearly_dependent(0, 1e-3, 80, 12)
    mixed = X.copy()  # the same span, well apart
    mixed[:, 1] = (X[:, 1] - X[:, 0]) * 1e3
    mixed[:, 2] = (X[:, 2] - X[:, 3] + X[:, 0]) * 1e3
    near = elastic_net_path(X, y, alphas=20, **options)
    apart = elastic_net_path(mixed, y, alphas=near.alphas, **options)
    assert near.plan == apart.plan
    assert_allclose(near.coef_path[:, 4:], apart.coef_path[:, 4:], atol=1e-11)
    assert_allclose(near.predict(X), apart.predict(mixed), atol=1e-9)
    assert_allclose(near.deviance_ratio, apart.deviance_ratio, atol=1e-12)
    assert near.alpha_max == pytest.approx(apart.alpha_max, rel=1e-11)
    sparse_too = elastic_net_path(sparse.csc_array(X), y, alphas=near.alphas, **options)
    assert_allclose(sparse_too.predict(X), near.predict(X), atol=1e-9)


@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("plan", ACTIVE_SET_PLANS)
@pytest.mark.parametrize("apart", [1.0, 1e-6, 1e-9, 1e-12, 0.0])
def test_free_features_within_bounds_are_no_better_than_they_say(plan, apart):
    X, y, options = _free_and_nearly_dependent(0, apart, 60, 20)
    options["lower"] = np.where(np.arange(20) % 3 == 0, 0.0, -np.inf)
    with forced(plan):
        path = elastic_net_path(X, y, alphas=6, **options)
    _, n_done = _judge(X, y, path, **options)
    assert n_done == (0 if 0.0 < apart < 1e-4 else 6)


@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("decades", [2, 4, 8, 12, 16])
@pytest.mark.parametrize(("plan", "shape"), [(RIDGE_N, (30, 50)), (RIDGE_P, (50, 30))])
def test_ridge_on_columns_of_very_different_lengths_has_an_honest_gap(plan, shape, decades):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n, p = shape
        X = rng.normal(size=shape) * 10.0 ** rng.uniform(-decades / 2, decades / 2, size=p)
        if seed % 3 == 0:
            X[:, 0] *= 10.0 ** (decades / 2)
        y = X[:, 0] / X[:, 0].std() + rng.normal(size=n)
        factor = np.ones(p)
        if seed % 2:
            factor[:2] = 0.0
        options = {"l1_ratio": 0.0, "fit_intercept": seed % 3 > 0, "penalty_factor": factor}
        alphas = [1e4, 1e2, 1.0, 1e-2, 1e-4, 1e-6, 0.0]
        for standardize in (True, False):
            options["standardize"] = standardize
            with forced(plan):
                path = elastic_net_path(X, y, alphas=alphas, **options)
            _, n_done = _judge(X, y, path, **options)
            if standardize:
                assert n_done == len(alphas)
