"""Cross-validation of a solver that has only a path."""

from typing import Any

import numpy as np

from benchmarks.problem import N_FOLDS, Data
from benchmarks.solvers.base import GaveUp, Solver

# Coefficients and intercepts, one row for each alpha.
Found = tuple[np.ndarray, np.ndarray]


class FoldByFold(Solver):
    """The path on all rows, then that of each fold, its rows gathered first."""

    def path(self, X: Any, y: np.ndarray, data: Data, tol: Any) -> Found:
        """Solve for the alphas of `data` on these rows."""
        raise NotImplementedError

    def fit_path(self, data: Data, tol: Any) -> Found:
        found = self.path(data.X, data.y, data, tol)
        if len(found[0]) < len(data.alphas):
            raise GaveUp(f"{len(found[0])} of {len(data.alphas)} alphas")
        return found

    def fit_one(self, data: Data, tol: Any) -> Found:
        return self.fit_path(data, tol)

    def fit_crossval(self, data: Data, tol: Any) -> list[Found]:
        self.fit_path(data, tol)
        return [self.path(*data.training(k), data, tol) for k in range(N_FOLDS)]

    def curve(self, data: Data, found: Any) -> np.ndarray:
        return data.mean_over_folds(
            np.array([data.deviance(k, *each) for k, each in enumerate(found)])
        )
