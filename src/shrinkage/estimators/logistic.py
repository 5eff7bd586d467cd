"""LogisticRegression at a given strength, and by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shrinkage._typing import ArrayLike, PerFeature
from shrinkage._validate import check_l1_ratio, check_l1_ratios
from shrinkage.estimators.classes import (
    BALANCED,
    ClassWeight,
    balanced_in_folds,
    mention_one_class_folds,
)
from shrinkage.estimators.classifier import BinaryClassifier
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.estimators.linear import SingleModel
from shrinkage.select.curves import Rule
from shrinkage.select.folds import Splits
from shrinkage.solve import Problem, Settings


class LogisticRegression(SingleModel, BinaryClassifier):
    """Classifier of two classes: the log odds of the second are linear in the features.

    Minimises the objective of docs/objective.md for the binomial family: half the mean deviance,
    which is the log loss, plus the penalty. With `standardize=False`, scikit-learn's
    `LogisticRegression` has `C` = 1 / (n alpha) (docs/names.md).

    Parameters
    ----------
    alpha : float >= 0, default 0.01
        Strength of the penalty, that of the *mean* loss: it does not change when rows are
        repeated. At 0 there is no penalty, and no finite answer if the features separate the
        classes; the status then says so. `LogisticRegressionCV` chooses one.
    l1_ratio : float in [0, 1], default 0.0
        Share of L1: 1 is the lasso, 0 is ridge.
    class_weight : None, "balanced" or dict, default None
        A dict multiplies the `sample_weight` of the rows of a class by its entry, 1 for a class
        that it does not name. "balanced" gives both classes half of the total weight. With class
        weights the probabilities are those of data with such weights, and not calibrated for
        the data as they are.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels, sorted.
    coef_ : ndarray of shape (1, n_columns)
        Change of the log odds of `classes_[1]` per unit of the column.
    intercept_ : ndarray of shape (1,)
        The log odds where all features are 0.
    deviance_ratio_ : float
        Share of the deviance explained on the training rows.
    coef_names_, alpha_max_, dual_gap_, status_, path_, and the others
        As in `Lasso`.

    See Also
    --------
    LogisticRegressionCV : Chooses alpha by cross-validation.
    GeneralizedLinearRegressor : Takes shares of ones.

    Examples
    --------
    >>> from shrinkage import LogisticRegression
    >>> X = [[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]]
    >>> y = ["no", "no", "no", "yes", "no", "yes", "yes", "yes"]
    >>> model = LogisticRegression(alpha=0.0).fit(X, y)
    >>> print(model.predict([[0.0], [1.0]]), model.predict_proba([[1.0]]).round(6))
    ['no' 'yes'] [[0.25 0.75]]
    """

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 0.0,
        *,
        class_weight: ClassWeight = None,
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
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.settings = settings

    def _l1_ratio(self) -> float:
        return check_l1_ratio(self.l1_ratio)


class LogisticRegressionCV(CrossValidatedModel, BinaryClassifier):
    """Classifier of two classes with alpha, and l1_ratio if several are given, chosen.

    Minimises the objective of docs/objective.md for the binomial family; its section 5 has the
    rules of the cross-validation. All l1_ratios share the folds.

    Parameters
    ----------
    alphas : int or array of shape (n_alphas,), default 100
        Length of the default grid, one for each l1_ratio, or strengths >= 0 for all of them.
    l1_ratio : float in [0, 1] or sequence of them, default 0.0
        Shares of L1 to choose from: 1 is the lasso, 0 is ridge.
    class_weight : None, "balanced" or dict, default None
        As in `LogisticRegression`. "balanced" is computed from the training rows of each fold;
        in the held-out error rows have the weights that balance all rows.
    scoring : str or callable, optional
        "deviance" (None means the same), "misclassification", "auc", "mse" (the Brier score),
        "mae", or a scorer of scikit-learn, larger being better. It is given the classes as 0
        and 1.
    alpha_min_ratio, cv, rule, random_state
        As in `LassoCV`. For folds with the shares of the classes of all rows pass a
        `StratifiedKFold` of scikit-learn.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    cv_mean_, cv_se_ : ndarray of shape (n_l1_ratios, n_alphas)
        Mean held-out deviance of a row and its standard error; with `scoring` that measure.
    oof_predict_ : ndarray of shape (n,)
        Probability of `classes_[1]` by the model that did not see the row.
    alpha_, l1_ratio_, cv_mean_, and the others
        As in `ElasticNetCV`.
    classes_, coef_, intercept_, and the others
        As in `LogisticRegression`.

    Notes
    -----
    With class_weight="balanced" the folds are fitted one after the other.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from shrinkage import LogisticRegressionCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegressionCV(20, cv=5).fit(X, y)
    >>> print(model.score(X, y) > 0.98, model.coef_.shape)
    True (1, 30)
    """

    def __init__(
        self,
        alphas: int | ArrayLike = 100,
        *,
        l1_ratio: float | Sequence[float] = 0.0,
        class_weight: ClassWeight = None,
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
        self.class_weight = class_weight
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

    def _on_folds(self, problem: Problem, splits: Splits) -> tuple[Problem, Splits]:
        mention_one_class_folds(problem, splits)
        if isinstance(self.class_weight, str) and self.class_weight == BALANCED:
            return balanced_in_folds(problem, splits)
        return problem, splits
