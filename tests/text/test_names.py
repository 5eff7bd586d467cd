"""docs/names.md: every row is executed, and no keyword of scikit-learn's is missing."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.model_selection import KFold

import shrinkage
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
STRENGTHS = {row[0]: row[1] for row in rows_of("Strength of the penalty")}


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


# --- column 3, and words from elsewhere


@pytest.mark.parametrize("name", RAISES)
def test_raises(name: str) -> None:
    cls, keyword = name.split(".")
    with pytest.raises(TypeError, match=keyword):
        getattr(shrinkage, cls)(**{keyword: None})


@pytest.mark.parametrize("word", [row[0].strip("`") for row in rows_of("Words that you may try")])
def test_words_from_elsewhere_raise(word: str) -> None:
    for cls in CLASSES:
        with pytest.raises(TypeError, match=word):
            getattr(shrinkage, cls)(**{word: 1})


def test_check_input_raises(data) -> None:
    X, y, _ = data
    with pytest.raises(TypeError, match="check_input"):
        shrinkage.Lasso().fit(X, y, check_input=False)


# --- strengths


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
    found = minimize(value, np.zeros(2 * P + 1), jac=gradient, bounds=bounds, options=options)
    return np.append(found.x[0], found.x[1 : P + 1] - found.x[P + 1 :])


def fitted(data, alpha: float, l1_ratio: float, **keywords) -> np.ndarray:
    X, y, _ = data
    model = shrinkage.ElasticNet(alpha, l1_ratio, **keywords).fit(X, y)
    return np.append(model.intercept_, model.coef_)


def check_textbook(data, objective: Callable, alpha: float, l1_ratio: float) -> None:
    ours = fitted(data, alpha, l1_ratio, standardize=False)
    assert_allclose(ours, minimised(objective), rtol=1e-5, atol=1e-5)


def textbook_sum_squares(data) -> None:
    X, y, _ = data
    strength = 12.0
    check_textbook(
        data,
        lambda b0, b, size: ((y - b0 - X @ b) ** 2).sum() + strength * (b**2).sum(),
        strength / N,
        0.0,
    )


def textbook_sum_absolute(data) -> None:
    X, y, _ = data
    strength = 30.0
    check_textbook(
        data,
        lambda b0, b, size: ((y - b0 - X @ b) ** 2).sum() + strength * size.sum(),
        strength / (2 * N),
        1.0,
    )


def textbook_mean_squares(data) -> None:
    X, y, _ = data
    strength = 0.3
    check_textbook(
        data,
        lambda b0, b, size: ((y - b0 - X @ b) ** 2).mean() + strength * (b**2).sum(),
        strength,
        0.0,
    )


def textbook_mean_absolute(data) -> None:
    X, y, _ = data
    strength = 0.4
    check_textbook(
        data,
        lambda b0, b, size: ((y - b0 - X @ b) ** 2).mean() + strength * size.sum(),
        strength / 2,
        1.0,
    )


def keras(data) -> None:
    """Check loss "mse" with kernel_regularizer L1L2(l1, l2): l1 * sum |w| + l2 * sum w^2."""
    X, y, _ = data
    l1, l2 = 0.3, 0.1
    alpha = l1 / 2 + l2

    def objective(b0, b, size):
        return ((y - b0 - X @ b) ** 2).mean() + l1 * size.sum() + l2 * (b**2).sum()

    check_textbook(data, objective, alpha, (l1 / 2) / alpha)


def torch_decay(data) -> None:
    """Check SGD's documented update: the gradient of MSELoss plus weight_decay * w is zero."""
    X, y, _ = data
    decay = 0.3
    b0, *b = fitted(data, decay / 2, 0.0, standardize=False)
    error = b0 + X @ b - y
    assert_allclose(2.0 * X.T @ error / N + decay * np.array(b), 0.0, atol=1e-8)
    assert_allclose(error.mean(), 0.0, atol=1e-8)


def spark(data) -> None:
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
    ours = fitted(data, strength * np.sqrt(N / (N - 1)), mixing)[1:]
    assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def statsmodels(data) -> None:
    from statsmodels.regression.linear_model import OLS

    X, y, _ = data
    alpha, share = 0.2, 0.4
    design = np.column_stack([np.ones(N), X])
    strengths = np.append(0.0, np.full(P, alpha))
    theirs = OLS(y, design).fit_regularized(
        alpha=strengths, L1_wt=share, cnvrg_tol=1e-12, zero_tol=1e-12, maxiter=10_000
    )
    ours = fitted(data, alpha, share, standardize=False)
    assert_allclose(ours, theirs.params, rtol=1e-5, atol=1e-6)


def glmnet(data) -> None:
    """Check the stored answers of glmnet at their own lambda, alpha and penalty.factor."""
    folder = ROOT / "tests" / "parity" / "data"
    X = np.loadtxt(folder / "small_x.csv", delimiter=",")
    y = np.loadtxt(folder / "small_gauss.csv", delimiter=",")
    factor = np.loadtxt(folder / "small_pf.csv", delimiter=",")
    with (folder / "reference.jsonl").open(encoding="utf-8") as lines:
        cases = {case["case"]: case for case in map(json.loads, lines)}
    for name, share, keywords in (
        ("gaussian_alpha1", 1.0, {}),
        ("gaussian_alpha0.5", 0.5, {}),
        ("gaussian_pf", 1.0, {"penalty_factor": factor * factor.size / factor.sum()}),
    ):
        case = cases[name]
        for position in (3, 8, 15):
            model = shrinkage.ElasticNet(case["lambda"][position], share, **keywords).fit(X, y)
            theirs = np.zeros(case["n_features"])
            for feature, value in case["coef"][position].items():
                theirs[int(feature)] = value
            assert_allclose(model.coef_, theirs, atol=1e-6)


EXECUTE_STRENGTH: dict[str, Callable] = {
    "glmnet `lambda`, `alpha`": glmnet,
    "scikit-learn `Lasso(alpha)`": lambda data: agree("Lasso", data, alpha=0.3),
    "scikit-learn `ElasticNet(alpha, l1_ratio)`": lambda data: agree(
        "ElasticNet", data, alpha=0.3, l1_ratio=0.7
    ),
    "scikit-learn `Ridge(alpha)`": lambda data: agree("Ridge", data, alpha=30.0),
    "statsmodels `OLS.fit_regularized(alpha, L1_wt)`": statsmodels,
    "Spark ML `LinearRegression(regParam, elasticNetParam)`": spark,
    'Keras `regularizers.L1L2(l1, l2)`, loss `"mse"`': keras,
    "torch `SGD(weight_decay)`, `MSELoss`": torch_decay,
    "textbook: sum of squares + lambda * sum w^2": textbook_sum_squares,
    "textbook: sum of squares + lambda * sum abs(w)": textbook_sum_absolute,
    "textbook: mean of squares + lambda * sum w^2": textbook_mean_squares,
    "textbook: mean of squares + lambda * sum abs(w)": textbook_mean_absolute,
}


@pytest.mark.parametrize("name", STRENGTHS)
def test_strength(name: str, data) -> None:
    EXECUTE_STRENGTH[name](data)


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
