"""The penalty as the judge sees it: one term for each scaled coefficient, within its bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from shrinkage._typing import ArrayLike, BoolArray, FloatArray


@dataclass(frozen=True)
class PenaltyTerms:
    """The penalty l1_j |t_j| + l2_j t_j^2 / 2 within bounds, for the usable features."""

    l1: FloatArray
    l2: FloatArray
    low: FloatArray
    high: FloatArray
    usable: BoolArray

    def value(self, t: FloatArray) -> float:
        """Return the penalty of all coefficients."""
        return float(self.l1 @ np.abs(t) + 0.5 * (self.l2 @ t**2))

    def violation(self, c: FloatArray, t: FloatArray) -> float:
        """Return max_j distance of c_j = z_j'u from the subdifferential at t_j."""
        g = c - self.l2 * t
        # Slopes of gain to the right and to the left; a bound blocks its own side.
        rise = np.where(t < self.high, g - np.where(t >= 0, self.l1, -self.l1), 0.0)
        fall = np.where(t > self.low, np.where(t <= 0, -self.l1, self.l1) - g, 0.0)
        return float(np.max(np.maximum(rise, fall)[self.usable], initial=0.0))

    def conjugate(self, c: FloatArray, quadratic: bool) -> float:
        """Return sum_j max over the bounds of c t - l1 |t| - l2 t^2 / 2.

        Without `quadratic` l2 is left out. A side that is unbounded without l2 is the caller's
        to make feasible, and counts as 0.
        """
        terms = self if quadratic else self.without_l2()
        return float(np.sum(terms.conjugates(c)[self.usable]))

    def conjugates(self, c: FloatArray) -> FloatArray:
        """Return the terms of `conjugate`."""
        total = np.zeros_like(c)
        curved = self.l2 > 0
        for side, bound in ((1.0, self.high), (-1.0, -self.low)):
            excess = np.maximum(side * c - self.l1, 0.0)
            with np.errstate(over="ignore"):
                step = np.where(curved, excess / np.where(curved, self.l2, 1.0), np.inf)
                step = np.minimum(step, bound)
                step[~curved & np.isinf(bound)] = 0.0
                total += step * (excess - 0.5 * self.l2 * step)
        return total

    def fenchel_gap(self, c: FloatArray, t: FloatArray) -> FloatArray:
        """Return penalty_j(t_j) + conjugate_j(c_j) - c_j t_j >= 0, 0 where c_j is a subgradient."""
        value = self.l1 * np.abs(t) + 0.5 * self.l2 * t**2 - c * t
        return np.maximum(value + self.conjugates(c), 0.0)

    def without_l2(self) -> PenaltyTerms:
        """Return the terms with their L1 part alone."""
        return replace(self, l2=np.zeros_like(self.l2))

    def unless_met(self, t: FloatArray, penalised: BoolArray) -> PenaltyTerms:
        """Return the terms without the bounds that t does not meet.

        Leaving them out lowers the minimum at most, so a dual value of that problem is one of
        this. It matters where a bound is wide: c_j's rounding times it is large.
        """
        return replace(
            self,
            low=np.where(penalised & (t > self.low), -math.inf, self.low),
            high=np.where(penalised & (t < self.high), math.inf, self.high),
        )

    def feasible_factor(self, c: FloatArray, penalised: BoolArray) -> float:
        """Return the largest k <= 1 for which k c_j <= l1_j on every side without a bound."""
        is_open = ((c > 0) & np.isinf(self.high)) | ((c < 0) & np.isinf(self.low))
        limits = penalised & is_open
        if not limits.any():
            return 1.0
        return min(1.0, float(np.min(self.l1[limits] / np.abs(c[limits]))))

    def allows(self, c: FloatArray) -> BoolArray:
        """Return whether the bounds leave room in the direction of c."""
        return ((c > 0) & (self.high > 0)) | ((c < 0) & (self.low < 0))


def snapped(coef: FloatArray, bound: FloatArray) -> FloatArray:
    """Return the coefficients with those that meet the bound but for rounding put on it.

    Bounds are met in scaled units, and the way back rounds.
    """
    finite = np.where(np.isinf(bound), 0.0, bound)
    return np.where(np.abs(coef - finite) <= 1e-12 * np.abs(finite), finite, coef)


def is_feasible(coef: FloatArray, low: FloatArray, high: FloatArray, usable: BoolArray) -> bool:
    """Return whether the coefficients are finite, within the bounds, and 0 where not usable."""
    coef = snapped(snapped(coef, low), high)
    outside = (coef < low) | (coef > high) | (~usable & (coef != 0))
    return bool(np.isfinite(coef).all()) and not outside.any()


def per_feature(value: ArrayLike | None, default: float, p: int) -> FloatArray:
    """Return one number for each of p features."""
    return np.broadcast_to(np.asarray(default if value is None else value, float), (p,)).copy()


def scaled_bound(bound: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the bounds on t = scale * coef."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(bound), bound, bound * scale)
