"""The panels of classes: one axis, one colour for a feature, and room for the errors."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from shrinkage.draw import ErrorCurves, description_of
from shrinkage.draw.class_panels import class_panels

ALPHAS = np.geomspace(1.0, 1e-3, 12)
GROWTH = np.linspace(0.0, 1.0, 12)[:, None, None]
COEFS = GROWTH * np.array([[1.0, -2.0, 0.0, 0.1], [0.0, 3.0, 0.5, -0.2], [-1.0, -1.0, 0.0, 0.1]])
NAMES = ["a", "b", "c", "d"]
CLASSES = ["class x", "class y", "class z"]
ERRORS = ErrorCurves(
    np.linspace(2.0, 1.0, 12), np.linspace(2.0, 1.5, 12), None, "mean deviance", None, (), False
)


def colours(axes) -> dict[str, str]:
    """Return the colour of the line that ends beside each name."""
    leaders = [line for line in axes.lines if line.get_transform() == axes.transAxes]
    named = [text.get_text() for text in axes.texts if text.get_text() in NAMES]
    return dict(zip(named, (line.get_color() for line in leaders), strict=True))


def test_a_feature_has_one_colour_and_all_panels_one_axis() -> None:
    figure, axes = class_panels(ALPHAS, COEFS, NAMES, CLASSES, chosen=0.01)
    assert len(axes) == len(figure.axes) == 3
    found = [colours(panel) for panel in axes]
    assert set(found[0]) == {"a", "b", "d"}  # c is 0 in the first class
    for name in ("a", "b", "d"):
        assert len({panel[name] for panel in found if name in panel}) == 1
    assert len(set(found[1].values())) == 3
    assert len({panel.get_ylim() for panel in axes}) == 1
    low, high = axes[0].get_ylim()
    assert low < COEFS.min()
    assert high > COEFS.max()
    assert [panel.get_title(loc="left").split(";")[0] for panel in axes] == CLASSES


def test_where_the_names_stand_there_are_no_ticks() -> None:
    _, axes = class_panels(ALPHAS, COEFS, NAMES, CLASSES, ERRORS, chosen=0.01)
    for panel in axes[:3]:
        assert panel.get_xlim()[0] == 1.0
        assert panel.get_xlim()[1] < 0.8 * ALPHAS[-1]
        for minor in (False, True):
            assert min(panel.get_xticks(minor=minor)) > 0.99 * ALPHAS[-1]
        assert 1e-2 in panel.get_xticks()


def test_errors_have_a_panel_after_the_classes() -> None:
    figure, axes = class_panels(ALPHAS, COEFS, NAMES, CLASSES, ERRORS, chosen=0.01, one_se=0.1)
    assert len(axes) == len(figure.axes) == 4
    assert axes[3].get_ylabel() == "mean deviance"
    assert "class y: largest b" in description_of(figure)


def test_in_axes_of_the_user() -> None:
    figure = Figure(figsize=(12, 4))
    places = figure.subplots(1, 3)
    same, axes = class_panels(ALPHAS, COEFS, NAMES, CLASSES, ERRORS, places=places)
    assert same is figure
    assert axes == list(places)


def test_nothing_to_show() -> None:
    figure, _ = class_panels(np.zeros(1), COEFS[:1], NAMES, CLASSES)
    assert "no positive alpha to show" in description_of(figure)
    figure, _ = class_panels(ALPHAS, np.zeros((12, 3, 0)), [], CLASSES)
    assert "0 of 0 features" in description_of(figure)
