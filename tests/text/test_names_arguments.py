"""docs/names.md on the arguments of glmnet and statsmodels: every row executed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sklearn.metrics as metrics
import statsmodels.api as sm
from numpy.testing import assert_allclose

import shrinkage
from shrinkage import LogisticRegression, LogisticRegressionCV, PoissonRegressor, Settings
from tests.parity import reference
from tests.text.names_page import rows_of

ROWS = {row[0]: row[1:] for row in rows_of("glmnet and statsmodels, argument by argument")}
CASES = {case["case"]: case for case in reference.REFERENCE}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
YEARS = RNG.uniform(0.2, 2.0, size=80)
COUNTS = RNG.poisson(YEARS * np.exp(0.5 * X[:, 0]))
CLASSES = (X[:, 0] + RNG.logistic(size=80) > 0.0).astype(int)
WEIGHTS = RNG.integers(1, 4, size=80)
DESIGN = sm.add_constant(X)
FOLDS = np.arange(80) % 5


def path_of(name: str, **more) -> tuple[dict, shrinkage.Path]:
    """Return a stored answer of glmnet, and our path at its lambdas."""
    case = CASES[name]
    options = {"alphas": case["lambda"]} | reference.options_of(case) | more
    return case, shrinkage.elastic_net_path(*reference.data_of(case), **options)


def same_coefficients(name: str, **more) -> None:
    case, path = path_of(name, **more)
    for k, row in enumerate(case["coef"]):
        theirs = np.zeros(path.n_features)
        theirs[[int(j) for j in row]] = list(row.values())
        assert_allclose(path.coef_path[k], theirs, atol=1e-4)


def curve(measure: str, scoring: str) -> LogisticRegressionCV:
    """Check the errors of a cross-validation against glmnet's on the same folds."""
    case = CASES[f"cv_binomial_{measure}"]
    X, y = reference.data_of(case)
    model = LogisticRegressionCV(case["lambda"], l1_ratio=1.0, scoring=scoring)
    model.fit(X, y, fold_ids=reference.read("small_fold").astype(int) - 1)
    assert_allclose(model.cv_mean_[0], case["cvm"], rtol=1e-4)
    return model


def squares() -> None:
    for scoring, function in (("mse", np.square), ("mae", np.abs)):
        model = LogisticRegressionCV([0.05], scoring=scoring).fit(X, CLASSES, fold_ids=FOLDS)
        p = model.oof_predict_
        # glmnet: the sum of both classes, each with its indicator and its probability.
        theirs = function(CLASSES - p) + function((1 - CLASSES) - (1 - p))
        assert_allclose(2.0 * model.cv_mean_[0, 0], theirs.mean())


def rules() -> None:
    case = CASES["cv_binomial_deviance"]
    model = curve("deviance", "deviance")
    assert_allclose(
        [model.alpha_, model.alpha_1se_], [case["lambda_min"][0], case["lambda_1se"][0]]
    )


def grids() -> None:
    path = shrinkage.elastic_net_path(X, CLASSES, family="binomial", alphas=7, alpha_min_ratio=0.1)
    assert len(path) == 7
    assert_allclose(path.alphas[-1] / path.alphas[0], 0.1)


def excluded() -> None:
    factor = [1.0, np.inf, 1.0]
    model = LogisticRegression(0.01, penalty_factor=factor).fit(X, CLASSES)
    without = LogisticRegression(0.01).fit(X[:, [0, 2]], CLASSES)
    assert model.coef_[0, 1] == 0.0
    assert_allclose(model.coef_[0, [0, 2]], without.coef_[0], rtol=1e-4)


def switches() -> None:
    units = np.array([1.0, 10.0, 0.1])
    one, two = (LogisticRegression(0.1).fit(X * scale, CLASSES) for scale in (1.0, units))
    assert_allclose(one.coef_, two.coef_ * units, rtol=1e-4)
    assert LogisticRegression(fit_intercept=False).fit(X, CLASSES).intercept_[0] == 0.0


def limits() -> None:
    model = LogisticRegression(0.01, settings=Settings(tol=1e-12, max_rounds=50)).fit(X, CLASSES)
    assert model.dual_gap_ <= 1e-12


def folds() -> None:
    model = LogisticRegressionCV(3, cv=4).fit(X, CLASSES)
    assert set(model.fold_ids_) == set(range(4))
    model = LogisticRegressionCV(3).fit(X, CLASSES, fold_ids=FOLDS)
    assert np.array_equal(model.fold_ids_, FOLDS)


def predictions() -> None:
    model = LogisticRegression().fit(X, CLASSES)
    odds = X @ model.coef_[0] + model.intercept_[0]
    assert_allclose(model.predict_linear(X), odds)
    assert_allclose(model.decision_function(X), odds)
    assert_allclose(model.predict_proba(X)[:, 1], 1 / (1 + np.exp(-odds)))
    assert np.array_equal(model.predict(X), (odds > 0).astype(int))
    counts = PoissonRegressor().fit(X, COUNTS)
    assert_allclose(counts.predict(X), np.exp(X @ counts.coef_ + counts.intercept_))


def offsets() -> None:
    same_coefficients("binomial_weights_offset")
    model = PoissonRegressor().fit(X, COUNTS, offset=np.log(YEARS))
    twice = model.predict(X, offset=np.log(2.0 * YEARS))
    assert_allclose(twice, 2.0 * model.predict(X, offset=np.log(YEARS)))


