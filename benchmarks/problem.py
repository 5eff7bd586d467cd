"""What a solver is given: X, y, the family, the grid of alphas, the folds.

Needs NumPy and SciPy only, as it is read in every peer's environment. Between processes a problem
is a folder of .npy files, which R can read too.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from scipy.special import log_softmax, xlogy

N_ALPHAS = 100
N_FOLDS = 10


@dataclass
class Data:
    """One problem, `standardize=False`; l1_ratio 0 is ridge.

    y has class codes if the family is multinomial. Coefficients have shape (n_alphas, p), of K
    classes (n_alphas, K, p).
    """

    X: Any
    y: np.ndarray
    family: str = "gaussian"
    ratio: float | None = None  # of the last alpha to the first
    l1_ratio: float = 1.0
    grid: np.ndarray | None = field(default=None, repr=False)  # instead of the usual one

    @property
    def is_sparse(self) -> bool:
        return scipy.sparse.issparse(self.X)

    @property
    def is_tall(self) -> bool:
        return bool(self.X.shape[0] > self.X.shape[1])

    @cached_property
    def target(self) -> np.ndarray:
        """y, of K classes the shares (n, K)."""
        if self.family != "multinomial":
            return self.y
        return np.eye(int(self.y.max()) + 1)[self.y.astype(int)]

    @property
    def lasso_alpha_max(self) -> float:
        residual = self.target - self.target.mean(axis=0)
        return float(np.abs(self.X.T @ residual).max()) / self.X.shape[0]

    @cached_property
    def alphas(self) -> np.ndarray:
        """100 alphas down to 1e-3 (n > p), 1e-2 (p > n) or 5e-2 (sparse) of alpha_max; of ridge
        from 1e3 to 1e-4 times the lasso's alpha_max."""
        if self.grid is not None:
            return self.grid
        largest = self.lasso_alpha_max
        if self.l1_ratio == 0.0:
            return largest * np.geomspace(1e3, 1e-4, N_ALPHAS)
        ratio = self.ratio or (5e-2 if self.is_sparse else 1e-3 if self.is_tall else 1e-2)
        return largest / self.l1_ratio * np.geomspace(1, ratio, N_ALPHAS)

    @cached_property
    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Centred copies, F-ordered, made before any clock runs."""
        return np.asfortranarray(self.X - self.X.mean(axis=0)), self.y - self.y.mean()

    @cached_property
    def fold_ids(self) -> np.ndarray:
        """Contiguous folds, as `KFold(10)` makes them; the rows of a class go to them in turns."""
        n = self.X.shape[0]
        if self.family == "multinomial":
            rank = np.empty(n, dtype=int)
            rank[np.argsort(self.y, kind="stable")] = np.arange(n)
            return rank % N_FOLDS
        sizes = [n // N_FOLDS + (k < n % N_FOLDS) for k in range(N_FOLDS)]
        return np.repeat(np.arange(N_FOLDS), sizes)

    def training(self, fold: int) -> tuple[Any, np.ndarray]:
        """Return X and y without the rows of a fold, X in the order of the whole one."""
        rows = self.fold_ids != fold
        X = self.X[rows]
        return X if self.is_sparse else np.asfortranarray(X), self.y[rows]

    def deviance(self, fold: int, coefs: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
        """Return the mean deviance of a fold's rows for each alpha."""
        rows = self.fold_ids == fold
        X, target = self.X[rows], self.target[rows]
        etas = [X @ coef.T + b0 for coef, b0 in zip(coefs, intercepts, strict=True)]
        return np.array([np.mean(UNIT_DEVIANCE[self.family](target, eta)) for eta in etas])

    def mean_over_folds(self, errors: np.ndarray) -> np.ndarray:
        """Mean of errors (n_folds, n_alphas) weighted by the rows of each fold."""
        return np.average(errors, axis=0, weights=np.bincount(self.fold_ids))

    def save(self, folder: Path) -> None:
        """Write the arrays for `load`; sparse X as its three."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.is_sparse:
            for part in ("data", "indices", "indptr"):
                np.save(folder / f"X_{part}.npy", getattr(self.X, part))
        else:
            np.save(folder / "X.npy", self.X)
        np.save(folder / "y.npy", self.y)
        ratio = -1.0 if self.ratio is None else self.ratio
        np.save(folder / "shape.npy", np.array([*self.X.shape, ratio]))


def load(folder: Path, family: str) -> Data:
    """Read what `Data.save` wrote; `y.npy` is written last but one, `shape.npy` last."""
    n, p, ratio = np.load(folder / "shape.npy")
    if (folder / "X.npy").exists():
        X: Any = np.load(folder / "X.npy")
    else:
        parts = (np.load(folder / f"X_{part}.npy") for part in ("data", "indices", "indptr"))
        X = scipy.sparse.csc_array(tuple(parts), shape=(int(n), int(p)))
        X.has_sorted_indices = True
    return Data(X, np.load(folder / "y.npy"), family, ratio if ratio > 0 else None)


def _squared(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return (y - eta) ** 2


def _binomial(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return 2.0 * (np.logaddexp(0.0, eta) - y * eta + xlogy(y, y) + xlogy(1.0 - y, 1.0 - y))


def _poisson(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return 2.0 * (np.exp(eta) - y * eta + xlogy(y, y) - y)


def _multinomial(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return -2.0 * np.sum(y * log_softmax(eta, axis=-1), axis=-1)


UNIT_DEVIANCE = {
    "gaussian": _squared,
    "binomial": _binomial,
    "poisson": _poisson,
    "multinomial": _multinomial,
}
