"""Cross-validation of a solver that has only a path."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from benchmarks.objective import N_FOLDS, Data

Found = tuple[np.ndarray, np.ndarray]  # coefficients and intercepts, one row for each alpha


class FoldByFold(ABC):
    """The path on all rows, then that of each fold, its rows gathered first."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    @abstractmethod
    def path(self, X: Any, y: np.ndarray, data: Data, tol: Any) -> Found:
        """Solve for the alphas of `data` on these rows."""

    def fit_path(self, data: Data, tol: Any) -> Found:
        return self.path(data.X, data.y, data, tol)

    def coefs(self, found: Found) -> np.ndarray:
        return found[0]

    def fit_crossval(self, data: Data, tol: Any) -> list[Found]:
        self.fit_path(data, tol)
        return [self.path(*data.training(k), data, tol) for k in range(N_FOLDS)]

    def curve(self, data: Data, found: list[Found]) -> np.ndarray:
        return data.mean_over_folds(
            np.array([data.deviance(k, *each) for k, each in enumerate(found)])
        )
