"""The axis that all pictures over alpha share: strong on the left, features counted above."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.draw.figure import INK, describe, description_of, plain_axes, write_title
from shrinkage.draw.table import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# From this width in points the words under the axes stand beside each other.
_WIDE = 420.0


def prepare(axes: Axes, alphas: FloatArray, filled: float = 1.0) -> None:
    """Set a reversed logarithmic axis, of whose length the alphas fill the left share."""
    axes.set_xscale("log")
    if alphas.size > 1:
        high, low = float(alphas.max()), float(alphas.min())
        axes.set_xlim(high, high * (low / high) ** (1.0 / filled))
        if filled < 1.0:  # where the names stand there is no alpha
            _keep_ticks(axes, 0.999 * low, 1.001 * high)
    elif alphas.size:
        axes.set_xlim(float(alphas[0]) * 2.0, float(alphas[0]) / 2.0)
    plain_axes(axes)


def _keep_ticks(axes: Axes, lowest: float, highest: float) -> None:
    """Keep the ticks in this range only, and the limits of the axis."""
    limits = axes.get_xlim()
    for minor in (False, True):
        ticks = axes.get_xticks(minor=minor)
        axes.set_xticks(ticks[(ticks >= lowest) & (ticks <= highest)], minor=minor)
    axes.set_xlim(limits)


def count_features(axes: Axes, alphas: FloatArray, counts: IndexArray) -> None:
    """Write the number of features above the axes, at places spread evenly over it."""
    top = axes.secondary_xaxis("top")
    top.set_xticks([])
    if alphas.size:
        n_ticks = max(2, min(9, int(axes_points(axes)[0] / 40.0)))
        places = np.unique(np.linspace(0, alphas.size - 1, n_ticks).round().astype(int))
        top.set_xticks(alphas[places], [str(count) for count in counts[places]])
        top.set_xticks([], minor=True)
    top.tick_params(colors=INK, labelsize=9, length=2)
    top.spines["top"].set_visible(False)
    # Beside the numbers, which saves a row above them.
    axes.annotate(
        "features",
        (0.0, 1.0),
        (-14.0, 5.5),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        size=9,
        color=INK,
    )


def mark(axes: Axes, chosen: float | None, one_se: float | None, labelled: bool = False) -> None:
    """Draw a line at the chosen alpha and one at that of the one-standard-error rule."""
    for alpha, style, name in ((chosen, "-", "chosen alpha"), (one_se, ":", "one-se alpha")):
        if alpha is not None and alpha > 0.0:
            label = f"{name} {significant(alpha, 3)}" if labelled else None
            axes.axvline(alpha, color=INK, linestyle=style, linewidth=1.0, label=label)


def name_sides(axes: Axes) -> None:
    """Say under the axes on which side a model fits too little and on which too much."""
    is_wide = axes_points(axes)[0] >= _WIDE
    left = "\N{LEFTWARDS ARROW} underfitting" + (": too strong" if is_wide else "")
    right = "overfitting" + (": too weak" if is_wide else "") + " \N{RIGHTWARDS ARROW}"
    axes.set_xlabel("alpha: strength of the penalty" if is_wide else "alpha", color=INK)
    look: dict[str, Any] = {"size": 9, "color": INK, "style": "italic", "va": "top"}
    look |= {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(left, (0.0, 0.0), (0.0, -25.0), ha="left", **look)
    axes.annotate(right, (1.0, 0.0), (0.0, -25.0), ha="right", **look)


def label_y(axes: Axes, words: str) -> None:
    """Write the label of the vertical axis, smaller where it would be longer than the axis."""
    longest = max(map(len, words.split("\n")))
    size = min(10.0, max(6.0, 1.6 * axes_points(axes)[1] / longest))
    axes.set_ylabel(words, color=INK, fontsize=size)


def nearest(alphas: FloatArray, alpha: float | None) -> int:
    """Return the position of the alpha nearest to `alpha`; the last one for None or 0."""
    if alpha is None or not alpha > 0.0:
        return int(alphas.size) - 1
    return int(np.argmin(np.abs(np.log(alphas) - np.log(alpha))))


def axes_points(axes: Axes) -> tuple[float, float]:
    """Return width and height of the axes in points."""
    scale = 72.0 / float(axes.figure.dpi)
    return float(axes.bbox.width) * scale, float(axes.bbox.height) * scale


def title_of_figure(figure: Figure, heading: str, numbers: str) -> None:
    """Write the title of a figure of our own, with long numbers on two lines."""
    write_title(figure, heading, "\n".join(_lines(numbers, 116)))


def title_of_axes(axes: Axes, heading: str, numbers: str) -> None:
    """Write the title above the user's axes."""
    size = 9.0
    lines = _lines(f"{heading}; {numbers}", max(20, int(axes_points(axes)[0] / (0.5 * size))))
    axes.set_title("\n".join(lines), loc="left", fontsize=size, color=INK, parse_math=False)


def _lines(text: str, longest: int) -> list[str]:
    """Break the text between its parts where there is one, else between words."""
    lines: list[str] = []
    for part in text.split("; "):
        if lines and len(lines[-1]) + 2 + len(part) <= longest:
            lines[-1] += f"; {part}"
        else:
            lines += textwrap.wrap(part, longest)
    return lines


def add_description(figure: Figure, description: str) -> None:
    """Describe the figure unless its owner, or an earlier picture in it, has done so."""
    if not description_of(figure):
        describe(figure, description)
