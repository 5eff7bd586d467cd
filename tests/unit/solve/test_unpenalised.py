"""Binomial and Poisson fits at alpha 0, where columns depend on each other or nearly do."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage import Settings, elastic_net_path
from shrinkage.solve import Status
from shrinkage.solve.certificate import certify
from tests.cases import FAMILIES

pytestmark = [
    pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning"),
    pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning"),
]


BINARY_AND_COUNTS = ("binomial", "poisson")


def columns(n, p, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
    return X


def response(family, X):
    z = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std()
    return FAMILIES[family].of_response(np.random.default_rng(2), z)


TALL = columns(80, 6)
DEPENDENT = {
    "duplicates": (np.hstack([TALL, TALL[:, :3]]), {}),
    "a sum": (np.column_stack([TALL, TALL[:, 0] + TALL[:, 1]]), {"fit_intercept": False}),
    "units": (np.hstack([TALL * [1, 10, 1, 1, 1, 1], TALL[:, :3]]), {"standardize": False}),
    "dummies": (np.eye(4)[np.arange(80) % 4], {}),
    "weights": (np.hstack([TALL, -TALL]), {"sample_weight": np.arange(80.0) % 3}),
    "offset": (np.hstack([TALL, 2 * TALL]), {"offset": np.linspace(-1, 1, 80)}),
    "sparse": (sparse.csc_array(np.hstack([TALL, TALL]) * (np.hstack([TALL, TALL]) > 0.3)), {}),
}


def eta_of(X, path, k=0):
    return X @ path.coef_path[k] + path.intercepts[k]


@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
@pytest.mark.parametrize("case", DEPENDENT)
def test_of_many_solutions_the_shortest_is_reported(case, family):
    X, options = DEPENDENT[case]
    dense = X.toarray() if sparse.issparse(X) else X
    y = response(family, dense)
    path = elastic_net_path(X, y, family=family, alphas=[0.1, 0.0], **options)
    assert path.status == (Status.CONVERGED, Status.SINGULAR)
    judged = certify(
        dense, y, path.coef_path[1], path.intercepts[1], family=family, alpha=0.0, **options
    )
    assert judged.kkt_violation <= 1e-8
    assert path.kkt_violation[1] <= 1e-8
    # The shortest t with Z t = eta is the pseudo-inverse's.
    weight = options.get("sample_weight", np.ones(80))
    kept, root = weight > 0, np.sqrt(weight[weight > 0] / weight.sum())
    mean = root**2 @ dense[kept] if options.get("fit_intercept", True) else 0.0
    scale = np.ones(X.shape[1])
    if options.get("standardize", True):
        scale = np.sqrt(root**2 @ (dense[kept] - root**2 @ dense[kept]) ** 2)
    Z = root[:, None] * (dense[kept] - mean) / scale
    t = path.coef_path[1] * scale
    assert_allclose(t, np.linalg.pinv(Z, rcond=1e-10) @ (Z @ t), atol=1e-8)


@pytest.mark.parametrize("shape", [(20, 19), (20, 20), (20, 40), (2, 3)])
def test_more_columns_than_rows_separate_two_classes(shape):
    X = columns(*shape)
    y = (np.arange(shape[0]) % 2).astype(float)
    path = elastic_net_path(X, y, family="binomial", alphas=[0.0])
    assert path.status == (Status.SEPARATED,)
    assert np.isnan(path.dual_gap).all()
    assert np.isfinite(path.coef_path).all()
    assert_allclose(path.predict(X)[:, 0], y, atol=1e-6)


@pytest.mark.parametrize("shape", [(20, 40), (2, 3)])
def test_more_columns_than_rows_fit_positive_counts_exactly(shape):
    X = columns(*shape)
    y = 1.0 + np.arange(shape[0]) % 4
    path = elastic_net_path(X, y, family="poisson", alphas=[0.0])
    assert path.status == (Status.SINGULAR,)
    assert_allclose(path.predict(X)[:, 0], y, rtol=1e-6)


@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
@pytest.mark.parametrize("p", [2, 6])
def test_columns_far_from_zero_without_an_intercept(family, p):
    X = TALL[:, :p] + 1e6
    y = response(family, X)
    path = elastic_net_path(X, y, family=family, alphas=[0.0], fit_intercept=False)
    assert path.status == (Status.CONVERGED,)
    # The same model in columns that are well apart.
    same = np.column_stack([X[:, :1] * 1e-6, X[:, 1:] - X[:, :1]])
    other = elastic_net_path(
        same, y, family=family, alphas=[0.0], fit_intercept=False, settings=Settings(tol=1e-12)
    )
    assert_allclose(eta_of(X, path), eta_of(same, other), atol=1e-6)


@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
def test_a_column_that_is_nearly_a_duplicate_counts_in_full(family):
    extra = np.random.default_rng(5).normal(size=80)
    X = np.column_stack([TALL, TALL[:, 0] + 1e-9 * extra])
    y = response(family, TALL)
    near = elastic_net_path(X, y, family=family, alphas=[0.0])
    apart = elastic_net_path(np.column_stack([TALL, extra]), y, family=family, alphas=[0.0])
    assert near.deviance_ratio[0] == pytest.approx(apart.deviance_ratio[0], abs=1e-6)


@pytest.mark.parametrize("family", BINARY_AND_COUNTS)
def test_bounds_leave_the_solver_its_solution(family):
    X = np.hstack([TALL, TALL])
    y = response(family, TALL)
    path = elastic_net_path(X, y, family=family, alphas=[0.0], lower=0.0)
    assert path.status == (Status.CONVERGED,)
    judged = certify(
        X, y, path.coef_path[0], path.intercepts[0], family=family, alpha=0.0, lower=0.0
    )
    assert judged.kkt_violation <= 1e-8
