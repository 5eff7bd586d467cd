"""The pictures of a fitted model as displays, in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage.draw import ErrorCurves, error_figure, path_figure
from shrinkage.draw.figure import check_matplotlib
from shrinkage.errors import ArgumentError
from shrinkage.estimators.base import LinearModel
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.select.crossval import SQUARED_ERROR
from shrinkage.select.curves import as_good_as_best
from shrinkage.solve import Path

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
        self.alphas = _numbers("alphas", alphas, None)
        m = self.alphas.size
        self.training = _numbers("training", training, m)
        self.held_out = _numbers("held_out", held_out, m)
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
        """Draw the errors of a fitted LassoCV, RidgeCV or ElasticNetCV.

        Of several l1_ratios the chosen one is drawn. A model read from a file has no features
        above, and if an older version wrote it no paired band.

        Parameters
        ----------
        estimator : LassoCV, RidgeCV or ElasticNetCV
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
                "estimator", "a LassoCV, RidgeCV or ElasticNetCV", estimator
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
            larger_is_better=model.measure_ != SQUARED_ERROR,
            alpha=model.alpha_,
            alpha_1se=model.alpha_1se_,
            n_features=model.path_.n_nonzero if hasattr(model, "path_") else None,
            heading=_heading(model),
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


class PathDisplay:
    """Coefficients over alpha, and under them the errors where there was a cross-validation.

    Made by `from_estimator` or `from_path`; the constructor takes plain numbers. The penalty is
    strong on the left and weak on the right; above is the number of features in the model.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Decreasing. A 0 has no place on the logarithmic axis and is left out.
    coefs : array-like of shape (n_alphas, n_features)
        From `from_estimator` they are per standard deviation of their columns, in the unit of
        y, so that they can be compared.
    names : sequence of str, optional
        Of the features; "x0", "x1", ... without them.
    errors : CrossValidationDisplay, optional
        Drawn under the coefficients.
    alpha, alpha_1se : float, optional
        Strengths to mark: of the model, and of the one-standard-error rule. NaN marks nothing.
    unit : str, default "per standard deviation"
        Unit of the coefficients.
    n_named : int >= 0, default 10
        So many features are drawn in colour and named: those with the largest coefficients at
        `alpha`, then at the end of the path. Fewer in small axes.
    heading : str, default "Coefficient path"
        First line of the title; the second is made from the numbers.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes, or ndarray of two of them
        After `plot`: of the coefficients and, where they were drawn, of the errors.

    See Also
    --------
    CrossValidationDisplay : The errors by themselves.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from shrinkage import LassoCV, PathDisplay
    >>> model = LassoCV().fit(*load_diabetes(return_X_y=True, scaled=False))
    >>> print(PathDisplay.from_estimator(model).ax_.shape)
    (2,)
    """

    figure_: Figure
    ax_: Any

    def __init__(
        self,
        alphas: ArrayLike,
        coefs: ArrayLike,
        names: Sequence[str] | None = None,
        *,
        errors: CrossValidationDisplay | None = None,
        alpha: float | None = None,
        alpha_1se: float | None = None,
        unit: str = "per standard deviation",
        n_named: int = 10,
        heading: str = "Coefficient path",
    ) -> None:
        self.alphas = _numbers("alphas", alphas, None)
        self.coefs = np.asarray(coefs, dtype=np.float64)
        if self.coefs.ndim != 2 or self.coefs.shape[0] != self.alphas.size:
            requirement = f"of shape ({self.alphas.size}, n_features), one row for each alpha"
            raise ArgumentError.must_be("coefs", requirement, self.coefs)
        p = self.coefs.shape[1]
        self.names = tuple(f"x{j}" for j in range(p)) if names is None else tuple(names)
        if len(self.names) != p:
            raise ArgumentError.must_be("names", f"one for each of {p} features", names)
        self.errors = errors
        self.alpha, self.alpha_1se = alpha, alpha_1se
        self.unit, self.n_named, self.heading = unit, n_named, heading

    @classmethod
    def from_estimator(
        cls, estimator: LinearModel, *, ax: Axes | Sequence[Axes] | None = None, n_named: int = 10
    ) -> Self:
        """Draw the path of a fitted model.

        Of an estimator that chose its alpha, the path and the errors that it chose by. Of a
        Lasso, Ridge or ElasticNet, the path of the default grid through its alpha, solved when
        this picture is asked for.

        Parameters
        ----------
        estimator : Lasso, Ridge, ElasticNet, LassoCV, RidgeCV or ElasticNetCV
        ax : matplotlib Axes or two of them, optional
            One is for the coefficients only, two for coefficients and errors; a figure of its
            own with both by default.
        n_named : int >= 0, default 10
            So many features are named.

        Returns
        -------
        PathDisplay

        Raises
        ------
        ArgumentError
            If the model was read from a file, which does not hold the path, or a single fit was
            pickled, which drops its data.
        sklearn.exceptions.NotFittedError
            Before `fit`.
        MissingDependencyError
            Without matplotlib.
        """
        if not isinstance(estimator, LinearModel):
            raise ArgumentError.must_be("estimator", "one of the six estimators", estimator)
        display = cls._of(estimator)
        display.n_named = n_named
        return display._draw(ax, "PathDisplay")

    @classmethod
    def from_path(cls, path: Path, *, ax: Axes | None = None, n_named: int = 10) -> Self:
        """Draw a path, as `elastic_net_path` returns it.

        Parameters
        ----------
        path : Path
        ax : matplotlib Axes, optional
            A figure of its own by default.
        n_named : int >= 0, default 10
            So many features are named.

        Returns
        -------
        PathDisplay
        """
        if not isinstance(path, Path):
            raise ArgumentError.must_be("path", "a Path, as elastic_net_path returns it", path)
        display = cls(path.alphas, path.coef_path * path.spread, path.names, n_named=n_named)
        return display._draw(ax, "PathDisplay")

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw once more, in `ax` or a figure of its own, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, optional
            As in `from_estimator`.
        """
        return self._draw(ax, "PathDisplay")

    @classmethod
    def _of(cls, model: LinearModel, asked_by: str = "estimator") -> Self:
        check_is_fitted(model, "coef_")
        has_curve = isinstance(model, CrossValidatedModel)
        if not hasattr(model, "path_"):
            hint = "plot_cv() draws its errors" if has_curve else None
            raise ArgumentError.cannot(asked_by, "draw a model read from a file", hint)
        check_matplotlib("PathDisplay" if asked_by == "estimator" else asked_by)
        path = model.path_ if has_curve else _through(model.path_)
        return cls(
            path.alphas,
            path.coef_path * path.spread,
            model.coef_names_,
            errors=CrossValidationDisplay._of(model) if has_curve else None,
            alpha=model._penalty()[0],
            alpha_1se=model.alpha_1se_ if has_curve else None,
            heading=_heading(model),
        )

    def _draw(self, ax: Any, asked_by: str) -> Self:
        places = None if ax is None else list(np.ravel(np.asarray(ax, dtype=object)))
        if places is not None and len(places) not in (1, 2):
            raise ArgumentError.must_be("ax", "one axes or two of them", ax)
        own = None if places is None else (places[0] if len(places) == 1 else places)
        self.figure_ = path_figure(
            self.alphas,
            self.coefs,
            self.names,
            None if self.errors is None else self.errors._curves(),
            chosen=self.alpha,
            one_se=self.alpha_1se,
            heading=self.heading,
            unit=self.unit,
            n_named=self.n_named,
            ax=own,
            asked_by=asked_by,
        )
        drawn = self.figure_.axes if places is None else places
        self.ax_ = drawn[0] if len(drawn) == 1 else np.array(drawn, dtype=object)
        return self


def _heading(model: LinearModel) -> str:
    name, l1_ratio = type(model).__name__, model._penalty()[1]
    if not isinstance(model, CrossValidatedModel):
        return f"{name}, l1_ratio {l1_ratio:g}" if name.startswith("Elastic") else name
    ratio = f", l1_ratio {l1_ratio:g}" if len(model.l1_ratios_) > 1 else ""
    return f"{name}{ratio}: {model.folds_}"


def _through(path: Path) -> Path:
    """Return the path of the default grid that goes through the alphas of this one."""
    solver = path._data_solver("draw its path")
    grid = solver.grid(100, None, path.l1_ratio)
    alphas = np.unique(np.concatenate([grid, path.alphas]))[::-1].copy()
    return Path(solver, alphas, path.l1_ratio, solver.path(alphas, path.l1_ratio))


def _numbers(name: str, values: ArrayLike, length: int | None) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or length not in (None, numbers.size):
        wanted = "n_alphas" if length is None else length
        raise ArgumentError.must_be(name, f"numbers of shape ({wanted},)", numbers)
    return numbers


def _maybe(name: str, values: ArrayLike | None, length: int) -> FloatArray | None:
    return None if values is None else _numbers(name, values, length)
