"""The share of the deviance that predictions explain."""

from __future__ import annotations

from typing import Any

import numpy as np

from shrinkage import errors
from shrinkage._typing import ArrayLike, FloatArray
from shrinkage._validate import as_numbers, check_offset, check_target, check_weights
from shrinkage.errors import ArgumentError, DataError
from shrinkage.families import Family


def deviance_ratio(
    family: Family,
    y: ArrayLike,
    eta: FloatArray,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
) -> float:
    """Return 1 - deviance / deviance of the best intercept with the same offset.

    0 where the latter is 0: an intercept, be it at infinity, explains all there is.

    Parameters
    ----------
    family : Family
    y : array-like of shape (n,), or (n, K) for K classes
        For several classes also their numbers 0..K-1.
    eta : ndarray of shape (n,) or (n, K)
        Linear predictor, offset included.
    sample_weight : array-like of shape (n,) or None
    offset : array-like of the shape of eta, or None
    """
    n = eta.shape[0]
    weight, known = check_weights(sample_weight, n), check_offset(offset, *eta.shape)
    target = check_target(y, n) if eta.ndim == 1 else _shares_of_classes(y, *eta.shape)
    if weight is not None:
        counted = weight > 0.0
        target, eta, weight = target[counted], eta[counted], weight[counted]
        known = None if known is None else known[counted]
    there: Any = slice(None)
    if target.ndim == 2:  # the best intercept of a class without rows is minus infinity
        there = np.flatnonzero(target.any(axis=0))
        if there.size < 2:
            return 0.0
    try:
        family.check_target(target[..., there])
    except DataError:
        raise
    except ArgumentError:
        return 0.0
    at_null = None if known is None else known[..., there]
    null_loss = family.null_loss(target[..., there], weight, at_null)
    if null_loss == 0.0:
        return 0.0
    return 1.0 - float(np.average(family.loss(target, eta), weights=weight)) / null_loss


def _shares_of_classes(y: ArrayLike, n: int, n_classes: int) -> FloatArray:
    """Return the shares of the classes, some of which may have no rows."""
    array = as_numbers("y", y)
    if array.ndim == 2 and array.shape[1] == n_classes:
        if array.shape[0] != n:
            raise errors.wrong_length("y", array.shape[0], n)
        return np.asarray(array, dtype=np.float64)
    codes = check_target(array, n)
    every = np.arange(n_classes)
    wrong = ~np.isin(codes, every)
    if wrong.any():
        requirement = f"class numbers from 0 to {n_classes - 1}, or shares of {n_classes} classes"
        raise DataError.must_be("y", requirement, codes[wrong][0])
    return np.asarray(codes[:, None] == every, dtype=np.float64)
