"""The picture of a coefficient path with its errors, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.draw.alpha_axis import (
    add_description,
    axes_points,
    count_features,
    label_y,
    mark,
    name_sides,
    nearest,
    prepare,
    title_of_axes,
    title_of_figure,
)
from shrinkage.draw.errors_over_alpha import (
    ErrorCurves,
    description_of_errors,
    draw_errors,
    numbers_of,
)
from shrinkage.draw.figure import GREY, INK, new_figure
from shrinkage.draw.labels import from_entry, name_lines, room_for_names
from shrinkage.draw.table import significant, visible
from shrinkage.draw.thin import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (9.5, 7.0)
_LEFT, _RIGHT = 0.085, 0.775  # the margin on the right is for the names


def path_figure(
    alphas: FloatArray,
    coefs: FloatArray,
    names: Sequence[str],
    errors: ErrorCurves | None = None,
    *,
    chosen: float | None = None,
    one_se: float | None = None,
    heading: str = "Coefficient path",
    unit: str = "per standard deviation",
    n_named: int = 10,
    ax: Axes | Sequence[Axes] | None = None,
    limits: tuple[float, float] | None = None,
    looks: Sequence[int] | None = None,
    asked_by: str = "path_figure",
) -> Figure:
    """Draw coefficients over alpha and, under them, training and held-out error.

    The penalty is strong on the left and weak on the right, where the names are.

    Parameters
    ----------
    alphas : ndarray, shape (n_alphas,)
        Decreasing. On the logarithmic axis there is no place for 0: such a point is left out.
    coefs : ndarray, shape (n_alphas, n_features)
    names : sequence of str, length n_features
    errors : ErrorCurves, optional
    chosen, one_se : float, optional
        Strengths to mark: of the model, and by the one-standard-error rule. NaN marks nothing.
    heading : str
        First line of the title; the second one is made from the numbers.
    unit : str
        Unit of the coefficients.
    n_named : int, default 10
        So many features are drawn in colour and named: those with the largest coefficients
        where the model was chosen, and, if these are fewer, at the end of the path.
    ax : matplotlib Axes or two of them, optional
        Where to draw: the coefficients in the only or first one, the errors, if there are any,
        in the second. A figure of its own by default.
    limits : tuple of float, optional
        Of the vertical axis of the coefficients. By default they show the chosen model well.
    looks : sequence of int, length n_features, optional
        Number of the colour and style of each feature. By default the largest comes first.
    asked_by : str
        What the user called, for the error if matplotlib is missing.

    Returns
    -------
    matplotlib.figure.Figure
        The new figure, or that of `ax`.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    shown = alphas > 0.0
    alphas, coefs = alphas[shown], coefs[shown]
    errors = None if errors is None else errors.only(shown)
    figure, upper, lower = _places(ax, errors is not None, asked_by)
    named = _largest(alphas, coefs, chosen, _how_many(upper, n_named, ax is not None))
    # The names have to stand inside of the user's axes, and at the right of our own.
    filled = room_for_names(upper, [names[j] for j in named]) if ax is not None else 1.0
    prepare(upper, alphas, filled)
    upper.set_ylim(limits or limits_of(alphas, coefs, chosen))
    _draw_coefficients(upper, alphas, coefs, names, named, filled, looks)
    label_y(upper, f"coefficient {unit}")
    count_features(upper, alphas, np.count_nonzero(coefs, axis=1))
    mark(upper, chosen, one_se)
    if errors is not None and lower is not None:
        prepare(lower, alphas, filled)
        draw_errors(lower, alphas, errors, chosen, one_se, inside=ax is not None)
        name_sides(lower)
    if lower is None or ax is not None:
        is_wide = axes_points(upper)[0] >= 300.0
        words = "alpha: strength of the penalty" if is_wide else "alpha"
        upper.set_xlabel(f"{words}, stronger to the left", color=INK)
    else:
        upper.tick_params(which="both", labelbottom=False)
    _write_titles(figure, upper, lower, alphas, coefs, errors, chosen, heading, ax is not None)
    add_description(figure, _description(alphas, coefs, names, named, errors, chosen))
    return figure


def _places(
    ax: Axes | Sequence[Axes] | None, with_errors: bool, asked_by: str
) -> tuple[Figure, Axes, Axes | None]:
    """Return the figure and the axes of the coefficients and, if these are drawn, the errors."""
    if ax is None:
        figure = new_figure(asked_by, _INCHES)
        bottom = 0.40 if with_errors else 0.10
        upper = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, 0.85 - bottom))
        lower = None
        if with_errors:
            lower = figure.add_axes((_LEFT, 0.09, _RIGHT - _LEFT, 0.275), sharex=upper)
        return figure, upper, lower
    # A sequence of two is coefficients and errors.
    pair = list(np.ravel(np.asarray(ax, dtype=object)))
    return pair[0].figure, pair[0], pair[1] if with_errors and len(pair) > 1 else None


