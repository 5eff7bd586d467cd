"""The judge: what is solved, and how far from optimal an answer is.

All solvers get the same X, y and alphas, `standardize=False`. The gap is recomputed here by
`shrinkage.solve.certificate`, which shares no code with any solver.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse

from shrinkage import elastic_net_path
from shrinkage.solve.certificate import certify

N_ALPHAS = 100
N_FOLDS = 10


@dataclass
class Data:
    """X, y and the grid of a problem; `centred` is for peers that don't centre a path."""

    X: Any
    y: np.ndarray

    @property
    def is_sparse(self) -> bool:
        return scipy.sparse.issparse(self.X)

    @cached_property
    def alphas(self) -> np.ndarray:
        """100 alphas down to 1e-3 (n > p), 1e-2 (p > n) or 5e-2 (sparse) of alpha_max."""
        n, p = self.X.shape
        ratio = 5e-2 if self.is_sparse else 1e-3 if n > p else 1e-2
        residual = self.y - self.y.mean()
        return np.abs(self.X.T @ residual).max() / n * np.geomspace(1, ratio, N_ALPHAS)

    @cached_property
    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Centred copies, F-ordered, made before any clock runs."""
        return np.asfortranarray(self.X - self.X.mean(axis=0)), self.y - self.y.mean()

    @cached_property
    def true_curve(self) -> np.ndarray:
        """Cross-validated error for each alpha: every fold refitted, its last alpha certified."""
        errors = np.empty((N_FOLDS, N_ALPHAS))
        for k in range(N_FOLDS):
            held_out = self.fold_ids == k
            X, y = self.X[~held_out], self.y[~held_out]
            path = elastic_net_path(X, y, alphas=self.alphas, standardize=False)
            last = certify(
                X,
                y,
                path.coef_path[-1],
                path.intercepts[-1],
                alpha=self.alphas[-1],
                l1_ratio=1.0,
                standardize=False,
            )
            if last.dual_gap > 1e-9:
                raise AssertionError(f"the judge's own refit has a gap of {last.dual_gap:.0e}")
            eta = self.X[held_out] @ path.coef_path.T + path.intercepts
            errors[k] = np.mean((self.y[held_out, None] - eta) ** 2, axis=0)
        return self.mean_over_folds(errors)

    def mean_over_folds(self, errors: np.ndarray) -> np.ndarray:
        """Mean of errors (n_folds, n_alphas) weighted by the rows of each fold."""
        return np.average(errors, axis=0, weights=np.bincount(self.fold_ids))

    @cached_property
    def fold_ids(self) -> np.ndarray:
        """Contiguous folds, as `KFold(10)` makes them."""
        n = self.X.shape[0]
        return np.repeat(
            np.arange(N_FOLDS), [n // N_FOLDS + (k < n % N_FOLDS) for k in range(N_FOLDS)]
        )


def worst_gap(data: Data, coefs: np.ndarray, *, l1_ratio: float = 1.0) -> float:
    """Worst relative duality gap along the path, with the intercept that is best for each point.

    All points are judged where X has fewer than a million entries, else every ninth and the last.
    """
    n, p = data.X.shape
    points = range(N_ALPHAS) if n * p < 1e6 else {*range(0, N_ALPHAS, 9), N_ALPHAS - 1}
    means = np.asarray(data.X.mean(axis=0)).ravel()
    worst = 0.0
    for k in points:
        intercept = float(data.y.mean() - means @ coefs[k])
        found = certify(
            data.X,
            data.y,
            coefs[k],
            intercept,
            alpha=data.alphas[k],
            l1_ratio=l1_ratio,
            standardize=False,
        )
        worst = max(worst, found.dual_gap)
    return worst


def error_of_curve(data: Data, curve: np.ndarray) -> float:
    """Largest relative error of a cross-validated mean squared error over the alphas."""
    return float(np.max(np.abs(curve - data.true_curve) / data.true_curve))
