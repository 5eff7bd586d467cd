"""What to do when the best alpha is at an end of its grid."""

from __future__ import annotations

import math

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.select.curves import Curves
from shrinkage.solve.opened import RIDGE_GRID_L1_RATIO, log_spaced
from shrinkage.solve.result import Status

# The default grid is extended by this factor, once.
FACTOR = 100.0
# A curve that changes by less than this share at the end of the grid is flat there.
FLAT = 1e-4


def extension(curves: Curves) -> tuple[FloatArray, bool] | None:
    """Return the alphas that extend a default grid, if the best alpha is at an end of it.

    The lower end counts for every l1_ratio, the upper end for ridge. Each row is continued by
    the same number of points at its own spacing: two decades for the best l1_ratio.

    Returns
    -------
    (more, upwards) or None
        `more` has shape (L, k), decreasing; `upwards` is True if it goes before the grid.
    """
    row, column = curves.best_index
    m = curves.alphas.shape[1]
    upwards = column == 0
    if m == 1 or not (column == m - 1 or (upwards and _is_ridge(curves, row))):
        return None
    steps = np.log(curves.alphas[:, 0] / curves.alphas[:, 1])
    n_more = math.ceil(math.log(FACTOR) / steps[row] - 1e-9)
    rows = []
    for grid, step in zip(curves.alphas, steps, strict=True):
        ratio = math.exp(-n_more * step)
        if upwards:
            rows.append(log_spaced(float(grid[0]) / ratio, ratio, n_more + 1)[:-1])
        else:
            rows.append(log_spaced(float(grid[-1]), ratio, n_more + 1)[1:])
    return np.stack(rows), upwards


def edge_status(curves: Curves, alpha_max: float) -> Status:
    """Return GRID_EDGE if the error still falls where the grid ends, CONVERGED otherwise."""
    row, column = curves.best_index
    last = curves.alphas.shape[1] - 1
    if last == 0 or 0 < column < last:
        return Status.CONVERGED
    if column == 0 and curves.alphas[row, 0] >= alpha_max:
        return Status.CONVERGED  # above it lies nothing but the null model
    neighbour = column - 1 if column == last else column + 1
    here, inside = curves.loss[row, column], curves.loss[row, neighbour]
    return Status.GRID_EDGE if inside - here > FLAT * abs(here) else Status.CONVERGED


def _is_ridge(curves: Curves, row: int) -> bool:
    return curves.l1_ratios[row] < RIDGE_GRID_L1_RATIO
