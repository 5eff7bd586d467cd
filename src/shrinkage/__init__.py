"""Lasso, ridge and elastic net: certified, fast, compared side by side.

Importing this package starts nothing: a public name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shrinkage.comparison import Comparison as Comparison
    from shrinkage.comparison import compare as compare
    from shrinkage.errors import ArgumentError as ArgumentError
    from shrinkage.errors import ConvergenceWarning as ConvergenceWarning
    from shrinkage.errors import DataError as DataError
    from shrinkage.errors import DataWarning as DataWarning
    from shrinkage.errors import MissingDependencyError as MissingDependencyError
    from shrinkage.errors import ShrinkageError as ShrinkageError
    from shrinkage.estimators import CrossValidationDisplay as CrossValidationDisplay
    from shrinkage.estimators import ElasticNet as ElasticNet
    from shrinkage.estimators import ElasticNetCV as ElasticNetCV
    from shrinkage.estimators import GeneralizedLinearRegressor as GeneralizedLinearRegressor
    from shrinkage.estimators import Lasso as Lasso
    from shrinkage.estimators import LassoCV as LassoCV
    from shrinkage.estimators import LogisticRegression as LogisticRegression
    from shrinkage.estimators import LogisticRegressionCV as LogisticRegressionCV
    from shrinkage.estimators import PathDisplay as PathDisplay
    from shrinkage.estimators import PoissonRegressor as PoissonRegressor
    from shrinkage.estimators import PoissonRegressorCV as PoissonRegressorCV
    from shrinkage.estimators import Ridge as Ridge
    from shrinkage.estimators import RidgeCV as RidgeCV
    from shrinkage.estimators import load as load
    from shrinkage.lessons import BiasVariance as BiasVariance
    from shrinkage.lessons import Simulation as Simulation
    from shrinkage.lessons import Trace as Trace
    from shrinkage.lessons import bias_variance as bias_variance
    from shrinkage.lessons import descent as descent
    from shrinkage.lessons import plot_bias_variance as plot_bias_variance
    from shrinkage.lessons import plot_correlated as plot_correlated
    from shrinkage.lessons import plot_descents as plot_descents
    from shrinkage.lessons import plot_geometry as plot_geometry
    from shrinkage.lessons import plot_selection as plot_selection
    from shrinkage.lessons import simulate as simulate
    from shrinkage.solve import Path as Path
    from shrinkage.solve import Plan as Plan
    from shrinkage.solve import Settings as Settings
    from shrinkage.solve import Solution as Solution
    from shrinkage.solve import Status as Status
    from shrinkage.solve import alpha_max as alpha_max
    from shrinkage.solve import choose as choose
    from shrinkage.solve import elastic_net_path as elastic_net_path
    from shrinkage.solve import make_problem as make_problem

__version__ = "0.1.0"

_HOME = {
    "ArgumentError": "errors",
    "BiasVariance": "lessons",
    "Comparison": "comparison",
    "ConvergenceWarning": "errors",
    "CrossValidationDisplay": "estimators",
    "DataError": "errors",
    "DataWarning": "errors",
    "ElasticNet": "estimators",
    "ElasticNetCV": "estimators",
    "GeneralizedLinearRegressor": "estimators",
    "Lasso": "estimators",
    "LassoCV": "estimators",
    "LogisticRegression": "estimators",
    "LogisticRegressionCV": "estimators",
    "MissingDependencyError": "errors",
    "Path": "solve",
    "PathDisplay": "estimators",
    "Plan": "solve",
    "PoissonRegressor": "estimators",
    "PoissonRegressorCV": "estimators",
    "Ridge": "estimators",
    "RidgeCV": "estimators",
    "Settings": "solve",
    "ShrinkageError": "errors",
    "Simulation": "lessons",
    "Solution": "solve",
    "Status": "solve",
    "Trace": "lessons",
    "alpha_max": "solve",
    "bias_variance": "lessons",
    "choose": "solve",
    "compare": "comparison",
    "descent": "lessons",
    "elastic_net_path": "solve",
    "load": "estimators",
    "make_problem": "solve",
    "plot_bias_variance": "lessons",
    "plot_correlated": "lessons",
    "plot_descents": "lessons",
    "plot_geometry": "lessons",
    "plot_selection": "lessons",
    "simulate": "lessons",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
