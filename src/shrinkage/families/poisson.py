"""Counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import logsumexp, rel_entr, xlogy

from shrinkage import _validate
from shrinkage._typing import FloatArray
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.families.family import SLACK, Family, refuse, relative_entropy, shares


@dataclass(frozen=True)
class Poisson(Family):
    """A count with mean mu = exp(eta): loss mu - y - y log(mu / y).

    Any y >= 0 is allowed: a rate per exposure with the exposure as its weight is one. A count
    with a known exposure has `offset=log(exposure)`.
    """

    name: ClassVar[str] = "poisson"

    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return exp(eta) - y eta, less that of mean y."""
        positive = y > 0.0
        apart = eta - np.log(np.where(positive, y, 1.0))
        with np.errstate(over="ignore", invalid="ignore"):
            # y times a small number, so that nothing of the size of y log(y) has to cancel.
            return np.where(positive, y * (np.expm1(apart) - apart), np.exp(eta))

    def gradient(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return mu - y."""
        return np.asarray(self.mean(eta) - y)

    def curvature(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return mu."""
        return self.mean(eta)

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return exp(eta)."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(eta))

    def linear_predictor(self, mu: FloatArray) -> FloatArray:
        """Return log(mu)."""
        return np.asarray(np.log(mu))

    def unit_deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return 2 (y log(y/mu) - y + mu)."""
        return np.asarray(2.0 * (rel_entr(y, mu) - y + mu))

    def conjugate(self, y: FloatArray, v: FloatArray) -> FloatArray:
        """Return m log m - m, less that at y, for m = y + v >= 0."""
        m = y + v
        inside = np.maximum(m, 0.0)
        value = xlogy(inside, inside) - inside - xlogy(y, y) + y
        return np.where(m >= -SLACK * np.maximum(y, 1.0), value, np.inf)

    def fenchel_gap(self, y: FloatArray, eta: FloatArray, k: float) -> FloatArray:
        """Return m log(m/mu) - m + mu, m = k mu + (1 - k) y."""
        change = -(1.0 - k) * self.gradient(y, eta)
        m = k * self.mean(eta) + (1.0 - k) * y
        return np.maximum(relative_entropy(m, change, eta) - change, 0.0)

    def null_intercept(
        self, y: FloatArray, weight: FloatArray | None = None, offset: FloatArray | None = None
    ) -> float:
        """Return log(sum w y / sum w exp(offset))."""
        share = shares(weight, y.shape[0])
        total = 0.0 if offset is None else float(logsumexp(offset, b=share))
        return math.log(float(share @ y)) - total

    def check_target(self, y: object, n: int | None = None) -> FloatArray:
        """Return y: numbers >= 0, not all 0."""
        target = _validate.check_target(y, n)
        refuse(target, target < 0.0, "non-negative for Poisson")
        if not target.any():
            hint = "with no event at all the mean is 0, its logarithm minus infinity"
            raise ArgumentError.must("y", "hold a positive count", Phrase("only zeros"), hint)
        return target
