"""glum: one alpha after another from a warm start, by its own search."""

import warnings
from typing import Any

import numpy as np

from benchmarks.problem import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found

FAMILIES = {"gaussian": "normal", "binomial": "binomial", "poisson": "poisson"}


class Glum(FoldByFold):
    name = "glum"
    module = "glum"
    families = ("gaussian", "binomial", "poisson")
    tolerances = (1e-4, 1e-6, 1e-8, 1e-10)

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        # Its Hessian is dense, p x p, and with more columns than rows it has run for minutes.
        return data.is_tall and data.X.shape[1] <= 2_000

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        from glum import GeneralizedLinearRegressor

        model = GeneralizedLinearRegressor(
            family=FAMILIES[data.family],
            l1_ratio=data.l1_ratio,
            alpha_search=True,
            alphas=data.alphas,
            gradient_tol=tol,
            max_iter=1_000,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        return np.asarray(model.coef_path_), np.asarray(model.intercept_path_)
