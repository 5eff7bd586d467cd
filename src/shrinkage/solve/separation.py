"""Which features drive a fit that has no finite optimum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.errors import listed
from shrinkage.solve.points import SEPARATED, Points
from shrinkage.solve.problem import Problem

# A coefficient below this share of the largest one, per standard deviation, is not to blame.
SHARE = 0.1


def separating(
    problem: Problem, spread: FloatArray, parts: Sequence[tuple[Points, FloatArray]]
) -> str:
    """Name the features without a penalty whose coefficients are large where one is SEPARATED.

    Those of the first such point of the paths, largest coefficient per standard deviation first;
    "" if there is none.

    Parameters
    ----------
    problem : Problem
    spread : ndarray of shape (p,)
    parts : sequence of (points, alphas)
    """
    for points, alphas in parts:
        found = np.flatnonzero(points.status == SEPARATED)
        if found.size:
            return _named(problem, spread, points, int(found[0]), float(alphas[found[0]]))
    return ""


def _named(problem: Problem, spread: FloatArray, points: Points, k: int, alpha: float) -> str:
    size = np.atleast_2d(np.abs(points.coef(k, spread.size))).max(axis=0) * spread
    if alpha > 0.0:
        size[problem.penalty_factor > 0.0] = 0.0
    order = np.argsort(-size, kind="stable")
    chosen = order[size[order] > SHARE * size.max()].tolist()
    names = problem.matrix.names
    return listed(chosen if names is None else [names[j] for j in chosen])
