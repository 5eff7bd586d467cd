"""The six estimators: what they fit, what they say about it, and what they refuse."""

from __future__ import annotations

import html
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from shrinkage import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Ridge,
    RidgeCV,
    Settings,
    Status,
    elastic_net_path,
)
from shrinkage.errors import ArgumentError, ConvergenceWarning, DataError
from shrinkage.solve.certificate import certify

RNG = np.random.default_rng(1)
N, P = 80, 6
X = RNG.normal(size=(N, P)) * [1.0, 4.0, 0.3, 1.0, 1.0, 2.0] + [0.0, 3.0, 0.0, -2.0, 0.0, 1.0]
Y = 5.0 + X @ [1.0, -0.3, 2.0, 0.0, 0.0, 0.2] + RNG.normal(size=N)
W = RNG.integers(1, 4, size=N).astype(float)
OFFSET = RNG.normal(size=N)
CITY = np.array(["Rome", "Oslo", "Bern", "Rome"])[np.arange(N) % 4]
FRAME = pd.DataFrame({"age": X[:, 0], "bmi": X[:, 1], "city": CITY, "smoker": X[:, 2] > 0.0})

SINGLE = [Lasso(0.1), Ridge(0.3), ElasticNet(0.2, 0.4)]
CROSS_VALIDATED = [
    LassoCV(30),
    RidgeCV(30),
    ElasticNetCV(20, l1_ratio=[0.2, 0.8]),
    RidgeCV(30, cv="loo"),
]
ALL = [*SINGLE, *CROSS_VALIDATED]


def penalty_of(model) -> dict[str, float]:
    alpha, l1_ratio = model._penalty()
    return {"alpha": alpha, "l1_ratio": l1_ratio}


def certified(model, **data) -> None:
    """Judge a fitted model by the certificate that shares no code with the solver."""
    found = certify(
        coef=model.coef_,
        intercept=model.intercept_,
        fit_intercept=model.fit_intercept,
        standardize=model.standardize,
        **penalty_of(model),
        **{"X": X, "y": Y, "sample_weight": None, "offset": None, "penalty_factor": None}
        | {"lower": None, "upper": None}
        | data,
    )
    assert found.dual_gap <= 1e-9
    assert found.kkt_violation <= 1e-5


# --- what is fitted


@pytest.mark.parametrize("model", ALL, ids=str)
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_every_fit_is_certified(model, standardize: bool, fit_intercept: bool) -> None:
    model = type(model)(
        **model.get_params() | {"standardize": standardize, "fit_intercept": fit_intercept}
    )
    certified(model.fit(X, Y))
    assert fit_intercept or model.intercept_ == 0.0


@pytest.mark.parametrize("model", ALL, ids=str)
def test_weights_and_offset_are_certified(model) -> None:
    model.fit(X, Y, sample_weight=W, offset=OFFSET)
    certified(model, sample_weight=W, offset=OFFSET)
    assert_allclose(
        model.predict(X, offset=OFFSET), model.predict(X) + OFFSET, rtol=0.0, atol=1e-12
    )


@pytest.mark.parametrize("model", [*SINGLE, *CROSS_VALIDATED[:3]], ids=str)
def test_bounds_and_factors_are_certified(model) -> None:
    factor, upper = np.array([1.0, 0.0, 2.0, 1.0, np.inf, 1.0]), np.full(P, 1.5)
    bounded = type(model)(
        **model.get_params() | {"penalty_factor": factor, "positive": True, "upper": upper}
    ).fit(X, Y)
    certified(bounded, penalty_factor=factor, lower=np.zeros(P), upper=upper)
    assert bounded.coef_.min() >= 0.0
    assert bounded.coef_.max() <= 1.5
    assert bounded.coef_[4] == 0.0


@pytest.mark.parametrize("cls", [Lasso, Ridge, ElasticNet])
def test_alpha_zero_is_least_squares(cls) -> None:
    model, peer = cls(0.0).fit(X, Y), LinearRegression().fit(X, Y)
    assert_allclose(model.coef_, peer.coef_, rtol=1e-8)
    assert_allclose(model.intercept_, peer.intercept_, rtol=1e-8)


def test_alpha_above_alpha_max_says_so() -> None:
    model = Lasso(1e3).fit(X, Y)
    assert model.status_ is Status.NULL_MODEL
    assert not model.coef_.any()
    assert_allclose(model.intercept_, Y.mean())
    assert "at this strength every penalised coefficient is zero" in model.summary()
    assert Lasso(model.alpha_max_ * 0.999).fit(X, Y).coef_.any()


