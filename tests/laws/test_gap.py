"""The gap of every family is a bound, is 0 at the optimum, and lets no wrong answer pass."""

import math
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage.families import FAMILIES
from shrinkage.solve.certificate import certify
from tests import cases, twins

ALPHAS = (0.05, 0.005)
CASES = cases.some(family=cases.OTHER_FAMILIES, design="tall") + cases.some(
    family=cases.OTHER_FAMILIES,
    design=("wide", "nearly_collinear", "mostly_zeros", "constant_columns"),
    option="plain",
    penalty=("lasso", "elastic net", "ridge"),
)
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=str)
SOME = pytest.mark.parametrize("case", [c for c in CASES if c.design == "tall"], ids=str)
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
OTHER_FAMILIES = pytest.mark.parametrize("family", cases.OTHER_FAMILIES)


def twin_of(X, y, family, **options):
    X = X.toarray() if sparse.issparse(X) else X
    if family == "multinomial":
        y = (y[:, None] == np.unique(y)).astype(float)
    return twins.GlmTwin(family, X, y, **options)


@cache
def solved(case):
    """Return the data, the options, the twin, and its solutions by alpha."""
    X, y = case.data()
    options = case.options(X, y)
    twin = twin_of(X, y, **options)
    return X, y, options, twin, {alpha: twin.minimise(alpha) for alpha in ALPHAS}


def data_of(family, seed=0):
    return cases.Case("tall", "lasso", "plain", family).data(seed)


@EVERY_CASE
def test_accepts_the_twin(case):
    X, y, options, twin, solutions = solved(case)
    for alpha, (coef, intercept) in solutions.items():
        judged = certify(X, y, coef, intercept, alpha=alpha, **options)
        assert judged.dual_gap <= 1e-12
        assert judged.kkt_violation <= 1e-10
        expected = twin.objective(coef, intercept, alpha)
        assert judged.objective == pytest.approx(expected, rel=1e-12)


@EVERY_CASE
def test_is_a_bound_for_whatever_is_wrong(case):
    X, y, options, twin, solutions = solved(case)
    factor = np.broadcast_to(options.get("penalty_factor", 1.0), X.shape[1])
    rng = np.random.default_rng(0)
    for alpha, (best, best_intercept) in solutions.items():
        least = twin.objective(best, best_intercept, alpha)
        for size in (1.0, 1e-2, 1e-4, 1e-6):
            coef = best + size * rng.normal(size=best.shape) * (rng.uniform(size=best.shape) < 0.5)
            coef[..., np.isinf(factor) | ~twin.used] = 0.0
            for name, clip in (("lower", np.maximum), ("upper", np.minimum)):
                if name in options:
                    coef = clip(coef, options[name])
            intercept = best_intercept
            if options.get("fit_intercept", True):
                intercept = best_intercept + size * rng.normal(size=np.shape(best_intercept))
            judged = certify(X, y, coef, intercept, alpha=alpha, **options)
            true = (twin.objective(coef, intercept, alpha) - least) / judged.null_loss
            assert judged.dual_gap >= true * (1 - 1e-9) - 1e-14
            assert judged.dual_gap > 0.0


@SOME
def test_a_flipped_a_missing_and_a_shifted_coefficient_are_caught(case):
    X, y, options, _, solutions = solved(case)
    has_intercept = options.get("fit_intercept", True)
    shift = 1e-2 * (np.eye(3)[0] if case.family == "multinomial" else 1.0)
    for alpha, (best, best_intercept) in solutions.items():
        if has_intercept:
            judged = certify(X, y, best, best_intercept + shift, alpha=alpha, **options)
            assert judged.dual_gap > 1e-8
            assert judged.kkt_violation > 1e-6
        for j in np.argwhere(np.abs(best) > 1e-2)[:5]:
            for other in (-1.0, 0.0, 0.9):
                coef = best.copy()
                coef[tuple(j)] *= other
                judged = certify(X, y, coef, best_intercept, alpha=alpha, **options)
                assert judged.dual_gap > 1e-8
                assert judged.kkt_violation > 1e-6


