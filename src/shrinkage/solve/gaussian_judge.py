"""The judge of Gaussian solutions: least squares has a dual point by projection."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import lsq_linear

from shrinkage._typing import BoolArray, FloatArray
from shrinkage.solve.penalty_terms import PenaltyTerms
from shrinkage.solve.scaled_data import ScaledData


class GaussianJudge:
    """One solution of one problem.

    Attributes
    ----------
    objective : float
    """

    def __init__(
        self,
        data: ScaledData,
        terms: PenaltyTerms,
        factor: FloatArray,
        coef: FloatArray,
        intercept: float,
    ) -> None:
        self._data, self._terms, self._factor = data, terms, factor
        self._t = coef * data.scale
        self._residual = data.residual(coef, intercept)
        self.objective = 0.5 * float(self._residual @ self._residual) + terms.value(self._t)

    def violation(self) -> float:
        """Return the distance from the optimality conditions over `alpha_max`."""
        unit = _largest_correlation(self._data, self._factor, self._terms)
        return self._terms.violation(self._data.correlations(self._residual), self._t) / unit

    def gap(self) -> float:
        """Return the objective minus the best dual value."""
        return self.objective - _dual_value(self._data, self._terms, self._t, self._residual)


def _dual_value(
    data: ScaledData, terms: PenaltyTerms, t: FloatArray, residual: FloatArray
) -> float:
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
    rest = PenaltyTerms(terms.l1, terms.l2, terms.low, terms.high, terms.usable & ~free)
    met = rest.unless_met(t, penalised)

    def best_of(u: FloatArray, c: FloatArray) -> float:
        # y'u, of which the free features have no part: theirs may be large ones that cancel.
        product = residual @ u + t[~free] @ c[~free] if free.any() else data.y @ u

        def value(k: float, quadratic: bool, rest: PenaltyTerms = rest) -> float:
            shifted = c if quadratic else c - terms.l2 * t
            lost = 0.5 * k * k * (u @ u) + rest.conjugate(k * shifted, quadratic)
            if not quadratic:
                lost += 0.5 * k * k * (terms.l2[penalised] @ t[penalised] ** 2)
            return float(k * product - lost)

        best = max(
            value(each.feasible_factor(c - terms.l2 * t, penalised), False, each)
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
    terms: PenaltyTerms,
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


def _largest_correlation(data: ScaledData, factor: FloatArray, terms: PenaltyTerms) -> float:
    """Return alpha_max at l1_ratio 1, the unit of `kkt_violation`; never 0.

    Where it is 0 (nothing is penalised, or free features fit y), the largest |z_j'y| stands in.
    """
    free = terms.usable & (factor == 0)
    residual = data.y
    if free.any():
        residual = _bounded_fit(data, residual, free, terms)
    c = data.correlations(residual)
    counted = terms.usable & (factor > 0) & terms.allows(c)
    largest = float(np.max(np.abs(c[counted]) / factor[counted], initial=0.0))
    noise = 1e-14 * math.sqrt(float(data.y @ data.y))
    if largest > noise:
        return largest
    return float(np.max(np.abs(data.correlations(data.y)), initial=0.0)) or 1.0


def _bounded_fit(
    data: ScaledData, y: FloatArray, free: BoolArray, terms: PenaltyTerms
) -> FloatArray:
    """Return what least squares on the free features leaves of y, within their bounds."""
    if np.isinf(terms.low[free]).all() and np.isinf(terms.high[free]).all():
        return data.without_columns(y, free)
    free = free & (terms.low < terms.high)  # those held at 0 leave y alone
    if not free.any():
        return y
    columns = data.columns(np.flatnonzero(free))
    fit = lsq_linear(columns, y, (terms.low[free], terms.high[free]), method="bvls", tol=1e-14)
    return np.asarray(y - columns @ fit.x)