def test_constant_target() -> None:
    model = Lasso(0.1).fit(X, np.full(N, 2.0))
    assert model.status_ is Status.CONSTANT_TARGET
    assert_allclose(model.predict(X), 2.0)
    assert "CONSTANT_TARGET" in model.summary()


@pytest.mark.parametrize("model", ALL, ids=str)
def test_all_layouts_give_one_answer(model) -> None:
    expected = model.fit(X, Y).coef_
    for data in (np.asfortranarray(X), X.tolist(), sparse.csr_array(X), sparse.csc_matrix(X)):
        assert_allclose(model.fit(data, Y).coef_, expected, rtol=1e-6, atol=1e-8)
        assert_allclose(model.predict(data), model.predict(X), rtol=1e-10)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_nothing_that_was_passed_is_changed(model) -> None:
    data, y, w = X.copy(), Y.copy(), W.copy()
    parameters = repr(model.get_params())
    model.fit(data, y, sample_weight=w).predict(data)
    assert np.array_equal(data, X)
    assert np.array_equal(y, Y)
    assert np.array_equal(w, W)
    assert repr(model.get_params()) == parameters


def test_score_is_r2_with_weights_and_offset() -> None:
    model = Lasso(0.1).fit(X, Y, sample_weight=W)
    assert_allclose(model.score(X, Y, sample_weight=W), model.deviance_ratio_, rtol=1e-10)
    shifted = Lasso(0.1).fit(X, Y + OFFSET, offset=OFFSET)
    residual = Y + OFFSET - shifted.predict(X, offset=OFFSET)
    expected = 1.0 - (residual**2).mean() / np.var(Y + OFFSET)
    assert_allclose(shifted.score(X, Y + OFFSET, offset=OFFSET), expected, rtol=1e-10)


# --- cross-validated forms


@pytest.mark.parametrize("model", CROSS_VALIDATED, ids=str)
def test_attributes_fit_together(model) -> None:
    model.fit(X, Y)
    grid = np.atleast_2d(model.alphas_)
    assert model.cv_mean_.shape == model.cv_se_.shape == model.train_mean_.shape == grid.shape
    assert len(model.l1_ratios_) == grid.shape[0]
    assert grid[model.best_index_] == model.alpha_
    assert model.cv_mean_[model.best_index_] == model.cv_mean_.min()
    assert model.alpha_1se_ >= model.alpha_
    assert model.fold_ids_.shape == model.oof_predict_.shape == (N,)
    assert np.array_equal(model.coef_, model.path_.at(model.alpha_).coef)
    assert np.array_equal(model.predict(X), model.path_.predict(X, alpha=model.alpha_))
    assert np.array_equal(model.path_.alphas, grid[model.best_index_[0]])


@pytest.mark.parametrize("model", CROSS_VALIDATED[:3], ids=str)
def test_held_out_error_is_that_of_the_held_out_predictions(model) -> None:
    model.fit(X, Y)
    squares = (Y - model.oof_predict_) ** 2
    sizes = np.bincount(model.fold_ids_)
    errors = np.bincount(model.fold_ids_, squares) / sizes
    mean = squares.mean()
    se = np.sqrt(np.average((errors - mean) ** 2, weights=sizes) / (sizes.size - 1))
    assert_allclose(model.cv_mean_[model.best_index_], mean, rtol=1e-9)
    assert_allclose(model.cv_se_[model.best_index_], se, rtol=1e-8)


@pytest.mark.parametrize(
    "model", [LassoCV(30), RidgeCV(30), ElasticNetCV(30, l1_ratio=0.4)], ids=str
)
def test_each_fold_is_a_fit_to_the_other_rows(model) -> None:
    model.fit(X, Y)
    plain = ElasticNet(**penalty_of(model))
    for fold in range(10):
        out = model.fold_ids_ == fold
        plain.fit(X[~out], Y[~out])
        assert_allclose(model.oof_predict_[out], plain.predict(X[out]), rtol=1e-6)


def test_rules() -> None:
    smallest, simplest = LassoCV(30).fit(X, Y), LassoCV(30, rule="1se").fit(X, Y)
    assert simplest.alpha_ == simplest.alpha_1se_ == smallest.alpha_1se_
    third = LassoCV(30, rule=lambda cv: 3).fit(X, Y)
    assert third.alpha_ == third.alphas_[3]
    assert third.alpha_1se_ == smallest.alpha_1se_
    pair = ElasticNetCV(20, l1_ratio=[0.2, 0.8], rule=lambda cv: (1, 4)).fit(X, Y)
    assert (pair.l1_ratio_, pair.alpha_) == (0.8, pair.alphas_[1, 4])


