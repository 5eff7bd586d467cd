"""docs/names.md: every keyword of scikit-learn's is there, every row and every advice executed."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose
from sklearn.model_selection import KFold

import shrinkage
from shrinkage import Settings
from tests.text.names_page import N, P, fitted, minimised, rows_of, sample, squares

CLASSES = ("Lasso", "ElasticNet", "Ridge", "LassoCV", "ElasticNetCV", "RidgeCV")


KEYWORDS = {
    row[0].strip("`"): row[1:] for row in rows_of("Coming from scikit-learn, keyword by keyword")
}
SAME = [name for name, cells in KEYWORDS.items() if cells[0]]
SCALED = [name for name, cells in KEYWORDS.items() if cells[1]]
RAISES = [name for name, cells in KEYWORDS.items() if cells[2]]


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sample()


# --- the page is complete


@pytest.mark.parametrize("name", CLASSES)
def test_every_keyword_of_scikit_learn_is_on_the_page(name: str) -> None:
    keywords = {
        f"{name}.{keyword}" for keyword in inspect.signature(getattr(peer, name)).parameters
    }
    assert keywords <= set(KEYWORDS)


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_stands_in_exactly_one_column(name: str) -> None:
    assert sum(bool(cell) for cell in KEYWORDS[name]) == 1


def test_every_row_has_something_that_executes_it() -> None:
    assert set(SAME) == set(EXECUTE_SAME)
    assert set(SCALED) == set(EXECUTE_SCALED)


# --- column 1: the same meaning with standardize=False


def agree(name: str, data, rtol: float = 1e-6, **keywords) -> None:
    """Check that both packages give one model from the same keywords."""
    X, y, w = data
    exact = {"tol": 1e-13, "max_iter": 100_000} if name != "Ridge" else {"tol": 1e-12}
    theirs = getattr(peer, name)(**exact, **keywords).fit(X, y, sample_weight=w)
    ours_keywords = dict(keywords)
    if name == "Ridge":
        ours_keywords["alpha"] = keywords.get("alpha", 1.0) / w.sum()
    ours = getattr(shrinkage, name)(standardize=False, **ours_keywords)
    ours.fit(X, y, sample_weight=w)
    assert_allclose(ours.coef_, theirs.coef_, rtol=rtol, atol=rtol)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=rtol, atol=rtol)


def agree_cv(name: str, data, **keywords) -> None:
    """Check that both packages give one curve from the same keywords and splits."""
    X, y, _ = data
    splits = KFold(5, shuffle=True, random_state=0)
    theirs = getattr(peer, name)(cv=splits, tol=1e-12, max_iter=100_000, **keywords).fit(X, y)
    ours = getattr(shrinkage, name)(cv=splits, standardize=False, **keywords).fit(X, y)
    curve = np.atleast_2d(theirs.mse_path_.mean(axis=-1))
    assert_allclose(*np.broadcast_arrays(ours.alphas_, theirs.alphas_), rtol=1e-9)
    assert_allclose(ours.cv_mean_, curve, rtol=1e-6)
    assert_allclose(ours.alpha_, theirs.alpha_, rtol=1e-9)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-6)


def agree_ridge_cv(data, **keywords) -> None:
    """Check that both packages choose one ridge, by leave-one-out."""
    X, y, _ = data
    alphas = np.geomspace(100.0, 0.1, 7)
    theirs = peer.RidgeCV(alphas, scoring="neg_mean_squared_error", **keywords).fit(X, y)
    ours = shrinkage.RidgeCV(alphas / (N - 1), cv="loo", standardize=False, **keywords).fit(X, y)
    assert_allclose(ours.alpha_ * (N - 1), theirs.alpha_, rtol=1e-12)
    assert_allclose(ours.cv_mean_.min(), -theirs.best_score_, rtol=1e-8)
    refit = shrinkage.Ridge(theirs.alpha_ / N, standardize=False, **keywords).fit(X, y)
    assert_allclose(refit.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)


def grids(name: str, data) -> None:
    """Check `alphas`: an array is taken as given, an integer is a number of points."""
    agree_cv(name, data, alphas=np.geomspace(2.0, 0.01, 9))
    X, y, _ = data
    theirs = getattr(peer, name)(eps=1e-3)
    # Until 1.6 scikit-learn's `alphas` took no integer.
    count = "n_alphas" if theirs.alphas is None else "alphas"
    theirs.set_params(**{count: 12}).fit(X, y)
    ours = getattr(shrinkage, name)(alphas=12, alpha_min_ratio=1e-3, standardize=False).fit(X, y)
    assert_allclose(np.resize(ours.alphas_, 12), theirs.alphas_, rtol=1e-9)


GRID = np.geomspace(2.0, 0.01, 9)
EXECUTE_SAME: dict[str, Callable] = {
    "Lasso.alpha": lambda data: [agree("Lasso", data, alpha=a) for a in (0.001, 0.1, 1.0)],
    "Lasso.fit_intercept": lambda data: agree("Lasso", data, alpha=0.1, fit_intercept=False),
    "Lasso.positive": lambda data: agree("Lasso", data, alpha=0.1, positive=True),
    "ElasticNet.alpha": lambda data: [agree("ElasticNet", data, alpha=a) for a in (0.01, 1.0)],
    "ElasticNet.l1_ratio": lambda data: [agree("ElasticNet", data, l1_ratio=r) for r in (0.2, 0.9)],
    "ElasticNet.fit_intercept": lambda data: agree("ElasticNet", data, fit_intercept=False),
    "ElasticNet.positive": lambda data: agree("ElasticNet", data, alpha=0.1, positive=True),
    "Ridge.fit_intercept": lambda data: agree("Ridge", data, fit_intercept=False),
    "Ridge.positive": lambda data: agree("Ridge", data, rtol=1e-4, positive=True),
    "LassoCV.alphas": lambda data: grids("LassoCV", data),
    "LassoCV.fit_intercept": lambda data: agree_cv(
        "LassoCV", data, alphas=GRID, fit_intercept=False
    ),
    "LassoCV.positive": lambda data: agree_cv("LassoCV", data, alphas=GRID, positive=True),
    "ElasticNetCV.l1_ratio": lambda data: agree_cv(
        "ElasticNetCV", data, alphas=GRID, l1_ratio=[0.3, 0.8]
    ),
    "ElasticNetCV.alphas": lambda data: grids("ElasticNetCV", data),
    "ElasticNetCV.fit_intercept": lambda data: agree_cv(
        "ElasticNetCV", data, alphas=GRID, fit_intercept=False
    ),
    "ElasticNetCV.positive": lambda data: agree_cv(
        "ElasticNetCV", data, alphas=GRID, positive=True
    ),
    "RidgeCV.fit_intercept": lambda data: agree_ridge_cv(data, fit_intercept=False),
}


@pytest.mark.parametrize("name", SAME)
def test_same_meaning(name: str, data) -> None:
    EXECUTE_SAME[name](data)


# --- column 2: the same name, another scale or default


def cv_is_another(name: str, data) -> None:
    """Check `cv`: a splitter and a list of splits mean the same, the defaults do not."""
    X, y, _ = data
    agree_cv(name, data, alphas=GRID)
    splits = list(KFold(5, shuffle=True, random_state=0).split(X))
    cls = getattr(shrinkage, name)
    by_list = cls(GRID, cv=splits).fit(X, y)
    by_splitter = cls(GRID, cv=KFold(5, shuffle=True, random_state=0)).fit(X, y)
    assert_allclose(by_list.cv_mean_, by_splitter.cv_mean_, rtol=1e-12)
    folds = [set(np.unique(cls(GRID, cv=cv).fit(X, y).fold_ids_)) for cv in (5, 10)]
    assert folds == [set(range(5)), set(range(10))]
    assert set(np.unique(cls(GRID).fit(X, y).fold_ids_)) == set(range(10))
    assert getattr(peer, name)(alphas=GRID).fit(X, y).mse_path_.shape[-1] == 5
    consecutive = np.repeat(np.arange(5), N // 5)
    assert not np.array_equal(cls(GRID, cv=5).fit(X, y).fold_ids_, consecutive)


def random_state_is_another(name: str, data) -> None:
    """Check `random_state`: it seeds the folds, and with given folds it changes nothing."""
    X, y, _ = data
    cls = getattr(shrinkage, name)
    first, second = (cls(GRID, random_state=seed).fit(X, y) for seed in (0, 1))
    assert not np.array_equal(first.fold_ids_, second.fold_ids_)
    ids = np.arange(N) % 5
    first, second = (cls(GRID, random_state=seed).fit(X, y, fold_ids=ids) for seed in (0, 1))
    assert np.array_equal(first.cv_mean_, second.cv_mean_)


def ridge_scoring(data) -> None:
    """Check `scoring`: a name means the same; None is the mean squared error."""
    X, y, _ = data
    splits = KFold(5)
    alphas = np.geomspace(100.0, 0.1, 7)
    n_train = N - N // 5
    theirs = peer.RidgeCV(alphas, scoring="neg_mean_absolute_error", cv=splits).fit(X, y)
    ours = shrinkage.RidgeCV(
        alphas / n_train, scoring="neg_mean_absolute_error", cv=splits, standardize=False
    ).fit(X, y)
    assert_allclose(ours.alpha_ * n_train, theirs.alpha_)
    assert_allclose(ours.cv_mean_.max(), theirs.best_score_, rtol=1e-8)
    default, named = (
        shrinkage.RidgeCV(alphas, cv=splits, scoring=s).fit(X, y)
        for s in (None, "neg_mean_squared_error")
    )
    assert_allclose(default.cv_mean_, -named.cv_mean_, rtol=1e-10)


def ridge_cv(data) -> None:
    """Check `cv`: leave-one-out is "loo" here; the default is ten folds."""
    agree_ridge_cv(data)
    X, y, _ = data
    assert set(np.unique(shrinkage.RidgeCV(GRID).fit(X, y).fold_ids_)) == set(range(10))


EXECUTE_SCALED: dict[str, Callable] = {
    "Ridge.alpha": lambda data: [agree("Ridge", data, alpha=a) for a in (0.01, 1.0, 100.0)],
    "LassoCV.cv": lambda data: cv_is_another("LassoCV", data),
    "LassoCV.random_state": lambda data: random_state_is_another("LassoCV", data),
    "ElasticNetCV.cv": lambda data: cv_is_another("ElasticNetCV", data),
    "ElasticNetCV.random_state": lambda data: random_state_is_another("ElasticNetCV", data),
    "RidgeCV.alphas": agree_ridge_cv,
    "RidgeCV.scoring": ridge_scoring,
    "RidgeCV.cv": ridge_cv,
}


@pytest.mark.parametrize("name", SCALED)
def test_same_name_another_scale(name: str, data) -> None:
    EXECUTE_SCALED[name](data)


def test_a_grid_of_ridge_has_another_default(data) -> None:
    X, y, _ = data
    assert peer.RidgeCV().alphas == (0.1, 1.0, 10.0)
    assert shrinkage.RidgeCV().fit(X, y).alphas_.size >= 100


def test_folds_of_unequal_size_weigh_by_their_size(data) -> None:
    X, y, _ = data
    splits = [(np.arange(20, N), np.arange(20)), (np.arange(5, N), np.arange(5))]
    theirs = peer.LassoCV(alphas=GRID, cv=splits, tol=1e-12, max_iter=100_000).fit(X, y)
    ours = shrinkage.LassoCV(GRID, cv=splits, standardize=False).fit(X, y)
    weighted = theirs.mse_path_ @ [20, 5] / 25
    assert_allclose(ours.cv_mean_[0], weighted, rtol=1e-6)
    assert not np.allclose(weighted, theirs.mse_path_.mean(axis=1))


def test_scoring_of_none_is_another_one_there(data) -> None:
    X, y, _ = data
    theirs = peer.RidgeCV(GRID, cv=KFold(5)).fit(X, y)
    by_name = peer.RidgeCV(GRID, cv=KFold(5), scoring="r2").fit(X, y)
    assert theirs.best_score_ == by_name.best_score_


# --- column 3, and words from elsewhere


@pytest.mark.parametrize("name", RAISES)
def test_raises(name: str) -> None:
    cls, keyword = name.split(".")
    with pytest.raises(TypeError, match=keyword):
        getattr(shrinkage, cls)(**{keyword: None})


def advice_of(name: str) -> str:
    """Return what to do instead, a reference to another row followed."""
    cell = KEYWORDS[name][2]
    reference = re.fullmatch(r"as for `(\w+)(?:\.(\w+))?`", cell)
    if reference is None:
        return cell
    cls, keyword = reference.groups()
    return advice_of(f"{cls}.{keyword or name.split('.')[1]}")


def lasso_of(data, **keywords) -> shrinkage.Lasso:
    X, y, _ = data
    return shrinkage.Lasso(0.1, **keywords).fit(X, y)


def reading_only(data) -> None:
    X, y, _ = data
    kept = X.copy(), y.copy()
    for cls in CLASSES:
        getattr(shrinkage, cls)().fit(X, y)
    assert np.array_equal(X, kept[0])
    assert np.array_equal(y, kept[1])


def drawing_nothing(data) -> None:
    assert np.array_equal(lasso_of(data).coef_, lasso_of(data).coef_)
    assert not any("random" in name for name in inspect.signature(shrinkage.Lasso).parameters)


def grid_ratio(data) -> None:
    X, y, _ = data
    for rows, ratio in ((N, 1e-4), (P, 1e-2)):
        alphas = shrinkage.LassoCV(5, cv=2).fit(X[:rows], y[:rows]).path_.alphas[:5]
        assert_allclose(alphas[-1] / alphas[0], ratio)
    alphas = shrinkage.LassoCV(5, alpha_min_ratio=0.1).fit(X, y).alphas_[:5]
    assert_allclose(alphas[-1] / alphas[0], 0.1)


def always_there(data) -> None:
    X, y, _ = data
    model = shrinkage.RidgeCV(7).fit(X, y)
    assert model.cv_mean_.shape == model.cv_se_.shape
    assert model.oof_predict_.shape == (N,)


def many_targets(data) -> None:
    from sklearn.multioutput import MultiOutputRegressor

    X, y, _ = data
    model = MultiOutputRegressor(shrinkage.RidgeCV()).fit(X, np.column_stack([y, -2.0 * y]))
    first, second = (fitted.alpha_ for fitted in model.estimators_)
    assert_allclose(second, 2.0 * first)


def one_decomposition(data) -> None:
    X, y, _ = data
    for rows in (N, P - 2):  # more rows than columns, and fewer
        path = shrinkage.elastic_net_path(X[:rows], y[:rows], l1_ratio=0.0)
        assert path.counts["factorised"] == 1


def silent(data) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        shrinkage.LassoCV(5).fit(*data[:2])
    assert printed.getvalue() == ""


def rounds(data) -> None:
    assert lasso_of(data, settings=Settings(max_rounds=50)).n_iter_ <= 50


def tolerance(data) -> None:
    assert lasso_of(data, settings=Settings(tol=1e-3)).dual_gap_ <= 1e-3


def whole_path(data) -> None:
    X, y, _ = data
    path = shrinkage.elastic_net_path(X, y)
    assert len(path) == 100
    assert len(shrinkage.LassoCV().fit(X, y).path_) >= 100


def threads(data) -> None:
    one, two = (lasso_of(data, settings=Settings(n_threads=n)).coef_ for n in (1, 2))
    assert np.array_equal(one, two)


def number_of_alphas(data) -> None:
    X, y, _ = data
    assert shrinkage.LassoCV(alphas=7).fit(X, y).alphas_.size >= 7


# Keyed by how the advice begins.
EXECUTE_INSTEAD: dict[str, Callable] = {
    "nothing to do: the plan is chosen": lambda data: str(lasso_of(data).path_.plan).index("n=60"),
    "nothing to do: X is never written to": reading_only,
    "`settings=Settings(max_rounds=...)`": rounds,
    "`settings=Settings(tol=...)`": tolerance,
    "a whole path costs little more": whole_path,
    "nothing to do: the solver draws nothing": drawing_nothing,
    "nothing to do: there are no coordinate sweeps": drawing_nothing,
    "nothing to do: one decomposition": one_decomposition,
    "nothing to do: the cheaper decomposition": one_decomposition,
    "nothing to do: library code never prints": silent,
    "`alpha_min_ratio`": grid_ratio,
    "`alphas=<integer>`": number_of_alphas,
    "`settings=Settings(n_threads=...)`": threads,
    "`cv_mean_`, `cv_se_` and `oof_predict_`": always_there,
    "one estimator per target": many_targets,
}


@pytest.mark.parametrize("name", RAISES)
def test_what_to_do_instead_works(name: str, data) -> None:
    (found,) = [start for start in EXECUTE_INSTEAD if advice_of(name).startswith(start)]
    EXECUTE_INSTEAD[found](data)


def test_no_advice_is_executed_in_vain() -> None:
    advice = {advice_of(name) for name in RAISES}
    assert all(any(text.startswith(start) for text in advice) for start in EXECUTE_INSTEAD)


WORDS = {row[0].strip("`"): row[2] for row in rows_of("Words that you may try")}
# What the page says in words; {} is "leave it out".
INSTEAD_OF: dict[str, dict[str, Any]] = {
    "C": {"alpha": 0.1},
    "normalize": {"standardize": True},
    "lambda_": {"alpha": 0.1},
    "lmbda": {"alpha": 0.1},
    "max_iter": {"settings": Settings(max_rounds=50)},
    "tol": {"settings": Settings(tol=1e-3)},
    "n_jobs": {"settings": Settings(n_threads=1)},
    "precompute": {},
    "selection": {},
    "solver": {},
    "n_alphas": {"alphas": 7},
    "eps": {"alpha_min_ratio": 1e-3},
    "L1_wt": {"l1_ratio": 0.5},
    "nonnegative": {"positive": True},
}


@pytest.mark.parametrize("word", WORDS)
def test_words_from_elsewhere_raise(word: str) -> None:
    for cls in CLASSES:
        with pytest.raises(TypeError, match=word):
            getattr(shrinkage, cls)(**{word: 1})


@pytest.mark.parametrize("word", WORDS)
def test_the_word_to_type_instead_is_understood(word: str, data) -> None:
    keywords = INSTEAD_OF[word]
    name, here = next(iter(keywords), "leave it out"), WORDS[word]
    assert name in here
    cls = "ElasticNet" if "`ElasticNet`" in here else "Lasso"
    cls += "CV" if "CV forms" in here else ""
    getattr(shrinkage, cls)(**keywords).fit(*data[:2])


def test_lower_zero_is_positive(data) -> None:
    first, second = lasso_of(data, positive=True), lasso_of(data, lower=0)
    assert np.array_equal(first.coef_, second.coef_)


def test_one_over_c_is_the_strength_of_a_sum(data) -> None:
    """SVR's and LogisticRegression's C multiplies a sum; as a loss take half the squares."""
    C = 0.05
    theirs = minimised(
        lambda b0, b, size: C * squares(data[1] - b0 - data[0] @ b) / 2 + (b**2).sum() / 2
    )
    ours = fitted(data, alpha=1 / (C * N), l1_ratio=0.0, standardize=False)
    assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_a_weight_of_two_is_a_row_repeated(data) -> None:
    X, y, w = data
    weighted = shrinkage.Lasso(0.1).fit(X, y, sample_weight=w)
    times = w.astype(int)
    repeated = shrinkage.Lasso(0.1).fit(X.repeat(times, axis=0), y.repeat(times))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-8, atol=1e-10)


def test_attributes_of_the_same_name_have_another_scale(data) -> None:
    X, y, _ = data
    ours = lasso_of(data, standardize=False, settings=Settings(tol=1e-3))
    assert ours.dual_gap_ <= 1e-3  # of the null model's loss; theirs is in units of y squared
    theirs = peer.Lasso(0.1, tol=1e-3).fit(X, y)
    assert theirs.dual_gap_ <= 1e-3 * (y @ y) / N
    both = shrinkage.ElasticNetCV(5, l1_ratio=[0.2, 0.8]).fit(X, y)
    assert both.alphas_.shape[0] == 2
    assert shrinkage.LassoCV(5).fit(X, y).alphas_.ndim == 1


def test_check_input_raises(data) -> None:
    X, y, _ = data
    with pytest.raises(TypeError, match="check_input"):
        shrinkage.Lasso().fit(X, y, check_input=False)
