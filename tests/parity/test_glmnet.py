"""The Gaussian answers of glmnet, stored in data/ (README.md says how they were made)."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage import LassoCV, elastic_net_path
from shrinkage.solve.certificate import certify
from tests import twins

DATA = Path(__file__).parent / "data"
REFERENCE = [json.loads(line) for line in (DATA / "reference.jsonl").read_text().splitlines()]
PATHS = [case for case in REFERENCE if "coef" in case]
CURVES = [case for case in REFERENCE if "cvm" in case]


@cache
def read(name):
    return np.loadtxt(DATA / f"{name}.csv", delimiter=",")


def data_of(case):
    name = case["case"]
    design = next((d for d in ("wide", "sparse", "diabetes") if name.startswith(d)), "small")
    return design, read(f"{design}_x"), read(f"{design}_gauss")


def options_of(case):
    """Translate the glmnet call."""
    call, options = case["call"], {}
    factor = read("small_pf")
    if "weights = w" in call:
        options["sample_weight"] = read("small_w")
    if "offset = off" in call:
        options["offset"] = read("small_off")
    if "penalty.factor = pf" in call:
        options["penalty_factor"] = factor * factor.size / factor.sum()
    if "exclude = c(1, 3)" in call:
        options["penalty_factor"] = np.where(np.isin(np.arange(13), (0, 2)), np.inf, 1.0)
    if "lower.limits = -0.1, upper.limits = 0.3" in call:
        options |= {"lower": -0.1, "upper": 0.3}
    elif "lower.limits = 0" in call:
        options["lower"] = 0.0
    if "standardize = FALSE" in call:
        options["standardize"] = False
    if "intercept = FALSE" in call:
        options["fit_intercept"] = False
    return options | {"l1_ratio": l1_ratio_of(case)}


def l1_ratio_of(case):
    for text, value in (("0.3,", 0.3), ("0.5,", 0.5), ("0.7,", 0.7), ("0.9,", 0.9)):
        if f"alpha = {text}" in case["call"]:
            return value
    return (
        float(case["case"].removeprefix("gaussian_alpha")) if "alpha = al" in case["call"] else 1.0
    )


def coefficients(case):
    coef = np.zeros((len(case["coef"]), case["n_features"]))
    for row, entries in zip(coef, case["coef"], strict=True):
        for j, value in entries.items():
            row[int(j)] = value
    return coef


@pytest.mark.parametrize("case", PATHS, ids=lambda case: case["case"])
def test_coefficients(case):
    design, X, y = data_of(case)
    options = options_of(case)
    given = sparse.csc_array(X) if design == "sparse" else X
    path = elastic_net_path(given, y, alphas=case["lambda"], **options)
    theirs, tol = coefficients(case), 1e-6 if design == "small" else 5e-5
    scale = np.abs(theirs).max()
    for k, alpha in enumerate(path.alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= 1e-9
        apart = np.append(path.coef_path[k] - theirs[k], path.intercepts[k] - case["intercept"][k])
        if np.abs(apart).max() <= tol * max(scale, 1.0):
            continue
        keywords = {name: options[name] for name in options if name not in ("lower", "upper")}
        objective = twins.objective(X, y, theirs[k], case["intercept"][k], alpha=alpha, **keywords)
        assert judged.objective <= objective + 1e-9 * judged.null_loss
    first = int(options["l1_ratio"] == 0.0)  # glmnet reports the null model at its made-up lambda
    assert_allclose(path.deviance_ratio[first:], case["dev_ratio"][first:], atol=1e-6)


@pytest.mark.parametrize("case", PATHS, ids=lambda case: case["case"])
def test_first_alpha(case):
    _, X, y = data_of(case)
    options = options_of(case)
    path = elastic_net_path(X, y, alphas=2, **options)
    assert path.alphas[0] == pytest.approx(case["lambda"][0], rel=1e-9)


@pytest.mark.parametrize("case", CURVES, ids=lambda case: case["case"])
def test_cross_validation(case):
    _, X, y = data_of(case)
    weight = options_of(case).get("sample_weight")
    model = LassoCV(alphas=case["lambda"])
    model.fit(X, y, sample_weight=weight, fold_ids=read("small_fold").astype(int) - 1)
    assert_allclose(np.ravel(model.cv_mean_), case["cvm"], rtol=1e-6)
    assert_allclose(np.ravel(model.cv_se_), case["cvsd"], rtol=1e-6)
    assert model.alpha_ == case["lambda_min"][0]
    assert model.alpha_1se_ == case["lambda_1se"][0]
