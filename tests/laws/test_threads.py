"""The number of threads changes no bit, on problems large enough to be cut into many blocks."""

import numpy as np
import pytest
from scipy import sparse

from shrinkage import LassoCV, RidgeCV, Settings, elastic_net_path
from shrinkage.solve.certificate import certify
from tests.cases import FAMILIES, NEWTON_FAMILIES
from tests.plans import forced


def _dense(rng, n, p):
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.7 * X[:, :-1]
    return np.asfortranarray(X + rng.normal(size=p))


def tall(rng):
    return _dense(rng, 20_000, 40)


def tall_by_rows(rng):
    return np.ascontiguousarray(_dense(rng, 20_000, 40).astype(np.float32))


def square(rng):
    return _dense(rng, 500, 400)


def wide(rng):
    return _dense(rng, 100, 6_000)


def sparse_columns(rng):
    return sparse.random_array((800, 5_000), density=0.02, rng=rng, format="csc")


DESIGNS = [tall, tall_by_rows, square, wide, sparse_columns]


def _problem(design):
    rng = np.random.default_rng(0)
    X = design(rng)
    first = X[:, :20].toarray() if sparse.issparse(X) else X[:, :20]
    y = first @ rng.normal(size=20) / first.std(axis=0).mean()
    return X, y + 3.0 * rng.normal(size=len(y))


def _name(value):
    return getattr(value, "__name__", str(value))


def _with_threads(fit):
    return [fit(Settings(n_threads=n)) for n in (1, 2, 3)]


def _assert_equal(first, *others):
    for other in others:
        for name in ("alphas", "coef_path", "intercepts", "dual_gap", "kkt_violation", "df"):
            np.testing.assert_array_equal(getattr(first, name), getattr(other, name), name)
        assert first.status == other.status
        assert first.counts == other.counts


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("design", DESIGNS, ids=_name)
def test_a_path(design, l1_ratio):
    X, y = _problem(design)
    weight = np.random.default_rng(1).integers(0, 3, size=len(y)).astype(float)
    options = {"l1_ratio": l1_ratio, "sample_weight": weight, "alphas": 8}
    if l1_ratio > 0.0:
        options["alpha_min_ratio"] = 0.05
    paths = _with_threads(lambda settings: elastic_net_path(X, y, settings=settings, **options))
    _assert_equal(*paths)


@pytest.mark.parametrize("family", NEWTON_FAMILIES)
@pytest.mark.parametrize("design", [tall, wide, sparse_columns], ids=_name)
def test_a_path_of_another_family(design, family):
    X, z = _problem(design)
    y = FAMILIES[family].of_response(np.random.default_rng(0), (z - z.mean()) / z.std())
    options = {"family": family, "l1_ratio": 0.8, "alphas": 5, "alpha_min_ratio": 0.2}
    _assert_equal(
        *_with_threads(lambda settings: elastic_net_path(X, y, settings=settings, **options))
    )


@pytest.mark.parametrize("l1_ratio", [0.5, 0.1])
@pytest.mark.parametrize("shape", [(200, 60), (700, 250)])
def test_a_path_in_two_chains(shape, l1_ratio):
    X, y = _problem(lambda rng: _dense(rng, *shape))
    options = {"l1_ratio": l1_ratio, "alphas": 50, "alpha_min_ratio": 1e-3}
    paths = _with_threads(lambda settings: elastic_net_path(X, y, settings=settings, **options))
    _assert_equal(*paths)
    path = paths[0]
    # the second chain's way to its first point
    assert path.counts["rounds"] > path.n_rounds.sum()
    assert path.counts["rounds"] <= 1.5 * path.n_rounds.sum()
    for k in range(0, 50, 7):
        found = certify(
            X, y, path.coef_path[k], path.intercepts[k], alpha=path.alphas[k], l1_ratio=l1_ratio
        )
        assert found.dual_gap <= 1e-9


@pytest.mark.parametrize("plan", ["cross-products", "working set"])
def test_a_path_under_either_plan(plan):
    X, y = _problem(square)
    with forced(plan):
        paths = _with_threads(lambda settings: elastic_net_path(X, y, alphas=10, settings=settings))
    assert {path.plan.name for path in paths} == {plan}
    _assert_equal(*paths)


@pytest.mark.parametrize("design", [tall, wide, sparse_columns], ids=_name)
def test_cross_validation(design):
    X, y = _problem(design)
    alphas = elastic_net_path(X, y, alphas=8, alpha_min_ratio=0.1).alphas  # a grid that stays
    first, *others = _with_threads(
        lambda settings: LassoCV(alphas=alphas, cv=4, settings=settings).fit(X, y)
    )
    for other in others:
        for name in ("cv_mean_", "cv_se_", "train_mean_", "coef_", "alpha_", "alpha_1se_"):
            np.testing.assert_array_equal(getattr(first, name), getattr(other, name), name)
        _assert_equal(first.path_, other.path_)


@pytest.mark.parametrize("cv", ["loo", "gcv", 4])
@pytest.mark.parametrize("design", [tall, wide], ids=_name)
def test_cross_validation_of_ridge(design, cv):
    X, y = _problem(design)
    first, *others = _with_threads(lambda settings: RidgeCV(cv=cv, settings=settings).fit(X, y))
    for other in others:
        for name in ("cv_mean_", "coef_", "alpha_"):
            np.testing.assert_array_equal(getattr(first, name), getattr(other, name), name)
