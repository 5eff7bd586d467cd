"""Arguments of plot_geometry, and what its figure says."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import shrinkage
from shrinkage.draw.figure import _picture_class, description_of, svg_of
from shrinkage.errors import ArgumentError, DataWarning, MissingDependencyError
from shrinkage.lessons.geometry import panels_of
from shrinkage.lessons.profiled_loss import ProfiledLoss
from shrinkage.lessons.read import read

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X @ [0.5, 3.0, 0.0, -2.0] + RNG.normal(size=60)
FRAME = pd.DataFrame(
    {"size": X[:, 1], "city": RNG.choice(["Oslo", "Rome", "Lima"], 60), "age": X[:, 3], "price": Y}
)


def labels(figure):
    return figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()


def test_one_panel_for_each_penalty_with_the_same_axes():
    figure = shrinkage.plot_geometry(X, Y)
    assert [axes.texts[-2].get_text() for axes in figure.axes] == [
        "lasso",
        "elastic net 0.5",
        "ridge",
    ]
    assert len({axes.get_xlim() + axes.get_ylim() for axes in figure.axes}) == 1
    for axes in figure.axes:
        assert np.ptp(axes.get_xlim()) == pytest.approx(np.ptp(axes.get_ylim()))
        assert axes.get_aspect() == 1.0


@pytest.mark.parametrize("ratio", [0.3, [0.3], (0.3, 0.1, 1.0, 0.0)])
def test_panels_come_in_the_order_given(ratio):
    figure = shrinkage.plot_geometry(X, Y, l1_ratio=ratio)
    assert len(figure.axes) == np.size(ratio)
    assert figure.axes[0].texts[-2].get_text() == "elastic net 0.3"


@pytest.mark.parametrize("pair", [(1, 3), ("x1", "x3"), ("x1", 3), np.array([1, 3]), None])
def test_features_are_names_or_positions_and_by_default_the_largest(pair):
    figure = shrinkage.plot_geometry(X, Y, pair, l1_ratio=1.0)
    across, up = labels(figure)
    assert across == "coefficient of x1,\nper standard deviation (units of y)"
    assert up.startswith("coefficient of x3,")


def test_the_largest_are_those_per_standard_deviation():
    units = np.array([1.0, 1e-3, 1e3, 1e3])
    pair, _, _ = panels_of(read(X * units, Y), None, (1.0,), None)
    assert pair == (1, 3)


def test_a_column_of_text_is_known_by_its_levels():
    figure = shrinkage.plot_geometry(FRAME, "price", ("city=Rome", "age"), l1_ratio=0.5)
    across, up = labels(figure)
    assert across == "coefficient of city=Rome,\nper standard deviation (units of price)"
    assert up.startswith("coefficient of age,")


def test_sparse_and_dense_give_the_same_picture():
    dense = np.where(X > 0.3, X, 0.0)
    _, models, panels = panels_of(read(dense, Y), (0, 1), (1.0, 0.5), None)
    _, again, others = panels_of(read(sparse.csr_matrix(dense), Y), (0, 1), (1.0, 0.5), None)
    for one, two in zip(panels, others, strict=True):
        np.testing.assert_allclose(one.contact, two.contact, atol=1e-6)
        np.testing.assert_allclose(one.minimum, two.minimum, atol=1e-6)
    assert [model.alpha for model in models] == pytest.approx([model.alpha for model in again])


def test_a_given_alpha_holds_in_every_panel():
    _, models, panels = panels_of(read(X, Y), (0, 1), (1.0, 0.0), 0.7)
    assert [model.alpha for model in models] == [0.7, 0.7]
    assert all(panel.words.startswith("alpha 0.700, ") for panel in panels)


def test_above_alpha_max_the_ball_is_a_point():
    _, _, (panel,) = panels_of(read(X, Y), (0, 1), (1.0,), 100.0)
    assert panel.contact.tolist() == [0.0, 0.0]
    assert panel.ball.tolist() == [[0.0, 0.0]]
    assert panel.words.endswith("x0 exactly 0\nx1 exactly 0")
    shrinkage.plot_geometry(X, Y, (0, 1), l1_ratio=1.0, alpha=100.0)


def test_the_words_hold_the_numbers():
    _, _, panels = panels_of(read(X, Y), (1, 3), (1.0, 0.0), None)
    lasso, ridge = panels
    assert np.count_nonzero(lasso.contact) == 1
    assert re.search(r"alpha [\d.]+, explains [\d.]+ % of the variance", lasso.words)
    assert lasso.words.splitlines()[2] == "x3 exactly 0"
    assert "exactly 0" not in ridge.words
    figure = shrinkage.plot_geometry(X, Y, (1, 3), l1_ratio=(1.0, 0.0))
    heading, numbers = (text.get_text() for text in figure.texts)
    assert heading == "Where the loss touches the penalty"
    flat = " ".join(numbers.split())
    assert re.search(r"\(x1, x3\) at the contact: lasso \([\d.]+, 0\), ridge \(", flat)
    assert flat.endswith("with the other 2 coefficients at best, under the same penalty.")
    described = description_of(figure)
    assert lasso.words.splitlines()[0] in described
    assert "x3 exactly 0" in described


def test_without_a_corner_the_two_are_half_as_large_as_they_get():
    a = np.array([1.0, -1.0, 1.0, -1.0] * 5)
    b = np.array([1.0, 1.0, -1.0, -1.0] * 5)
    both = np.column_stack([a, b])
    _, (model,), (panel,) = panels_of(read(both, 2 * a + 2 * b), (0, 1), (1.0,), None)
    assert panel.contact == pytest.approx([1.0, 1.0], abs=0.1)
    assert model.alpha == pytest.approx(1.0, abs=0.1)


def test_the_same_data_give_the_same_svg_and_it_is_small():
    first, second = (svg_of(shrinkage.plot_geometry(X, Y)) for _ in range(2))
    assert first == second
    assert len(first) < 60_000


def test_twins_are_drawn_with_one_warning():
    twins = np.column_stack([X[:, 1], X[:, 1], X[:, 0]])
    with pytest.warns(DataWarning, match="equal to another") as caught:
        figure = shrinkage.plot_geometry(twins, Y, (0, 1))
    assert len(caught) == 1
    assert len(figure.axes) == 3


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.0])
def test_without_a_system_of_full_rank_the_solution_speaks_for_itself(ratio, monkeypatch):
    Z = (X - X.mean(axis=0)) / X.std(axis=0) / np.sqrt(60)
    y = (Y - Y.mean()) / np.sqrt(60)
    points = np.random.default_rng(1).uniform(-3, 3, size=(20, 2))
    weights = (0.3 * ratio, 0.3 * (1.0 - ratio))
    expected = ProfiledLoss(Z, y, (0, 1), *weights)(points)

    def singular(*_):
        raise np.linalg.LinAlgError

    monkeypatch.setattr("shrinkage.lessons.profiled_loss._solve_system", singular)
    loss = ProfiledLoss(Z, y, (0, 1), *weights)
    np.testing.assert_allclose(loss(points), expected, rtol=1e-7)
    assert loss.curvature().shape == (2, 2)


def test_others_that_repeat_each_other_change_nothing():
    Z = (X - X.mean(axis=0)) / X.std(axis=0) / np.sqrt(60)
    y = (Y - Y.mean()) / np.sqrt(60)
    points = np.random.default_rng(1).uniform(-3, 3, size=(20, 2))
    twice = ProfiledLoss(Z[:, [0, 1, 2, 3, 3]], y, (0, 1), 0.2, 0.0)(points)
    np.testing.assert_allclose(twice, ProfiledLoss(Z, y, (0, 1), 0.2, 0.0)(points), rtol=1e-7)


@pytest.mark.parametrize(("n", "p"), [(2, 3), (3, 2), (10, 30)])
def test_few_rows_are_enough(n, p):
    for alpha in (None, 1e-3):
        figure = shrinkage.plot_geometry(X[:n, :1] * RNG.normal(size=(n, p)), Y[:n], alpha=alpha)
        assert len(figure.axes) == 3


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("ab", "`features` must be a pair of names or positions of columns, got 'ab'"),
        (3, "`features` must be a pair"),
        ({0, 1}, "`features` must be a pair"),
        ((0, 1, 2), "`features` must be a pair"),
        (("x0", "bmi"), "`features` must name columns of `X`, got 'bmi'.\nHint: the columns are"),
        ((0, 4), "`features` must be positions from 0 to 3, got 4"),
        ((0, -1), "`features` must be positions from 0 to 3, got -1"),
        ((True, 2), "`features` must name columns of `X`, got True"),
        ((1, "x1"), "`features` must be two different columns, got 'x1' twice"),
    ],
)
def test_features_that_are_no_pair_are_refused(features, message):
    with pytest.raises(ArgumentError, match=re.escape(message)):
        shrinkage.plot_geometry(X, Y, features)


def test_data_that_have_no_plane_are_refused():
    constant = np.column_stack([X[:, 0], np.ones(60), X[:, 1]])
    with pytest.raises(ArgumentError, match="must be columns with spread, got 'x1', which is con"):
        shrinkage.plot_geometry(constant, Y, (0, 1))
    with pytest.raises(ArgumentError, match="`X` must have at least 2 columns, got 1 column"):
        shrinkage.plot_geometry(X[:, :1], Y)
    with pytest.raises(ArgumentError, match="`X` must have at least 2 columns with spread, got 1"):
        shrinkage.plot_geometry(constant[:, :2], Y)
    with pytest.raises(ArgumentError, match="`y` must vary"):
        shrinkage.plot_geometry(X, np.ones(60))


@pytest.mark.parametrize("alpha", [0.0, -1.0, np.inf, "strong", True])
def test_alpha_is_positive(alpha):
    with pytest.raises(ArgumentError, match="`alpha` must be None or a finite number > 0, got"):
        shrinkage.plot_geometry(X, Y, alpha=alpha)


def test_l1_ratio_is_a_share():
    with pytest.raises(ArgumentError, match="`l1_ratio`"):
        shrinkage.plot_geometry(X, Y, l1_ratio=(1.0, 1.5))


def test_without_matplotlib_the_extra_is_named_before_any_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    _picture_class.cache_clear()
    with pytest.raises(MissingDependencyError, match=r"shrinkage\[plot\]"):
        shrinkage.plot_geometry("no data at all", None)
