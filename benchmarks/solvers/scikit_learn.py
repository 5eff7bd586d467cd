"""scikit-learn: `lasso_path` on X centred for free, and `LassoCV`; `LogisticRegression` by SAGA,
the one of its solvers that has an L1 penalty and leaves the intercept free."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, LogisticRegression, lasso_path
from sklearn.model_selection import PredefinedSplit

from benchmarks.objective import Data
from benchmarks.solvers.fold_by_fold import FoldByFold, Found


class ScikitLearn:
    name = "scikit-learn"
    families = ("gaussian",)
    tolerances = (1e-4, 1e-6, 1e-8, 1e-10, 1e-11)

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def fit_path(self, data: Data, tol: float) -> Any:
        X, y = (data.X, data.y) if data.is_sparse else data.centred
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            if data.is_sparse:  # the path function fits no intercept, the estimator does
                return self._sparse_path(data, tol)
            return lasso_path(X, y, alphas=data.alphas, tol=tol, max_iter=1_000_000)[1].T

    def _sparse_path(self, data: Data, tol: float) -> np.ndarray:
        from sklearn.linear_model import Lasso

        model = Lasso(tol=tol, max_iter=1_000_000, warm_start=True)
        return np.array(
            [model.set_params(alpha=a).fit(data.X, data.y).coef_.copy() for a in data.alphas]
        )

    def coefs(self, found: Any) -> np.ndarray:
        return np.asarray(found)

    def fit_crossval(self, data: Data, tol: float) -> Any:
        model = LassoCV(
            alphas=data.alphas,
            cv=PredefinedSplit(data.fold_ids),
            tol=tol,
            max_iter=1_000_000,
            n_jobs=self.n_threads,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(data.X, data.y)

    def curve(self, data: Data, found: Any) -> np.ndarray:
        return data.mean_over_folds(found.mse_path_.T)


class ScikitLearnLogistic(FoldByFold):
    name = "scikit-learn"
    families = ("binomial", "multinomial")
    tolerances = (1e-4, 1e-6, 1e-8)

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        model = LogisticRegression(
            l1_ratio=1.0, solver="saga", tol=tol, max_iter=1_000_000, warm_start=True
        )
        found = []
        for alpha in data.alphas:
            model.set_params(C=1.0 / (alpha * len(y))).fit(X, y)
            found.append((model.coef_.copy(), model.intercept_.copy()))
        coefs, intercepts = (np.array(each) for each in zip(*found, strict=True))
        if data.family == "binomial":
            return coefs[:, 0], intercepts[:, 0]
        return coefs, intercepts