def _how_many(axes: Axes, n_named: int, inside: bool) -> int:
    """Return how many names there is room for in the user's axes."""
    return min(n_named, max(1, int(axes_points(axes)[1] / 13.0))) if inside else n_named


def _draw_coefficients(
    axes: Axes,
    alphas: FloatArray,
    coefs: FloatArray,
    names: Sequence[str],
    named: IndexArray,
    filled: float,
    looks: Sequence[int] | None,
) -> None:
    marker = "o" if alphas.size == 1 else ""
    others = np.setdiff1d(np.flatnonzero((coefs != 0.0).any(axis=0)), named)
    axes.axhline(0.0, xmax=filled, color=INK, linewidth=0.6)
    if others.size:
        x, y = _joined(axes, alphas, from_entry(coefs[:, others]))
        axes.plot(x, y, color=GREY, linewidth=0.7, marker=marker, zorder=1)
    end = 1.0 if alphas.size > 1 else 0.5
    name_lines(
        axes,
        alphas,
        coefs[:, named],
        [names[j] for j in named],
        marker,
        end=min(end, filled),
        looks=None if looks is None else [looks[j] for j in named],
    )


def _joined(axes: Axes, alphas: FloatArray, lines: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return many lines as one with gaps, which makes the file smaller."""
    x: list[FloatArray] = []
    y: list[FloatArray] = []
    gap = np.array([np.nan])
    for line in lines.T:
        kept = thinned(axes, alphas, line, 0.25)
        x += [alphas[kept], gap]
        y += [line[kept], gap]
    return np.concatenate(x), np.concatenate(y)


def _largest(
    alphas: FloatArray, coefs: FloatArray, chosen: float | None, n_named: int
) -> IndexArray:
    """Return the features with the largest coefficients at the marked alpha, then at the end."""
    if coefs.size == 0:
        return np.zeros(0, dtype=np.intp)
    at = coefs[nearest(alphas, chosen)]
    order: IndexArray = np.lexsort((-np.abs(coefs[-1]), -np.abs(at)))[:n_named]
    entered: BoolArray = (coefs[:, order] != 0.0).any(axis=0)
    return np.compress(entered, order)


def limits_of(alphas: FloatArray, coefs: FloatArray, chosen: float | None) -> tuple[float, float]:
    """Return limits that show the chosen model well: a wild end of the path is cut off."""
    if coefs.size == 0 or not coefs.any():
        return -1.0, 1.0
    at = coefs[: nearest(alphas, chosen) + 1]
    room = 2.5 * max(float(np.abs(at).max()), 0.05 * float(np.abs(coefs).max()))
    low, high = max(float(coefs.min()), -room), min(float(coefs.max()), room)
    margin = 0.06 * (high - low)
    return min(low, 0.0) - margin, max(high, 0.0) + margin


def _write_titles(
    figure: Figure,
    upper: Axes,
    lower: Axes | None,
    alphas: FloatArray,
    coefs: FloatArray,
    errors: ErrorCurves | None,
    chosen: float | None,
    heading: str,
    inside: bool,
) -> None:
    numbers = _numbers(alphas, coefs, chosen)
    if inside:
        title_of_axes(upper, heading, numbers)
        if lower is not None and errors is not None:
            brief = numbers_of(alphas, errors, chosen, in_brief=True)
            title_of_axes(lower, "Training and held-out error", brief)
        return
    if errors is not None and alphas.size:
        numbers += f"; {numbers_of(alphas, errors, chosen)}"
    title_of_figure(figure, heading, numbers)


def _numbers(alphas: FloatArray, coefs: FloatArray, chosen: float | None) -> str:
    if alphas.size == 0:
        return "no positive alpha to show"
    at = nearest(alphas, chosen)
    kept = np.count_nonzero(coefs[at])
    return f"{kept} of {coefs.shape[1]} features at alpha {significant(float(alphas[at]), 3)}"


def _description(
    alphas: FloatArray,
    coefs: FloatArray,
    names: Sequence[str],
    named: IndexArray,
    errors: ErrorCurves | None,
    chosen: float | None,
) -> str:
    words = (
        f"Coefficients over alpha, the strength of the penalty: {_numbers(alphas, coefs, chosen)}"
    )
    if alphas.size:
        at = coefs[nearest(alphas, chosen)]
        largest = [f"{visible(names[j])} {significant(at[j], 3)}" for j in named[:3] if at[j]]
        words += f", the largest being {', '.join(largest)}" if largest else ""
    if errors is None or alphas.size == 0:
        return words + "."
    return f"{words}. {description_of_errors(alphas, errors, chosen)}"
