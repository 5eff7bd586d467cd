"""What executes the rows of docs/names.md on logistic and Poisson models."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import sklearn.linear_model as peer
from numpy.testing import assert_allclose

import shrinkage
from tests.peers import BALANCES_WEIGHTS, logistic
from tests.text.names_page import ROOT, N, P, minimised, ours_of


def classes_of(data) -> np.ndarray:
    """Return a target of two classes for the same rows."""
    return (data[1] > np.median(data[1]) + np.sin(np.arange(N))).astype(int)


def counts_of(data) -> np.ndarray:
    """Return counts for the same rows."""
    return np.random.default_rng(1).poisson(np.exp(data[1] / 10.0)).astype(float)


def saga(**theirs: float) -> peer.LogisticRegression:
    """Return scikit-learn's logistic elastic net, exact."""
    return logistic(**theirs, tol=1e-12, max_iter=1_000_000)


def logistic_peer(name: str, data) -> None:
    """Check C with both penalties, with weights of rows and of classes."""
    X, _, w = data
    y, Z = classes_of(data), X / X.std(axis=0)
    theirs = {"C": 0.4, "l1_ratio": 0.6} if "l1_ratio" in name else {"C": 0.4}
    expected = saga(**theirs) if "l1_ratio" in name else peer.LogisticRegression(C=0.4, tol=1e-10)
    balanced = ("balanced",) if BALANCES_WEIGHTS else ()
    for class_weight in (None, {0: 0.5, 1: 3.0}, *balanced):
        expected.set_params(class_weight=class_weight).fit(Z, y, sample_weight=w)
        each = {0: 0.5, 1: 3.0} if isinstance(class_weight, dict) else {0: 1.0, 1: 1.0}
        total = (w * np.array([each[label] for label in y])).sum()
        ours = shrinkage.LogisticRegression(
            **ours_of(name, W=total, **theirs), class_weight=class_weight
        ).fit(Z, y, sample_weight=w)
        assert_allclose(ours.coef_, expected.coef_, rtol=1e-3, atol=2e-4)
        assert_allclose(ours.intercept_, expected.intercept_, rtol=1e-3, atol=2e-4)


def poisson_peer(name: str, data) -> None:
    X, _, w = data
    y = counts_of(data)
    theirs = peer.PoissonRegressor(alpha=0.3, tol=1e-10, max_iter=10_000)
    theirs.fit(X, y, sample_weight=w)
    ours = shrinkage.PoissonRegressor(**ours_of(name, alpha=0.3)).fit(X, y, sample_weight=w)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=1e-4)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-3)


def statsmodels_glm(name: str, data) -> None:
    import statsmodels.api as sm

    X, alpha = data[0], 0.02
    strengths = np.append(0.0, np.full(P, alpha))
    for cls, y, family in (
        (shrinkage.LogisticRegression, classes_of(data), sm.families.Binomial()),
        (shrinkage.PoissonRegressor, counts_of(data), sm.families.Poisson()),
    ):
        ours = cls(**ours_of(name, alpha=alpha, L1_wt=0.4)).fit(X, y)
        found = np.append(ours.intercept_, ours.coef_)
        # A coefficient that was 0 once stays 0 there, so it is to begin near the answer.
        theirs = sm.GLM(y, np.column_stack([np.ones(N), X]), family=family).fit_regularized(
            alpha=strengths,
            L1_wt=0.4,
            start_params=found + 0.01,
            cnvrg_tol=1e-12,
            zero_tol=1e-12,
            maxiter=10_000,
        )
        assert_allclose(found, theirs.params, rtol=1e-3, atol=1e-3)


def statsmodels_unpenalised(name: str, data) -> None:
    import statsmodels.api as sm

    X, _, w = data
    design, offset = np.column_stack([np.ones(N), X]), 0.1 * np.cos(np.arange(N))
    settings = shrinkage.Settings(tol=1e-11)
    for cls, y, family in (
        (shrinkage.LogisticRegression, classes_of(data), sm.families.Binomial()),
        (shrinkage.PoissonRegressor, counts_of(data), sm.families.Poisson()),
    ):
        theirs = sm.GLM(y, design, family=family, offset=offset, freq_weights=w).fit(tol=1e-12)
        ours = cls(**ours_of(name), settings=settings).fit(X, y, sample_weight=w, offset=offset)
        found = np.append(ours.intercept_, ours.coef_)
        assert_allclose(found, theirs.params, rtol=1e-5, atol=1e-6)
    plain = shrinkage.LogisticRegression(0.0, settings=settings).fit(X, classes_of(data))
    theirs = sm.Logit(classes_of(data), design).fit(disp=0, method="newton", maxiter=100)
    assert_allclose(plain.coef_[0], theirs.params[1:], rtol=1e-5)


