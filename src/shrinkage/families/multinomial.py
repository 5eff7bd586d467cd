"""Several classes."""

from __future__ import annotations

import math
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
        log_mu = log_softmax(eta, axis=-1)
        return np.asarray(np.sum(xlogy(y, y) - np.where(y > 0.0, y * log_mu, 0.0), axis=-1))

    def gradient(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return mu - y: for the class that is there minus the sum of the others' mu."""
        mu = softmax(eta, axis=-1)
        others = np.zeros_like(mu)
        for k in range(mu.shape[-1]):
            others[..., k] = np.delete(mu, k, axis=-1).sum(axis=-1)
        return np.asarray((1.0 - y) * mu - y * others)

    def curvature(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return diag(mu) - mu mu' for each row, of shape (n, K, K)."""
        mu = softmax(eta, axis=-1)
        return np.asarray(mu[:, :, None] * np.eye(mu.shape[1]) - mu[:, :, None] * mu[:, None, :])

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return the probabilities of the classes, rows that sum to 1."""
        return np.asarray(softmax(eta, axis=-1))

    def linear_predictor(self, mu: FloatArray) -> FloatArray:
        """Return log(mu) less its mean over the classes."""
        log_mu = np.log(mu)
        return np.asarray(log_mu - log_mu.mean(axis=-1, keepdims=True))

    def unit_deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return 2 sum_k y_k log(y_k / mu_k)."""
        return np.asarray(2.0 * np.sum(rel_entr(y, mu), axis=-1))

    def conjugate(self, y: FloatArray, v: FloatArray) -> FloatArray:
        """Return sum_k m_k log m_k, less that at y, for m = y + v >= 0 with sum 1."""
        m = y + v
        inside = np.clip(m, 0.0, 1.0)
        value = np.sum(xlogy(inside, inside) - xlogy(y, y), axis=-1)
        slack = SLACK * y.shape[-1]
        off = np.abs(m - inside).max(axis=-1) + np.abs(v.sum(axis=-1))
        return np.where(off <= slack, value, np.inf)

    def fenchel_gap(self, y: FloatArray, eta: FloatArray, k: float) -> FloatArray:
        """Return the sum over the classes of m log(m/mu), m = k mu + (1 - k) y."""
        change = -(1.0 - k) * self.gradient(y, eta)
        m = k * self.mean(eta) + (1.0 - k) * y
        each = relative_entropy(m, change, log_softmax(eta, axis=-1))
        return np.asarray(np.maximum(np.sum(each, axis=-1), 0.0))

    def null_intercept(
        self, y: FloatArray, weight: FloatArray | None = None, offset: FloatArray | None = None
    ) -> FloatArray:
        """Return K intercepts that sum to 0.

        With offsets by Newton steps.
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
    """Return the intercepts at which the mean of each class is its share.

    Far-apart offsets leave a loss of straight pieces, on which Newton's method has nothing to go
    by. So they are first made smaller, and restored by halves, each solution starting the next.
    """
    b0 = np.asarray(family.linear_predictor((share @ y)[None])[0] - share @ offset)
    spread = float(np.max(np.ptp(offset, axis=1)))
    halvings = max(0, math.ceil(math.log2(spread / 8.0))) if spread > 8.0 else 0
    for power in range(halvings, -1, -1):
        smaller = 0.5**power
        b0 = _newton(family, y, share, smaller * offset, smaller * b0) / smaller
    return np.asarray(b0 - b0.mean())


def _newton(
    family: Multinomial, y: FloatArray, share: FloatArray, offset: FloatArray, b0: FloatArray
) -> FloatArray:
    def state(b0: FloatArray) -> tuple[float, FloatArray]:
        eta = offset + b0
        return float(share @ family.loss(y, eta)), np.asarray(share @ family.gradient(y, eta))

    loss, gradient = state(b0)
    noise = 1e-15 * (1.0 + float(np.max(np.abs(offset))))  # of the loss, small as it may be
    for _ in range(100):
        hessian = np.tensordot(share, family.curvature(y, offset + b0), axes=1)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        size = 1.0
        while size > 1e-10:
            lower, slope = state(b0 - size * step)
            settles = np.abs(slope).max() < np.abs(gradient).max()
            if lower < loss - noise or (settles and lower <= loss + 10.0 * noise):
                break
            size *= 0.5
        else:
            break  # what is left is rounding
        b0, loss, gradient = b0 - size * step, lower, slope
    return b0
