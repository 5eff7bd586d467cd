"""docs/names.md on logistic and Poisson regression: complete, and every row executed."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose
from sklearn.model_selection import KFold, cross_val_score
from sklearn.multiclass import OneVsRestClassifier

import shrinkage
from shrinkage import Settings
from tests.text.glm_strengths import classes_of, counts_of, saga, three_classes_of
from tests.text.names_page import N, rows_of, sample

CLASSES = ("LogisticRegression", "LogisticRegressionCV", "PoissonRegressor")
KEYWORDS = {
    row[0].strip("`"): row[1:]
    for row in rows_of("Logistic and Poisson regression, keyword by keyword")
}
SAME = [name for name, cells in KEYWORDS.items() if cells[0]]
SCALED = [name for name, cells in KEYWORDS.items() if cells[1]]
RAISES = [name for name, cells in KEYWORDS.items() if cells[2]]
ALPHA = 0.03
GRID = [0.3, 0.03, 0.003]


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X with columns of one size, two classes, and counts."""
    X = sample()[0]
    return X / X.std(axis=0), classes_of(sample()), counts_of(sample())


@pytest.mark.parametrize("name", CLASSES)
def test_every_keyword_of_scikit_learn_is_on_the_page(name: str) -> None:
    keywords = inspect.signature(getattr(peer, name)).parameters
    assert {f"{name}.{keyword}" for keyword in keywords} <= set(KEYWORDS)


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_stands_in_exactly_one_column(name: str) -> None:
    assert sum(bool(cell) for cell in KEYWORDS[name]) == 1


def agree(data, l1_ratio: float = 0.0, **keywords) -> None:
    """Check that both packages give one logistic model from the same keywords."""
    X, y, _ = data
    weights = keywords.get("class_weight")
    total = sum(weights[label] for label in y) if isinstance(weights, dict) else N
    ours = shrinkage.LogisticRegression(ALPHA, l1_ratio, standardize=False, **keywords).fit(X, y)
    theirs = saga(C=1.0 / (ALPHA * total), l1_ratio=l1_ratio, **keywords).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=2e-4)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-3, atol=2e-4)


def agree_poisson(data, **keywords) -> None:
    X, _, y = data
    theirs = peer.PoissonRegressor(**keywords, tol=1e-10, max_iter=10_000).fit(X, y)
    ours = shrinkage.PoissonRegressor(**keywords, standardize=False).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=1e-4)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-3, atol=1e-4)


def agree_cv(data, **keywords) -> None:
    """Check a chosen model against scikit-learn's of the same single strength."""
    X, y, _ = data
    ours = shrinkage.LogisticRegressionCV([ALPHA], standardize=False, **keywords).fit(X, y)
    theirs = peer.LogisticRegressionCV(Cs=[1.0 / (ALPHA * N)], tol=1e-10, max_iter=10_000)
    theirs.set_params(**keywords).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=2e-4)


EXECUTE_SAME: dict[str, Callable] = {
    "LogisticRegression.l1_ratio": lambda data: [agree(data, r) for r in (0.3, 1.0)],
    "LogisticRegression.fit_intercept": lambda data: agree(data, fit_intercept=False),
    "LogisticRegression.class_weight": lambda data: [
        agree(data, class_weight=w) for w in ({0: 1.0, 1: 3.0}, "balanced")
    ],
    "LogisticRegressionCV.fit_intercept": lambda data: agree_cv(data, fit_intercept=False),
    "PoissonRegressor.alpha": lambda data: [agree_poisson(data, alpha=a) for a in (0.01, 1.0)],
    "PoissonRegressor.fit_intercept": lambda data: agree_poisson(
        data, alpha=0.1, fit_intercept=False
    ),
}


def splitters(data) -> None:
    """Check that a splitter means the same, and what an integer and the default make."""
    X, y, _ = data
    folds = KFold(5, shuffle=True, random_state=0)
    ours = shrinkage.LogisticRegressionCV(GRID, cv=folds, standardize=False).fit(X, y)
    for k, alpha in enumerate(ours.alphas_):
        single = peer.LogisticRegression(C=1.0 / (alpha * N * 4 / 5), tol=1e-10, max_iter=10_000)
        scores = cross_val_score(single, X, y, cv=folds, scoring="neg_log_loss")
        assert_allclose(ours.cv_mean_[0, k], -2.0 * scores.mean(), rtol=1e-5)
    assert set(shrinkage.LogisticRegressionCV(GRID).fit(X, y).fold_ids_) == set(range(10))
    assert set(shrinkage.LogisticRegressionCV(GRID, cv=4).fit(X, y).fold_ids_) == set(range(4))


def scorers(data) -> None:
    X, y, _ = data
    folds = KFold(5, shuffle=True, random_state=0)
    for scoring in ("accuracy", "roc_auc", "neg_brier_score"):
        keywords = {"cv": folds, "scoring": scoring, "standardize": False}
        ours = shrinkage.LogisticRegressionCV([ALPHA], **keywords).fit(X, y)
        single = peer.LogisticRegression(C=1.0 / (ALPHA * N * 4 / 5), tol=1e-10, max_iter=10_000)
        theirs = cross_val_score(single, X, y, cv=folds, scoring=scoring)
        assert_allclose(ours.cv_mean_[0, 0], theirs.mean(), rtol=1e-4)
    assert shrinkage.LogisticRegressionCV(GRID).fit(X, y).measure_ == "mean deviance"


def class_weights(data) -> None:
    """Check the fit to all rows; tests/unit/estimators/test_logistic.py has the folds."""
    agree_cv(data, class_weight="balanced")


