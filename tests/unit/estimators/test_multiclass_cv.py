"""Cross-validation of classifiers of more than two classes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_wine
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import shrinkage
from shrinkage import LogisticRegression, LogisticRegressionCV
from shrinkage.errors import ArgumentError, DataWarning
from shrinkage.families import Multinomial
from tests.unit.estimators.three_classes import CODES, EXACT, NAMES, K, N, W, X


def test_the_default_chooses_and_reports(tmp_path) -> None:
    wine, y = load_wine(return_X_y=True)
    model = LogisticRegressionCV(20, l1_ratio=[0.0, 1.0], rule="1se").fit(wine, y)
    assert model.score(wine, y) > 0.97
    assert model.measure_ == "mean deviance"
    assert model.oof_predict_.shape == (178, K)
    assert_allclose(model.oof_predict_.sum(axis=1), 1.0)
    assert accuracy_score(y, model.oof_predict_.argmax(axis=1)) > 0.93
    assert model.alpha_ == model.alpha_1se_
    text = model.summary()
    assert "log probability of each class" in text
    assert "rule 1se: mean deviance" in text
    again = shrinkage.load(model.save(tmp_path / "model.json"))
    assert again.summary() == text
    assert np.array_equal(again.predict_log_proba(wine), model.predict_log_proba(wine))
    assert np.array_equal(again.cv_mean_, model.cv_mean_)


def test_out_of_fold_probabilities_are_those_of_scikit_learn() -> None:
    folds = StratifiedKFold(4)
    labels = NAMES
    model = LogisticRegressionCV([0.05], cv=folds, settings=EXACT).fit(X, labels)
    one = LogisticRegression(0.05, settings=EXACT)
    theirs = cross_val_predict(one, X, labels, cv=folds, method="predict_proba")
    assert_allclose(model.oof_predict_, theirs, rtol=1e-5)


@pytest.mark.parametrize("as_pairs", [False, True])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_fold_without_a_class_knows_the_others(as_pairs: bool, class_weight) -> None:
    y = NAMES.copy()
    lone = np.flatnonzero(y == "c")
    y[lone[3:]] = "a"
    ids = np.arange(N) % 4
    ids[lone[:3]] = 2  # the training rows of fold 2 are without the class
    model = LogisticRegressionCV([0.1, 0.01], class_weight=class_weight, settings=EXACT)
    fit = {"fold_ids": ids}
    if as_pairs:
        rows = [np.flatnonzero(ids == fold) for fold in range(4)]
        model.cv = [(np.setdiff1d(np.arange(N), [*test, 159]), test) for test in rows]
        fit = {}
    expected = r"The training rows of fold 2 are without class 'c', which it never predicts\."
    with pytest.warns(DataWarning, match=expected):
        model.fit(X, y, **fit)
    assert np.isfinite(model.cv_mean_).all()
    held_out = ids == 2
    assert (model.oof_predict_[held_out, 2] < 1e-9).all()
    train = ~held_out if not as_pairs else model.cv[2][0]
    others = LogisticRegression(
        model.alpha_, family="multinomial", class_weight=class_weight, settings=EXACT
    ).fit(X[train], y[train])
    assert_allclose(
        model.oof_predict_[held_out, 1], others.predict_proba(X[held_out])[:, 1], rtol=1e-5
    )


def test_folds_of_one_class_predict_it() -> None:
    y = np.array(["a"] * (N - 2) + ["b", "c"])
    ids = np.where(y == "a", np.arange(N) % 3, 1)
    with pytest.warns(DataWarning, match="fold 1 are without class 'b', 'c'"):
        model = LogisticRegressionCV([0.1], settings=EXACT).fit(X, y, fold_ids=ids)
    assert (model.oof_predict_[ids == 1, 0] > 1.0 - 1e-9).all()
    assert np.isfinite(model.cv_mean_).all()


@pytest.mark.parametrize(
    ("scoring", "measure", "larger"),
    [
        ("misclassification", "misclassification", False),
        ("mse", "mean squared error", False),
        ("mae", "mean absolute error", False),
        ("accuracy", "accuracy", True),
        ("roc_auc_ovr", "roc_auc_ovr", True),
        ("f1_macro", "f1_macro", True),
    ],
)
def test_measures(scoring: str, measure: str, larger: bool) -> None:
    labels = NAMES
    model = LogisticRegressionCV(8, cv=StratifiedKFold(4), scoring=scoring).fit(X, labels)
    assert model.measure_ == measure
    assert model._larger_is_better is larger
    best = np.nanmax if larger else np.nanmin
    assert_allclose(model.cv_mean_[model.best_index_], best(model.cv_mean_), rtol=1e-12)


def test_fold_errors_are_those_of_the_predictions() -> None:
    folds, y = StratifiedKFold(4), np.eye(K)[CODES]
    peers = {
        "mse": lambda mu, rows: ((y[rows] - mu) ** 2).sum(axis=1).mean(),
        "mae": lambda mu, rows: np.abs(y[rows] - mu).sum(axis=1).mean(),
        "misclassification": lambda mu, rows: np.mean(mu.argmax(axis=1) != CODES[rows]),
        "deviance": lambda mu, rows: 2.0 * log_loss(CODES[rows], mu),
        "neg_log_loss": lambda mu, rows: -log_loss(CODES[rows], mu),
        "roc_auc_ovr": lambda mu, rows: roc_auc_score(CODES[rows], mu, multi_class="ovr"),
    }
    for scoring, expected in peers.items():
        model = LogisticRegressionCV([0.03], cv=folds, scoring=scoring).fit(X, NAMES)
        errors = [expected(model.oof_predict_[test], test) for _, test in folds.split(X, CODES)]
        assert_allclose(model.cv_mean_[0, 0], np.mean(errors), rtol=1e-9)


def test_the_area_under_the_curve_is_for_two_classes() -> None:
    with pytest.raises(ArgumentError, match="`scoring` can't be 'auc' for 3 classes") as caught:
        LogisticRegressionCV(5, scoring="auc").fit(X, CODES)
    assert "'roc_auc_ovr'" in str(caught.value)


def test_a_scorer_that_a_fold_does_not_have_is_named() -> None:
    ids = np.argsort(np.argsort(CODES, kind="stable")) % 4
    ids[(ids == 1) & (CODES == 2)] = 0
    with pytest.raises(ArgumentError, match=r"be the roc_auc_ovr in fold 1: .*classes") as caught:
        LogisticRegressionCV([0.1], scoring="roc_auc_ovr").fit(X, CODES, fold_ids=ids)
    assert "StratifiedKFold" in str(caught.value)
    with pytest.raises(ArgumentError, match="be the f1 in fold 0: Target is multiclass") as caught:
        LogisticRegressionCV([0.1], scoring="f1").fit(X, CODES)
    assert "StratifiedKFold" not in str(caught.value)


def test_cross_validation_of_two_classes_with_coefficients_each() -> None:
    y = np.where(CODES > 0, "b", "a")
    known = {"cv": StratifiedKFold(4), "scoring": "auc"}
    each = LogisticRegressionCV([0.2, 0.02], family=Multinomial(), **known).fit(X, y)
    one = LogisticRegressionCV([0.1, 0.01], **known).fit(X, y)
    assert each.oof_predict_.shape == (N,)
    assert_allclose(each.cv_mean_, one.cv_mean_, rtol=1e-3)
    assert_allclose(each.oof_predict_, one.oof_predict_, rtol=1e-3)


def test_balanced_weights_are_those_of_the_training_fold() -> None:
    folds = StratifiedKFold(3)
    grid = [0.3, 0.03]
    model = LogisticRegressionCV(grid, cv=folds, class_weight="balanced", settings=EXACT)
    model.fit(X, CODES, sample_weight=W)
    outside = W / np.array([W[k == CODES].sum() for k in range(K)])[CODES]
    errors, shares = [], []
    for train, test in folds.split(X, CODES):
        losses = []
        for alpha in grid:
            one = LogisticRegression(alpha, class_weight="balanced", settings=EXACT)
            one.fit(X[train], CODES[train], sample_weight=W[train])
            log_p = one.predict_log_proba(X[test])[np.arange(test.size), CODES[test]]
            losses.append(-2.0 * np.average(log_p, weights=outside[test]))
            if alpha == model.alpha_:
                assert_allclose(model.oof_predict_[test], one.predict_proba(X[test]), rtol=1e-5)
        errors.append(losses)
        shares.append(outside[test].sum())
    assert_allclose(model.cv_mean_[0], np.average(errors, axis=0, weights=shares), rtol=1e-6)