def test_several_l1_ratios_are_the_single_ones_side_by_side() -> None:
    both = ElasticNetCV(20, l1_ratio=[0.2, 0.8]).fit(X, Y)
    for row, share in enumerate((0.2, 0.8)):
        single = ElasticNetCV(20, l1_ratio=share).fit(X, Y)
        m = min(single.alphas_.size, both.alphas_.shape[1])
        assert_allclose(both.alphas_[row, :m], single.alphas_[:m], rtol=1e-12)
        assert_allclose(both.cv_mean_[row, :m], single.cv_mean_[0, :m], rtol=1e-10)


def test_ridge_and_lasso_are_the_ends_of_the_elastic_net() -> None:
    grid = np.geomspace(1.0, 0.01, 9)
    for share, cls in ((0.0, RidgeCV), (1.0, LassoCV)):
        ends, own = ElasticNetCV(grid, l1_ratio=share).fit(X, Y), cls(grid).fit(X, Y)
        assert_allclose(ends.cv_mean_, own.cv_mean_, rtol=1e-9)
        assert_allclose(ends.coef_, own.coef_, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize("data", [X, RNG.normal(size=(N, 2 * N))], ids=["tall", "wide"])
def test_leave_one_out_is_what_leaving_one_out_gives(data, weights) -> None:
    """With scales and tau held, as the docstring says."""
    alphas = [1.0, 0.1]
    model = RidgeCV(alphas, cv="loo").fit(data, Y, sample_weight=weights)
    w = np.full(N, 1.0 / N) if weights is None else weights / weights.sum()
    mean = w @ data
    sd = np.sqrt(w @ (data - mean) ** 2)
    tau = np.sqrt(w @ (Y - w @ Y) ** 2)
    Z = np.column_stack([np.ones(N), data / sd])
    penalty = np.eye(Z.shape[1]) * (model.alpha_ / tau)
    penalty[0, 0] = 0.0
    predicted = np.empty(N)
    for i in range(N):
        left = np.where(np.arange(N) == i, 0.0, w) / (1.0 - w[i])
        predicted[i] = Z[i] @ np.linalg.solve((Z.T * left) @ Z + penalty, Z.T @ (left * Y))
    assert_allclose(model.oof_predict_, predicted, rtol=1e-6)
    assert_allclose(model.cv_mean_[model.best_index_], w @ (Y - predicted) ** 2, rtol=1e-6)
    assert np.array_equal(model.fold_ids_, np.arange(N))


def test_generalised_cross_validation_is_its_formula() -> None:
    model = RidgeCV([1.0, 0.1, 0.01], cv="gcv").fit(X, Y)
    for k, alpha in enumerate(model.alphas_):
        plain = Ridge(alpha).fit(X, Y)
        loss = ((Y - plain.predict(X)) ** 2).mean()
        assert_allclose(model.cv_mean_[0, k], loss / (1.0 - (plain.df_ + 1.0) / N) ** 2, rtol=1e-8)
    assert np.isnan(model.cv_se_).all()
    assert np.isnan(model.alpha_1se_)
    assert np.isnan(model.oof_predict_).all()


@pytest.mark.parametrize("cv", ["loo", "gcv"])
def test_closed_forms_refuse_what_they_have_no_form_for(cv: str) -> None:
    for keywords in ({"positive": True}, {"upper": 1.0}, {"scoring": "r2"}):
        with pytest.raises(ArgumentError, match="`cv`"):
            RidgeCV(cv=cv, **keywords).fit(X, Y)
    for given in ({"groups": np.arange(N)}, {"fold_ids": np.arange(N)}):
        with pytest.raises(ArgumentError, match="`cv`"):
            RidgeCV(cv=cv).fit(X, Y, **given)
    with pytest.raises(ArgumentError, match="standard error"):
        RidgeCV(cv="gcv", rule="1se").fit(X, Y)


def test_random_state_none_and_an_instance_draw_folds() -> None:
    first = LassoCV(5, random_state=np.random.RandomState(3)).fit(X, Y)
    second = LassoCV(5, random_state=np.random.RandomState(3)).fit(X, Y)
    assert np.array_equal(first.fold_ids_, second.fold_ids_)
    drawn = [LassoCV(5, random_state=None).fit(X, Y).fold_ids_ for _ in range(2)]
    assert not np.array_equal(*drawn)


# --- data frames


@pytest.mark.parametrize(
    "frame",
    [FRAME, pl.from_pandas(FRAME), FRAME.to_dict("series")],
    ids=["pandas", "polars", "dict"],
)
@pytest.mark.parametrize("model", [Ridge(0.3), LassoCV(10)], ids=str)
def test_text_columns(model, frame) -> None:
    model.fit(frame, Y)
    names = ("age", "bmi", "city=Bern", "city=Oslo", "city=Rome", "smoker")
    assert model.coef_names_ == names
    by_hand = np.column_stack(
        [X[:, 0], X[:, 1], *(city == CITY for city in ("Bern", "Oslo", "Rome")), X[:, 2] > 0.0]
    )
    encoded = type(model)(**model.get_params()).fit(by_hand, Y)
    assert_allclose(model.coef_, encoded.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(model.predict(frame), encoded.predict(by_hand), rtol=1e-9)


def test_columns_are_found_by_name_in_any_order() -> None:
    model = Ridge(0.3).fit(FRAME, Y)
    assert np.array_equal(
        model.predict(FRAME[["smoker", "city", "bmi", "age"]]), model.predict(FRAME)
    )


def test_frames_that_do_not_fit_name_column_and_row() -> None:
    model = Ridge(0.3).fit(FRAME, Y)
    with pytest.raises(ArgumentError, match="'bmi'"):
        model.predict(FRAME.drop(columns="bmi"))
    with pytest.raises(DataError, match=r"'Paris' in row 3 of column 'city'"):
        model.predict(FRAME.assign(city=np.where(np.arange(N) == 3, "Paris", CITY)))
    with pytest.raises(DataError, match=r"row 5 of column 'age'"):
        model.predict(FRAME.assign(age=np.where(np.arange(N) == 5, np.nan, X[:, 0])))
    with pytest.raises(ArgumentError, match="unknown column 'target'"):
        model.predict(FRAME.assign(target=Y))
    with pytest.raises(ArgumentError, match="a data frame, as in fit"):
        model.predict(X[:, :4])


def test_unseen_levels_and_extra_columns_can_be_allowed() -> None:
    model = Ridge(0.3).fit(FRAME, Y)
    assert np.array_equal(
        model.predict(FRAME.assign(target=Y), extra="ignore"), model.predict(FRAME)
    )
    base = model.predict(FRAME.assign(city="Paris"), unseen="base")
    city = model.coef_[2:5] @ [c == CITY for c in ("Bern", "Oslo", "Rome")]
    assert_allclose(base, model.predict(FRAME) - city, rtol=1e-10)


def test_factors_and_bounds_by_column_name() -> None:
    model = Lasso(0.3, penalty_factor={"city": np.inf, "age": 0.0}, upper={"age": 0.5}).fit(
        FRAME, Y
    )
    assert not model.coef_[2:5].any()
    assert model.coef_[0] == 0.5
    one = Lasso(0.01, penalty_factor={"city=Oslo": np.inf}).fit(FRAME, Y)
    assert one.coef_[3] == 0.0
    with pytest.raises(ArgumentError, match="'height'"):
        Lasso(penalty_factor={"height": 0.0}).fit(FRAME, Y)


# --- reports


@pytest.mark.parametrize("model", ALL, ids=str)
def test_summary_names_every_coefficient_and_dialect(model) -> None:
    text = model.fit(FRAME, Y).summary()
    for name in model.coef_names_:
        assert name in text
    for word in ("glmnet", "scikit-learn", "statsmodels", "Spark", "Keras", "torch", "duality gap"):
        assert word in text
    assert "No p-values" in text


def test_coef_table_per_standard_deviation() -> None:
    model = Lasso(0.1).fit(X, Y, sample_weight=W)
    table = model.coef_table()
    sd = np.sqrt(np.cov(X.T, ddof=0, fweights=W.astype(int)).diagonal())
    assert_allclose(table.coef_per_sd, model.coef_ * sd, rtol=1e-10)
    frame = table.to_frame()
    assert frame["feature"].tolist() == [f"x{j}" for j in range(P)]
    assert np.array_equal(frame["coef"], model.coef_)
    assert str(table).count("\n") == P + 1


def test_html_is_escaped_and_says_what_the_summary_says() -> None:
    frame = pd.DataFrame({"<script>alert(1)</script>": X[:, 0], "a & b": X[:, 1]})
    model = Ridge(0.3).fit(frame, Y)
    shown = model._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "a &amp; b" in shown
    words = html.unescape(re.sub(r"<[^>]+>", " ", shown))
    assert model.status_.value in words
    assert "scikit-learn" in words
    assert model._repr_mimebundle_()["text/html"] == shown


def test_before_fit_a_notebook_shows_the_diagram_of_scikit_learn() -> None:
    assert "sk-" in Ridge(0.3)._repr_html_()


@pytest.mark.parametrize("ask", ["summary", "coef_table"])
def test_reports_need_a_fit(ask: str) -> None:
    with pytest.raises(NotFittedError):
        getattr(Lasso(), ask)()


# --- refusals


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Lasso(-1.0), r"`alpha` must be a finite number >= 0, got -1\.0"),
        (Lasso(np.nan), "`alpha`"),
        (Lasso("1"), "`alpha`"),
        (ElasticNet(1.0, 1.5), r"`l1_ratio` must be between 0 \(ridge\) and 1 \(lasso\), got 1\.5"),
        (Lasso(fit_intercept="yes"), "`fit_intercept`"),
        (Lasso(positive=1), "`positive`"),
        (Lasso(positive=True, lower=-1.0), "`lower` must be left out with positive=True"),
        (Lasso(lower=1.0), "`lower` must be <= 0"),
        (Lasso(lower=-1.0, upper=-2.0), "`lower` must not exceed `upper`"),
        (Lasso(penalty_factor=-1.0), "`penalty_factor`"),
        (Lasso(penalty_factor={"age": 1.0}), "no column names"),
        (Lasso(settings={"tol": 1.0}), "`settings`"),
        (LassoCV([]), "`alphas`"),
        (LassoCV([0.1, -0.1]), "`alphas`"),
        (LassoCV(10, alpha_min_ratio=2.0), "`alpha_min_ratio`"),
        (LassoCV(10, cv=1), "`cv`"),
        (LassoCV(10, cv="loo"), "`cv`"),
        (LassoCV(10, rule="best"), "`rule`"),
        (LassoCV(10, rule=lambda cv: 99), "`rule`"),
        (LassoCV(10, scoring="nonsense"), "scoring"),
        (ElasticNetCV(10, l1_ratio=[0.5, 2.0]), "`l1_ratio`"),
        (ElasticNetCV(10, l1_ratio=[]), "`l1_ratio`"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused_by_name(model, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_fit_that_fails_leaves_no_old_model() -> None:
    model = Ridge(0.3).fit(FRAME, Y)
    with pytest.raises(ArgumentError, match="`sample_weight`"):
        model.fit(X, Y, sample_weight=-W)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_several_targets_are_refused_with_a_hint() -> None:
    with pytest.raises(ArgumentError, match="`y` must be one-dimensional"):
        Lasso().fit(X, np.column_stack([Y, Y]))


@pytest.mark.parametrize("model", [Lasso(0.1), LassoCV(5)], ids=str)
def test_bad_data_are_refused(model) -> None:
    holed = X.copy()
    holed[3, 2] = np.nan
    for bad, words in (
        ((holed, Y), "NaN"),
        ((X[:1], Y[:1]), "sample"),
        ((X[:, :0], Y), "feature"),
        ((X, Y[:-1]), "`y`"),
        ((X * 1j, Y), "Complex"),
        ((X[:, 0], Y), "Reshape"),
    ):
        with pytest.raises(ValueError, match=words):
            model.fit(*bad)
    for weights in (-W, np.zeros(N), W[:-1]):
        with pytest.raises(ArgumentError, match="`sample_weight`"):
            model.fit(X, Y, sample_weight=weights)


def test_trouble_with_convergence_is_one_warning_and_a_status() -> None:
    model = Lasso(0.01, settings=Settings(max_rounds=1, tol=1e-15))
    wide = RNG.normal(size=(30, 60))
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(wide, wide[:, :20].sum(axis=1) + RNG.normal(size=30))
    assert len(caught) == 1
    assert not model.status_.converged
    assert model.status_.name in model.summary()
    assert model.dual_gap_ > 1e-15


def test_the_estimators_are_the_path() -> None:
    path = elastic_net_path(X, Y, l1_ratio=0.4, alphas=[0.2])
    model = ElasticNet(0.2, 0.4).fit(X, Y)
    assert np.array_equal(path.coef_path[0], model.coef_)
    assert np.array_equal(path.predict(X)[:, 0], model.predict(X))


def test_nothing_optional_is_needed_to_fit_report_and_save(tmp_path) -> None:
    code = (
        "import sys\n"
        "absent = ('pandas', 'polars', 'matplotlib', 'pyarrow', 'rich', 'jsonschema')\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in absent:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import numpy as np, shrinkage\n"
        "X = np.random.default_rng(0).normal(size=(30, 3))\n"
        "model = shrinkage.LassoCV(5).fit(X, X[:, 0])\n"
        "again = shrinkage.load(model.save(sys.argv[1]))\n"
        "print(again.summary() == model.summary(), (again.predict(X) == model.predict(X)).all())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
