"""Pictures of coefficients over samples, from plain arrays."""

import io
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import matplotlib.image
import numpy as np
import pytest

from shrinkage.draw import png_of, svg_of
from shrinkage.draw.correlated import CoefPanel, brief, group_figure, pair_figure, percent

LONG = "a rather long name of a feature that goes on = "


def panels(k, n=100, count=3, scale=1.0):
    rng = np.random.default_rng(0)
    coefs = scale * rng.normal(size=(count, n, k))
    coefs[-1, ::2, 0] = 0.0
    words = "picks one in 99.5 %: abcdef 49.5 %, ghijkl 50 %\nneither 0.5 %; sd of difference 1.23"
    return [
        CoefPanel(f"penalty {c}", words, "#0072B2", each, np.zeros(k))
        for c, each in enumerate(coefs)
    ]


def figure_of(k, names, **changes):
    made = pair_figure if k == 2 else group_figure
    options = dict(mark="truth", heading="Heading", numbers="numbers")
    if k == 2:
        options["sign"] = 1.0
    return made(panels(k, **changes), names, **options)


@pytest.mark.parametrize("k", [2, 3, 30])
@pytest.mark.parametrize("long", [False, True])
def test_everything_fits_on_the_paper_and_no_panel_writes_into_the_next(k, long):
    names = [f"{LONG}{j}" if long else f"x{j}" for j in range(k)]
    figure = figure_of(k, names)
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
    top = max(box.y1 for box in boxes)
    assert all(text.get_window_extent().y0 >= top for text in figure.texts[-2:])
    assert figure.texts[0].get_window_extent().y1 <= min(box.y0 for box in boxes)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_every_sample_is_a_stroke_and_exact_zeros_are_crosses(scale):
    figure = figure_of(2, ["a", "b"], scale=scale)
    counts = [
        [len(patch.get_path().vertices) // 2 for patch in axes.patches] for axes in figure.axes
    ]
    # Dots are one stroke each, crosses two; a few share a place of the grid.
    assert [len(count) for count in counts] == [1, 1, 2]
    assert 95 <= counts[0][0] <= 100
    assert 45 <= counts[2][0] <= 50
    assert 80 <= counts[2][1] <= 100
    crosses = figure.axes[2].patches[1].get_path().vertices.reshape(-1, 2, 2).mean(axis=1)
    low, high = figure.axes[2].get_xlim()
    assert np.abs(crosses[:, 0]).max() <= (high - low) / 1000


def test_dots_are_where_the_coefficients_are():
    figure = figure_of(2, ["a", "b"])
    drawn = figure.axes[0].patches[0].get_path().vertices.reshape(-1, 2, 2).mean(axis=1)
    coefs = panels(2)[0].coefs
    away = np.abs(coefs[:, None, :] - drawn).max(axis=2).min(axis=1)
    low, high = figure.axes[0].get_xlim()
    assert away.max() <= (high - low) / 1000


def test_dots_survive_the_pixels():
    # Short strokes once were moved to the middle of a pixel, and vanished.
    def blue(n):
        figure = pair_figure(
            panels(2, n, 1), ["a", "b"], mark="m", sign=1.0, heading="H", numbers="n"
        )
        image = matplotlib.image.imread(io.BytesIO(png_of(figure)))
        return np.count_nonzero((image[..., 2] > 0.5) & (image[..., 0] < 0.2))

    assert blue(60) > 50 * blue(1)


def test_all_panels_have_the_same_limits():
    figure = figure_of(2, ["a", "b"])
    limits = {axes.get_xlim() for axes in figure.axes} | {axes.get_ylim() for axes in figure.axes}
    assert len(limits) == 1


def test_a_name_is_text_and_not_markup():
    for k in (2, 3):
        svg = svg_of(figure_of(k, ["$s_5$", "<b>&", "c"][:k]))
        words = " ".join(text for text in ET.fromstring(svg).itertext())
        assert "$s_5$" in words
        assert "<b>&" in words


def test_only_zeros_can_be_drawn():
    panel = CoefPanel("t", "n", "#0072B2", np.zeros((5, 2)), np.zeros(2))
    svg_of(pair_figure([panel], ["a", "b"], mark="m", sign=-1.0, heading="h", numbers="n"))
    svg_of(group_figure([panel], ["a", "b"], mark="m", heading="h", numbers="n"))


def test_a_group_says_how_often_each_is_zero():
    figure = figure_of(3, ["a", "b", "c"])
    found = [text.get_text() for text in figure.axes[2].texts]
    assert found[:3] == ["50 % zero", "0 %", "0 %"]


def test_both_ends_of_a_long_name_are_kept():
    assert brief("short") == "short"
    name = brief("colour of the house=green")
    assert name == "colour of the house=green"
    cut = brief("colour of the house at the corner=green")
    assert re.fullmatch(r"colour of the.*\.\.\..*=green", cut)
    assert len(cut) == 28


def test_percent_has_at_most_three_digits():
    assert [percent(share) for share in (0.0, 0.005, 0.425, 1.0)] == [
        "0 %",
        "0.5 %",
        "42.5 %",
        "100 %",
    ]
