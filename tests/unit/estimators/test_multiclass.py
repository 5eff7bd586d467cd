"""Classifiers of more than two classes, and two classes with coefficients each."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.special import softmax
from sklearn.base import clone

import shrinkage
from shrinkage import GeneralizedLinearRegressor, LogisticRegression
from shrinkage.errors import ArgumentError, DataError
from tests.peers import logistic
from tests.unit.estimators.three_classes import CODES, EXACT, MU, NAMES, OFFSET, K, N, P, W, X, gap

LABELS = {
    "text": np.array(["a", "bird", "c"]),
    "objects": np.array(["b", "y", "z"], dtype=object),
    "integers": np.array([3, 17, 99]),
    "numbers": np.array([-1.0, 0.0, 2.0]),
}


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"standardize": False},
        {"fit_intercept": False},
        {"lower": -0.2, "upper": 0.3},
        {"penalty_factor": [1.0, 0.0, 2.0, np.inf, 1.0]},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_the_fit_is_certified(l1_ratio: float, options) -> None:
    model = LogisticRegression(0.02, l1_ratio, **options)
    model.fit(X, CODES, sample_weight=W, offset=OFFSET)
    assert model.status_.converged
    assert model.dual_gap_ <= 1e-8
    assert gap(model, sample_weight=W, offset=OFFSET, **options) <= 1e-8
    assert model.coef_.shape == (K, P)
    assert model.intercept_.shape == (K,)
    assert_allclose(model.intercept_.sum(), 0.0, atol=1e-9)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_scikit_learn_agrees(l1_ratio: float) -> None:
    Z = X / X.std(axis=0)
    ours = LogisticRegression(0.03, l1_ratio, standardize=False, settings=EXACT)
    ours.fit(Z, CODES, sample_weight=W)
    theirs = logistic(l1_ratio, C=1.0 / (W.sum() * 0.03), tol=1e-11, max_iter=100_000)
    theirs.fit(Z, CODES, sample_weight=W)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-5)
    between = theirs.intercept_ - theirs.intercept_.mean()
    assert_allclose(ours.intercept_, between, rtol=1e-4, atol=1e-5)
    assert_allclose(ours.predict_proba(Z), theirs.predict_proba(Z), rtol=1e-4, atol=1e-7)
    assert_allclose(ours.predict_log_proba(Z), theirs.predict_log_proba(Z), rtol=1e-4, atol=1e-5)
    assert np.array_equal(ours.predict(Z), theirs.predict(Z))
    assert ours.score(Z, CODES, sample_weight=W) == theirs.score(Z, CODES, sample_weight=W)
    assert ours.decision_function(Z).shape == theirs.decision_function(Z).shape


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type(kind: str, tmp_path) -> None:
    labels = LABELS[kind]
    model = LogisticRegression().fit(X, labels[CODES])
    plain = LogisticRegression().fit(X, CODES)
    assert np.array_equal(model.classes_, labels)
    assert np.array_equal(model.coef_, plain.coef_)
    assert np.array_equal(model.predict(X), labels[plain.predict(X)])
    assert model.score(X, labels[CODES]) == plain.score(X, CODES)
    again = shrinkage.load(model.save(tmp_path / "model.json"))
    assert again.classes_.dtype == model.classes_.dtype
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.summary() == model.summary()
    assert str(again.coef_table()) == str(model.coef_table())


def test_the_order_of_the_classes_does_not_matter() -> None:
    plain = LogisticRegression(0.02, 1.0, settings=EXACT).fit(X, CODES)
    turned = LogisticRegression(0.02, 1.0, settings=EXACT).fit(X, 2 - CODES)
    assert_allclose(turned.coef_[::-1], plain.coef_, rtol=1e-5, atol=1e-7)
    assert_allclose(turned.predict_proba(X)[:, ::-1], plain.predict_proba(X), rtol=1e-5)


def test_ridge_coefficients_sum_to_zero_over_the_classes() -> None:
    model = LogisticRegression(0.02, settings=EXACT).fit(X, CODES)
    assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-7 * np.abs(model.coef_).max())


def test_what_is_predicted_follows_from_the_linear_predictor() -> None:
    model = LogisticRegression().fit(X, CODES)
    eta = model.predict_linear(X)
    assert_allclose(eta, X @ model.coef_.T + model.intercept_, rtol=1e-12, atol=1e-12)
    assert np.array_equal(eta, model.decision_function(X))
    assert_allclose(model.predict_proba(X), softmax(eta, axis=1), rtol=1e-12)
    assert np.array_equal(model.predict(X), eta.argmax(axis=1))
    thin = sparse.csr_array(X)
    assert_allclose(model.predict_proba(thin), model.predict_proba(X), rtol=1e-12)
    far = model.predict_log_proba(X, offset=900.0 * OFFSET)
    assert np.isfinite(far).all()


def test_an_offset_is_one_number_for_each_class() -> None:
    model = LogisticRegression(0.02).fit(X, CODES, offset=OFFSET)
    shifted = model.decision_function(X, offset=OFFSET)
    assert_allclose(shifted, model.decision_function(X) + OFFSET, rtol=1e-12)
    assert model.score(X, CODES, offset=OFFSET) >= model.score(X, CODES) - 0.2
    # What all classes have in common says nothing.
    common = LogisticRegression(0.02).fit(X, CODES, offset=OFFSET + X[:, :1])
    assert_allclose(common.coef_, model.coef_, rtol=1e-3, atol=1e-4)
    for wrong in (OFFSET[:, 0], OFFSET[:5], OFFSET[:, :2]):
        with pytest.raises(ArgumentError, match=r"`offset` must be of shape \(160, 3\): one num"):
            LogisticRegression().fit(X, CODES, offset=wrong)
        with pytest.raises(ArgumentError, match=r"`offset` must be of shape \(160, 3\): one num"):
            model.predict(X, offset=wrong)
    broken = OFFSET.copy()
    broken[7, 1] = np.nan
    with pytest.raises(DataError, match=r"`offset` must be finite, got NaN at offset\[7\]"):
        model.predict(X, offset=broken)


def test_frames_with_text_columns() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "city": np.array(["u", "v", "w"])[np.arange(N) % 3]})
    model = LogisticRegression().fit(frame, NAMES)
    assert model.coef_names_ == ("a", "city=u", "city=v", "city=w")
    assert model.coef_.shape == (K, 4)
    table = model.coef_table().to_frame()
    assert list(table.columns) == ["class", "feature", "coef", "coef_per_sd"]
    assert table["class"].tolist() == sorted(["a", "bird", "c"] * 4)
    assert_allclose(table["coef"], model.coef_.ravel())


# --- two classes with coefficients each


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_two_classes_with_coefficients_each_are_one_model_of_half_the_ridge(l1_ratio) -> None:
    """With d the difference, l1 (|d/2| + |d/2|) = l1 |d| and l2/2 (d/2)^2 twice = l2/4 d^2."""
    y = (CODES > 0).astype(int)
    l1, l2 = 0.02 * l1_ratio, 0.02 * (1.0 - l1_ratio)
    each = LogisticRegression(0.02, l1_ratio, family="multinomial", settings=EXACT)
    total = l1 + 0.5 * l2
    one = LogisticRegression(total, l1 / total, settings=EXACT).fit(X, y, offset=OFFSET[:, 0])
    each.fit(X, y, offset=OFFSET[:, 0])
    assert each.coef_.shape == (1, P)
    assert each.path_.coef_path.shape == (1, 2, P)
    assert_allclose(each.coef_, one.coef_, rtol=1e-4, atol=1e-6)
    assert_allclose(each.predict_proba(X), one.predict_proba(X), rtol=1e-4)
    assert_allclose(each.deviance_ratio_, one.deviance_ratio_, rtol=1e-6)
    assert each.decision_function(X).shape == (N,)
    line = next(line for line in one.summary().splitlines() if "scikit-learn" in line)
    assert line.split("(")[0] in each.summary()
    assert f"C={1.0 / (N * total):.6g}" in each.summary()


# --- class weights


def test_class_weights_are_sample_weights() -> None:
    by_class = LogisticRegression(class_weight={1: 3.0}).fit(X, CODES, sample_weight=W)
    by_row = LogisticRegression().fit(X, CODES, sample_weight=W * np.where(CODES == 1, 3.0, 1.0))
    assert np.array_equal(by_class.coef_, by_row.coef_)
    assert by_class.summary() == by_row.summary()


def test_a_class_without_weight_is_named() -> None:
    message = "`y` must hold rows of positive weight of every class, got none of class 'bird'"
    for model, weight in (
        (LogisticRegression(class_weight={"bird": 0.0}), None),
        (LogisticRegression(), np.where(CODES == 1, 0.0, 1.0)),
        (LogisticRegression(class_weight="balanced"), np.where(CODES == 1, 0.0, W)),
    ):
        with pytest.raises(ArgumentError, match=message):
            model.fit(X, NAMES, sample_weight=weight)
    with pytest.raises(ArgumentError, match="`sample_weight` must have one entry per row"):
        LogisticRegression().fit(X, NAMES, sample_weight=W[1:])


def test_balanced_classes_have_the_same_share_of_the_weight() -> None:
    model = LogisticRegression(1e6, class_weight="balanced").fit(X, CODES, sample_weight=W)
    assert_allclose(model.intercept_, 0.0, atol=1e-4)
    each = [W[k == CODES].sum() for k in range(K)]
    weights = {k: W.sum() / (K * each[k]) for k in range(K)}
    ours = LogisticRegression(0.02, class_weight="balanced").fit(X, CODES, sample_weight=W)
    said = LogisticRegression(0.02, class_weight=weights).fit(X, CODES, sample_weight=W)
    assert_allclose(ours.coef_, said.coef_, rtol=1e-9)


# --- shares of classes


def test_shares_of_classes_and_their_numbers() -> None:
    codes = GeneralizedLinearRegressor("multinomial", 0.02, 0.5).fit(X, CODES, sample_weight=W)
    shares = clone(codes).fit(X, np.eye(K)[CODES], sample_weight=W)
    labels = LogisticRegression(0.02, 0.5).fit(X, CODES, sample_weight=W)
    assert np.array_equal(codes.coef_, shares.coef_)
    assert np.array_equal(codes.coef_, labels.coef_)
    assert_allclose(codes.predict(X), labels.predict_proba(X), rtol=1e-12)
    assert codes.predict_linear(X).shape == (N, K)
    assert_allclose(codes.score(X, CODES, W), codes.deviance_ratio_, rtol=1e-7)
    assert_allclose(codes.score(X, np.eye(K)[CODES], W), codes.deviance_ratio_, rtol=1e-7)
    shifted = clone(codes).fit(X, CODES, sample_weight=W, offset=OFFSET)
    score = shifted.score(X, CODES, sample_weight=W, offset=OFFSET)
    assert_allclose(score, shifted.deviance_ratio_, rtol=1e-7)


def test_a_share_is_a_row_for_each_class() -> None:
    """Shares with weights are the log loss of K weighted rows, less that of the shares."""
    model = GeneralizedLinearRegressor("multinomial", 0.02, settings=EXACT).fit(X, MU)
    assert gap(model, MU) <= 1e-8
    many = LogisticRegression(0.02, settings=EXACT).fit(
        np.repeat(X, K, axis=0), np.tile(np.arange(K), N), sample_weight=MU.ravel()
    )
    assert_allclose(many.coef_, model.coef_, rtol=1e-4, atol=1e-5)


def test_the_score_of_rows_without_some_class() -> None:
    model = GeneralizedLinearRegressor("multinomial", 0.02).fit(X, CODES)
    some = CODES < 2
    share = np.bincount(CODES[some]) / some.sum()
    null = -np.log(share[CODES[some]]).mean()
    loss = -np.log(model.predict(X[some])[np.arange(some.sum()), CODES[some]]).mean()
    assert_allclose(model.score(X[some], CODES[some]), 1.0 - loss / null, rtol=1e-9)
    assert model.score(X[CODES == 0], CODES[CODES == 0]) == 0.0
    with pytest.raises(DataError, match="`y` must be class numbers from 0 to 2, or shares of 3"):
        model.score(X, CODES + 1)
    with pytest.raises(ArgumentError, match="`y`"):
        model.score(X, np.eye(K)[CODES][:9])


def test_shares_are_saved_and_loaded(tmp_path) -> None:
    model = GeneralizedLinearRegressor("multinomial", 0.05, 1.0).fit(X, MU)
    path = model.save(tmp_path / "model.json")
    again = shrinkage.load(path)
    assert np.array_equal(again.predict(X), model.predict(X))
    assert again.summary() == model.summary()
    document = json.loads(path.read_text())
    assert document["family"] == "multinomial"
    assert document["classes"] is None
    assert len(document["intercept"]) == len(document["coefficients"]["x0"]) == K
