"""The picture of training and held-out error over alpha, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

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
from shrinkage.draw.figure import BLUE, GREEN, INK, ORANGE, new_figure
from shrinkage.draw.table import significant
from shrinkage.draw.thin import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINING, HELD_OUT = BLUE, ORANGE
_PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


@dataclass(frozen=True, eq=False)
class ErrorCurves:
    """Training and held-out error along a path, one entry per alpha.

    Attributes
    ----------
    training, held_out : ndarray, shape (n_alphas,)
    standard_error : ndarray, shape (n_alphas,), or None
        Of the held-out error over folds; not drawn where it is NaN.
    measure : str
        What they are, for the axis and the title.
    paired_se : ndarray, shape (n_alphas,), or None
        Standard error over folds of the difference to the best alpha; not drawn where NaN.
    as_good : tuple of (float, float)
        Largest and smallest alpha of each stretch that can't be told from the best one.
    larger_is_better : bool
        True for a score.
    """

    training: FloatArray
    held_out: FloatArray
    standard_error: FloatArray | None = None
    measure: str = "mean squared error"
    paired_se: FloatArray | None = None
    as_good: tuple[tuple[float, float], ...] = ()
    larger_is_better: bool = False

    def only(self, shown: BoolArray) -> ErrorCurves:
        """Return the curves at some of the alphas."""

        def part(values: FloatArray | None) -> FloatArray | None:
            return None if values is None else values[shown]

        return replace(
            self,
            training=self.training[shown],
            held_out=self.held_out[shown],
            standard_error=part(self.standard_error),
            paired_se=part(self.paired_se),
        )

    @property
    def best(self) -> int:
        """Position of the best held-out error; ties go to the larger alpha."""
        loss = -self.held_out if self.larger_is_better else self.held_out
        return int(np.argmin(np.where(np.isnan(loss), np.inf, loss)))


def error_figure(
    alphas: FloatArray,
    errors: ErrorCurves,
    *,
    chosen: float | None = None,
    one_se: float | None = None,
    n_features: IndexArray | None = None,
    heading: str = "Cross-validation",
    ax: Axes | None = None,
    asked_by: str = "error_figure",
) -> Figure:
    """Draw training and held-out error over alpha.

    The penalty is strong on the left (underfitting) and weak on the right (overfitting). The
    grey line is the level of the best alpha, and the band around the held-out curve is one
    standard error of the *difference* to it: where the band reaches the line, that alpha can't
    be told from the best one. Stretches of such alphas are marked on the axis. The dotted
    lines are one standard error of each error by itself, which is larger, for it holds what all
    alphas share: how hard the folds are.

    Parameters
    ----------
    alphas : ndarray, shape (n_alphas,)
        Decreasing. On the logarithmic axis there is no place for 0: such a point is left out.
    errors : ErrorCurves
    chosen, one_se : float, optional
        Strengths to mark: of the model, and by the one-standard-error rule. NaN marks nothing.
    n_features : ndarray of int, shape (n_alphas,), optional
        Features in the model, written above.
    heading : str
        First line of the title; the second one is made from the numbers.
    ax : matplotlib Axes, optional
        Where to draw; a figure of its own by default.
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
    counts = None if n_features is None else n_features[shown]
    alphas, errors = alphas[shown], errors.only(shown)
    if ax is None:
        figure = new_figure(asked_by, (9.5, 4.4))
        axes = figure.add_axes((0.085, 0.15, 0.69, 0.60))
    else:
        axes, figure = ax, cast("Figure", ax.figure)
    prepare(axes, alphas)
    draw_errors(axes, alphas, errors, chosen, one_se, inside=ax is not None)
    name_sides(axes)
    if counts is not None:
        count_features(axes, alphas, counts)
    if ax is None:
        title_of_figure(figure, heading, numbers_of(alphas, errors, chosen))
    else:
        title_of_axes(ax, heading, numbers_of(alphas, errors, chosen, in_brief=True))
    add_description(figure, description_of_errors(alphas, errors, chosen))
    return figure


def draw_errors(
    axes: Axes,
    alphas: FloatArray,
    errors: ErrorCurves,
    chosen: float | None,
    one_se: float | None,
    *,
    inside: bool = False,
) -> None:
    """Draw curves, bands and marks, with the legend on the right or `inside`."""
    marker = "o" if alphas.size == 1 else ""
    axes.set_ylim(_limits(alphas, errors))

    def curve(values: FloatArray, style: str, **look: Any) -> None:
        kept = thinned(axes, alphas, values)
        axes.plot(alphas[kept], values[kept], style, **look)

    curve(errors.training, "--", color=TRAINING, marker=marker, label="training")
    curve(errors.held_out, "-", color=HELD_OUT, marker=marker, linewidth=1.8, label="held-out")
    if alphas.size:
        axes.axhline(errors.held_out[errors.best], color=INK, linewidth=0.5, alpha=0.6)
        _draw_bands(axes, alphas, errors)
    mark(axes, chosen, one_se, labelled=True)
    better = " (larger is better)" if errors.larger_is_better else ""
    is_high = axes_points(axes)[1] >= 150.0
    label_y(axes, errors.measure + (better if is_high else better.replace(" (", "\n(")))
    _write_legend(axes, inside)


