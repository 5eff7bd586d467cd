"""The evidence of the docs holds on fewer samples, wherever it is clear by far."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

HOME = Path(__file__).parents[2] / "docs" / "evidence.py"


@pytest.fixture(scope="module")
def evidence():
    spec = importlib.util.spec_from_file_location("evidence", HOME)
    module = importlib.util.module_from_spec(spec)
    sys.modules["evidence"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["evidence"]


@pytest.fixture(scope="module")
def results(evidence):
    # Samples of 20 rows differ more from each other, and are fitted sooner.
    return {
        name: evidence.measure(truth, 60 if name == evidence.DENSE else 12)
        for name, truth in evidence.settings().items()
    }


def test_the_settings_are_those_of_the_paper(evidence):
    truths = evidence.settings()
    dense, half, groups = (truths[k] for k in (evidence.DENSE, evidence.HALF, evidence.GROUPS))
    assert [truth.y.size for truth in (dense, half, groups)] == [20, 100, 50]
    assert [truth.noise_sd for truth in (dense, half, groups)] == [3.0, 15.0, 15.0]
    np.testing.assert_array_equal(np.flatnonzero(half.coef), [*range(10, 20), *range(30, 40)])
    assert dense.covariance[0, 3] == 0.5**3
    assert half.covariance[0, 39] == 0.5
    assert half.covariance[7, 7] == 1.0
    assert np.count_nonzero(groups.coef) == 15
    # A member is its group's factor plus noise of variance 0.01; the others are independent.
    assert groups.covariance[0, 0] == 1.01
    assert groups.covariance[0, 4] == 1.0
    assert groups.covariance[0, 5] == 0.0
    np.testing.assert_array_equal(groups.covariance[15:, 15:], np.eye(25))


def test_the_order_of_the_penalties_is_what_the_page_says(evidence, results):
    ridge, net, lasso = evidence.RIDGE, evidence.NET_10, evidence.LASSO
    for name, better, worse in [
        (evidence.DENSE, ridge, lasso),
        (evidence.HALF, ridge, net),
        (evidence.HALF, net, lasso),
        (evidence.HALF, ridge, lasso),
        (evidence.SPARSE, lasso, net),
        (evidence.SPARSE, net, ridge),
        (evidence.SPARSE, lasso, ridge),
    ]:
        lead, se = results[name].lead(better, worse)
        assert lead > 4.0 * se, (name, better, worse)


def test_the_lasso_finds_what_matters_and_much_that_does_not(evidence, results):
    sparse = results[evidence.SPARSE]
    assert sparse.found[:, evidence.LASSO].mean() > 4.8
    assert sparse.false[:, evidence.LASSO].mean() > 5.0
    assert sparse.false[:, evidence.LASSO_1SE].mean() < sparse.false[:, evidence.LASSO].mean() / 2
    assert evidence.exactly(sparse, evidence.LASSO) <= 2


def test_of_near_copies_the_lasso_keeps_few_and_the_elastic_net_most(evidence, results):
    found = results[evidence.GROUPS].found
    assert found[:, evidence.NET_50].mean() > 2.0 * found[:, evidence.LASSO].mean()
    assert (found[:, evidence.NET_10] >= found[:, evidence.LASSO]).all()
    assert found[:, evidence.LASSO].min() >= 3.0  # but none of the groups is missed


def test_the_sweet_spot_is_flat(evidence, results):
    flat = evidence.flatness(results[evidence.HALF], evidence.LASSO)
    assert 1.0 < flat.within_1 < flat.within_5
    assert flat.within_5 > 3.0
    assert flat.cost < 0.05


def test_a_tuned_model_is_scored_by_the_exact_model_error(evidence):
    truth = evidence.settings()[evidence.DENSE]
    measured = evidence.measure(truth, 2)
    X, y = truth.sample(truth.y.size, random_state=1)
    model = evidence.tuned(1.0).fit(X, y)
    away = model.coef_ - truth.coef
    error = (away @ truth.covariance @ away + model.intercept_**2) / 9.0
    assert measured.errors[1, evidence.LASSO] == pytest.approx(error, rel=1e-12)
    assert measured.alphas[1, evidence.LASSO] == model.alpha_
    assert measured.alphas[1, evidence.LASSO_1SE] == model.alpha_1se_
    assert measured.found[1, evidence.LASSO] == np.count_nonzero(model.coef_)


def test_every_row_of_a_table_has_all_its_cells(evidence, results):
    tables = [evidence.error_table(results), evidence.selection_table(results)]
    for lines in [*tables, evidence.rules_table(results)]:
        assert len({line.count("|") for line in lines}) == 1
        assert "nan" not in "".join(lines)
    assert tables[0][3].count("**") == 2
