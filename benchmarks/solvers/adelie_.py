"""adelie: `grpnet` with groups of one feature, and its covariance method for least squares."""

from typing import Any

import numpy as np

from benchmarks.problem import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Adelie(FoldByFold):
    name = "adelie"
    module = "adelie"
    families = ("gaussian", "binomial", "poisson")
    tolerances = (1e-7, 1e-9, 1e-10, 1e-11, 1e-12, 1e-14)
    is_threaded = True

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        import adelie

        makes = {
            "gaussian": adelie.glm.gaussian,
            "binomial": adelie.glm.binomial,
            "poisson": adelie.glm.poisson,
        }
        options = {} if data.family == "gaussian" else {"irls_tol": tol}
        state = adelie.grpnet(
            adelie.matrix.sparse(X, n_threads=self.n_threads) if data.is_sparse else X,
            makes[data.family](y, dtype=X.dtype.type),
            alpha=data.l1_ratio,
            lmda_path=data.alphas,
            tol=tol,
            n_threads=self.n_threads,
            early_exit=False,
            progress_bar=False,
            **options,
        )
        return state.betas.toarray(), np.asarray(state.intercepts)


class AdelieCovariance(FoldByFold):
    name = "adelie, covariance"
    module = "adelie"
    families = ("gaussian",)
    tolerances = (1e-7, 1e-9, 1e-10, 1e-11, 1e-12, 1e-14)
    is_threaded = True
    is_centred = True

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        return not data.is_sparse and data.is_tall

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        import adelie

        mean, level = X.mean(axis=0), y.mean()
        if np.abs(mean).max() > 1e-12:  # a fold of X that was centred as a whole
            X, y = X - mean, y - level
        state = adelie.gaussian_cov(
            np.asfortranarray(X.T @ X / len(y)),
            X.T @ y / len(y),
            alpha=data.l1_ratio,
            lmda_path=data.alphas,
            tol=tol,
            n_threads=self.n_threads,
            early_exit=False,
            progress_bar=False,
        )
        coefs = state.betas.toarray()
        return coefs, level - coefs @ mean
