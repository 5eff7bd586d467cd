"""Classifiers and models of counts inside scikit-learn: its checks, and its tools around them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from shrinkage import (
    GeneralizedLinearRegressor,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    PoissonRegressorCV,
)
from tests.peers import BALANCES_WEIGHTS, HAS_PENALTY

BEFORE_1_7 = not BALANCES_WEIGHTS
CLASSIFIERS = [
    LogisticRegression(),
    LogisticRegression(0.02, 1.0, class_weight="balanced"),
    LogisticRegression(family="binomial"),
    LogisticRegression(0.02, 0.5, family="multinomial"),
    LogisticRegressionCV([1.0, 0.3], cv=StratifiedKFold(3)),
    LogisticRegressionCV([1.0, 0.3], cv=3, class_weight="balanced"),
]
COUNTS = [PoissonRegressor(), PoissonRegressor(0.05, 0.5), PoissonRegressorCV(10, cv=3)]
ALL = [
    *CLASSIFIERS,
    *COUNTS,
    GeneralizedLinearRegressor(),
    GeneralizedLinearRegressor("poisson", 0.05, 1.0),
]
CHECKS = [pair for model in ALL for pair in estimator_checks_generator(model)]

RNG = np.random.default_rng(8)
X = RNG.normal(size=(120, 4)) * [1.0, 2.0, 0.5, 1.0]
ETA = X @ [1.0, -0.5, 2.0, 0.0]
LABELS = np.array(["no", "yes"])[(RNG.random(120) < 1.0 / (1.0 + np.exp(-ETA))).astype(int)]
EVENTS = RNG.poisson(np.exp(0.4 * ETA)).astype(float)
W = RNG.integers(1, 4, size=120).astype(float)


def target_of(model):
    return LABELS if is_classifier(model) else EVENTS


def name_of(check) -> str:
    """Return the name of a check, which may be a partial, or of an estimator."""
    return getattr(getattr(check, "func", check), "__name__", str(check))


@pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")
@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=name_of)
def test_scikit_learn_checks(estimator, check) -> None:
    is_weighted = "sample_weight_equivalence" in name_of(check)
    if BEFORE_1_7 and is_weighted and estimator.get_params().get("family") == "binomial":
        pytest.skip("this check then made two classes of three in another way for each fit")
    check(estimator)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_they_say_what_they_are(model) -> None:
    assert is_classifier(model) != is_regressor(model)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_clone_and_pickle(model) -> None:
    assert str(clone(model).get_params()) == str(model.get_params())
    fitted = clone(model).fit(X, target_of(model), sample_weight=W)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(X), fitted.predict(X))
    assert again.summary() == fitted.summary()


@pytest.mark.parametrize("model", ALL, ids=str)
def test_pipeline(model) -> None:
    y = target_of(model)
    pipe = make_pipeline(PolynomialFeatures(2, include_bias=False), clone(model)).fit(X, y)
    assert pipe.score(X, y) > 0.2
    assert pipe[-1].n_features_in_ == pipe[0].n_output_features_


@pytest.mark.parametrize("model", [LogisticRegression(), PoissonRegressor()], ids=str)
def test_standardize_is_a_scaler_in_front(model) -> None:
    y = target_of(model)
    ours = clone(model).fit(X, y)
    scaled = make_pipeline(StandardScaler(), clone(model).set_params(standardize=False)).fit(X, y)
    Z = scaled[0].transform(X)
    assert_allclose(ours.predict_linear(X), scaled[-1].predict_linear(Z), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("model", [LogisticRegression(), PoissonRegressor()], ids=str)
def test_grid_search(model) -> None:
    grid = {"alpha": [0.01, 0.1], "l1_ratio": [0.0, 1.0]}
    search = GridSearchCV(clone(model), grid, cv=3).fit(X, target_of(model))
    assert set(search.best_params_) == {"alpha", "l1_ratio"}


def test_calibrated_classifier() -> None:
    calibrated = CalibratedClassifierCV(LogisticRegression(class_weight={"yes": 9.0}), cv=3)
    calibrated.fit(X, LABELS)
    plain = LogisticRegression(class_weight={"yes": 9.0}).fit(X, LABELS)
    assert calibrated.classes_.tolist() == ["no", "yes"]
    better, worse = (log_loss(LABELS, m.predict_proba(X)) for m in (calibrated, plain))
    assert better < worse


def test_stacking_and_one_against_the_rest() -> None:
    stack = StackingClassifier([("first", LogisticRegression())], LogisticRegression(), cv=3)
    assert stack.fit(X, LABELS).score(X, LABELS) > 0.7
    three = np.digitize(ETA, [-1.0, 1.0])
    assert OneVsRestClassifier(LogisticRegression()).fit(X, three).score(X, three) > 0.6


def test_select_from_model_keeps_what_is_not_zero() -> None:
    # Before 1.8 it knew an L1 penalty by another keyword.
    threshold = 1e-5 if HAS_PENALTY else None
    selector = SelectFromModel(LogisticRegression(0.1, 1.0), threshold=threshold).fit(X, LABELS)
    kept = np.flatnonzero(selector.estimator_.coef_)
    assert 0 < kept.size < 4
    assert np.array_equal(selector.get_support(indices=True), kept)


def test_out_of_fold_probabilities_are_those_of_scikit_learn() -> None:
    folds = StratifiedKFold(4)
    model = LogisticRegressionCV([0.05], cv=folds).fit(X, LABELS)
    theirs = cross_val_predict(
        LogisticRegression(0.05), X, LABELS, cv=folds, method="predict_proba"
    )
    assert_allclose(model.oof_predict_, theirs[:, 1], rtol=1e-6)


def test_offset_and_weights_are_routed() -> None:
    offset = X[:, 0]
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression(0.1).set_fit_request(offset=True, sample_weight=True)
        model.set_predict_proba_request(offset=True).set_decision_function_request(offset=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipe.fit(X, LABELS, offset=offset, sample_weight=W)
        found = pipe.predict_proba(X, offset=offset)
    Z = StandardScaler().fit_transform(X)
    direct = LogisticRegression(0.1).fit(Z, LABELS, offset=offset, sample_weight=W)
    assert_allclose(found, direct.predict_proba(Z, offset=offset), rtol=1e-12)
