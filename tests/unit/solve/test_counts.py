"""How often X is read and factored: counted, and proved by spoiling X after it was read."""

import numpy as np
import pytest

from shrinkage import Settings, elastic_net_path
from shrinkage.select.folds import make_splits
from shrinkage.solve import make_problem
from shrinkage.solve.certificate import certify
from shrinkage.solve.plan import CROSS_PRODUCTS, RIDGE_N, RIDGE_P, WORKING_SET, Plan
from shrinkage.solve.solver import Solver

ONE_THREAD = Settings(n_threads=1)


def _data(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    return np.asfortranarray(X), X[:, :10] @ rng.normal(size=10) + rng.normal(size=n)


def _problem(X, y, l1_ratio):
    options = dict.fromkeys(("sample_weight", "offset", "penalty_factor", "lower", "upper"))
    return make_problem(X, y, l1_ratio=l1_ratio, fit_intercept=True, standardize=True, **options)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("order", ["F", "C"])
def test_cross_products_never_read_x_again(order, l1_ratio):
    """Neither for paths nor for all folds: what is in X after the first reading does not matter."""
    X, y = _data(500, 30)
    X = np.array(X, order=order)
    given = X.copy(order="A")
    expected = elastic_net_path(given, y, l1_ratio=l1_ratio, alphas=10, settings=ONE_THREAD)
    plan = Plan(RIDGE_P if l1_ratio == 0.0 else CROSS_PRODUCTS, "asked for", 0)
    fold_ids = make_splits(5, len(y)).fold_ids
    solver = Solver(_problem(X, y, l1_ratio), plan, ONE_THREAD, fold_ids, 5)
    before = solver.crossval(expected.alphas, l1_ratio).error
    X[:] = np.nan
    found = solver.path(expected.alphas, l1_ratio)
    np.testing.assert_allclose(found.dense(30), expected.coef_path, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(solver.crossval(expected.alphas, l1_ratio).error, before)
    assert np.isfinite(before).all()
    assert found.counts["column_products"] == 0


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("shape", [(100, 4_000), (60, 6_000), (300, 3_000)])
def test_a_wide_path_reads_x_at_most_ten_times(shape, l1_ratio):
    X, y = _data(*shape)
    path = elastic_net_path(X, y, l1_ratio=l1_ratio)
    assert path.plan.name == WORKING_SET
    assert path.dual_gap.max() <= 1e-9
    # one reading gives means, scales and first correlations
    assert path.counts["column_products"] / shape[1] + 1 <= 10
    assert path.counts["working_set"] < shape[1] / 2
    last = certify(
        X, y, path.coef_path[-1], path.intercepts[-1], alpha=path.alphas[-1], l1_ratio=l1_ratio
    )
    assert last.dual_gap <= 1e-9


@pytest.mark.parametrize(("shape", "name"), [((300, 40), RIDGE_P), ((40, 300), RIDGE_N)])
@pytest.mark.parametrize("n_alphas", [1, 100])
def test_ridge_takes_one_decomposition_for_all_alphas(shape, name, n_alphas):
    X, y = _data(*shape)
    path = elastic_net_path(X, y, l1_ratio=0.0, alphas=n_alphas)
    assert path.plan.name == name
    assert path.counts["factorised"] == 1
    assert path.counts["rounds"] <= n_alphas


def test_work_is_counted_the_same_every_time():
    X, y = _data(80, 900)
    first, second = (elastic_net_path(X, y, alphas=30) for _ in range(2))
    assert first.counts == second.counts
    assert first.counts["rounds"] == first.n_rounds.sum()
    assert first.counts["appended"] - first.counts["deleted"] >= first.n_nonzero[-1]
    assert first.counts["rounds"] <= 5 * 30


@pytest.mark.parametrize("shape", [(60, 600), (200, 1_500)])
def test_a_wide_elastic_net_foresees_most_changes_of_its_support(shape):
    """Few alphas need a second round, because who enters or leaves is announced by the last two."""
    X, y = _data(*shape)
    path = elastic_net_path(X, y, l1_ratio=0.5, alphas=100)
    assert path.plan.name == WORKING_SET
    assert path.dual_gap.max() <= 1e-9
    assert path.counts["rounds"] <= 1.4 * len(path.alphas)
