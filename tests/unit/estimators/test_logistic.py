"""LogisticRegression and LogisticRegressionCV: labels, class weights, and what they predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import KFold, StratifiedKFold

import shrinkage
from shrinkage import LogisticRegression, LogisticRegressionCV, Settings
from shrinkage.errors import ArgumentError, DataError, DataWarning
from shrinkage.families import Binomial, Poisson
from shrinkage.solve import Status
from shrinkage.solve.certificate import certify
from tests.peers import logistic

RNG = np.random.default_rng(21)
N, P = 150, 5
X = RNG.normal(size=(N, P)) * [1.0, 10.0, 0.1, 1.0, 1.0]
ETA = -0.7 + X @ [1.0, 0.1, 5.0, 0.0, 0.0]
CODES = (RNG.random(N) < expit(ETA)).astype(int)
W = RNG.integers(1, 4, size=N).astype(float)
EXACT = Settings(tol=1e-14)
LABELS = {
    "text": np.array(["no", "yes"]),
    "objects": np.array(["b", "z"], dtype=object),
    "booleans": np.array([False, True]),
    "integers": np.array([3, 17]),
    "numbers": np.array([-1.0, 1.0]),
}


def certified(model, y, **options):
    """Return the judge's gap of a fitted model."""
    alpha, l1_ratio = model._penalty()
    judged = certify(
        X,
        y,
        model.coef_[0],
        model.intercept_[0],
        alpha=alpha,
        l1_ratio=l1_ratio,
        family="binomial",
        **options,
    )
    return judged.dual_gap


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("options", [{}, {"standardize": False}, {"lower": -0.2, "upper": 0.3}])
def test_the_fit_is_certified(l1_ratio: float, options) -> None:
    model = LogisticRegression(0.02, l1_ratio, **options).fit(X, CODES)
    assert model.status_.converged
    assert certified(model, CODES.astype(float), **options) <= 1e-8
    assert model.dual_gap_ <= 1e-8


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_scikit_learn_agrees(l1_ratio: float) -> None:
    ours = LogisticRegression(0.03, l1_ratio, standardize=False, settings=EXACT)
    ours.fit(X, CODES, sample_weight=W)
    theirs = logistic(l1_ratio, C=1.0 / (W.sum() * 0.03), tol=1e-10, max_iter=100_000)
    theirs.fit(X, CODES, sample_weight=W)
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.intercept_.shape == theirs.intercept_.shape
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-6)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-4)
    assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-4)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-4, atol=1e-6)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, CODES, sample_weight=W) == theirs.score(X, CODES, sample_weight=W)


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
    assert np.array_equal(again.predict(X), model.predict(X))


def test_labels_in_a_categorical_column() -> None:
    y = pd.Series(np.where(CODES == 1, "yes", "no"), dtype="category")
    model = LogisticRegression().fit(X, y)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.score(X, y) > 0.7


def test_probabilities_of_extreme_odds_are_finite_logarithms() -> None:
    model = LogisticRegression().fit(X, CODES)
    offset = np.linspace(-900.0, 900.0, N)
    log_p = model.predict_log_proba(X, offset=offset)
    assert np.isfinite(log_p).all()
    assert_allclose(model.predict_proba(X, offset=offset).sum(axis=1), 1.0, rtol=1e-15)
    eta = model.predict_linear(X, offset=offset)
    assert np.array_equal(eta, model.decision_function(X, offset=offset))
    assert_allclose(log_p[:, 1] - log_p[:, 0], eta, rtol=1e-9)


def test_offset_shifts_the_log_odds() -> None:
    offset = 0.5 * X[:, 0]
    model = LogisticRegression(0.02).fit(X, CODES, offset=offset)
    assert certified(model, CODES.astype(float), offset=offset) <= 1e-8
    assert_allclose(
        model.decision_function(X, offset=offset), model.decision_function(X) + offset, rtol=1e-12
    )


def test_frames_with_text_columns_and_sparse_matrices() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "city": np.array(["u", "v", "w"])[np.arange(N) % 3]})
    model = LogisticRegression().fit(frame, CODES)
    assert model.coef_names_ == ("a", "city=u", "city=v", "city=w")
    assert model.coef_.shape == (1, 4)
    assert model.coef_table().to_frame().shape == (4, 3)
    thin = LogisticRegression(settings=EXACT).fit(sparse.csr_array(X), CODES)
    full = LogisticRegression(settings=EXACT).fit(X, CODES)
    assert_allclose(thin.coef_, full.coef_, rtol=1e-7)


# --- class weights


def test_a_class_weight_is_a_sample_weight() -> None:
    by_class = LogisticRegression(class_weight={1: 3.0}).fit(X, CODES, sample_weight=W)
    by_row = LogisticRegression().fit(X, CODES, sample_weight=W * np.where(CODES == 1, 3.0, 1.0))
    assert np.array_equal(by_class.coef_, by_row.coef_)
    assert by_class.summary() == by_row.summary()