def explicit_gap(family, X, y, coef, intercept, alpha, l1_ratio):
    """Return P - D with D written out, for a solution whose intercept is at its best."""
    family = FAMILIES[family]()
    y, n = family.check_target(y), len(y)
    scale = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / scale
    eta = X @ coef.T + intercept
    t = coef * scale
    l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
    primal = family.loss(y, eta).mean() + np.sum(l1 * np.abs(t) + l2 / 2 * t**2)
    u = -family.gradient(y, eta) / n
    c = (Z.T @ u).T
    k = min(1.0, l1 / np.abs(c - l2 * t).max()) if l1 else 0.0
    rows = -family.conjugate(y, -n * k * u).mean() - k**2 * l2 / 2 * np.sum(t**2)
    duals = [rows]
    if l2:
        conjugate = np.maximum(np.abs(c) - l1, 0.0) ** 2 / (2 * l2)
        duals.append(-family.conjugate(y, -n * u).mean() - conjugate.sum())
    return primal - max(duals)


@OTHER_FAMILIES
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.01, 0.0])
def test_equals_an_explicit_primal_minus_dual(family, l1_ratio):
    X, y = data_of(family)
    alpha = 0.03
    twin = twin_of(X, y, family, l1_ratio=l1_ratio)
    best, _ = twin.minimise(alpha)
    rng = np.random.default_rng(0)
    for size in (0.3, 1e-2, 1e-4):
        coef = best + size * rng.normal(size=best.shape)
        only = FAMILIES[family]()
        intercept = only.null_intercept(only.check_target(y), None, X @ coef.T)
        judged = certify(X, y, coef, intercept, family=family, alpha=alpha, l1_ratio=l1_ratio)
        explicit = explicit_gap(family, X, y, coef, intercept, alpha, l1_ratio)
        assert judged.dual_gap * judged.null_loss == pytest.approx(explicit, rel=1e-9, abs=1e-14)


@EVERY_FAMILY
def test_without_penalty_only_the_conditions_are_judged(family):
    X, y = data_of(family)
    coef, intercept = twin_of(X, y, family).minimise(0.0)
    judged = certify(X, y, coef, intercept, family=family, alpha=0.0)
    assert judged.kkt_violation <= 1e-12
    assert math.isnan(judged.dual_gap) == (family != "gaussian")
    assert certify(X, y, 0.9 * coef, intercept, family=family, alpha=0.0).kkt_violation > 1e-3
    shift = 1e-3 * (np.eye(3)[0] if family == "multinomial" else 1.0)
    judged = certify(X, y, coef, intercept + shift, family=family, alpha=0.0)
    assert (judged.dual_gap > 1e-8) if family == "gaussian" else (judged.kkt_violation > 1e-5)


