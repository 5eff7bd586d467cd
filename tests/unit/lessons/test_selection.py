"""The picture of stability: what it says, and what it refuses."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import ArgumentError, DataError, LassoCV, make_problem, plot_selection
from shrinkage.draw import description_of, svg_of
from shrinkage.errors import DataWarning
from shrinkage.lessons.selection import Selection, selections


def data(n=80, p=15, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, 0] * 3.0 + X[:, 1] * 0.5 + rng.normal(size=n)


def found_of(X, y, **changes):
    options = dict(n_halves=20, alphas=15, seed=0) | changes
    return selections(make_problem(X, y), (1.0, 0.5), **options)


def texts(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [axes.get_xlabel(), axes.get_ylabel()]
    return found


def test_a_panel_for_each_penalty_says_its_numbers():
    X, y = data()
    figure = plot_selection(X, y, n_halves=20, alphas=15)
    words = texts(figure)
    assert {"lasso", "elastic net 0.5", "x0"} <= set(words)
    for panel in found_of(X, y):
        kept = panel.kept.size
        often = np.count_nonzero(panel.at_alpha[panel.kept] * 20 >= 15.999)
        assert any(
            text.startswith(f"{kept} features at the cross-validated alpha")
            and f"{often} of them in at least 80 %" in text
            for text in words
        )
    assert "80 rows, 15 features, 20 half-samples of 40 rows" in " ".join(words)
    assert "20 half-samples of 40 rows" in description_of(figure)


def test_alpha_is_that_of_cross_validation():
    X, y = data()
    found = found_of(X, y)[0]
    other = LassoCV().fit(X, y)
    assert found.alpha == other.alpha_
    assert set(found.kept) == set(np.flatnonzero(other.coef_))


def test_the_grid_goes_from_alpha_max_past_the_chosen_alpha():
    X, y = data()
    for found in found_of(X, y):
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        largest = np.abs(Z.T @ (y - y.mean())).max() / 80 / found.l1_ratio
        assert_allclose(found.alphas[0], largest)
        assert found.alphas[-1] <= min(0.5 * found.alpha, 0.05 * largest) * (1.0 + 1e-9)
        assert (np.diff(found.alphas) < 0.0).all()
        assert found.alphas.size in (15, 16)


def test_given_alphas_are_used_as_they_are():
    X, y = data()
    grid = np.array([1.0, 0.3, 0.1])
    for found in found_of(X, y, alphas=grid):
        assert_allclose(found.alphas, grid)
        assert found.alpha in grid
    plot_selection(X, y, n_halves=4, alphas=[0.1, 1.0])


def test_what_is_often_is_counted_with_its_boundary():
    frequency = np.array([[0.8, 0.79, 1.0, 0.9]])
    found = Selection(1.0, np.array([1.0]), frequency, 1.0, np.array([0, 1, 2]), 100)
    assert found.n_often == 2


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    X, y = data()
    one, same, other = (
        svg_of(plot_selection(X, y, n_halves=6, alphas=10, random_state=seed)) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other
    ET.fromstring(one)


def test_a_typical_picture_is_small():
    assert len(svg_of(plot_selection(*data(200, 50)))) < 60_000


def test_a_frame_with_text_and_the_name_of_its_target():
    X, y = data()
    town = np.array(["Aix", "Bonn"])[np.arange(80) % 2].astype(object)
    table = {"size": X[:, 0], "town": town, "price": y + 5.0 * (town == "Aix")}
    words = texts(plot_selection(table, "price", n_halves=4, alphas=5))
    assert {"size", "town=Aix", "town=Bonn"} <= set(words)


@pytest.mark.filterwarnings("error")
def test_constant_and_repeated_columns_are_mentioned_once():
    X, y = data()
    X[:, 3], X[:, 4] = 1.0, X[:, 5]
    with pytest.warns(DataWarning) as caught:
        plot_selection(X, y, n_halves=4, alphas=5)
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.arange(8.0).reshape(4, 2) % 5, np.arange(4.0)),
        (np.random.default_rng(0).normal(size=(10, 1)), np.ones(10)),
        (np.random.default_rng(0).normal(size=(10, 40)), np.arange(10.0)),
    ],
    ids=["4 rows", "constant target", "wide"],
)
def test_small_data_can_be_drawn(X, y):
    svg_of(plot_selection(X, y, n_halves=4, alphas=4))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(n_halves=5), "`n_halves` must be even, got 5."),
        (dict(n_halves=0), "`n_halves` must be an integer >= 2, got 0."),
        (dict(l1_ratios=0.0), "`l1_ratios` must be a number in (0, 1]"),
        (dict(l1_ratios=(1.0, 0.0)), "`l1_ratios` must be a number in (0, 1]"),
        (dict(l1_ratios=(1.0, 1.5)), "`l1_ratios` must be"),
        (dict(l1_ratios=(1.0, 1.0)), "`l1_ratios` must be"),
        (dict(l1_ratios=()), "`l1_ratios` must be"),
        (dict(l1_ratios=(1.0, 0.9, 0.8, 0.7)), "`l1_ratios` must be"),
        (dict(l1_ratios="lasso"), "`l1_ratios` must be"),
        (dict(l1_ratios=None), "`l1_ratios` must be"),
        (dict(alphas=1), "`alphas` must be an integer >= 2, got 1."),
        (dict(alphas=[1.0, 0.0]), "`alphas` must be above 0, got 0.0."),
        (dict(alphas=[-1.0]), "`alphas` must be finite and >= 0"),
        (dict(random_state=0.5), "`random_state` must be"),
    ],
    ids=lambda value: value.split("`")[1] if isinstance(value, str) else "",
)
def test_arguments_are_checked_before_the_data(arguments, words):
    with pytest.raises(ArgumentError) as caught:
        plot_selection("no data", "y", **arguments)
    assert str(caught.value).startswith(words)


def test_data_are_checked():
    with pytest.raises(ArgumentError, match="at least 4 rows"):
        plot_selection(np.eye(3), np.arange(3.0))
    X, y = data()
    X[0, 0] = np.inf
    with pytest.raises(DataError, match="finite"):
        plot_selection(X, y)
