"""docs/names.md: the strengths of other packages, translated by the formulas as they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose

import shrinkage
from shrinkage.estimators.dialects import Strength
from tests.text.glm_strengths import EXECUTE_GLM, classes_of, counts_of, three_classes_of
from tests.text.names_page import (
    ROOT,
    STRENGTHS,
    N,
    P,
    fitted,
    minimised,
    ours_of,
    sample,
    squares,
)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sample()


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
    **EXECUTE_GLM,
    **{f"textbook: {name}": textbook for name in TEXTBOOK},
}


def test_every_strength_has_something_that_executes_it() -> None:
    assert set(STRENGTHS) == set(EXECUTE_STRENGTH)


@pytest.mark.parametrize("name", STRENGTHS)
def test_strength(name: str, data) -> None:
    EXECUTE_STRENGTH[name](name, data)


LESSON = (
    (ROOT / "docs" / "l1_vs_l2.md").read_text(encoding="utf-8").split("| the book minimises |")[1]
)
SPELT = {"λ₁": "lambda1", "λ₂": "lambda2", "λ": "lambda_", "·": "*", "sum of b²": "sum w^2"}
SPELT |= {r"sum of \|b\|": "sum abs(w)"}


def spelt(text: str) -> str:
    for theirs, ours in SPELT.items():
        text = text.replace(theirs, ours)
    return text


@pytest.mark.parametrize("line", re.findall(r"^\| \w.*", LESSON, re.MULTILINE))
def test_the_page_on_l1_and_l2_translates_in_the_same_way(line: str) -> None:
    book, code = (spelt(cell.strip(" `")) for cell in re.split(r"(?<!\\)\|", line)[1:3])
    book = book.replace("lambda_", "lambda")
    theirs, _ = TEXTBOOK[book]
    cls, keywords = re.fullmatch(r"(\w+)\((.*)\)", code).groups()
    said = {"l1_ratio": {"Ridge": 0.0, "Lasso": 1.0}.get(cls)}
    for word, formula in re.findall(r"(\w+)=([^=]+?)(?:, |$)", keywords):
        said[word] = eval(formula, {"n": N, **theirs, **said})
    assert said | {"standardize": False} == ours_of(f"textbook: {book}", **theirs)


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


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        shrinkage.LogisticRegression(0.02),
        shrinkage.LogisticRegression(0.02, 0.6, class_weight={1: 2.0}),
        shrinkage.GeneralizedLinearRegressor("binomial", 0.05),
        shrinkage.PoissonRegressor(0.1),
    ],
    ids=str,
)
def test_what_the_summary_says_for_scikit_learn_gives_the_same_glm(
    model, standardize, data
) -> None:
    X, _, w = data
    y = counts_of(data) if isinstance(model, shrinkage.PoissonRegressor) else classes_of(data)
    model.set_params(standardize=standardize).fit(X, y, sample_weight=w)
    typed = re.search(r"scikit-learn +(\w+\(.*\))", model.summary())
    assert typed is not None
    scale = np.sqrt(np.cov(X.T, ddof=0, aweights=w).diagonal()) if standardize else np.ones(P)
    if standardize and getattr(model, "class_weight", None):
        weights = w * np.where(y == 1, 2.0, 1.0)
        scale = np.sqrt(np.cov(X.T, ddof=0, aweights=weights).diagonal())
    theirs = eval(typed[1], vars(peer)).set_params(tol=1e-10, max_iter=100_000)
    if "saga" in typed[1] and theirs.penalty == "l2":
        theirs.set_params(penalty="elasticnet")
    if hasattr(model, "class_weight"):
        theirs.set_params(class_weight=model.class_weight)
    theirs.fit(X / scale, y, sample_weight=w)
    assert_allclose(np.ravel(model.coef_), np.ravel(theirs.coef_) / scale, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.6])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_what_the_summary_says_for_scikit_learn_gives_the_same_model_of_classes(
    n_classes, l1_ratio, data
) -> None:
    X = (data[0] - data[0].mean(axis=0)) / data[0].std(axis=0)
    y = three_classes_of(data) if n_classes == 3 else classes_of(data)
    model = shrinkage.LogisticRegression(0.02, l1_ratio, family="multinomial").fit(X, y)
    typed = re.search(r"scikit-learn +(\w+\(.*\))", model.summary())
    assert typed is not None
    theirs = eval(typed[1], vars(peer)).set_params(tol=1e-9, max_iter=100_000)
    if "saga" in typed[1] and theirs.penalty == "l2":
        theirs.set_params(penalty="elasticnet")
    assert_allclose(model.coef_, theirs.fit(X, y).coef_, rtol=1e-3, atol=1e-4)
