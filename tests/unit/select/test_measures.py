"""Measures of cross-validation: what they compute, which way is better, and ties."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    mean_squared_error,
    roc_auc_score,
)

from shrinkage import ArgumentError, ConvergenceWarning
from shrinkage.families import resolve
from shrinkage.select.closed_form import leave_one_out
from shrinkage.select.crossval import cross_validate
from shrinkage.select.curves import Curves
from shrinkage.select.folds import make_splits
from shrinkage.select.measures import (
    absolute_error,
    area_under_curve,
    misclassification,
    squared_error,
)
from shrinkage.solve import make_problem
from shrinkage.solve.fold_points import Folds
from tests import cases

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")

FAMILIES = cases.NEWTON_FAMILIES
PEERS = {
    "deviance": None,
    "mse": mean_squared_error,
    "mae": mean_absolute_error,
    "misclassification": lambda y, mu, sample_weight: _misclassified(y, mu, sample_weight),
    "auc": roc_auc_score,
}


def problem_of(family, option="weights and offset", design="tall"):
    case = cases.Case(design, "elastic net", option, family)
    X, y = case.data()
    return make_problem(X, y, **case.options(X, y))


def splits_of(problem, n_folds=4):
    return make_splits(n_folds, problem.y.shape[0], weights=problem.weights)


OF_CLASSES = {"misclassification": ("binomial", "multinomial"), "auc": ("binomial",)}


@pytest.mark.parametrize("scoring", PEERS)
@pytest.mark.parametrize("family", ["gaussian", *FAMILIES])
def test_errors_are_those_of_the_predictions(family, scoring):
    problem = problem_of(family)
    splits = splits_of(problem)
    if family not in OF_CLASSES.get(scoring, [family]):
        known = "3 classes" if family == "multinomial" else f"the {family}"
        with pytest.raises(ArgumentError, match=f"`scoring` can't be '{scoring}' for {known}"):
            cross_validate(problem, splits, scoring=scoring)
        return
    found = cross_validate(problem, splits, alphas=8, scoring=scoring)
    assert found.larger_is_better == (scoring == "auc")
    y, weight = problem.response, problem.weights
    peer = PEERS[scoring] or _mean_deviance(family)
    if y.ndim == 2 and scoring in ("mse", "mae"):
        peer = _summed(peer)
    for fold, (_, test) in enumerate(splits):
        test = test[weight[test] > 0]
        expected = peer(y[test], found.oof_predict[test], sample_weight=weight[test])
        assert found.fold_errors[0, fold, found.index[1]] == pytest.approx(expected, rel=1e-9)
    if found.larger_is_better:
        assert found.cv_mean[found.index] == found.cv_mean.max()
    else:
        assert found.cv_mean[found.index] == found.cv_mean.min()


def _misclassified(y, mu, sample_weight):
    if y.ndim == 2:
        y, mu = y.argmax(axis=1), mu.argmax(axis=1)
        return np.average(y != mu, weights=sample_weight)
    return np.average(y != (mu > 0.5), weights=sample_weight)


def _summed(peer):
    def summed(y, mu, sample_weight):
        return peer(y, mu, sample_weight=sample_weight) * y.shape[1]

    return summed


def _mean_deviance(family):
    def mean_deviance(y, mu, sample_weight):
        return np.average(resolve(family).unit_deviance(y, mu), weights=sample_weight)

    return mean_deviance


@pytest.mark.parametrize("weighted", [False, True])
def test_area_under_the_curve(weighted):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200).astype(float)
    mu = rng.integers(0, 12, (200, 3)) / 12.0  # many ties
    weight = rng.uniform(size=200) if weighted else np.ones(200)
    expected = [roc_auc_score(y, column, sample_weight=weight) for column in mu.T]
    assert_allclose(area_under_curve(y, mu, weight), expected, rtol=1e-12)
    # A row that is a third of a one is two rows.
    shares = rng.uniform(size=200)
    twice = np.r_[np.ones(200), np.zeros(200)]
    both = np.r_[weight * shares, weight * (1 - shares)]
    expected = [roc_auc_score(twice, np.tile(column, 2), sample_weight=both) for column in mu.T]
    assert_allclose(area_under_curve(shares, mu, weight), expected, rtol=1e-12)
    assert np.isnan(area_under_curve(np.ones(200), mu, weight)).all()


def test_misclassification():
    mu = np.array([[0.2, 0.5], [0.9, 0.6], [0.7, 0.4]])
    y, share = np.array([0.0, 1.0, 0.0]), np.array([0.5, 0.25, 0.25])
    assert_allclose(misclassification(y, mu, share), [0.25, 0.0])
    assert_allclose(misclassification(np.array([0.0, 1.0, 0.3]), mu, share), [0.175, 0.075])


def test_measures_of_several_classes():
    rng = np.random.default_rng(1)
    mu = rng.dirichlet([1.0, 2.0, 1.0], size=(30, 2))
    codes, share = rng.integers(0, 3, 30), rng.dirichlet(np.ones(30))
    y = np.eye(3)[codes]
    for k, column in enumerate(mu.transpose(1, 0, 2)):
        expected = sum(share[i] * ((y[i] - column[i]) ** 2).sum() for i in range(30))
        assert squared_error(y, mu, share)[k] == pytest.approx(expected, rel=1e-12)
        expected = sum(share[i] * np.abs(y[i] - column[i]).sum() for i in range(30))
        assert absolute_error(y, mu, share)[k] == pytest.approx(expected, rel=1e-12)
        expected = 1 - accuracy_score(codes, column.argmax(axis=1), sample_weight=share)
        assert misclassification(y, mu, share)[k] == pytest.approx(expected, rel=1e-12)
    # A row with shares of the classes counts for all of them.
    mixed = rng.dirichlet(np.ones(3), 30)
    each = misclassification(np.tile(np.eye(3), (30, 1)), mu.repeat(3, axis=0), np.ones(90) / 90)
    assert_allclose(misclassification(np.full((30, 3), 1 / 3), mu, np.ones(30) / 30), each)
    assert (misclassification(mixed, mu, share) < 1).all()


@pytest.mark.parametrize("function", [misclassification, area_under_curve])
def test_two_classes_with_a_column_each(function):
    rng = np.random.default_rng(2)
    mu, y, share = rng.uniform(size=(40, 3)), rng.integers(0, 2, 40) * 1.0, np.ones(40) / 40
    each = np.stack([1 - mu, mu], axis=2)
    assert_allclose(function(np.stack([1 - y, y], axis=1), each, share), function(y, mu, share))
    twice = squared_error(np.stack([1 - y, y], axis=1), each, share)
    assert_allclose(twice, 2 * squared_error(y, mu, share))


def test_ties_of_a_step_like_measure_go_to_the_larger_alpha():
    alphas = np.array([[8.0, 4.0, 2.0, 1.0]])
    error = np.array([[0.3, 0.1, 0.2, 0.1], [0.3, 0.2, 0.1, 0.2], [0.3, 0.3, 0.3, 0.3]])
    weight = np.array([0.1, 0.1, 0.7])
    status = np.zeros(0, dtype=np.int32)
    curves = Curves.of((1.0,), alphas, [Folds(error, error, weight, status)], False)
    assert curves.best_index == (0, 1)  # though 0.1 + 0.2 and 0.2 + 0.1 may round differently
    turned = Curves.of((1.0,), alphas, [Folds(-error, error, weight, status)], True)
    assert turned.best_index == (0, 1)
    assert turned.alpha_1se == curves.alpha_1se
    problem = problem_of("binomial", "plain")
    found = cross_validate(problem, splits_of(problem), alphas=60, scoring="misclassification")
    best = np.flatnonzero(np.isclose(found.cv_mean[0], found.cv_mean.min(), rtol=1e-12, atol=0))
    assert best.size > 1
    assert found.index == (0, best[0])


def test_one_standard_error_of_a_score():
    problem = problem_of("binomial", "plain")
    found = cross_validate(problem, splits_of(problem), alphas=30, scoring="auc", rule="1se")
    row, column = found.best_index
    limit = found.cv_mean[row, column] - found.cv_se[row, column]
    assert found.cv_mean[found.index] >= limit
    assert (found.cv_mean[0, : found.index[1]] < limit).all()


@pytest.mark.parametrize("option", ["plain", "weights and offset"])
def test_scorers_of_classifiers(option):
    problem = problem_of("binomial", option)
    splits = splits_of(problem)
    ours = cross_validate(problem, splits, alphas=8)
    for scoring, name in (
        ("roc_auc", "auc"),
        ("accuracy", "misclassification"),
        ("neg_log_loss", "deviance"),
    ):
        theirs = cross_validate(problem, splits, alphas=ours.alphas[0], scoring=scoring)
        same = cross_validate(problem, splits, alphas=ours.alphas[0], scoring=name)
        turned = {"auc": same.cv_mean, "misclassification": 1 - same.cv_mean}
        expected = turned.get(name, -same.cv_mean / 2)
        assert_allclose(theirs.cv_mean, expected, rtol=1e-9)
        assert theirs.larger_is_better
        assert theirs.measure == scoring
    own = make_scorer(accuracy_score)
    assert cross_validate(problem, splits, alphas=5, scoring=own).larger_is_better
    proba = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba")
    assert np.isfinite(cross_validate(problem, splits, alphas=5, scoring=proba).cv_mean).all()


def test_scorers_of_counts():
    problem = problem_of("poisson")
    splits = splits_of(problem)
    ours = cross_validate(problem, splits, alphas=8)
    scoring = "neg_mean_poisson_deviance"
    theirs = cross_validate(problem, splits, alphas=ours.alphas[0], scoring=scoring)
    assert_allclose(theirs.cv_mean, -ours.cv_mean, rtol=1e-9)
    assert theirs.alpha == ours.alpha


def test_a_fold_of_one_class_has_no_area():
    X, y = cases.Case("tall", "lasso", "plain", "binomial").data()
    problem = make_problem(X, y, family="binomial")
    splits = make_splits(3, len(y), fold_ids=np.argsort(np.argsort(y, kind="stable")) // 20)
    with pytest.raises(ArgumentError, match="area under the ROC curve, which fold 0 does not have"):
        cross_validate(problem, splits, alphas=5, scoring="auc")
    assert np.isfinite(cross_validate(problem, splits, alphas=5).cv_mean).all()


def test_a_training_set_of_one_class():
    """Its model is the null model, of probabilities that are 0 or 1 but for a last digit."""
    X, y = cases.Case("tall", "lasso", "plain", "binomial").data()
    ones = np.flatnonzero(y == 1.0)
    rest = np.setdiff1d(np.arange(len(y)), ones)
    problem = make_problem(X, y, family="binomial")
    pairs = [(ones, rest), (np.arange(0, 60, 2), np.arange(1, 60, 2))]
    found = cross_validate(problem, make_splits(pairs, len(y)), alphas=5)
    assert np.isfinite(found.cv_mean).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_several_l1_ratios_with_ridge_among_them(family):
    problem = problem_of(family, "plain")
    found = cross_validate(problem, splits_of(problem), alphas=12, l1_ratios=(1.0, 0.5, 0.0))
    assert found.cv_mean.shape[0] == 3
    assert found.cv_mean[found.index] == found.cv_mean.min()
    assert found.path.l1_ratio == found.l1_ratio
    assert found.plan.name == "proximal Newton"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("measure", ["loo", "gcv"])
def test_closed_forms_are_for_least_squares(family, measure):
    problem = problem_of(family, "plain").with_l1_ratio(0.0)
    with pytest.raises(ArgumentError, match=f"`cv` can't be '{measure}' for the {family} family"):
        leave_one_out(problem, measure)


def test_separation_in_the_folds_is_said_once():
    X, _ = cases.Case("tall", "lasso", "plain", "binomial").data()
    y = (X[:, 2] > 0).astype(float)
    problem = make_problem(
        X, y, family="binomial", penalty_factor=np.where(np.arange(8) == 2, 0, 1)
    )
    with pytest.warns(
        ConvergenceWarning, match=r"(?s)12 of 12 alphas .*coefficients: 2\."
    ) as caught:
        cross_validate(problem, splits_of(problem, 5), alphas=[0.1, 0.01])
    assert len(caught) == 1
