"""Pictures of networks: score against size, and living units over alpha, from plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shrinkage._typing import FloatArray
from shrinkage.draw.figure import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    describe,
    new_figure,
    plain_axes,
    write_title,
)
from shrinkage.draw.labels import name_lines
from shrinkage.draw.table import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour, and as a second cue marker and line.
_LOOKS = ((ORANGE, "o", "-"), (GREEN, "s", "--"), (PINK, "^", ":"), (BLUE, "D", "-."))
_LEFT, _RIGHT = 0.1, 0.76


@dataclass(frozen=True, eq=False)
class TradeOff:
    """The score of one kind of penalty against how many weights it leaves.

    Attributes
    ----------
    name : str
    n_nonzero, scores : ndarray, shape (n_points,)
    standard_errors : ndarray, shape (n_points,), or None
    """

    name: str
    n_nonzero: FloatArray
    scores: FloatArray
    standard_errors: FloatArray | None = None


def trade_off_figure(
    curves: Sequence[TradeOff],
    *,
    reference: float | None = None,
    reference_error: float = 0.0,
    lowest: float | None = None,
    measure: str = "accuracy on test rows",
    heading: str = "Accuracy against living weights",
    asked_by: str = "trade_off_figure",
) -> Figure:
    """Draw the score of several penalties against the number of weights that are not zero.

    Parameters
    ----------
    curves : sequence of TradeOff, at most 4
    reference : float, optional
        Score without a penalty, drawn as a line, with a band of `reference_error` on both sides.
    reference_error : float
    lowest : float, optional
        Scores below it are cut off, and the title says so.
    measure, heading : str
    asked_by : str
        What the user called, for the error if matplotlib is missing.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = new_figure(asked_by, (9.5, 5.0))
    axes = figure.add_axes((_LEFT, 0.12, _RIGHT - _LEFT, 0.70))
    plain_axes(axes)
    _count_weights(axes)
    if reference is not None:
        axes.axhline(reference, color=INK, linewidth=0.9, label="no penalty")
        low, high = reference - reference_error, reference + reference_error
        axes.axhspan(low, high, color=INK, alpha=0.12, linewidth=0)
    for curve, (colour, marker, line) in zip(curves, _LOOKS, strict=False):
        look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": line}
        look |= {"markersize": 5, "linewidth": 1.5, "label": curve.name}
        axes.errorbar(curve.n_nonzero, curve.scores, curve.standard_errors, elinewidth=0.8, **look)
    axes.set_xlabel("weights that are not zero (logarithmic)", color=INK)
    axes.set_ylabel(measure, color=INK)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)
    numbers = "sparse networks to the left, dense ones to the right"
    if lowest is not None:
        _cut_off(axes, curves, lowest)
        numbers += f"; below {lowest:g} nothing is shown"
    write_title(figure, heading, numbers)
    words = "; ".join(_in_words(curve) for curve in curves)
    describe(figure, f"{measure} against the number of non-zero weights. {words}.")
    return figure


