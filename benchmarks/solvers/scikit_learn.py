"""scikit-learn: its path functions on X centred for free, and the estimators with "CV" in their
names; `LogisticRegression` by SAGA, the one of its solvers that has an L1 penalty and leaves the
intercept free."""

import warnings
from typing import Any

import numpy as np

from benchmarks.problem import N_FOLDS, Data
from benchmarks.solvers.base import Solver
from benchmarks.solvers.fold_by_fold import FoldByFold, Found

MANY = 1_000_000  # iterations, so that only the tolerance stops


class ScikitLearn(Solver):
    name = "scikit-learn"
    module = "sklearn.linear_model"
    families = ("gaussian",)
    tolerances = (1e-4, 1e-5, 1e-6, 1e-8, 1e-10, 1e-11)
    is_threaded = True
    is_centred = True

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        return data.l1_ratio > 0.0 or not data.is_sparse

    def fit_path(self, data: Data, tol: float) -> Any:
        from sklearn.linear_model import ElasticNet, Ridge, enet_path

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if data.l1_ratio == 0.0:
                n = len(data.y)
                fits = (Ridge(alpha=n * a, tol=tol).fit(data.X, data.y) for a in data.alphas)
                return [np.array([each.coef_ for each in fits])]
            if data.is_sparse:  # the path function fits no intercept, the estimator does
                model = ElasticNet(l1_ratio=data.l1_ratio, tol=tol, max_iter=MANY, warm_start=True)
                fits = (model.set_params(alpha=a).fit(data.X, data.y) for a in data.alphas)
                return [np.array([each.coef_.copy() for each in fits])]
            options = {"l1_ratio": data.l1_ratio, "tol": tol, "max_iter": MANY}
            return [enet_path(data.X, data.y, alphas=data.alphas, **options)[1].T]

    def fit_one(self, data: Data, tol: float) -> Any:
        return self.fit_path(data, tol)

    def fit_crossval(self, data: Data, tol: float) -> Any:
        from sklearn.linear_model import ElasticNetCV, LassoCV
        from sklearn.model_selection import PredefinedSplit

        if data.l1_ratio == 0.0:
            return self._ridge_folds(data)
        folds = PredefinedSplit(data.fold_ids)
        options = {"alphas": data.alphas, "cv": folds, "tol": tol, "max_iter": MANY}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if data.l1_ratio == 1.0:
                model = LassoCV(n_jobs=self.n_threads, **options)
            else:
                model = ElasticNetCV(l1_ratio=data.l1_ratio, n_jobs=self.n_threads, **options)
            return model.fit(data.X, data.y)

    def _ridge_folds(self, data: Data) -> np.ndarray:
        """What a grid search does: a fit for each fold and alpha, and one of all rows."""
        from joblib import Parallel, delayed
        from sklearn.linear_model import Ridge

        def errors(k: int) -> list[float]:
            X, y = data.training(k)
            held = data.fold_ids == k
            fits = (Ridge(alpha=len(y) * alpha).fit(X, y) for alpha in data.alphas)
            return [np.mean((data.y[held] - fit.predict(data.X[held])) ** 2) for fit in fits]

        of_folds = Parallel(n_jobs=self.n_threads, prefer="threads")(
            delayed(errors)(k) for k in range(N_FOLDS)
        )
        Ridge(alpha=len(data.y) * data.alphas[0]).fit(data.X, data.y)
        return data.mean_over_folds(np.array(of_folds))

    def fit_loo(self, data: Data, tol: float) -> Any:
        return self._leave_one_out(data, stored=False)

    def _leave_one_out(self, data: Data, stored: bool) -> Any:
        from sklearn.linear_model import RidgeCV

        # It minimises the sum over the n - 1 rows that stay.
        return RidgeCV(data.alphas * (len(data.y) - 1), store_cv_results=stored).fit(data.X, data.y)

    def curve(self, data: Data, found: Any) -> np.ndarray:
        if hasattr(found, "mse_path_"):
            return data.mean_over_folds(found.mse_path_.T)
        if isinstance(found, np.ndarray):
            return found
        # The errors for every alpha are kept only if asked for, outside of the clock.
        return np.asarray(self._leave_one_out(data, stored=True).cv_results_.mean(axis=0))


class ScikitLearnLogistic(FoldByFold):
    name = "scikit-learn"
    module = "sklearn.linear_model"
    families = ("binomial", "multinomial")
    tolerances = (1e-4, 1e-6, 1e-8)

    def path(self, X: Any, y: np.ndarray, data: Data, tol: float) -> Found:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(
            l1_ratio=data.l1_ratio, solver="saga", tol=tol, max_iter=MANY, warm_start=True
        )
        found = []
        for alpha in data.alphas:
            model.set_params(C=1.0 / (alpha * len(y))).fit(X, y)
            found.append((model.coef_.copy(), model.intercept_.copy()))
        coefs, intercepts = (np.array(each) for each in zip(*found, strict=True))
        if data.family == "binomial":
            return coefs[:, 0], intercepts[:, 0]
        return coefs, intercepts
