"""The picture of the descent methods, from arrays alone."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from shrinkage.draw.descent import Course, Kink, _needed, _thinned, descent_figure
from shrinkage.draw.figure import BLUE, ORANGE, svg_of

STEPS = np.arange(201)
KINK = Kink("bmi", 0.0, (-0.3, 0.1), 2.0)


def course(name, excess, zeros, values, jumps=False):
    colour, line = (ORANGE, "-") if jumps else (BLUE, "--")
    return Course(name, colour, line, 2.0 * STEPS, excess, zeros, values, jumps)


HOPS = course("hops", 1.0 / (1 + STEPS) ** 0.5, 0 * STEPS, 0.1 * (-1.0) ** STEPS, jumps=True)
FALLS = course("falls", 10.0 ** (-0.2 * STEPS), np.minimum(STEPS, 7), np.exp(-1.0 * STEPS))


def draw(courses=(HOPS, FALLS), kink=KINK, **change):
    words = {"heading": "Lasso by descent", "numbers": "hops 0, falls 7", "unit": "y"}
    numbers = {"certified_zeros": 7, "n_features": 10, "known_to": 1e-12}
    return descent_figure(courses, kink, **(words | numbers | change))


def words_of(axes):
    return [axes.get_title(loc="left"), *(text.get_text() for text in axes.texts)]


def test_the_words_hold_the_numbers():
    figure = draw()
    near, zeros, along, way = figure.axes
    assert [text.get_text() for text in figure.texts] == ["Lasso by descent", "hops 0, falls 7"]
    assert "the minimum is certified to here" in words_of(near)
    assert "certified: 7 of 10" in words_of(zeros)
    assert "bars: the last 30 values of the hops method" in words_of(along)
    slopes = "slope at 0: -0.30 from the left, 0.10 from the right;\n0 is between them, "
    assert slopes + "so the minimum is at 0" in words_of(along)
    assert "The coefficient of bmi on the way" in words_of(way)
    assert "passes" in near.get_xlabel()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["hops", "falls"]


@pytest.mark.parametrize(
    ("kink", "words"),
    [
        (Kink("a", -0.2, (0.1, 0.5), 2.0), "0 is not between them, so the minimum is not at 0"),
        (Kink("a", -0.2, (0.4, 0.4), 2.0), "no kink: one slope at 0, 0.40"),
    ],
)
def test_a_minimum_beside_0_is_said_to_be_there(kink, words):
    assert any(words in text for text in words_of(draw(kink=kink).axes[2]))


def test_the_objective_along_a_coefficient_has_its_slopes_and_its_minimum():
    for kink in (KINK, Kink("a", -0.2, (0.4, 0.9), 2.0), Kink("a", 0.0, (-0.5, 0.0), 1.0)):
        grid = np.linspace(-1, 1, 2001)
        assert kink.at(grid).min() == pytest.approx(0.0, abs=1e-15)
        assert kink.at(np.array([kink.minimum])) == pytest.approx(0.0, abs=1e-15)
        left, middle, right = kink.at(np.array([-1e-6, 0.0, 1e-6]))
        assert (middle - left) / 1e-6 == pytest.approx(kink.slopes[0], abs=1e-5)
        assert (right - middle) / 1e-6 == pytest.approx(kink.slopes[1], abs=1e-5)


def test_a_line_ends_where_the_certificate_does():
    near = draw().axes[0]
    lines = {line.get_color(): line for line in near.lines if len(line.get_xdata()) > 2}
    first = int(np.argmax(FALLS.excess <= 1e-12))
    assert lines[BLUE].get_xdata()[-1] == 2.0 * first
    assert lines[BLUE].get_ydata()[-1] == 1e-12
    assert lines[ORANGE].get_xdata()[-1] == 400.0


def test_points_are_left_out_only_where_the_line_is_straight():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(size=300))
    for y in (np.sin(20 * x), x, np.abs(x - 0.5), rng.normal(size=300)):
        kept = _needed(x, y)
        away = np.abs(np.interp(x, x[kept], y[kept]) - y)
        assert away.max() <= 0.003 * np.ptp(y)
    assert _needed(x, x).tolist() == [0, 299]
    assert _needed(x[:1], x[:1]).tolist() == [0]
    assert len(_needed(x, np.abs(x - 0.5))) <= 5


@pytest.mark.parametrize("size", [2, 50, 121, 5000])
def test_thinned_points_start_after_the_start_and_reach_the_end(size):
    kept = _thinned(size)
    assert kept[0] == 1
    assert kept[-1] == size - 1
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= 240


def test_where_no_step_is_needed_the_picture_says_so():
    flat = course("falls", 0.0 * STEPS, 0 * STEPS + 10, 0.0 * STEPS)
    figure = draw((flat,), Kink("a", 0.0, (-0.1, 0.1), 1.0), known_to=0.0, certified_zeros=10)
    assert "zero is the solution: no step is needed" in words_of(figure.axes[0])
    svg_of(figure)


def test_the_same_picture_is_the_same_text_and_small():
    assert svg_of(draw()) == svg_of(draw())
    assert len(svg_of(draw())) < 60_000


def test_no_text_covers_another_or_leaves_the_picture():
    name = "a feature with a name that goes on and on"
    figure = draw(kink=Kink(name, 0.0, (-0.3, 0.1), 2.0), unit="a target with a long name")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    for axes in figure.axes:
        labels = [axes.xaxis.label, axes.yaxis.label, *axes.texts]
        titles = [child for child in axes.get_children() if hasattr(child, "get_text")]
        shown = {id(text): text for text in labels + titles if text.get_text()}
        boxes += [text.get_window_extent(renderer) for text in shown.values()]
    edge = figure.bbox
    for box in boxes:
        assert edge.x0 <= box.x0 <= box.x1 <= edge.x1
        assert edge.y0 <= box.y0 <= box.y1 <= edge.y1
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