def _write_legend(axes: Axes, inside: bool) -> None:
    if not inside:
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.02)}
        axes.legend(fontsize=8.5, labelspacing=0.35, frameon=False, **place)
        return
    handles, labels = axes.get_legend_handles_labels()
    width, height = axes_points(axes)
    if width < 200.0 or height < 150.0:  # room for the curves only
        handles, labels = handles[:2], labels[:2]
    look: dict[str, Any] = {"framealpha": 0.85, "edgecolor": "none", "labelspacing": 0.35}
    axes.legend(handles, labels, loc="best", fontsize=8, **look)


def _draw_bands(axes: Axes, alphas: FloatArray, errors: ErrorCurves) -> None:
    look: dict[str, Any]
    middle, paired, alone = errors.held_out, errors.paired_se, errors.standard_error
    if alphas.size > 1 and paired is not None and np.isfinite(paired).any():
        label = f"{_PLUS_MINUS} 1 se of the\ndifference to the best"
        look = {"color": HELD_OUT, "alpha": 0.28, "linewidth": 0, "label": label}
        low, high = middle - paired, middle + paired
        kept = thinned(axes, alphas, low) | thinned(axes, alphas, high)
        axes.fill_between(alphas[kept], low[kept], high[kept], **look)
    if alone is not None and np.isfinite(alone).any():
        label = f"{_PLUS_MINUS} 1 se of the error\nby itself"
        for sign, name in ((1.0, label), (-1.0, None)):
            edge = middle + sign * alone
            kept = thinned(axes, alphas, edge)
            look = {"color": HELD_OUT, "linewidth": 0.9, "label": name}
            look["marker"] = "_" if alphas.size == 1 else ""
            axes.plot(alphas[kept], edge[kept], ":", **look)
    label = f"as good as the best:\n{stretches(errors.as_good, 1)}"
    for strong, weak in errors.as_good:
        ends = [max(alpha, float(alphas.min())) for alpha in (strong, weak)]
        axes.axvspan(*ends, color=GREEN, alpha=0.10, linewidth=0)
        axes.plot(
            ends,
            [0.02, 0.02],
            color=GREEN,
            linewidth=4.0,
            marker="|",
            markersize=10,
            markeredgewidth=2.0,
            solid_capstyle="butt",
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label=label,
        )
        label = ""


def _limits(alphas: FloatArray, errors: ErrorCurves) -> tuple[float, float]:
    """Return limits that show the valley well: a wild end of the held-out curve is cut off."""
    sign = -1.0 if errors.larger_is_better else 1.0
    curves = [errors.training, errors.held_out]
    if errors.standard_error is not None:
        curves += [errors.held_out - errors.standard_error, errors.held_out + errors.standard_error]
    finite = sign * np.concatenate(curves)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    loss = sign * errors.held_out
    lowest, until_best = loss[errors.best], loss[: errors.best + 1]
    # What the penalty can gain, or if that is little how far training and held-out error are.
    room = max(float(np.nanmax(until_best)) - lowest, lowest - low)
    if np.isfinite(room) and room > 0.0:
        high = min(high, float(lowest) + 1.6 * room)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    limits = sign * (low - margin), sign * (high + margin)
    return min(limits), max(limits)


def numbers_of(
    alphas: FloatArray, errors: ErrorCurves, chosen: float | None, in_brief: bool = False
) -> str:
    """Return the errors at the chosen alpha, and which alphas are as good as the best."""
    if alphas.size == 0:
        return "no positive alpha to show"
    at = nearest(alphas, chosen)
    spread = ""
    if errors.standard_error is not None and np.isfinite(errors.standard_error[at]):
        spread = f" {_PLUS_MINUS} {significant(float(errors.standard_error[at]), 2)}"
    words = f"{errors.measure} {significant(float(errors.held_out[at]))}{spread} held-out"
    if not in_brief:
        words += f", {significant(float(errors.training[at]))} training"
    if errors.as_good:
        words += f"; as good as the best: alpha {stretches(errors.as_good)}"
    return words


def description_of_errors(alphas: FloatArray, errors: ErrorCurves, chosen: float | None) -> str:
    """Return what the curves show, in a sentence or two for those who can't see them."""
    if alphas.size == 0:
        return "An empty picture: there is no positive alpha to show."
    best, at = errors.best, nearest(alphas, chosen)
    kind = "highest" if errors.larger_is_better else "lowest"
    words = (
        f"Training and held-out {errors.measure} over alpha, the strength of the penalty. "
        f"Held out it is {kind}, {significant(float(errors.held_out[best]))}, at alpha "
        f"{significant(float(alphas[best]), 3)}, where in training it is "
        f"{significant(float(errors.training[best]))}"
    )
    if chosen is not None and at != best:
        words += f"; the chosen alpha is {significant(chosen, 3)}"
    if errors.as_good:
        words += f"; as good, as far as the folds can tell: {stretches(errors.as_good)}"
    return words + "."


def stretches(as_good: Sequence[tuple[float, float]], most: int = 2) -> str:
    r"""Return stretches of alphas in words, of more than `most` only the range.

    Examples
    --------
    >>> stretches([(4.0, 1.0), (0.5, 0.5)]), stretches([(4.0, 1.0), (0.5, 0.5)], 1)
    ('4.00 to 1.00 and 0.500 only', '4.00 to 0.500,\n2 stretches')
    """
    if len(as_good) <= most:
        return " and ".join(_range_of(*ends) for ends in as_good)
    separator = ",\n" if most == 1 else ", "
    return f"{_range_of(as_good[0][0], as_good[-1][1])}{separator}{len(as_good)} stretches"


def _range_of(strong: float, weak: float) -> str:
    high, low = significant(strong, 3), significant(weak, 3)
    return f"{high} only" if high == low else f"{high} to {low}"
