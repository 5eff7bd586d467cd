"""The judge: how far from optimal a solution is, recomputed in plain NumPy.

It shares no code with the solver, centres every column explicitly, and is built to be right
rather than fast. Notation as in docs/objective.md: z_j is the scaled (and, with an intercept,
centred) column, t = s * coef, u the dual point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from shrinkage._typing import ArrayLike
from shrinkage.families import Family, Gaussian, resolve
from shrinkage.solve.gaussian_judge import GaussianJudge
from shrinkage.solve.glm_judge import GlmJudge
from shrinkage.solve.penalty_terms import (
    PenaltyTerms,
    is_feasible,
    per_feature,
    scaled_bound,
    snapped,
)
from shrinkage.solve.scaled_data import GlmData, ScaledData


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
    intercept: ArrayLike,
    *,
    family: str | Family = "gaussian",
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

    The objective is that of docs/objective.md; the parameters are those of `elastic_net_path`
    and the values that it returns.

    Parameters
    ----------
    X : ndarray or scipy.sparse matrix of shape (n, p)
        Never densified as a whole; 256 columns are widened at a time.
    y, sample_weight, offset : array-like of shape (n,)
        Multinomial: y as class codes 0..K-1 or as shares of shape (n, K), offset of shape (n, K).
    coef : array-like of shape (p,), or (K, p) for multinomial
        In original units.
    intercept : float, or array-like of shape (K,)
    family : str or Family
        An instance of `shrinkage.families`, or its name.
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
    chosen = resolve(family)
    arguments = (X, y, sample_weight, offset, fit_intercept, standardize)
    is_gaussian = isinstance(chosen, Gaussian)
    data = ScaledData(*arguments) if is_gaussian else GlmData(chosen, *arguments)
    p = data.n_features
    coef = np.array(coef, dtype=np.float64).T.ravel()
    copies = coef.size // p  # one for each class
    factor = np.repeat(per_feature(penalty_factor, 1.0, p), copies)
    low = np.repeat(per_feature(lower, -math.inf, p), copies)
    high = np.repeat(per_feature(upper, math.inf, p), copies)
    scale = np.repeat(data.scale, copies)
    usable = (scale > 0) & (factor < math.inf)
    if not is_feasible(coef, low, high, usable):
        return Certificate(math.inf, math.inf, math.inf, data.null_loss)
    coef = np.where(usable, snapped(snapped(coef, low), high), 0.0)
    low, high = scaled_bound(low, scale), scaled_bound(high, scale)
    weight = alpha * np.where(usable, factor, 0.0)
    terms = PenaltyTerms(weight * l1_ratio, weight * (1.0 - l1_ratio) / data.tau, low, high, usable)
    judge: GaussianJudge | GlmJudge
    if isinstance(data, ScaledData):
        judge = GaussianJudge(data, terms, factor, coef, float(np.squeeze(intercept)))
    else:
        judge = GlmJudge(data, terms, factor, coef, intercept)
    if data.null_loss == 0.0:
        wrong = math.inf if coef[usable & (factor > 0)].any() else 0.0
        return Certificate(wrong, wrong, judge.objective, 0.0)
    if not math.isfinite(judge.objective):
        return Certificate(math.inf, math.inf, math.inf, data.null_loss)
    gap = judge.gap() / data.null_loss
    return Certificate(max(gap, 0.0), judge.violation(), judge.objective, data.null_loss)
