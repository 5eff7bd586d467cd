"""What goes wrong with logistic and Poisson loss: a certified answer, or a status that says why."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from shrinkage import ArgumentError, Settings, elastic_net_path
from shrinkage.solve import Status
from shrinkage.solve.certificate import certify
from tests.cases import FAMILIES
from tests.random_problems import random_family_problem

pytestmark = [
    pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning"),
    pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning"),
]

BINARY_AND_COUNTS = ("binomial", "poisson")
# Problems that once overflowed, stalled, or were certified wrongly.
FOUND = [
    ("poisson", seed)
    for seed in (2791, 3587, 4094, 4207, 4439, 5100, 6251, 6556, 7514, 8827, 20351)
] + [("binomial", seed) for seed in (2073, 3430, 4397, 5249, 7354, 9370, 9797)]


def _random(family, seed):
    problem = random_family_problem(seed, FAMILIES[family].of_response)
    return problem, {"family": family} | problem.options


def _correlated(n, p, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
    return X


def _response(family, z, seed=2):
    return FAMILIES[family].of_response(np.random.default_rng(seed), z)


def has_no_finite_optimum(X, y, family, factor, lower=None, upper=None, weight=None, **options):
    """Whether a change of free coefficients without end never makes a row's fit worse.

    A linear program: the largest total by which eta can move towards the ends that y is at.
    """
    kept = np.ones(len(y), bool) if weight is None else weight > 0
    free = np.flatnonzero(factor == 0)
    Z, y = X[kept][:, free], y[kept]
    room = [
        (
            0.0 if lower is not None and np.isfinite(lower[j]) else -1.0,
            0.0 if upper is not None and np.isfinite(upper[j]) else 1.0,
        )
        for j in free
    ]
    if options.get("fit_intercept", True):
        Z = np.column_stack([Z - Z.mean(axis=0), np.ones(len(y))])
        room.append((-1.0, 1.0))
    size = np.sqrt((Z**2).mean(axis=0))
    Z = Z / np.where(size > 0, size, 1.0)
    up = (y == 1.0) & (family == "binomial")
    ends, towards = up | (y == 0.0), np.where(up, 1.0, -1.0)
    gains = (towards[:, None] * Z)[ends]
    inner = {"A_eq": Z[~ends], "b_eq": np.zeros((~ends).sum())} if not ends.all() else {}
    found = linprog(
        -gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=room, **inner
    )
    assert found.status == 0
    return -found.fun > 1e-7


@pytest.mark.parametrize("form", [np.asfortranarray, sparse.csc_array])
@pytest.mark.parametrize(("family", "seed"), FOUND)
def test_problems_that_once_failed(family, seed, form):
    problem, options = _random(family, seed)
    X, y = problem.X, problem.y
    path = elastic_net_path(
        form(X), y, alphas=6, alpha_min_ratio=problem.alpha_min_ratio, **options
    )
    factor = options.get("penalty_factor", np.ones(X.shape[1]))
    separated = (factor == 0).any() and has_no_finite_optimum(
        X, y, factor=factor, weight=options.get("sample_weight"), **options
    )
    assert np.isfinite(path.coef_path).all()
    assert np.isfinite(path.intercepts).all()
    assert path.n_rounds.max() <= 1000
    for k, alpha in enumerate(path.alphas):
        assert (path.status[k] is Status.SEPARATED) == separated
        if separated:
            assert np.isnan(path.dual_gap[k])
            continue
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= min(1.01e-8, path.dual_gap[k] + 1e-9)
        assert path.status[k].converged


def separable(X, family):
    return (X[:, 0] + X[:, 1] > 0).astype(float)


def one_event(X, family):
    return np.eye(1, len(X), 5)[0]


def one_huge_count(X, family):
    return _response("poisson", X[:, 0]) + 1e6 * one_event(X, family)


def heavy_tails(X, family):
    return np.floor(np.exp(X[:, 0] + np.abs(np.random.default_rng(1).standard_cauchy(len(X)) % 9)))


def rare_events(X, family):
    return _response(family, X[:, 0] - 5.0)


SQUARE = _correlated(100, 20)
SIGNS = np.random.default_rng(5).choice([-1.0, 1.0], 100)
SPREAD = np.random.default_rng(6).uniform(-1.0, 1.0, 100)
COPIES = np.column_stack([SQUARE[:, :10], SQUARE[:, :10], SQUARE[:, 0] + SQUARE[:, 1]])
FLAT = np.column_stack([SQUARE[:, :10], np.full(100, 4.0), np.zeros(100)])
BOTH = ("binomial", "poisson")
# What goes wrong in floating point: columns, families, response, smallest alpha, options.
HARD = {
    "separable to 1e-4": (SQUARE, ("binomial",), separable, 1e-4, {}),
    "separable to 1e-6": (SQUARE, ("binomial",), separable, 1e-6, {}),
    "more columns than rows, separable": (_correlated(40, 120), ("binomial",), separable, 1e-4, {}),
    "more columns than rows to 1e-6": (_correlated(40, 120), BOTH, None, 1e-6, {}),
    "one event": (SQUARE, BOTH, one_event, 1e-4, {}),
    "rare events": (_correlated(4000, 30), BOTH, rare_events, 1e-3, {}),
    "three rows": (SQUARE[:3], BOTH, lambda X, family: np.array([0.0, 1.0, 1.0]), 1e-4, {}),
    "one column": (SQUARE[:, :1], BOTH, None, 1e-4, {}),
    "one count of a million": (SQUARE, ("poisson",), one_huge_count, 1e-3, {}),
    "heavy tails": (SQUARE, ("poisson",), heavy_tails, 1e-4, {}),
    "offsets of 10": (SQUARE, BOTH, None, 1e-3, {"offset": 10.0 * SIGNS}),
    "offsets of 30": (SQUARE, BOTH, None, 1e-3, {"offset": 30.0 * SIGNS}),
    "offsets of 300": (SQUARE, BOTH, None, 1e-2, {"offset": 300.0 * SIGNS}),
    "exposures of 1e-3 to 1e3": (SQUARE, ("poisson",), None, 1e-4, {"offset": 6.9 * SPREAD}),
    "weights of 0, 1, 2": (SQUARE, BOTH, None, 1e-4, {"sample_weight": np.arange(100.0) % 3}),
    "weights of 1e-8 to 1e8": (SQUARE, BOTH, None, 1e-4, {"sample_weight": 10.0 ** (8 * SPREAD)}),
    "duplicates and a sum": (COPIES, BOTH, None, 1e-4, {}),
    "constant and zero columns": (FLAT, BOTH, None, 1e-4, {}),
    "units of 1e-4 to 1e4": (
        SQUARE * np.logspace(-4, 4, 20), BOTH, None, 1e-4, {"standardize": False},
    ),
    "mean/sd of 1e6": (SQUARE + 1e6, BOTH, None, 1e-4, {}),
}  # fmt: skip


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize(
    ("name", "family"), [(name, family) for name, case in HARD.items() for family in case[1]]
)
def test_hard_problems_are_certified(name, family, l1_ratio):
    X, _, response, ratio, options = HARD[name]
    y = response(X, family) if response else _response(family, 0.7 * (X[:, 0] - X[:, 0].mean()))
    options = {"family": family, "l1_ratio": l1_ratio} | options
    path = elastic_net_path(X, y, alphas=25, alpha_min_ratio=ratio, **options)
    assert {status.name for status in path.status} <= {"CONVERGED", "NULL_MODEL"}
    assert path.dual_gap.max() <= 1e-8
    for k in range(0, 25, 4):
        given = X, y, path.coef_path[k], path.intercepts[k]
        assert certify(*given, alpha=path.alphas[k], **options).dual_gap <= 1.01e-8


@pytest.mark.parametrize(("family", "value"), [("binomial", 1.0), ("poisson", 0.0)])
def test_a_response_without_a_finite_null_fit_is_refused(family, value):
    with pytest.raises(ArgumentError, match="`y` must hold"):
        elastic_net_path(SQUARE, np.full(100, value), family=family)


def far_from_zero(rng):
    return _correlated(80, 12) + 1e6, {}


def bounded_free_features(rng):
    X = _correlated(80, 12) + rng.normal(size=12)
    factor, low, high = np.ones(12), np.full(12, -np.inf), np.full(12, np.inf)
    factor[[2, 5]], low[2], high[2], high[5] = 0.0, -0.1, 0.05, 0.3
    return X, {"penalty_factor": factor, "lower": low, "upper": high}


def free_and_duplicated(rng):
    X = _correlated(60, 20)
    X = np.hstack([X, X[:, :10]])
    return X, {"penalty_factor": np.where(np.arange(30) % 15 == 0, 0.0, 1.0)}


def unequal_units(rng):
    return _correlated(80, 12) * np.logspace(-4, 4, 12), {"standardize": False}


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
@pytest.mark.parametrize(
    "case", [far_from_zero, bounded_free_features, free_and_duplicated, unequal_units]
)
def test_from_alpha_max_on_all_that_is_penalised_is_zero(case, family, l1_ratio):
    X, options = case(np.random.default_rng(0))
    y = _response(family, (X[:, 0] - X[:, 0].mean()) / X[:, 0].std())
    options |= {"family": family, "l1_ratio": l1_ratio}
    strongest = elastic_net_path(X, y, alphas=2, **options).alpha_max
    path = elastic_net_path(X, y, alphas=strongest * np.array([30.0, 2.0, 1.0, 0.999]), **options)
    penalised = options.get("penalty_factor", np.ones(X.shape[1])) > 0
    assert path.status[:3] == (Status.NULL_MODEL,) * 3
    assert path.status[3] is Status.CONVERGED
    assert not path.coef_path[:3, ..., penalised].any()
    assert path.coef_path[3, ..., penalised].any()
    for k, alpha in enumerate(path.alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= 1.01e-8


def test_rounds_are_limited_over_all_that_an_alpha_takes():
    X = _correlated(100, 20)
    offset = 300.0 * np.random.default_rng(0).choice([-1.0, 1.0], 100)
    y = _response("binomial", X[:, 0])
    few = Settings(max_rounds=20)
    path = elastic_net_path(
        X, y, family="binomial", offset=offset, alphas=5, alpha_min_ratio=1e-4, settings=few
    )
    for k, alpha in enumerate(path.alphas):
        judged = certify(
            X, y, path.coef_path[k], path.intercepts[k], family="binomial", offset=offset,
            alpha=alpha,
        )  # fmt: skip
        assert path.dual_gap[k] == pytest.approx(judged.dual_gap, rel=0.05, abs=1e-8)
        assert path.status[k].converged == (judged.dual_gap <= 1e-8)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(100, 20), (60, 200)])
@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
def test_one_alpha_alone_has_exact_coefficients(family, shape, l1_ratio):
    X = _correlated(*shape)
    y = _response(family, X[:, 0] - X[:, 3])
    options = {"family": family, "l1_ratio": l1_ratio, "alphas": [0.01]}
    path = elastic_net_path(X, y, **options)
    exact = elastic_net_path(X, y, settings=Settings(tol=1e-14), **options)
    size = np.abs(exact.coef_path).max()
    np.testing.assert_allclose(path.coef_path, exact.coef_path, atol=1e-6 * size)
    assert path.counts["evaluations"] <= exact.counts["evaluations"]


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
def test_weights_are_repeated_rows_also_in_the_coefficients(family, l1_ratio):
    X = _correlated(60, 10)
    y = _response(family, X[:, 0] - X[:, 3])
    weight = np.arange(60) % 4
    options = {"family": family, "l1_ratio": l1_ratio, "alphas": [0.02]}
    weighted = elastic_net_path(X, y, sample_weight=weight.astype(float), **options)
    repeated = elastic_net_path(np.repeat(X, weight, axis=0), np.repeat(y, weight), **options)
    np.testing.assert_allclose(weighted.coef_path, repeated.coef_path, atol=1e-7)


def test_small_problems_have_exact_coefficients_along_the_whole_path():
    X = _correlated(60, 10)
    y = _response("binomial", X[:, 0] - X[:, 3])
    path = elastic_net_path(X, y, family="binomial", alphas=20)
    exact = elastic_net_path(
        X, y, family="binomial", alphas=path.alphas, settings=Settings(tol=1e-14)
    )
    np.testing.assert_allclose(path.coef_path, exact.coef_path, atol=1e-6)


def test_an_outlier_whose_eta_is_far_out_is_no_separation():
    rng = np.random.default_rng(0)
    x = np.append(rng.normal(size=200), 300.0)
    y = np.append(rng.random(200) < 1 / (1 + np.exp(-x[:200])), 1.0)
    X = np.column_stack([x, rng.normal(size=201)])
    for alpha, factor in ((0.0, np.ones(2)), (0.01, np.array([0.0, 1.0]))):
        options = {"family": "binomial", "penalty_factor": factor}
        path = elastic_net_path(X, y, alphas=[alpha], **options)
        assert path.status == (Status.CONVERGED,)
        eta = path.predict_linear(X)[:, 0]
        assert eta[-1] > 100.0
        score = np.column_stack([x, np.ones(201)]).T @ (y - path.predict(X)[:, 0]) / 201
        np.testing.assert_allclose(score, 0.0, atol=1e-8)


def test_columns_that_separate_only_together_are_found():
    X = np.column_stack([_correlated(200, 30), np.zeros((200, 1))])
    y = (X[:, :30] @ np.linspace(-1.0, 1.0, 30) > 0).astype(float)
    assert has_no_finite_optimum(X, y, "binomial", np.zeros(31))
    path = elastic_net_path(X, y, family="binomial", alphas=[0.0])
    assert path.status == (Status.SEPARATED,)
