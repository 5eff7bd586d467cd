"""The judge of all other families: the dual point is the residual, shrunk until it is feasible.

With mu the means, u_i = wt_i (y_i - mu_i) and c_j = z_j'u, where intercept and free features are
at their best for the other coefficients, k u is a dual point for every k in [0, 1] with
k c_j in the domain of the penalty's conjugate. By Fenchel's inequality the gap is then a sum of
terms none of which is negative (docs/objective.md):

    sum_j (penalty_j(t_j) + conjugate_j(k c_j) - k c_j t_j) + sum_i wt_i fenchel_gap_i(k)
"""

from __future__ import annotations

import math

import numpy as np

from shrinkage._typing import ArrayLike, BoolArray, FloatArray
from shrinkage.solve.free_fit import fit_free
from shrinkage.solve.penalty_terms import PenaltyTerms
from shrinkage.solve.scaled_data import GlmData


class GlmJudge:
    """One solution of one problem.

    `terms`, `factor` and `coef` have one entry for each feature and output, outputs innermost.

    Attributes
    ----------
    objective : float
    """

    def __init__(
        self,
        data: GlmData,
        terms: PenaltyTerms,
        factor: FloatArray,
        coef: FloatArray,
        intercept: ArrayLike,
    ) -> None:
        self._data, self._terms, self._factor = data, terms, factor
        table = coef.reshape(data.n_features, -1)
        self._t = (table.T * data.scale).T.ravel()
        b0 = np.broadcast_to(np.asarray(intercept, float), table.shape[1])
        self._eta = data.offset + data.predictor(table, b0).reshape(data.y.shape)
        self._loss = self._mean_loss(self._eta)
        self.objective = self._loss + terms.value(self._t)
        self._penalised = terms.usable & (factor > 0)
        self._free = terms.usable & (factor == 0)

    def violation(self) -> float:
        """Return the distance from optimality, intercept included, over alpha_max."""
        largest = self._terms.violation(self._correlations(self._eta), self._t)
        if self._data.fit_intercept:
            slope = self._data.weight @ self._data.family.gradient(self._data.y, self._eta)
            largest = max(largest, float(np.max(np.abs(slope))))
        return largest / self._unit()

    def gap(self) -> float:
        """Return a bound on the objective minus its minimum; NaN for alpha = 0.

        No loss is below 0, so the objective itself is one.
        """
        terms = self._terms
        if not ((terms.l1 > 0) | (terms.l2 > 0)).any() and self._penalised.any():
            return math.nan
        found = self._gap_with(self._free)
        # A correlation costs little where bounds hold a coefficient on both sides.
        held = self._free & np.isfinite(terms.low) & np.isfinite(terms.high)
        if math.isinf(found) and held.any():
            found = self._gap_with(self._free & ~held)
        return min(found, max(self.objective, 0.0))

    def _gap_with(self, fitted: BoolArray) -> float:
        """Return the bound after these free features were fitted anew; infinite if they can't."""
        terms, counted = self._terms, self._terms.usable & ~fitted
        eta, left = fit_free(self._data, terms, fitted, self._eta, self._t)
        if left > 1.0:
            return math.inf
        gained = self._loss - self._mean_loss(eta)
        c = self._correlations(eta)
        gaps = [self._shrunk(c, eta, each, counted) for each in (terms, self._unless_met())]
        if (terms.l2[self._penalised] > 0).all():
            gaps.append(float(np.sum(terms.fenchel_gap(c, self._t)[counted])))
        return max(gained, 0.0) + min(gaps)

    def _unless_met(self) -> PenaltyTerms:
        return self._terms.unless_met(self._t, self._penalised)

    def _shrunk(
        self, c: FloatArray, eta: FloatArray, terms: PenaltyTerms, counted: BoolArray
    ) -> float:
        """Return the gap of the largest dual point k u, the L2 part as rows of least squares."""
        data, t = self._data, self._t
        shifted = c - terms.l2 * t
        k = terms.feasible_factor(shifted, counted)
        of_features = (
            terms.without_l2().fenchel_gap(k * shifted, t) + 0.5 * terms.l2 * ((1.0 - k) * t) ** 2
        )
        of_rows = 0.0
        if k < 1.0:
            of_rows = float(data.weight @ data.family.fenchel_gap(data.y, eta, k))
        return float(np.sum(of_features[counted])) + of_rows

    def _mean_loss(self, eta: FloatArray) -> float:
        return float(self._data.weight @ self._data.family.loss(self._data.y, eta))

    def _correlations(self, eta: FloatArray) -> FloatArray:
        """Return z_j'u for every feature and output."""
        data = self._data
        residual = -data.family.gradient(data.y, eta)
        return data.correlations((data.root * residual.T).T).ravel()

    def _unit(self) -> float:
        """Return alpha_max at l1_ratio 1; never 0.

        Where it is 0 (nothing is penalised, or free features fit y), the largest |z_j'u| of the
        fit with intercept and offset only stands in.
        """
        data, terms = self._data, self._terms
        nothing = np.zeros(self._t.size)
        none_free = np.zeros(self._t.size, dtype=np.bool_)
        at_null, _ = fit_free(data, terms, none_free, data.offset, nothing)
        with_free, _ = fit_free(data, terms, self._free, data.offset, nothing)
        c = self._correlations(with_free)
        counted = self._penalised & terms.allows(c)
        largest = float(np.max(np.abs(c[counted]) / self._factor[counted], initial=0.0))
        apart = data.y - data.family.mean(at_null)
        if largest > 1e-10 * math.sqrt(float(np.sum(data.weight @ apart**2))):
            return largest
        return float(np.max(np.abs(self._correlations(at_null)), initial=0.0)) or 1.0