@EVERY_FAMILY
def test_the_violation_of_the_null_model_is_in_units_of_alpha_max(family):
    X, y = data_of(family)
    only = FAMILIES[family]()
    target = only.check_target(y)
    b0 = only.null_intercept(target)
    residual = only.gradient(target, b0 + 0.0 * target) / len(y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    alpha_max = np.abs(Z.T @ residual).max()
    coef = np.zeros(X.shape[1:] + target.shape[1:])
    for share in (0.0, 0.5, 0.9, 1.0, 2.0):
        judged = certify(X, y, coef, b0, family=family, alpha=share * alpha_max)
        assert judged.kkt_violation == pytest.approx(max(1.0 - share, 0.0), abs=1e-12)
        if share >= 1.0:
            assert judged.dual_gap <= 1e-14
        assert judged.null_loss == pytest.approx(judged.objective, rel=1e-14)


@EVERY_FAMILY
def test_sparse_and_dense_columns_rows_twice_and_rows_of_no_weight(family):
    X, y = data_of(family)
    rng = np.random.default_rng(0)
    shape = (3, X.shape[1]) if family == "multinomial" else X.shape[1:]
    coef, intercept = 0.3 * rng.normal(size=shape), np.zeros(shape[:-1])
    options = {"family": family, "alpha": 0.05, "l1_ratio": 0.7}
    weight = rng.integers(0, 3, size=len(y))
    expected = certify(X, y, coef, intercept, sample_weight=weight, **options)
    again = (
        certify(np.repeat(X, weight, axis=0), np.repeat(y, weight), coef, intercept, **options),
        certify(sparse.csr_array(X), y, coef, intercept, sample_weight=7.0 * weight, **options),
    )
    for judged in again:
        for name in ("dual_gap", "kkt_violation", "objective", "null_loss"):
            assert getattr(judged, name) == pytest.approx(getattr(expected, name), rel=1e-10), name


def test_shares_of_ones_are_their_classes_counted():
    # The loss of a share leaves out what no model explains, from the objective and the null loss.
    rng = np.random.default_rng(0)
    X, trials = rng.normal(size=(30, 4)), rng.integers(1, 9, size=30)
    ones = rng.binomial(trials, 1 / (1 + np.exp(-X[:, 0])))
    coef = np.array([0.8, 0.1, 0.0, 0.0])
    options = {"family": "binomial", "alpha": 0.02}
    shares = certify(X, ones / trials, coef, 0.1, sample_weight=trials, **options)
    both = certify(
        np.vstack([X, X]),
        np.repeat([1.0, 0.0], 30),
        coef,
        0.1,
        sample_weight=np.append(ones, trials - ones),
        **options,
    )
    # Its dual points are those with one value for all trials of a row, so they are no worse.
    assert shares.dual_gap * shares.null_loss <= both.dual_gap * both.null_loss
    assert shares.dual_gap > 1e-3
    assert shares.kkt_violation == pytest.approx(both.kkt_violation)
    assert both.objective - both.null_loss == pytest.approx(shares.objective - shares.null_loss)


def test_two_classes_are_one_column_split_in_half():
    X, y = data_of("binomial")
    coef = 0.2 * np.random.default_rng(0).normal(size=X.shape[1])
    one = certify(X, y, coef, 0.3, family="binomial", alpha=0.04)
    two = certify(
        X, y, np.stack([-coef, coef]) / 2, [-0.15, 0.15], family="multinomial", alpha=0.04
    )
    assert_allclose([two.objective, two.dual_gap], [one.objective, one.dual_gap], rtol=1e-10)


def test_a_class_may_be_shifted_as_a_whole_only_where_no_penalty_counts_it():
    X, y = data_of("multinomial")
    coef, intercept = twin_of(X, y, "multinomial", l1_ratio=0.5).minimise(0.01)
    options = {"family": "multinomial", "alpha": 0.01, "l1_ratio": 0.5}
    best = certify(X, y, coef, intercept, **options)
    assert certify(X, y, coef, intercept + 5.0, **options).dual_gap <= best.dual_gap + 1e-12
    assert certify(X, y, coef + 0.01, intercept, **options).dual_gap > 1e-7


@OTHER_FAMILIES
def test_what_is_not_allowed_is_infinitely_far(family):
    X, y = data_of(family)
    shape = (3, 8) if family == "multinomial" else (8,)
    coef = np.zeros(shape)
    coef[..., 0] = 0.5
    factor = np.r_[np.inf, np.ones(7)]
    for options in ({"upper": 0.4}, {"penalty_factor": factor}, {"lower": 0.0, "upper": 0.0}):
        judged = certify(X, y, coef, np.zeros(shape[:-1]), family=family, alpha=1.0, **options)
        assert judged.dual_gap == judged.kkt_violation == judged.objective == math.inf
        assert math.isfinite(judged.null_loss)
    coef[..., 0] = np.nan
    assert certify(X, y, coef, np.zeros(shape[:-1]), family=family, alpha=1.0).dual_gap == math.inf


def test_a_mean_that_overflows_is_infinitely_far():
    X, y = data_of("poisson")
    judged = certify(X, y, np.full(8, 1e3), 0.0, family="poisson", alpha=1.0)
    assert judged.dual_gap == judged.objective == math.inf


@pytest.mark.parametrize(("family", "value"), [("binomial", 0.3), ("poisson", 4.0)])
def test_constant_target(family, value):
    X, y = np.arange(6.0)[:, None], np.full(6, value)
    b0 = FAMILIES[family]().null_intercept(y)
    judged = certify(X, y, [0.0], b0, family=family, alpha=1.0)
    assert (judged.dual_gap, judged.kkt_violation, judged.null_loss) == (0.0, 0.0, 0.0)
    assert certify(X, y, [0.1], b0, family=family, alpha=1.0).dual_gap == math.inf


@OTHER_FAMILIES
@pytest.mark.parametrize("bounds", [{}, {"lower": 0.0}, {"lower": -0.2, "upper": 0.1}])
def test_free_features_are_fitted_first(family, bounds):
    # Only what is penalised can be wrong: free features at any value give the same dual point.
    X, y = data_of(family)
    options = bounds | {"penalty_factor": np.r_[0.0, 0.0, 0.0, np.ones(5)]}
    twin = twin_of(X, y, family, **options)
    best, intercept = twin.minimise(0.02)
    options |= {"family": family, "alpha": 0.02}
    assert certify(X, y, best, intercept, **options).dual_gap <= 1e-13
    moved = best.copy()
    moved[..., :3] = 0.0
    judged = certify(X, y, moved, intercept, **options)
    true = twin.objective(moved, intercept, 0.02) - twin.objective(best, intercept, 0.02)
    assert judged.dual_gap == pytest.approx(true / judged.null_loss, rel=1e-6, abs=1e-13)


@OTHER_FAMILIES
@pytest.mark.parametrize("apart", [1e-3, 1e-6])
def test_nearly_dependent_free_features_hide_nothing(family, apart):
    X, y = data_of(family)
    X = X.copy()
    X[:, 1] = X[:, 0] + apart * np.random.default_rng(0).normal(size=len(y))
    options = {"penalty_factor": np.r_[0.0, 0.0, np.ones(6)]}
    twin = twin_of(X, y, family, **options)
    best, intercept = twin.minimise(0.02)
    options |= {"family": family, "alpha": 0.02}
    solved_to = 1e-10 if apart > 1e-4 else 1e-6  # the twin has normal equations
    assert certify(X, y, best, intercept, **options).dual_gap <= solved_to
    for size in (1e-1, 1e-3):
        moved = best.copy()
        moved[..., 0] += size
        moved[..., 1] -= size * (1.0 - apart)
        moved[..., 5] += size
        judged = certify(X, y, moved, intercept, **options)
        true = twin.objective(moved, intercept, 0.02) - twin.objective(best, intercept, 0.02)
        assert judged.dual_gap >= true / judged.null_loss * (1 - 1e-9) - 1e-12
        assert judged.dual_gap > 0.0


@pytest.mark.parametrize("size", [30.0, 300.0])
@OTHER_FAMILIES
def test_extreme_offsets(family, size):
    X, y = data_of(family)
    rng = np.random.default_rng(3)
    if family == "poisson":
        size = size / 10.0  # means up to exp(30)
    offset = size * rng.choice([-1.0, 1.0], size=(60, 3) if family == "multinomial" else 60)
    coef = np.zeros((3, 8) if family == "multinomial" else 8)
    only = FAMILIES[family]()
    target = only.check_target(y)
    b0 = only.null_intercept(target, None, offset)
    options = {"family": family, "offset": offset}
    judged = certify(X, y, coef, b0, alpha=1e3 * only.null_loss(target, None, offset), **options)
    assert judged.dual_gap <= 1e-12
    assert certify(X, y, coef, b0, alpha=1e-3, **options).dual_gap > 1e-6


def test_separable_classes_are_certified_at_small_alpha():
    X = np.linspace(-1.0, 1.0, 20)[:, None] + np.array([[0.0, 0.001]])
    y = (X[:, 0] > 0).astype(float)
    twin = twin_of(X, y, "binomial")
    for alpha in (1e-1, 1e-3, 1e-5):
        coef, intercept = twin.minimise(alpha)
        judged = certify(X, y, coef, intercept, family="binomial", alpha=alpha)
        assert judged.dual_gap <= 1e-10
        judged = certify(X, y, 0.9 * coef, intercept, family="binomial", alpha=alpha)
        assert judged.dual_gap > 1e-8
