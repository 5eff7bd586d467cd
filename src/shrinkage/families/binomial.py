"""Two classes, or shares of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, log_expit, logit, rel_entr, xlogy

from shrinkage import _validate
from shrinkage._typing import FloatArray
from shrinkage.errors import ArgumentError, Phrase, number
from shrinkage.families.family import SLACK, Family, refuse, relative_entropy


@dataclass(frozen=True)
class Binomial(Family):
    """A class 0 or 1, or a share of ones in [0, 1] with the number of trials as its weight.

    With mu = 1 / (1 + exp(-eta)): loss -y log(mu) - (1 - y) log(1 - mu), less that of mu = y,
    which is 0 for classes.

    Parameters
    ----------
    link : "logit"
        eta = log(mu / (1 - mu)).
    """

    link: str = "logit"
    name: ClassVar[str] = "binomial"

    def __post_init__(self) -> None:
        _validate.check_choice("link", self.link, ("logit",))

    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return log(1 + exp(eta)) - y eta, less that of mean y."""
        saturated = xlogy(y, y) + xlogy(1.0 - y, 1.0 - y)
        return np.asarray(saturated - y * log_expit(eta) - (1.0 - y) * log_expit(-eta))

    def gradient(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return mu - y, without cancellation where y is 0 or 1."""
        return np.asarray((1.0 - y) * expit(eta) - y * expit(-eta))

    def curvature(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return mu (1 - mu)."""
        return np.asarray(expit(eta) * expit(-eta))

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return 1 / (1 + exp(-eta))."""
        return np.asarray(expit(eta))

    def linear_predictor(self, mu: FloatArray) -> FloatArray:
        """Return log(mu / (1 - mu))."""
        return np.asarray(logit(mu))

    def unit_deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return 2 (y log(y/mu) + (1 - y) log((1 - y) / (1 - mu)))."""
        return np.asarray(2.0 * (rel_entr(y, mu) + rel_entr(1.0 - y, 1.0 - mu)))

    def conjugate(self, y: FloatArray, v: FloatArray) -> FloatArray:
        """Return m log m + (1 - m) log(1 - m), less that at y, for m = y + v in [0, 1]."""
        m = y + v
        inside = np.clip(m, 0.0, 1.0)
        value = xlogy(inside, inside) + xlogy(1.0 - inside, 1.0 - inside)
        value = value - xlogy(y, y) - xlogy(1.0 - y, 1.0 - y)
        return np.where(np.abs(m - inside) <= SLACK, value, np.inf)

    def fenchel_gap(self, y: FloatArray, eta: FloatArray, k: float) -> FloatArray:
        """Return m log(m/mu) + (1 - m) log((1 - m) / (1 - mu)), m = k mu + (1 - k) y."""
        change = -(1.0 - k) * self.gradient(y, eta)
        ones = relative_entropy(k * expit(eta) + (1.0 - k) * y, change, log_expit(eta))
        zeros = relative_entropy(k * expit(-eta) + (1.0 - k) * (1.0 - y), -change, log_expit(-eta))
        return np.maximum(ones + zeros, 0.0)

    def check_target(self, y: object, n: int | None = None) -> FloatArray:
        """Return y: numbers in [0, 1], neither all 0 nor all 1."""
        target = _validate.check_target(y, n)
        refuse(
            target,
            (target < 0.0) | (target > 1.0),
            "between 0 and 1 for binomial",
            "code the two classes as 0 and 1, or pass the share of ones with the number of "
            "trials as `sample_weight`",
        )
        if target.size and target[0] in (0.0, 1.0) and (target == target[0]).all():
            raise _one_class(float(target[0]))
        return target


def _one_class(value: float) -> ArgumentError:
    got = Phrase(f"only {number(value)}: rows of one class")
    return ArgumentError.must("y", "hold both classes", got)
