"""The lessons on classes and counts: what they take, what they say, what they refuse."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer

import shrinkage
from shrinkage.draw.figure import description_of
from shrinkage.errors import ArgumentError
from shrinkage.families import Binomial
from shrinkage.lessons.correlated import bootstrap_effects
from shrinkage.lessons.read import read
from shrinkage.lessons.selection import selections

DATA = load_breast_cancer(as_frame=True)
X = DATA.data.iloc[:, :8]
FRAME = X.assign(diagnosis=np.where(DATA.target == 0, "malignant", "benign"))
PAIR = ("mean radius", "mean texture")


@pytest.mark.parametrize("family", ["binomial", Binomial()])
def test_a_column_of_labels_is_a_target(family):
    reading = read(FRAME, "diagnosis", family=family)
    assert reading.unit == "log odds of diagnosis = malignant"
    assert reading.problem.y.tolist() == (DATA.target == 0).astype(float).tolist()
    assert reading.names == tuple(X.columns)


def test_counts_are_a_target():
    assert read(X, DATA.target, family="poisson").unit == "log of the mean of y"


def test_the_geometry_says_what_the_coefficients_are():
    figure = shrinkage.plot_geometry(FRAME, "diagnosis", PAIR, family="binomial", l1_ratio=1.0)
    (axes,) = figure.axes
    said = axes.get_xlabel()
    assert said.startswith("coefficient of mean radius,\nper standard deviation (log odds of")
    assert "of the deviance" in description_of(figure)


def test_the_selection_counts_refits_to_half_of_the_rows():
    reading = read(FRAME, "diagnosis", family="binomial")
    (found,) = selections(reading.problem, (1.0,), n_halves=4, alphas=np.array([0.05]), seed=0)
    generator, counts = np.random.default_rng(0), np.zeros(8)
    for _ in range(2):
        order = generator.permutation(len(X))
        for rows in (order[: len(X) // 2], order[len(X) // 2 :]):
            model = shrinkage.LogisticRegression(0.05, 1.0)
            model.fit(X.iloc[np.sort(rows)], FRAME["diagnosis"].iloc[np.sort(rows)])
            counts += model.coef_[0] != 0.0
    assert_allclose(found.frequency[0], counts / 4)
    figure = shrinkage.plot_selection(FRAME, "diagnosis", family="binomial", n_halves=2)
    assert "half-samples of 284 rows" in description_of(figure)


def test_resamples_are_refits_with_the_counts_as_weights():
    reading = read(FRAME, "diagnosis", family="binomial")
    pair = np.array([0, 2])
    found = bootstrap_effects(reading.problem, reading.columns, pair, 3, 0)
    generator = np.random.default_rng(0)
    for sample in range(3):
        drawn = generator.integers(len(X), size=len(X))
        weights = np.bincount(drawn, minlength=len(X))
        for row, (ratio, alpha) in enumerate(zip(found.l1_ratios, found.alphas, strict=True)):
            model = shrinkage.LogisticRegression(alpha, ratio)
            model.fit(X, FRAME["diagnosis"], sample_weight=weights)
            spread = X.to_numpy().std(axis=0)
            expected = (model.coef_[0] * spread)[pair]
            assert_allclose(found.coefs[row, sample], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "plot", [shrinkage.plot_geometry, shrinkage.plot_selection, shrinkage.plot_correlated]
)
def test_several_classes_and_no_classes_are_refused(plot):
    with pytest.raises(ArgumentError, match="`family` must be one of 'gaussian', 'binomial', 'poi"):
        plot(X, DATA.target, family="multinomial")
    with pytest.raises(ArgumentError, match="`family` must be one of"):
        plot(X, DATA.target, family="logistic")
    with pytest.raises(ArgumentError, match="rows of one class"):
        plot(X, pd.Series(["one"] * len(X)), family="binomial")


def test_a_simulation_has_no_classes():
    with pytest.raises(ArgumentError, match="`family` can't be given without `X`"):
        shrinkage.plot_correlated(family="binomial")


@pytest.mark.parametrize("plot", [shrinkage.plot_selection, shrinkage.plot_correlated])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_samples_without_the_rare_class_are_samples(plot, family):
    rows = X.iloc[:40, :3]
    rare = np.zeros(40, dtype=int)
    rare[[3, 17]] = 1  # one in seven bootstrap resamples has neither
    assert "samples" in description_of(plot(rows, rare, family=family))