def _count_weights(axes: Axes) -> None:
    """Make the axis logarithmic, with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _cut_off(axes: Axes, curves: Sequence[TradeOff], lowest: float) -> None:
    """Set limits that hold all scores from `lowest` on, and no others."""
    shown = [curve.scores >= lowest for curve in curves]
    scores = np.concatenate([c.scores[some] for c, some in zip(curves, shown, strict=True)])
    kept = np.concatenate([c.n_nonzero[some] for c, some in zip(curves, shown, strict=True)])
    if scores.size:
        axes.set_ylim(lowest, float(scores.max()) + 0.1 * (float(scores.max()) - lowest))
        axes.set_xlim(float(kept.min()) / 1.3, float(kept.max()) * 1.3)


def network_path_figure(
    alphas: FloatArray,
    n_nonzero: NDArray[np.intp],
    scores: FloatArray,
    standard_errors: FloatArray,
    living: Mapping[str, NDArray[np.intp]],
    sizes: Mapping[str, int],
    *,
    n_weights: int,
    chosen: float | None = None,
    measure: str = "held-out score",
    heading: str = "Network path",
    asked_by: str = "network_path_figure",
) -> Figure:
    """Draw the score against the non-zero weights and, under it, living units over alpha.

    Parameters
    ----------
    alphas : ndarray, shape (n_alphas,)
        Decreasing. An alpha of 0 has no place on the lower, logarithmic axis.
    n_nonzero, scores, standard_errors : ndarray, shape (n_alphas,)
        Standard errors that are NaN are not drawn.
    living : mapping of str to ndarray of shape (n_alphas,)
        Living inputs of each parameter.
    sizes : mapping of str to int
        All inputs of each.
    n_weights : int
    chosen : float, optional
        Alpha to mark in both parts.
    measure, heading : str
    asked_by : str
        What the user called, for the error if matplotlib is missing.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = new_figure(asked_by, (9.5, 7.0))
    upper = figure.add_axes((_LEFT, 0.50, _RIGHT - _LEFT, 0.36))
    _draw_scores(upper, n_nonzero, scores, standard_errors, measure)
    lower = figure.add_axes((_LEFT, 0.085, _RIGHT - _LEFT, 0.30))
    _draw_living(lower, alphas, living, sizes)
    at = _position(alphas, chosen)
    if at is not None:
        label = f"best, alpha {alphas[at]:.3g}"
        look: dict[str, Any] = {"markersize": 11, "markerfacecolor": "none", "color": INK}
        upper.plot(n_nonzero[at], scores[at], "o", label=label, linestyle="none", **look)
        upper.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)
        if alphas[at] > 0.0:
            lower.axvline(alphas[at], color=INK, linewidth=1.0)
    at = int(np.argmin(n_nonzero)) if at is None else at
    share = 1.0 - float(n_nonzero[at]) / max(n_weights, 1)
    numbers = (
        f"alpha {alphas[at]:.3g}: {measure} {significant(float(scores[at]))}, "
        f"{int(n_nonzero[at])} of {n_weights} weights, {share:.0%} exact zeros"
    )
    write_title(figure, heading, numbers)
    ends = ", ".join(f"{name} {kept[-1]} to {kept[0]}" for name, kept in living.items())
    describe(
        figure,
        f"Above: {measure} against the number of non-zero weights; {numbers}. Below: living "
        f"inputs of each layer from the weakest to the strongest penalty: {ends}.",
    )
    return figure


def _draw_scores(
    axes: Axes,
    n_nonzero: NDArray[np.intp],
    scores: FloatArray,
    standard_errors: FloatArray,
    measure: str,
) -> None:
    plain_axes(axes)
    if n_nonzero.size > 1 and n_nonzero.min() > 0 and n_nonzero.max() > 20 * n_nonzero.min():
        _count_weights(axes)
    error = None if np.isnan(standard_errors).all() else standard_errors
    axes.errorbar(n_nonzero, scores, error, color=ORANGE, marker="o", markersize=4, elinewidth=0.8)
    axes.set_xlabel("weights that are not zero", color=INK)
    axes.set_ylabel(measure, color=INK)


def _draw_living(
    axes: Axes,
    alphas: FloatArray,
    living: Mapping[str, NDArray[np.intp]],
    sizes: Mapping[str, int],
) -> None:
    shown = alphas > 0.0
    x = alphas[shown]
    plain_axes(axes)
    axes.set_xscale("log")
    if x.size:
        low, high = (x.min(), x.max()) if x.size > 1 else (x[0] / 2.0, x[0] * 2.0)
        axes.set_xlim(float(high), float(low))
    axes.set_ylim(-2.0, 104.0)
    shares = [100.0 * kept[shown] / max(sizes[name], 1) for name, kept in living.items()]
    if x.size and shares:
        names = [f"{name} ({sizes[name]})" for name in living]
        # A layer that has lost everything stays at 0 and is drawn: hence not quite 0.
        lines = np.maximum(np.column_stack(shares), 1e-9)
        name_lines(axes, x, lines, names, "o" if x.size == 1 else "")
    axes.set_xlabel("alpha: strength of the penalty, stronger to the left", color=INK)
    axes.set_ylabel("living inputs, %", color=INK)


def _position(alphas: FloatArray, chosen: float | None) -> int | None:
    if chosen is None:
        return None
    found = np.flatnonzero(alphas == chosen)
    return int(found[0]) if found.size else None


def _in_words(curve: TradeOff) -> str:
    few, best = int(np.argmin(curve.n_nonzero)), int(np.nanargmax(curve.scores))
    return (
        f"{curve.name}: best {significant(float(curve.scores[best]), 3)} with "
        f"{curve.n_nonzero[best]:.0f} weights, {significant(float(curve.scores[few]), 3)} with "
        f"{curve.n_nonzero[few]:.0f}"
    )
