"""Lines with fewer points that look the same, so that a picture stays a small file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shrinkage._typing import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def thinned(axes: Axes, x: FloatArray, y: FloatArray, tolerance: float = 0.15) -> BoolArray:
    """Return which points of a line to keep: without the others it moves by little.

    Parameters
    ----------
    axes : matplotlib Axes
        With the limits and the size that they will keep.
    x, y : ndarray, shape (n,)
        Stretches of NaN in y are gaps.
    tolerance : float, default 0.15
        How far it may move, in points; a line is about 1 to 2 points wide.

    References
    ----------
    Douglas and Peucker (1973).
    """
    kept = np.isnan(y)
    places = np.asarray(axes.transData.transform(np.column_stack([x, y])))
    places *= 72.0 / float(axes.figure.dpi)
    finite = np.flatnonzero(~kept)
    for run in np.split(finite, np.flatnonzero(np.diff(finite) > 1) + 1):
        if run.size:
            kept[run[0]] = kept[run[-1]] = True
            _keep_corners(kept, places, int(run[0]), int(run[-1]), tolerance)
    return kept


def _keep_corners(
    kept: BoolArray, places: FloatArray, first: int, last: int, tolerance: float
) -> None:
    """Keep the point furthest from the straight line between two, and look on both sides."""
    stack = [(first, last)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        along = places[last] - places[first]
        between = places[first + 1 : last] - places[first]
        length = float(np.hypot(*along))
        if length == 0.0:
            away = np.hypot(between[:, 0], between[:, 1])
        else:
            away = np.abs(between[:, 0] * along[1] - between[:, 1] * along[0]) / length
        furthest = int(np.argmax(away))
        if away[furthest] > tolerance:
            middle = first + 1 + furthest
            kept[middle] = True
            stack += [(first, middle), (middle, last)]
