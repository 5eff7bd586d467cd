"""Coefficient paths of several classes, a panel for each, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.alpha_axis import add_description, nearest, title_of_figure
from shrinkage.draw.errors_over_alpha import ErrorCurves, error_figure
from shrinkage.draw.figure import new_figure
from shrinkage.draw.path import limits_of, path_figure
from shrinkage.draw.table import significant, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2
_WIDTH, _ROW, _TOP = 11.0, 3.6, 1.0  # inches


def class_panels(
    alphas: FloatArray,
    coefs: FloatArray,
    names: Sequence[str],
    classes: Sequence[str],
    errors: ErrorCurves | None = None,
    *,
    chosen: float | None = None,
    one_se: float | None = None,
    heading: str = "Coefficient path",
    unit: str = "per standard deviation",
    n_named: int = 10,
    places: Sequence[Axes] | None = None,
    asked_by: str = "class_panels",
) -> tuple[Figure, list[Axes]]:
    """Draw the coefficients of each class over alpha in axes of their own.

    All have the same vertical axis and a feature has one colour, so that they compare.

    Parameters
    ----------
    alphas : ndarray, shape (n_alphas,)
    coefs : ndarray, shape (n_alphas, n_classes, n_features)
    names : sequence of str, length n_features
    classes : sequence of str, length n_classes
        What stands above each panel.
    errors : ErrorCurves, optional
        Drawn in a panel after the classes.
    chosen, one_se, heading, unit, n_named, asked_by
        As in `path_figure`.
    places : sequence of Axes, optional
        One for each class, and one for the errors if these are to be drawn; those of a figure
        of its own by default.

    Returns
    -------
    figure, axes
    """
    n_panels = len(classes) + (errors is not None)
    figure, axes = _panels(n_panels, asked_by) if places is None else _given(places)
    if places is None:
        title_of_figure(figure, heading, _numbers(alphas, coefs, chosen))
        add_description(figure, _description(alphas, coefs, names, classes, chosen))
    marks: dict[str, Any] = {"chosen": chosen, "one_se": one_se, "asked_by": asked_by}
    shared: dict[str, Any] = {
        "limits": _limits(alphas, coefs, chosen),
        "looks": _looks(alphas, coefs, chosen),
    }
    for k, label in enumerate(classes):
        look: dict[str, Any] = {"heading": label, "unit": unit, "n_named": n_named}
        path_figure(alphas, coefs[:, k], names, **marks, **look, **shared, ax=axes[k])
    if errors is not None and len(axes) > len(classes):
        error_figure(alphas, errors, heading="Training and held-out error", ax=axes[-1], **marks)
    return figure, axes


def _panels(n_panels: int, asked_by: str) -> tuple[Figure, list[Axes]]:
    n_rows = -(-n_panels // _COLUMNS)
    height = _TOP + _ROW * n_rows
    figure = new_figure(asked_by, (_WIDTH, height))
    grid = {"left": 0.08, "right": 0.965, "bottom": 0.6 / height, "top": 1.0 - 1.3 / height}
    figure.subplots_adjust(**grid, hspace=0.62, wspace=0.17)
    return figure, [figure.add_subplot(n_rows, _COLUMNS, k + 1) for k in range(n_panels)]


def _given(places: Sequence[Axes]) -> tuple[Any, list[Axes]]:
    return places[0].figure, list(places)


def _limits(alphas: FloatArray, coefs: FloatArray, chosen: float | None) -> tuple[float, float]:
    """Return one vertical axis for the panels of all classes."""
    shown = alphas > 0.0
    each = [limits_of(alphas[shown], coefs[shown, k], chosen) for k in range(coefs.shape[1])]
    lows, highs = zip(*each, strict=True)
    return min(lows), max(highs)


def _looks(alphas: FloatArray, coefs: FloatArray, chosen: float | None) -> list[int]:
    """Return the rank of each feature by its largest coefficient in any class."""
    shown = np.abs(coefs[alphas > 0.0]).max(axis=1)
    if not shown.size:
        return []
    at = shown[nearest(alphas[alphas > 0.0], chosen)]
    order = np.lexsort((-shown[-1], -at))
    return [int(rank) for rank in np.argsort(order)]


def _numbers(alphas: FloatArray, coefs: FloatArray, chosen: float | None) -> str:
    shown = alphas > 0.0
    if not shown.any():
        return "no positive alpha to show"
    at = coefs[shown][nearest(alphas[shown], chosen)]
    alpha = float(alphas[shown][nearest(alphas[shown], chosen)])
    kept = np.count_nonzero(at.any(axis=0))
    return f"{kept} of {at.shape[1]} features in some class at alpha {significant(alpha, 3)}"


def _description(
    alphas: FloatArray,
    coefs: FloatArray,
    names: Sequence[str],
    classes: Sequence[str],
    chosen: float | None,
) -> str:
    words = (
        "Coefficients over alpha, the strength of the penalty, in a panel for each of "
        f"{len(classes)} classes: {_numbers(alphas, coefs, chosen)}."
    )
    shown = alphas > 0.0
    if not shown.any() or coefs.shape[2] == 0:
        return words
    at = coefs[shown][nearest(alphas[shown], chosen)]
    for label, row in zip(classes, at, strict=True):
        j = int(np.argmax(np.abs(row)))
        if row[j]:
            words += f" {visible(label)}: largest {visible(names[j])} {significant(row[j], 3)}."
    return words
