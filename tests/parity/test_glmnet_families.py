"""glmnet's logistic, Poisson and multinomial answers, the twin and the judge agree."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from shrinkage.families import resolve
from shrinkage.solve.certificate import certify
from tests import twins
from tests.parity.reference import CURVES, PATHS, data_of, options_of, points, read, tolerance

EVERY_PATH = pytest.mark.parametrize("case", PATHS, ids=lambda case: case["case"])


def centred(values):
    """Return the values less their mean over the classes, which is of no consequence."""
    return values - values.mean(axis=-1, keepdims=True) if values.shape[-1:] == (3,) else values


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
        eta = X @ coef + intercept + (0.0 if offset is None else offset)
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
        means = [family.mean(X[test] @ coef + b0) for coef, b0 in solutions]
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
