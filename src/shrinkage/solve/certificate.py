"""The judge: how far from optimal a solution is, recomputed in plain NumPy.

It shares no code with the solver, centres every column explicitly, and is built to be right
rather than fast. Notation as in docs/objective.md: z_j is the scaled (and, with an intercept,
centred) column, t = s * coef, u the dual point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import lsq_linear

from shrinkage._typing import ArrayLike, BoolArray, FloatArray
from shrinkage.solve.scaled_data import ScaledData


@dataclass(frozen=True)
class Certificate:
    """How far from optimal a solution is.

    Attributes
    ----------
    dual_gap : float >= 0
        (primal - dual value) / null_loss: the objective is at most this share of the null loss
        above its minimum. Infinite for a solution that breaks a bound or an exclusion.
    kkt_violation : float >= 0
        Largest distance of z_j'u from the subdifferential of the penalty, over alpha_max at
        l1_ratio 1.
    objective : float
        The value of the objective, in squared units of y.
    null_loss : float
        The loss of the fit with intercept and offset only, same unit.
    """

    dual_gap: float
    kkt_violation: float
    objective: float
    null_loss: float


def certify(
    X: Any,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float,
    *,
    alpha: float,
    l1_ratio: float = 1.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    penalty_factor: ArrayLike | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    fit_intercept: bool = True,
    standardize: bool = True,
) -> Certificate:
    """Return the duality gap and the violation of the optimality conditions of a solution.

    The objective is that of docs/objective.md with the Gaussian loss; the parameters are those
    of `elastic_net_path` and the values that it returns.

    Parameters
    ----------
    X : ndarray or scipy.sparse matrix of shape (n, p)
        Never densified as a whole; 256 columns are widened at a time.
    y, sample_weight, offset : array-like of shape (n,)
    coef : array-like of shape (p,)
        In original units.
    intercept : float
    alpha, l1_ratio : float
    penalty_factor, lower, upper : float or array-like of shape (p,), optional
    fit_intercept, standardize : bool

    Returns
    -------
    Certificate

    Notes
    -----
    The gap is a bound by weak duality whatever the solution, so a wrong answer can't pass.
    """
    data = ScaledData(X, y, sample_weight, offset, fit_intercept, standardize)
    p = data.n_features
    factor = _per_feature(penalty_factor, 1.0, p)
    scale = data.scale
    low = _per_feature(lower, -math.inf, p)
    high = _per_feature(upper, math.inf, p)
    coef = np.array(coef, dtype=np.float64)
    usable = (scale > 0) & (factor < math.inf)
    feasible = _is_feasible(coef, low, high, usable)
    if not feasible:
        return Certificate(math.inf, math.inf, math.inf, 0.5 * float(data.y @ data.y))
    coef = np.where(usable, _snapped(_snapped(coef, low), high), 0.0)
    low, high = _scaled_bound(low, scale), _scaled_bound(high, scale)
    t = coef * scale
    weight = alpha * np.where(usable, factor, 0.0)
    terms = _Terms(weight * l1_ratio, weight * (1.0 - l1_ratio) / data.tau, low, high, usable)

    residual = data.residual(coef, intercept)
    objective = 0.5 * float(residual @ residual) + terms.value(t)
    null_loss = 0.5 * float(data.y @ data.y)
    unit = _largest_correlation(data, factor, terms)
    if null_loss == 0.0:
        at_null = not t[usable & (factor > 0)].any()
        gap = 0.0 if at_null else math.inf
        return Certificate(gap, 0.0 if at_null else math.inf, objective, 0.0)
    violation = terms.violation(data.correlations(residual), t) / unit
    gap = (objective - _dual_value(data, terms, t, residual)) / null_loss
    return Certificate(max(gap, 0.0), violation, objective, null_loss)


@dataclass(frozen=True)
class _Terms:
    """The penalty l1_j |t_j| + l2_j t_j^2 / 2 within bounds, for the usable features."""

    l1: FloatArray
    l2: FloatArray
    low: FloatArray
    high: FloatArray
    usable: BoolArray

    def value(self, t: FloatArray) -> float:
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
        total = 0.0
        for side, bound in ((1.0, self.high), (-1.0, -self.low)):
            excess = np.maximum(side * c - self.l1, 0.0)[self.usable]
            most = bound[self.usable]
            l2 = self.l2[self.usable] if quadratic else np.zeros_like(most)
            curved = l2 > 0
            step = np.where(curved, excess / np.where(curved, l2, 1.0), np.inf)
            step = np.minimum(step, most)
            step[~np.isfinite(step)] = 0.0
            total += float(np.sum(excess * step - 0.5 * l2 * step**2))
        return total


def _dual_value(data: ScaledData, terms: _Terms, t: FloatArray, residual: FloatArray) -> float:
    """Return the best dual value that can be made from the residual (docs/objective.md)."""
    penalised = terms.usable & ((terms.l1 > 0) | (terms.l2 > 0))
    unpenalised = terms.usable & ~penalised
    bounded = np.isfinite(terms.low) | np.isfinite(terms.high)
    free = unpenalised & (~bounded | ((t > terms.low) & (t < terms.high)))
    u = data.without_columns(data.centred(residual), free)
    c = data.correlations(u)
    # A half-bounded free feature whose open side wants to move has to be projected out too.
    wants = ((c > 0) & np.isinf(terms.high)) | ((c < 0) & np.isinf(terms.low))
    if (unpenalised & ~free & wants).any():
        free = unpenalised & (free | wants)
        u = data.without_columns(u, free)
        c = data.correlations(u)
    rest = _Terms(terms.l1, terms.l2, terms.low, terms.high, terms.usable & ~free)
    # Leaving out a bound that is not met lowers the minimum at most, so a dual value of that
    # problem is one of this. It matters where a bound is wide: c_j's rounding times it is large.
    met = replace(
        rest,
        low=np.where(penalised & (t > terms.low), -math.inf, terms.low),
        high=np.where(penalised & (t < terms.high), math.inf, terms.high),
    )

    def best_of(u: FloatArray, c: FloatArray) -> float:
        # y'u, of which the free features have no part: theirs may be large ones that cancel.
        product = residual @ u + t[~free] @ c[~free] if free.any() else data.y @ u

        def value(k: float, quadratic: bool, rest: _Terms = rest) -> float:
            shifted = c if quadratic else c - terms.l2 * t
            lost = 0.5 * k * k * (u @ u) + rest.conjugate(k * shifted, quadratic)
            if not quadratic:
                lost += 0.5 * k * k * (terms.l2[penalised] @ t[penalised] ** 2)
            return float(k * product - lost)

        best = max(
            value(_feasible_factor(c - terms.l2 * t, each, penalised), False, each)
            for each in (rest, met)
        )
        if (terms.l2[penalised] > 0).all():
            best = max(best, value(1.0, True))
        return best

    best = best_of(u, c)
    if data.are_nearly_dependent(free):
        u = _restored(data, terms, t, u, free, penalised)
        best = max(best, best_of(u, data.correlations(u)))
    return best


def _restored(
    data: ScaledData,
    terms: _Terms,
    t: FloatArray,
    u: FloatArray,
    free: BoolArray,
    penalised: BoolArray,
) -> FloatArray:
    """Return u with z_j'u = l1_j sign(t_j) + l2_j t_j wherever t_j is neither 0 nor at a bound.

    Projecting on what nearly dependent free features leave moves the other correlations by
    rounding over the smallest singular value. Scaled back as a whole that costs its size, undone
    one by one only its square. Any u that is orthogonal to the free features is a dual point.
    """
    inside = penalised & (t != 0) & (t > terms.low) & (t < terms.high)
    support = np.flatnonzero(inside)
    if not 0 < support.size < u.size:
        return u
    columns = data.without_columns(data.columns(support), free)
    wanted = (terms.l1 * np.sign(t) + terms.l2 * t)[support] - u @ columns
    return u + np.asarray(np.linalg.lstsq(columns.T, wanted, rcond=None)[0])


def _feasible_factor(c: FloatArray, terms: _Terms, penalised: BoolArray) -> float:
    """Return the largest k <= 1 for which k c_j <= l1_j on every side without a bound."""
    is_open = ((c > 0) & np.isinf(terms.high)) | ((c < 0) & np.isinf(terms.low))
    limits = penalised & is_open
    if not limits.any():
        return 1.0
    return min(1.0, float(np.min(terms.l1[limits] / np.abs(c[limits]))))


def _largest_correlation(data: ScaledData, factor: FloatArray, terms: _Terms) -> float:
    """Return alpha_max at l1_ratio 1, the unit of `kkt_violation`; never 0.

    Where it is 0 (nothing is penalised, or free features fit y), the largest |z_j'y| stands in.
    """
    free = terms.usable & (factor == 0)
    residual = data.y
    if free.any():
        residual = _bounded_fit(data, residual, free, terms)
    c = data.correlations(residual)
    allowed = ((c > 0) & (terms.high > 0)) | ((c < 0) & (terms.low < 0))
    counted = terms.usable & (factor > 0) & allowed
    largest = float(np.max(np.abs(c[counted]) / factor[counted], initial=0.0))
    noise = 1e-14 * math.sqrt(float(data.y @ data.y))
    if largest > noise:
        return largest
    return float(np.max(np.abs(data.correlations(data.y)), initial=0.0)) or 1.0


def _bounded_fit(data: ScaledData, y: FloatArray, free: BoolArray, terms: _Terms) -> FloatArray:
    """Return what least squares on the free features leaves of y, within their bounds."""
    if np.isinf(terms.low[free]).all() and np.isinf(terms.high[free]).all():
        return data.without_columns(y, free)
    free = free & (terms.low < terms.high)  # those held at 0 leave y alone
    if not free.any():
        return y
    columns = data.columns(np.flatnonzero(free))
    fit = lsq_linear(columns, y, (terms.low[free], terms.high[free]), method="bvls", tol=1e-14)
    return np.asarray(y - columns @ fit.x)


def _snapped(coef: FloatArray, bound: FloatArray) -> FloatArray:
    # Bounds are met in scaled units: allow for the rounding of the way back.
    finite = np.where(np.isinf(bound), 0.0, bound)
    return np.where(np.abs(coef - finite) <= 1e-12 * np.abs(finite), finite, coef)


def _is_feasible(coef: FloatArray, low: FloatArray, high: FloatArray, usable: BoolArray) -> bool:
    coef = _snapped(_snapped(coef, low), high)
    outside = (coef < low) | (coef > high) | (~usable & (coef != 0))
    return bool(np.isfinite(coef).all()) and not outside.any()


def _per_feature(value: ArrayLike | None, default: float, p: int) -> FloatArray:
    return np.broadcast_to(np.asarray(default if value is None else value, float), (p,)).copy()


def _scaled_bound(bound: FloatArray, scale: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(bound), bound, bound * scale)
