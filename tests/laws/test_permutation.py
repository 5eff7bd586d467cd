"""The order of rows and of columns does not matter."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import Settings, elastic_net_path
from tests import cases

SOME = [
    case
    for case in cases.some(
        design=("tall", "wide", "moderately_wide", "mostly_zeros"),
        family=("gaussian", *cases.NEWTON_FAMILIES),
    )
    if case.penalty != "mostly L2"
]

pytestmark = [
    pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning"),
    # Where classes are nearly separated rounding leaves a gap of 1e-11.
    pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning"),
]


@pytest.mark.parametrize("case", SOME, ids=str)
def test_order_of_rows_and_columns(case):
    X, y = case.data()
    options = case.options(X, y)
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(X.shape[0]), rng.permutation(X.shape[1])
    shuffled = dict(options)
    for name in ("sample_weight", "offset"):
        if name in options:
            shuffled[name] = options[name][rows]
    for name in ("penalty_factor", "lower", "upper"):
        if name in options:
            shuffled[name] = options[name][columns]
    # At the default gap of the other families two solutions may differ in the fourth digit.
    settings = None if case.family == "gaussian" else Settings(tol=1e-13)
    path = elastic_net_path(X, y, alphas=10, settings=settings, **options)
    other = elastic_net_path(X[rows][:, columns], y[rows], alphas=10, settings=settings, **shuffled)
    assert_allclose(other.alphas, path.alphas, rtol=1e-10)
    scale = np.abs(path.coef_path).max()
    assert_allclose(other.coef_path, path.coef_path[..., columns], rtol=1e-6, atol=1e-7 * scale)
    assert_allclose(other.intercepts, path.intercepts, rtol=1e-6, atol=1e-7)
