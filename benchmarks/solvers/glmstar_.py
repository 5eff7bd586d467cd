"""glmstar: glmnet's Fortran and C++ for Python, its early stops turned off."""

import warnings
from typing import Any

import numpy as np

from benchmarks.objective import N_ALPHAS, Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Glmstar(FoldByFold):
    name = "glmstar"
    module = "glmnet"
    families = ("binomial", "poisson", "multinomial")
    tolerances = (1e-7, 1e-10, 1e-12, 1e-14)

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        import glmnet
        from glmnet.paths.fastnet import FastNetControl

        makes = {
            "binomial": glmnet.LogNet,
            "poisson": glmnet.FishNet,
            "multinomial": glmnet.MultiClassNet,
        }
        control = FastNetControl(thresh=tol, fdev=0.0, devmax=1.0, maxit=10_000_000)
        model = makes[data.family](lambda_values=data.alphas, standardize=False, control=control)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        coefs = np.asarray(model.coefs_)
        if len(coefs) < N_ALPHAS:
            raise TimeoutError  # it gave up
        if coefs.ndim == 3:
            coefs = coefs.transpose(0, 2, 1)
        return coefs, np.asarray(model.intercepts_)
