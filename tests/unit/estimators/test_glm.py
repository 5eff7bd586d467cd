"""PoissonRegressor, its CV form and GeneralizedLinearRegressor."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose
from sklearn.metrics import d2_tweedie_score, r2_score
from sklearn.model_selection import KFold

import shrinkage
from shrinkage import (
    GeneralizedLinearRegressor,
    LogisticRegression,
    PoissonRegressor,
    PoissonRegressorCV,
    Settings,
)
from shrinkage.errors import ArgumentError
from shrinkage.families import Binomial, Poisson
from shrinkage.solve.certificate import certify

RNG = np.random.default_rng(4)
N, P = 140, 4
X = RNG.normal(size=(N, P)) * [1.0, 10.0, 0.1, 1.0]
EXPOSURE = RNG.uniform(0.5, 4.0, size=N)
Y = RNG.poisson(EXPOSURE * np.exp(0.4 + X @ [0.4, -0.03, 2.0, 0.0])).astype(float)
W = RNG.integers(1, 4, size=N).astype(float)
EXACT = Settings(tol=1e-14)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("options", [{}, {"standardize": False}, {"fit_intercept": False}])
def test_the_fit_is_certified(l1_ratio: float, options) -> None:
    offset = np.log(EXPOSURE)
    model = PoissonRegressor(0.02, l1_ratio, **options).fit(X, Y, sample_weight=W, offset=offset)
    judged = certify(
        X,
        Y,
        model.coef_,
        model.intercept_,
        alpha=0.02,
        l1_ratio=l1_ratio,
        family="poisson",
        sample_weight=W,
        offset=offset,
        **options,
    )
    assert judged.dual_gap <= 1e-8
    assert model.status_.converged


def test_scikit_learn_agrees() -> None:
    ours = PoissonRegressor(0.05, standardize=False, settings=EXACT).fit(X, Y, sample_weight=W)
    theirs = peer.PoissonRegressor(alpha=0.05, tol=1e-10, max_iter=10_000)
    theirs.fit(X, Y, sample_weight=W)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-7)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)
    assert_allclose(ours.score(X, Y, W), theirs.score(X, Y, W), rtol=1e-7)
    assert_allclose(
        ours.score(X, Y, W), d2_tweedie_score(Y, ours.predict(X), sample_weight=W, power=1)
    )


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_the_score_on_the_training_rows_is_the_deviance_ratio(family: str) -> None:
    y = Y / Y.max() if family == "binomial" else Y
    offset = 0.3 * X[:, 0]
    model = GeneralizedLinearRegressor(family, 0.01).fit(X, y, sample_weight=W, offset=offset)
    score = model.score(X, y, sample_weight=W, offset=offset)
    assert_allclose(score, model.deviance_ratio_, rtol=1e-7)
    if family == "gaussian":
        plain = GeneralizedLinearRegressor(family, 0.01).fit(X, y)
        assert_allclose(plain.score(X, y), r2_score(y, plain.predict(X)), rtol=1e-10)


def test_a_score_without_a_null_deviance_is_zero() -> None:
    model = PoissonRegressor().fit(X, Y)
    assert model.score(X[:5], np.zeros(5)) == 0.0
    assert model.score(X[:5], np.full(5, 2.0)) == 0.0
    with pytest.raises(ArgumentError, match="non-negative for Poisson"):
        model.score(X[:5], np.full(5, -2.0))


def test_an_exposure_is_an_offset_or_a_weight_of_rates() -> None:
    counts = PoissonRegressor(0.0, settings=EXACT).fit(X, Y, offset=np.log(EXPOSURE))
    rates = PoissonRegressor(0.0, settings=EXACT)
    rates.fit(X, Y / EXPOSURE, sample_weight=EXPOSURE)
    assert_allclose(counts.coef_, rates.coef_, rtol=1e-6)
    assert_allclose(
        counts.predict(X, offset=np.log(EXPOSURE)), EXPOSURE * rates.predict(X), rtol=1e-6
    )
    eta = counts.predict_linear(X, offset=np.log(EXPOSURE))
    assert_allclose(np.exp(eta), counts.predict(X, offset=np.log(EXPOSURE)), rtol=1e-12)


def test_families_by_name_or_value_are_the_estimators_of_their_own() -> None:
    plain = PoissonRegressor(0.02).fit(X, Y)
    for family in ("poisson", Poisson()):
        model = GeneralizedLinearRegressor(family, 0.02).fit(X, Y)
        assert np.array_equal(model.coef_, plain.coef_)
        assert np.array_equal(model.predict(X), plain.predict(X))
    classes = (np.arange(N) % 3 == 0).astype(int)
    logistic = LogisticRegression(0.02).fit(X, classes)
    for family in ("binomial", Binomial()):
        model = GeneralizedLinearRegressor(family, 0.02).fit(X, classes)
        assert np.array_equal(model.coef_, logistic.coef_[0])
        assert_allclose(model.predict(X), logistic.predict_proba(X)[:, 1], rtol=1e-12)
    ridge = shrinkage.Ridge(0.02).fit(X, Y)
    model = GeneralizedLinearRegressor(alpha=0.02).fit(X, Y)
    assert np.array_equal(model.coef_, ridge.coef_)


@pytest.mark.parametrize("family", ["gamma", 3])
def test_a_family_that_is_not_there_names_those_that_are(family) -> None:
    with pytest.raises(ArgumentError, match=r"`family` must be one of 'gaussian', 'binomial'"):
        GeneralizedLinearRegressor(family).fit(X, Y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (-Y - 1.0, "`y` must be non-negative for Poisson"),
        (np.zeros(N), "`y` must hold a positive count"),
    ],
)
def test_targets_are_checked(y, message: str) -> None:
    for model in (PoissonRegressor(), PoissonRegressorCV(5)):
        with pytest.raises(ArgumentError, match=message):
            model.fit(X, y)


def test_cross_validation_is_the_mean_of_single_fits() -> None:
    folds = KFold(4, shuffle=True, random_state=2)
    grid, offset = [0.3, 0.03, 0.003], np.log(EXPOSURE)
    model = PoissonRegressorCV(grid, l1_ratio=[0.0, 1.0], cv=folds, settings=EXACT)
    model.fit(X, Y, sample_weight=W, offset=offset)
    for row, l1_ratio in enumerate(model.l1_ratios_):
        for column, alpha in enumerate(model.alphas_[row]):
            errors, shares = [], []
            for train, test in folds.split(X):
                one = PoissonRegressor(alpha, l1_ratio, settings=EXACT)
                one.fit(X[train], Y[train], sample_weight=W[train], offset=offset[train])
                mu = one.predict(X[test], offset=offset[test])
                deviance = Poisson().unit_deviance(Y[test], mu)
                errors.append(np.average(deviance, weights=W[test]))
                shares.append(W[test].sum())
            assert_allclose(
                model.cv_mean_[row, column], np.average(errors, weights=shares), rtol=1e-6
            )
    assert model.best_index_ == np.unravel_index(np.argmin(model.cv_mean_), (2, 3))
    assert model.oof_predict_.shape == (N,)
    assert (model.oof_predict_ > 0.0).all()


@pytest.mark.parametrize("scoring", ["mse", "mae", "neg_mean_poisson_deviance"])
def test_measures(scoring: str) -> None:
    model = PoissonRegressorCV(10, scoring=scoring).fit(X, Y)
    assert model.alpha_ in model.alphas_
    with pytest.raises(ArgumentError, match="`scoring` can't be 'auc' for the poisson family"):
        PoissonRegressorCV(10, scoring="auc").fit(X, Y)


def test_figures() -> None:
    pytest.importorskip("matplotlib")
    model = PoissonRegressorCV(10, cv=3).fit(X, Y)
    assert len(model.plot_path().axes) >= 2
    assert "mean deviance" in model.plot_cv().axes[0].get_ylabel()
