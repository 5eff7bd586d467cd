"""The picture of loss and penalty is true: the contact solves the problem it is drawn for."""

import numpy as np
import pytest

from shrinkage.lessons.geometry import panels_of
from shrinkage.lessons.profiled_loss import ProfiledLoss
from shrinkage.lessons.read import read
from shrinkage.solve import elastic_net_path
from shrinkage.solve.certificate import certify
from tests import twins

RATIOS = (1.0, 0.5, 0.0)
SHAPES = [(40, 2), (60, 8), (25, 40)]
PAIR = (1, 0)


def data_of(n, p, seed=0):
    """Return correlated columns of unit spread, mean zero, and a response."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.6 * rng.normal(size=(n, 1))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    coef = np.where(np.arange(p) < 4, [3.0, -2.0, 1.5, 1.0, *([0.0] * p)][:p], 0.0)
    y = X @ coef + rng.normal(size=n)
    return X, y - y.mean()


def penalties(y, alpha, ratio):
    return alpha * ratio, alpha * (1.0 - ratio) / y.std()


def penalty(t, l1, l2):
    return l1 * np.abs(t).sum(axis=-1) + 0.5 * l2 * (t**2).sum(axis=-1)


def profiled(X, y, l1, l2):
    root = np.sqrt(len(y))
    return ProfiledLoss(X / root, y / root, PAIR, l1, l2)


def best_others(X, y, point, l1, l2):
    """Return the other coefficients at their best by the slow twin, the pair kept at `point`."""
    rest = np.delete(X, PAIR, axis=1)
    target = y - X[:, PAIR] @ point
    if rest.shape[1] == 0:
        return np.zeros(0), target
    total = l1 + l2
    coef, _ = twins.minimise(
        rest, target, alpha=total, l1_ratio=l1 / total, standardize=False, n_steps=2500
    )
    return coef, target - rest @ coef


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_the_profile_is_the_objective_of_refits_with_the_pair_fixed(n, p, ratio):
    X, y = data_of(n, p)
    l1, l2 = penalties(y, 0.4, ratio)
    points = np.random.default_rng(1).uniform(-4, 4, size=(12, 2))
    values = profiled(X, y, l1, l2)(points)
    rest = np.delete(X, PAIR, axis=1)
    for point, value in zip(points, values, strict=True):
        fixed = X[:, PAIR] @ point
        coef = np.zeros(p - 2)
        if p > 2:
            alpha = l1 + l2
            path = elastic_net_path(
                rest, y, l1_ratio=l1 / alpha, alphas=[alpha], offset=fixed, standardize=False
            )
            coef = path.coef_path[0]
        residual = y - fixed - rest @ coef
        residual -= residual.mean()
        expected = 0.5 * np.mean(residual**2) + penalty(coef, l1, l2)
        assert value == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_the_profile_is_convex_and_least_at_its_minimum(n, p, ratio):
    X, y = data_of(n, p)
    loss = profiled(X, y, *penalties(y, 0.4, ratio))
    points = np.random.default_rng(2).uniform(-5, 5, size=(200, 2))
    left, right = np.split(loss(points), 2)
    middle = loss(0.5 * (points[:100] + points[100:]))
    assert (middle <= 0.5 * (left + right) + 1e-9).all()
    assert loss(loss.minimum[None])[0] <= min(left.min(), right.min())
    steps = loss.minimum + 1e-3 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    assert (loss(steps) >= loss(loss.minimum[None])[0] - 1e-10).all()


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("alpha", [None, 0.3])
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_the_gradient_at_the_contact_is_in_the_subdifferential(n, p, alpha, ratio):
    X, y = data_of(n, p)
    panel, l1, l2 = drawn(X, y, ratio, alpha)
    _, residual = best_others(X, y, panel.contact, l1, l2)
    pull = X[:, PAIR].T @ residual / n  # minus the gradient of the profiled loss
    slack = 1e-5 * np.abs(X.T @ y / n).max()
    for c, t in zip(pull, panel.contact, strict=True):
        if t == 0.0:
            assert abs(c) <= l1 + slack
        else:
            assert c == pytest.approx(l1 * np.sign(t) + l2 * t, abs=slack)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_no_point_of_the_ball_has_a_lower_loss_than_the_contact(n, p, ratio):
    X, y = data_of(n, p)
    panel, l1, l2 = drawn(X, y, ratio, None)
    at_contact = penalty(panel.contact, l1, l2)
    np.testing.assert_allclose(penalty(panel.ball, l1, l2), at_contact, rtol=1e-12)
    corners = np.vstack([panel.ball, 0.5 * (panel.ball[1:] + panel.ball[:-1]), panel.contact])
    points = (corners * np.linspace(0.0, 1.0, 21)[:, None, None]).reshape(-1, 2)
    assert (penalty(points, l1, l2) <= at_contact * (1 + 1e-12)).all()
    loss = profiled(X, y, l1, l2)
    least = loss(panel.contact[None])[0]
    assert (loss(points) >= least - 1e-9 * 0.5 * np.mean(y**2)).all()
    # It would fail next to the ball: the loss falls towards its minimum.
    outside = panel.contact + 0.02 * (panel.minimum - panel.contact)
    assert loss(outside[None])[0] < least


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_the_contact_is_the_pair_of_the_certified_solution(n, p, ratio):
    X, y = data_of(n, p)
    panel, l1, l2 = drawn(X, y, ratio, None)
    others, residual = best_others(X, y, panel.contact, l1, l2)
    coef = np.zeros(p)
    coef[list(PAIR)] = panel.contact
    coef[np.setdiff1d(np.arange(p), PAIR)] = others
    alpha = l1 + l2 * y.std()
    certificate = certify(X, y, coef, residual.mean(), alpha=alpha, l1_ratio=ratio)
    assert certificate.dual_gap <= 1e-8


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_level_lines_have_one_loss(n, p, ratio):
    X, y = data_of(n, p)
    panel, l1, l2 = drawn(X, y, ratio, None)
    loss = profiled(X, y, l1, l2)
    least = loss(panel.minimum[None])[0]
    assert (panel.touching == panel.contact).all(axis=1).any()
    heights = []
    for line in [*panel.rings, panel.touching]:
        height = np.sqrt(2 * (loss(line[np.isfinite(line).all(axis=1)]) - least))
        heights.append(height.mean())
        assert np.ptp(height) <= 0.01 * heights[-1]
    steps = np.diff(np.sort(heights))
    np.testing.assert_allclose(steps, steps[0], rtol=0.02)


def test_at_a_corner_the_coefficient_is_exactly_zero_and_between_corners_it_is_not():
    rng = np.random.default_rng(3)
    n = 50
    # Orthonormal columns: the lasso is soft-thresholding.
    Q = rng.normal(size=(n, 2))
    Q = np.linalg.qr(Q - Q.mean(axis=0))[0] * np.sqrt(n)
    y = Q @ [3.0, 1.0]
    for alpha, expected in ((2.0, [1.0, 0.0]), (0.25, [2.75, 0.75])):
        _, _, (lasso, ridge) = panels_of(read(Q, y), (0, 1), (1.0, 0.0), alpha)
        np.testing.assert_allclose(lasso.contact, expected, atol=1e-7)
        assert (lasso.contact == 0.0).tolist() == [False, expected[1] == 0.0]
        np.testing.assert_allclose(ridge.contact, [3.0, 1.0] / (1 + alpha / y.std()), rtol=1e-7)


@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_by_default_the_lasso_is_at_a_corner_and_all_models_explain_the_same(n, p):
    X, y = data_of(n, p)
    _, models, panels = panels_of(read(X, y), PAIR, RATIOS, None)
    assert np.count_nonzero(panels[0].contact) == 1
    assert np.count_nonzero(panels[2].contact) == 2
    explained = [model.deviance_ratio for model in models]
    np.testing.assert_allclose(explained, explained[0], atol=0.005)


def drawn(X, y, ratio, alpha):
    """Return the panel of one penalty, and the weights of its two parts."""
    _, (model,), (panel,) = panels_of(read(X, y), PAIR, (ratio,), alpha)
    return panel, *penalties(y, model.alpha, ratio)
