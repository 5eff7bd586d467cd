"""The normal distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shrinkage import _validate
from shrinkage._typing import FloatArray
from shrinkage.families.family import Family, shares


@dataclass(frozen=True)
class Gaussian(Family):
    """A normal y around mean eta: loss (y - eta)^2 / 2."""

    name: ClassVar[str] = "gaussian"

    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return (y - eta)^2 / 2."""
        return np.asarray(0.5 * (y - eta) ** 2)

    def gradient(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return eta - y."""
        return np.asarray(eta - y)

    def curvature(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return 1 for each row."""
        return np.ones_like(eta)

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return eta."""
        return eta

    def linear_predictor(self, mu: FloatArray) -> FloatArray:
        """Return mu."""
        return mu

    def unit_deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return (y - mu)^2."""
        return np.asarray((y - mu) ** 2)

    def conjugate(self, y: FloatArray, v: FloatArray) -> FloatArray:
        """Return v^2 / 2 + v y."""
        return np.asarray(v * (0.5 * v + y))

    def check_target(self, y: object, n: int | None = None) -> FloatArray:
        """Return y: any finite numbers."""
        return _validate.check_target(y, n)

    def fenchel_gap(self, y: FloatArray, eta: FloatArray, k: float) -> FloatArray:
        """Return (1 - k)^2 (y - eta)^2 / 2."""
        return np.asarray(0.5 * ((1.0 - k) * (y - eta)) ** 2)

    def null_intercept(
        self, y: FloatArray, weight: FloatArray | None = None, offset: FloatArray | None = None
    ) -> float:
        """Return the weighted mean of y - offset."""
        response = y if offset is None else y - offset
        share = shares(weight, y.shape[0])
        rough = float(share @ response)
        return rough + float(share @ (response - rough))