def between() -> None:
    case, path = path_of("binomial_alpha1")
    s = float(np.sqrt(path.alphas[4] * path.alphas[5]))
    exact = shrinkage.elastic_net_path(*reference.data_of(case), family="binomial", alphas=[s])
    assert_allclose(path.at(s).coef, exact.coef_path[0], atol=1e-5)
    line = path.at(s, how="linear").coef
    share = (path.alphas[4] - s) / (path.alphas[4] - path.alphas[5])
    expected = (1 - share) * path.coef_path[4] + share * path.coef_path[5]
    assert_allclose(line, expected, atol=1e-12)


def ratios() -> None:
    case, path = path_of("binomial_alpha1")
    assert_allclose(path.deviance_ratio, case["dev_ratio"], atol=1e-6)
    n = len(reference.data_of(case)[1])
    assert_allclose(2 * path.null_loss * n, case["nulldev"], rtol=1e-9)
    # A coefficient that glmnet's last steps left near 0 may be there or not.
    counts = np.array([len(row) for row in case["coef"]])
    assert np.mean(path.n_nonzero == counts) > 0.9


def unpenalised(**keywords):
    """Return statsmodels' Poisson fit and ours."""
    family = sm.families.Poisson()
    theirs = sm.GLM(COUNTS, DESIGN, family=family, exposure=YEARS, **keywords).fit(tol=1e-12)
    weight = next(iter(keywords.values()), None)
    ours = PoissonRegressor(0.0, settings=Settings(tol=1e-11))
    return theirs, ours.fit(X, COUNTS, offset=np.log(YEARS), sample_weight=weight)


def exposures() -> None:
    theirs, ours = unpenalised()
    expected = theirs.predict(DESIGN, exposure=2.0 * YEARS)
    assert_allclose(ours.predict(X, offset=np.log(2.0 * YEARS)), expected, rtol=1e-6)


def weights() -> None:
    for kind in ("freq_weights", "var_weights"):
        theirs, ours = unpenalised(**{kind: WEIGHTS})
        assert_allclose(np.append(ours.intercept_, ours.coef_), theirs.params, rtol=1e-5)


def parameters() -> None:
    theirs, ours = unpenalised()
    assert_allclose(np.append(ours.intercept_, ours.coef_), theirs.params, rtol=1e-5)


def deviances() -> None:
    theirs, ours = unpenalised()
    assert_allclose(ours.deviance_ratio_, 1 - theirs.deviance / theirs.null_deviance, rtol=1e-7)


def means() -> None:
    theirs = sm.GLM(CLASSES, DESIGN, family=sm.families.Binomial()).fit(tol=1e-12).predict()
    ours = LogisticRegression(0.0, settings=Settings(tol=1e-10)).fit(X, CLASSES)
    assert_allclose(ours.predict_proba(X)[:, 1], theirs, rtol=1e-5)
    theirs, ours = unpenalised()
    assert_allclose(ours.predict(X, offset=np.log(YEARS)), theirs.predict(), rtol=1e-5)


def no_errors() -> None:
    model = LogisticRegression().fit(X, CLASSES)
    assert not any(hasattr(model, name) for name in ("bse", "pvalues", "conf_int"))
    assert "No p-values" in model.summary()


def auc() -> None:
    curve("auc", "auc")
    model = LogisticRegressionCV([0.05], scoring="auc").fit(X, CLASSES, fold_ids=FOLDS)
    rows = [np.flatnonzero(fold == FOLDS) for fold in range(5)]
    each = [metrics.roc_auc_score(CLASSES[i], model.oof_predict_[i]) for i in rows]
    assert_allclose(model.cv_mean_[0, 0], np.mean(each))


EXECUTE: dict[str, Callable[[], object]] = {
    "glmnet `weights`": lambda: same_coefficients("poisson_weights_offset"),
    "glmnet `offset`, `newoffset`": offsets,
    "glmnet `nlambda`, `lambda.min.ratio`": grids,
    "glmnet `lower.limits`, `upper.limits`": lambda: same_coefficients("binomial_limits_pf"),
    "glmnet `exclude`": excluded,
    "glmnet `standardize`, `intercept`": switches,
    "glmnet `thresh`, `maxit`": limits,
    "glmnet `nfolds`, `foldid`": folds,
    'glmnet `type.measure = "deviance"`': lambda: curve("deviance", "deviance"),
    'glmnet `type.measure = "class"`': lambda: curve("class", "misclassification"),
    'glmnet `type.measure = "auc"`': auc,
    'glmnet `type.measure = "mse"`, `"mae"`': squares,
    'glmnet `s = "lambda.min"`, `"lambda.1se"`': rules,
    'glmnet `predict(type = "link")`': predictions,
    'glmnet `predict(type = "response")`': predictions,
    'glmnet `predict(type = "class")`': predictions,
    "glmnet `coef(fit, s)`": between,
    "glmnet `dev.ratio`, `nulldev`, `df`": ratios,
    "statsmodels `exposure`": exposures,
    "statsmodels `freq_weights`, `var_weights`": weights,
    "statsmodels `params`": parameters,
    "statsmodels `deviance`, `null_deviance`": deviances,
    "statsmodels `results.predict()`": means,
    "statsmodels `bse`, `pvalues`, `conf_int()`": no_errors,
}


def test_every_row_has_something_that_executes_it() -> None:
    assert set(ROWS) == set(EXECUTE)


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    EXECUTE[name]()