def test_balanced_classes_have_half_of_the_weight_each() -> None:
    model = LogisticRegression(1e6, class_weight="balanced").fit(X, CODES, sample_weight=W)
    assert_allclose(model.intercept_, 0.0, atol=1e-4)
    each = [W[k == CODES].sum() for k in (0, 1)]
    weights = {k: W.sum() / (2.0 * each[k]) for k in (0, 1)}
    ours = LogisticRegression(0.02, class_weight="balanced").fit(X, CODES, sample_weight=W)
    said = LogisticRegression(0.02, class_weight=weights).fit(X, CODES, sample_weight=W)
    assert_allclose(ours.coef_, said.coef_, rtol=1e-12)
    repeated = LogisticRegression(0.02, class_weight="balanced", settings=EXACT).fit(
        np.repeat(X, W.astype(int), axis=0), np.repeat(CODES, W.astype(int))
    )
    exact = clone(ours).set_params(settings=EXACT).fit(X, CODES, sample_weight=W)
    assert_allclose(exact.coef_, repeated.coef_, rtol=1e-6)


def test_class_weights_of_a_dict_in_cross_validation_are_sample_weights() -> None:
    by_class = LogisticRegressionCV(10, class_weight={1: 3.0}).fit(X, CODES)
    by_row = LogisticRegressionCV(10).fit(X, CODES, sample_weight=np.where(CODES == 1, 3.0, 1.0))
    assert np.array_equal(by_class.cv_mean_, by_row.cv_mean_)
    assert np.array_equal(by_class.coef_, by_row.coef_)


@pytest.mark.parametrize("weight", [None, W], ids=["equal", "weights"])
def test_balanced_weights_are_those_of_the_training_fold(weight) -> None:
    folds = KFold(4, shuffle=True, random_state=1)
    grid = [0.3, 0.03, 0.003]
    model = LogisticRegressionCV(grid, cv=folds, class_weight="balanced", settings=EXACT)
    model.fit(X, CODES, sample_weight=weight)
    given = np.ones(N) if weight is None else weight
    total = np.array([given[k == CODES].sum() for k in (0, 1)])
    outside = given / total[CODES]
    errors, shares, held_out = [], [], np.empty(N)
    for train, test in folds.split(X):
        inside = None if weight is None else weight[train]
        losses = []
        for alpha in model.alphas_:
            one = LogisticRegression(alpha, class_weight="balanced", settings=EXACT)
            one.fit(X[train], CODES[train], sample_weight=inside)
            log_p = one.predict_log_proba(X[test])[np.arange(test.size), CODES[test]]
            losses.append(-2.0 * np.average(log_p, weights=outside[test]))
            if alpha == model.alpha_:
                held_out[test] = one.predict_proba(X[test])[:, 1]
        errors.append(losses)
        shares.append(outside[test].sum())
    expected = np.average(errors, axis=0, weights=shares)
    assert_allclose(model.cv_mean_[0], expected, rtol=1e-7)
    assert_allclose(model.oof_predict_, held_out, rtol=1e-6)
    assert model.alpha_ == model.alphas_[np.argmin(expected)]
    refit = LogisticRegression(model.alpha_, class_weight="balanced", settings=EXACT)
    assert_allclose(model.coef_, refit.fit(X, CODES, sample_weight=weight).coef_, rtol=1e-6)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ("balance", "`class_weight` must be None, 'balanced' or a dict"),
        ([1.0, 2.0], "`class_weight` must be None, 'balanced' or a dict"),
        ({7: 1.0}, "`class_weight` must name classes of y, got 7.\nHint: they are 0, 1"),
        ({1: -1.0}, "`class_weight` must hold finite numbers >= 0, got -1.0 for class 1"),
        ({1: "2"}, "`class_weight` must hold finite numbers >= 0, got '2' for class 1"),
        ({1: 0.0}, "`y` must hold rows of positive weight of every class, got none of class 1."),
    ],
)
def test_class_weights_are_checked(class_weight, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        LogisticRegression(class_weight=class_weight).fit(X, CODES)
    assert str(caught.value).startswith(message)


# --- targets that are none


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.ones(N), "`y` must hold two classes or more, got only 1.0: rows of one class."),
        (np.linspace(0.1, 0.9, N), "`y` must hold one label per row, got Unknown label type"),
        (np.where(CODES == 1, np.nan, 0.0), "`y` must be finite, got NaN at y["),
        (np.where(CODES == 1, None, "a"), "`y` must hold a label in each row, got a missing"),
    ],
    ids=["one", "shares", "NaN", "None"],
)
def test_targets_are_checked(y, message: str) -> None:
    for model in (LogisticRegression(), LogisticRegressionCV(5)):
        with pytest.raises(ArgumentError) as caught:
            model.fit(X, y)
        assert str(caught.value).startswith(message)
        assert "\nHint: " in str(caught.value) or "class" in message or "NaN" in message


