"""What every family offers, and what several of them share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from shrinkage import errors
from shrinkage._typing import BoolArray, FloatArray
from shrinkage.errors import DataError, Phrase

# What rounding makes of a mean that is in the domain of the conjugate.
SLACK = 8.0 * np.finfo(float).eps
# Residuals below this share of the response are rounding: the target is constant.
_CONSTANT = 1e-13


class Family(ABC):
    """A distribution of y with its link to the linear predictor eta.

    y and eta have one entry for each row; for `Multinomial` one row for each row and one column
    for each class.

    Attributes
    ----------
    name : str
        What `family="..."` calls it.
    is_convex : bool
        Whether `loss` is convex in eta, so that a duality gap bounds the distance to the optimum.

    Notes
    -----
    Its laws, each of which is a test:
    `gradient` and `curvature` are the derivatives of `loss` in eta.
    `mean(linear_predictor(mu)) = mu`.
    `loss(y, eta) + conjugate(y, v) >= v eta`, with equality at v = gradient(y, eta).
    `unit_deviance(y, mean(eta)) = 2 loss(y, eta)`.
    """

    name: ClassVar[str]
    is_convex: ClassVar[bool] = True

    @abstractmethod
    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return half the unit deviance of each row, >= 0."""

    @abstractmethod
    def gradient(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return the derivative of `loss` in eta, of the shape of eta."""

    @abstractmethod
    def curvature(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return the second derivative of `loss` in eta: (n,), or (n, K, K) for K classes."""

    @abstractmethod
    def mean(self, eta: FloatArray) -> FloatArray:
        """Return the mean of y that belongs to eta."""

    @abstractmethod
    def linear_predictor(self, mu: FloatArray) -> FloatArray:
        """Return the eta that belongs to the mean: the link function."""

    @abstractmethod
    def unit_deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return twice the log-likelihood ratio of the saturated fit to the mean, row by row."""

    @abstractmethod
    def conjugate(self, y: FloatArray, v: FloatArray) -> FloatArray:
        """Return max over eta of v eta - loss(y, eta); infinite where it is unbounded."""

    @abstractmethod
    def check_target(self, y: object, n: int | None = None) -> FloatArray:
        """Return y as float64, every entry in the range of the family.

        Parameters
        ----------
        y : array-like
            The rows that count: those of weight 0 are the caller's to leave out.
        n : int, optional
            The number of rows that it must have.

        Raises
        ------
        DataError
            If an entry is outside the range.
        ArgumentError
            If the fit of an intercept alone would be at infinity (one class, only zero counts).
        """

    def fenchel_gap(self, y: FloatArray, eta: FloatArray, k: float) -> FloatArray:
        """Return loss(y, eta) + conjugate(y, k v) - k v eta, v = gradient(y, eta), 0 <= k <= 1.

        >= 0, and 0 at k = 1: what a dual point loses that is shrunk by k.
        """
        v = k * self.gradient(y, eta)
        product = v * eta if eta.ndim == 1 else np.sum(v * eta, axis=1)
        return np.asarray(self.loss(y, eta) + self.conjugate(y, v) - product)

    def null_intercept(
        self, y: FloatArray, weight: FloatArray | None = None, offset: FloatArray | None = None
    ) -> Any:
        """Return the intercept b0 that minimises the weighted mean of loss(y, offset + b0).

        Solved to rounding: in closed form where there is one, else by Newton steps that stay
        inside a bracket of the root, so that no offset makes it diverge.

        Parameters
        ----------
        y : ndarray
            A target that `check_target` returned.
        weight : ndarray of shape (n,), optional
            Positive; need not sum to 1.
        offset : ndarray of the shape of eta, optional

        Returns
        -------
        float, or ndarray of shape (K,) for K classes
        """
        share = shares(weight, y.shape[0])
        start = float(self.linear_predictor(np.atleast_1d(share @ y))[0])
        if offset is None:
            return start

        def slope(b0: float) -> tuple[float, float]:
            eta = offset + b0
            return (
                float(share @ self.gradient(y, eta)),
                float(share @ self.curvature(y, eta)),
            )

        return increasing_root(slope, start - float(share @ offset))

    def null_loss(
        self,
        y: FloatArray,
        weight: FloatArray | None = None,
        offset: FloatArray | None = None,
        fit_intercept: bool = True,
    ) -> float:
        """Return the weighted mean loss of the fit with intercept and offset only.

        Exactly 0 where that fit is y but for rounding.
        """
        share = shares(weight, y.shape[0])
        eta = np.zeros(y.shape) if offset is None else offset
        if fit_intercept:
            eta = eta + self.null_intercept(y, weight, offset)
        apart = np.abs(y - self.mean(eta))
        if float(np.max(apart)) <= _CONSTANT * float(np.max(np.abs(y))):
            return 0.0
        return float(share @ self.loss(y, eta))


def shares(weight: FloatArray | None, n: int) -> FloatArray:
    """Return the weights of the rows as shares of their sum."""
    return np.full(n, 1.0 / n) if weight is None else weight / weight.sum()


def refuse(y: FloatArray, offends: BoolArray, requirement: str, hint: str | None = None) -> None:
    """Raise the error for the first entry of y that offends."""
    if not offends.any():
        return
    where = tuple(int(i) for i in np.argwhere(offends)[0])
    place = ", ".join(str(i) for i in where)
    got = Phrase(f"{errors.number(float(y[where]))} at y[{place}]")
    raise DataError.must_be("y", requirement, got, hint).at(where[0])


def relative_entropy(m: FloatArray, change: FloatArray, log_base: FloatArray) -> FloatArray:
    """Return m log(m / base) for m = base + change, right to rounding for small changes too."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        base = np.exp(log_base)
        near = np.abs(change) <= 0.5 * base
        ratio = np.where(near, np.log1p(change / base), np.log(m) - log_base)
        return np.where(m > 0.0, m * ratio, 0.0)


def increasing_root(slope: Callable[[float], tuple[float, float]], start: float) -> float:
    """Return the root of an increasing function: Newton steps inside a bracket.

    `slope(x)` returns the function and its derivative.
    """
    low, high, x = -math.inf, math.inf, start
    best, least, reach = start, math.inf, 1.0
    for _ in range(400):
        value, derivative = slope(x)
        if abs(value) < least:
            best, least = x, abs(value)
        if value == 0.0:
            return x
        low, high = (x, high) if value < 0.0 else (low, x)
        step = -value / derivative if derivative > 0.0 else math.copysign(math.inf, -value)
        step = math.copysign(min(abs(step), reach), step)
        reach *= 2.0
        following = x + step
        if not low < following < high:
            following = 0.5 * (low + high)
            if not low < following < high or math.isinf(following):
                return best
        if abs(following - x) <= 1e-16 * abs(x):
            return best
        x = following
    return best
