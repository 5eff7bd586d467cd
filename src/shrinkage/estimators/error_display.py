"""The errors of a cross-validation as a display, in scikit-learn's manner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage.draw import ErrorCurves, error_figure
from shrinkage.errors import ArgumentError
from shrinkage.estimators.base import LinearModel
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.select.crossval import SQUARED_ERROR
from shrinkage.select.curves import as_good_as_best

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class CrossValidationDisplay:
    """Training and held-out error over alpha, with the paired band.

    Made by `from_estimator`; the constructor takes plain numbers. The penalty is strong on the
    left (underfitting) and weak on the right (overfitting).

    - The band is one standard error over folds of the *difference* to the best alpha. All alphas
      share the folds, so what makes a fold hard cancels in it. Where the band reaches the grey
      line, the level of the best, that alpha is as good as the best one as far as the folds can
      tell; stretches of such alphas are marked on the axis and named in the title.
    - The dotted lines are one standard error of each error by itself. They say how well the
      error is known, and are too wide to compare alphas.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Decreasing. A 0 has no place on the logarithmic axis and is left out.
    training, held_out : array-like of shape (n_alphas,)
        Mean errors, or scores.
    standard_error : array-like of shape (n_alphas,), optional
        Of the held-out error. Not drawn where it is NaN.
    paired_se : array-like of shape (n_alphas,), optional
        Standard error over folds of the difference to the best alpha, as `cv_paired_se_` of the
        estimators. Without it neither band nor stretches are drawn.
    measure : str, default "mean squared error"
        What the errors are.
    larger_is_better : bool, default False
        True for scores.
    alpha, alpha_1se : float, optional
        Strengths to mark: of the model, and of the one-standard-error rule. NaN marks nothing.
    n_features : array-like of int, shape (n_alphas,), optional
        Features in the model, for the upper axis.
    heading : str, default "Cross-validation"
        First line of the title; the second is made from the numbers.

    Attributes
    ----------
    as_good : tuple of (float, float)
        Largest and smallest alpha of each stretch that can't be told from the best. Empty
        without `paired_se`.
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes
        After `plot`.

    See Also
    --------
    PathDisplay : The coefficients over alpha, with these errors under them.

    Notes
    -----
    The stretches describe these folds and are no test: folds share training rows, and the best
    alpha was found on them.

    References
    ----------
    Chen and Yang (2021): marginal standard errors of a cross-validated error mislead.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from shrinkage import CrossValidationDisplay, LassoCV
    >>> model = LassoCV().fit(*load_diabetes(return_X_y=True, scaled=False))
    >>> display = CrossValidationDisplay.from_estimator(model)
    >>> print(any(high >= model.alpha_ >= low for high, low in display.as_good))
    True
    """

    figure_: Figure
    ax_: Axes

    def __init__(
        self,
        alphas: ArrayLike,
        training: ArrayLike,
        held_out: ArrayLike,
        *,
        standard_error: ArrayLike | None = None,
        paired_se: ArrayLike | None = None,
        measure: str = SQUARED_ERROR,
        larger_is_better: bool = False,
        alpha: float | None = None,
        alpha_1se: float | None = None,
        n_features: ArrayLike | None = None,
        heading: str = "Cross-validation",
    ) -> None:
        self.alphas = numbers_of("alphas", alphas, None)
        m = self.alphas.size
        self.training = numbers_of("training", training, m)
        self.held_out = numbers_of("held_out", held_out, m)
        self.standard_error = _maybe("standard_error", standard_error, m)
        self.paired_se = _maybe("paired_se", paired_se, m)
        self.measure = measure
        self.larger_is_better = larger_is_better
        self.alpha, self.alpha_1se = alpha, alpha_1se
        counts = _maybe("n_features", n_features, m)
        self.n_features: IndexArray | None = None if counts is None else counts.astype(np.intp)
        self.heading = heading
        self.as_good = self._as_good()

    @classmethod
    def from_estimator(cls, estimator: CrossValidatedModel, *, ax: Axes | None = None) -> Self:
        """Draw the errors of a fitted estimator that chose its alpha: LassoCV and its like.

        Of several l1_ratios the chosen one is drawn. A model read from a file has no features
        above, and if an older version wrote it no paired band.

        Parameters
        ----------
        estimator : LassoCV, or another whose name ends in CV
        ax : matplotlib Axes, optional
            Where to draw; a figure of its own by default.

        Returns
        -------
        CrossValidationDisplay

        Raises
        ------
        ArgumentError
            If the estimator has no cross-validation.
        sklearn.exceptions.NotFittedError
            Before `fit`.
        MissingDependencyError
            Without matplotlib.
        """
        if not isinstance(estimator, CrossValidatedModel):
            raise ArgumentError.must_be(
                "estimator", "one whose name ends in CV, such as LassoCV", estimator
            )
        return cls._of(estimator)._draw(ax, "CrossValidationDisplay")

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw once more, in `ax` or a figure of its own, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        """
        return self._draw(ax, "CrossValidationDisplay")

    @classmethod
    def _of(cls, model: CrossValidatedModel) -> Self:
        check_is_fitted(model, "cv_mean_")
        row = model.best_index_[0]
        alphas = model.alphas_ if model.alphas_.ndim == 1 else model.alphas_[row]
        return cls(
            alphas,
            model.train_mean_[row],
            model.cv_mean_[row],
            standard_error=model.cv_se_[row],
            paired_se=model.cv_paired_se_[row],
            measure=model.measure_,
            larger_is_better=model._larger_is_better,
            alpha=model.alpha_,
            alpha_1se=model.alpha_1se_,
            n_features=model.path_.n_nonzero if hasattr(model, "path_") else None,
            heading=heading_of(model, "training and held-out error"),
        )

    def _as_good(self) -> tuple[tuple[float, float], ...]:
        if self.paired_se is None:
            return ()
        loss = -self.held_out if self.larger_is_better else self.held_out
        alphas = self.alphas.tolist()
        found = as_good_as_best(loss, self.paired_se)
        return tuple((alphas[first], alphas[last]) for first, last in found)

    def _curves(self) -> ErrorCurves:
        return ErrorCurves(
            self.training,
            self.held_out,
            self.standard_error,
            self.measure,
            self.paired_se,
            self.as_good,
            self.larger_is_better,
        )

    def _draw(self, ax: Axes | None, asked_by: str) -> Self:
        self.figure_ = error_figure(
            self.alphas,
            self._curves(),
            chosen=self.alpha,
            one_se=self.alpha_1se,
            n_features=self.n_features,
            heading=self.heading,
            ax=ax,
            asked_by=asked_by,
        )
        self.ax_ = self.figure_.axes[0] if ax is None else ax
        return self


def heading_of(model: LinearModel, shown: str) -> str:
    """Return what was fitted and what of it is `shown`, for the first line of a title."""
    name, l1_ratio = type(model).__name__, model._penalty()[1]
    if not isinstance(model, CrossValidatedModel):
        name = f"{name}, l1_ratio {l1_ratio:g}" if hasattr(model, "l1_ratio") else name
        return f"{name}: {shown}"
    ratio = f", l1_ratio {l1_ratio:g}" if len(model.l1_ratios_) > 1 else ""
    return f"{name}{ratio}: {shown}, {model.folds_}"


def numbers_of(name: str, values: ArrayLike, length: int | None) -> FloatArray:
    """Return `values` as a vector of `length`, or of any length.

    Raises
    ------
    ArgumentError
        If they are no such vector.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or length not in (None, numbers.size):
        wanted = "n_alphas" if length is None else length
        raise ArgumentError.must_be(name, f"numbers of shape ({wanted},)", numbers)
    return numbers


def _maybe(name: str, values: ArrayLike | None, length: int) -> FloatArray | None:
    return None if values is None else numbers_of(name, values, length)
