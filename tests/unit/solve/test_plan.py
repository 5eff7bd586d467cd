"""Which plan is chosen, and that the table reaches every plan and every status."""

import numpy as np
import pytest

from shrinkage import choose, elastic_net_path
from shrinkage.solve import Status, make_problem
from shrinkage.solve.plan import CROSS_PRODUCTS, NEWTON, RIDGE_N, RIDGE_P, WORKING_SET
from tests import cases

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")


def problem(n, p, l1_ratio=1.0, **options):
    rng = np.random.default_rng(0)
    defaults = {
        "sample_weight": None,
        "offset": None,
        "penalty_factor": None,
        "lower": None,
        "upper": None,
        "fit_intercept": True,
        "standardize": True,
    }
    X = rng.normal(size=(n, p))
    return make_problem(X, X[:, 0], l1_ratio=l1_ratio, **defaults | options)


@pytest.mark.parametrize(
    ("shape", "alphas", "name"),
    [
        ((100, 10), 100, CROSS_PRODUCTS),
        ((700, 600), 100, CROSS_PRODUCTS),
        ((700, 600), np.array([1.0, 0.5]), WORKING_SET),
        ((700, 400), np.array([1.0, 0.5]), CROSS_PRODUCTS),
        ((100, 150), 100, CROSS_PRODUCTS),
        ((100, 150), np.array([1.0, 0.5]), WORKING_SET),
        ((700, 1100), 100, WORKING_SET),
        ((100, 250), 100, WORKING_SET),
        ((100, 50), np.array([1.0]), CROSS_PRODUCTS),
    ],
)
def test_measured_cross_overs(shape, alphas, name):
    assert choose(problem(*shape), alphas=alphas).name == name


def test_ridge_takes_the_smaller_system():
    assert choose(problem(30, 20, 0.0)).name == RIDGE_P
    assert choose(problem(20, 30, 0.0)).name == RIDGE_N
    # Bounds make ridge a problem for the active-set method.
    assert choose(problem(30, 20, 0.0, lower=0.0)).name == CROSS_PRODUCTS
    # Rows of weight 0 do not count.
    weight = np.r_[np.ones(15), np.zeros(15)]
    assert choose(problem(30, 20, 0.0, sample_weight=weight)).name == RIDGE_N


def test_cross_products_only_where_they_fit(monkeypatch):
    monkeypatch.setattr("shrinkage.solve.plan._memory", lambda: 10_000)
    assert choose(problem(100, 10)).name == CROSS_PRODUCTS
    assert choose(problem(100, 50)).name == WORKING_SET
    assert choose(problem(100, 10), n_folds=10).name == WORKING_SET
    assert choose(problem(100, 50, 0.0)).name == RIDGE_N


def test_a_plan_prints_its_reason_and_memory():
    text = str(choose(problem(100, 10)))
    assert text == (
        "cross-products: n=100, p=10: 1e+04 flops, then X is not read again; "
        "at most 1.6 kB beside X"
    )
    assert "row-major X is copied by columns" in str(choose(problem(100, 250)))
    assert "folds" in str(choose(problem(100, 10), n_folds=5))


def test_the_plan_used_is_on_the_path():
    X, y = cases.wide(np.random.default_rng(0))
    assert elastic_net_path(X, y, alphas=3).plan.name == WORKING_SET


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_table_reaches_every_plan_and_status():
    plans, seen = set(), set()
    chosen = {"option": ("plain", "bounds")}
    for case in cases.some(**chosen) + cases.some(family=cases.NEWTON_FAMILIES, **chosen):
        X, y = case.data()
        options = case.options(X, y)
        path = elastic_net_path(X, y, alphas=[1e9, 0.1, 0.0], **options)
        plans.add(path.plan.name)
        seen.update(path.status)
    assert plans == {CROSS_PRODUCTS, WORKING_SET, RIDGE_P, RIDGE_N, NEWTON}
    expected = {Status.CONVERGED, Status.NULL_MODEL, Status.SINGULAR, Status.SEPARATED}
    assert seen >= expected
