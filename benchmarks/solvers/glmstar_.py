"""glmstar: glmnet's Fortran and C++ for Python, its early stops turned off."""

import warnings
from typing import Any

import numpy as np

from benchmarks.problem import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Glmstar(FoldByFold):
    name = "glmstar"
    module = "glmnet"
    environment = "glmstar"
    families = ("gaussian", "binomial", "poisson", "multinomial")
    tolerances = (1e-7, 1e-10, 1e-12, 1e-14, 1e-16)

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        import glmnet
        from glmnet.paths.fastnet import FastNetControl

        makes = {
            "gaussian": glmnet.GaussNet,
            "binomial": glmnet.LogNet,
            "poisson": glmnet.FishNet,
            "multinomial": glmnet.MultiClassNet,
        }
        # It fits y over its standard deviation, which divides the L2 part of least squares.
        spread = np.std(y) if data.family == "gaussian" else 1.0
        share = data.l1_ratio + spread * (1.0 - data.l1_ratio)
        model = makes[data.family](
            lambda_values=data.alphas * share,
            alpha=data.l1_ratio / share,
            standardize=False,
            control=FastNetControl(thresh=tol, fdev=0.0, devmax=1.0, maxit=100_000_000),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        coefs = np.asarray(model.coefs_)
        if coefs.ndim == 3:
            coefs = coefs.transpose(0, 2, 1)
        return coefs, np.asarray(model.intercepts_)
