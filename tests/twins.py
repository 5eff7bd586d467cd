"""Slow, obvious NumPy versions of what the package does; they share no code with it."""

from __future__ import annotations

import numpy as np


def scaled(X, y, weight, fit_intercept=True, standardize=True):
    """Return (mean, scale, y_mean, tau) of docs/objective.md; scale 0 never enters."""
    weight = weight / weight.sum()
    mean = weight @ X
    spread = np.sqrt(weight @ (X - mean) ** 2)
    flat = spread <= 1e-13 * np.max(np.abs(X), axis=0)
    y_mean = weight @ y if fit_intercept else 0.0
    tau = np.sqrt(weight @ (y - y_mean) ** 2) if standardize else 1.0
    if standardize:
        scale = np.where(flat, 0.0, spread)
    else:
        scale = np.where(flat if fit_intercept else ~X.any(axis=0), 0.0, 1.0)
    return (mean if fit_intercept else 0.0 * mean), scale, y_mean, tau


def objective(
    X,
    y,
    coef,
    intercept,
    *,
    alpha,
    l1_ratio=1.0,
    sample_weight=None,
    offset=0.0,
    penalty_factor=None,
    fit_intercept=True,
    standardize=True,
):
    """Return the objective of docs/objective.md, written out."""
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    factor = np.ones(X.shape[1]) if penalty_factor is None else np.asarray(penalty_factor)
    response = y - offset
    _, scale, _, tau = scaled(X, response, weight, fit_intercept, standardize)
    residual = response - intercept - X @ coef
    loss = np.sum(weight * residual**2) / weight.sum() / 2
    size = np.abs(scale * coef)
    used = np.isfinite(factor)
    penalty = factor[used] * (l1_ratio * size + (1 - l1_ratio) / (2 * tau) * size**2)[used]
    return loss + alpha * penalty.sum()


def minimise(
    X,
    y,
    *,
    alpha,
    l1_ratio=1.0,
    sample_weight=None,
    offset=0.0,
    penalty_factor=None,
    lower=-np.inf,
    upper=np.inf,
    fit_intercept=True,
    standardize=True,
    n_steps=20_000,
):
    """Return (coef, intercept) by accelerated proximal gradient steps with restarts."""
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    factor = np.ones(X.shape[1]) if penalty_factor is None else np.asarray(penalty_factor)
    response = y - offset
    mean, scale, y_mean, tau = scaled(X, response, weight, fit_intercept, standardize)
    used = (scale > 0) & np.isfinite(factor)
    root = np.sqrt(weight / weight.sum())
    Z = root[:, None] * (X - mean)[:, used] / scale[used]
    r = root * (response - y_mean)
    l1 = alpha * l1_ratio * factor[used]
    l2 = alpha * (1 - l1_ratio) / tau * factor[used]
    low = np.broadcast_to(lower, factor.shape)[used] * scale[used]
    high = np.broadcast_to(upper, factor.shape)[used] * scale[used]
    step = 1.0 / (np.linalg.norm(Z, 2) ** 2 + np.max(l2, initial=0.0))

    def prox(t):
        return np.clip(np.sign(t) * np.maximum(np.abs(t) - step * l1, 0.0), low, high)

    t = ahead = np.zeros(used.sum())
    momentum = 1.0
    for _ in range(n_steps):
        gradient = Z.T @ (Z @ ahead - r) + l2 * ahead
        new = prox(ahead - step * gradient)
        if gradient @ (new - t) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - t)
        t, momentum = new, following
    coef = np.zeros(X.shape[1])
    coef[used] = t / scale[used]
    return coef, y_mean - mean @ coef


def cross_validate(X, y, fit, splits, sample_weight=None):
    """Return (cv_mean, cv_se, train_mean) of one refit for each fold.

    `fit(X, y, sample_weight)` returns a function from rows to predictions of shape (n, m).
    """
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    errors, train_errors, fold_weights = [], [], []
    for train, test in splits:
        predict = fit(X[train], y[train], weight[train])
        for rows, target in ((test, errors), (train, train_errors)):
            squares = (y[rows, None] - predict(X[rows])) ** 2
            target.append(weight[rows] @ squares / weight[rows].sum())
        fold_weights.append(weight[test].sum())
    share = np.array(fold_weights) / np.sum(fold_weights)
    errors, train_errors = np.array(errors), np.array(train_errors)
    mean = share @ errors
    se = np.sqrt(share @ (errors - mean) ** 2 / (len(errors) - 1))
    return mean, se, share @ train_errors


