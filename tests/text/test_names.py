"""docs/names.md: every row is executed, and no keyword of scikit-learn's is missing."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.model_selection import KFold

import shrinkage
from shrinkage import Settings
from shrinkage.estimators.dialects import Strength

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")
CLASSES = ("Lasso", "ElasticNet", "Ridge", "LassoCV", "ElasticNetCV", "RidgeCV")
N, P = 60, 5


def rows_of(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its two header lines."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


KEYWORDS = {
    row[0].strip("`"): row[1:] for row in rows_of("Coming from scikit-learn, keyword by keyword")
}
SAME = [name for name, cells in KEYWORDS.items() if cells[0]]
SCALED = [name for name, cells in KEYWORDS.items() if cells[1]]
RAISES = [name for name, cells in KEYWORDS.items() if cells[2]]
STRENGTHS = {row[0]: row[1:] for row in rows_of("Strength of the penalty")}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, P)) * [1.0, 3.0, 0.4, 1.0, 2.0] + [0.0, 5.0, -1.0, 2.0, 0.0]
    y = 7.0 + X @ [1.5, -0.4, 0.0, 2.0, 0.0] + rng.normal(size=N)
    return X, y, rng.integers(1, 4, size=N).astype(float)


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
    assert set(STRENGTHS) == set(EXECUTE_STRENGTH)


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


# --- strengths


def ours_of(name: str, **theirs: float) -> dict[str, Any]:
    """Return what the row of the page makes of another package's numbers, the cell executed.

    `alpha = ...` stands in code; alone, `...` is the alpha. l1_ratio is 1 where it is not said.
    `lambda_` stands for lambda. The remark says what to standardize.
    """
    ours_cell, remark = STRENGTHS[name]
    known: dict[str, Any] = {"sqrt": np.sqrt, "n": N, **theirs}
    ours: dict[str, Any] = {"l1_ratio": 1.0}
    for code in re.findall(r"`(.*?)`", ours_cell):
        word, _, formula = code.rpartition(" = ")
        if not word:
            word = formula if formula in ("alpha", "l1_ratio") else "alpha"
        ours[word] = eval(re.sub(r"\blambda\b", "lambda_", formula), known)
        known.setdefault("alpha", ours[word])
    ours["standardize"] = {"True": True, "False": False}[
        re.search(r"`standardize=(True|False)`", remark)[1]
    ]
    return ours


def minimised(objective: Callable) -> np.ndarray:
    """Return (b0, b) that minimises objective(b0, b, |b|), from its literal text.

    b = up - down with up, down >= 0 and |b| = up + down makes it smooth; the gradient is
    taken by complex steps, exact for a polynomial.
    """

    def value(theta: np.ndarray) -> np.ndarray:
        up, down = theta[1 : P + 1], theta[P + 1 :]
        return objective(theta[0], up - down, up + down)

    def gradient(theta: np.ndarray) -> np.ndarray:
        steps = theta + 1e-30j * np.eye(theta.size)
        return np.array([value(step).imag / 1e-30 for step in steps])

    bounds = [(None, None)] + [(0.0, None)] * (2 * P)
    options = {"maxiter": 20_000, "maxfun": 10**6, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}
    theta = np.zeros(2 * P + 1)
    for _ in range(4):  # its line search may give up early; a new start forgets why
        theta = minimize(value, theta, jac=gradient, bounds=bounds, options=options).x
    return np.append(theta[0], theta[1 : P + 1] - theta[P + 1 :])


def fitted(data, **keywords) -> np.ndarray:
    X, y, _ = data
    model = shrinkage.ElasticNet(**keywords).fit(X, y)
    return np.append(model.intercept_, model.coef_)


def squares(error: np.ndarray) -> complex:
    return (error**2).sum()


# The objective as the row's name has it, of the errors e, the coefficients b and s = |b|.
TEXTBOOK: dict[str, tuple[dict[str, float], Callable]] = {
    "sum of squares + lambda * sum w^2": (
        {"lambda_": 12.0},
        lambda e, b, s, lambda_: squares(e) + lambda_ * (b**2).sum(),
    ),
    "sum of squares + lambda * sum abs(w)": (
        {"lambda_": 30.0},
        lambda e, b, s, lambda_: squares(e) + lambda_ * s.sum(),
    ),
    "sum of squares + lambda1 * sum abs(w) + lambda2 * sum w^2": (
        {"lambda1": 30.0, "lambda2": 12.0},
        lambda e, b, s, lambda1, lambda2: squares(e) + lambda1 * s.sum() + lambda2 * (b**2).sum(),
    ),
    "half the sum of squares + lambda/2 * sum w^2": (
        {"lambda_": 12.0},
        lambda e, b, s, lambda_: squares(e) / 2 + lambda_ / 2 * (b**2).sum(),
    ),
    "half the sum of squares + lambda * sum abs(w)": (
        {"lambda_": 30.0},
        lambda e, b, s, lambda_: squares(e) / 2 + lambda_ * s.sum(),
    ),
    "mean of squares + lambda * sum w^2": (
        {"lambda_": 0.3},
        lambda e, b, s, lambda_: squares(e) / N + lambda_ * (b**2).sum(),
    ),
    "mean of squares + lambda * sum abs(w)": (
        {"lambda_": 0.4},
        lambda e, b, s, lambda_: squares(e) / N + lambda_ * s.sum(),
    ),
    "mean of squares + lambda1 * sum abs(w) + lambda2 * sum w^2": (
        {"lambda1": 0.4, "lambda2": 0.1},
        lambda e, b, s, lambda1, lambda2: (
            squares(e) / N + lambda1 * s.sum() + lambda2 * (b**2).sum()
        ),
    ),
    "half the mean of squares + lambda/(2n) * sum w^2": (
        {"lambda_": 12.0},
        lambda e, b, s, lambda_: squares(e) / N / 2 + lambda_ / (2 * N) * (b**2).sum(),
    ),
}


def agree_with_objective(name: str, data, objective: Callable, **theirs: float) -> None:
    """Check that the row's translation minimises the objective(e, b, |b|) of their numbers."""
    X, y, _ = data
    found = minimised(lambda b0, b, size: objective(y - b0 - X @ b, b, size, **theirs))
    assert_allclose(fitted(data, **ours_of(name, **theirs)), found, rtol=1e-5, atol=1e-5)


