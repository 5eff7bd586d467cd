"""PoissonRegressorCV: the strength of the penalty by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shrinkage._typing import ArrayLike, PerFeature
from shrinkage._validate import check_l1_ratios
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.estimators.regression import GeneralizedModel
from shrinkage.families import Family, Poisson
from shrinkage.select.curves import Rule
from shrinkage.solve import Settings


class PoissonRegressorCV(CrossValidatedModel, GeneralizedModel):
    """Model of counts and rates with alpha, and l1_ratio if several are given, chosen.

    Minimises the objective of docs/objective.md for the Poisson family; its section 5 has the
    rules of the cross-validation. All l1_ratios share the folds.

    Parameters
    ----------
    alphas : int or array of shape (n_alphas,), default 100
        Length of the default grid, one for each l1_ratio, or strengths >= 0 for all of them.
    l1_ratio : float in [0, 1] or sequence of them, default 0.0
        Shares of L1 to choose from: 1 is the lasso, 0 is ridge.
    scoring : str or callable, optional
        "deviance" (None means the same), "mse", "mae", or a scorer of scikit-learn, larger being
        better.
    alpha_min_ratio, cv, rule, random_state
        As in `LassoCV`.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    cv_mean_, cv_se_ : ndarray of shape (n_l1_ratios, n_alphas)
        Mean held-out deviance of a row and its standard error; with `scoring` that measure.
    oof_predict_ : ndarray of shape (n,)
        Mean predicted for each row by the model that did not see it, its offset included.
    alpha_, l1_ratio_, cv_mean_, and the others
        As in `ElasticNetCV`.
    coef_, intercept_, and the others
        As in `PoissonRegressor`.

    Examples
    --------
    >>> import numpy as np
    >>> from shrinkage import PoissonRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3))
    >>> y = rng.poisson(np.exp(1.0 + X @ [0.5, -0.5, 0.0]))
    >>> model = PoissonRegressorCV(l1_ratio=[0.0, 1.0]).fit(X, y)
    >>> print(model.cv_mean_.shape, model.deviance_ratio_ > 0.5)
    (2, 100) True
    """

    def __init__(
        self,
        alphas: int | ArrayLike = 100,
        *,
        l1_ratio: float | Sequence[float] = 0.0,
        alpha_min_ratio: float | None = None,
        cv: Any = 10,
        rule: Rule = "min",
        scoring: Any = None,
        random_state: Any = 0,
        fit_intercept: bool = True,
        standardize: bool = True,
        positive: bool = False,
        penalty_factor: PerFeature | None = None,
        lower: PerFeature | None = None,
        upper: PerFeature | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.alpha_min_ratio = alpha_min_ratio
        self.cv = cv
        self.rule = rule
        self.scoring = scoring
        self.random_state = random_state
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.settings = settings

    def _l1_ratios(self) -> tuple[float, ...]:
        return check_l1_ratios(self.l1_ratio)

    def _family(self) -> Family:
        return Poisson()
