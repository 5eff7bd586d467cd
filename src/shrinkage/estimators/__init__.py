"""Estimators in scikit-learn's manner: a given strength, or one chosen by cross-validation."""

from shrinkage.estimators.displays import CrossValidationDisplay, PathDisplay
from shrinkage.estimators.glm import GeneralizedLinearRegressor, PoissonRegressor
from shrinkage.estimators.glm_cv import PoissonRegressorCV
from shrinkage.estimators.linear import ElasticNet, Lasso, Ridge
from shrinkage.estimators.linear_cv import ElasticNetCV, LassoCV, RidgeCV
from shrinkage.estimators.logistic import LogisticRegression, LogisticRegressionCV
from shrinkage.estimators.model_file import load

__all__ = [
    "CrossValidationDisplay",
    "ElasticNet",
    "ElasticNetCV",
    "GeneralizedLinearRegressor",
    "Lasso",
    "LassoCV",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PathDisplay",
    "PoissonRegressor",
    "PoissonRegressorCV",
    "Ridge",
    "RidgeCV",
    "load",
]