def textbook(name: str, data) -> None:
    theirs, objective = TEXTBOOK[name.removeprefix("textbook: ")]
    agree_with_objective(name, data, objective, **theirs)


def keras(name: str, data) -> None:
    """Check loss "mse" with kernel_regularizer L1L2(l1, l2): l1 * sum |w| + l2 * sum w^2."""

    def objective(e, b, s, l1, l2):
        return squares(e) / N + l1 * s.sum() + l2 * (b**2).sum()

    agree_with_objective(name, data, objective, l1=0.3, l2=0.1)


def torch_decay(name: str, data) -> None:
    """Check SGD's documented update: the gradient of MSELoss plus weight_decay * w is zero."""
    X, y, _ = data
    decay = 0.3
    b0, *b = fitted(data, **ours_of(name, weight_decay=decay))
    error = b0 + X @ b - y
    assert_allclose(2.0 * X.T @ error / N + decay * np.array(b), 0.0, atol=1e-8)
    assert_allclose(error.mean(), 0.0, atol=1e-8)


def spark(name: str, data) -> None:
    """Check the objective in the documentation of Spark's LeastSquaresAggregator.

    1/(2n) |sum_j w_j (x_j - mean_j)/sd_j - (y - mean_y)/sd_y|^2
    + regParam/sd_y * (elasticNetParam |w| + (1 - elasticNetParam)/2 w^2), all deviations with
    n - 1; the coefficient is w_j sd_y / sd_j.
    """
    X, y, _ = data
    strength, mixing = 0.4, 0.3
    sd, sd_y = X.std(axis=0, ddof=1), y.std(ddof=1)
    Z, v = (X - X.mean(axis=0)) / sd, (y - y.mean()) / sd_y

    def objective(b0, b, size):
        penalty = mixing * size.sum() + (1 - mixing) / 2 * (b**2).sum()
        return ((Z @ b - v) ** 2).mean() / 2 + strength / sd_y * penalty + b0**2

    theirs = minimised(objective)[1:] * sd_y / sd
    ours = fitted(data, **ours_of(name, regParam=strength, elasticNetParam=mixing))[1:]
    assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def statsmodels(name: str, data) -> None:
    from statsmodels.regression.linear_model import OLS

    X, y, _ = data
    alpha, share = 0.2, 0.4
    design = np.column_stack([np.ones(N), X])
    strengths = np.append(0.0, np.full(P, alpha))
    theirs = OLS(y, design).fit_regularized(
        alpha=strengths, L1_wt=share, cnvrg_tol=1e-12, zero_tol=1e-12, maxiter=10_000
    )
    ours = fitted(data, **ours_of(name, alpha=alpha, L1_wt=share))
    assert_allclose(ours, theirs.params, rtol=1e-5, atol=1e-6)


def scikit_learn(name: str, data) -> None:
    """Check the row against the class that it names, with weights."""
    X, y, w = data
    cls = getattr(peer, re.search(r"`(\w+)\(", name)[1])
    theirs = {"alpha": 30.0} if cls is peer.Ridge else {"alpha": 0.3}
    if cls is peer.ElasticNet:
        theirs["l1_ratio"] = 0.7
    exact = {"tol": 1e-12} if cls is peer.Ridge else {"tol": 1e-13, "max_iter": 100_000}
    expected = cls(**theirs, **exact).fit(X, y, sample_weight=w)
    ours = shrinkage.ElasticNet(**ours_of(name, W=w.sum(), **theirs)).fit(X, y, sample_weight=w)
    assert_allclose(ours.coef_, expected.coef_, rtol=1e-6, atol=1e-6)
    assert_allclose(ours.intercept_, expected.intercept_, rtol=1e-6)


