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
from shrinkage.families import resolve
from shrinkage.solve.certificate import certify

# What has to be reached: a relative gap along the path, and a relative error of the
# cross-validated deviance, which the gap gives.
GAP = {"gaussian": 1e-9, "binomial": 1e-8, "poisson": 1e-8, "multinomial": 1e-8}
ERROR_OF_CURVE = {"gaussian": 1e-6, "binomial": 1e-5, "poisson": 1e-5, "multinomial": 1e-5}

N_ALPHAS = 100
N_FOLDS = 10


@dataclass
class Data:
    """X, y, the family and the grid of a problem; `centred` is for peers that don't centre a path.

    y has class codes if the family is multinomial. Coefficients have shape (n_alphas, p), of K
    classes (n_alphas, K, p).
    """

    X: Any
    y: np.ndarray
    family: str = "gaussian"
    ratio: float | None = None  # of the last alpha to the first

    @property
    def is_sparse(self) -> bool:
        return scipy.sparse.issparse(self.X)

    @cached_property
    def target(self) -> np.ndarray:
        """y, of K classes the shares (n, K)."""
        return resolve(self.family).check_target(self.y)

    @cached_property
    def alphas(self) -> np.ndarray:
        """100 alphas down to 1e-3 (n > p), 1e-2 (p > n) or 5e-2 (sparse) of alpha_max."""
        n, p = self.X.shape
        ratio = self.ratio or (5e-2 if self.is_sparse else 1e-3 if n > p else 1e-2)
        residual = self.target - self.target.mean(axis=0)
        return np.abs(self.X.T @ residual).max() / n * np.geomspace(1, ratio, N_ALPHAS)

    @cached_property
    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Centred copies, F-ordered, made before any clock runs."""
        return np.asfortranarray(self.X - self.X.mean(axis=0)), self.y - self.y.mean()

    @cached_property
    def true_curve(self) -> np.ndarray:
        """Cross-validated deviance for each alpha: all folds refitted, the last alpha certified."""
        errors = np.empty((N_FOLDS, N_ALPHAS))
        for k in range(N_FOLDS):
            X, y = self.training(k)
            path = elastic_net_path(X, y, family=self.family, alphas=self.alphas, standardize=False)
            last = certify(
                X,
                y,
                path.coef_path[-1],
                path.intercepts[-1],
                family=self.family,
                alpha=self.alphas[-1],
                l1_ratio=1.0,
                standardize=False,
            )
            if last.dual_gap > GAP[self.family]:
                raise AssertionError(f"the judge's own refit has a gap of {last.dual_gap:.0e}")
            errors[k] = self.deviance(k, path.coef_path, path.intercepts)
        return self.mean_over_folds(errors)

    def training(self, fold: int) -> tuple[Any, np.ndarray]:
        """Return X and y without the rows of a fold, X in the order of the whole one."""
        rows = self.fold_ids != fold
        X = self.X[rows]
        return X if self.is_sparse else np.asfortranarray(X), self.y[rows]

    def deviance(self, fold: int, coefs: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
        """Return the mean deviance of a fold's rows for each alpha."""
        family, rows = resolve(self.family), self.fold_ids == fold
        X, target = self.X[rows], self.target[rows]
        etas = [X @ coef.T + b0 for coef, b0 in zip(coefs, intercepts, strict=True)]
        return np.array([np.mean(2.0 * family.loss(target, eta)) for eta in etas])

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
    family = resolve(data.family)
    worst = 0.0
    for k in points:
        found = certify(
            data.X,
            data.y,
            coefs[k],
            family.null_intercept(data.target, None, data.X @ coefs[k].T),
            family=family,
            alpha=data.alphas[k],
            l1_ratio=l1_ratio,
            standardize=False,
        )
        worst = max(worst, found.dual_gap)
    return worst


def error_of_curve(data: Data, curve: np.ndarray) -> float:
    """Largest relative error of a cross-validated deviance over the alphas."""
    return float(np.max(np.abs(curve - data.true_curve) / data.true_curve))
