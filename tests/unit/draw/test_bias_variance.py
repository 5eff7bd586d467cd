"""The panels show what they are given."""

import numpy as np
import pytest

from shrinkage.draw.bias_variance import Panel, draw_bias_variance, inches_for
from shrinkage.draw.figure import new_figure, svg_of

ALPHAS = np.geomspace(10.0, 0.1, 30)


def panel(name="lasso", top=2.0, weak=1.0):
    t = np.linspace(0.0, 1.0, ALPHAS.size)
    bias, variance = top * (1 - t) ** 2, weak * t**2
    error = 1.0 + bias + variance
    se = np.full(ALPHAS.size, 0.05)
    best = int(error.argmin())
    return Panel(name, "#D55E00", "-", ALPHAS, bias, variance, error, se, best, "a note")


def drawn(*panels):
    figure = new_figure("test", inches_for(len(panels)))
    draw_bias_variance(figure, panels)
    return figure


def test_panels_have_one_error_scale_and_the_strong_penalty_on_the_left():
    figure = drawn(panel("ridge"), panel("lasso", weak=0.2))
    one, two = figure.axes
    assert one.get_ylim() == two.get_ylim()
    assert one.get_ylim()[0] == 0.0
    assert one.get_xlim() == pytest.approx((10.0, 0.1))
    assert one.get_ylabel() == "squared error / variance of the noise"


def test_every_panel_says_its_penalty_its_lowest_error_and_both_sides():
    axes = drawn(panel()).axes[0]
    words = [text.get_text() for text in axes.texts]
    lowest = panel().error.min()
    assert {f"lasso: lowest error {lowest:.2f}", "a note", "noise", "variance"} <= set(words)
    assert "bias\N{SUPERSCRIPT TWO}" in words
    sides = {text.get_text(): text.get_ha() for text in axes.texts}
    assert sides["\N{LEFTWARDS ARROW} underfitting"] == "left"
    assert sides["overfitting \N{RIGHTWARDS ARROW}"] == "right"


def test_the_areas_are_stacked_up_to_the_error():
    given = panel()
    noise, bias, variance = drawn(given).axes[0].collections[:3]
    heights = [area.get_paths()[0].vertices for area in (noise, bias, variance)]
    assert heights[0][:, 1].max() == 1.0
    assert heights[1][:, 1].max() == pytest.approx(1.0 + given.bias_squared.max())
    assert heights[2][:, 1].max() == pytest.approx(given.error.max())
    hatches = {area.get_hatch() for area in (noise, bias, variance)}
    assert len(hatches) == 3


def test_the_sweet_spot_is_marked():
    given = panel()
    axes = drawn(given).axes[0]
    diamond = [line for line in axes.lines if line.get_marker() == "D"]
    assert [line.get_xydata().tolist() for line in diamond] == [
        [[ALPHAS[given.best], given.error[given.best]]]
    ]


def test_a_wild_weak_end_is_cut_off_and_names_stay_inside():
    axes = drawn(panel(weak=1000.0)).axes[0]
    top = axes.get_ylim()[1]
    assert top < 10.0
    named = [text for text in axes.texts if text.get_text() in ("variance", "noise")]
    assert len(named) == 2
    assert all(0.0 < text.get_position()[1] < top for text in named)


def test_names_of_areas_and_titles_do_not_overlap():
    figure = drawn(panel("elastic net 0.001"), panel("elastic net 0.01"), panel("lasso"))
    figure.canvas.draw()
    boxes = [text.get_window_extent() for axes in figure.axes for text in axes.texts]
    boxes += [text.get_window_extent() for text in figure.texts]
    for i, one in enumerate(boxes):
        assert one.x0 >= 0.0
        assert one.x1 <= figure.bbox.width
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_one_alpha_can_be_drawn():
    one = np.ones(1)
    svg_of(drawn(Panel("ridge", "#0072B2", "-.", one, one, one, one, one, 0, "")))
