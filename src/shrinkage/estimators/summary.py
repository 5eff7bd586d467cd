"""The report of a fitted estimator, as text and as HTML, and its table of coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.draw.table import aligned, html_table, significant, visible
from shrinkage.estimators.dialects import Strength
from shrinkage.estimators.dialects_glm import GlmStrength
from shrinkage.solve.path import frame_of

if TYPE_CHECKING:
    from shrinkage.estimators.base import LinearModel

MOST_SHOWN = 30
HEADER = ("feature", "coefficient", "per standard deviation")

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
class CoefTable:
    """The coefficients of one model.

    Attributes
    ----------
    names : tuple of str
        One per column, as in `coef_names_`.
    coef : ndarray of shape (n_columns,)
        In units of the linear predictor (least squares: of y) per unit of the column.
    coef_per_sd : ndarray of shape (n_columns,)
        The same per standard deviation of the column: these compare between columns.
    intercept : float
        In units of the linear predictor.
    """

    names: tuple[str, ...]
    coef: FloatArray
    coef_per_sd: FloatArray
    intercept: float

    def by_size(self) -> list[int]:
        """Return the columns with a coefficient, largest per standard deviation first."""
        kept = np.flatnonzero(self.coef)
        order = np.argsort(-np.abs(self.coef_per_sd[kept]), kind="stable")
        return [int(j) for j in kept[order]]

    def zeros(self) -> list[str]:
        """Return the names of the columns whose coefficient is exactly zero."""
        return [self.names[j] for j in np.flatnonzero(self.coef == 0.0)]

    def to_frame(self) -> Any:
        """Return the table with columns feature, coef, coef_per_sd.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or dict of str to ndarray
            pandas if it is installed, else polars, else the columns as arrays.
        """
        names = np.array(self.names, dtype=object)
        return frame_of({"feature": names, "coef": self.coef, "coef_per_sd": self.coef_per_sd})

    def __str__(self) -> str:
        """Return every column with its two coefficients, in the order of `coef_`."""
        return "\n".join(aligned(self.rows(range(len(self.names))), HEADER))

    __repr__ = __str__

    def rows(self, columns: Sequence[int]) -> list[tuple[str, str, str]]:
        """Return name and formatted coefficients of some columns, the intercept last."""
        shown = [
            (self.names[j], significant(self.coef[j]), significant(self.coef_per_sd[j]))
            for j in columns
        ]
        return [*shown, ("(intercept)", significant(self.intercept), "")]


@dataclass(frozen=True, eq=False)
class Report:
    """What `summary()` says, before it is laid out.

    Attributes
    ----------
    title : str
    facts : list of (str, list of str)
        A heading with its lines.
    table : CoefTable
    remark : str
        Why there are no p-values.
    """

    title: str
    facts: list[tuple[str, list[str]]]
    table: CoefTable
    remark: str

    @classmethod
    def of(cls, model: LinearModel) -> Report:
        """Gather what there is to say about a fitted model."""
        table = model.coef_table()
        training = model._training
        kept = int(np.count_nonzero(table.coef))
        title = (
            f"{type(model).__name__}: {kept} of {table.coef.size} features kept, "
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
        shown = self.table.by_size()
        lines += ["", *aligned(self.table.rows(shown[:MOST_SHOWN]), HEADER)]
        lines += _left_out(len(shown), self.table.zeros())
        return "\n".join([*lines, "", *wrap(self.remark, 88)])

    def _fact_rows(self) -> list[tuple[str, str]]:
        return [
            (heading if position == 0 else "", entry)
            for heading, entries in self.facts
            for position, entry in enumerate(entries)
        ]

    def html(self) -> str:
        """Return the report as one HTML element, every text escaped."""
        shown = self.table.by_size()
        facts = html_table(self._fact_rows(), left=2)
        table = html_table(self.table.rows(shown[:MOST_SHOWN]), HEADER)
        remarks = [*_left_out(len(shown), self.table.zeros()), self.remark]
        rest = "".join(f"<p>{escape(remark)}</p>" for remark in remarks)
        return f"<div><p><strong>{escape(self.title)}</strong></p>{facts}{table}{rest}</div>"


def _strength(model: LinearModel) -> Strength:
    training, family = model._training, model._family().name
    known = (
        *model._penalty(),
        bool(model.standardize),
        training.target_spread,
        training.total_weight,
        training.n_rows,
    )
    return Strength(*known) if family == "gaussian" else GlmStrength(*known, family)


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


def _left_out(n_kept: int, zeros: list[str]) -> list[str]:
    lines = []
    if n_kept > MOST_SHOWN:
        lines.append(f"... and {n_kept - MOST_SHOWN} smaller ones: coef_table() has all")
    if zeros:
        more = len(zeros) - MOST_SHOWN
        names = ", ".join(map(visible, zeros[:MOST_SHOWN]))
        lines.append(f"exactly zero: {names}" + (f" and {more} more" if more > 0 else ""))
    return lines


def _no_p_values(model: LinearModel) -> str:
    alpha, l1_ratio = model._penalty()
    if alpha == 0.0:
        is_gaussian = model._family().name == "gaussian"
        return NO_P_VALUES_UNPENALISED.format("OLS" if is_gaussian else "GLM")
    return NO_P_VALUES_UNDER_RIDGE if l1_ratio == 0.0 else NO_P_VALUES_AFTER_SELECTION
