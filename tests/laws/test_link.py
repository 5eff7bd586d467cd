"""Mean, link, deviance and conjugate of every family belong together."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests import cases

EVERY_FAMILY = pytest.mark.parametrize("case", cases.FAMILIES.values(), ids=str)


def product(v, eta):
    return v * eta if eta.ndim == 1 else np.sum(v * eta, axis=1)


@EVERY_FAMILY
def test_the_mean_of_the_link_is_the_mean(case):
    family = case.family
    mu = family.mean(case.etas)
    assert_allclose(family.mean(family.linear_predictor(mu)), mu, rtol=1e-12)
    eta = case.etas[np.abs(case.etas) < 10] if case.etas.ndim == 1 else case.etas
    shift = 0.0 if eta.ndim == 1 else eta.mean(axis=1, keepdims=True)  # of no consequence
    assert_allclose(family.linear_predictor(family.mean(eta)), eta - shift, atol=1e-11)


@EVERY_FAMILY
def test_the_mean_increases_with_eta(case):
    family, etas = case.family, case.etas
    if etas.ndim == 1:
        assert (np.diff(family.mean(np.sort(etas))) > 0).all()
        return
    for k, e in enumerate(np.eye(etas.shape[1])):
        rises = family.mean(etas + 0.1 * e) > family.mean(etas)
        assert rises[:, k].all()
        assert not np.delete(rises, k, axis=1).any()


@EVERY_FAMILY
def test_the_unit_deviance_is_twice_the_loss(case):
    y, eta = case.grid()
    mu = case.family.mean(eta)
    assert_allclose(
        case.family.unit_deviance(y, mu), 2 * case.family.loss(y, eta), rtol=1e-7, atol=1e-13
    )
    assert_allclose(case.family.unit_deviance(y, y), 0.0, atol=1e-15)


@EVERY_FAMILY
def test_fenchel_equality_at_the_gradient(case):
    y, eta = case.grid()
    family = case.family
    v = family.gradient(y, eta)
    total = family.loss(y, eta) + family.conjugate(y, v)
    assert_allclose(total, product(v, eta), rtol=1e-9, atol=1e-12)


@EVERY_FAMILY
def test_fenchel_inequality_everywhere_else(case):
    y, eta = case.grid()
    family = case.family
    other = family.gradient(y, eta[::-1])
    for v in (other, 0.3 * other, 2.0 * other):
        conjugate = family.conjugate(y, v)
        known = np.isfinite(conjugate)
        total = family.loss(y, eta) + conjugate
        assert (total[known] >= product(v, eta)[known] - 1e-12 * np.abs(total[known])).all()


@EVERY_FAMILY
def test_the_conjugate_is_the_largest_value_of_its_definition(case):
    y, _ = case.grid()
    family, rng = case.family, np.random.default_rng(0)
    etas = rng.permutation(np.resize(case.etas, (len(y), *case.etas.shape[1:])))
    v = 0.7 * family.gradient(y, 0.5 * etas)
    # At y + v the mean is that of the maximiser, so no number of random eta gets above it.
    m = y + v
    best = family.linear_predictor(m if case.family.name == "gaussian" else np.maximum(m, 1e-300))
    reached = product(v, best) - family.loss(y, best)
    assert_allclose(family.conjugate(y, v), reached, rtol=1e-8, atol=1e-10)
    for _ in range(50):
        eta = best + rng.normal(size=best.shape)
        assert (product(v, eta) - family.loss(y, eta) <= reached + 1e-10).all()


@EVERY_FAMILY
@pytest.mark.parametrize("k", [1.0, 0.999, 0.5, 0.1, 0.0])
def test_the_fenchel_gap_is_what_its_definition_says(case, k):
    y, eta = case.grid()
    family = case.family
    v = k * family.gradient(y, eta)
    expected = family.loss(y, eta) + family.conjugate(y, v) - product(v, eta)
    found = family.fenchel_gap(y, eta, k)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * max(1.0, np.abs(v).max() ** 2))
    assert (found >= 0.0).all()
    if k == 1.0:
        assert_allclose(found, 0.0, atol=1e-15)


@EVERY_FAMILY
@pytest.mark.parametrize("t", [1e-3, 1e-6, 1e-9])
def test_the_fenchel_gap_is_of_second_order_and_keeps_its_digits(case, t):
    # 1/2 t^2 v' H^+ v to leading order; for t = 1e-9 the definition itself has no digit left.
    y, eta = case.grid()
    family = case.family
    v = family.gradient(y, eta)
    # H^+ = diag(1 / mu) on vectors that sum to 0.
    curvature = family.curvature(y, eta) if eta.ndim == 1 else family.mean(eta)
    square = product(v, v / curvature)
    moderate = square < 100
    found = family.fenchel_gap(y, eta, 1.0 - t)[moderate]
    rounding = 1e-15 * t * np.abs(v).max()
    assert_allclose(found, (0.5 * t**2 * square)[moderate], rtol=300 * t + 1e-6, atol=rounding)


@EVERY_FAMILY
@pytest.mark.parametrize("with_offset", [False, True])
@pytest.mark.parametrize("spread", [1.0, 30.0, 300.0, 1e4])
def test_the_null_intercept_is_the_minimum(case, with_offset, spread):
    rng = np.random.default_rng(0)
    family = case.family
    y = family.check_target(case.of_response(rng, rng.normal(size=40)))
    weight = rng.uniform(0.2, 3.0, size=40)
    offset = np.zeros(y.shape)
    if with_offset:
        if family.name == "poisson":
            spread = min(spread, 300.0)  # exp(700) is the largest mean that a number can hold
        offset = spread * np.sign(rng.normal(size=y.shape)) * rng.uniform(0.9, 1.0, size=y.shape)
    b0 = family.null_intercept(y, weight, offset if with_offset else None)
    share = weight / weight.sum()
    slopes = share @ family.gradient(y, offset + b0)
    size = (share @ np.abs(family.gradient(y, offset + b0))).max()
    assert_allclose(slopes, 0.0, atol=1e-12 * max(size, 1.0))
    at_null = family.null_loss(y, weight, offset)
    assert at_null == pytest.approx(share @ family.loss(y, offset + b0), rel=1e-14)
    for change in (-1e-3, 1e-3):
        moved = np.asarray(b0) + change * (np.eye(3)[0] if np.ndim(b0) else 1.0)
        assert share @ family.loss(y, offset + moved) >= at_null * (1 - 1e-14)
