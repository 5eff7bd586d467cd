"""The picture of a coefficient path with its errors, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.draw.figure import BLUE, GREY, INK, ORANGE, new_figure, plain_axes, write_title
from shrinkage.draw.labels import from_entry, name_lines
from shrinkage.draw.table import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINING, HELD_OUT = BLUE, ORANGE
_INCHES = (9.5, 7.0)
_LEFT, _RIGHT = 0.085, 0.78  # the margin on the right is for the names


@dataclass(frozen=True, eq=False)
class ErrorCurves:
    """Training and held-out error along a path, one entry per alpha.

    Attributes
    ----------
    training, held_out : ndarray, shape (n_alphas,)
    standard_error : ndarray, shape (n_alphas,), or None
        Of the held-out error; not drawn where it is NaN.
    measure : str
        What they are, for the axis and the title.
    """

    training: FloatArray
    held_out: FloatArray
    standard_error: FloatArray | None = None
    measure: str = "mean squared error"


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
    asked_by : str
        What the user called, for the error if matplotlib is missing.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = new_figure(asked_by, _INCHES)
    shown = alphas > 0.0
    alphas, coefs = alphas[shown], coefs[shown]
    bottom = 0.41 if errors is not None else 0.10
    upper = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, 0.84 - bottom))
    _prepare(upper, alphas)
    _draw_coefficients(upper, alphas, coefs, names, chosen, n_named)
    upper.set_ylabel(f"coefficient {unit}", color=INK)
    _count_features(upper, alphas, coefs)
    lowest = upper
    if errors is not None:
        errors = _where(errors, shown)
        lowest = figure.add_axes((_LEFT, 0.085, _RIGHT - _LEFT, 0.265), sharex=upper)
        _prepare(lowest, alphas)
        _draw_errors(lowest, alphas, errors, chosen, one_se)
        upper.tick_params(which="both", labelbottom=False)
    _mark(upper, chosen, one_se)
    lowest.set_xlabel("alpha: strength of the penalty, stronger to the left", color=INK)
    write_title(figure, heading, _numbers(alphas, coefs, errors, chosen))
    return figure


def error_figure(
    alphas: FloatArray,
    errors: ErrorCurves,
    *,
    chosen: float | None = None,
    one_se: float | None = None,
    heading: str = "Cross-validation",
    asked_by: str = "error_figure",
) -> Figure:
    """Draw training and held-out error over alpha: the lower part of `path_figure` alone."""
    figure = new_figure(asked_by, (9.5, 4.2))
    shown = alphas > 0.0
    alphas, errors = alphas[shown], _where(errors, shown)
    axes = figure.add_axes((_LEFT, 0.14, _RIGHT - _LEFT, 0.62))
    _prepare(axes, alphas)
    _draw_errors(axes, alphas, errors, chosen, one_se)
    axes.set_xlabel("alpha: strength of the penalty, stronger to the left", color=INK)
    write_title(figure, heading, _error_numbers(alphas, errors, chosen))
    return figure


def _prepare(axes: Axes, alphas: FloatArray) -> None:
    """Set the common look: a reversed logarithmic axis, few lines."""
    axes.set_xscale("log")
    if alphas.size > 1:
        axes.set_xlim(float(alphas.max()), float(alphas.min()))
    elif alphas.size:
        axes.set_xlim(float(alphas[0]) * 2.0, float(alphas[0]) / 2.0)
    plain_axes(axes)


def _draw_coefficients(
    axes: Axes,
    alphas: FloatArray,
    coefs: FloatArray,
    names: Sequence[str],
    chosen: float | None,
    n_named: int,
) -> None:
    named = _largest(alphas, coefs, chosen, n_named)
    marker = "o" if alphas.size == 1 else ""
    others = np.setdiff1d(np.flatnonzero((coefs != 0.0).any(axis=0)), named)
    axes.axhline(0.0, color=INK, linewidth=0.6)
    if others.size:
        axes.plot(
            alphas, from_entry(coefs[:, others]), color=GREY, linewidth=0.7, marker=marker, zorder=1
        )
    axes.set_ylim(_limits(alphas, coefs, chosen))
    name_lines(axes, alphas, coefs[:, named], [names[j] for j in named], marker)


def _largest(
    alphas: FloatArray, coefs: FloatArray, chosen: float | None, n_named: int
) -> IndexArray:
    """Return the features with the largest coefficients at the marked alpha, then at the end."""
    if coefs.size == 0:
        return np.zeros(0, dtype=np.intp)
    at = coefs[_nearest(alphas, chosen)]
    order: IndexArray = np.lexsort((-np.abs(coefs[-1]), -np.abs(at)))[:n_named]
    entered: BoolArray = (coefs[:, order] != 0.0).any(axis=0)
    return np.compress(entered, order)


def _nearest(alphas: FloatArray, alpha: float | None) -> int:
    if alpha is None or alpha <= 0.0:
        return int(alphas.size) - 1
    return int(np.argmin(np.abs(np.log(alphas) - np.log(alpha))))


def _limits(alphas: FloatArray, coefs: FloatArray, chosen: float | None) -> tuple[float, float]:
    """Return limits that show the chosen model well: a wild end of the path is cut off."""
    if coefs.size == 0 or not coefs.any():
        return -1.0, 1.0
    at = coefs[: _nearest(alphas, chosen) + 1]
    room = 2.5 * max(float(np.abs(at).max()), 0.05 * float(np.abs(coefs).max()))
    low, high = max(float(coefs.min()), -room), min(float(coefs.max()), room)
    margin = 0.06 * (high - low)
    return min(low, 0.0) - margin, max(high, 0.0) + margin


def _count_features(axes: Axes, alphas: FloatArray, coefs: FloatArray) -> None:
    """Write the number of features above the axes, at places spread evenly over it."""
    counts = np.count_nonzero(coefs, axis=1)
    top = axes.secondary_xaxis("top")
    top.set_xticks([])
    if alphas.size:
        places = np.unique(np.linspace(0, alphas.size - 1, 9).round().astype(int))
        top.set_xticks(alphas[places], [str(count) for count in counts[places]])
        top.set_xticks([], minor=True)
    top.tick_params(colors=INK, labelsize=9, length=2)
    top.spines["top"].set_visible(False)
    top.set_xlabel("features in the model", color=INK, fontsize=9)


def _draw_errors(
    axes: Axes,
    alphas: FloatArray,
    errors: ErrorCurves,
    chosen: float | None,
    one_se: float | None,
) -> None:
    marker = "o" if alphas.size == 1 else ""
    axes.plot(alphas, errors.training, "--", color=TRAINING, marker=marker, label="training")
    axes.plot(
        alphas,
        errors.held_out,
        color=HELD_OUT,
        marker=marker,
        linewidth=1.8,
        label="held-out",
    )
    if errors.standard_error is not None and np.isfinite(errors.standard_error).any():
        low = errors.held_out - errors.standard_error
        high = errors.held_out + errors.standard_error
        label = "\N{PLUS-MINUS SIGN} one standard error"
        axes.fill_between(alphas, low, high, color=HELD_OUT, alpha=0.18, linewidth=0, label=label)
    _mark(axes, chosen, one_se, labelled=True)
    axes.set_ylabel(errors.measure, color=INK)
    words: dict[str, Any] = {"size": 9, "color": INK, "style": "italic", "va": "bottom"}
    words["transform"] = axes.transAxes
    axes.text(0.0, 1.02, "\N{LEFTWARDS ARROW} underfitting: too strong", ha="left", **words)
    axes.text(1.0, 1.02, "overfitting: too weak \N{RIGHTWARDS ARROW}", ha="right", **words)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)


def _mark(axes: Axes, chosen: float | None, one_se: float | None, labelled: bool = False) -> None:
    for alpha, style, name in ((chosen, "-", "chosen alpha"), (one_se, ":", "one-se alpha")):
        if alpha is not None and alpha > 0.0:
            label = f"{name} {significant(alpha, 3)}" if labelled else None
            axes.axvline(alpha, color=INK, linestyle=style, linewidth=1.0, label=label)


def _where(errors: ErrorCurves, shown: BoolArray) -> ErrorCurves:
    se = errors.standard_error
    return ErrorCurves(
        errors.training[shown],
        errors.held_out[shown],
        None if se is None else se[shown],
        errors.measure,
    )


def _numbers(
    alphas: FloatArray, coefs: FloatArray, errors: ErrorCurves | None, chosen: float | None
) -> str:
    if alphas.size == 0:
        return "no positive alpha to show"
    at = _nearest(alphas, chosen)
    kept = np.count_nonzero(coefs[at])
    words = f"{kept} of {coefs.shape[1]} features at alpha {significant(float(alphas[at]), 3)}"
    return words if errors is None else f"{words}; {_error_numbers(alphas, errors, chosen)}"


def _error_numbers(alphas: FloatArray, errors: ErrorCurves, chosen: float | None) -> str:
    at = _nearest(alphas, chosen)
    spread = ""
    if errors.standard_error is not None and np.isfinite(errors.standard_error[at]):
        spread = f" \N{PLUS-MINUS SIGN} {significant(float(errors.standard_error[at]), 2)}"
    return (
        f"{errors.measure} {significant(float(errors.held_out[at]))}{spread} held-out, "
        f"{significant(float(errors.training[at]))} training"
    )
