"""The figures of networks say what they should."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from shrinkage.draw.figure import description_of, svg_of
from shrinkage.draw.network import TradeOff, network_path_figure, trade_off_figure

ALPHAS = np.array([1.0, 0.1, 0.01, 0.0])
KEPT = np.array([10, 50, 300, 1000])
SCORES = np.array([0.5, 0.93, 0.95, 0.94])
LIVING = {"0.weight": np.array([0, 20, 60, 64]), "2.weight": np.array([3, 10, 40, 40])}
SIZES = {"0.weight": 64, "2.weight": 40}
NONE = np.full(4, np.nan)


def drawn(**change):
    arguments = {"n_weights": 1000, "chosen": 0.01, "measure": "accuracy"} | change
    return network_path_figure(ALPHAS, KEPT, SCORES, NONE, LIVING, SIZES, **arguments)


def words_of(figure):
    texts = [t.get_text() for t in figure.texts]
    for axes in figure.axes:
        texts += [t.get_text() for t in axes.texts] + [axes.get_xlabel(), axes.get_ylabel()]
    return texts


def test_a_network_path_names_its_layers_and_the_best():
    words = words_of(drawn())
    assert "0.weight (64)" in words
    assert "2.weight (40)" in words
    assert "accuracy" in words
    assert any("300 of 1000 weights, 70% exact zeros" in text for text in words)


def test_the_strong_penalty_is_on_the_left():
    left, right = drawn().axes[1].get_xlim()
    assert left == ALPHAS[0]
    assert right == ALPHAS[2]


def test_the_description_has_the_numbers():
    said = description_of(drawn())
    assert "0.weight 64 to 0" in said
    assert "70% exact zeros" in said


@pytest.mark.parametrize("n", [1, 2])
def test_few_alphas_can_be_drawn(n):
    living = {name: kept[:n] for name, kept in LIVING.items()}
    figure = network_path_figure(
        ALPHAS[:n], KEPT[:n], SCORES[:n], np.full(n, 0.01), living, SIZES, n_weights=1000
    )
    ET.fromstring(svg_of(figure))


def test_alpha_0_alone_can_be_drawn():
    living = {name: kept[3:] for name, kept in LIVING.items()}
    figure = network_path_figure(
        ALPHAS[3:], KEPT[3:], SCORES[3:], NONE[3:], living, SIZES, n_weights=1000, chosen=0.0
    )
    ET.fromstring(svg_of(figure))


def test_penalties_are_told_apart_by_more_than_colour():
    curves = [TradeOff(name, KEPT, SCORES - 0.01 * k) for k, name in enumerate("abcd")]
    figure = trade_off_figure(curves, reference=0.94, reference_error=0.01)
    lines = [bar.lines[0] for bar in figure.axes[0].containers]
    assert len({line.get_marker() for line in lines}) == 4
    assert len({line.get_linestyle() for line in lines}) == 4
    assert len(svg_of(figure).encode()) < 60_000
    assert "a: best 0.950 with 300 weights, 0.500 with 10" in description_of(figure)


def test_everything_fits_on_the_paper():
    curves = [TradeOff("sparse group lasso", KEPT, SCORES, 0.01 * SCORES)]
    for figure in (drawn(), trade_off_figure(curves)):
        figure.draw_without_rendering()
        width, height = figure.get_size_inches() * figure.dpi
        box = figure.get_tightbbox()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 * figure.dpi <= width
        assert box.y1 * figure.dpi <= height


def test_what_is_cut_off_is_said():
    figure = trade_off_figure([TradeOff("L1", KEPT, SCORES)], lowest=0.9)
    assert figure.axes[0].get_ylim()[0] == 0.9
    assert figure.axes[0].get_xlim()[0] > 10
    assert any("below 0.9 nothing is shown" in text for text in words_of(figure))
