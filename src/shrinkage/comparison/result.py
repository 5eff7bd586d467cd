"""What a comparison found, as values."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import BoolArray, FloatArray, FoldArray, IndexArray
from shrinkage.comparison.contender import Contender
from shrinkage.comparison.files import check_directory, write_together
from shrinkage.comparison.groups import Group
from shrinkage.comparison.held_out import ByFold, HeldOutRows
from shrinkage.comparison.thumb import RuleOfThumb

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison:
    """L1 against L2 on one data set and the same folds, made by `compare`.

    `str(comparison)` is a report for the terminal; in a notebook it shows itself as HTML.

    Attributes
    ----------
    contenders : tuple of Contender
        Without a penalty (if there are more rows than features, and an answer), ridge, elastic
        net, lasso.
    feature_names : tuple of str of length n_features
    is_level : ndarray of bool, shape (n_features,)
        Whether the feature is a level of a text column.
    base_levels : ndarray of int
        Positions of the commonest levels, which the model without a penalty leaves out.
    n_rows : int
        Rows of positive weight.
    fold_ids : ndarray of shape (n_samples,) or None
        Fold that holds a row out, -1 for none; None if the splits overlap.
    n_folds : int
    null_error, null_se : float
        Held-out error of predicting the mean of `y`, with its offset, and its standard error.
    groups : tuple of Group
        Correlated features.
    rule : RuleOfThumb
    target_name : str
    notes : tuple of str
        What deserves a look, and why this family.
    rows : HeldOutRows
        What the folds hold out: the family, the response and its classes, weights.
    null_measures : dict of str to ByFold
        As `Contender.measures`, of the model without features.
    """

    contenders: tuple[Contender, ...]
    feature_names: tuple[str, ...]
    is_level: BoolArray
    base_levels: IndexArray
    n_rows: int
    fold_ids: FoldArray | None
    n_folds: int
    null_error: float
    null_se: float
    groups: tuple[Group, ...]
    rule: RuleOfThumb
    target_name: str
    notes: tuple[str, ...]
    rows: HeldOutRows
    null_measures: dict[str, ByFold]

    def __str__(self) -> str:
        from shrinkage.comparison.render import as_text
        from shrinkage.comparison.report import blocks

        return as_text(blocks(self))

    def _repr_html_(self) -> str:
        from shrinkage.comparison.render import as_html
        from shrinkage.comparison.report import blocks

        return as_html(blocks(self))

    @property
    def best(self) -> Contender:
        """The contender with the lowest held-out error."""
        return min(self.contenders, key=lambda contender: contender.held_out_error)

    @property
    def family(self) -> str:
        """Name of the family."""
        return self.rows.family.name

    @property
    def measure(self) -> str:
        """What the errors are."""
        return {
            "gaussian": "mean squared error",
            "poisson": "mean Poisson deviance",
        }.get(self.family, "mean deviance")

    @property
    def unpenalised(self) -> Contender | None:
        """The contender without a penalty, if there is one."""
        first = self.contenders[0]
        return None if first.is_penalised else first

    @property
    def coef(self) -> FloatArray:
        """Coefficients in original units, of shape (n_features, n_contenders).

        For several classes of shape (n_classes, n_features, n_contenders).
        """
        return np.stack([contender.coef for contender in self.contenders], axis=-1)

    @property
    def coef_per_sd(self) -> FloatArray:
        """Coefficients per standard deviation, of the shape of `coef`."""
        return np.stack([contender.coef_per_sd for contender in self.contenders], axis=-1)

    @property
    def coef_names(self) -> tuple[str, ...]:
        """Name of each coefficient of a contender: of several classes "class: feature"."""
        if self.rows.y.ndim == 1:
            return self.feature_names
        return tuple(f"{k}: {name}" for k in self.rows.labels for name in self.feature_names)

    def __getitem__(self, name: str) -> Contender:
        for contender in self.contenders:
            if name in (contender.name, contender.slug):
                return contender
        raise KeyError(name)

    def coef_table(self) -> dict[str, list[Any]]:
        """Return the coefficients as columns, one row for each feature (of each class).

        `feature`, then for each contender the coefficient in original units, per standard
        deviation, and what the penalty did to it: "exactly zero", "shrunk" (closer to zero than
        the one without a penalty), "not shrunk", or for levels of text columns "other coding" and
        "base level". `pandas.DataFrame` and `polars.DataFrame` take it.
        """
        columns: dict[str, list[Any]] = {"feature": list(self.coef_names)}
        for contender in self.contenders:
            columns[f"{contender.slug}"] = contender.coef.ravel().tolist()
            columns[f"{contender.slug}_per_sd"] = contender.coef_per_sd.ravel().tolist()
            columns[f"{contender.slug}_effect"] = self.effect(contender)
        return columns

    def effect(self, contender: Contender) -> list[str]:
        """Return what a penalty did to each coefficient, compared with the model without one.

        Levels of text columns are not compared: that model has differences from the base level.
        """
        coef, reference = contender.coef, self.unpenalised
        words = np.where(coef == 0.0, "exactly zero", "not shrunk").astype(object)
        if not contender.is_penalised:
            words[..., self.base_levels] = "base level"
        elif reference is not None:
            words[np.abs(coef) < np.abs(reference.coef)] = "shrunk"
            words[..., self.is_level] = "other coding"
            words[coef == 0.0] = "exactly zero"
        return [str(word) for word in words.ravel()]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values that JSON can hold; NaN becomes None.

        `coef` and `coef_per_sd` list what is not exactly zero.
        """
        from shrinkage.comparison.export import as_dict

        return as_dict(self)

    def plot_roc(self) -> Figure:
        """Draw the ROC curve of the best model, and those of ridge and lasso beside it.

        Each is the mean of the curves of the rows that the folds hold out, so that the area under
        it is the one in the report; of several classes the mean of one against the rest. The band
        is one standard error over the folds.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ArgumentError
            If the family has no classes, or no fold holds rows of every class.
        MissingDependencyError
            Without matplotlib, which the extra `plot` brings.
        """
        from shrinkage.comparison.pictures import roc_picture

        return roc_picture(self)

    def plot_calibration(self) -> Figure:
        """Draw observed shares over predicted probabilities (means over predicted means).

        Of the best model, from its predictions for the rows that the folds hold out, put into
        bins: ten of equal width for probabilities, ten of equal size for counts. Bars are 95 %
        intervals; the histogram below counts the rows.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ArgumentError
            For the Gaussian family.
        MissingDependencyError
            Without matplotlib, which the extra `plot` brings.
        """
        from shrinkage.comparison.pictures import calibration_picture

        return calibration_picture(self)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write `comparison.json`, `coefficients.csv` and the pictures.

        The pictures are `path-ridge.svg`, `path-elastic-net-0.1.svg`, ..., `path-lasso.svg`; but
        for the Gaussian family also `calibration.svg`, and `roc.svg` of classifiers. All files
        appear together, or none does.

        Raises
        ------
        MissingDependencyError
            Without matplotlib, which the extra `plot` brings.
        ArgumentError
            If `directory` is a file, or can't be written to.
        """
        from shrinkage.comparison.export import as_csv
        from shrinkage.comparison.pictures import check_pictures, pictures

        check_pictures("comparison.save")
        target = check_directory("directory", directory)
        contents = {
            "comparison.json": json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n",
            "coefficients.csv": as_csv(self.coef_table()),
            **pictures(self),
        }
        write_together(target, contents)
