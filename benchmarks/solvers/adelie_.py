"""adelie: `grpnet` with groups of one feature."""

from typing import Any

import numpy as np

from benchmarks.objective import N_ALPHAS, Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class Adelie(FoldByFold):
    name = "adelie"
    module = "adelie"
    families = ("binomial", "poisson")
    tolerances = (1e-7, 1e-9, 1e-11, 1e-12)

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        import adelie

        make = {"binomial": adelie.glm.binomial, "poisson": adelie.glm.poisson}[data.family]
        state = adelie.grpnet(
            adelie.matrix.sparse(X, n_threads=self.n_threads) if data.is_sparse else X,
            make(y, dtype=np.float64),
            lmda_path=data.alphas,
            tol=tol,
            irls_tol=tol,
            n_threads=self.n_threads,
            early_exit=False,
            progress_bar=False,
        )
        found = state.betas.toarray(), np.asarray(state.intercepts)
        if len(found[0]) < N_ALPHAS:
            raise TimeoutError  # it gave up
        return found
