"""A fast judge for thousands of small dense problems: all alphas of a path at once.

Written from docs/objective.md, like `solve/certificate.py`, and independent of both it and the
core; a test compares the two. A feature that is free and bounded, and a target without spread,
are left to `certify`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shrinkage.solve.certificate import certify


@dataclass(frozen=True)
class Verdict:
    """Relative duality gap and violation over alpha's own l1 weight, for each alpha."""

    dual_gap: np.ndarray
    kkt_violation: np.ndarray


def judge(X, y, alphas, coef_path, intercepts, **options):
    """Return the verdict on every point of a path; `options` are those of elastic_net_path."""
    p = X.shape[1]
    factor = np.broadcast_to(options.get("penalty_factor", 1.0), p)
    low = np.broadcast_to(options.get("lower", -np.inf), p)
    high = np.broadcast_to(options.get("upper", np.inf), p)
    weight = np.asarray(options.get("sample_weight", np.ones(len(y))))
    rows = weight > 0
    bounded_free = (factor == 0) & (np.isfinite(low) | np.isfinite(high))
    if bounded_free.any() or np.ptp(y[rows]) <= 1e-12 * np.abs(y[rows]).max():
        return _one_by_one(X, y, alphas, coef_path, intercepts, options)
    problem = _Problem(X[rows], y[rows], weight[rows], factor, low, high, options)
    return problem.verdict(alphas, coef_path, intercepts)


def _one_by_one(X, y, alphas, coef_path, intercepts, options):
    points = [
        certify(X, y, coef, intercept, alpha=alpha, **options)
        for alpha, coef, intercept in zip(alphas, coef_path, intercepts, strict=True)
    ]
    return Verdict(
        np.array([point.dual_gap for point in points]),
        np.array([point.kkt_violation for point in points]),
    )


class _Problem:
    """One problem with its columns centred and scaled."""

    def __init__(self, X, y, weight, factor, low, high, options):
        self.l1_ratio = options.get("l1_ratio", 1.0)
        fit_intercept = options.get("fit_intercept", True)
        standardize = options.get("standardize", True)
        weight = weight / weight.sum()
        self.root = np.sqrt(weight)[:, None]
        mean = weight @ X
        mean = mean + weight @ (X - mean)
        spread = np.sqrt(weight @ (X - mean) ** 2)
        size = np.abs(X).max(axis=0)
        flat = spread <= 1e-13 * size
        one = np.ones_like(spread)
        self.scale = np.where(flat, 0.0, spread if standardize else one)
        if not fit_intercept and not standardize:
            self.scale = np.where(size > 0, one, 0.0)
        self.mean = mean if fit_intercept else np.zeros_like(mean)
        y_mean = weight @ y
        y_mean += weight @ (y - y_mean)
        self.y_mean = y_mean if fit_intercept else 0.0
        self.tau = np.sqrt(weight @ (y - self.y_mean) ** 2) if standardize else 1.0
        self.fit_intercept = fit_intercept
        used = (self.scale > 0) & np.isfinite(factor)
        self.used, self.factor = used, factor[used, None]
        self.low = (low[used] * self.scale[used])[:, None]
        self.high = (high[used] * self.scale[used])[:, None]
        self.Z = self.root * (X - self.mean)[:, used] / self.scale[used]
        self.y = self.root * (y - self.y_mean)[:, None]

    def verdict(self, alphas, coef_path, intercepts):
        coef = coef_path.T
        if not self._is_feasible(coef):
            return Verdict(np.full(len(alphas), np.inf), np.full(len(alphas), np.inf))
        t = self._snapped(coef[self.used] * self.scale[self.used, None])
        shift = self.y_mean - intercepts - self.mean[self.used] @ coef[self.used]
        residual = self.y - self.Z @ t + self.root * shift
        l1 = alphas * self.l1_ratio * self.factor
        l2 = alphas * (1 - self.l1_ratio) / self.tau * self.factor
        objective = 0.5 * _squares(residual) + (l1 * np.abs(t) + 0.5 * l2 * t**2).sum(axis=0)
        gap = objective - self._dual_value(residual, t, l1, l2)
        violation = self._violation(self.Z.T @ residual, t, l1, l2)
        null_loss = 0.5 * _squares(self.y)
        return Verdict(gap / null_loss, violation / (alphas * self.l1_ratio))

    def _is_feasible(self, coef):
        finite = np.isfinite(coef).all()
        t = coef[self.used] * self.scale[self.used, None]
        slack = 1e-12 * np.abs(t)
        inside = ((t >= self.low - slack) & (t <= self.high + slack)).all()
        return finite and inside and not coef[~self.used].any()

    def _snapped(self, t):
        """Undo the rounding of bounds on their way through original units."""
        for bound in (self.low, self.high):
            t = np.where(np.abs(t - bound) <= 1e-12 * np.abs(t), bound, t)
        return t

    def _dual_value(self, residual, t, l1, l2):
        u = self._without_free(residual)
        c = self.Z.T @ u
        penalised = self.factor[:, 0] > 0
        c, t, l1, l2 = c[penalised], t[penalised], l1[penalised], l2[penalised]
        low, high = self.low[penalised], self.high[penalised]
        product = (self.y * u).sum(axis=0)

        def scaled(low, high):
            shifted = c - l2 * t
            bound = np.abs(np.where(shifted > 0, high, low))
            is_open = np.isinf(bound)
            limits = is_open & (shifted != 0)
            ratio = np.where(limits, l1 / np.where(limits, np.abs(shifted), 1.0), np.inf)
            k = np.minimum(1.0, ratio.min(axis=0, initial=1.0))
            excess = np.where(is_open, 0.0, np.maximum(np.abs(k * shifted) - l1, 0.0))
            lost = (excess * np.where(is_open, 0.0, bound)).sum(axis=0)
            squares = _squares(u) + (l2 * t**2).sum(axis=0)
            return k * product - 0.5 * k * k * squares - lost

        # leaving out bounds that are not met lowers the minimum at most
        met = np.where(t > low, -np.inf, low), np.where(t < high, np.inf, high)
        value = np.maximum(scaled(low, high), scaled(*met))
        if self.l1_ratio == 1.0:
            return value
        excess = np.maximum(np.abs(c) - l1, 0.0)
        step = np.minimum(excess / l2, np.abs(np.where(c > 0, high, low)))
        conjugate = (excess * step - 0.5 * l2 * step**2).sum(axis=0)
        return np.maximum(value, product - 0.5 * _squares(u) - conjugate)

    def _without_free(self, u):
        if self.fit_intercept:
            u = u - self.root * (self.root * u).sum(axis=0)
        free = self.Z[:, self.factor[:, 0] == 0]
        if not free.shape[1]:
            return u
        norms = np.sqrt(_squares(free))
        basis, sizes, _ = np.linalg.svd(free / norms, full_matrices=False)
        basis = basis[:, sizes > 4 * max(free.shape) * np.finfo(float).eps * sizes[0]]
        for _ in range(2):  # the second time removes what rounding left
            u = u - basis @ (basis.T @ u)
            if self.fit_intercept:
                u = u - self.root * (self.root * u).sum(axis=0)
        return u

    def _violation(self, c, t, l1, l2):
        g = c - l2 * t
        rise = np.where(t < self.high, g - np.where(t >= 0, l1, -l1), 0.0)
        fall = np.where(t > self.low, np.where(t <= 0, -l1, l1) - g, 0.0)
        return np.maximum(rise, fall).max(axis=0, initial=0.0)


def _squares(values):
    return (values**2).sum(axis=0)
