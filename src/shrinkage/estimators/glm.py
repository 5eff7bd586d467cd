"""PoissonRegressor and GeneralizedLinearRegressor at a given strength."""

from __future__ import annotations

from shrinkage._typing import PerFeature
from shrinkage._validate import check_l1_ratio
from shrinkage.estimators.linear import SingleModel
from shrinkage.estimators.regression import GeneralizedModel
from shrinkage.families import Family, Poisson, resolve
from shrinkage.solve import Settings


class PoissonRegressor(SingleModel, GeneralizedModel):
    """Model of counts and rates: the logarithm of their mean is linear in the features.

    Minimises the objective of docs/objective.md for the Poisson family: half the mean deviance
    plus the penalty. A known exposure is `offset=log(exposure)` in `fit` and `predict`, or y are
    rates and the exposure is their `sample_weight`.

    Parameters
    ----------
    alpha : float >= 0, default 0.01
        Strength of the penalty, that of the *mean* loss: it does not change when rows are
        repeated. At 0 there is no penalty. `PoissonRegressorCV` chooses one.
    l1_ratio : float in [0, 1], default 0.0
        Share of L1: 1 is the lasso, 0 is ridge.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_columns,)
        Change of the logarithm of the mean per unit of the column.
    intercept_ : float
        Logarithm of the mean where all features are 0.
    deviance_ratio_ : float
        Share of the deviance explained on the training rows.
    coef_names_, alpha_max_, dual_gap_, status_, path_, and the others
        As in `Lasso`.

    See Also
    --------
    PoissonRegressorCV : Chooses alpha by cross-validation.

    Examples
    --------
    >>> import numpy as np
    >>> from shrinkage import PoissonRegressor
    >>> model = PoissonRegressor(alpha=0.0).fit([[0.0], [0.0], [1.0], [1.0]], [1, 3, 7, 9])
    >>> print(model.predict([[0.0], [1.0]]).round(6), np.exp(model.coef_).round(6))
    [2. 8.] [4.]
    """

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 0.0,
        *,
        fit_intercept: bool = True,
        standardize: bool = True,
        positive: bool = False,
        penalty_factor: PerFeature | None = None,
        lower: PerFeature | None = None,
        upper: PerFeature | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.settings = settings

    def _l1_ratio(self) -> float:
        return check_l1_ratio(self.l1_ratio)

    def _family(self) -> Family:
        return Poisson()


class GeneralizedLinearRegressor(SingleModel, GeneralizedModel):
    """Model whose family is an argument: least squares, shares, counts or shares of classes.

    Minimises the objective of docs/objective.md for the family.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson", "multinomial"} or Family, default "gaussian"
        How y scatters around its mean: a name, or a value of `shrinkage.families`. Binomial: y
        are 0 and 1, or shares of ones with the number of trials as `sample_weight`, and `predict`
        returns shares. Multinomial: y are the numbers 0..K-1 of the classes, or shares of shape
        (n, K), and `predict` returns shares of that shape. `LogisticRegression` predicts labels.
    alpha : float >= 0, default 0.01
        Strength of the penalty, that of the *mean* loss.
    l1_ratio : float in [0, 1], default 0.0
        Share of L1: 1 is the lasso, 0 is ridge.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_columns,), multinomial (K, n_columns)
        Change of the linear predictor per unit of the column.
    intercept_ : float, multinomial ndarray of shape (K,)
        The linear predictor where all features are 0.
    deviance_ratio_ : float
        Share of the deviance explained on the training rows.
    coef_names_, alpha_max_, dual_gap_, status_, path_, and the others
        As in `Lasso`.

    Examples
    --------
    >>> from shrinkage import GeneralizedLinearRegressor
    >>> model = GeneralizedLinearRegressor("binomial", alpha=0.0)
    >>> model = model.fit([[0.0], [1.0]], [0.25, 0.75], sample_weight=[8, 8])
    >>> print(model.predict([[0.0], [0.5]]).round(6))
    [0.25 0.5 ]
    """

    def __init__(
        self,
        family: str | Family = "gaussian",
        alpha: float = 0.01,
        l1_ratio: float = 0.0,
        *,
        fit_intercept: bool = True,
        standardize: bool = True,
        positive: bool = False,
        penalty_factor: PerFeature | None = None,
        lower: PerFeature | None = None,
        upper: PerFeature | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.family = family
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.settings = settings

    def _l1_ratio(self) -> float:
        return check_l1_ratio(self.l1_ratio)

    def _family(self) -> Family:
        return resolve(self.family)
