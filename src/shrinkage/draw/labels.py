"""Lines with their names on the right, spread so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.table import visible
from shrinkage.draw.thin import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito (2008) without the yellow, which is hard to see on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_STYLES = ("-", "--", "-.")
_FONT_SIZE = 9.0
_LONGEST, _LONGEST_INSIDE = 24, 16


def name_lines(
    axes: Axes,
    x: FloatArray,
    lines: FloatArray,
    names: Sequence[str],
    marker: str = "",
    *,
    end: float = 1.0,
    looks: Sequence[int] | None = None,
) -> None:
    """Draw the columns of `lines` over `x` and write each name beside the end of its line.

    Parameters
    ----------
    axes : matplotlib Axes
        With the limits and the size that they will keep.
    x : ndarray, shape (n,)
        Its last entry is the right end.
    lines : ndarray, shape (n, k)
    names : sequence of str, length k
    marker : str
        Marker of the points.
    end : float, default 1.0
        Where the lines end, as a share of the width of the axes.
    looks : sequence of int, optional
        Numbers of the colour and style of each line; 0, 1, ... by default.
    """
    low, high = axes.get_ylim()
    points_high = float(axes.bbox.height) * 72.0 / float(axes.figure.dpi)
    wanted = [
        float(np.clip((value - low) / (high - low), 0.0, 1.0)) for value in lines[-1:].ravel()
    ]
    drawn = from_entry(lines)
    half = min(0.5 * _FONT_SIZE / points_high, 0.25)  # of a line, which stays inside
    room = 1.0 - 2.0 * half
    inner = [float(np.clip((place - half) / room, 0.0, 1.0)) for place in wanted]
    gap = 1.3 * _FONT_SIZE / points_high / room
    places = [half + room * place for place in spread(inner, gap)]
    for position, (name, height, place) in enumerate(zip(names, wanted, places, strict=True)):
        look = position if looks is None else looks[position]
        colour = _COLOURS[look % len(_COLOURS)]
        style = _STYLES[look // len(_COLOURS) % len(_STYLES)]
        kept = thinned(axes, x, drawn[:, position])
        line = drawn[kept, position]
        axes.plot(x[kept], line, style, color=colour, linewidth=1.6, marker=marker)
        axes.plot(
            [end, end + 0.03],
            [height, place],
            style,
            color=colour,
            linewidth=0.9,
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(
            end + 0.035,
            place,
            _short(name, _LONGEST if end == 1.0 else _LONGEST_INSIDE),
            transform=axes.transAxes,
            va="center",
            size=_FONT_SIZE,
            color="#333333",
            parse_math=False,
        )


def room_for_names(axes: Axes, names: Sequence[str]) -> float:
    """Return the share of the axes' width that is left when the names stand inside."""
    if not names:
        return 1.0
    longest = max(len(_short(name, _LONGEST_INSIDE)) for name in names)
    width = float(axes.bbox.width) * 72.0 / float(axes.figure.dpi)
    return max(0.5, 0.965 - 0.66 * _FONT_SIZE * longest / width)


def from_entry(lines: FloatArray) -> FloatArray:
    """Return the lines without the stretches in which they stay at zero."""
    zero = np.pad(lines == 0.0, ((1, 1), (0, 0)), constant_values=True)
    return np.where(zero[:-2] & zero[1:-1] & zero[2:], np.nan, lines)


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Move places in [0, 1] as little as possible until neighbours are `gap` apart.

    Least squares: places that would be too close form a block around their mean, and blocks
    that then touch are merged (pool adjacent violators). If they do not fit, the gap shrinks.
    """
    if not wanted:
        return []
    gap = min(gap, 1.0 / max(len(wanted) - 1, 1))
    order = np.argsort(wanted, kind="stable")
    # With the gaps taken out, "at least `gap` apart" becomes "not decreasing".
    room = 1.0 - gap * (len(wanted) - 1)
    blocks: list[list[float]] = []  # mean, size
    for rank, index in enumerate(order):
        blocks.append([wanted[index] - rank * gap, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            total = blocks[-1][1] + size
            blocks[-1][0] = (blocks[-1][0] * blocks[-1][1] + mean * size) / total
            blocks[-1][1] = total
    level = [mean for mean, size in blocks for _ in range(int(size))]
    places = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        places[index] = min(max(level[rank], 0.0), room) + rank * gap
    return places


def _short(name: str, longest: int) -> str:
    name = visible(name)
    if len(name) <= longest:
        return name
    # The end tells the columns of one family apart.
    tail = longest // 3
    return f"{name[: longest - 3 - tail]}...{name[-tail:]}"
