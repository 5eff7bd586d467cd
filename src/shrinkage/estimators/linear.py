"""Lasso, Ridge and ElasticNet at a given strength."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from shrinkage._typing import ArrayLike, PerFeature
from shrinkage._validate import check_alpha, check_l1_ratio
from shrinkage.estimators.base import LinearModel, training_of
from shrinkage.estimators.regression import LeastSquaresModel
from shrinkage.solve import Settings, solve_path
from shrinkage.solve.settings import check_settings


class SingleModel(LinearModel):
    """A linear model at one alpha."""

    alpha: float

    def _l1_ratio(self) -> float:
        raise NotImplementedError

    def _penalty(self) -> tuple[float, float]:
        return float(self.alpha), self._l1_ratio()

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array, scipy.sparse matrix or data frame of shape (n, n_features)
            Numbers. In a data frame also text or categories: one 0/1 column for each level.
            A float32 or float64 array or a CSC matrix is read in place, anything else is
            copied once.
        y : array-like of shape (n,)
            Response: numbers, for a classifier labels.
        sample_weight : array-like of shape (n,), optional
            Weights >= 0, of which only the proportions matter: a weight of 2 is a row repeated.
        offset : array-like of shape (n,), optional
            Known part of the linear predictor, in its units: those of y for the Gaussian family;
            for counts with a known exposure, its logarithm. For more than two classes of shape
            (n, K).

        Returns
        -------
        self

        Raises
        ------
        ArgumentError
            If an argument does not meet its requirement.

        Warns
        -----
        ConvergenceWarning
            If the duality gap asked for was not reached; `status_` and `dual_gap_` say more.
        """
        alpha, l1_ratio = check_alpha(self.alpha), self._l1_ratio()
        problem = self._problem(X, y, sample_weight, offset, l1_ratio)
        weights = self._row_weights(problem.y, sample_weight)
        path = solve_path(problem, np.array([alpha]), None, check_settings(self.settings))
        return self._keep(path, 0, training_of(problem, path, weights))


class Lasso(SingleModel, LeastSquaresModel):
    """Linear model with an L1 penalty: it selects features.

    Minimises the objective of docs/objective.md with `l1_ratio` 1. Coefficients are exact (see
    `dual_gap_`), and zero means exactly zero.

    Parameters
    ----------
    alpha : float >= 0, default 1.0
        Strength of the penalty, in the unit of y with `standardize=True`. It multiplies the
        penalty of the *mean* loss, so it does not change when rows are repeated. 0 is ordinary
        least squares. There is no good default: `LassoCV` chooses one.
    fit_intercept : bool, default True
        Whether there is an intercept; it is never penalised.
    standardize : bool, default True
        Whether a column is penalised per standard deviation (glmnet's convention) or per unit
        (scikit-learn's). Coefficients are in original units either way.
    positive : bool, default False
        Whether no coefficient may be negative: another spelling of `lower=0`.
    penalty_factor : float, array of shape (n_columns,) or dict by column name, optional
        Multiplies the penalty of each feature, >= 0: 0 leaves it unpenalised, inf excludes it.
        In a dict an entry for a text column counts for each of its levels, and columns that it
        does not name have 1.
    lower, upper : float, array of shape (n_columns,) or dict by column name, optional
        Bounds on the coefficients in original units, `lower <= 0 <= upper`.
    settings : Settings, optional
        How hard to solve. None means `Settings()`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_columns,)
        Coefficients, in units of y per unit of the column. One per encoded column.
    coef_names_ : tuple of str
        Their names.
    intercept_ : float
        In units of y.
    alpha_max_ : float
        Smallest alpha at which every penalised coefficient is zero; infinite for ridge.
    deviance_ratio_ : float
        Share of the deviance explained: R^2 on the training rows.
    df_ : float
        Effective degrees of freedom, the intercept not counted.
    dual_gap_ : float
        Distance from the optimum, as a share of the loss of the model without features.
    kkt_violation_ : float
        Largest violation of the optimality conditions, as a share of the lasso's alpha_max.
    status_ : Status
        How the solver ended, with a sentence in `status_.value`.
    n_iter_ : int
        Rounds of the active-set method (not sweeps).
    path_ : Path
        The path of this one alpha; `path_.plan` says how it was solved.
    n_features_in_ : int
        Columns of X as given, before text columns are encoded.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X had some.

    See Also
    --------
    LassoCV : Chooses alpha by cross-validation.
    ElasticNet : Keeps correlated features together.

    Examples
    --------
    >>> import numpy as np
    >>> from shrinkage import Lasso
    >>> X = np.array([[0.0, 1.0], [1.0, -1.0], [2.0, 1.0], [3.0, -1.0]])
    >>> model = Lasso(alpha=0.25).fit(X, [1.0, 3.0, 5.0, 7.0])
    >>> print(model.coef_.round(3), round(model.intercept_, 3))
    [1.776 0.   ] 1.335
    """

    def __init__(
        self,
        alpha: float = 1.0,
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
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.settings = settings

    def _l1_ratio(self) -> float:
        return 1.0


class Ridge(SingleModel, LeastSquaresModel):
    """Linear model with an L2 penalty: it shrinks all coefficients, and none to zero.

    Minimises the objective of docs/objective.md with `l1_ratio` 0. With `standardize=False`,
    scikit-learn's `Ridge` has n times our `alpha` (docs/names.md).

    Parameters
    ----------
    alpha : float >= 0, default 1.0
        Strength of the penalty, in the unit of y with `standardize=True`. It multiplies the
        penalty of the *mean* loss. 0 is ordinary least squares, of minimum norm where that has
        many solutions. `RidgeCV` chooses one.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    coef_, coef_names_, intercept_, path_, and the others
        As in `Lasso`; `alpha_max_` is infinite.

    Notes
    -----
    Without bounds one decomposition in the cheaper of n and p; it is not interruptible.

    See Also
    --------
    RidgeCV : Chooses alpha by cross-validation, leave-one-out or GCV.

    Examples
    --------
    >>> import numpy as np
    >>> from shrinkage import Ridge
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = Ridge(alpha=2.0 * np.std([1.0, 3.0, 5.0, 7.0])).fit(X, [1.0, 3.0, 5.0, 7.0])
    >>> print(model.coef_.round(3))  # 2 / (1 + 2)
    [0.667]
    """

    def __init__(
        self,
        alpha: float = 1.0,
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
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.settings = settings

    def _l1_ratio(self) -> float:
        return 0.0


class ElasticNet(SingleModel, LeastSquaresModel):
    """Linear model with an L1 and an L2 penalty: it selects, and keeps correlated features.

    Minimises the objective of docs/objective.md.

    Parameters
    ----------
    alpha : float >= 0, default 1.0
        Strength of the penalty, in the unit of y with `standardize=True`. It multiplies the
        penalty of the *mean* loss. `ElasticNetCV` chooses one.
    l1_ratio : float in [0, 1], default 0.5
        Share of L1: 1 is the lasso, 0 is ridge.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    coef_, coef_names_, intercept_, path_, and the others
        As in `Lasso`.

    See Also
    --------
    ElasticNetCV : Chooses alpha and l1_ratio by cross-validation.

    Examples
    --------
    >>> import numpy as np
    >>> from shrinkage import ElasticNet
    >>> X = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    >>> model = ElasticNet(alpha=0.5, l1_ratio=0.5).fit(X, [1.0, 3.0, 5.0, 7.0])
    >>> print((model.coef_ * X.std(axis=0)).round(3))  # the two columns share
    [0.94 0.94]
    """

    def __init__(
        self,
        alpha: float = 1.0,
        l1_ratio: float = 0.5,
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
