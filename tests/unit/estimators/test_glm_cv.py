"""Cross-validation of classifiers and models of counts: folds, grids, rules and ties."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit

from shrinkage import (
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    PoissonRegressorCV,
)
from shrinkage.families import resolve
from tests.unit.estimators.three_classes import CODES, EXACT, OFFSET, N, W, X

COUNTS = np.random.default_rng(5).poisson(np.exp(0.3 + X @ [0.3, 0.02, -1.0, 0.0, 0.0]))
GROUPS = np.arange(N) // 8
GRID = [0.3, 0.03, 0.003]
# (chooses, at one alpha, target, offset)
KINDS = {
    "two classes": (
        LogisticRegressionCV,
        LogisticRegression,
        (CODES > 0).astype(int),
        OFFSET[:, 0],
    ),
    "three classes": (LogisticRegressionCV, LogisticRegression, CODES, OFFSET),
    "counts": (PoissonRegressorCV, PoissonRegressor, COUNTS.astype(float), 0.3 * OFFSET[:, 0]),
}
SPLITTERS = {
    "time series": TimeSeriesSplit(4),
    "groups": GroupKFold(4),
    "repeated": ShuffleSplit(3, test_size=0.3, random_state=1),
    "pairs": [(np.arange(40, N), np.arange(40)), (np.arange(100), np.arange(100, 130))],
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def mean_of(model, rows, offset=None):
    """Return the mean of the target, of several classes a column for each."""
    if not hasattr(model, "predict_proba"):
        return model.predict(rows, offset=offset)
    found = model.predict_proba(rows, offset=offset)
    return found if found.shape[1] > 2 else found[:, 1]


def deviance(mu, y):
    """Return the unit deviance of each row."""
    if mu.ndim == 2:
        return resolve("multinomial").unit_deviance(np.eye(mu.shape[1])[y], mu)
    family = resolve("binomial" if set(y) == {0, 1} else "poisson")
    return family.unit_deviance(y, mu)


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_folds_of_any_splitter_are_single_fits(kind, splitter: str) -> None:
    chooses, single, y, offset = kind
    cv = SPLITTERS[splitter]
    groups = {"groups": GROUPS} if splitter == "groups" else {}
    model = chooses(GRID, cv=cv, l1_ratio=0.5, settings=EXACT)
    model.fit(X, y, sample_weight=W, offset=offset, **groups)
    pairs = cv if isinstance(cv, list) else list(cv.split(X, y, **groups))
    errors, shares = np.empty((len(pairs), 3)), []
    predicted, times = np.zeros((N, *model.oof_predict_.shape[1:])), np.zeros(N)
    for fold, (train, test) in enumerate(pairs):
        for k, alpha in enumerate(GRID):
            one = single(alpha, 0.5, settings=EXACT)
            one.fit(X[train], y[train], sample_weight=W[train], offset=offset[train])
            mu = mean_of(one, X[test], offset[test])
            errors[fold, k] = np.average(deviance(mu, y[test]), weights=W[test])
            if alpha == model.alpha_:
                predicted[test] += mu
                times[test] += 1
        shares.append(W[test].sum())
    assert_allclose(model.cv_mean_[0], np.average(errors, axis=0, weights=shares), rtol=1e-6)
    expected = (predicted.T / np.where(times > 0, times, np.nan)).T
    assert_allclose(model.oof_predict_, expected, rtol=1e-5, atol=1e-8)


def test_fold_ids(kind) -> None:
    chooses, single, y, offset = kind
    ids = np.arange(N) % 4 - 1  # a quarter is in every training set
    model = chooses(GRID, settings=EXACT).fit(X, y, offset=offset, fold_ids=ids)
    assert np.array_equal(model.fold_ids_, ids)
    assert np.isnan(model.oof_predict_[ids == -1]).all()
    for fold in range(3):
        test = ids == fold
        one = single(model.alpha_, settings=EXACT).fit(X[~test], y[~test], offset=offset[~test])
        assert_allclose(
            model.oof_predict_[test], mean_of(one, X[test], offset[test]), rtol=1e-5, atol=1e-8
        )


def test_groups_are_held_out_together(kind) -> None:
    chooses, _, y, _ = kind
    model = chooses(GRID, cv=5).fit(X, y, groups=GROUPS)
    assert set(model.fold_ids_) == set(range(5))
    for group in np.unique(GROUPS):
        assert np.unique(model.fold_ids_[group == GROUPS]).size == 1


def test_a_grid_of_both_penalties(kind) -> None:
    chooses, single, y, _ = kind
    model = chooses(GRID, l1_ratio=[0.0, 0.5, 1.0], cv=KFold(4), settings=EXACT).fit(X, y)
    assert model.cv_mean_.shape == model.cv_se_.shape == model.train_mean_.shape == (3, 3)
    for row, l1_ratio in enumerate(model.l1_ratios_):
        alone = chooses(GRID, l1_ratio=l1_ratio, cv=KFold(4), settings=EXACT).fit(X, y)
        assert_allclose(alone.cv_mean_[0], model.cv_mean_[row], rtol=1e-9)
    assert model.best_index_ == np.unravel_index(np.argmin(model.cv_mean_), (3, 3))
    assert model.path_.l1_ratio == model.l1_ratio_
    refit = single(model.alpha_, model.l1_ratio_, settings=EXACT).fit(X, y)
    assert_allclose(model.coef_, refit.coef_, rtol=1e-5, atol=1e-8)


def test_default_grids_are_one_for_each_l1_ratio(kind) -> None:
    chooses, single, y, _ = kind
    model = chooses(12, l1_ratio=[0.0, 1.0], cv=3).fit(X, y)
    assert model.alphas_.shape == model.cv_mean_.shape
    assert model.alphas_.shape[0] == 2
    assert (np.diff(model.alphas_) < 0.0).all()
    assert_allclose(model.alphas_[1, 0], single(1.0, 1.0).fit(X, y).alpha_max_)
    assert model.alphas_[0, 0] >= 999.0 * model.alphas_[1, 0]  # ridge has no alpha_max


@pytest.mark.parametrize("scoring", [None, "misclassification", "accuracy", "mae", "neg_log_loss"])
def test_ties_go_to_the_larger_alpha(kind, scoring) -> None:
    """Above alpha_max every model is the null model, so that all errors are one error."""
    chooses, single, y, _ = kind
    if chooses is PoissonRegressorCV and scoring in ("misclassification", "accuracy"):
        scoring = "neg_mean_absolute_error"
    if chooses is PoissonRegressorCV and scoring == "neg_log_loss":
        scoring = "neg_mean_poisson_deviance"
    largest = 3.0 * single(1.0, 1.0).fit(X, y).alpha_max_
    grid = largest * np.array([1.0, 2.0, 3.0])
    for rule in ("min", "1se"):
        model = chooses(grid, l1_ratio=1.0, cv=KFold(4), scoring=scoring, rule=rule).fit(X, y)
        assert model.alpha_ == grid[2]
        assert not np.any(model.coef_)


@pytest.mark.parametrize("larger", [False, True])
def test_the_rules_turn_round_where_larger_is_better(kind, larger: bool) -> None:
    chooses, _, y, _ = kind
    score = "neg_log_loss" if chooses is LogisticRegressionCV else "neg_mean_poisson_deviance"
    known = {"cv": KFold(5), "l1_ratio": 1.0, "scoring": score if larger else None}
    model = chooses(30, rule="1se", **known).fit(X, y)
    sign = -1.0 if larger else 1.0
    loss, se = sign * model.cv_mean_[0], model.cv_se_[0]
    best = int(np.argmin(loss))
    limit = loss[best] + se[best]
    assert model.alpha_ == model.alphas_[np.flatnonzero(loss <= limit)[0]]
    assert model.alpha_ == model.alpha_1se_ >= model.alphas_[best]
    by_min = clone(model).set_params(rule="min").fit(X, y)
    assert by_min.alpha_ == model.alphas_[best]
    assert by_min.alpha_1se_ == model.alpha_
    own = clone(model).set_params(rule=lambda curves: (0, 3)).fit(X, y)
    assert own.best_index_ == (0, 3)


def test_a_score_and_its_negative_choose_the_same(kind) -> None:
    chooses, _, y, _ = kind
    score = "neg_log_loss" if chooses is LogisticRegressionCV else "neg_mean_poisson_deviance"
    half = -0.5 if chooses is LogisticRegressionCV else -1.0
    plain = chooses(GRID, cv=KFold(5)).fit(X, y)
    scored = chooses(GRID, cv=KFold(5), scoring=score).fit(X, y)
    assert_allclose(scored.cv_mean_, half * plain.cv_mean_, rtol=1e-7)
    assert scored.alpha_ == plain.alpha_
    assert scored.alpha_1se_ == plain.alpha_1se_


def test_an_exposure_is_an_offset_in_fit_and_predict() -> None:
    exposure = np.exp(0.5 * OFFSET[:, 0])
    offset = np.log(exposure)
    counts = np.random.default_rng(6).poisson(exposure * np.exp(0.4 + 0.5 * X[:, 0])).astype(float)
    model = PoissonRegressorCV(GRID, cv=KFold(4), settings=EXACT).fit(X, counts, offset=offset)
    assert_allclose(model.predict(X, offset=offset), exposure * model.predict(X), rtol=1e-12)
    assert_allclose(counts.sum(), model.predict(X, offset=offset).sum(), rtol=1e-7)
    assert model.score(X, counts, offset=offset) > model.score(X, counts)