@pytest.mark.parametrize(
    "y",
    [
        np.array(["a", 1] * 75, dtype=object),
        [b"a", b"b"] * 75,
        np.eye(N)[:, :2],
        sparse.csr_array(np.eye(N)),
        np.ma.array([0, 1] * 75, mask=[True] + [False] * 149),
        [1.0 + 1.0j, 2.0] * 75,
        [[0, 1], [1]] * 75,
        [0, 1],
        [0, 1] * 80,
        "target",
        5,
        None,
    ],
    ids=lambda y: type(y).__name__,
)
def test_what_are_no_labels_is_an_argument_error(y) -> None:
    with pytest.raises(ArgumentError, match="`y` "):
        LogisticRegression().fit(X, y)


def test_the_binomial_family_has_two_classes() -> None:
    message = r"`y` must hold two classes for family='binomial', got 4 classes: 0, 1, 2, 3 \(Only"
    for model in (LogisticRegression(family="binomial"), LogisticRegressionCV(family=Binomial())):
        with pytest.raises(ArgumentError, match=message) as caught:
            model.fit(X, np.arange(N) % 4)
        assert "OneVsRestClassifier" in str(caught.value)


def test_families_that_have_no_classes_are_refused() -> None:
    for family in ("poisson", "multi", 3, Poisson()):
        with pytest.raises(ArgumentError, match="`family` must be one of 'auto', 'binomial', 'mu"):
            LogisticRegression(family=family).fit(X, CODES)


def test_a_missing_label_says_where() -> None:
    y = np.where(CODES == 1, "a", "b").astype(object)
    y[17] = None
    with pytest.raises(DataError) as caught:
        LogisticRegression().fit(X, y)
    assert caught.value.row == 17


# --- cross-validation


def test_the_default_chooses_and_reports() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegressionCV(30, l1_ratio=[0.0, 1.0], rule="1se").fit(X, y)
    assert model.cv_mean_.shape == (2, 30) or model.status_ is not Status.CONVERGED
    assert model.score(X, y) > 0.95
    assert model.measure_ == "mean deviance"
    assert "LogisticRegressionCV" in repr(model)
    text = model.summary()
    assert "log odds of 1 against 0" in text
    assert "rule 1se: mean deviance" in text


@pytest.mark.parametrize(
    ("scoring", "measure", "larger"),
    [
        ("misclassification", "misclassification", False),
        ("auc", "area under the ROC curve", True),
        ("accuracy", "accuracy", True),
        ("neg_log_loss", "neg_log_loss", True),
        ("mse", "mean squared error", False),
    ],
)
def test_measures(scoring: str, measure: str, larger: bool, tmp_path) -> None:
    labels = np.array(["no", "yes"])[CODES]
    model = LogisticRegressionCV(10, cv=StratifiedKFold(5), scoring=scoring).fit(X, labels)
    assert model.measure_ == measure
    best = np.nanmax if larger else np.nanmin
    assert_allclose(model.cv_mean_[model.best_index_], best(model.cv_mean_), rtol=1e-12)
    again = shrinkage.load(model.save(tmp_path / "model.json"))
    display = shrinkage.CrossValidationDisplay.from_estimator(again)
    assert display.larger_is_better is larger


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("as_pairs", [False, True])
def test_a_fold_without_one_class_is_named(class_weight, as_pairs: bool) -> None:
    y = np.zeros(N, dtype=int)
    y[:3] = 1
    ids = np.arange(N) % 5
    ids[:3] = 2  # the training rows of fold 2 are of one class
    model = LogisticRegressionCV([0.1, 0.01], class_weight=class_weight)
    fit = {"fold_ids": ids}
    if as_pairs:
        rows = [np.flatnonzero(ids == fold) for fold in range(5)]
        model.cv = [(np.setdiff1d(np.arange(N), [*test, 149]), test) for test in rows]
        fit = {}
    with pytest.warns(DataWarning, match="The training rows of fold 2 are of one class"):
        model.fit(X, y, **fit)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.cv_mean_).all()


def test_separated_classes_without_a_penalty_say_so() -> None:
    y = (X[:, 0] > 0.0).astype(int)
    with pytest.warns(shrinkage.ConvergenceWarning, match="0"):
        model = LogisticRegression(0.0).fit(X, y)
    assert model.status_ is Status.SEPARATED
    assert np.isfinite(model.coef_).all()
    assert LogisticRegression(1e-3).fit(X, y).status_.converged


def test_a_failed_fit_leaves_no_model() -> None:
    model = LogisticRegression().fit(X, CODES)
    with pytest.raises(ArgumentError):
        model.fit(X, np.zeros(N))
    assert not hasattr(model, "coef_")


def test_figures() -> None:
    pytest.importorskip("matplotlib")
    model = LogisticRegressionCV(10, cv=3).fit(X, CODES)
    assert len(model.plot_path().axes) >= 2
    assert "mean deviance" in model.plot_cv().axes[0].get_ylabel()
    assert shrinkage.PathDisplay.from_estimator(LogisticRegression(0.02, 1.0).fit(X, CODES)).ax_
