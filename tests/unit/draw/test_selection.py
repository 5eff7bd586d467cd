"""The picture of selection frequencies, from plain arrays."""

from itertools import pairwise

import numpy as np
import pytest

from shrinkage.draw import svg_of
from shrinkage.draw.figure import GREY
from shrinkage.draw.selection import MOST_OTHERS, SelectionPanel, label_alphas, selection_figure

ALPHAS = np.geomspace(1.0, 1e-2, 51)


def frequencies(p):
    entry = np.linspace(0.02, 0.9, p)
    return np.round(np.clip((entry - ALPHAS[:, None]) / entry, 0.0, 1.0), 2)


def figure_of(p=30, n_named=10, count=2, names=None, alphas=ALPHAS):
    frequency = frequencies(p)[: alphas.size]
    words = "14 features at the cross-validated alpha 0.0432 (dotted);\n6 of them in at least 80 %"
    panel = SelectionPanel(
        "lasso", words, alphas, frequency, float(alphas[-1]), np.arange(min(p, 5))
    )
    names = names or [f"x{j}" for j in range(p)]
    named = np.arange(p)[::-1][:n_named]
    return selection_figure(
        [panel] * count, names, named, threshold=0.8, heading="Heading", numbers="numbers"
    )


@pytest.mark.parametrize(("count", "long"), [(1, False), (2, True), (3, False)])
def test_everything_fits_on_the_paper_and_no_panel_writes_into_the_next(count, long):
    names = [("a rather long name of a feature " if long else "") + f"x{j}" for j in range(30)]
    figure = figure_of(count=count, names=names)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 * figure.dpi <= width
    assert box.y1 * figure.dpi <= height
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for left, right in pairwise(boxes):
        assert left.x1 <= right.x0
    lowest_title = min(text.get_window_extent().y0 for text in figure.texts)
    assert max(box.y1 for box in boxes) <= lowest_title


def test_strong_is_on_the_left_and_the_axis_is_in_percent():
    axes = figure_of().axes[0]
    left, right = axes.get_xlim()
    assert left == 1.0
    assert right == pytest.approx(0.01)
    assert axes.get_ylim()[1] > 100.0


def test_others_are_grey_and_few():
    axes = figure_of(p=60).axes[0]
    grey = [line for line in axes.lines if line.get_color() == GREY]
    assert len(grey) == 1
    y = np.asarray(grey[0].get_ydata())
    gaps = np.isnan(y)
    # Runs of numbers between the gaps are the lines.
    runs = np.count_nonzero(np.diff(np.append(0, (~gaps).astype(int))) == 1)
    assert runs == MOST_OTHERS


def test_points_that_are_left_out_do_not_change_a_line():
    axes = figure_of(p=3, n_named=3, count=1).axes[0]
    expected = 100.0 * frequencies(3)
    drawn = [line for line in axes.lines if len(line.get_xdata()) > 5]
    assert len(drawn) == 3
    for position, line in enumerate(drawn):  # `named` is drawn from its end
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        shown = ~np.isnan(y)
        there = np.interp(-np.log(ALPHAS), -np.log(x[shown]), y[shown])
        entered = x[shown][0] >= ALPHAS
        np.testing.assert_allclose(there[entered], expected[entered, position], atol=0.2)
    assert min(len(line.get_xdata()) for line in drawn) < ALPHAS.size


def test_circles_are_at_the_chosen_alpha():
    axes = figure_of(count=1).axes[0]
    circles = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(circles) == 1
    x, y = (np.asarray(values) for values in circles[0].get_data())
    np.testing.assert_allclose(x, ALPHAS[-1])
    assert set(np.round(y, 6)) == set(np.round(100.0 * frequencies(30)[-1, :5], 6))


@pytest.mark.parametrize("limits", [(1.0, 0.9), (37.0, 1.2), (1e3, 1e-6), (2e-5, 1e-5)])
def test_alphas_are_plain_numbers_and_do_not_crowd(limits):
    figure = figure_of(count=1)
    axes = figure.axes[0]
    axes.set_xlim(*limits)
    label_alphas(axes)
    ticks = axes.get_xticks()
    assert 0 < len(ticks) <= 7
    assert all(limits[1] <= tick <= limits[0] for tick in ticks)


def test_one_alpha_and_no_named_feature_can_be_drawn():
    svg_of(figure_of(alphas=ALPHAS[:1]))
    svg_of(figure_of(n_named=0))
