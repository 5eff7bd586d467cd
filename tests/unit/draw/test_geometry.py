"""The drawing of panels, from plain arrays."""

import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from shrinkage.draw.figure import BLUE, svg_of
from shrinkage.draw.geometry import Panel, blank_geometry, draw_geometry, short_name


def panel(minimum=(2.0, 1.0), ball=None, name="ridge"):
    angles = np.linspace(0.0, 2.0 * np.pi, 121)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    minimum = np.array(minimum)
    return Panel(
        name=name,
        colour=BLUE,
        line="-.",
        ball=circle if ball is None else ball,
        rings=[minimum + radius * circle for radius in (0.5, 1.0, 40.0)],
        touching=minimum + 1.2 * circle,
        contact=np.array([0.9, 0.4]),
        minimum=minimum,
        words="alpha 1\na 0.9\nb 0.4",
    )


def drawn(panels, names=("a", "b"), numbers="numbers"):
    figure = blank_geometry(len(panels), "test")
    draw_geometry(figure, panels, names, unit="units of y", heading="heading", numbers=numbers)
    return figure


@pytest.mark.parametrize("n_panels", [1, 2, 3, 4, 7])
def test_every_panel_is_a_square_inside_the_figure_and_covers_no_other(n_panels):
    figure = drawn([panel()] * n_panels)
    size = figure.get_size_inches()
    boxes = [np.array(axes.get_position().extents).reshape(2, 2) for axes in figure.axes]
    for box in boxes:
        sides = (box[1] - box[0]) * size
        assert sides[0] == pytest.approx(sides[1])
        assert (box > 0.0).all()
        assert (box < 1.0).all()
    for k, one in enumerate(boxes):
        for other in boxes[:k]:
            assert ((one[1] < other[0]) | (other[1] < one[0])).any()


def test_all_words_lie_inside_the_figure():
    figure = drawn([panel()] * 3, ("a feature with a name without end" * 2, "b" * 60), "no " * 99)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    width, height = figure.bbox.size
    texts = [*figure.texts]
    for axes in figure.axes:
        texts += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
    for text in texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0.0
        assert box.y0 >= 0.0
        assert box.x1 <= width
        assert box.y1 <= height


def test_a_minimum_far_away_is_told_and_not_shown():
    (axes,) = drawn([panel(minimum=(-300.0, 299.0))]).axes
    assert axes.get_xlim()[0] > -2.0
    assert any("outside,\nat (-300, 299)" in text.get_text() for text in axes.texts)
    (axes,) = drawn([panel(minimum=(-15.0, 12.0))]).axes
    assert axes.get_xlim()[0] < -15.0


def test_a_ball_that_is_a_point_keeps_the_minimum_in_sight():
    (axes,) = drawn([panel(ball=np.zeros((1, 2)))]).axes
    assert axes.get_xlim()[1] > 2.0
    assert all(math.isfinite(limit) for limit in axes.get_xlim())


def test_nothing_but_zero_still_has_a_scale():
    nothing = panel(minimum=(0.0, 0.0), ball=np.zeros((1, 2)))
    (axes,) = drawn([nothing]).axes
    assert axes.get_xlim() == (-1.0, 1.0)


def test_lines_are_cut_at_the_axes_and_thinned():
    lines = [patch.get_path().vertices for patch in drawn([panel()]).axes[0].patches[:3]]
    assert 10 < len(lines[0]) < 121
    assert np.abs(lines[2]).max() < 5.0 if len(lines[2]) else True
    assert len(svg_of(drawn([panel()] * 3))) < 60_000


def test_lines_with_gaps_are_drawn_in_parts():
    broken = panel()
    broken.touching[30:40] = np.nan
    svg_of(drawn([broken]))


def test_names_are_cut_and_made_visible():
    assert short_name("x" * 26) == "x" * 26
    assert short_name("x" * 27) == "x" * 23 + "..."
    assert short_name("a\x1bb") == "a?b"
