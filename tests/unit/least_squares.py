"""Ridge by an augmented least-squares problem for each alpha: slow, independent of the core."""

import numpy as np


class AugmentedRidge:
    """Ridge on the rows of positive weight, with scales and tau of these rows or as given."""

    def __init__(self, X, y, weights, fit_intercept, standardize, penalty_factor, units=None):
        w = np.full(len(y), 1.0) if weights is None else weights
        self.rows = np.flatnonzero(w > 0)
        w = w[self.rows] / w[self.rows].sum()
        X, y = X[self.rows], y[self.rows]
        mean = w @ X
        mean += w @ (X - mean)
        y_mean = w @ y
        spread = np.sqrt(w @ (X - mean) ** 2)
        spread[spread <= 1e-13 * np.abs(X).max(axis=0)] = 0.0
        self.mean = mean if fit_intercept else np.zeros_like(mean)
        self.y_mean = y_mean if fit_intercept else 0.0
        constant = spread == 0.0
        if not fit_intercept and not standardize:
            constant = (X == 0.0).all(axis=0)
        tau = np.sqrt(w @ (y - self.y_mean) ** 2) if standardize else 1.0
        scale = np.where(constant, 0.0, spread if standardize else 1.0)
        self.scale, self.tau = (scale, tau) if units is None else units
        self.use = (self.scale > 0) & np.isfinite(penalty_factor)
        self.factor = penalty_factor[self.use]
        root = np.sqrt(w)
        self.Z = root[:, None] * ((X - self.mean)[:, self.use] / self.scale[self.use])
        self.target = root * (y - self.y_mean)

    def scaled_coef(self, alpha, free_length):
        if alpha == 0:
            return np.linalg.lstsq(self.Z, self.target, rcond=1e-12)[0]
        penalty = np.diag(np.sqrt(alpha * self.factor / self.tau))
        length = np.ones(len(self.factor))
        length[self.factor == 0] = free_length
        rows = np.vstack([self.Z, penalty]) / length
        target = np.r_[self.target, np.zeros(len(penalty))]
        return np.linalg.lstsq(rows, target, rcond=1e-13)[0] / length

    def fit(self, alpha, free_length=1.0):
        """Return coefficients in original units and the intercept.

        Of dependent free features, the shortest coefficients in units of free_length.
        """
        coef = np.zeros(len(self.scale))
        coef[self.use] = self.scaled_coef(alpha, free_length) / self.scale[self.use]
        return coef, self.y_mean - self.mean @ coef

    def trace(self, alpha, fit_intercept):
        """Return the trace of the hat matrix, 1 for the intercept included."""
        penalty = np.diag(alpha * self.factor / self.tau)
        hat = self.Z @ np.linalg.pinv(self.Z.T @ self.Z + penalty) @ self.Z.T
        return np.trace(hat) + fit_intercept


def coefs_of(path, n_features):
    """Return the coefficients of a native path, (n_alphas, n_features)."""
    coefs = np.zeros((len(path.intercepts), n_features))
    for k in range(len(coefs)):
        at = slice(path.starts[k], path.starts[k + 1])
        coefs[k, path.features[at]] = path.values[at]
    return coefs
