"""This package, by its public functions and estimators."""

from typing import Any

import numpy as np

from benchmarks.problem import Data
from benchmarks.solvers.base import Solver


class Shrinkage(Solver):
    name = "shrinkage"
    module = "shrinkage.estimators"
    environment = None
    families = ("gaussian", "binomial", "poisson", "multinomial")
    tolerances = (None,)

    def __init__(self, n_threads: int) -> None:
        import shrinkage

        super().__init__(n_threads)
        self.settings = shrinkage.Settings(n_threads=n_threads)

    @classmethod
    def ladder(cls, family: str) -> tuple[Any, ...]:
        """Return looser tolerances too where the core stops by its gap: it solves least squares
        to rounding whatever is asked."""
        return (None,) if family == "gaussian" else (None, 1e-6, 1e-3)

    def _settings(self, tol: float | None) -> Any:
        from dataclasses import replace

        return self.settings if tol is None else replace(self.settings, tol=tol)

    def fit_path(self, data: Data, tol: float | None) -> Any:
        import shrinkage

        return shrinkage.elastic_net_path(
            data.X,
            data.y,
            family=data.family,
            l1_ratio=data.l1_ratio,
            alphas=data.alphas,
            standardize=False,
            settings=self._settings(tol),
        )

    def coefs(self, found: Any) -> np.ndarray:
        return np.asarray(found.coef_path)

    def fit_one(self, data: Data, tol: float | None) -> Any:
        return self.fit_path(data, tol)

    def fit_crossval(self, data: Data, tol: float | None) -> Any:
        import shrinkage

        makes = {
            "gaussian": shrinkage.ElasticNetCV,
            "binomial": shrinkage.LogisticRegressionCV,
            "poisson": shrinkage.PoissonRegressorCV,
            "multinomial": shrinkage.LogisticRegressionCV,
        }
        common = {
            "alphas": data.alphas,
            "standardize": False,
            "settings": self._settings(tol),
        }
        if data.l1_ratio == 0.0:
            model = shrinkage.RidgeCV(**common)
        else:
            model = makes[data.family](l1_ratio=data.l1_ratio, **common)
        return model.fit(data.X, data.y, fold_ids=data.fold_ids)

    def fit_loo(self, data: Data, tol: float | None) -> Any:
        import shrinkage

        model = shrinkage.RidgeCV(
            alphas=data.alphas, cv="loo", standardize=False, settings=self._settings(tol)
        )
        return model.fit(data.X, data.y)

    def curve(self, data: Data, found: Any) -> np.ndarray:
        return np.asarray(found.cv_mean_[0])
