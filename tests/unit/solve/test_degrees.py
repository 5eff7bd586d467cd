"""Degrees of freedom against the trace of the hat matrix, written out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage import elastic_net_path
from tests import cases, twins

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")

SOME = [
    case
    for case in cases.some(design=("tall", "wide", "nearly_collinear", "wide_mostly_zeros"))
    if case.option != "everything"
]


def trace(X, y, coef, alpha, options):
    n, p = X.shape
    weight = options.get("sample_weight", np.ones(n))
    weight = weight / weight.sum()
    factor = options.get("penalty_factor", np.ones(p))
    fit_intercept = options.get("fit_intercept", True)
    standardize = options.get("standardize", True)
    response = y - options.get("offset", 0.0)
    mean, scale, _, tau = twins.scaled(X, response, weight, fit_intercept, standardize)
    low, high = options.get("lower", np.full(p, -np.inf)), options.get("upper", np.full(p, np.inf))
    member = (
        (coef != 0)
        & ~np.isclose(coef, low, rtol=1e-9, atol=0)
        & ~np.isclose(coef, high, rtol=1e-9, atol=0)
    )
    member |= (factor == 0) & np.isinf(low) & np.isinf(high)
    Z = np.sqrt(weight)[:, None] * (X - mean)[:, member] / scale[member]
    l2 = alpha * (1 - options["l1_ratio"]) / tau * factor[member]
    return np.trace(Z @ np.linalg.pinv(Z.T @ Z + np.diag(l2), rcond=1e-11) @ Z.T)


@pytest.mark.parametrize("case", SOME, ids=str)
def test_trace_of_the_hat_matrix(case):
    X, y = case.data()
    options = case.options(X, y)
    path = elastic_net_path(X, y, alphas=8, **options)
    dense = X.toarray() if sparse.issparse(X) else X
    expected = [
        trace(dense, y, coef, alpha, options)
        for coef, alpha in zip(path.coef_path, path.alphas, strict=True)
    ]
    assert_allclose(path.df, expected, rtol=1e-6, atol=1e-7)
    assert path.at(path.alphas[3]).df == pytest.approx(path.df[3], rel=1e-9)


def test_lasso_counts_the_rank_and_ridge_the_spectrum():
    X, y = cases.tall(np.random.default_rng(0))
    lasso = elastic_net_path(X, y, alphas=10)
    np.testing.assert_array_equal(lasso.df, lasso.n_nonzero)
    ridge = elastic_net_path(X, y, l1_ratio=0.0, alphas=10)
    Z = (X - X.mean(axis=0)) / X.std(axis=0) / np.sqrt(60)
    d2 = np.linalg.svd(Z, compute_uv=False) ** 2
    expected = [(d2 / (d2 + alpha / y.std())).sum() for alpha in ridge.alphas]
    assert_allclose(ridge.df, expected, rtol=1e-10)
