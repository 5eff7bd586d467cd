"""Tools around scikit-learn find in fitted models what they look for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.feature_selection import RFE
from sklearn.inspection import permutation_importance
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shrinkage import (
    GeneralizedLinearRegressor,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    PoissonRegressorCV,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5)) @ np.diag([1.0, 2.0, 0.5, 1.0, 10.0]) + 3.0
ETA = X @ [1.0, -0.5, 0.4, 0.0, 0.0] - 2.0
TARGETS = {
    "two classes": np.where(ETA + RNG.logistic(size=300) > 0.0, "yes", "no"),
    "three classes": np.digitize(ETA + RNG.logistic(size=300), [-1.0, 1.5]),
    "counts": RNG.poisson(np.exp(0.4 * ETA)),
}
MODELS = [
    ("two classes", LogisticRegression()),
    ("two classes", LogisticRegressionCV(5, l1_ratio=1.0, cv=3)),
    ("three classes", LogisticRegression()),
    ("three classes", LogisticRegressionCV(5, l1_ratio=1.0, cv=3)),
    ("counts", PoissonRegressor()),
    ("counts", PoissonRegressorCV(5, cv=3)),
    ("counts", GeneralizedLinearRegressor("poisson")),
]
EVERY = pytest.mark.parametrize(("target", "model"), MODELS, ids=str)
CLASSIFIERS = pytest.mark.parametrize("target", ["two classes", "three classes"])


def fitted(target, model):
    return clone(model).fit(X, TARGETS[target])


# --- SHAP


def shap_values(model, rows, background):
    """Return what SHAP's linear explainer computes: coefficient times distance from the mean.

    It takes `coef_[0]` and `intercept_[0]` where there is one row of coefficients, and else both
    as they are; of several rows each is one output.
    """
    coef, intercept = model.coef_, model.intercept_
    if coef.ndim > 1 and coef.shape[0] == 1:
        coef, intercept = coef[0], intercept[0]
    moved = rows - background.mean(axis=0)
    values = moved * coef if coef.ndim == 1 else moved[:, :, None] * coef.T
    return values, background.mean(axis=0) @ coef.T + intercept


@EVERY
def test_explanations_of_a_linear_model_add_up_to_the_linear_predictor(target, model):
    model = fitted(target, model)
    values, base = shap_values(model, X[:20], X)
    assert values.shape == (20, 5, 3)[: 3 if target == "three classes" else 2]
    assert_allclose(base + values.sum(axis=1), model.predict_linear(X[:20]), atol=1e-10)


@EVERY
def test_the_linear_explainer_of_shap(target, model):
    shap = pytest.importorskip("shap")
    model = fitted(target, model)
    explainer = shap.LinearExplainer(model, shap.maskers.Independent(X, max_samples=len(X)))
    found = explainer(X[:20])
    values, base = shap_values(model, X[:20], X)
    assert_allclose(found.values, values, atol=1e-10)
    assert_allclose(found.base_values, np.broadcast_to(base, found.base_values.shape), atol=1e-10)


# --- scikit-learn


@CLASSIFIERS
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_mends_probabilities_that_a_penalty_made_timid(target, method):
    y, half = TARGETS[target], np.arange(300) % 2 == 0
    timid = LogisticRegression(alpha=1.0)
    calibrated = CalibratedClassifierCV(timid, method=method, cv=3).fit(X[half], y[half])
    plain = clone(timid).fit(X[half], y[half])
    assert calibrated.classes_.tolist() == plain.classes_.tolist()
    is_class = y[~half, None] == plain.classes_
    brier = [((m.predict_proba(X[~half]) - is_class) ** 2).mean() for m in (calibrated, plain)]
    assert brier[0] < brier[1]


def test_calibration_curve_and_roc_curve_take_the_second_class():
    model = fitted("two classes", LogisticRegression(0.01))
    ones = model.predict_proba(X)[:, 1]
    share, said = calibration_curve(TARGETS["two classes"] == "yes", ones, n_bins=3)
    assert_allclose(share, said, atol=0.2)
    display = RocCurveDisplay.from_estimator(model, X, TARGETS["two classes"])
    assert display.roc_auc > 0.75


def test_a_threshold_is_tuned():
    tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring="balanced_accuracy", cv=3)
    assert tuned.fit(X, TARGETS["two classes"]).score(X, TARGETS["two classes"]) > 0.6


@EVERY
def test_features_are_eliminated_by_their_coefficients(target, model):
    scaled = StandardScaler().fit_transform(X)
    found = RFE(clone(model), n_features_to_select=2).fit(scaled, TARGETS[target])
    assert set(np.flatnonzero(found.support_)) == {0, 1}


@EVERY
def test_permutations_hurt_where_a_coefficient_is_large(target, model):
    pipe = make_pipeline(StandardScaler(), clone(model)).fit(X, TARGETS[target])
    found = permutation_importance(pipe, X, TARGETS[target], n_repeats=3, random_state=0)
    assert set(np.argsort(found.importances_mean)[-2:]) == {0, 1}


# --- statsmodels, with exposures


def test_statsmodels_predicts_the_same_for_new_exposures():
    sm = pytest.importorskip("statsmodels.api")
    years, new_years = RNG.uniform(0.2, 2.0, size=300), RNG.uniform(0.2, 2.0, size=300)
    weight, claims = RNG.uniform(0.5, 2.0, size=300), RNG.poisson(years * np.exp(0.4 * ETA))
    design = sm.add_constant(X)
    peer = sm.GLM(
        claims, design, family=sm.families.Poisson(), exposure=years, freq_weights=weight
    ).fit(tol=1e-12)
    ours = PoissonRegressor(0.0).fit(X, claims, sample_weight=weight, offset=np.log(years))
    expected = peer.predict(design, exposure=new_years)
    assert_allclose(ours.predict(X, offset=np.log(new_years)), expected, rtol=1e-4)
    ratio = 1.0 - peer.deviance / peer.null_deviance
    assert ours.deviance_ratio_ == pytest.approx(ratio, rel=1e-6)


def test_statsmodels_gives_the_same_probabilities_for_shares_of_trials():
    sm = pytest.importorskip("statsmodels.api")
    trials = RNG.integers(1, 20, size=300)
    ones = RNG.binomial(trials, 1.0 / (1.0 + np.exp(-ETA)))
    family = sm.families.Binomial()
    peer = sm.GLM(np.column_stack([ones, trials - ones]), sm.add_constant(X), family=family)
    ours = GeneralizedLinearRegressor("binomial", 0.0)
    ours.fit(X, ones / trials, sample_weight=trials)
    assert_allclose(ours.predict(X), peer.fit(tol=1e-12).predict(), rtol=1e-4)


# --- pandas


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_labels_of_a_data_frame_come_back(kind):
    labels = pd.Series(TARGETS["two classes"], dtype=kind)
    model = LogisticRegression().fit(pd.DataFrame(X, columns=list("abcde")), labels)
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(pd.DataFrame(X, columns=list("abcde")))) == {"no", "yes"}
    assert model.feature_names_in_.tolist() == list("abcde")
