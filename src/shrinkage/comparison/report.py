"""The words and tables of a comparison, for the terminal and for HTML alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.comparison.groups import Group, share
from shrinkage.comparison.render import Block, Grid, Heading, Paragraph
from shrinkage.comparison.report_held_out import NOTHING, format_of, held_out_blocks
from shrinkage.comparison.thumb import RULE
from shrinkage.draw import decimals

if TYPE_CHECKING:
    from shrinkage.comparison.result import Comparison

_MOST_FEATURES = 15
_MOST_GROUPS = 6


def blocks(comparison: Comparison) -> list[Block]:
    """Return the report on a comparison."""
    return [
        *_errors(comparison),
        *held_out_blocks(comparison),
        *_coefficients(comparison),
        *_groups(comparison),
        *_rule(comparison),
        *_limits(comparison),
    ]


def _errors(comparison: Comparison) -> list[Block]:
    contenders = comparison.contenders
    error = format_of(comparison.best.held_out_se, comparison.null_error)

    rows = [
        [
            "no features",
            NOTHING,
            "0",
            NOTHING,
            error(comparison.null_error),
            error(comparison.null_se),
            *[NOTHING] * 4,
        ]
    ]
    for contender in contenders:
        best = contender is comparison.best
        penalised = contender.is_penalised
        rows.append(
            [
                contender.name,
                f"{contender.alpha:.4g}",
                str(contender.n_nonzero),
                error(contender.training_error),
                error(contender.held_out_error),
                error(contender.held_out_se),
                "best" if best else "+" + error(contender.difference),
                NOTHING if best else error(contender.difference_se),
                f"{contender.alpha_1se:.4g}" if penalised else NOTHING,
                str(contender.n_nonzero_1se) if penalised else NOTHING,
            ]
        )
    header = ["model", "alpha", "kept", "training", "held-out", "se"]
    header += ["to best", "se", "1se alpha", "kept"]
    return [
        Heading(
            f"L1 against L2: {comparison.target_name} from {len(comparison.feature_names)} "
            f"features, {comparison.n_rows} rows, the same {comparison.n_folds} folds for all"
        ),
        Grid(header, rows),
        Paragraph(
            f"Errors are {comparison.measure}s: training, on the rows that a fold was fitted to; "
            "held-out, on the rows that it has not seen; se, standard errors over the folds. alpha "
            "is the one with the lowest held-out error, 1se alpha the largest within one standard "
            "error of it. to best: mean over the folds of the difference to the best model."
        ),
        *[Paragraph(note, item=True) for note in comparison.notes],
    ]


def _coefficients(comparison: Comparison) -> list[Block]:
    names, reference = comparison.coef_names, comparison.unpenalised
    n_coefs = len(names)
    # Without a penalty the largest coefficients may well be the worst determined ones.
    penalised = [c.coef_per_sd.ravel() for c in comparison.contenders if c.is_penalised]
    size = np.abs(penalised).mean(axis=0)
    shown = np.argsort(-size, kind="stable")[:_MOST_FEATURES]
    some = f", the {_MOST_FEATURES} of {n_coefs} with the largest on average over the penalties"
    which = "" if n_coefs <= _MOST_FEATURES else some
    effects = [comparison.effect(contender) for contender in comparison.contenders]
    words = ["exactly zero"]
    closer = coding = ""
    if reference is not None:
        words += ["shrunk", "not shrunk"]
        closer = f" Shrunk: closer to zero than the {reference.name} coefficient."
        if comparison.base_levels.size:
            words += ["base level", "other coding"]
            coding = (
                f" {_capital(reference.name)} leaves out the base (commonest) level of each text "
                "column, and its other levels are differences from the base."
            )
    counts = [[word, *[str(effect.count(word)) for effect in effects]] for word in words]
    return [
        Heading(f"Coefficients per standard deviation{which}"),
        _coefficient_grid(comparison, comparison.coef_per_sd, shown),
        Heading("The same coefficients in original units"),
        _coefficient_grid(comparison, comparison.coef, shown),
        *_unit(comparison),
        Heading("What the penalties did to the coefficients"),
        Grid([f"of {n_coefs}", *_short_names(comparison)], counts),
        Paragraph(
            "0 stands for exactly zero: that penalty dropped the feature, which does not prove "
            "that the feature is irrelevant." + closer + coding
        ),
    ]


def _unit(comparison: Comparison) -> list[Block]:
    """Say what the coefficients change, unless it is the target itself."""
    rows, target = comparison.rows, comparison.target_name
    if comparison.family == "gaussian":
        return []
    if comparison.family == "poisson":
        return [Paragraph(f"They change the logarithm of the mean of {target}.")]
    if rows.y.ndim == 1:
        return [Paragraph(f"They change the log odds of {target} = {rows.labels[1]}.")]
    words = "They change the logarithm of the probability of the class that is named first"
    return [Paragraph(f"{words}, but for a number that all classes of a row have in common.")]


def _short_names(comparison: Comparison) -> list[str]:
    return [contender.name.replace("elastic net", "EN") for contender in comparison.contenders]


def _coefficient_grid(comparison: Comparison, coef: FloatArray, shown: IndexArray) -> Grid:
    names, n_features = comparison.coef_names, len(comparison.feature_names)
    coef = coef.reshape(len(names), -1)
    digits = decimals(float(np.abs(coef[shown]).max(initial=0.0)))
    rows = []
    for j in shown:
        cells = ["0" if value == 0.0 else _coefficient(value, digits) for value in coef[j]]
        if j % n_features in comparison.base_levels and comparison.unpenalised is not None:
            cells[0] = "base"
        rows.append([names[j], *cells])
    return Grid(["feature", *_short_names(comparison)], rows)


def _coefficient(value: float, digits: int) -> str:
    """Return `value` with fixed decimals unless that would hide that it is not zero."""
    fixed = f"{value:.{digits}f}"
    return fixed if len(fixed) <= 10 and float(fixed) != 0.0 else f"{value:.1e}"


def _groups(comparison: Comparison) -> list[Block]:
    groups = comparison.groups
    if not groups:
        return [
            Heading("Groups of correlated features"),
            Paragraph(f"None: the largest |r| is {comparison.rule.strongest:.2f}, not above 0.7."),
        ]
    rows = []
    for group in groups[:_MOST_GROUPS]:
        found = [share(contender.size, group) for contender in comparison.contenders]
        n_members = len(group.features)
        label = ", ".join(comparison.feature_names[j] for j in group.features)
        cells = [
            f"{one.n_kept}/{n_members}" + ("" if one.n_kept == 0 else f" {one.largest:4.0%}")
            for one in found
        ]
        rows.append([label, f"{group.strongest:.2f}", *cells])
    n_more = len(groups) - _MOST_GROUPS
    more = f" The {_MOST_GROUPS} heaviest groups are shown, {n_more} more are not." * (n_more > 0)
    return [
        Heading(
            f"Inside groups of correlated features: {len(groups)} (|r| > 0.7 joins two features)"
        ),
        Grid(["group", "max |r|", *_short_names(comparison)], rows),
        Paragraph(
            "Members kept, and the share of the largest in the sum of the absolute coefficients "
            "per standard deviation." + more
        ),
        *_habits(comparison, groups),
    ]


def _habits(comparison: Comparison, groups: tuple[Group, ...]) -> list[Block]:
    """Say how ridge shares and how the lasso picks, as these data show it."""
    sentences = []
    for contender in comparison.contenders:
        if contender.l1_ratio not in (0.0, 1.0):
            continue
        found = [share(contender.size, group) for group in groups]
        n_members = sum(len(group.features) for group in groups)
        n_kept = sum(one.n_kept for one in found)
        shares = [one.largest for one in found if one.n_kept]
        mean = f", the largest with {np.mean(shares):.0%} on average" if shares else ""
        habit = "Ridge tends to share the weight of a group"
        if contender.l1_ratio == 1.0:
            habit = "The lasso tends to pick"
        sentences.append(f"{habit}; here it keeps {n_kept} of the {n_members} members{mean}.")
    return [Paragraph(" ".join(sentences))]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rule(comparison: Comparison) -> list[Block]:
    return [
        Heading("The rule of thumb"),
        Paragraph(f'"{_capital(RULE)}."'),
        *[Paragraph(measurement, item=True) for measurement in comparison.rule.measurements],
        Paragraph(comparison.rule.sentence),
        Paragraph(
            "The rule is a first guess. Simulations agree with it only in part: correlation alone "
            "does not decide. Ridge predicts better where many features matter a little, the lasso "
            "where few matter, and the elastic net where correlated features matter together (Zou "
            "and Hastie 2005, section 5)."
        ),
    ]


def _limits(comparison: Comparison) -> list[Block]:
    best = comparison.best
    close = [
        contender.name
        for contender in comparison.contenders
        if contender is not best and contender.difference <= 2.0 * contender.difference_se
    ]
    within = (
        f"Within two standard errors of it: {', '.join(close)}."
        if close
        else ("No other model is within two standard errors of it.")
    )
    correction = math.sqrt(1.0 + comparison.n_folds / (comparison.n_folds - 1.0))
    return [
        Heading("How far this goes"),
        Paragraph(f"Lowest held-out error: {best.name}. {within}"),
        Paragraph(
            "These numbers compare the models; they do not yet prove which is better. alpha was "
            "chosen on the same folds, so the held-out errors are slightly too good. The folds "
            "share most of their training rows, so the standard errors are too small: the "
            "correction of Nadeau and Bengio (2003) would multiply those of the differences by "
            f"{correction:.2f}. Another seed makes other folds."
        ),
    ]
