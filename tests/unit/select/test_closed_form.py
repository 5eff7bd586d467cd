"""Leave-one-out and generalised cross-validation of ridge against their definitions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import ArgumentError
from shrinkage.select.closed_form import leave_one_out
from shrinkage.solve import Status
from tests import cases
from tests.unit.select.test_crossval import problem_of


def left_out_errors(X, y, alpha, weight, standardize, fit_intercept):
    """Refit without each row; scales and tau stay those of all rows."""
    n, p = X.shape
    share = weight / weight.sum()
    mean, y_mean = share @ X, share @ y
    scale = np.sqrt(share @ (X - mean) ** 2) if standardize else np.ones(p)
    centre = y_mean if fit_intercept else 0.0
    tau = np.sqrt(share @ (y - centre) ** 2) if standardize else 1.0
    errors = np.empty(n)
    for i in range(n):
        rows = np.arange(n) != i
        w = weight[rows] / weight[rows].sum()
        m, ym = (w @ X[rows], w @ y[rows]) if fit_intercept else (np.zeros(p), 0.0)
        Z = (X[rows] - m) / scale
        lhs = Z.T @ (w[:, None] * Z) + alpha / tau * np.eye(p)
        t = np.linalg.solve(lhs, Z.T @ (w * (y[rows] - ym)))
        errors[i] = y[i] - ym - (X[i] - m) / scale @ t
    return errors


@pytest.mark.parametrize("design", ["tall", "wide", "single_precision"])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_leave_one_out_is_refitting_without_each_row(design, standardize, fit_intercept, weighted):
    X, y = cases.DESIGNS[design](np.random.default_rng(0))
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(y)) if weighted else np.ones(len(y))
    problem = problem_of(
        X,
        y,
        l1_ratio=0.0,
        sample_weight=weight,
        standardize=standardize,
        fit_intercept=fit_intercept,
    )
    alphas = [10.0, 1.0, 0.1]
    found = leave_one_out(problem, "loo", alphas=alphas)
    share = weight / weight.sum()
    for k, alpha in enumerate(alphas):
        errors = left_out_errors(X.astype(float), y, alpha, weight, standardize, fit_intercept)
        assert found.cv_mean[0, k] == pytest.approx(share @ errors**2, rel=1e-8)
        if k == found.index[1]:
            assert_allclose(found.oof_predict, y - errors, rtol=1e-7, atol=1e-8)
        spread = share @ (errors**2 - share @ errors**2) ** 2
        assert found.cv_se[0, k] == pytest.approx(np.sqrt(spread / (len(y) - 1)), rel=1e-7)


def test_gcv_is_the_mean_squared_residual_over_the_free_share():
    X, y = cases.tall(np.random.default_rng(0))
    found = leave_one_out(problem_of(X, y, l1_ratio=0.0), "gcv", alphas=[5.0, 0.5])
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    for k, alpha in enumerate([5.0, 0.5]):
        hat = Z @ np.linalg.solve(Z.T @ Z + 60 * alpha / y.std() * np.eye(8), Z.T) + 1 / 60
        expected = np.mean((y - hat @ y) ** 2) / (1 - np.trace(hat) / 60) ** 2
        assert found.cv_mean[0, k] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(found.cv_se).all()
    assert np.isnan(found.alpha_1se)
    assert np.isnan(found.oof_predict).all()
    assert (found.fold_ids == -1).all()
    with pytest.raises(ArgumentError, match="'1se'"):
        leave_one_out(problem_of(X, y, l1_ratio=0.0), "gcv", rule="1se")


def test_rows_of_weight_0_are_left_alone():
    X, y = cases.tall(np.random.default_rng(0))
    offset = np.linspace(0.0, 2.0, 60)
    weight = np.r_[np.zeros(10), np.ones(50)]
    problem = problem_of(X, y, l1_ratio=0.0, sample_weight=weight, offset=offset)
    short = problem_of(X[10:], y[10:], l1_ratio=0.0, offset=offset[10:])
    found, expected = leave_one_out(problem, "loo"), leave_one_out(short, "loo")
    assert_allclose(found.cv_mean, expected.cv_mean, rtol=1e-10)
    assert_allclose(found.cv_se, expected.cv_se, rtol=1e-9)
    assert_allclose(found.oof_predict[10:], expected.oof_predict, rtol=1e-9)
    assert np.isnan(found.oof_predict[:10]).all()
    np.testing.assert_array_equal(found.fold_ids, np.r_[np.full(10, -1), np.arange(50)])


def test_default_grid_and_extension():
    X, y = cases.tall(np.random.default_rng(0))
    found = leave_one_out(problem_of(X, y, l1_ratio=0.0), "loo")
    assert found.alphas.shape == (1, 100)
    assert 0 < found.index[1] < 99
    assert found.status is Status.CONVERGED
    noise = np.random.default_rng(1).normal(size=60)
    pure = leave_one_out(problem_of(X, noise, l1_ratio=0.0), "loo", alphas=10)
    assert pure.alphas.shape[1] in (10, 13)
    np.testing.assert_array_equal(pure.path.alphas, pure.alphas[0])


def test_only_for_ridge_without_bounds():
    X, y = cases.tall(np.random.default_rng(0))
    for options in ({"l1_ratio": 1.0}, {"l1_ratio": 0.0, "lower": 0.0}):
        with pytest.raises(ArgumentError, match="`cv` can't be 'loo' with an L1 penalty or bounds"):
            leave_one_out(problem_of(X, y, **options), "loo")
    with pytest.raises(ArgumentError, match="`cv` must be one of 'loo', 'gcv'"):
        leave_one_out(problem_of(X, y, l1_ratio=0.0), "jackknife")
