"""Estimators in scikit-learn's manner: a given strength, or one chosen by cross-validation."""

from shrinkage.estimators.displays import CrossValidationDisplay, PathDisplay
from shrinkage.estimators.linear import ElasticNet, Lasso, Ridge
from shrinkage.estimators.linear_cv import ElasticNetCV, LassoCV, RidgeCV
from shrinkage.estimators.model_file import load

__all__ = [
    "CrossValidationDisplay",
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "PathDisplay",
    "Ridge",
    "RidgeCV",
    "load",
]
