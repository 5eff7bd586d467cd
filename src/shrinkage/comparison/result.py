"""What a comparison found, as values."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import BoolArray, FloatArray, FoldArray, IndexArray
from shrinkage.comparison.files import check_directory, write_together
from shrinkage.comparison.groups import Group
from shrinkage.comparison.thumb import RuleOfThumb
from shrinkage.select.curves import as_good_as_best

if TYPE_CHECKING:
    from shrinkage.solve import Path, Status


@dataclass(frozen=True)
class Curve:
    """A penalty over its whole range of strengths.

    Attributes
    ----------
    path : Path
        Fit to all rows, one point for each alpha.
    held_out, held_out_se, training : ndarray of shape (n_alphas,)
        Cross-validated mean squared error with its standard error, and the error on the rows
        that each fold was fitted to.
    paired_se : ndarray of shape (n_alphas,)
        Standard error over folds of the difference to the best alpha.
    """

    path: Path
    held_out: FloatArray
    held_out_se: FloatArray
    training: FloatArray
    paired_se: FloatArray

    @property
    def as_good(self) -> tuple[tuple[float, float], ...]:
        """Largest and smallest alpha of each stretch that can't be told from the best."""
        alphas = self.path.alphas.tolist()
        found = as_good_as_best(self.held_out, self.paired_se)
        return tuple((alphas[first], alphas[last]) for first, last in found)


@dataclass(frozen=True)
class Contender:
    """One model of a comparison, fitted to all rows at the alpha that its folds chose.

    Attributes
    ----------
    name, slug : str
        For people ("elastic net 0.5") and for files ("elastic-net-0.5").
    l1_ratio : float
        NaN for ordinary least squares.
    alpha, alpha_1se : float
        Strength with the lowest held-out error, and the largest one within a standard error of
        it (NaN for least squares).
    coef, coef_per_sd : ndarray of shape (n_features,)
        In original units, and the change of `y` for one standard deviation of the feature.
    intercept : float
    n_nonzero, n_nonzero_1se : int
        Features kept at `alpha` and at `alpha_1se`.
    training_error, held_out_error, held_out_se : float
        Mean squared errors at `alpha`. The held-out one is slightly too good: the same folds
        chose `alpha`.
    fold_errors : ndarray of shape (n_folds,)
    difference, difference_se : float
        Mean over the folds of the held-out error less that of the best contender, and the
        standard error of that difference; both 0 for the best.
    dual_gap : float
        Certified distance of the fit from the optimum, relative to the null model's loss.
    status : Status
        How the solver or the choice of alpha ended.
    curve : Curve or None
        None for least squares.
    """

    name: str
    slug: str
    l1_ratio: float
    alpha: float
    alpha_1se: float
    coef: FloatArray
    coef_per_sd: FloatArray
    intercept: float
    n_nonzero: int
    n_nonzero_1se: int
    training_error: float
    held_out_error: float
    held_out_se: float
    fold_errors: FloatArray
    difference: float
    difference_se: float
    dual_gap: float
    status: Status
    curve: Curve | None


@dataclass(frozen=True)
class Comparison:
    """L1 against L2 on one data set and the same folds, made by `compare`.

    `str(comparison)` is a report for the terminal; in a notebook it shows itself as HTML.

    Attributes
    ----------
    contenders : tuple of Contender
        Least squares (if there are more rows than features), ridge, elastic net, lasso.
    feature_names : tuple of str of length n_features
    is_level : ndarray of bool, shape (n_features,)
        Whether the feature is a level of a text column.
    base_levels : ndarray of int
        Positions of the commonest levels, which least squares leaves out.
    n_rows : int
        Rows of positive weight.
    fold_ids : ndarray of shape (n_samples,) or None
        Fold that holds a row out, -1 for none; None if the splits overlap.
    n_folds : int
    null_error, null_se : float
        Held-out error of predicting the mean of `y`, and its standard error.
    groups : tuple of Group
        Correlated features.
    rule : RuleOfThumb
    target_name : str
    notes : tuple of str
        What deserves a look.
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
    def coef(self) -> FloatArray:
        """Coefficients in original units, of shape (n_features, n_contenders)."""
        return np.column_stack([contender.coef for contender in self.contenders])

    @property
    def coef_per_sd(self) -> FloatArray:
        """Coefficients per standard deviation, of shape (n_features, n_contenders)."""
        return np.column_stack([contender.coef_per_sd for contender in self.contenders])

    def __getitem__(self, name: str) -> Contender:
        for contender in self.contenders:
            if name in (contender.name, contender.slug):
                return contender
        raise KeyError(name)

    def coef_table(self) -> dict[str, list[Any]]:
        """Return the coefficients as columns, one row for each feature.

        `feature`, then for each contender the coefficient in original units, per standard
        deviation, and what the penalty did to it: "exactly zero", "shrunk" (closer to zero than
        the least-squares one), "not shrunk", or for levels of text columns "other coding" and "base
        level". `pandas.DataFrame` and `polars.DataFrame` take it.
        """
        columns: dict[str, list[Any]] = {"feature": list(self.feature_names)}
        for contender in self.contenders:
            columns[f"{contender.slug}"] = contender.coef.tolist()
            columns[f"{contender.slug}_per_sd"] = contender.coef_per_sd.tolist()
            columns[f"{contender.slug}_effect"] = self.effect(contender)
        return columns

    def effect(self, contender: Contender) -> list[str]:
        """Return what a penalty did to each coefficient, compared with least squares.

        Levels of text columns are not compared: least squares has differences from the base level.
        """
        words = np.where(contender.coef == 0.0, "exactly zero", "not shrunk").astype(object)
        least_squares = self.contenders[0]
        if math.isnan(contender.l1_ratio):
            words[self.base_levels] = "base level"
        elif math.isnan(least_squares.l1_ratio):
            words[np.abs(contender.coef) < np.abs(least_squares.coef)] = "shrunk"
            words[self.is_level] = "other coding"
            words[contender.coef == 0.0] = "exactly zero"
        return [str(word) for word in words]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values that JSON can hold; NaN becomes None.

        `coef` and `coef_per_sd` list the features that are not exactly zero.
        """
        from shrinkage.comparison.export import as_dict

        return as_dict(self)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write `comparison.json`, `coefficients.csv` and a picture of each path.

        The pictures are `path-ridge.svg`, `path-elastic-net-0.1.svg`, ..., `path-lasso.svg`.
        All files appear together, or none does.

        Raises
        ------
        MissingDependencyError
            Without matplotlib, which the extra `plot` brings.
        ArgumentError
            If `directory` is a file, or can't be written to.
        """
        from shrinkage.comparison.export import as_csv
        from shrinkage.comparison.pictures import check_pictures, path_svg

        check_pictures("comparison.save")
        target = check_directory("directory", directory)
        contents = {
            "comparison.json": json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n",
            "coefficients.csv": as_csv(self.coef_table()),
        }
        for contender in self.contenders:
            if contender.curve is not None:
                contents[f"path-{contender.slug}.svg"] = path_svg(
                    contender, contender.curve, self.feature_names, self.target_name
                )
        write_together(target, contents)
