"""LassoCV, RidgeCV and ElasticNetCV: the strength of the penalty by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shrinkage._typing import ArrayLike, PerFeature
from shrinkage._validate import check_l1_ratios
from shrinkage.errors import ArgumentError
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.estimators.regression import LeastSquaresModel
from shrinkage.select.closed_form import leave_one_out
from shrinkage.select.crossval import CrossValidation
from shrinkage.select.curves import Rule
from shrinkage.solve import Problem, Settings


class LassoCV(CrossValidatedModel, LeastSquaresModel):
    """Lasso with alpha chosen by cross-validation.

    Minimises the objective of docs/objective.md with `l1_ratio` 1; its section 5 has the rules of
    the cross-validation. Each training fold standardizes for itself: no scaler in front is
    needed, and nothing of the held-out rows leaks.

    Parameters
    ----------
    alphas : int or array of shape (n_alphas,), default 100
        Length of the default grid, or strengths >= 0. A default grid with the minimum at its
        lower edge is extended once.
    alpha_min_ratio : float in (0, 1), optional
        Last over first alpha of the default grid. None means 1e-4 if n > p, else 1e-2.
    cv : int >= 2, scikit-learn splitter or iterable of (train, test), default 10
        The folds. An integer makes balanced random ones, or with `groups` whole groups.
    rule : {"min", "1se"} or callable, default "min"
        "min" takes the smallest error, "1se" the largest alpha within one standard error of it.
        A callable gets the curves (`cv_mean`, `cv_se`, `alphas`, ..., as the attributes here) and
        returns the index of an alpha, or (index of an l1_ratio, index of an alpha).
    scoring : str or callable, optional
        A scorer of scikit-learn, larger being better. None is the mean squared error.
    random_state : int, RandomState or None, default 0
        Seeds the folds of an integer `cv`. None draws new ones in each fit.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    alpha_ : float
        The alpha chosen.
    alpha_1se_ : float
        The alpha of the rule "1se", under any rule.
    alphas_ : ndarray of shape (n_alphas,)
        The grid, decreasing.
    l1_ratio_ : float
        1 here, 0 for `RidgeCV`.
    cv_mean_, cv_se_ : ndarray of shape (n_l1_ratios, n_alphas)
        Held-out error, in squared units of y, and its standard error; with `scoring` that
        measure.
    cv_paired_se_ : ndarray of shape (n_l1_ratios, n_alphas)
        Standard error over folds of the difference to the best alpha of the row; NaN with one
        fold.
    train_mean_ : ndarray of shape (n_l1_ratios, n_alphas)
        The same measure on the training rows.
    best_index_ : tuple of int
        Position of the choice in `cv_mean_`.
    fold_ids_ : ndarray of int32, shape (n,)
        The fold that held out each row, -1 for none.
    oof_predict_ : ndarray of shape (n,)
        Prediction for each row by the model that did not see it, at `alpha_`; NaN for none.
    path_ : Path
        Fit to all rows for all of `alphas_`; `path_.at(alpha)` is the model at another alpha.
    coef_, intercept_, and the others
        As in `Lasso`, at `alpha_`.

    See Also
    --------
    ElasticNetCV : Chooses l1_ratio too.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from shrinkage import LassoCV
    >>> model = LassoCV().fit(*load_diabetes(return_X_y=True, scaled=False))
    >>> print(model.alpha_ <= model.alpha_1se_ <= model.alpha_max_)
    True
    """

    def __init__(
        self,
        alphas: int | ArrayLike = 100,
        *,
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
        return (1.0,)


class RidgeCV(CrossValidatedModel, LeastSquaresModel):
    """Ridge with alpha chosen by cross-validation, leave-one-out or GCV.

    Minimises the objective of docs/objective.md with `l1_ratio` 0; its section 5 has the rules of
    the cross-validation.

    Parameters
    ----------
    alphas : int or array of shape (n_alphas,), default 100
        Length of the default grid, or strengths >= 0. The default grid runs from 1e3 to 1e-4
        times the lasso's alpha_max, and is extended once where the minimum is at either edge.
    alpha_min_ratio : float in (0, 1), optional
        Last over first alpha of the default grid. None means 1e-7.
    cv : int >= 2, "loo", "gcv", scikit-learn splitter or iterable of (train, test), default 10
        "loo" is leave-one-out and "gcv" generalised cross-validation, both in closed form from
        the fit to all rows: the standard deviations of the columns and of y keep their
        full-data values while a row is left out. Both need a fit without bounds and `scoring`.
    rule, scoring, random_state
        As in `LassoCV`.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    alpha_, cv_mean_, coef_, and the others
        As in `LassoCV`. With "gcv" `cv_se_` and `alpha_1se_` are NaN and there are no held-out
        predictions.

    Notes
    -----
    All alphas share one decomposition in the cheaper of n and p.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from shrinkage import RidgeCV
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> print(RidgeCV(cv="loo").fit(X, y).oof_predict_.shape)
    (442,)
    """

    def __init__(
        self,
        alphas: int | ArrayLike = 100,
        *,
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
        return (0.0,)

    def _search(
        self,
        problem: Problem,
        l1_ratios: tuple[float, ...],
        groups: ArrayLike | None,
        fold_ids: ArrayLike | None,
    ) -> CrossValidation:
        if not isinstance(self.cv, str):
            return super()._search(problem, l1_ratios, groups, fold_ids)
        for name, given in (("scoring", self.scoring), ("groups", groups), ("fold_ids", fold_ids)):
            if given is not None:
                raise ArgumentError.cannot("cv", f"be {self.cv!r} together with `{name}`", "cv=10")
        return leave_one_out(
            problem,
            self.cv,
            alphas=self.alphas,
            alpha_min_ratio=self.alpha_min_ratio,
            rule=self.rule,
            settings=self.settings,
        )

    def _folds_in_words(self, found: CrossValidation) -> str:
        if isinstance(self.cv, str):
            return {"loo": "leave-one-out", "gcv": "generalised cross-validation"}[self.cv]
        return super()._folds_in_words(found)


class ElasticNetCV(CrossValidatedModel, LeastSquaresModel):
    """Elastic net with alpha, and l1_ratio if several are given, chosen by cross-validation.

    Minimises the objective of docs/objective.md; its section 5 has the rules of the
    cross-validation. All l1_ratios share the folds.

    Parameters
    ----------
    alphas : int or array of shape (n_alphas,), default 100
        Length of the default grid, one for each l1_ratio, or strengths >= 0 for all of them.
    l1_ratio : float in [0, 1] or sequence of them, default 0.5
        Shares of L1 to choose from: 1 is the lasso, 0 is ridge.
    alpha_min_ratio, cv, rule, scoring, random_state
        As in `LassoCV`.
    fit_intercept, standardize, positive, penalty_factor, lower, upper, settings
        As in `Lasso`.

    Attributes
    ----------
    l1_ratio_ : float
        The share chosen.
    l1_ratios_ : tuple of float
        The shares to choose from, one per row of `cv_mean_`.
    alphas_ : ndarray of shape (n_alphas,), or (n_l1_ratios, n_alphas) for several l1_ratios
        The grids, decreasing.
    alpha_, cv_mean_, coef_, and the others
        As in `LassoCV`; `path_` is that of the l1_ratio chosen.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from shrinkage import ElasticNetCV
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> model = ElasticNetCV(l1_ratio=[0.1, 0.5, 0.9]).fit(X, y)
    >>> print(model.cv_mean_.shape, model.l1_ratio_ in model.l1_ratios_)
    (3, 100) True
    """

    def __init__(
        self,
        alphas: int | ArrayLike = 100,
        *,
        l1_ratio: float | Sequence[float] = 0.5,
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
