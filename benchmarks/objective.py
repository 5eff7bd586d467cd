"""The judge: how far from optimal an answer is, at every point of a path.

The gap is that of `shrinkage.solve.certify`, in plain NumPy, which shares no code with any solver.
`certify` takes one point; here all points of a path share the products with X, so that none has
to be left out. `tests/unit/test_benchmarks.py` holds the two against each other.
"""

from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.problem import N_FOLDS, Data
from shrinkage import elastic_net_path
from shrinkage.families import resolve
from shrinkage.solve.free_fit import fit_free
from shrinkage.solve.penalty_terms import PenaltyTerms
from shrinkage.solve.scaled_data import GlmData, ScaledColumns, ScaledData

# The gaps at which a time is given; the last one is that of this package's default.
LEVELS = {
    "gaussian": (1e-3, 1e-6, 1e-9),
    "binomial": (1e-3, 1e-6, 1e-8),
    "poisson": (1e-3, 1e-6, 1e-8),
    "multinomial": (1e-3, 1e-6, 1e-8),
}
# Numbers in one block of predictors; the points of a path are judged in blocks of this size.
BLOCK = 30_000_000


class Judge:
    """Judges paths of one problem; the columns are centred and measured once."""

    def __init__(self, data: Data) -> None:
        self.data = data

    @cached_property
    def _scaled(self) -> ScaledColumns:
        data = self.data
        if data.family == "gaussian":
            return ScaledData(data.X, data.y, None, None, True, False)
        return GlmData(resolve(data.family), data.X, data.y, None, None, True, False)

    def gaps(self, coefs: np.ndarray, data: Data | None = None) -> np.ndarray:
        """Return the relative duality gap of each point, with the intercept best for each.

        `data` has the alphas and the l1_ratio where they are not those of the judge's own.
        """
        grid = data or self.data
        table = np.asarray(coefs, dtype=float)
        table = table.reshape(len(table), -1, table.shape[-1])  # (n_alphas, K, p)
        finite = np.isfinite(table).all(axis=(1, 2))
        table = np.where(finite[:, None, None], table, 0.0)
        n = self.data.X.shape[0]
        step = max(1, BLOCK // (max(n, table.shape[2]) * table.shape[1]))
        of_block = self._gaussian if grid.family == "gaussian" else self._likelihood
        found = [
            of_block(table[k : k + step], grid.alphas[k : k + step], grid.l1_ratio)
            for k in range(0, len(table), step)
        ]
        return np.where(finite, np.concatenate(found), np.inf)

    def _terms(self, alpha: float, l1_ratio: float, copies: int) -> PenaltyTerms:
        usable = np.repeat(self._scaled.scale > 0, copies)
        infinite = np.full(usable.size, np.inf)
        weight = alpha * usable
        return PenaltyTerms(
            weight * l1_ratio, weight * (1.0 - l1_ratio), -infinite, infinite, usable
        )

    def _gaussian(self, table: np.ndarray, alphas: np.ndarray, l1_ratio: float) -> np.ndarray:
        scaled = self._scaled
        assert isinstance(scaled, ScaledData)
        coefs = table[:, 0].T * (scaled.scale > 0)[:, None]
        eta = scaled.predictor(coefs, np.zeros(coefs.shape[1]))
        residuals = scaled.centred(scaled.y[:, None] - scaled.root[:, None] * eta)
        correlations = scaled.correlations(residuals)
        gaps = np.empty(len(alphas))
        for k, alpha in enumerate(alphas):
            terms = self._terms(alpha, l1_ratio, 1)
            t, u, c = coefs[:, k], residuals[:, k], correlations[:, k]
            length, product = float(u @ u), float(scaled.y @ u)
            shrunk = terms.feasible_factor(c - terms.l2 * t, terms.usable)
            dual = shrunk * product - 0.5 * shrunk**2 * (length + float(terms.l2 @ t**2))
            if l1_ratio < 1.0:
                dual = max(dual, product - 0.5 * length - terms.conjugate(c, True))
            gaps[k] = max(0.5 * length + terms.value(t) - dual, 0.0) / scaled.null_loss
        return gaps

    def _likelihood(self, table: np.ndarray, alphas: np.ndarray, l1_ratio: float) -> np.ndarray:
        scaled = self._scaled
        assert isinstance(scaled, GlmData)
        family, copies = scaled.family, table.shape[1]
        # Features outermost: (p, n_alphas, K), then every point's outputs side by side.
        coefs = table.transpose(2, 0, 1) * (scaled.scale > 0)[:, None, None]
        flat = coefs.reshape(len(coefs), -1)
        eta = scaled.predictor(flat, np.zeros(flat.shape[1])).reshape(-1, len(alphas), copies)
        none_free = np.zeros(len(coefs) * copies, dtype=np.bool_)
        etas, residuals = [], []
        for k, alpha in enumerate(alphas):
            terms = self._terms(alpha, l1_ratio, copies)
            at = eta[:, k].reshape(scaled.y.shape)
            best, _ = fit_free(scaled, terms, none_free, at, coefs[:, k].ravel())
            residual = -(scaled.root * family.gradient(scaled.y, best).T).T
            etas.append(best)
            residuals.append(residual.reshape(-1, copies))
        correlations = scaled.correlations(np.concatenate(residuals, axis=1))
        gaps = np.empty(len(alphas))
        for k, alpha in enumerate(alphas):
            terms = self._terms(alpha, l1_ratio, copies)
            c = correlations[:, k * copies : (k + 1) * copies].ravel()
            gaps[k] = self._gap_of(terms, c, coefs[:, k].ravel(), etas[k]) / scaled.null_loss
        return gaps

    def _gap_of(self, terms: PenaltyTerms, c: np.ndarray, t: np.ndarray, eta: np.ndarray) -> float:
        """Return the gap of the residual, shrunk or as it is; see `glm_judge`."""
        scaled = self._scaled
        assert isinstance(scaled, GlmData)
        shifted = c - terms.l2 * t
        k = terms.feasible_factor(shifted, terms.usable)
        lost = terms.without_l2().fenchel_gap(k * shifted, t) + 0.5 * terms.l2 * ((1 - k) * t) ** 2
        gap = float(np.sum(lost[terms.usable]))
        if k < 1.0:
            gap += float(scaled.weight @ scaled.family.fenchel_gap(scaled.y, eta, k))
        if (terms.l2[terms.usable] > 0).all():
            gap = min(gap, float(np.sum(terms.fenchel_gap(c, t)[terms.usable])))
        return gap


def worst_gap(data: Data, coefs: np.ndarray) -> float:
    """Return the largest relative duality gap along a path."""
    return float(np.max(Judge(data).gaps(coefs)))


def true_curve(data: Data) -> np.ndarray:
    """Return the cross-validated deviance for each alpha: all folds refitted and certified.

    Ridge comes in closed form, from a decomposition of each fold's training rows.
    """
    errors = np.empty((N_FOLDS, len(data.alphas)))
    for k in range(N_FOLDS):
        X, y = data.training(k)
        if data.l1_ratio == 0.0:
            errors[k] = _ridge_errors(X, y, data, k)
            continue
        path = elastic_net_path(
            X,
            y,
            family=data.family,
            l1_ratio=data.l1_ratio,
            alphas=data.alphas,
            standardize=False,
        )
        fold = Data(X, y, data.family, l1_ratio=data.l1_ratio, grid=data.alphas)
        if (reached := worst_gap(fold, path.coef_path)) > LEVELS[data.family][-1]:
            raise AssertionError(f"the judge's own refit has a gap of {reached:.0e}")
        errors[k] = data.deviance(k, path.coef_path, path.intercepts)
    return data.mean_over_folds(errors)


def true_leave_one_out(data: Data) -> np.ndarray:
    """Return ridge's mean squared leave-one-out error for each alpha, by the leverages.

    An alpha multiplies the penalty of the mean loss, so its share of n - 1 rows' sum is n - 1.
    """
    left, values, _ = _decomposed(data.X)
    n = len(data.y)
    y = data.y - data.y.mean()
    shares = values[:, None] / (values[:, None] + (n - 1) * data.alphas)
    fitted = left @ (shares * (left.T @ y)[:, None])
    leverages = 1.0 / n + left**2 @ shares
    return np.asarray(np.mean(((y[:, None] - fitted) / (1.0 - leverages)) ** 2, axis=0))


def _ridge_errors(X: Any, y: np.ndarray, data: Data, fold: int) -> np.ndarray:
    left, values, centred = _decomposed(X)
    rows = data.fold_ids == fold
    shares = (left.T @ (y - y.mean()))[:, None] / (values[:, None] + len(y) * data.alphas)
    coefs = centred.T @ (left @ shares)
    predicted = y.mean() + (data.X[rows] - X.mean(axis=0)) @ coefs
    return np.asarray(np.mean((data.y[rows, None] - predicted) ** 2, axis=0))


def _decomposed(X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return left singular vectors and squared singular values of centred X, and centred X."""
    centred = np.asarray(X, dtype=float) - X.mean(axis=0)
    if X.shape[0] > X.shape[1]:
        values, right = np.linalg.eigh(centred.T @ centred)
        kept = values > values[-1] * 1e-14
        left = centred @ (right[:, kept] / np.sqrt(values[kept]))
        return left, values[kept], centred
    values, left = np.linalg.eigh(centred @ centred.T)
    kept = values > values[-1] * 1e-14
    return left[:, kept], values[kept], centred


def error_of_curve(curve: np.ndarray, true: np.ndarray) -> float:
    """Return the largest relative error of a cross-validated deviance over the alphas."""
    return float(np.max(np.abs(curve - true) / true))
