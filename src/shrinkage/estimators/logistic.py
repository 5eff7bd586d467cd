"""LogisticRegression at a given strength, and by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shrinkage._typing import ArrayLike, FloatArray, PerFeature
from shrinkage._validate import check_l1_ratio, check_l1_ratios
from shrinkage.estimators.classes import (
    BALANCED,
    ClassWeight,
    balanced_in_folds,
    label_numbers,
    mention_absent_classes,
)
from shrinkage.estimators.classifier import Classifier
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.estimators.linear import SingleModel
from shrinkage.families import Family
from shrinkage.select.curves import Rule
from shrinkage.select.folds import Splits
from shrinkage.solve import Problem, Settings


class LogisticRegression(SingleModel, Classifier):
    """Classifier: the log odds of two classes, or of each of several, are linear in the features.

    Minimises the objective of docs/objective.md for the binomial family, of more than two classes
    for the multinomial: half the mean deviance, which is the log loss, plus the penalty. With
    `standardize=False`, scikit-learn's `LogisticRegression` has `C` = 1 / (n alpha)
    (docs/names.md).

    Parameters
    ----------
    alpha : float >= 0, default 0.01
        Strength of the penalty, that of the *mean* loss: it does not change when rows are
        repeated. At 0 there is no penalty, and no finite answer if the features separate the
        classes; the status then says so. `LogisticRegressionCV` chooses one.
    l1_ratio : float in [0, 1], default 0.0
        Share of L1: 1 is the lasso, 0 is ridge.
    family : {"auto", "binomial", "multinomial"} or Family, default "auto"
        "auto" is binomial for two classes and multinomial for more. With "multinomial" also two
        classes have a penalised coefficient each; `coef_` then is their difference, the log odds.
        "binomial" refuses more than two classes.
    class_weight : None, "balanced" or dict, default None
        A dict multiplies the `sample_weight` of the rows of a class by its entry, 1 for a class
        that it does not name. "balanced" gives all classes the same share of the total weight.
        With class weights the probabilities are those of data with such weights, and not
        calibrated for the data as they are.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`; of several classes each feature has the same for all.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
        The labels, sorted.
    coef_ : ndarray of shape (1, n_columns), or (K, n_columns) for more than two classes
        Change of the log odds of `classes_[1]` per unit of the column; of more classes change of
        the logarithm of the probability of each, but for a number that all have in common.
    intercept_ : ndarray of shape (1,) or (K,)
        The log odds where all features are 0; of more classes numbers that sum to 0.
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

    >>> from sklearn.datasets import load_iris
    >>> model = LogisticRegression().fit(*load_iris(return_X_y=True))
    >>> print(model.coef_.shape, model.predict_proba([[5.0, 3.4, 1.5, 0.2]]).round(3))
    (3, 4) [[0.973 0.027 0.   ]]
    """

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 0.0,
        *,
        family: str | Family = "auto",
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
        self.family = family
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


class LogisticRegressionCV(CrossValidatedModel, Classifier):
    """Classifier with alpha, and l1_ratio if several are given, chosen by cross-validation.

    Minimises the objective of docs/objective.md for the binomial or multinomial family; its
    section 5 has the rules of the cross-validation. All l1_ratios share the folds.

    Parameters
    ----------
    alphas : int or array of shape (n_alphas,), default 100
        Length of the default grid, one for each l1_ratio, or strengths >= 0 for all of them.
    l1_ratio : float in [0, 1] or sequence of them, default 0.0
        Shares of L1 to choose from: 1 is the lasso, 0 is ridge.
    family : {"auto", "binomial", "multinomial"} or Family, default "auto"
        As in `LogisticRegression`.
    class_weight : None, "balanced" or dict, default None
        As in `LogisticRegression`. "balanced" is computed from the training rows of each fold;
        in the held-out error rows have the weights that balance all rows.
    scoring : str or callable, optional
        "deviance" (None means the same), "misclassification", "mse" (the Brier score), "mae",
        for two classes "auc", or a scorer of scikit-learn, larger being better. It is given the
        classes as 0, 1, ...; for the area under the ROC curve of more than two classes it is
        "roc_auc_ovr".
    alpha_min_ratio, cv, rule, random_state
        As in `LassoCV`. For folds with the shares of the classes of all rows pass a
        `StratifiedKFold` of scikit-learn.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    cv_mean_, cv_se_ : ndarray of shape (n_l1_ratios, n_alphas)
        Mean held-out deviance of a row and its standard error; with `scoring` that measure.
    oof_predict_ : ndarray of shape (n,), or (n, K) for more than two classes
        Probability of `classes_[1]`, or of each class, by the model that did not see the row.
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
        family: str | Family = "auto",
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
        self.family = family
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

    @property
    def oof_predict_(self) -> FloatArray:
        """Probability for each row by the fold that holds it out, NaN where none does.

        Of `classes_[1]`, of more than two classes that of each, of shape (n, K); with
        `class_weight` as in the fit. Computed when first asked for, from the X of `fit`, or when
        the estimator is pickled.
        """
        found = super().oof_predict_
        return found[:, 1] if found.shape[1:] == (2,) else found

    def _stratified_by(self, problem: Problem) -> FloatArray:
        return label_numbers(problem.y)

    def _on_folds(self, problem: Problem, splits: Splits) -> tuple[Problem, Splits]:
        mention_absent_classes(problem, splits, self.classes_)
        if isinstance(self.class_weight, str) and self.class_weight == BALANCED:
            return balanced_in_folds(problem, splits)
        return problem, splits
