"""This package, by its public functions."""

from typing import Any

import numpy as np

import shrinkage
from benchmarks.objective import Data

CROSS_VALIDATED = {
    "gaussian": shrinkage.ElasticNetCV,
    "binomial": shrinkage.LogisticRegressionCV,
    "poisson": shrinkage.PoissonRegressorCV,
    "multinomial": shrinkage.LogisticRegressionCV,
}


class Shrinkage:
    name = "shrinkage"
    families = ("gaussian", "binomial", "poisson", "multinomial")
    tolerances = (None,)

    def __init__(self, n_threads: int) -> None:
        self.settings = shrinkage.Settings(n_threads=n_threads)

    def fit_path(self, data: Data, tol: None) -> Any:
        return shrinkage.elastic_net_path(
            data.X,
            data.y,
            family=data.family,
            alphas=data.alphas,
            standardize=False,
            settings=self.settings,
        )

    def coefs(self, found: Any) -> np.ndarray:
        return found.coef_path

    def fit_crossval(self, data: Data, tol: None) -> Any:
        make = CROSS_VALIDATED[data.family]
        model = make(alphas=data.alphas, l1_ratio=1.0, standardize=False, settings=self.settings)
        return model.fit(data.X, data.y, fold_ids=data.fold_ids)

    def curve(self, data: Data, found: Any) -> np.ndarray:
        return found.cv_mean_[0]
