"""skglm: its coordinate descent for least squares, `ProxNewton` for the others, one alpha after
another from a warm start."""

import warnings
from typing import Any

import numpy as np

from benchmarks.problem import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Skglm(FoldByFold):
    name = "skglm"
    module = "skglm"
    families = ("gaussian", "binomial", "poisson")
    tolerances = (1e-4, 1e-6, 1e-8, 1e-10)
    compiles = True

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        return data.l1_ratio > 0.0

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        from skglm.datafits import Logistic, Poisson, Quadratic
        from skglm.penalties import L1, L1_plus_L2
        from skglm.solvers import AndersonCD, ProxNewton
        from skglm.utils.jit_compilation import compiled_clone

        is_float32 = X.dtype == np.float32
        makes = {"gaussian": Quadratic, "binomial": Logistic, "poisson": Poisson}
        datafit = compiled_clone(makes[data.family](), to_float32=is_float32)
        target, start = y, 0.0
        if data.family == "gaussian":
            start = float(y.mean())
        elif data.family == "binomial":
            target, start = 2.0 * y - 1.0, np.log(y.mean() / (1.0 - y.mean()))
        point = np.append(np.zeros(X.shape[1]), start).astype(X.dtype)
        eta = np.full(len(y), start, dtype=X.dtype)
        solver = (AndersonCD if data.family == "gaussian" else ProxNewton)(
            tol=tol, fit_intercept=True, max_iter=100
        )
        found = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for alpha in data.alphas:
                penalty = L1(alpha) if data.l1_ratio == 1.0 else L1_plus_L2(alpha, data.l1_ratio)
                compiled = compiled_clone(penalty, to_float32=is_float32)
                point = solver.solve(X, target, datafit, compiled, point.copy(), eta)[0]
                eta = X @ point[:-1] + point[-1]
                found.append(point)
        table = np.array(found)
        return table[:, :-1], table[:, -1]
