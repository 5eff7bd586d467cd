"""What is said and drawn of models of more than two classes, and tools around them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import shrinkage
from shrinkage import LogisticRegression, LogisticRegressionCV
from shrinkage.errors import ArgumentError
from tests.unit.estimators.three_classes import CODES, NAMES, K, N, P, X


def test_the_summary_has_a_column_for_each_class() -> None:
    iris = load_iris()
    model = LogisticRegression(0.05, 1.0).fit(iris.data, iris.target_names[iris.target])
    lines = model.summary().splitlines()
    header = next(line for line in lines if line.startswith("feature"))
    assert header.split() == ["feature", "setosa", "versicolor", "virginica"]
    assert "coefficients per standard deviation of their feature" in model.summary()
    table = model.coef_table()
    assert table.zeros() == [f"x{j}" for j in np.flatnonzero(~model.coef_.any(axis=0))]
    assert len(table.by_size()) + len(table.zeros()) == 4
    assert f": {len(table.by_size())} of 4 features kept" in lines[0]
    assert "<td" in model._repr_html_()
    assert "versicolor" in model._repr_html_()


def test_many_classes_have_a_table_each() -> None:
    y = np.arange(N) % 12
    text = LogisticRegression(0.05).fit(X, y).summary()
    assert text.count("per standard deviation") == 10
    assert "\nclass 9\n" in text
    assert "\nclass 10\n" not in text
    assert "... and 2 more classes: coef_table() has all" in text


def test_long_labels_are_cut_in_the_header() -> None:
    labels = np.array(["a" * 60, "b", "c"])
    text = LogisticRegression().fit(X, labels[CODES]).summary()
    assert "a" * 17 + "..." in text
    assert "a" * 30 not in text.split("for each class:")[1]


def test_figures() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    labels = NAMES
    model = LogisticRegressionCV(8, cv=3, l1_ratio=1.0).fit(X, labels)
    panels = shrinkage.PathDisplay.from_estimator(model)
    assert panels.coefs.shape == (model.alphas_.size, K, P)
    assert panels.ax_.shape == (K + 1,)
    titles = [axes.get_title(loc="left") for axes in panels.ax_[:K]]
    assert [title.split(";")[0] for title in titles] == ["class a", "class bird", "class c"]
    assert len({axes.get_ylim() for axes in panels.ax_[:K]}) == 1
    assert "mean deviance" in model.plot_cv().axes[0].get_ylabel()
    one = shrinkage.PathDisplay.from_estimator(model, target="bird")
    assert np.array_equal(one.coefs, panels.coefs[:, 1])
    assert one.ax_.shape == (2,)
    assert len(model.plot_path(target="c").axes) >= 2
    own = Figure().subplots(3, 1)
    assert shrinkage.PathDisplay.from_path(model.path_, ax=own).ax_[2] is own[2]
    single = shrinkage.PathDisplay.from_path(model.path_, target=2)
    assert np.array_equal(single.coefs, panels.coefs[:, 2])
    with pytest.raises(ArgumentError, match="`ax` must be 3 axes, one for each class"):
        panels.plot(ax=own[0])
    with pytest.raises(ArgumentError, match="`target` must be one of 'a', 'bird', 'c', got 'd'"):
        shrinkage.PathDisplay.from_estimator(model, target="d")
    with pytest.raises(ArgumentError, match="`target` must be None"):
        shrinkage.PathDisplay.from_estimator(LogisticRegression().fit(X, CODES > 0), target=True)
    both = LogisticRegression(family="multinomial").fit(X, CODES > 0)
    assert shrinkage.PathDisplay.from_estimator(both).coefs.ndim == 2


def test_the_panels_are_described() -> None:
    pytest.importorskip("matplotlib")
    from shrinkage.draw import description_of

    model = LogisticRegressionCV(8, cv=3).fit(X, NAMES)
    said = description_of(model.plot_path())
    assert "in a panel for each of 3 classes" in said
    largest = np.abs(model.coef_table().coef_per_sd[1]).argmax()
    assert f"class bird: largest x{largest}" in said


def test_displays_from_plain_numbers() -> None:
    pytest.importorskip("matplotlib")
    alphas, coefs = [1.0, 0.1, 0.0], np.ones((3, 2, 4))
    display = shrinkage.PathDisplay(alphas, coefs)
    assert display.classes == ("class 0", "class 1")
    assert display.plot().ax_.shape == (2,)
    with pytest.raises(ArgumentError, match="`classes` must be one for each of 2 classes"):
        shrinkage.PathDisplay(alphas, coefs, classes=["a"])
    nothing = shrinkage.PathDisplay([0.0], np.ones((1, 2, 4))).plot()
    assert nothing.ax_.shape == (2,)


# --- scikit-learn's tools around it


def test_pickles_clones_and_searches() -> None:
    labels = NAMES
    model = LogisticRegressionCV(6, cv=3).fit(X, labels)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.oof_predict_, model.oof_predict_)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(again.path_.coef_path, model.path_.coef_path)
    assert again.summary() == model.summary()
    with pytest.raises(NotFittedError):
        clone(model).predict(X)
    grid = {"alpha": [0.01, 0.1], "l1_ratio": [0.0, 1.0], "family": ["auto", "multinomial"]}
    search = GridSearchCV(LogisticRegression(), grid, cv=3, scoring="neg_log_loss").fit(X, labels)
    assert search.best_score_ > -1.0
    pipe = make_pipeline(StandardScaler(), LogisticRegression(standardize=False)).fit(X, labels)
    plain = LogisticRegression().fit(X, labels)
    assert_allclose(pipe.predict_proba(X), plain.predict_proba(X), rtol=1e-4)


def test_calibrated_classifier() -> None:
    labels = NAMES
    calibrated = CalibratedClassifierCV(LogisticRegression(class_weight={"a": 9.0}), cv=3)
    calibrated.fit(X, labels)
    assert calibrated.classes_.tolist() == ["a", "bird", "c"]
    assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1.0)
