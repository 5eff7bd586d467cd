"""The coefficient path of a fitted model as a display, in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from shrinkage._typing import ArrayLike, FloatArray
from shrinkage.draw import path_figure
from shrinkage.draw.class_panels import class_panels
from shrinkage.draw.figure import check_matplotlib
from shrinkage.errors import ArgumentError, describe, listed
from shrinkage.estimators.base import LinearModel
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.estimators.error_display import CrossValidationDisplay, heading_of, numbers_of
from shrinkage.solve import Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CrossValidationDisplay", "PathDisplay"]


class PathDisplay:
    """Coefficients over alpha, and under them the errors where there was a cross-validation.

    Made by `from_estimator` or `from_path`; the constructor takes plain numbers. The penalty is
    strong on the left and weak on the right; above is the number of features in the model. Where
    each of several classes has coefficients, each has a panel.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Decreasing. A 0 has no place on the logarithmic axis and is left out.
    coefs : array-like of shape (n_alphas, n_features), or (n_alphas, n_classes, n_features)
        From `from_estimator` they are per standard deviation of their columns, in the unit of
        the linear predictor (for least squares that of y), so that they can be compared.
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
    classes : sequence of str, optional
        What stands above the panels of several classes; "class 0", ... without them.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes, or ndarray of them
        After `plot`: of the coefficients (one for each class) and, where they were drawn, of the
        errors.

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
        classes: Sequence[str] | None = None,
    ) -> None:
        self.alphas = numbers_of("alphas", alphas, None)
        self.coefs = np.asarray(coefs, dtype=np.float64)
        if self.coefs.ndim not in (2, 3) or self.coefs.shape[0] != self.alphas.size:
            m = self.alphas.size
            requirement = f"of shape ({m}, n_features) or ({m}, n_classes, n_features)"
            raise ArgumentError.must_be("coefs", requirement, self.coefs)
        p = self.coefs.shape[-1]
        self.names = tuple(f"x{j}" for j in range(p)) if names is None else tuple(names)
        if len(self.names) != p:
            raise ArgumentError.must_be("names", f"one for each of {p} features", names)
        self.errors = errors
        self.alpha, self.alpha_1se = alpha, alpha_1se
        self.unit, self.n_named, self.heading = unit, n_named, heading
        self.classes = _headings(classes, self.coefs)

    @classmethod
    def from_estimator(
        cls,
        estimator: LinearModel,
        *,
        ax: Axes | Sequence[Axes] | None = None,
        n_named: int = 10,
        target: Any = None,
    ) -> Self:
        """Draw the path of a fitted model.

        Of an estimator that chose its alpha, the path and the errors that it chose by. Of one
        with a given alpha, the path of the default grid through it, solved when this picture is
        asked for.

        Parameters
        ----------
        estimator : Lasso, or any other of this package
        ax : matplotlib Axes or two of them, optional
            One is for the coefficients only, two for coefficients and errors; a figure of its
            own with both by default.
        n_named : int >= 0, default 10
            So many features are named.
        target : label, optional
            Of a model with coefficients for each class, the class that is drawn. All by default,
            one axes for each, and as many have to be in `ax`, or one more for the errors.

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
            raise ArgumentError.must_be("estimator", "an estimator of this package", estimator)
        display = cls._of(estimator, target=target)
        display.n_named = n_named
        return display._draw(ax, "PathDisplay")

    @classmethod
    def from_path(
        cls,
        path: Path,
        *,
        ax: Axes | Sequence[Axes] | None = None,
        n_named: int = 10,
        target: int | None = None,
    ) -> Self:
        """Draw a path, as `elastic_net_path` returns it.

        Parameters
        ----------
        path : Path
        ax : matplotlib Axes, optional
            A figure of its own by default.
        n_named : int >= 0, default 10
            So many features are named.
        target : int, optional
            Of a path with coefficients for each class, the number of the class that is drawn.
            All by default, one axes for each.

        Returns
        -------
        PathDisplay
        """
        if not isinstance(path, Path):
            raise ArgumentError.must_be("path", "a Path, as elastic_net_path returns it", path)
        coefs = path.coef_path * path.spread
        if target is not None:
            coefs = coefs[:, _number_of(target, range(coefs.shape[1] if coefs.ndim == 3 else 0))]
        return cls(path.alphas, coefs, path.names, n_named=n_named)._draw(ax, "PathDisplay")

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw once more, in `ax` or a figure of its own, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, optional
            As in `from_estimator`.
        """
        return self._draw(ax, "PathDisplay")

    @classmethod
    def _of(cls, model: LinearModel, asked_by: str = "estimator", target: Any = None) -> Self:
        check_is_fitted(model, "coef_")
        has_curve = isinstance(model, CrossValidatedModel)
        if not hasattr(model, "path_"):
            hint = "plot_cv() draws its errors" if has_curve else None
            raise ArgumentError.cannot(asked_by, "draw a model read from a file", hint)
        check_matplotlib("PathDisplay" if asked_by == "estimator" else asked_by)
        path = model.path_ if has_curve else _through(model.path_)
        coefs, heading = path.coef_path * path.spread, "coefficients over alpha"
        if coefs.ndim == 3 and model._line()[0].ndim == 1:
            coefs = coefs[:, 1] - coefs[:, 0]  # the log odds of two classes
        several = coefs.ndim == 3
        if target is not None:
            coefs = coefs[:, _number_of(target, model._labels() if several else ())]
            heading = f"{heading}, class {describe(target)}"
        return cls(
            path.alphas,
            coefs,
            model.coef_names_,
            errors=CrossValidationDisplay._of(model) if has_curve else None,
            alpha=model._penalty()[0],
            alpha_1se=model.alpha_1se_ if has_curve else None,
            heading=heading_of(model, heading),
            classes=[f"class {label}" for label in model._labels()] if coefs.ndim == 3 else None,
        )

    def _draw(self, ax: Any, asked_by: str) -> Self:
        places = None if ax is None else list(np.ravel(np.asarray(ax, dtype=object)))
        n_classes = self.coefs.shape[1] if self.coefs.ndim == 3 else 1
        if places is not None and len(places) not in (n_classes, n_classes + 1):
            wanted = "one axes or two of them"
            if n_classes > 1:
                wanted = f"{n_classes} axes, one for each class, or one more; or pass target="
            raise ArgumentError.must_be("ax", wanted, ax)
        errors = None if self.errors is None else self.errors._curves()
        drawing: dict[str, Any] = {
            "chosen": self.alpha,
            "one_se": self.alpha_1se,
            "unit": self.unit,
            "n_named": self.n_named,
            "asked_by": asked_by,
        }
        known = (self.alphas, self.coefs, self.names)
        if self.coefs.ndim == 3:
            self.figure_, drawn = class_panels(
                *known, self.classes, errors, heading=self.heading, places=places, **drawing
            )
        else:
            own = None if places is None else (places[0] if len(places) == 1 else places)
            self.figure_ = path_figure(*known, errors, heading=self.heading, ax=own, **drawing)
            drawn = self.figure_.axes if places is None else places
        self.ax_ = drawn[0] if len(drawn) == 1 else np.array(drawn, dtype=object)
        return self


def _headings(classes: Sequence[str] | None, coefs: FloatArray) -> tuple[str, ...]:
    """Return what stands above the panels; nothing where there is but one."""
    n_classes = coefs.shape[1] if coefs.ndim == 3 else 0
    if classes is None:
        return tuple(f"class {k}" for k in range(n_classes))
    if len(classes) != n_classes:
        raise ArgumentError.must_be("classes", f"one for each of {n_classes} classes", classes)
    return tuple(classes)


def _number_of(target: Any, labels: Any) -> int:
    """Return the number of the class with this label."""
    known = list(labels)
    if target in known:
        return known.index(target)
    requirement = (
        f"one of {listed(known)}" if known else "None: there are no classes to choose from"
    )
    raise ArgumentError.must_be("target", requirement, target)


def _through(path: Path) -> Path:
    """Return the path of the default grid that goes through the alphas of this one."""
    solver = path._data_solver("draw its path")
    grid = solver.grid(100, None, path.l1_ratio)
    alphas = np.unique(np.concatenate([grid, path.alphas]))[::-1].copy()
    return Path(solver, alphas, path.l1_ratio, solver.path(alphas, path.l1_ratio))
