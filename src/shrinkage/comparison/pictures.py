"""The pictures of a comparison: paths over errors, ROC curves, calibration."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage.comparison.held_out import AUC
from shrinkage.comparison.ranking import roc_curve
from shrinkage.comparison.reliability import bins_of
from shrinkage.draw import (
    ErrorCurves,
    RocLine,
    calibration_figure,
    describe,
    path_figure,
    roc_figure,
    stretches,
    svg_of,
)
from shrinkage.draw.class_panels import class_panels
from shrinkage.errors import ArgumentError, MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shrinkage.comparison.contender import Contender, Curve
    from shrinkage.comparison.result import Comparison

_LONGEST = 18  # letters of a name in a title


def check_pictures(asked_by: str) -> None:
    """Raise an error that names the extra if matplotlib is missing, before any work."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingDependencyError.needs(asked_by, "matplotlib", "plot")


def pictures(comparison: Comparison) -> dict[str, str]:
    """Return every picture of a comparison as SVG text, by the name of its file."""
    made = {
        f"path-{contender.slug}.svg": path_svg(comparison, contender, contender.curve)
        for contender in comparison.contenders
        if contender.curve is not None
    }
    if comparison.family != "gaussian":
        made["calibration.svg"] = svg_of(calibration_picture(comparison))
    if comparison.rows.is_classified and comparison.best.measures[AUC].n_used:
        made["roc.svg"] = svg_of(roc_picture(comparison))
    return made


def path_picture(comparison: Comparison, contender: Contender, curve: Curve) -> Figure:
    """Draw the coefficients of one penalty and the errors over alpha; classes have panels."""
    alphas, coefs = curve.path.alphas, curve.path.coef_path * curve.path.spread
    errors = ErrorCurves(
        curve.training,
        curve.held_out,
        curve.held_out_se,
        measure=comparison.measure,
        paired_se=curve.paired_se,
        as_good=curve.as_good,
    )
    drawing: dict[str, Any] = {
        "chosen": contender.alpha,
        "one_se": contender.alpha_1se,
        "heading": f"{_capital(contender.name)}: coefficients of {comparison.target_name} and "
        "errors over alpha",
        "asked_by": "comparison.save",
    }
    names = comparison.feature_names
    if coefs.ndim == 2:
        return path_figure(alphas, coefs, names, errors, **drawing)
    classes = [f"class {label}" for label in comparison.rows.labels]
    return class_panels(alphas, coefs, names, classes, errors, **drawing)[0]


def path_svg(comparison: Comparison, contender: Contender, curve: Curve) -> str:
    """Return the picture of one penalty as SVG text."""
    figure = path_picture(comparison, contender, curve)
    describe(figure, _description(contender, curve, len(comparison.feature_names)))
    return svg_of(figure)


def roc_picture(comparison: Comparison) -> Figure:
    """Draw the mean ROC curve of the best contender, and those of ridge and lasso."""
    rows, best = comparison.rows, comparison.best
    if not rows.is_classified:
        failure = f"draw curves for the {comparison.family} family, which has no classes"
        raise ArgumentError.cannot("plot_roc", failure)
    beside = [c for c in comparison.contenders if c.l1_ratio in (0.0, 1.0) and c is not best]
    lines = []
    for contender in (best, *beside):
        assert contender.oof_predict is not None
        curve = roc_curve(rows, contender.oof_predict)
        if curve is None:
            failure = "draw a curve: no fold holds out rows of every class"
            hint = "fewer folds, or cv=StratifiedKFold() of scikit-learn"
            raise ArgumentError.cannot("plot_roc", failure, hint)
        area, se = contender.measures[AUC].mean_and_se()
        lines.append(RocLine(contender.name, curve.false, curve.true, curve.se, area, se))
    n_used = best.measures[AUC].n_used
    what = f"{_short(rows.labels[-1])} against {_short(rows.labels[0])}"
    if rows.y.ndim == 2:
        what = "one class against the rest"
    return roc_figure(
        lines,
        heading="ROC curves on rows that the models have not seen",
        what=what,
        n_folds=n_used,
        asked_by="plot_roc",
    )


def calibration_picture(comparison: Comparison) -> Figure:
    """Draw observed over predicted means of the best contender in bins."""
    rows, best = comparison.rows, comparison.best
    if best.calibration is None or best.oof_predict is None:
        raise ArgumentError.cannot("plot_calibration", "draw the Gaussian family")
    slope, se = best.calibration.slope, best.calibration.slope_se
    numbers = "no finite slope"
    if np.isfinite(slope):
        numbers = f"slope {slope:.2f} \N{PLUS-MINUS SIGN} {se:.2f}"
    return calibration_figure(
        bins_of(rows, best.oof_predict),
        heading="Calibration on rows that the model has not seen",
        numbers=f"{_short(comparison.target_name)} by {best.name}: {numbers}",
        is_share=rows.is_classified,
        asked_by="plot_calibration",
    )


def _description(contender: Contender, curve: Curve, n_features: int) -> str:
    words = (
        f"Coefficients of {contender.name} over the strength of the penalty, and below them the "
        f"training and the held-out error, which is lowest, {contender.held_out_error:.6g}, at "
        f"alpha {contender.alpha:.6g} with {contender.n_nonzero} of {n_features} features."
    )
    if not curve.as_good:
        return words
    return f"{words} As good as the best, as far as the folds can tell: {stretches(curve.as_good)}."


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
