"""The report of a fitted estimator, as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from shrinkage.draw.table import aligned, html_table, visible
from shrinkage.estimators.coef_table import MOST_SHOWN, ClassTable, CoefTable, Section
from shrinkage.estimators.dialects import Strength
from shrinkage.estimators.dialects_glm import GlmStrength

if TYPE_CHECKING:
    from shrinkage.estimators.base import LinearModel

NO_P_VALUES_AFTER_SELECTION = (
    "No p-values: the same data chose the features and estimated their coefficients, which are "
    "shrunk towards zero besides; the usual standard errors know of neither and would be too small."
)
NO_P_VALUES_UNDER_RIDGE = (
    "No p-values: ridge shrinks its coefficients towards zero on purpose, and the usual standard "
    "errors say nothing about that bias."
)
NO_P_VALUES_UNPENALISED = (
    "No p-values: this package estimates and predicts; for tests without a penalty use "
    "statsmodels' {}."
)
DIVIDED = "for packages that do not scale: each column over its standard deviation"


@dataclass(frozen=True, eq=False)
class Report:
    """What `summary()` says, before it is laid out.

    Attributes
    ----------
    title : str
    facts : list of (str, list of str)
        A heading with its lines.
    table : CoefTable or ClassTable
    remark : str
        Why there are no p-values.
    """

    title: str
    facts: list[tuple[str, list[str]]]
    table: CoefTable | ClassTable
    remark: str

    @classmethod
    def of(cls, model: LinearModel) -> Report:
        """Gather what there is to say about a fitted model."""
        table = model.coef_table()
        training = model._training
        title = (
            f"{type(model).__name__}: {len(table.by_size())} of {len(table.names)} features kept, "
            f"{100.0 * model.deviance_ratio_:.1f} % of the deviance explained "
            f"({training.n_rows} rows)"
        )
        strength = _strength(model)
        facts = [
            ("alpha", _strength_lines(strength, model.alpha_max_)),
            ("in other words", _translation_lines(strength)),
            ("degrees of freedom", [f"{model.df_:.4g}"]),
            ("status", [f"{model.status_.name}: {model.status_.value}"]),
            ("certificate", [_certificate(model)]),
        ]
        choice = model._choice_lines()
        if choice:
            facts.insert(2, ("cross-validation", choice))
        meaning = model._meaning()
        if meaning is not None:
            facts.insert(0, ("model", [meaning]))
        return cls(title, facts, table, _no_p_values(model))

    def text(self) -> str:
        """Return the report as lines of text."""
        lines = [self.title, "", *aligned(self._fact_rows(), left=2, longest=200)]
        for section in self.table.sections():
            lines += ["", visible(section.heading)] if section.heading else [""]
            lines += aligned(section.rows, section.header) if section.rows else []
            lines += _left_out(section)
        lines += _zeros(self.table)
        return "\n".join([*lines, "", *wrap(self.remark, 88)])

    def _fact_rows(self) -> list[tuple[str, str]]:
        return [
            (heading if position == 0 else "", entry)
            for heading, entries in self.facts
            for position, entry in enumerate(entries)
        ]

    def html(self) -> str:
        """Return the report as one HTML element, every text escaped."""
        title = f"<p><strong>{escape(self.title)}</strong></p>"
        parts = [title, html_table(self._fact_rows(), left=2)]
        for section in self.table.sections():
            parts += _paragraphs([section.heading] if section.heading else [])
            parts += [html_table(section.rows, section.header)] if section.rows else []
            parts += _paragraphs(_left_out(section))
        parts += _paragraphs([*_zeros(self.table), self.remark])
        return f"<div>{''.join(parts)}</div>"


def _strength(model: LinearModel) -> Strength:
    training, family = model._training, model._family().name
    known = (
        *model._penalty(),
        bool(model.standardize),
        training.target_spread,
        training.total_weight,
        training.n_rows,
    )
    if family == "gaussian":
        return Strength(*known)
    n_classes = (
        1 if family != "multinomial" else np.size(getattr(model, "classes_", model.intercept_))
    )
    return GlmStrength(*known, family, n_classes)


def _strength_lines(strength: Strength, alpha_max: float) -> list[str]:
    own = f"{strength.alpha:.6g} at l1_ratio {strength.l1_ratio:g}"
    if np.isfinite(alpha_max) and alpha_max > 0.0:
        own += f"; alpha_max {alpha_max:.6g}, alpha/alpha_max {strength.alpha / alpha_max:.4g}"
    if strength.alpha > 0.0 and strength.alpha >= alpha_max:
        own += ": at this strength every penalised coefficient is zero"
    return [own]


def _translation_lines(strength: Strength) -> list[str]:
    rows = strength.translations()
    wide = max(len(where) for where, _ in rows)
    lines = [f"{where:<{wide}}  {what}" for where, what in rows]
    return [*lines, DIVIDED] if strength.standardize else lines


def _certificate(model: LinearModel) -> str:
    has_gap = np.isfinite(model.dual_gap_)
    gap = f"{model.dual_gap_:.1e} of the null model's loss" if has_gap else "not defined"
    return (
        f"duality gap {gap}, "
        f"KKT violation {model.kkt_violation_:.1e} of alpha_max, {model.n_iter_} rounds"
    )


def _left_out(section: Section) -> list[str]:
    if section.n_more == 0:
        return []
    return [f"... and {section.n_more} smaller ones: coef_table() has all"]


def _zeros(table: CoefTable | ClassTable) -> list[str]:
    zeros = table.zeros()
    if not zeros:
        return []
    more = len(zeros) - MOST_SHOWN
    names = ", ".join(map(visible, zeros[:MOST_SHOWN]))
    in_all = " in every class" if isinstance(table, ClassTable) else ""
    return [f"exactly zero{in_all}: {names}" + (f" and {more} more" if more > 0 else "")]


def _paragraphs(texts: list[str]) -> list[str]:
    return [f"<p>{escape(text)}</p>" for text in texts]


def _no_p_values(model: LinearModel) -> str:
    alpha, l1_ratio = model._penalty()
    if alpha == 0.0:
        is_gaussian = model._family().name == "gaussian"
        return NO_P_VALUES_UNPENALISED.format("OLS" if is_gaussian else "GLM")
    return NO_P_VALUES_UNDER_RIDGE if l1_ratio == 0.0 else NO_P_VALUES_AFTER_SELECTION