# The families written out once more, for every number of classes: eta of shape (n, K).


def glm_loss(family, y, eta):
    """Return half the unit deviance of each row."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if family == "gaussian":
            return 0.5 * (y - eta)[:, 0] ** 2
        if family == "poisson":
            saturated = np.where(y > 0, y * np.log(y), 0.0) - y
            return (np.exp(eta) - y * eta + saturated)[:, 0]
        if family == "binomial":
            y, eta = np.hstack([1 - y, y]), np.hstack([0 * eta, eta])
        entropy = np.where(y > 0, y * np.log(y), 0.0).sum(axis=1)
    largest = eta.max(axis=1)
    total = largest + np.log(np.exp(eta - largest[:, None]).sum(axis=1))
    return entropy + total - (y * eta).sum(axis=1)


def glm_mean(family, eta):
    if family == "gaussian":
        return eta
    if family == "poisson":
        return np.exp(np.minimum(eta, 700.0))
    if family == "binomial":
        return 0.5 * (1 + np.tanh(0.5 * eta))
    powers = np.exp(eta - eta.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def glm_curvature(family, eta):
    """Return d mean_k / d eta_m of each row, of shape (n, K, K)."""
    mu = glm_mean(family, eta)
    if family == "gaussian":
        return np.ones_like(eta)[:, :, None]
    if family == "poisson":
        return mu[:, :, None]
    if family == "binomial":
        return (mu * (1 - mu))[:, :, None]
    return mu[:, :, None] * np.eye(mu.shape[1]) - mu[:, :, None] * mu[:, None, :]


class GlmTwin:
    """Orthant-wise projected Newton steps (Bertsekas, 1982) on every coefficient at once.

    y is a vector, or one column for each class. `minimise` returns (coef, intercept) of shapes
    (p,) and (), or (K, p) and (K,).
    """

    def __init__(
        self,
        family,
        X,
        y,
        *,
        l1_ratio=1.0,
        sample_weight=None,
        offset=None,
        penalty_factor=1.0,
        lower=-np.inf,
        upper=np.inf,
        fit_intercept=True,
        standardize=True,
    ):
        self.family, self.is_vector = family, y.ndim == 1
        n, p = X.shape
        self.y = y.reshape(n, -1).astype(float)
        K = self.y.shape[1]
        self.offset = np.zeros((n, K)) if offset is None else np.reshape(offset, (n, K))
        weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, float)
        self.weight = weight / weight.sum()
        response = (self.y - self.offset)[:, 0]
        mean, scale, _, tau = scaled(X, response, weight, fit_intercept, standardize)
        factor = np.broadcast_to(penalty_factor, p).astype(float)
        used = (scale > 0) & np.isfinite(factor)
        self.used, self.mean, self.scale = used, mean[used], scale[used]
        self.Z = np.column_stack([np.ones(n), (X - mean)[:, used] / scale[used]])
        # One entry for the intercept and each used feature; then repeated for the classes.
        tau = tau if family == "gaussian" else 1.0
        strength = np.append(0.0, factor[used])[:, None] * np.ones(K)
        self.l1, self.l2 = strength * l1_ratio, strength * (1 - l1_ratio) / tau
        free = np.inf if fit_intercept else 0.0
        low, high = (np.broadcast_to(bound, p)[used] * scale[used] for bound in (lower, upper))
        self.low = np.append(-free, low)[:, None] * np.ones(K)
        self.high = np.append(free, high)[:, None] * np.ones(K)

    def objective(self, coef, intercept, alpha):
        """Return the objective at coefficients in original units."""
        coef = np.reshape(coef, (-1, self.used.size)).T[self.used]
        b0 = np.reshape(intercept, (1, -1)) + self.mean @ coef
        return self._objective(np.vstack([b0, coef * self.scale[:, None]]), alpha)

    def _objective(self, t, alpha):
        loss = self.weight @ glm_loss(self.family, self.y, self.offset + self.Z @ t)
        return loss + alpha * np.sum(self.l1 * np.abs(t) + 0.5 * self.l2 * t**2)

    def minimise(self, alpha, n_steps=300):
        """Return (coef, intercept); the next call starts from there."""
        t = getattr(self, "t", np.zeros_like(self.l1))
        for _ in range(n_steps):
            slope, low, high, inside = self._orthant(t, alpha)
            if np.abs(slope[inside]).max(initial=0.0) <= 1e-14:
                break
            hessian = self._hessian(t, alpha)
            newton, flat = self._directions(t, hessian, slope, low, high, inside)
            following = self._search(t, newton, alpha, low, high, False)
            if following is None:
                following = self._search(t, flat, alpha, low, high, True)
            if following is None:
                break  # what is left is rounding
            t = following
        self.t = t
        coef = np.zeros((self.used.size, t.shape[1]))
        coef[self.used] = t[1:] / self.scale[:, None]
        intercept = t[0] - self.mean @ coef[self.used]
        return (coef[:, 0], intercept[0]) if self.is_vector else (coef.T, intercept)

    def _directions(self, t, hessian, slope, low, high, inside):
        """Return the Newton step, and the slope along which the loss is flat.

        Along the latter the penalty falls until a coefficient reaches 0. What a Newton step would
        push out of the box at once is left out of it.
        """
        while True:
            newton, flat = np.zeros_like(t), np.zeros_like(t)
            block = hessian[np.ix_(inside.ravel(), inside.ravel())]
            newton[inside] = np.linalg.lstsq(block, slope[inside], rcond=1e-13)[0]
            flat[inside] = slope[inside] - block @ newton[inside]
            blocked = inside & (((t <= low) & (newton > 0)) | ((t >= high) & (newton < 0)))
            if not blocked.any():
                return newton, flat
            inside = inside & ~blocked

    def _search(self, t, step, alpha, low, high, is_flat):
        """Return t after a step, held in the box, that lowers the objective, or None."""

        def state(t):
            slope, _, _, inside = self._orthant(t, alpha)
            return self._objective(t, alpha), np.abs(slope[inside]).max(initial=0.0)

        value, slope = state(t)
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, t - low, t - high) / step
        first = np.min(room[room > 0], initial=np.inf)  # where a coefficient reaches 0
        largest = first if is_flat and np.isfinite(first) else 1.0
        for size in largest * 0.5 ** np.arange(30):
            trial = np.clip(t - size * step, low, high)
            trial[np.abs(trial) <= 1e-14 * np.abs(t).max()] = 0.0  # but for rounding
            lower, left = state(trial)
            noise = 1e-15 * abs(value)
            if lower < value - noise or (left < 0.5 * slope and lower <= value + 10 * noise):
                return trial
        return None

    def _orthant(self, t, alpha):
        """Return the slope of the objective, the box in which it is smooth, and what may move."""
        mu = glm_mean(self.family, self.offset + self.Z @ t)
        gradient = self.Z.T @ (self.weight[:, None] * (mu - self.y)) + alpha * self.l2 * t
        kinked = self.l1 > 0
        leaves = np.where(np.abs(gradient) > alpha * self.l1, -np.sign(gradient), 0.0)
        sign = np.where(kinked, np.where(t != 0, np.sign(t), leaves), 0.0)
        low = np.where(kinked & (sign >= 0), 0.0, self.low)
        high = np.where(kinked & (sign <= 0), 0.0, self.high)
        slope = gradient + alpha * self.l1 * sign
        held = ((t <= low) & (slope >= 0)) | ((t >= high) & (slope <= 0))
        return slope, low, high, ~held

    def _hessian(self, t, alpha):
        curvature = glm_curvature(self.family, self.offset + self.Z @ t)
        m, K = t.shape
        hessian = np.empty((m, K, m, K))
        for k in range(K):
            for other in range(K):
                scaled_rows = self.Z * (self.weight * curvature[:, k, other])[:, None]
                hessian[:, k, :, other] = self.Z.T @ scaled_rows
        return hessian.reshape(m * K, m * K) + np.diag(alpha * self.l2.ravel())
