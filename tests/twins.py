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
