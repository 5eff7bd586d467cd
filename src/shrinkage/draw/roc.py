"""The picture of ROC curves, made from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.figure import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    describe,
    new_figure,
    plain_axes,
    write_title,
)
from shrinkage.draw.thin import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (6.4, 6.4)
_LOOKS = ((ORANGE, "-", 2.0), (BLUE, "--", 1.2), (GREEN, ":", 1.5))
_PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


@dataclass(frozen=True, eq=False)
class RocLine:
    """One curve: at each share of zeros taken for ones, the share of ones that are found.

    Attributes
    ----------
    name : str
        What made the predictions.
    false, true : ndarray of shape (m,)
        From (0, 0) to (1, 1), not decreasing.
    se : ndarray of shape (m,)
        Standard error of `true`.
    area, area_se : float
        Area under the curve.
    """

    name: str
    false: FloatArray
    true: FloatArray
    se: FloatArray
    area: float
    area_se: float


def roc_figure(
    lines: Sequence[RocLine],
    *,
    heading: str,
    what: str,
    n_folds: int,
    asked_by: str = "roc_figure",
) -> Figure:
    """Draw up to three ROC curves, the first with a band of one standard error.

    Parameters
    ----------
    lines : sequence of RocLine, length 1 to 3
    heading : str
        First line of the title.
    what : str
        Which class is told from which.
    n_folds : int
        Folds over which the curves are averaged.
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
    axes = figure.add_axes((0.125, 0.095, 0.84, 0.785))
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_aspect("equal", adjustable="box", anchor="SW")
    plain_axes(axes)
    axes.plot([0.0, 1.0], [0.0, 1.0], color=GREY, linewidth=1.0, label="guessing: AUC 0.5")
    _draw_band(axes, lines[0])
    for line, (colour, style, width) in reversed(list(zip(lines, _LOOKS, strict=False))):
        kept = thinned(axes, line.false, line.true)
        label = f"{line.name}: AUC {_area(line)}"
        x, y = line.false[kept], line.true[kept]
        axes.plot(x, y, style, color=colour, linewidth=width, label=label)
    axes.set_xlabel("share of the others taken for it (false positive rate)", color=INK)
    axes.set_ylabel("share of the class that is found (true positive rate)", color=INK)
    handles, labels = axes.get_legend_handles_labels()
    look: dict[str, Any] = {"loc": "lower right", "fontsize": 9, "frameon": False}
    axes.legend(handles[::-1], labels[::-1], **look)
    first = lines[0]
    write_title(figure, heading, f"{what}; {first.name}: AUC {_area(first)} over {n_folds} folds")
    describe(figure, _description(lines, what, n_folds))
    return figure


def _draw_band(axes: Axes, line: RocLine) -> None:
    if not np.isfinite(line.se).all():
        return
    low, high = np.maximum(line.true - line.se, 0.0), np.minimum(line.true + line.se, 1.0)
    kept = thinned(axes, line.false, low, 0.4) | thinned(axes, line.false, high, 0.4)
    look: dict[str, Any] = {"color": ORANGE, "alpha": 0.22, "linewidth": 0}
    label = f"{_PLUS_MINUS} 1 se over the folds"
    axes.fill_between(line.false[kept], low[kept], high[kept], label=label, **look)


def _area(line: RocLine) -> str:
    spread = f" {_PLUS_MINUS} {line.area_se:.3f}" if np.isfinite(line.area_se) else ""
    return f"{line.area:.3f}{spread}"


def _description(lines: Sequence[RocLine], what: str, n_folds: int) -> str:
    areas = ", ".join(f"{line.name} {_area(line)}" for line in lines)
    first = lines[0]
    at = float(first.true[np.searchsorted(first.false, 0.1, side="right") - 1])
    return (
        f"ROC curves for {what}, each the mean over {n_folds} folds of the rows held out. Area "
        f"under the curve: {areas}; guessing has 0.5. Where 10 % of the others are taken for the "
        f"class, {first.name} finds {at:.0%} of it."
    )