def seeds(data) -> None:
    X, y, _ = data
    one, two = (shrinkage.LogisticRegressionCV(GRID, random_state=s).fit(X, y) for s in (0, 1))
    assert not np.array_equal(one.fold_ids_, two.fold_ids_)


EXECUTE_SCALED: dict[str, Callable] = {
    "LogisticRegressionCV.cv": splitters,
    "LogisticRegressionCV.scoring": scorers,
    "LogisticRegressionCV.class_weight": class_weights,
    "LogisticRegressionCV.random_state": seeds,
}


def test_every_row_has_something_that_executes_it() -> None:
    assert set(SAME) == set(EXECUTE_SAME)
    assert set(SCALED) == set(EXECUTE_SCALED)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", [*SAME, *SCALED])
def test_same_name(name: str, data) -> None:
    (EXECUTE_SAME | EXECUTE_SCALED)[name](data)


# --- what raises


@pytest.mark.parametrize("name", RAISES)
def test_raises(name: str) -> None:
    cls, keyword = name.split(".")
    with pytest.raises(TypeError, match=keyword):
        getattr(shrinkage, cls)(**{keyword: None})


def advice_of(name: str) -> str:
    """Return what to do instead, a reference to another row followed."""
    cell = KEYWORDS[name][2]
    reference = re.fullmatch(r"as for `(\w+\.\w+)`", cell)
    return cell if reference is None else advice_of(reference[1])


def logistic(data, **keywords) -> shrinkage.LogisticRegression:
    X, y, _ = data
    return shrinkage.LogisticRegression(**{"alpha": ALPHA} | keywords).fit(X, y)


def penalties(data) -> None:
    for l1_ratio in (0.0, 1.0):
        agree(data, l1_ratio)
    X, y, _ = data
    theirs = peer.LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    assert_allclose(logistic(data, alpha=0.0).coef_, theirs.coef_, rtol=1e-3)


def several_shares(data) -> None:
    X, y, _ = data
    model = shrinkage.LogisticRegressionCV(GRID, l1_ratio=[0.0, 1.0]).fit(X, y)
    assert model.cv_mean_.shape == (2, 3)


def alphas(data) -> None:
    splitters(data)
    X, y, _ = data
    assert shrinkage.LogisticRegressionCV(7).fit(X, y).alphas_.size >= 7


def intercept_is_free(data) -> None:
    model = logistic(data, alpha=1e6)
    share = data[1].mean()
    assert_allclose(model.intercept_[0], np.log(share / (1.0 - share)), atol=1e-4)


def silent(data) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        logistic(data)
    assert printed.getvalue() == ""


def repeatable(data) -> None:
    assert np.array_equal(logistic(data).coef_, logistic(data).coef_)


def whole_path(data) -> None:
    X, y, _ = data
    assert len(shrinkage.elastic_net_path(X, y, family="binomial")) == 100


def rounds(data) -> None:
    assert logistic(data, settings=Settings(max_rounds=50)).n_iter_ <= 50


def tolerance(data) -> None:
    assert logistic(data, settings=Settings(tol=1e-3)).dual_gap_ <= 1e-3


def threads(data) -> None:
    one, two = (logistic(data, settings=Settings(n_threads=n)).coef_ for n in (1, 2))
    assert np.array_equal(one, two)


def refitted(data) -> None:
    X, y, _ = data
    model = shrinkage.LogisticRegressionCV(GRID).fit(X, y)
    single = logistic(data, alpha=model.alpha_)
    assert_allclose(model.coef_, single.coef_, rtol=1e-3, atol=1e-4)


def one_shape(data) -> None:
    assert logistic(data).coef_.shape == (1, data[0].shape[1])


def several_classes(data) -> None:
    """Check the model of several classes, and one for each of them."""
    X, y = data[0], three_classes_of(sample())
    assert shrinkage.LogisticRegression().fit(X, y).coef_.shape == (3, X.shape[1])
    assert shrinkage.LogisticRegression(family="multinomial").fit(X, y).coef_.shape[0] == 3
    each = OneVsRestClassifier(shrinkage.LogisticRegression(ALPHA, standardize=False)).fit(X, y)
    theirs = OneVsRestClassifier(peer.LogisticRegression(C=1.0 / (ALPHA * N), tol=1e-10)).fit(X, y)
    assert_allclose(each.decision_function(X), theirs.decision_function(X), rtol=1e-3, atol=1e-3)


# Keyed by how the advice begins.
EXECUTE_INSTEAD: dict[str, Callable] = {
    "`l1_ratio`: 0 is": penalties,
    "`alpha`, which is 1 / (C W)": agree,
    "`alphas`, each 1 / (C W)": alphas,
    "`l1_ratio=[...]`": several_shares,
    "nothing to do: there is one solver": repeatable,
    "nothing to do: the intercept is never penalised": intercept_is_free,
    "nothing to do: the solver draws nothing": repeatable,
    "nothing to do: library code never prints": silent,
    "nothing to do: the fit to all rows": refitted,
    "nothing to do: attributes have one shape": one_shape,
    '`family`: the default is `"multinomial"` for three': several_classes,
    "`settings=Settings(tol=...)`": tolerance,
    "`settings=Settings(max_rounds=...)`": rounds,
    "`settings=Settings(n_threads=...)`": threads,
    "a whole path costs little more": whole_path,
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", RAISES)
def test_what_to_do_instead_works(name: str, data) -> None:
    (found,) = [start for start in EXECUTE_INSTEAD if advice_of(name).startswith(start)]
    EXECUTE_INSTEAD[found](data)


def test_no_advice_is_executed_in_vain() -> None:
    advice = {advice_of(name) for name in RAISES}
    assert all(any(text.startswith(start) for text in advice) for start in EXECUTE_INSTEAD)
