"""What the estimators that choose their alpha by cross-validation share."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils import check_random_state

from shrinkage._typing import ArrayLike, FloatArray, FoldArray
from shrinkage.draw.table import significant
from shrinkage.estimators.base import LinearModel, training_of
from shrinkage.select.crossval import CrossValidation, cross_validate
from shrinkage.select.curves import Rule
from shrinkage.select.folds import Splits, make_splits
from shrinkage.select.held_out import HeldOut
from shrinkage.solve import Problem, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class CrossValidatedModel(LinearModel):
    """A linear model whose alpha is chosen by cross-validation."""

    alphas: int | ArrayLike
    alpha_min_ratio: float | None
    cv: Any
    rule: Rule
    scoring: Any
    random_state: Any

    alpha_: float
    alpha_1se_: float
    alphas_: FloatArray
    l1_ratio_: float
    l1_ratios_: tuple[float, ...]
    cv_mean_: FloatArray
    cv_se_: FloatArray
    cv_paired_se_: FloatArray
    train_mean_: FloatArray
    best_index_: tuple[int, int]
    fold_ids_: FoldArray
    _held_out: HeldOut
    _larger_is_better: bool
    measure_: str
    folds_: str

    def _l1_ratios(self) -> tuple[float, ...]:
        raise NotImplementedError

    def _penalty(self) -> tuple[float, float]:
        return self.alpha_, self.l1_ratio_

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        fold_ids: ArrayLike | None = None,
    ) -> Self:
        """Choose the strength by cross-validation and fit the model with it.

        Parameters
        ----------
        X : array, scipy.sparse matrix or data frame of shape (n, n_features)
            Numbers. In a data frame also text or categories: one 0/1 column for each level,
            the levels being those of all rows.
        y : array-like of shape (n,)
            Response: numbers, for a classifier labels.
        sample_weight : array-like of shape (n,), optional
            Weights >= 0, in the fit, in the folds' errors and in their mean.
        offset : array-like of shape (n,), optional
            Known part of the linear predictor, in its units: those of y for the Gaussian family;
            for counts with a known exposure, its logarithm. For more than two classes of shape
            (n, K).
        groups : array-like of shape (n,), optional
            Rows of one group are held out together.
        fold_ids : array-like of int, shape (n,), optional
            The fold that holds out each row, from 0; -1 for rows that are never held out.

        Returns
        -------
        self

        Raises
        ------
        ArgumentError
            If an argument does not meet its requirement, or a fold is empty.

        Warns
        -----
        ConvergenceWarning
            If the duality gap asked for was not reached somewhere on the path.
        """
        ratios = self._l1_ratios()
        problem = self._problem(X, y, sample_weight, offset, ratios[0])
        found = self._search(problem, ratios, groups, fold_ids)
        return self._keep_choice(found, problem, self._row_weights(problem.y, sample_weight))

    def _keep_choice(
        self, found: CrossValidation, problem: Problem, row_weights: ArrayLike | None
    ) -> Self:
        several = len(found.l1_ratios) > 1
        self.alpha_, self.l1_ratio_ = found.alpha, found.l1_ratio
        self.alpha_1se_ = found.alpha_1se
        self.alphas_ = found.alphas if several else found.alphas[0]
        self.l1_ratios_ = found.l1_ratios
        self.cv_mean_, self.cv_se_ = found.cv_mean, found.cv_se
        self.cv_paired_se_, self.train_mean_ = found.paired_se, found.train_mean
        self.best_index_ = found.index
        self.fold_ids_, self._held_out = found.fold_ids, found.held_out
        self.measure_, self._larger_is_better = found.measure, found.larger_is_better
        self.folds_ = self._folds_in_words(found)
        self._keep(found.path, found.index[1], training_of(problem, found.path, row_weights))
        if self.status_.converged and found.status is not Status.CONVERGED:
            self.status_ = found.status
        return self

    @property
    def oof_predict_(self) -> FloatArray:
        """Mean predicted for each row by the fold that holds it out, NaN where none does.

        Computed when first asked for, from the X of `fit`, or when the estimator is pickled.
        """
        return self._held_out.predict()

    def _folds_in_words(self, found: CrossValidation) -> str:
        n_folds = found.fold_weights.size
        return f"{n_folds} folds" if n_folds > 1 else "1 fold"

    def plot_path(self, ax: Axes | Sequence[Axes] | None = None, *, target: Any = None) -> Figure:
        """Draw the coefficients over alpha, and under them training and held-out error.

        Coefficients are per standard deviation of their column, for the chosen l1_ratio. The
        errors are drawn as by `plot_cv`. Where each of several classes has coefficients, each has
        a panel.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, optional
            One is for the coefficients only, two for coefficients and errors; a figure of its
            own with both by default. Of several classes one for each, and one for the errors.
        target : label, optional
            Of several classes the one to draw.

        Returns
        -------
        matplotlib.figure.Figure
            The new figure, or that of `ax`.

        Raises
        ------
        MissingDependencyError
            Without matplotlib.
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ArgumentError
            If the model was read from a file, which does not hold the path.
        """
        from shrinkage.estimators.displays import PathDisplay

        return PathDisplay._of(self, "plot_path", target)._draw(ax, "plot_path").figure_

    def plot_cv(self, ax: Axes | None = None) -> Figure:
        """Draw training and held-out error over alpha, for the chosen l1_ratio.

        The band is one standard error over folds of the difference to the best alpha: all
        alphas share the folds, so what makes a fold hard cancels in it. Where the band reaches
        the level of the best, that alpha is as good as far as the folds can tell; stretches of
        such alphas are marked on the axis. See `CrossValidationDisplay`.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a figure of its own by default.

        Returns
        -------
        matplotlib.figure.Figure
            The new figure, or that of `ax`.

        Raises
        ------
        MissingDependencyError
            Without matplotlib.
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        from shrinkage.estimators.displays import CrossValidationDisplay

        return CrossValidationDisplay._of(self)._draw(ax, "plot_cv").figure_

    def _choice_lines(self) -> list[str]:
        best = self.best_index_
        mean, se = float(self.cv_mean_[best]), float(self.cv_se_[best])
        spread = f" +- {significant(se)}" if np.isfinite(se) else ""
        rule = self.rule if isinstance(self.rule, str) else "a rule of your own"
        lines = [
            f"{self.folds_}, rule {rule}: {self.measure_} {significant(mean)}{spread} held out, "
            f"{significant(float(self.train_mean_[best]))} training"
        ]
        if np.isfinite(self.alpha_1se_):
            lines.append(f"alpha_1se {self.alpha_1se_:.6g}")
        if len(self.l1_ratios_) > 1:
            lines.append(f"l1_ratio chosen from {', '.join(f'{r:g}' for r in self.l1_ratios_)}")
        return lines

    def _search(
        self,
        problem: Problem,
        l1_ratios: tuple[float, ...],
        groups: ArrayLike | None,
        fold_ids: ArrayLike | None,
    ) -> CrossValidation:
        """Return the errors of all penalties and the choice."""
        n, weights, seed = problem.y.shape[0], problem.weights, _seed(self.random_state)
        y = self._stratified_by(problem)
        splits = make_splits(self.cv, n, y, groups, fold_ids, seed, weights)
        return cross_validate(
            *self._on_folds(problem, splits),
            alphas=self.alphas,
            alpha_min_ratio=self.alpha_min_ratio,
            l1_ratios=l1_ratios,
            rule=self.rule,
            scoring=self.scoring,
            settings=self.settings,
        )

    def _stratified_by(self, problem: Problem) -> FloatArray:
        """Return the response as splitters are to see it."""
        return problem.response

    def _on_folds(self, problem: Problem, splits: Splits) -> tuple[Problem, Splits]:
        """Return the problem and its folds, as the cross-validation is to see them."""
        return problem, splits


def _seed(random_state: Any) -> int:
    """Return the seed of the folds: an integer as it is, otherwise drawn from scikit-learn's."""
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))
