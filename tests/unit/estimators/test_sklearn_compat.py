"""The estimators inside scikit-learn: its own checks, and the tools that people wrap around."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import StackingRegressor
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from shrinkage import ElasticNet, ElasticNetCV, Lasso, LassoCV, Ridge, RidgeCV
from shrinkage.errors import DataWarning

SINGLE = [Lasso(0.1), Ridge(0.1), ElasticNet(0.1)]
# scikit-learn's checks have as few as 10 rows.
CROSS_VALIDATED = [LassoCV(20, cv=3), RidgeCV(20, cv=3), ElasticNetCV(20, cv=3)]
ALL = [*SINGLE, *CROSS_VALIDATED, RidgeCV(20, cv="loo"), ElasticNetCV(5, l1_ratio=[0.2, 1.0], cv=3)]

RNG = np.random.default_rng(5)
X = RNG.normal(size=(90, 6)) * [1.0, 2.0, 0.5, 1.0, 1.0, 3.0]
Y = 4.0 + X @ [1.0, -0.5, 2.0, 0.0, 0.0, 0.0] + RNG.normal(size=90)
W = RNG.integers(1, 4, size=90).astype(float)
GROUPS = np.arange(90) // 6


CHECKS = [pair for model in ALL for pair in estimator_checks_generator(model)]


def name_of(check) -> str:
    """Return the name of a check, which may be a partial, or of an estimator."""
    return getattr(getattr(check, "func", check), "__name__", str(check))


@pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")
@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=name_of)
def test_scikit_learn_checks(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_clone_copies_every_parameter(model) -> None:
    again = clone(model.set_params(penalty_factor=None))
    assert again is not model
    assert again.get_params() == model.get_params()


@pytest.mark.parametrize("model", ALL, ids=str)
def test_a_pickled_model_is_the_same_model(model) -> None:
    fitted = clone(model).fit(X, Y, sample_weight=W)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(X), fitted.predict(X))
    assert again.summary() == fitted.summary()
    assert np.array_equal(again.path_.coef_path, fitted.path_.coef_path)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_a_pickled_model_does_not_hold_its_data(model) -> None:
    tall = np.tile(X, (200, 1))
    fitted = clone(model).fit(tall, np.tile(Y, 200))
    # fold_ids_ and oof_predict_ are one number per row; X has six.
    assert len(pickle.dumps(fitted)) < tall.nbytes / 2


@pytest.mark.parametrize("model", ALL, ids=str)
def test_pipeline(model) -> None:
    pipe = make_pipeline(PolynomialFeatures(2, include_bias=False), clone(model)).fit(X, Y)
    assert pipe.score(X, Y) > 0.5
    assert pipe[-1].n_features_in_ == pipe[0].n_output_features_


def test_standardize_is_a_scaler_in_front() -> None:
    ours = Lasso(0.1).fit(X, Y)
    scaled = make_pipeline(StandardScaler(), Lasso(0.1, standardize=False)).fit(X, Y)
    assert_allclose(ours.predict(X), scaled.predict(X), rtol=1e-10)


@pytest.mark.parametrize("model", SINGLE, ids=str)
def test_grid_search_over_alpha(model) -> None:
    search = GridSearchCV(clone(model), {"alpha": [0.01, 0.1, 1.0]}, cv=KFold(3)).fit(X, Y)
    assert search.best_params_["alpha"] in (0.01, 0.1, 1.0)
    assert_allclose(
        search.predict(X), clone(model).set_params(**search.best_params_).fit(X, Y).predict(X)
    )


def test_grid_search_over_a_rule_and_settings() -> None:
    search = GridSearchCV(LassoCV(20, cv=3), {"rule": ["min", "1se"], "cv": [3, 4]}, cv=3).fit(X, Y)
    assert set(search.best_params_) == {"rule", "cv"}


@pytest.mark.parametrize("model", ALL, ids=str)
def test_stacking(model) -> None:
    stack = StackingRegressor([("first", clone(model)), ("second", Ridge(1.0))], clone(model), cv=3)
    assert stack.fit(X, Y).score(X, Y) > 0.5


@pytest.mark.parametrize("model", [Lasso(0.3), LassoCV(20, rule="1se")], ids=str)
def test_select_from_model_keeps_what_is_not_zero(model) -> None:
    selector = SelectFromModel(clone(model)).fit(X, Y)
    kept = np.flatnonzero(selector.estimator_.coef_)
    assert 0 < kept.size < X.shape[1]
    assert np.array_equal(selector.get_support(indices=True), kept)
    assert selector.transform(X).shape == (90, kept.size)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_transformed_target(model) -> None:
    positive = np.exp(Y / 3.0)
    inside = TransformedTargetRegressor(clone(model), func=np.log, inverse_func=np.exp)
    predicted = inside.fit(X, positive).predict(X)
    assert_allclose(np.log(predicted), clone(model).fit(X, np.log(positive)).predict(X), rtol=1e-10)


def test_column_transformer_in_front() -> None:
    frame = pd.DataFrame(
        {"a": X[:, 0], "b": X[:, 1], "city": np.array(["u", "v", "w"])[GROUPS % 3]}
    )
    encode = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    piped = make_pipeline(encode, Ridge(0.1)).fit(frame, Y)
    assert_allclose(piped.predict(frame), Ridge(0.1).fit(frame, Y).predict(frame), rtol=1e-10)


# --- metadata routing


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("model", SINGLE, ids=str)
def test_sample_weight_is_routed_through_a_pipeline_and_a_search(model, routing) -> None:
    weighted = (
        clone(model).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    )
    pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), weighted)
    pipe.fit(X, Y, sample_weight=W)
    direct = clone(model).fit(
        StandardScaler().fit(X, sample_weight=W).transform(X), Y, sample_weight=W
    )
    assert_allclose(pipe[-1].coef_, direct.coef_, rtol=1e-12)
    search = GridSearchCV(weighted, {"alpha": [0.01, 1.0]}, cv=KFold(3)).fit(X, Y, sample_weight=W)
    best = clone(model).set_params(**search.best_params_).fit(X, Y, sample_weight=W)
    assert_allclose(search.best_estimator_.coef_, best.coef_, rtol=1e-12)


@pytest.mark.parametrize("model", CROSS_VALIDATED, ids=str)
def test_groups_and_weights_are_routed_through_nested_cross_validation(model, routing) -> None:
    inner = (
        clone(model)
        .set_params(cv=GroupKFold(4))
        .set_fit_request(sample_weight=True, groups=True)
        .set_score_request(sample_weight=True)
    )
    found = cross_validate(
        inner,
        X,
        Y,
        cv=GroupKFold(3),
        params={"groups": GROUPS, "sample_weight": W},
        return_estimator=True,
    )
    splits = GroupKFold(3).split(X, Y, GROUPS)
    for (train, test), fitted, score in zip(
        splits, found["estimator"], found["test_score"], strict=True
    ):
        by_hand = clone(model).set_params(cv=GroupKFold(4))
        by_hand.fit(X[train], Y[train], sample_weight=W[train], groups=GROUPS[train])
        assert_allclose(fitted.coef_, by_hand.coef_, rtol=1e-12)
        assert_allclose(score, by_hand.score(X[test], Y[test], sample_weight=W[test]), rtol=1e-12)


def test_offset_is_routed(routing) -> None:
    offset = X[:, 0]
    model = Lasso(0.1).set_fit_request(offset=True).set_predict_request(offset=True)
    pipe = make_pipeline(StandardScaler(), model).fit(X, Y, offset=offset)
    Z = StandardScaler().fit_transform(X)
    direct = Lasso(0.1).fit(Z, Y, offset=offset)
    assert_allclose(pipe.predict(X, offset=offset), direct.predict(Z, offset=offset), rtol=1e-12)


# --- frames


def test_names_are_the_frames_own() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "city": np.array(["u", "v", "w"])[GROUPS % 3]})
    model = Ridge(0.1).fit(frame, Y)
    assert model.n_features_in_ == 2
    assert model.feature_names_in_.tolist() == ["a", "city"]
    assert model.coef_names_ == ("a", "city=u", "city=v", "city=w")
    assert model.coef_.shape == (4,)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Ridge(0.1).fit(X, Y).predict(pd.DataFrame(X))
    assert caught == []


def test_an_array_fit_forgets_the_names_of_a_frame_fit() -> None:
    model = Ridge(0.1).fit(pd.DataFrame(X, columns=list("abcdef")), Y)
    assert hasattr(model, "feature_names_in_")
    model.fit(X, Y)
    assert not hasattr(model, "feature_names_in_")
    assert model.coef_names_[0] == "x0"


def test_data_warning_names_the_constant_column() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "b": 1.0})
    with pytest.warns(DataWarning, match="'b'"):
        Lasso(0.1).fit(frame, Y)
