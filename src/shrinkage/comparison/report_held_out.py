"""What a comparison reports of the predictions for rows that a fold holds out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shrinkage.comparison.held_out import (
    ABSOLUTE,
    AUC,
    BRIER,
    EXPLAINED,
    LOG_LOSS,
    MEASURES,
    WRONG,
    ByFold,
)
from shrinkage.comparison.render import Block, Grid, Heading, Paragraph
from shrinkage.draw import decimals, significant

if TYPE_CHECKING:
    from shrinkage.comparison.result import Comparison

NOTHING = "-"
_SHORT = {
    AUC: "AUC",
    LOG_LOSS: "log loss",
    BRIER: "Brier",
    WRONG: "wrong",
    EXPLAINED: "explained",
    ABSOLUTE: "abs. error",
}
_MOST_CLASSES = 8
_FINEST = 1e-3


def held_out_blocks(comparison: Comparison) -> list[Block]:
    """Return measures, calibration and confusions; nothing for the Gaussian family."""
    if not MEASURES[comparison.family]:
        return []
    return [*_measures(comparison), *_calibration(comparison), *_confusion(comparison)]


def _measures(comparison: Comparison) -> list[Block]:
    names = MEASURES[comparison.family]
    best = comparison.best
    found = {"no features": comparison.null_measures}
    found |= {contender.name: contender.measures for contender in comparison.contenders}
    formats = {name: _format(best.measures[name], comparison.null_measures[name]) for name in names}
    rows = [[model, *_cells(measures, formats, None)] for model, measures in found.items()]
    apart = [
        [contender.name, *_cells(contender.measures, formats, best.measures)]
        for contender in comparison.contenders
        if contender is not best
    ]
    several = comparison.rows.y.ndim == 2
    short = _SHORT | ({AUC: "macro AUC"} if several else {})
    header = [word for name in names for word in (short[name], "se")]
    return [
        Heading("How well the held-out rows are predicted"),
        Grid(["model", *header], rows),
        Heading(f"The same, less what {best.name} has"),
        Grid(["model", *header], apart),
        Paragraph(_legend(comparison)),
    ]


def _format(best: ByFold, null: ByFold) -> Callable[[float], str]:
    mean, se = best.mean_and_se()
    # A measure that is the same on every fold has no spread, and needs no more digits; one that
    # is 0 without features is as large as the best makes it.
    return format_of(max(se, _FINEST), max(abs(mean), abs(null.mean_and_se()[0])), 2)


def _cells(
    measures: Mapping[str, ByFold],
    formats: Mapping[str, Callable[[float], str]],
    best: Mapping[str, ByFold] | None,
) -> list[str]:
    cells = []
    for name, formatted in formats.items():
        mean, se = measures[name].mean_and_se(None if best is None else best[name])
        sign = "" if best is None or not math.isfinite(mean) or mean < 0.0 else "+"
        cells += [sign + formatted(mean), formatted(se)]
    return cells


def _legend(comparison: Comparison) -> str:
    rows = comparison.rows
    if not rows.is_classified:
        return (
            "explained: share of the deviance of the model without features that is gone, mean "
            "over the folds. abs. error: mean distance of the count from its predicted mean."
        )
    used = comparison.best.measures[AUC].n_used
    some = f" ({used} of {comparison.n_folds})" if used < comparison.n_folds else ""
    if rows.y.ndim == 2:
        area = (
            "macro AUC: one class against the rest, how often the model gives a row of it a higher "
            f"probability than one of the others; mean over the classes, and over the folds{some}"
        )
        brier = "probabilities, summed over the classes"
    else:
        area = (
            f"AUC: how often the model puts a row of {rows.labels[1]} before one of "
            f"{rows.labels[0]}; mean over the folds{some}"
        )
        brier = "probability"
    return (
        f"{area} that hold every class. log loss: half the deviance. Brier: mean squared error of "
        f"the {brier}. wrong: share of rows whose most probable class is not theirs."
    )


def _calibration(comparison: Comparison) -> list[Block]:
    rows = comparison.rows
    several = rows.y.ndim == 2
    lines = []
    for contender in comparison.contenders:
        found = contender.calibration
        assert found is not None
        cells = [_fixed(found.slope), _fixed(found.slope_se)]
        if not several:
            cells += [_fixed(found.intercept), _fixed(found.intercept_se)]
            means = (float(found.predicted[0]), float(found.observed[0]))
            cells += [significant(value) if math.isfinite(value) else NOTHING for value in means]
        lines.append([contender.name, *cells])
    header = ["model", "slope", "se"]
    header += [] if several else ["intercept", "se", "predicted", "observed"]
    added = (
        ""
        if several
        else (" intercept: what is to be added to it, 0 being perfect. predicted, observed: means.")
    )
    return [
        Heading("Calibration of the held-out predictions"),
        Grid(header, lines),
        Paragraph(
            "slope: what the linear predictor is to be multiplied by; 1 is perfect, below 1 the "
            "predictions are too extreme, above 1 too cautious." + added
        ),
    ]


def _fixed(value: float) -> str:
    if not math.isfinite(value):
        return NOTHING
    # 0.0 is added for no number to be called -0.00.
    return f"{round(value, 2) + 0.0:.2f}" if abs(value) < 1e3 else significant(value, 3)


def _confusion(comparison: Comparison) -> list[Block]:
    best = comparison.best
    if best.confusion is None:
        return []
    labels = comparison.rows.labels
    if len(labels) > _MOST_CLASSES:
        words = f"The table of {len(labels)} classes is in to_dict() and comparison.json."
        return [Heading(f"Confusions of {best.name}"), Paragraph(words)]
    return [
        Heading(f"Confusions of {best.name}: held-out rows of each class by their predicted class"),
        Grid(
            [f"{comparison.target_name} is", *[f"said {label}" for label in labels]],
            [
                [label, *map(_count, line)]
                for label, line in zip(labels, best.confusion, strict=True)
            ],
        ),
    ]


def _count(value: float) -> str:
    return f"{value:.0f}" if abs(value - round(value)) < 1e-6 else significant(value)


def format_of(fine: float, largest: float, figures: int = 3) -> Callable[[float], str]:
    """Return what formats numbers up to `largest` with `figures` digits of those like `fine`."""
    digits = decimals(fine, figures)

    def formatted(value: float) -> str:
        if not math.isfinite(value):
            return NOTHING
        fixed = f"{value:.{digits}f}"
        # Of an error that explodes one digit is enough, and leaves room for its exponent.
        explodes = abs(value) > 1e3 * largest
        is_short = digits <= 5 and max(largest, abs(value)) < 1e7 and not explodes
        return fixed if is_short else f"{value:.{0 if explodes else 2}e}"

    return formatted
