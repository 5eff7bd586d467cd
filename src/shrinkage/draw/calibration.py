"""The picture of observed over predicted means, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.figure import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PINK,
    describe,
    new_figure,
    plain_axes,
    write_title,
)
from shrinkage.draw.table import significant, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (6.4, 7.2)
_LEFT, _WIDE = 0.125, 0.84
_COLOURS = (ORANGE, BLUE, GREEN, PINK, "#56B4E9", "#E69F00", "#000000")
_MARKERS = "osD^vP*"
# Bars whose counts are written above them.
_MOST_WRITTEN = 10
# More classes than can be told apart are left out.
MOST_NAMED = len(_COLOURS)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted means in bins, and what was observed in each.

    Attributes
    ----------
    name : str
        Class whose probability it is; empty for a single mean.
    predicted, observed : ndarray of shape (n_bins,)
        Means in each bin that has rows.
    low, high : ndarray of shape (n_bins,)
        Ends of the 95 % interval of `observed`.
    edges : ndarray of shape (m + 1,)
        Of the histogram of the predictions.
    counts : ndarray of shape (m,)
        Rows between two edges.
    """

    name: str
    predicted: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    edges: FloatArray
    counts: FloatArray


def calibration_figure(
    bins: Sequence[Reliability],
    *,
    heading: str,
    numbers: str,
    is_share: bool,
    asked_by: str = "calibration_figure",
) -> Figure:
    """Draw observed over predicted means with their intervals, and how many rows there are.

    Parameters
    ----------
    bins : sequence of Reliability
        One, or one for each class; of more than seven the first are drawn.
    heading, numbers : str
        Lines of the title.
    is_share : bool
        Whether the means are probabilities, so that both axes run from 0 to 1.
    asked_by : str
        What the user called, for the error if matplotlib is missing.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = new_figure(asked_by, _INCHES)
    upper = figure.add_axes((_LEFT, 0.285, _WIDE, 0.61))
    lower = figure.add_axes((_LEFT, 0.08, _WIDE, 0.15), sharex=upper)
    shown = bins[:MOST_NAMED]
    top = 1.0 if is_share else 1.05 * max(float(np.r_[b.high, b.predicted].max()) for b in shown)
    room = 0.02 * top
    upper.set_xlim(-room, top + room)
    upper.set_ylim(-room, top + room)
    plain_axes(upper)
    plain_axes(lower)
    upper.plot([0.0, top], [0.0, top], color=GREY, linewidth=1.0, label="perfect")
    for position, part in enumerate(shown):
        alone = len(shown) == 1
        _draw_bins(upper, part, _COLOURS[position], _MARKERS[position], joined=alone)
        _draw_rows(lower, part, _COLOURS[position], filled=alone)
    what = "share" if is_share else "mean"
    upper.set_ylabel(f"observed {what}, with 95 % interval", color=INK)
    upper.tick_params(labelbottom=False)
    lower.set_xlabel("predicted probability" if is_share else "predicted mean", color=INK)
    lower.set_ylabel("rows", color=INK)
    upper.legend(loc="upper left", fontsize=9, frameon=False)
    write_title(figure, heading, numbers)
    describe(figure, _description(shown, numbers, what))
    return figure


def _draw_bins(axes: Axes, part: Reliability, colour: str, marker: str, *, joined: bool) -> None:
    distance = np.abs(np.stack([part.observed - part.low, part.high - part.observed]))
    if joined:  # lines of several classes would cross each other
        axes.plot(part.predicted, part.observed, color=colour, linewidth=0.7, alpha=0.6)
    look: dict[str, Any] = {"linestyle": "none", "elinewidth": 1.0, "capsize": 2.5}
    axes.errorbar(
        part.predicted,
        part.observed,
        distance,
        color=colour,
        marker=marker,
        markersize=5,
        label=visible(part.name) if part.name else "rows in ten bins",
        **look,
    )


def _draw_rows(axes: Axes, part: Reliability, colour: str, *, filled: bool) -> None:
    axes.stairs(part.counts, part.edges, color=colour, fill=filled, alpha=0.55 if filled else 0.9)
    axes.set_ylim(0.0, 1.18 * max(axes.get_ylim()[1], float(part.counts.max())) / 1.05)
    if filled and part.counts.size <= _MOST_WRITTEN:  # small bars have to be read
        middles = 0.5 * (part.edges[1:] + part.edges[:-1])
        for count, middle in zip(part.counts, middles, strict=True):
            look: dict[str, Any] = {"ha": "center", "va": "bottom", "size": 7.5, "color": INK}
            axes.text(float(middle), float(count), f"{count:.0f}", **look)


def _description(bins: Sequence[Reliability], numbers: str, what: str) -> str:
    words = f"Observed over predicted {what} in bins, of rows held out: {numbers}."
    for part in bins[:3]:
        apart = np.abs(part.observed - part.predicted)
        outside = int(np.count_nonzero((part.predicted < part.low) | (part.predicted > part.high)))
        furthest = int(np.argmax(apart))
        name = f"{visible(part.name)}: " if part.name else ""
        words += (
            f" {name}{outside} of {part.predicted.size} bins have a 95 % interval without the "
            f"prediction; the furthest is {significant(float(part.observed[furthest]), 2)} "
            f"observed at {significant(float(part.predicted[furthest]), 2)} predicted."
        )
    return words
