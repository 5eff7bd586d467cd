"""Level lines of a loss and the ball of a penalty that touches them, in panels side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.figure import GREY, INK, new_figure, plain_axes, write_title
from shrinkage.draw.table import significant, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PER_ROW = 3
_SIDE = 3.3  # inches, of the square of a panel
_LEFT, _RIGHT, _GAP = 1.0, 0.3, 0.35
_TOP, _BELOW = 1.05, 1.25  # for the title; under a panel for its axis and its words
_HEADING = 0.35
_LONGEST = 26
_FARTHEST = 20.0  # a minimum so many balls away would make them invisible


@dataclass(frozen=True, eq=False)
class Panel:
    """One penalty: its ball, the loss, and where they touch.

    Attributes
    ----------
    name, colour, line : str
        Of the penalty.
    ball : ndarray, shape (n_points, 2)
        Boundary of the ball; a single point if the penalty keeps nothing.
    rings : sequence of ndarray, shape (n_points, 2)
        Closed level lines of the loss; NaN where a line leaves what was computed.
    touching : ndarray, shape (n_points, 2)
        The level line through the contact.
    contact, minimum : ndarray, shape (2,)
        Where ball and loss touch; where the loss is smallest.
    words : str
        Lines under the panel.
    """

    name: str
    colour: str
    line: str
    ball: FloatArray
    rings: Sequence[FloatArray]
    touching: FloatArray
    contact: FloatArray
    minimum: FloatArray
    words: str


def blank_geometry(n_panels: int, asked_by: str) -> Figure:
    """Return an empty figure of the size that `draw_geometry` needs.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    across, down = min(n_panels, _PER_ROW), math.ceil(n_panels / _PER_ROW)
    width = _LEFT + across * _SIDE + (across - 1) * _GAP + _RIGHT
    height = _TOP + down * (_HEADING + _SIDE + _BELOW)
    return new_figure(asked_by, (max(width, 5.6), height))


def draw_geometry(
    figure: Figure,
    panels: Sequence[Panel],
    names: tuple[str, str],
    *,
    unit: str,
    heading: str,
    numbers: str,
) -> None:
    """Draw the panels, all with the same axes, and the title.

    Parameters
    ----------
    figure : Figure
        From `blank_geometry`.
    panels : sequence of Panel
    names : tuple of str
        The features on the horizontal and on the vertical axis.
    unit : str
        Unit of the coefficients.
    heading, numbers : str
        The title; `numbers` is wrapped to the width of the figure.
    """
    width, height = map(float, figure.get_size_inches())
    limits = _limits(panels)
    for k, panel in enumerate(panels):
        row, column = divmod(k, _PER_ROW)
        left = _LEFT + column * (_SIDE + _GAP)
        bottom = height - _TOP - row * (_HEADING + _SIDE + _BELOW) - _HEADING - _SIDE
        box = (left / width, bottom / height, _SIDE / width, _SIDE / height)
        axes = figure.add_axes(box)
        plain_axes(axes)
        axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
        axes.locator_params(nbins=5)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xlabel(_axis_label(names[0], unit), color=INK, fontsize=9)
        if column == 0:
            axes.set_ylabel(_axis_label(names[1], unit), color=INK, fontsize=9)
        else:
            axes.tick_params(labelleft=False)
        _draw_panel(axes, panel)
    wrapped = textwrap.wrap(numbers, int((width - _LEFT) * 13.0))
    write_title(figure, heading, "\n".join(wrapped))


def short_name(name: str) -> str:
    """Return a name that fits under a panel."""
    name = visible(name)
    return name if len(name) <= _LONGEST else name[: _LONGEST - 3] + "..."


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.axhline(0.0, color=INK, linewidth=0.6, zorder=1)
    axes.axvline(0.0, color=INK, linewidth=0.6, zorder=1)
    for ring in panel.rings:
        _draw_line(axes, ring, edgecolor=GREY, linewidth=0.8, zorder=2)
    _draw_line(axes, panel.touching, edgecolor=INK, linewidth=1.1, zorder=4)
    if len(panel.ball) > 1:
        axes.fill(
            *panel.ball.T,
            facecolor=(panel.colour, 0.18),
            edgecolor=panel.colour,
            linestyle=panel.line,
            linewidth=1.6,
            zorder=3,
        )
    axes.plot(*panel.minimum, "P", color=INK, markersize=7, markeredgecolor="white", zorder=6)
    axes.plot(
        *panel.contact,
        "o",
        color=panel.colour,
        markersize=8,
        markeredgecolor="white",
        clip_on=False,
        zorder=7,
    )
    _label(axes, panel)
    look: dict[str, Any] = {"transform": axes.transAxes, "color": INK, "parse_math": False}
    axes.text(0.0, 1.03, panel.name, size=11, weight="bold", va="bottom", **look)
    axes.text(0.0, -0.21, panel.words, size=9, va="top", linespacing=1.35, **look)


def _draw_line(axes: Axes, line: FloatArray, **look: Any) -> None:
    """Draw what of a line lies inside the axes, with no more points than the eye needs."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    path = Path(line)
    path.simplify_threshold = 0.2  # of a pixel
    clip = axes.bbox.padded(5.0).extents
    path = path.cleaned(axes.transData, remove_nans=True, clip=clip, simplify=True)
    points, codes = np.asarray(path.vertices), np.asarray(path.codes)
    drawn = codes != Path.STOP
    points = axes.transData.inverted().transform(points[drawn])
    axes.add_patch(PathPatch(Path(points, codes[drawn]), facecolor="none", **look))


def _label(axes: Axes, panel: Panel) -> None:
    """Write what the two marked points are, each on the side away from the other."""
    look: dict[str, Any] = {"size": 9, "color": INK, "zorder": 8}
    look["bbox"] = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6}
    up = 1.0 if panel.minimum[1] >= panel.contact[1] else -1.0
    marked = [(panel.contact, "contact", -up), (panel.minimum, "least loss", up)]
    if not _contains(axes, panel.minimum):
        marked.pop()
        where = ", ".join(significant(float(value), 3) for value in panel.minimum)
        axes.text(
            0.98,
            0.98,
            f"least loss outside,\nat ({where})",
            ha="right",
            va="top",
            transform=axes.transAxes,
            **look,
        )
    for point, word, side in marked:
        low, high = axes.get_xlim()
        share = (point[0] - low) / (high - low)
        align = "left" if share < 0.2 else "right" if share > 0.8 else "center"
        axes.annotate(
            word,
            (float(point[0]), float(point[1])),
            xytext=(0.0, 9.0 * side),
            textcoords="offset points",
            ha=align,
            va="bottom" if side > 0 else "top",
            **look,
        )


def _limits(panels: Sequence[Panel]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return square limits that show zero, every ball, and the minima that leave them visible."""
    balls = np.concatenate([np.zeros((1, 2)), *(panel.ball for panel in panels)])
    minima = np.array([panel.minimum for panel in panels])
    reach = float(np.abs(balls).max())
    near = np.abs(minima).max(axis=1) <= (_FARTHEST * reach if reach > 0.0 else math.inf)
    points = np.concatenate([balls, minima[near]])
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.62 * float((high - low).max()) or 1.0
    middle = 0.5 * (low + high)
    (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
    return (left, right), (bottom, top)


def _contains(axes: Axes, point: FloatArray) -> bool:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return bool(left <= point[0] <= right and bottom <= point[1] <= top)


def _axis_label(name: str, unit: str) -> str:
    return f"coefficient of {short_name(name)},\nper standard deviation ({unit})"