def log_losses(eta, y):
    return np.log1p(np.exp(eta)) - y * eta


def agree_with_log_loss(name: str, data, penalty: Callable, **theirs: float) -> None:
    """Check that the row's translation minimises mean log loss + penalty(b, |b|)."""
    X, y = data[0] / data[0].std(axis=0), classes_of(data)
    found = minimised(lambda b0, b, s: log_losses(b0 + X @ b, y).mean() + penalty(b, s))
    ours = shrinkage.LogisticRegression(**ours_of(name, **theirs)).fit(X, y)
    assert_allclose(np.append(ours.intercept_, ours.coef_), found, rtol=1e-3, atol=2e-4)


def keras_logistic(name: str, data) -> None:
    l1, l2 = 0.03, 0.01
    agree_with_log_loss(name, data, lambda b, s: l1 * s.sum() + l2 * (b**2).sum(), l1=l1, l2=l2)


def textbook_logistic(name: str, data) -> None:
    agree_with_log_loss(name, data, lambda b, s: 3.0 / 2 * (b**2).sum() / N, lambda_=3.0)


def torch_logistic(name: str, data) -> None:
    """Check SGD's documented update, as above."""
    X, y, decay = data[0], classes_of(data), 0.05
    ours = ours_of(name, weight_decay=decay)
    model = shrinkage.LogisticRegression(**ours, settings=shrinkage.Settings(tol=1e-14)).fit(X, y)
    error = model.predict_proba(X)[:, 1] - y
    assert_allclose(X.T @ error / N + decay * model.coef_[0], 0.0, atol=1e-6)
    assert_allclose(error.mean(), 0.0, atol=1e-6)


def three_classes_of(data) -> np.ndarray:
    """Return a target of three classes for the same rows."""
    return np.digitize(data[1] + 2.0 * np.sin(np.arange(N)), np.quantile(data[1], [0.3, 0.7]))


