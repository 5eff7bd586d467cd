"""The picture of how often each feature is kept, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.draw.figure import GREY, INK, new_figure, plain_axes, write_title
from shrinkage.draw.labels import from_entry, name_lines
from shrinkage.draw.table import significant
from shrinkage.draw.thin import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TALL = 5.4
# Inches: a panel, the margin on its left, and one letter of the names on its right.
_PANEL, _LEFT, _LETTER = 3.7, 0.8, 0.072
_ONE_PANEL = 6.0
_LONGEST = 24
# The others are many, and 60 kB are soon full.
MOST_OTHERS = 15
_MOST_TICKS = 7


@dataclass(frozen=True, eq=False)
class SelectionPanel:
    """What one penalty keeps.

    Attributes
    ----------
    title, numbers : str
        First line, and what is written under it.
    alphas : ndarray of shape (n_alphas,)
        Decreasing, above 0.
    frequency : ndarray of shape (n_alphas, n_features)
        Shares in [0, 1].
    chosen : float
        The alpha to mark.
    kept : ndarray
        Features to mark with a dot there.
    """

    title: str
    numbers: str
    alphas: FloatArray
    frequency: FloatArray
    chosen: float
    kept: IndexArray


def selection_figure(
    panels: Sequence[SelectionPanel],
    names: Sequence[str],
    named: IndexArray,
    *,
    threshold: float,
    heading: str,
    numbers: str,
    asked_by: str = "selection_figure",
) -> Figure:
    """Draw how often each feature is kept over alpha, one panel for each penalty.

    Parameters
    ----------
    panels : sequence of SelectionPanel
    names : sequence of str, length n_features
    named : ndarray
        Features with a colour and a name, in every panel the same, the first one on top where
        they tie. Of the others at most 15 are drawn in each panel, in grey.
    threshold : float in [0, 1]
        Where a line across is drawn.
    heading, numbers : str
    asked_by : str
        What the user called, for the error if matplotlib is missing.
    """
    longest = max((min(len(names[j]), _LONGEST) for j in named), default=0)
    inches = _PANEL if len(panels) > 1 else _ONE_PANEL
    each = _LEFT + inches + 0.3 + _LETTER * longest
    wide = each * len(panels)
    figure = new_figure(asked_by, (wide, _TALL))
    for position, panel in enumerate(panels):
        left = (each * position + _LEFT) / wide
        axes = figure.add_axes((left, 0.105, inches / wide, 0.655))
        _draw(axes, panel, names, named, threshold)
        axes.set_xlabel("alpha, stronger to the left", color=INK)
        if position == 0:
            axes.set_ylabel("half-samples in which it is kept (%)", color=INK)
        look: dict[str, Any] = {"ha": "left", "color": INK, "transform": axes.transAxes}
        axes.text(0.0, 1.115, panel.title, size=11, weight="bold", va="bottom", **look)
        axes.text(0.0, 1.105, panel.numbers, size=9, va="top", **look)
    write_title(figure, heading, numbers)
    return figure


def _draw(
    axes: Axes,
    panel: SelectionPanel,
    names: Sequence[str],
    named: IndexArray,
    threshold: float,
) -> None:
    alphas, percent = panel.alphas, 100.0 * panel.frequency
    axes.set_xscale("log")
    if alphas.size > 1:
        axes.set_xlim(float(alphas[0]), float(alphas[-1]))
    else:
        axes.set_xlim(float(alphas[0]) * 2.0, float(alphas[0]) / 2.0)
    axes.set_ylim(-2.0, 102.0)
    axes.set_yticks(range(0, 101, 20))
    plain_axes(axes)
    label_alphas(axes)
    marker = "o" if alphas.size == 1 else ""
    others = _others(percent, named)
    if others.size:
        axes.plot(
            *_as_one_line(axes, alphas, percent[:, others]),
            color=GREY,
            linewidth=0.6,
            marker=marker,
            markersize=3,
            zorder=1,
        )
    axes.axhline(100.0 * threshold, color=INK, linewidth=0.6, linestyle=(0, (6, 3)), zorder=1)
    # Reversed, for of names that tie the first one gets the lowest place.
    order = named[::-1]
    name_lines(axes, alphas, percent[:, order], [names[j] for j in order], marker)
    axes.axvline(panel.chosen, color=INK, linestyle=":", linewidth=1.2)
    at = int(np.abs(alphas - panel.chosen).argmin())
    heights = np.unique(percent[at, panel.kept])
    axes.plot(
        np.full(heights.size, panel.chosen),
        heights,
        "o",
        color=INK,
        markersize=4,
        markerfacecolor="white",
        zorder=4,
        clip_on=False,
    )


def label_alphas(axes: Axes) -> None:
    """Write plain numbers at 1, 2 and 5 of each power of ten, or at the powers if these are many.

    The axis is logarithmic, with the limits that it will keep.
    """
    low, high = sorted(axes.get_xlim())
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    powers = 10.0 ** np.arange(first, last + 1)
    ticks = np.outer(powers, [1.0, 2.0, 5.0]).ravel()
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    if ticks.size > _MOST_TICKS:
        ticks = powers[(powers >= low) & (powers <= high)]
        ticks = ticks[:: -(-ticks.size // _MOST_TICKS)]
    axes.set_xticks(ticks.tolist(), [significant(tick, 1) for tick in ticks.tolist()])
    axes.set_xticks([], minor=True)


def _others(percent: FloatArray, named: IndexArray) -> IndexArray:
    """Return the features to draw in grey: of those that are ever kept the most often kept."""
    mean = percent.mean(axis=0)
    mean[named] = 0.0
    order = np.argsort(-mean, kind="stable")[:MOST_OTHERS]
    return np.asarray(order[mean[order] > 0.0], dtype=np.intp)


def _as_one_line(axes: Axes, x: FloatArray, lines: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lines with gaps between them: one path is shorter in SVG than many."""
    ends = []
    for y in from_entry(lines).T:
        kept = thinned(axes, x, y, tolerance=1.5)
        ends.append(np.stack([np.append(x[kept], np.nan), np.append(y[kept], np.nan)]))
    joined = np.concatenate(ends, axis=1)
    return joined[0], joined[1]
