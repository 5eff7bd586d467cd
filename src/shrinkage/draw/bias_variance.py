"""The picture of bias, variance and noise over alpha, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.figure import GREY, INK, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's, other than those of the penalties; hatched against black-and-white print.
_BIAS, _VARIANCE = "#E69F00", "#56B4E9"
_PANEL, _LEFT, _RIGHT, _GAP, _HEIGHT = 3.2, 0.8, 0.25, 0.2, 5.1
_BOTTOM, _TOP = 0.86, 1.42
_N_DOTS = 9
_KEY = (
    "line: noise + bias\N{SUPERSCRIPT TWO} + variance;   dots: test error simulated on new data, "
    "\N{PLUS-MINUS SIGN} 2 standard errors;   diamond: sweet spot"
)


@dataclass(frozen=True, eq=False)
class Panel:
    """What one penalty's panel shows, in units of the variance of the noise.

    Attributes
    ----------
    name, colour, line : str
        Of the penalty.
    alphas : ndarray, shape (n_alphas,)
        Decreasing and positive.
    bias_squared, variance, test_error, test_error_se : ndarray, shape (n_alphas,)
    best : int
        Position of the sweet spot.
    note : str
        Words about it.
    """

    name: str
    colour: str
    line: str
    alphas: FloatArray
    bias_squared: FloatArray
    variance: FloatArray
    test_error: FloatArray
    test_error_se: FloatArray
    best: int
    note: str

    @property
    def error(self) -> FloatArray:
        """Sum of the three parts."""
        return 1.0 + self.bias_squared + self.variance


def inches_for(n_panels: int) -> tuple[float, float]:
    """Return the size of the figure: a title needs room for two panels."""
    return max(_LEFT + n_panels * (_PANEL + _GAP) - _GAP + _RIGHT, 9.5), _HEIGHT


def draw_bias_variance(figure: Figure, panels: Sequence[Panel]) -> None:
    """Draw the panels side by side, strong penalty on the left, with one scale for the error.

    Parameters
    ----------
    figure : matplotlib Figure
        Empty but for its title, of the size of `inches_for`.
    panels : sequence of Panel
    """
    width, height = (float(inches) for inches in figure.get_size_inches())
    each = (width - _LEFT - _RIGHT + _GAP) / len(panels) - _GAP
    highest = _limit(panels)
    for position, panel in enumerate(panels):
        left = _LEFT + position * (each + _GAP)
        box = (left / width, _BOTTOM / height, each / width, (height - _BOTTOM - _TOP) / height)
        axes = figure.add_axes(box)
        plain_axes(axes)
        axes.set_xscale("log")
        axes.tick_params(axis="x", which="minor", bottom=False)
        if panel.alphas.size > 1:
            axes.set_xlim(float(panel.alphas[0]), float(panel.alphas[-1]))
        axes.set_ylim(0.0, highest)
        axes.locator_params(axis="y", nbins=5)
        _draw_areas(axes, panel)
        _draw_errors(axes, panel)
        _write_sides(axes, panel)
        if position == 0:
            axes.set_ylabel("squared error / variance of the noise", color=INK)
        else:
            axes.tick_params(left=False, labelleft=False)
    middle = (_LEFT + width - _RIGHT) / 2 / width
    style: dict[str, Any] = {"ha": "center", "va": "bottom", "color": INK}
    words = "alpha: strength of the penalty, stronger to the left, each panel with its own scale"
    figure.text(middle, 0.30 / height, words, size=10, **style)
    figure.text(middle, 0.08 / height, _KEY, size=9, **style)


def _limit(panels: Sequence[Panel]) -> float:
    """Return the highest error to show: a wild weak end is cut off."""
    strongest = max(float(panel.error[0]) for panel in panels)
    highest = max(float(panel.error.max()) for panel in panels)
    return 1.05 * min(highest, max(1.35 * strongest, 2.0))


def _draw_areas(axes: Axes, panel: Panel) -> None:
    """Stack noise, squared bias and variance, each named where it is thick."""
    bias = 1.0 + np.maximum(panel.bias_squared, 0.0)
    edges = (np.zeros_like(bias), np.ones_like(bias), bias, np.maximum(panel.error, bias))
    looks = (
        (GREY, "", "noise"),
        (_BIAS, "//", "bias\N{SUPERSCRIPT TWO}"),
        (_VARIANCE, "\\\\", "variance"),
    )
    for low, high, (colour, hatch, name) in zip(edges[:-1], edges[1:], looks, strict=True):
        style: dict[str, Any] = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.0}
        axes.fill_between(panel.alphas, low, high, hatch=hatch, alpha=0.75, **style)
        _name_area(axes, panel.alphas, low, high, name)


def _name_area(
    axes: Axes, alphas: FloatArray, low: FloatArray, high: FloatArray, name: str
) -> None:
    top = axes.get_ylim()[1]
    seen = np.minimum(high, top) - np.minimum(low, top)
    # Not at the edges, where the name would stick out.
    inner = np.arange(alphas.size)[alphas.size // 6 : alphas.size - alphas.size // 6]
    if not inner.size:
        return
    at = inner[0] if name == "noise" else inner[np.argmax(seen[inner])]
    place = min(float(low[at]), top) + float(seen[at]) / 2.0
    if seen[at] < 0.1 * top:
        if name != "variance":
            return
        # Too thin to be written into: above it, at the end where it should be thickest.
        at = inner[-1]
        place = min(float(high[at]) + 0.07 * top, 0.95 * top)
    box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "size": 9, "bbox": box}
    axes.text(float(alphas[at]), place, name, **style)


def _draw_errors(axes: Axes, panel: Panel) -> None:
    """Draw the sum, the simulated test error as dots on it, and the sweet spot."""
    axes.plot(panel.alphas, panel.error, panel.line, color=panel.colour, linewidth=2.0)
    dots = np.unique(np.linspace(0, panel.alphas.size - 1, _N_DOTS).round().astype(int))
    axes.errorbar(
        panel.alphas[dots],
        panel.test_error[dots],
        2.0 * panel.test_error_se[dots],
        fmt="o",
        color=INK,
        markersize=3.0,
        elinewidth=1.0,
    )
    best, lowest = float(panel.alphas[panel.best]), float(panel.error[panel.best])
    axes.axvline(best, color=INK, linestyle=":", linewidth=1.0)
    axes.plot([best], [lowest], "D", color=panel.colour, markeredgecolor="white", markersize=8)


def _write_sides(axes: Axes, panel: Panel) -> None:
    """Write the penalty with its sweet spot above the panel, and what is wrong on either side."""
    height = axes.get_position().height * float(axes.figure.get_figheight())  # type: ignore[union-attr]
    words: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "color": INK}
    words["parse_math"] = False
    lowest = f"lowest error {panel.error[panel.best]:.2f}"
    axes.text(0.0, 1 + 0.45 / height, f"{panel.name}: {lowest}", size=11, weight="bold", **words)
    axes.text(0.0, 1 + 0.25 / height, panel.note, size=9, **words)
    words |= {"size": 9, "style": "italic"}
    axes.text(0.0, 1 + 0.04 / height, "\N{LEFTWARDS ARROW} underfitting", ha="left", **words)
    axes.text(1.0, 1 + 0.04 / height, "overfitting \N{RIGHTWARDS ARROW}", ha="right", **words)
