"""celer: its path for least squares. Its logistic model has no intercept, so it is left out."""

import warnings
from typing import Any

import numpy as np

from benchmarks.problem import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Celer(FoldByFold):
    name = "celer"
    module = "celer"
    families = ("gaussian",)
    tolerances = (1e-4, 1e-5, 1e-6, 1e-7, 1e-9)
    is_centred = True

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        return data.l1_ratio > 0.0

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        from celer import celer_path

        # Sparse columns are centred by the solver; a fold of centred X has a small mean again.
        mean, level = np.asarray(X.mean(axis=0)).ravel().astype(X.dtype), y.mean()
        centre = {}
        if data.is_sparse:
            centre = {"X_offset": mean, "X_scale": np.ones_like(mean)}
        elif np.abs(mean).max() > 1e-12:
            X = X - mean
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            coefs = celer_path(
                X,
                y - level,
                "lasso",
                alphas=data.alphas,
                l1_ratio=data.l1_ratio,
                tol=tol,
                max_iter=100,
                **centre,
            )[1].T
        return coefs, level - coefs @ mean
