"""The picture of loss and penalty is true for classes and counts, too."""

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer

from shrinkage.lessons.geometry import panels_of
from shrinkage.lessons.profiled_glm import ProfiledGlm
from shrinkage.lessons.read import read
from shrinkage.solve.certificate import certify
from tests import cases, twins

FAMILIES = ("binomial", "poisson")
RATIOS = (1.0, 0.5, 0.0)
SHAPES = [(60, 2), (80, 6), (30, 35)]
PAIR = (1, 0)
EVERY = [
    pytest.mark.parametrize("family", FAMILIES),
    pytest.mark.parametrize("ratio", RATIOS),
    pytest.mark.parametrize(("n", "p"), SHAPES),
]


def every(test):
    for mark in EVERY:
        test = mark(test)
    return test


def data_of(n, p, family, seed=0):
    """Return correlated columns of unit spread and mean zero, and a target of the family."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.6 * rng.normal(size=(n, 1))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    z = X @ np.where(np.arange(p) < 4, [1.0, -0.7, 0.5, 0.3, *([0.0] * p)][:p], 0.0)
    return X, cases.FAMILIES[family].of_response(rng, z)


def penalty(t, l1, l2):
    return l1 * np.abs(t).sum(axis=-1) + 0.5 * l2 * (t**2).sum(axis=-1)


def profiled(X, y, family, l1, l2):
    return ProfiledGlm(X, y, cases.FAMILIES[family].family, PAIR, l1, l2)


def best_others(X, y, family, point, l1, l2):
    """Return the other coefficients and eta at their best by the slow twin, the pair fixed."""
    rest, fixed = np.delete(X, PAIR, axis=1), X[:, PAIR] @ point
    alpha = l1 + l2
    rest = rest if rest.shape[1] else np.zeros((len(y), 1))  # never enters
    twin = twins.GlmTwin(family, rest, y, l1_ratio=l1 / alpha, offset=fixed, standardize=False)
    coef, intercept = twin.minimise(alpha)
    return coef[: X.shape[1] - 2], fixed + intercept + rest @ coef


def drawn(X, y, family, ratio, alpha=0.05):
    _, (model,), (panel,) = panels_of(read(X, y, family=family), PAIR, (ratio,), alpha)
    return panel, model.alpha * ratio, model.alpha * (1.0 - ratio)


@every
def test_the_profile_is_the_objective_of_refits_with_the_pair_fixed(n, p, family, ratio):
    X, y = data_of(n, p, family)
    l1, l2 = 0.05 * ratio, 0.05 * (1.0 - ratio)
    points = np.random.default_rng(1).uniform(-1.5, 1.5, size=(4, 2))
    values = profiled(X, y, family, l1, l2)(points)
    for point, value in zip(points, values, strict=True):
        coef, eta = best_others(X, y, family, point, l1, l2)
        loss = twins.glm_loss(family, y[:, None], eta[:, None]).mean()
        assert value == pytest.approx(loss + penalty(coef, l1, l2), rel=1e-7)


@every
def test_the_profile_is_least_at_its_minimum(n, p, family, ratio):
    if family == "binomial" and p > n:
        pytest.skip("two columns of 30 rows may separate the classes")
    X, y = data_of(n, p, family)
    loss = profiled(X, y, family, 0.05 * ratio, 0.05 * (1.0 - ratio))
    least = loss(loss.minimum[None])[0]
    around = loss.minimum + 0.3 * np.random.default_rng(2).normal(size=(20, 2))
    assert (loss(around) >= least - 1e-8).all()
    left, right = np.split(around, 2)
    middle = loss(0.5 * (left + right))
    assert (middle <= 0.5 * (loss(left) + loss(right)) + 1e-8).all()


@every
def test_the_gradient_at_the_contact_is_in_the_subdifferential(n, p, family, ratio):
    X, y = data_of(n, p, family)
    panel, l1, l2 = drawn(X, y, family, ratio)
    _, eta = best_others(X, y, family, panel.contact, l1, l2)
    residual = y - twins.glm_mean(family, eta[:, None])[:, 0]
    pull = X[:, PAIR].T @ residual / n  # minus the gradient of the profiled loss
    for c, t in zip(pull, panel.contact, strict=True):
        if t == 0.0:
            assert abs(c) <= l1 + 1e-4
        else:
            assert c == pytest.approx(l1 * np.sign(t) + l2 * t, abs=1e-4)


@every
def test_the_contact_is_certified_and_no_point_of_the_ball_has_a_lower_loss(n, p, family, ratio):
    X, y = data_of(n, p, family)
    panel, l1, l2 = drawn(X, y, family, ratio)
    others, eta = best_others(X, y, family, panel.contact, l1, l2)
    coef = np.zeros(p)
    coef[list(PAIR)], coef[np.setdiff1d(np.arange(p), PAIR)] = panel.contact, others
    intercept = float(np.mean(eta - X @ coef))
    judged = certify(X, y, coef, intercept, alpha=l1 + l2, l1_ratio=ratio, family=family)
    assert judged.dual_gap <= 1e-7
    at_contact = penalty(panel.contact, l1, l2)
    np.testing.assert_allclose(penalty(panel.ball, l1, l2), at_contact, rtol=1e-12)
    loss = profiled(X, y, family, l1, l2)
    least = loss(panel.contact[None])[0]
    assert (loss(panel.ball[::6]) >= least - 1e-7).all()
    outside = panel.contact + 0.05 * (panel.minimum - panel.contact)
    assert loss(outside[None])[0] < least


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("ratio", RATIOS)
def test_level_lines_have_one_loss(family, ratio):
    X, y = data_of(80, 6, family)
    panel, l1, l2 = drawn(X, y, family, ratio, {"binomial": 0.05, "poisson": 0.5}[family])
    loss = profiled(X, y, family, l1, l2)
    least = loss(panel.minimum[None])[0]
    assert (panel.touching == panel.contact).all(axis=1).any()
    heights = []
    for line in [*panel.rings, panel.touching]:
        height = np.sqrt(2 * (loss(line[np.isfinite(line).all(axis=1)]) - least))
        heights.append(height.mean())
        assert np.ptp(height) <= 0.02 * heights[-1]
    steps = np.diff(np.sort(heights))
    np.testing.assert_allclose(steps, steps[0], rtol=0.02)


def test_two_orthogonal_columns_have_the_contact_of_a_hand_calculation():
    """Four cells of a 2 x 2 design: each coefficient is half a log odds ratio, soft-thresholded."""
    X = np.repeat([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], 100, axis=0)
    y = np.concatenate([np.repeat([1.0, 0.0], [k, 100 - k]) for k in (80, 80, 20, 20)])
    alpha = 0.1
    _, _, (lasso,) = panels_of(read(X, y, family="binomial"), (0, 1), (1.0,), alpha)
    # The mean of x_0 (y - mu) is 0.3 - (mu - 1/2) = alpha at mu = 1 / (1 + exp(-b)).
    mu = 0.5 + (0.3 - alpha)
    np.testing.assert_allclose(lasso.contact, [np.log(mu / (1 - mu)), 0.0], atol=1e-5)
    assert lasso.contact[1] == 0.0
    np.testing.assert_allclose(lasso.minimum, [np.log(4.0), 0.0], atol=1e-5)


def test_a_pair_that_separates_the_classes_is_refused():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    y = (X[:, 1] > 0).astype(int)
    with pytest.raises(ValueError, match="be two that don't separate the classes by themselves"):
        panels_of(read(X, y, family="binomial"), (1, 3), (1.0,), 0.05)


def test_a_pair_with_an_outlier_that_does_not_separate_is_drawn():
    """One tumour lies five deviations out, so its log odds are large where the loss is least."""
    data = load_breast_cancer(as_frame=True)
    pair = ["worst radius", "worst texture"]
    Z = data.data[pair].to_numpy()
    sides = np.where(data.target == 0, 1.0, -1.0)
    rows = -sides[:, None] * np.column_stack([Z - Z.mean(axis=0), np.ones(len(Z))])
    # No plane has all of each class on its side, not even weakly.
    found = linprog(rows.sum(axis=0), A_ub=rows, b_ub=np.zeros(len(Z)), bounds=(-1.0, 1.0))
    assert found.fun == pytest.approx(0.0, abs=1e-7)
    _, _, (lasso,) = panels_of(read(data.data, data.target, family="binomial"), pair, (1.0,), 0.01)
    assert np.isfinite(lasso.minimum).all()