def glmnet(name: str, data) -> None:
    """Check the stored answers of glmnet at their own lambda, alpha and penalty.factor."""
    folder = ROOT / "tests" / "parity" / "data"
    X = np.loadtxt(folder / "small_x.csv", delimiter=",")
    y = np.loadtxt(folder / "small_gauss.csv", delimiter=",")
    pf = np.loadtxt(folder / "small_pf.csv", delimiter=",")
    with (folder / "reference.jsonl").open(encoding="utf-8") as lines:
        cases = {case["case"]: case for case in map(json.loads, lines)}
    formula = re.search(r"`penalty_factor = (.*?)`", STRENGTHS[name][1])[1]
    factor = eval(formula, {"pf": pf, "p": pf.size, "sum": np.sum})
    for case_name, share, keywords in (
        ("gaussian_alpha1", 1.0, {}),
        ("gaussian_alpha0.5", 0.5, {}),
        ("gaussian_pf", 1.0, {"penalty_factor": factor}),
    ):
        case = cases[case_name]
        for position in (3, 8, 15):
            ours = ours_of(name, lambda_=case["lambda"][position], alpha=share)
            model = shrinkage.ElasticNet(**ours, **keywords).fit(X, y)
            theirs = np.zeros(case["n_features"])
            for feature, value in case["coef"][position].items():
                theirs[int(feature)] = value
            assert_allclose(model.coef_, theirs, atol=1e-6)


EXECUTE_STRENGTH: dict[str, Callable] = {
    "glmnet `lambda`, `alpha`": glmnet,
    "scikit-learn `Lasso(alpha)`": scikit_learn,
    "scikit-learn `ElasticNet(alpha, l1_ratio)`": scikit_learn,
    "scikit-learn `Ridge(alpha)`": scikit_learn,
    "statsmodels `OLS.fit_regularized(alpha, L1_wt)`": statsmodels,
    "Spark ML `LinearRegression(regParam, elasticNetParam)`": spark,
    'Keras `regularizers.L1L2(l1, l2)`, loss `"mse"`': keras,
    "torch `SGD(weight_decay)`, `MSELoss`": torch_decay,
    **{f"textbook: {name}": textbook for name in TEXTBOOK},
}


@pytest.mark.parametrize("name", STRENGTHS)
def test_strength(name: str, data) -> None:
    EXECUTE_STRENGTH[name](name, data)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.3, 1.0])
def test_translations_of_the_summary_agree_with_the_page(
    l1_ratio: float, standardize: bool
) -> None:
    """The rows above, applied the other way round."""
    ours = Strength(0.4, l1_ratio, standardize, target_spread=2.5, total_weight=50.0, n_rows=40)
    tau = 2.5 if standardize else 1.0
    assert_allclose(ours.summed(), np.multiply(100.0, [ours.l1, ours.l2 / 2]))
    assert_allclose(ours.averaged(), [2 * ours.l1, ours.l2])
    assert_allclose(ours.ridge_alpha(), ours.l2 * 50.0)
    assert_allclose([ours.l1, ours.l2], [0.4 * l1_ratio, 0.4 * (1 - l1_ratio) / tau])
    if standardize:
        assert_allclose(list(ours.glmnet().values()), [0.4, l1_ratio])
        assert_allclose(list(ours.spark().values()), [0.4 * np.sqrt(39 / 40), l1_ratio])
    else:
        assert_allclose(list(ours.statsmodels().values()), [0.4, l1_ratio])


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(
    "model", [shrinkage.Lasso(0.2), shrinkage.Ridge(0.5), shrinkage.ElasticNet(0.3, 0.6)], ids=str
)
def test_what_the_summary_says_for_scikit_learn_gives_the_same_model(
    model, standardize, data
) -> None:
    """Typed in as it stands; it has six digits, so the answer has about five."""
    X, y, w = data
    model.set_params(standardize=standardize).fit(X, y, sample_weight=w)
    typed = re.search(r"scikit-learn +(\w+\(.*\))", model.summary())
    assert typed is not None
    scale = np.sqrt(np.cov(X.T, ddof=0, aweights=w).diagonal()) if standardize else np.ones(P)
    theirs = eval(typed[1], vars(peer)).set_params(tol=1e-10).fit(X / scale, y, sample_weight=w)
    assert_allclose(model.coef_, theirs.coef_ / scale, rtol=1e-4, atol=1e-5)