def multinomial_peer(name: str, data) -> None:
    """Check C with both penalties, with weights of rows and of classes."""
    X, _, w = data
    y, Z = three_classes_of(data), (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = {"C": 0.4, "l1_ratio": 0.6} if "l1_ratio" in name else {"C": 0.4}
    expected = saga(**theirs) if "l1_ratio" in name else peer.LogisticRegression(C=0.4, tol=1e-10)
    for each in (None, {0: 0.5, 1: 1.0, 2: 0.8}):  # with large weights saga diverges
        expected.set_params(class_weight=each, tol=1e-9).fit(Z, y, sample_weight=w)
        total = w.sum() if each is None else (w * np.array([each[label] for label in y])).sum()
        ours = shrinkage.LogisticRegression(
            **ours_of(name, W=total, **theirs), class_weight=each
        ).fit(Z, y, sample_weight=w)
        assert_allclose(ours.coef_, expected.coef_, rtol=1e-3, atol=2e-4)
        between = expected.intercept_ - expected.intercept_.mean()
        assert_allclose(ours.intercept_, between, rtol=1e-3, atol=2e-4)


def multinomial_stationary(name: str, data) -> None:
    """Check the update of SGD and the subgradient of Keras's objective, both as documented."""
    X, y = data[0] / data[0].std(axis=0), three_classes_of(data)
    l1, l2 = (0.03, 0.01) if "l1" in name else (0.0, 0.05)
    ours = ours_of(name, **({"l1": l1, "l2": l2} if "l1" in name else {"weight_decay": l2}))
    model = shrinkage.LogisticRegression(**ours, settings=shrinkage.Settings(tol=1e-14)).fit(X, y)
    error = model.predict_proba(X) - np.eye(3)[y]
    decay = 2.0 * l2 if "l1" in name else l2
    slope = error.T @ X / N + decay * model.coef_
    zero = model.coef_ == 0.0
    assert_allclose(slope[~zero], -l1 * np.sign(model.coef_[~zero]), atol=1e-6)
    assert (np.abs(slope[zero]) <= l1 + 1e-6).all()
    assert_allclose(error.mean(axis=0), 0.0, atol=1e-6)


def statsmodels_multinomial(name: str, data) -> None:
    import statsmodels.api as sm

    X, y = data[0], three_classes_of(data)
    theirs = sm.MNLogit(y, np.column_stack([np.ones(N), X])).fit(disp=0, method="newton")
    model = shrinkage.LogisticRegression(**ours_of(name)).fit(X, y)
    found = np.column_stack([model.intercept_, model.coef_])
    assert_allclose((found[1:] - found[0]).T, theirs.params, rtol=1e-4, atol=1e-5)


def glmnet_multinomial(name: str, data) -> None:
    """Check stored answers of glmnet, whose coefficients are centred for ridge only."""
    folder = ROOT / "tests" / "parity" / "data"
    X = np.loadtxt(folder / "small_x.csv", delimiter=",")
    y = np.loadtxt(folder / "small_multi.csv", delimiter=",")
    with (folder / "reference_glm.jsonl").open(encoding="utf-8") as lines:
        cases = {case["case"]: case for case in map(json.loads, lines)}
    for share in (1.0, 0.5):
        case = cases[f"multinomial_alpha{share:g}"]
        for position in (3, 8, 15):
            ours = ours_of(name, lambda_=case["lambda"][position], alpha=share)
            theirs = np.zeros((3, case["n_features"]))
            for row, values in zip(theirs, case["coef"][position], strict=True):
                for feature, value in values.items():
                    row[int(feature)] = value
            found = shrinkage.LogisticRegression(**ours).fit(X, y).coef_
            assert_allclose(found, theirs, atol=2e-5)


def glmnet_families(name: str, data) -> None:
    """Check stored answers of glmnet for both families."""
    folder = ROOT / "tests" / "parity" / "data"
    X = np.loadtxt(folder / "small_x.csv", delimiter=",")
    with (folder / "reference_glm.jsonl").open(encoding="utf-8") as lines:
        cases = {case["case"]: case for case in map(json.loads, lines)}
    for cls, case_name, file in (
        (shrinkage.LogisticRegression, "binomial_alpha1", "small_binom.csv"),
        (shrinkage.PoissonRegressor, "poisson_alpha1", "small_pois.csv"),
    ):
        y, case = np.loadtxt(folder / file, delimiter=","), cases[case_name]
        for position in (3, 8, 15):
            ours = ours_of(name, lambda_=case["lambda"][position], alpha=1.0)
            theirs = np.zeros(case["n_features"])
            for feature, value in case["coef"][position].items():
                theirs[int(feature)] = value
            assert_allclose(np.ravel(cls(**ours).fit(X, y).coef_), theirs, atol=1e-5)


EXECUTE_GLM: dict[str, Callable] = {
    'glmnet `family="binomial"` or `"poisson"`, `lambda`, `alpha`': glmnet_families,
    'glmnet `family="multinomial"`, `lambda`, `alpha`': glmnet_multinomial,
    "scikit-learn `LogisticRegression(C)`": logistic_peer,
    "scikit-learn `LogisticRegression(C)`, three classes and more": multinomial_peer,
    "scikit-learn `LogisticRegression(C, l1_ratio)`, three classes and more": multinomial_peer,
    "statsmodels `MNLogit(y, X).fit()`": statsmodels_multinomial,
    'Keras `regularizers.L1L2(l1, l2)`, loss `"categorical_crossentropy"`': multinomial_stationary,
    "torch `SGD(weight_decay)`, `CrossEntropyLoss`": multinomial_stationary,
    "scikit-learn `LogisticRegression(C, l1_ratio)`": logistic_peer,
    "scikit-learn `PoissonRegressor(alpha)`": poisson_peer,
    "statsmodels `GLM(y, X, family, offset, freq_weights).fit()`, `Logit`": statsmodels_unpenalised,
    "statsmodels `GLM.fit_regularized(alpha, L1_wt)`": statsmodels_glm,
    'Keras `regularizers.L1L2(l1, l2)`, loss `"binary_crossentropy"`': keras_logistic,
    "torch `SGD(weight_decay)`, `BCEWithLogitsLoss`": torch_logistic,
    "textbook: sum of log losses + lambda/2 * sum w^2": textbook_logistic,
}
