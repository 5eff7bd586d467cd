"""Pictures of the coefficients of correlated features over many samples, from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.figure import GREY, INK, new_figure, plain_axes, write_title
from shrinkage.draw.table import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST = 28
# Inches: a panel, its left margin, the space between panels; the height of a feature's row.
_PANEL, _LEFT, _BETWEEN = 3.1, 0.8, 0.35
_ROW = 0.34
_OVER, _UNDER = 1.35, 0.75
# Points: the width of a dot, half the width of a cross, the grid on which they lie.
_DOT, _CROSS, _GRID = 3.6, 1.8, 0.2


@dataclass(frozen=True, eq=False)
class CoefPanel:
    """The coefficients of one penalty over many samples.

    Attributes
    ----------
    title, numbers : str
        First line, and what is written under it.
    colour : str
    coefs : ndarray of shape (n_samples, k)
    mark : ndarray of shape (k,)
        A point to mark.
    """

    title: str
    numbers: str
    colour: str
    coefs: FloatArray
    mark: FloatArray


def pair_figure(
    panels: Sequence[CoefPanel],
    names: Sequence[str],
    *,
    mark: str,
    sign: float,
    heading: str,
    numbers: str,
    asked_by: str = "pair_figure",
) -> Figure:
    """Draw two coefficients against each other, a dot for each sample, a panel for each penalty.

    A sample in which a coefficient is exactly 0 is a cross.

    Parameters
    ----------
    panels : sequence of CoefPanel with k = 2
        All have the same limits.
    names : sequence of str, length 2
    mark : str
        What the marked points are.
    sign : float
        1 or -1: the side on which the dotted line of equal sizes lies.
    heading, numbers : str
    asked_by : str
        What the user called, for the error if matplotlib is missing.
    """
    wide = _LEFT + len(panels) * (_PANEL + _BETWEEN)
    tall = _PANEL + _OVER + _UNDER
    figure = new_figure(asked_by, (wide, tall))
    low, high = _limits(panels)
    for position, panel in enumerate(panels):
        left = _LEFT + position * (_PANEL + _BETWEEN)
        axes = figure.add_axes((left / wide, _UNDER / tall, _PANEL / wide, _PANEL / tall))
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        plain_axes(axes)
        axes.axhline(0.0, color=INK, linewidth=0.6)
        axes.axvline(0.0, color=INK, linewidth=0.6)
        axes.axline((0.0, 0.0), slope=sign, color=INK, linewidth=0.8, linestyle=":")
        _scatter(axes, panel, low, high)
        x, y = panel.mark
        # White under it, so that it is seen on the dots.
        for colour, width in (("white", 5.0), (INK, 2.2)):
            axes.plot([x], [y], "+", color=colour, markersize=13, markeredgewidth=width, zorder=5)
        axes.set_xlabel(_axis_label(names[0]), color=INK, size=9, parse_math=False)
        if position == 0:
            axes.set_ylabel(_axis_label(names[1]), color=INK, size=9, parse_math=False)
        else:
            axes.tick_params(labelleft=False)
        _write(axes, panel, _PANEL)
    _caption(
        figure,
        _LEFT,
        f"dot: both are kept; cross: one or both are exactly 0; plus: {mark}; dotted: equal sizes",
    )
    write_title(figure, heading, numbers)
    return figure


def group_figure(
    panels: Sequence[CoefPanel],
    names: Sequence[str],
    *,
    mark: str,
    heading: str,
    numbers: str,
    asked_by: str = "group_figure",
) -> Figure:
    """Draw the spread of each coefficient over samples, and how often it is exactly 0.

    A thin line has 90 % of the samples, a thick one half of them, a circle is the median.

    Parameters
    ----------
    panels : sequence of CoefPanel
    names : sequence of str, length k
    mark, heading, numbers, asked_by : str
        As for `pair_figure`.
    """
    shown = [brief(name) for name in names]
    k = len(shown)
    margin = max(_LEFT, 0.35 + 0.075 * max(map(len, shown)))
    between = 0.85
    wide = margin + len(panels) * (_PANEL + between)
    height = _ROW * k + 0.1
    tall = height + _OVER + _UNDER
    figure = new_figure(asked_by, (wide, tall))
    low, high = _limits(panels)
    for position, panel in enumerate(panels):
        left = margin + position * (_PANEL + between)
        axes = figure.add_axes((left / wide, _UNDER / tall, _PANEL / wide, height / tall))
        axes.set_xlim(low, high)
        axes.set_ylim(k - 0.4, -0.6)
        plain_axes(axes)
        axes.axvline(0.0, color=INK, linewidth=0.6)
        _intervals(axes, panel)
        axes.set_xlabel("coefficient per standard deviation", color=INK, size=9)
        axes.set_yticks(range(k) if position == 0 else [], shown if position == 0 else [])
        for label in axes.get_yticklabels():
            label.set_parse_math(False)
        _write(axes, panel, height)
    _caption(
        figure,
        margin,
        f"thin: 90 % of the samples; thick: half of them; circle: median; tick: {mark}; "
        "on the right: how often it is exactly 0",
    )
    write_title(figure, heading, numbers)
    return figure


def brief(name: str) -> str:
    """Return a name of at most 28 characters: both ends, for levels differ at the end."""
    name = visible(name)
    if len(name) <= _LONGEST:
        return name
    end = (_LONGEST - 3) // 2
    return f"{name[: _LONGEST - 3 - end]}...{name[-end:]}"


def _axis_label(name: str) -> str:
    return f"coefficient of {brief(name)} (per sd)"


def _caption(figure: Figure, left: float, words: str) -> None:
    wide, tall = figure.get_size_inches()
    where = (left / float(wide), 0.1 / float(tall))
    figure.text(*where, words, size=8.5, ha="left", va="bottom", color=INK)


def _write(axes: Axes, panel: CoefPanel, inches: float) -> None:
    look: dict[str, Any] = {"ha": "left", "color": INK, "parse_math": False}
    look["transform"] = axes.transAxes
    title, numbers = 1.0 + 0.41 / inches, 1.0 + 0.37 / inches
    axes.text(0.0, title, panel.title, size=11, weight="bold", va="bottom", **look)
    axes.text(0.0, numbers, panel.numbers, size=9, va="top", **look)


def _limits(panels: Sequence[CoefPanel]) -> tuple[float, float]:
    everything = np.concatenate(
        [np.zeros(1), *(np.append(panel.coefs.ravel(), panel.mark) for panel in panels)]
    )
    low, high = float(everything.min()), float(everything.max())
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _scatter(axes: Axes, panel: CoefPanel, low: float, high: float) -> None:
    """Draw dots and crosses: all of a kind are one path, on a fine grid, to save bytes."""
    is_zero = (panel.coefs == 0.0).any(axis=1)
    cell = _GRID * (high - low) / (_PANEL * 72.0)
    corners = low + cell * np.round((panel.coefs - low) / cell)
    dots, crosses = (np.unique(corners[kind], axis=0) for kind in (~is_zero, is_zero))
    # A stroke of almost no length with round ends is a dot.
    _strokes(axes, dots, [np.array([0.5 * cell, 0.0])], panel.colour, _DOT, "round")
    arm = cell * round(_CROSS / _GRID)
    arms = [np.array([arm, arm]), np.array([arm, -arm])]
    _strokes(axes, crosses, arms, panel.colour, 1.0, "butt")


def _strokes(
    axes: Axes,
    places: FloatArray,
    arms: Sequence[FloatArray],
    colour: str,
    width: float,
    cap: Any,
) -> None:
    """Draw strokes from -arm to arm about each place, for each arm."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not places.size:
        return
    corners = np.concatenate(
        [np.stack([places - arm, places + arm], axis=1).reshape(-1, 2) for arm in arms]
    )
    path = Path(corners, np.tile([int(Path.MOVETO), int(Path.LINETO)], len(corners) // 2))
    path.should_simplify = False  # it would merge strokes that lie in one direction
    style: dict[str, Any] = {"edgecolor": colour, "facecolor": "none", "linewidth": width}
    # Without snap=False, strokes shorter than a pixel would be moved to its middle and vanish.
    axes.add_patch(PathPatch(path, capstyle=cap, zorder=3, snap=False, **style))


def _intervals(axes: Axes, panel: CoefPanel) -> None:
    """Draw one row for each feature."""
    levels = np.quantile(panel.coefs, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    zero = (panel.coefs == 0.0).mean(axis=0)
    rows = np.arange(panel.coefs.shape[1])
    axes.hlines(rows, levels[0], levels[4], color=panel.colour, linewidth=1.2)
    axes.hlines(rows, levels[1], levels[3], color=panel.colour, linewidth=5.0)
    axes.plot(levels[2], rows, "o", color=INK, markerfacecolor="white", markersize=5, zorder=4)
    axes.plot(panel.mark, rows, "|", color=INK, markersize=12, markeredgewidth=1.8, zorder=3)
    for row, share in zip(rows.tolist(), zero.tolist(), strict=True):
        axes.text(
            1.02,
            row,
            f"{percent(share)} zero" if row == 0 else percent(share),
            transform=axes.get_yaxis_transform(),
            size=8.5,
            va="center",
            color=INK if share > 0.0 else GREY,
        )


def percent(share: float) -> str:
    """Return a share in percent with at most three digits.

    Examples
    --------
    >>> [percent(share) for share in (0.425, 0.5, 1.0, 1 / 3)]
    ['42.5 %', '50 %', '100 %', '33.3 %']
    """
    return f"{100.0 * share:.3g} %"
