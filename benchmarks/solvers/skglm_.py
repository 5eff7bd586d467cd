"""skglm: `ProxNewton`, one alpha after another from a warm start."""

import warnings
from typing import Any

import numpy as np

from benchmarks.objective import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Skglm(FoldByFold):
    name = "skglm"
    module = "skglm"
    families = ("binomial", "poisson")
    tolerances = (1e-4, 1e-6, 1e-8)

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        from skglm.datafits import Logistic, Poisson
        from skglm.penalties import L1
        from skglm.solvers import ProxNewton
        from skglm.utils.jit_compilation import compiled_clone

        datafit = compiled_clone({"binomial": Logistic, "poisson": Poisson}[data.family]())
        target = 2.0 * y - 1.0 if data.family == "binomial" else y
        start = np.log(y.mean() / (1.0 - y.mean())) if data.family == "binomial" else 0.0
        point = np.append(np.zeros(X.shape[1]), start)
        eta = np.full(len(y), start)
        solver = ProxNewton(tol=tol, fit_intercept=True, max_iter=100)
        found = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for alpha in data.alphas:
                point = solver.solve(
                    X, target, datafit, compiled_clone(L1(alpha)), point.copy(), eta
                )[0]
                eta = X @ point[:-1] + point[-1]
                found.append(point)
        table = np.array(found)
        return table[:, :-1], table[:, -1]
