"""Folds whose training rows are without one of the classes: they know only the others."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.select.folds import Splits
from shrinkage.solve.plan import Plan
from shrinkage.solve.points import CONSTANT_TARGET, Points
from shrinkage.solve.problem import Problem
from shrinkage.solve.settings import Settings
from shrinkage.solve.solver import open_problem

# The probability of a class that a training set does not have, where its features are average.
NEVER = float(np.finfo(float).eps)


def indicators(target: FloatArray) -> FloatArray:
    """Return one column for each class, 1 where the row is of it, from the target of a problem."""
    return target if target.ndim == 2 else np.column_stack([1.0 - target, target])


def absent_classes(problem: Problem, splits: Splits) -> list[BoolArray]:
    """Return for each fold which classes none of its training rows are of."""
    table = indicators(problem.y) > 0.0
    if problem.weights is not None:
        table &= (problem.weights > 0.0)[:, None]
    if splits.fold_ids is None:
        return [np.logical_not(np.any(table[train], axis=0)) for train, _ in splits]
    # Counts of each class in each fold; those of -1, in every training set, come first.
    n_folds, ids = splits.n_folds, splits.fold_ids + 1
    counts = np.array([np.bincount(ids[rows], minlength=n_folds + 1) for rows in table.T])
    return list(counts.sum(axis=1) == counts[:, 1:].T)


def path_without(
    problem: Problem,
    absent: BoolArray,
    plan: Plan,
    settings: Settings,
    alphas: FloatArray,
    l1_ratio: float,
) -> Points:
    """Return the path of a problem of K classes, to some of which no row of weight belongs.

    Their intercepts would be at minus infinity. So the others are fitted without them, and they
    get coefficients of 0 and an intercept that makes them as improbable as rounding can tell.
    """
    present = np.flatnonzero(~absent)
    n_classes, p = absent.size, problem.matrix.shape[1]
    if present.size == 1:
        return _certain(int(present[0]), n_classes, alphas.size)
    offset = None if problem.offset is None else np.ascontiguousarray(problem.offset[:, present])
    part = replace(problem, y=np.ascontiguousarray(problem.y[:, present]), offset=offset)
    solver = open_problem(part, plan, settings)
    points = solver.path(alphas, l1_ratio)
    known = np.asarray(points.intercepts)
    at_mean = known + points.dense(p) @ solver.core.mean
    return _widened(points, known, logsumexp(at_mean, axis=1), present, n_classes, p)


def _widened(
    points: Points,
    known: FloatArray,
    level: FloatArray,
    present: IndexArray,
    n_classes: int,
    n_features: int,
) -> Points:
    """Return the points with a place for every class."""
    intercepts = np.repeat((level + math.log(NEVER))[:, None], n_classes, axis=1)
    intercepts[:, present] = known
    wide = Points(points)
    wide.intercepts = intercepts - intercepts.mean(axis=1, keepdims=True)
    features = present[points.features // n_features] * n_features + points.features % n_features
    wide.features = features.astype(np.int32)
    return wide


def _certain(only: int, n_classes: int, n_alphas: int) -> Points:
    """Return points that predict one class whatever the row."""
    intercepts = np.full((n_alphas, n_classes), math.log(NEVER))
    intercepts[:, only] = 0.0
    nothing = np.zeros(n_alphas)
    points = Points.__new__(Points)
    points.__setstate__(
        {
            "counts": {},
            "dual_gap": nothing,
            "features": np.zeros(0, dtype=np.int32),
            "intercepts": intercepts - intercepts.mean(axis=1, keepdims=True),
            "kkt_violation": nothing,
            "loss": nothing,
            "rounds": np.zeros(n_alphas, dtype=np.int64),
            "starts": np.zeros(n_alphas + 1, dtype=np.int64),
            "status": np.full(n_alphas, CONSTANT_TARGET, dtype=np.int32),
            "values": np.zeros(0),
        }
    )
    return points
