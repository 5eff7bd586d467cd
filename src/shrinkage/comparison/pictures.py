"""The pictures of a comparison: each penalty's path over its errors."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shrinkage.draw import ErrorCurves, describe, path_figure, stretches, svg_of
from shrinkage.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shrinkage.comparison.result import Contender, Curve


def check_pictures(asked_by: str) -> None:
    """Raise an error that names the extra if matplotlib is missing, before any work."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingDependencyError.needs(asked_by, "matplotlib", "plot")


def path_picture(contender: Contender, curve: Curve, names: Sequence[str], target: str) -> Figure:
    """Draw the coefficients of one penalty, and the errors under them, over alpha."""
    return path_figure(
        curve.path.alphas,
        curve.path.coef_path * curve.path.spread,
        names,
        ErrorCurves(
            curve.training,
            curve.held_out,
            curve.held_out_se,
            paired_se=curve.paired_se,
            as_good=curve.as_good,
        ),
        chosen=contender.alpha,
        one_se=contender.alpha_1se,
        heading=f"{_capital(contender.name)}: coefficients of {target} and errors over alpha",
        asked_by="comparison.save",
    )


def path_svg(contender: Contender, curve: Curve, names: Sequence[str], target: str) -> str:
    """Return the picture of one penalty as SVG text."""
    figure = path_picture(contender, curve, names, target)
    describe(figure, _description(contender, curve, len(names)))
    return svg_of(figure)


def _description(contender: Contender, curve: Curve, n_features: int) -> str:
    words = (
        f"Coefficients of {contender.name} over the strength of the penalty, and below them the "
        f"training and the held-out error, which is lowest, {contender.held_out_error:.6g}, at "
        f"alpha {contender.alpha:.6g} with {contender.n_nonzero} of {n_features} features."
    )
    if not curve.as_good:
        return words
    return f"{words} As good as the best, as far as the folds can tell: {stretches(curve.as_good)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
