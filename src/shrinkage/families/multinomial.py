"""Several classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import log_softmax, rel_entr, softmax, xlogy

from shrinkage import _validate, errors
from shrinkage._typing import FloatArray
from shrinkage.errors import ArgumentError, DataError, Phrase
from shrinkage.families.family import (
    SLACK,
    Family,
    increasing_root,
    refuse,
    relative_entropy,
    shares,
)


@dataclass(frozen=True)
class Multinomial(Family):
    """One of K classes, each with an intercept and coefficients of its own.

    y has one row for each row and one column for each class: 1 in the column of the class, or
    shares that sum to 1. With mu_k = exp(eta_k) / sum_m exp(eta_m): loss -sum_k y_k log(mu_k),
    less that of mu = y. A number added to all eta of a row changes nothing.
    """

    name: ClassVar[str] = "multinomial"

    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return log(sum_k exp(eta_k)) - sum_k y_k eta_k, less that of mean y."""
        log_mu = log_softmax(eta, axis=1)
        return np.asarray(np.sum(xlogy(y, y) - np.where(y > 0.0, y * log_mu, 0.0), axis=1))

    def gradient(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return mu - y: for the class that is there minus the sum of the others' mu."""
        mu = softmax(eta, axis=1)
        others = np.zeros_like(mu)
        for k in range(mu.shape[1]):
            others[:, k] = np.delete(mu, k, axis=1).sum(axis=1)
        return np.asarray((1.0 - y) * mu - y * others)

    def curvature(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return diag(mu) - mu mu' for each row, of shape (n, K, K)."""
        mu = softmax(eta, axis=1)
        return np.asarray(mu[:, :, None] * np.eye(mu.shape[1]) - mu[:, :, None] * mu[:, None, :])

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return the probabilities of the classes, rows that sum to 1."""
        return np.asarray(softmax(eta, axis=1))

    def linear_predictor(self, mu: FloatArray) -> FloatArray:
        """Return log(mu) less its mean over the classes."""
        log_mu = np.log(mu)
        return np.asarray(log_mu - log_mu.mean(axis=1, keepdims=True))

    def unit_deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return 2 sum_k y_k log(y_k / mu_k)."""
        return np.asarray(2.0 * np.sum(rel_entr(y, mu), axis=1))

    def conjugate(self, y: FloatArray, v: FloatArray) -> FloatArray:
        """Return sum_k m_k log m_k, less that at y, for m = y + v >= 0 with sum 1."""
        m = y + v
        inside = np.clip(m, 0.0, 1.0)
        value = np.sum(xlogy(inside, inside) - xlogy(y, y), axis=1)
        slack = SLACK * y.shape[1]
        off = np.abs(m - inside).max(axis=1) + np.abs(v.sum(axis=1))
        return np.where(off <= slack, value, np.inf)

    def fenchel_gap(self, y: FloatArray, eta: FloatArray, k: float) -> FloatArray:
        """Return the sum over the classes of m log(m/mu), m = k mu + (1 - k) y."""
        change = -(1.0 - k) * self.gradient(y, eta)
        m = k * self.mean(eta) + (1.0 - k) * y
        each = relative_entropy(m, change, log_softmax(eta, axis=1))
        return np.asarray(np.maximum(np.sum(each, axis=1), 0.0))

    def null_intercept(
        self, y: FloatArray, weight: FloatArray | None = None, offset: FloatArray | None = None
    ) -> FloatArray:
        """Return K intercepts that sum to 0.

        With offsets by Newton steps, and by one class at a time where such a step would not lower
        the loss.
        """
        share = shares(weight, y.shape[0])
        if offset is None:
            return np.asarray(self.linear_predictor((share @ y)[None])[0])
        return _balanced(self, y, share, offset)

    def check_target(self, y: object, n: int | None = None) -> FloatArray:
        """Return y as shares of the classes, of shape (n, K), K >= 2.

        y is a vector of class codes 0..K-1, or a matrix of shares that is returned as it is.
        """
        if y is None:
            raise errors.missing_target()
        array = _validate.as_numbers("y", y)
        if array.ndim != 2 or array.shape[1] == 1:
            array = _indicators(_validate.check_target(y, n))
        elif n is not None and array.shape[0] != n:
            raise errors.wrong_length("y", array.shape[0], n)
        return _checked_shares(np.ascontiguousarray(array, dtype=np.float64))


def _checked_shares(target: FloatArray) -> FloatArray:
    refuse(target, ~((target >= 0.0) & (target <= 1.0)), "between 0 and 1 for multinomial")
    off = np.abs(target.sum(axis=1) - 1.0) > 1e-12
    if off.any():
        row = int(np.flatnonzero(off)[0])
        got = Phrase(f"{errors.number(float(target[row].sum()))} in row {row}")
        raise DataError.must("y", "hold shares that sum to 1 in each row", got).at(row)
    present = np.flatnonzero(target.any(axis=0))
    if present.size < target.shape[1]:
        raise _absent_classes(present.tolist())
    return target


def _indicators(codes: FloatArray) -> FloatArray:
    whole = (codes >= 0.0) & (codes == np.floor(codes))
    refuse(codes, ~whole, "class codes 0, 1, 2, ... or shares of shape (n, K) for multinomial")
    present = np.unique(codes)
    if present.size < 2 or present[-1] != present.size - 1:
        raise _absent_classes(present.astype(int).tolist())
    return np.asarray(codes[:, None] == present, dtype=np.float64)


def _absent_classes(present: list[int]) -> ArgumentError:
    got = Phrase(f"only rows of class {errors.listed(present)}")
    hint = "code the K classes as 0..K-1, and leave out those without rows"
    return ArgumentError.must("y", "hold rows of every class, at least 2", got, hint)


def _balanced(
    family: Multinomial, y: FloatArray, share: FloatArray, offset: FloatArray
) -> FloatArray:
    """Return the intercepts at which the mean of each class is its share."""
    b0 = np.asarray(family.linear_predictor((share @ y)[None])[0] - share @ offset)
    loss = float(share @ family.loss(y, offset + b0))
    gradient = np.asarray(share @ family.gradient(y, offset + b0))
    for _ in range(200):
        hessian = np.tensordot(share, family.curvature(y, offset + b0), axes=1)
        following = b0 - np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        lower = float(share @ family.loss(y, offset + following))
        slope = np.asarray(share @ family.gradient(y, offset + following))
        settles = bool(np.abs(slope).max() < np.abs(gradient).max())
        if not lower < loss and not (settles and lower <= loss * (1.0 + 1e-14)):
            if np.abs(gradient).max() <= 1e-14:
                break
            following = _one_by_one(family, y, share, offset, b0)
            if (following == b0).all():
                break
            lower = float(share @ family.loss(y, offset + following))
            slope = np.asarray(share @ family.gradient(y, offset + following))
        b0, loss, gradient = following - following.mean(), lower, slope
    return b0


def _one_by_one(
    family: Multinomial, y: FloatArray, share: FloatArray, offset: FloatArray, b0: FloatArray
) -> FloatArray:
    """Return the intercepts after each was solved for in turn."""
    eta = offset + b0
    for k in range(b0.size):

        def slope(change: float, k: int = k, eta: FloatArray = eta) -> tuple[float, float]:
            moved = eta.copy()
            moved[:, k] += change
            mu = softmax(moved, axis=1)[:, k]
            return float(share @ family.gradient(y, moved)[:, k]), float(share @ (mu * (1.0 - mu)))

        eta[:, k] += increasing_root(slope, 0.0)
    return np.asarray(eta[0] - offset[0])
