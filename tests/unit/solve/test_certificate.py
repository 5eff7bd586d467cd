"""The judge itself: right on problems solved by hand, and hard to fool."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage import elastic_net_path
from shrinkage.solve.certificate import certify
from tests import cases, twins


def test_by_hand():
    # One standardised column with correlation 1: soft-thresholding.
    X = np.array([[1.0], [-1.0]])
    y = np.array([3.0, -3.0])
    judged = certify(X, y, [2.0], 0.0, alpha=1.0)
    assert judged.dual_gap == pytest.approx(0.0, abs=1e-15)
    assert judged.kkt_violation == pytest.approx(0.0, abs=1e-15)
    assert judged.objective == pytest.approx(0.5 + 2.0)
    assert judged.null_loss == pytest.approx(4.5)


def test_gap_of_a_wrong_answer_by_hand():
    X = np.array([[1.0], [-1.0]])
    y = np.array([3.0, -3.0])
    judged = certify(X, y, [0.0], 0.0, alpha=1.0)
    # primal 4.5; the residual 3 shrunk to 1 has the dual value 3 - 1/2.
    assert judged.dual_gap == pytest.approx((4.5 - 2.5) / 4.5)
    assert judged.kkt_violation == pytest.approx((3.0 - 1.0) / 3.0)


SOME = [
    case
    for case in cases.some(design=("tall", "wide", "mostly_zeros"))
    if case.option in ("plain", "no intercept", "weights and offset", "everything")
]


@pytest.mark.parametrize("case", SOME, ids=str)
def test_a_perturbed_solution_fails(case):
    X, y = case.data()
    options = case.options(X, y)
    path = elastic_net_path(X, y, alphas=6, **options)
    rng = np.random.default_rng(0)
    for k, alpha in list(enumerate(path.alphas))[2:]:
        coef = path.coef_path[k]
        for j in rng.choice(X.shape[1], 3, replace=False):
            moved = coef.copy()
            moved[j] += 1e-3 if coef[j] == 0 else 1e-3 * np.sign(-coef[j])
            judged = certify(X, y, moved, path.intercepts[k], alpha=alpha, **options)
            usable = np.isfinite(np.broadcast_to(options.get("penalty_factor", 1.0), coef.shape)[j])
            if usable and path.spread[j] != 0:
                assert judged.dual_gap > 1e-9, (k, j)
        if options.get("fit_intercept", True):
            judged = certify(X, y, coef, path.intercepts[k] + 1e-3, alpha=alpha, **options)
            assert judged.dual_gap > 1e-8


@pytest.mark.parametrize("case", cases.some(design="tall"), ids=str)
def test_objective_and_sparse_door_agree_with_the_twin(case):
    X, y = case.data()
    options = case.options(X, y)
    rng = np.random.default_rng(3)
    coef = 0.01 * rng.normal(size=X.shape[1])
    factor = np.broadcast_to(options.get("penalty_factor", 1.0), coef.shape)
    coef[np.isinf(factor)] = 0.0
    coef = np.clip(coef, options.get("lower", -np.inf), options.get("upper", np.inf))
    intercept = 0.3 if options.get("fit_intercept", True) else 0.0
    judged = certify(X, y, coef, intercept, alpha=0.2, **options)
    plain = {name: value for name, value in options.items() if name not in ("lower", "upper")}
    expected = twins.objective(X, y, coef, intercept, alpha=0.2, **plain)
    assert judged.objective == pytest.approx(expected, rel=1e-12)
    other = certify(sparse.csr_array(X), y, coef, intercept, alpha=0.2, **options)
    assert_allclose(
        [other.objective, other.dual_gap, other.kkt_violation],
        [judged.objective, judged.dual_gap, judged.kkt_violation],
        rtol=1e-9,
    )


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("option", ["plain", "weights and offset", "bounds"])
def test_accepts_the_twin(l1_ratio, option):
    X, y = cases.tall(np.random.default_rng(0))
    options = {"l1_ratio": l1_ratio} | cases.OPTIONS[option](np.random.default_rng(1), X, y)
    coef, intercept = twins.minimise(X, y, alpha=0.1, **options, n_steps=5000)
    assert certify(X, y, coef, intercept, alpha=0.1, **options).dual_gap <= 1e-9


def test_what_is_not_allowed_is_infinitely_far():
    X, y = cases.tall(np.random.default_rng(0))
    coef = np.zeros(8)
    coef[0] = 0.5
    for options in (
        {"upper": 0.4},
        {"lower": np.full(8, -np.inf), "upper": np.r_[0.0, np.full(7, np.inf)]},
        {"penalty_factor": np.r_[np.inf, np.ones(7)]},
    ):
        judged = certify(X, y, coef, 0.0, alpha=1.0, **options)
        assert judged.dual_gap == judged.kkt_violation == judged.objective == math.inf
    coef[0] = np.nan
    assert certify(X, y, coef, 0.0, alpha=1.0).dual_gap == math.inf


def test_constant_target():
    X = np.arange(6.0)[:, None]
    judged = certify(X, np.full(6, 2.0), [0.0], 2.0, alpha=1.0)
    assert (judged.dual_gap, judged.kkt_violation, judged.null_loss) == (0.0, 0.0, 0.0)
    assert certify(X, np.full(6, 2.0), [0.1], 2.0, alpha=1.0).dual_gap == math.inf


def test_without_penalty_the_gap_is_the_projection_of_the_residual():
    X, y = cases.tall(np.random.default_rng(0))
    Z = X - X.mean(axis=0)
    centred = y - y.mean()
    fitted = Z @ np.linalg.lstsq(Z, centred, rcond=None)[0]
    judged = certify(X, y, np.zeros(8), y.mean(), alpha=0.0)
    assert judged.dual_gap == pytest.approx((fitted @ fitted) / (centred @ centred), rel=1e-10)


def test_many_free_sparse_columns_are_projected_without_densifying():
    rng = np.random.default_rng(0)
    X = sparse.random_array((600, 300), density=0.03, rng=rng, format="csc")
    y = X @ rng.normal(size=300) + rng.normal(size=600)
    coef = np.linalg.lstsq(np.column_stack([X.toarray(), np.ones(600)]), y, rcond=None)[0]
    judged = certify(X, y, coef[:-1], coef[-1], alpha=0.0)
    assert judged.dual_gap <= 1e-12
    assert certify(X, y, 0.99 * coef[:-1], coef[-1], alpha=0.0).dual_gap > 1e-6


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("apart", [1.0, 1e-3, 1e-6])
def test_the_gap_is_a_bound_where_free_features_are_nearly_dependent(apart, l1_ratio):
    # The free features are fitted to any residual exactly, so only the others can be wrong.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 12))
    X[:, 1] = X[:, 0] + apart * rng.normal(size=40)
    y = X[:, 0] + X[:, 5] + rng.normal(size=40)
    factor = np.array([0.0, 0.0] + [1.0] * 10)
    options = {"l1_ratio": l1_ratio, "penalty_factor": factor}
    path = elastic_net_path(X, y, alphas=[0.03], **options)

    def judge(coef):
        intercept = y.mean() - X.mean(axis=0) @ coef
        return certify(X, y, coef, intercept, alpha=0.03, **options)

    best = judge(path.coef_path[0])
    assert best.dual_gap <= 1e-12
    for size in (1e-1, 1e-3, 1e-5):
        for moved in (slice(0, 2), slice(4, 12), slice(0, 12)):
            coef = path.coef_path[0].copy()
            coef[moved] += size * rng.normal(size=coef[moved].size)
            judged = judge(coef)
            true = (judged.objective - best.objective) / best.null_loss
            assert judged.dual_gap >= true * (1.0 - 1e-7) - 1e-11
            assert judged.dual_gap > 0.0
