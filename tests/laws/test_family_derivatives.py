"""The gradient and the curvature of every family are the derivatives of its loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage.families import FAMILIES, Family
from tests import cases, twins

EVERY_FAMILY = pytest.mark.parametrize("case", cases.FAMILIES.values(), ids=str)


def test_every_family_is_in_the_table():
    every, found = set(), list(Family.__subclasses__())
    while found:
        family = found.pop()
        every.add(family)
        found += family.__subclasses__()
    assert {type(case.family) for case in cases.FAMILIES.values()} == every
    assert set(FAMILIES.values()) == every
    assert list(cases.FAMILIES) == list(FAMILIES)


def moves(eta):
    """Return unit vectors in the space of one row's eta."""
    return np.eye(eta.shape[1]) if eta.ndim == 2 else [1.0]


@EVERY_FAMILY
def test_gradient(case):
    y, eta = case.grid()
    step = 1e-5
    gradient = case.family.gradient(y, eta)
    for k, e in enumerate(moves(eta)):
        ahead, behind = (case.family.loss(y, eta + d * np.asarray(e)) for d in (step, -step))
        found = gradient if eta.ndim == 1 else gradient[:, k]
        size = np.maximum(np.abs(case.family.loss(y, eta)), 1.0)
        assert_allclose(found, (ahead - behind) / (2 * step), rtol=1e-8, atol=1e-9 * size.max())


@EVERY_FAMILY
def test_curvature(case):
    y, eta = case.grid()
    step = 1e-5
    curvature = case.family.curvature(y, eta)
    for k, e in enumerate(moves(eta)):
        ahead, behind = (case.family.gradient(y, eta + d * np.asarray(e)) for d in (step, -step))
        found = curvature if eta.ndim == 1 else curvature[:, :, k]
        assert_allclose(found, (ahead - behind) / (2 * step), rtol=1e-8, atol=1e-8)


@EVERY_FAMILY
def test_the_curvature_is_not_negative(case):
    y, eta = case.grid()
    curvature = case.family.curvature(y, eta)
    if eta.ndim == 1:
        assert (curvature > 0).all()
        return
    values = np.linalg.eigvalsh(curvature)
    assert values.min() >= -1e-15
    assert (values[:, 1] > 0).all()  # only a common shift of all classes costs nothing
    assert_allclose(curvature.sum(axis=2), 0.0, atol=1e-15)


@EVERY_FAMILY
def test_the_twin_has_the_same_loss_mean_and_curvature(case):
    y, eta = case.grid()
    name, family = case.family.name, case.family
    columns = eta.reshape(len(eta), -1)
    loss = twins.glm_loss(name, y.reshape(columns.shape), columns)
    assert_allclose(family.loss(y, eta), loss, rtol=1e-12, atol=1e-12)
    assert_allclose(family.mean(eta).reshape(columns.shape), twins.glm_mean(name, columns))
    curvature = twins.glm_curvature(name, columns)
    assert_allclose(np.reshape(family.curvature(y, eta), curvature.shape), curvature, rtol=1e-7)


@EVERY_FAMILY
def test_the_loss_is_zero_at_the_saturated_fit_and_nowhere_negative(case):
    y, eta = case.grid()
    family = case.family
    assert family.loss(y, eta).min() >= 0.0
    inside = family.check_target(case.rows)
    inside = inside[((inside > 0) & (inside < 1)).reshape(len(inside), -1).all(axis=1)]
    at_y = family.linear_predictor(inside) if inside.size else inside
    assert_allclose(family.loss(inside, at_y), 0.0, atol=1e-15)
    assert_allclose(family.gradient(inside, at_y), 0.0, atol=1e-15)


@EVERY_FAMILY
@pytest.mark.parametrize("size", [50.0, 700.0])
def test_nothing_breaks_far_out(case, size):
    y = case.family.check_target(case.rows)
    shape = y.shape if y.ndim == 1 else (len(y), 1)
    for sign in (-1.0, 1.0):
        eta = sign * size * np.ones(shape)
        if y.ndim == 2:
            eta = eta * np.array([1.0, 0.0, -1.0])
        loss = case.family.loss(y, eta)
        assert np.isfinite(loss).all()
        assert (loss >= 0.0).all()
        assert np.isfinite(case.family.gradient(y, eta)).all()
        assert np.isfinite(case.family.fenchel_gap(y, eta, 0.5)).all()
        assert_allclose(case.family.fenchel_gap(y, eta, 0.0), loss, rtol=1e-12, atol=1e-15)
