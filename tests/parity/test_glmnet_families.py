"""glmnet's logistic, Poisson and multinomial answers, ours, the twin and the judge agree."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from shrinkage import Settings, elastic_net_path, make_problem
from shrinkage.families import resolve
from shrinkage.select.crossval import cross_validate
from shrinkage.select.folds import make_splits
from shrinkage.solve.certificate import certify
from shrinkage.solve.problem import SOLVED
from tests import twins
from tests.parity.reference import (
    CURVES,
    PATHS,
    data_of,
    family_of,
    options_of,
    points,
    read,
    tolerance,
)

EVERY_PATH = pytest.mark.parametrize("case", PATHS, ids=lambda case: case["case"])


def centred(values):
    """Return the values less their mean over the classes, which is of no consequence."""
    return values - values.mean(axis=0) if values.shape[:1] == (3,) else values


@EVERY_PATH
def test_the_twin_and_the_judge_agree_with_glmnet(case):
    (X, y), options = data_of(case), options_of(case)
    family = resolve(options["family"])
    target = family.check_target(y)
    plain = {name: value for name, value in options.items() if name != "family"}
    twin = twins.GlmTwin(options["family"], X, target, **plain)
    theirs = list(points(case))
    size = max(1.0, *(np.abs(coef).max() for _, coef, _ in theirs))
    for alpha, coef, intercept in theirs:
        ours, b0 = twin.minimise(alpha)
        judged = certify(X, y, ours, b0, alpha=alpha, **options)
        assert judged.dual_gap <= 1e-11
        assert judged.kkt_violation <= 1e-10
        other = certify(X, y, coef, intercept, alpha=alpha, **options)
        # Ours is at the minimum, so this is how far above it theirs is.
        short = (other.objective - judged.objective) / judged.null_loss
        assert short * (1 - 1e-9) - 1e-13 <= other.dual_gap <= 1e-6
        apart = np.append(centred(ours) - centred(coef), centred(b0) - centred(intercept))
        assert np.abs(apart).max() <= tolerance(case) * size or short >= -1e-12


def is_solved(case):
    return family_of(case) in SOLVED


@pytest.mark.parametrize("case", [*filter(is_solved, PATHS)], ids=lambda case: case["case"])
def test_our_paths_agree_with_glmnet(case):
    (X, y), options = data_of(case), options_of(case)
    theirs = list(points(case))
    path = elastic_net_path(X, y, alphas=[alpha for alpha, _, _ in theirs], **options)
    tight = Settings(tol=1e-13)
    exact = elastic_net_path(X, y, alphas=path.alphas, settings=tight, **options)
    ratios = case["dev_ratio"][-len(theirs) :]
    assert_allclose(exact.deviance_ratio, ratios, atol=1e-6)  # the root of the gap, about
    assert_allclose(path.deviance_ratio, ratios, atol=1e-4)
    size = max(1.0, *(np.abs(coef).max() for _, coef, _ in theirs))
    for k, (alpha, coef, intercept) in enumerate(theirs):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= 1.01e-8
        other = certify(X, y, coef, intercept, alpha=alpha, **options)
        apart = np.append(exact.coef_path[k] - coef, exact.intercepts[k] - intercept)
        ours = certify(X, y, exact.coef_path[k], exact.intercepts[k], alpha=alpha, **options)
        above = (ours.objective - other.objective) / ours.null_loss
        assert np.abs(apart).max() <= tolerance(case) * size or above <= 1e-9
        assert above <= 1e-9


@pytest.mark.parametrize("case", [*filter(is_solved, CURVES)], ids=lambda case: case["case"])
def test_our_curves_agree_with_glmnet(case):
    (X, y), name = data_of(case), family_of(case)
    scoring = {"'auc'": "auc", "'class'": "misclassification"}
    measure = next((ours for theirs, ours in scoring.items() if theirs in case["call"]), None)
    problem = make_problem(X, y, family=name)
    splits = make_splits(10, len(y), fold_ids=read("small_fold").astype(int) - 1)
    found = cross_validate(
        problem, splits, alphas=case["lambda"], scoring=measure, settings=Settings(tol=1e-11)
    )
    assert_allclose(found.cv_mean[0], case["cvm"], rtol=1e-5)
    assert_allclose(found.cv_se[0], case["cvsd"], rtol=1e-4)
    assert found.alpha == case["lambda_min"][0]
    assert found.alpha_1se == case["lambda_1se"][0]


@EVERY_PATH
def test_null_deviance_and_deviance_ratio(case):
    (X, y), options = data_of(case), options_of(case)
    family = resolve(options["family"])
    target = family.check_target(y)
    weight, offset = options.get("sample_weight", np.ones(len(y))), options.get("offset")
    null_loss = family.null_loss(target, weight, offset)
    assert 2 * null_loss * weight.sum() == pytest.approx(case["nulldev"][0], rel=1e-9)
    ratios = []
    for _, coef, intercept in points(case):
        eta = X @ coef.T + intercept + (0.0 if offset is None else offset)
        ratios.append(1 - weight @ family.loss(target, eta) / weight.sum() / null_loss)
    assert_allclose(ratios, case["dev_ratio"][-len(ratios) :], atol=1e-8)


def errors_of(case, family, target, mu):
    """Return the measure of the call, for each row, or over all rows for the area under ROC."""
    if "'auc'" in case["call"]:
        return roc_auc_score(target, mu)
    if "'class'" in case["call"]:
        return (target != (mu > 0.5)).astype(float)
    return family.unit_deviance(target, mu)


@pytest.mark.parametrize("case", CURVES, ids=lambda case: case["case"])
def test_the_twin_cross_validates_like_glmnet(case):
    (X, y), name = data_of(case), options_of(case)["family"]
    family, folds = resolve(name), read("small_fold")
    target = family.check_target(y)
    errors, sizes = [], []
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        twin = twins.GlmTwin(name, X[train], target[train])
        solutions = [twin.minimise(alpha) for alpha in case["lambda"]]
        means = [family.mean(X[test] @ coef.T + b0) for coef, b0 in solutions]
        errors.append([np.mean(errors_of(case, family, target[test], mu)) for mu in means])
        sizes.append(np.count_nonzero(test))
    share = np.array(sizes) / np.sum(sizes)
    mean = share @ np.array(errors)
    se = np.sqrt(share @ (np.array(errors) - mean) ** 2 / (len(errors) - 1))
    assert_allclose(mean, case["cvm"], rtol=1e-5)
    assert_allclose(se, case["cvsd"], rtol=1e-4)
    sign = -1.0 if "'auc'" in case["call"] else 1.0
    best = int(np.argmin(sign * mean))  # ties go to the larger alpha
    assert case["lambda"][best] == case["lambda_min"][0]
    limit = sign * mean[best] + se[best]
    assert case["lambda"][np.flatnonzero(sign * mean <= limit)[0]] == case["lambda_1se"][0]
