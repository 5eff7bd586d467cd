"""One model of a comparison, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shrinkage._typing import FloatArray
from shrinkage.comparison.calibration import Calibration
from shrinkage.comparison.held_out import ByFold
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
        Cross-validated mean deviance (Gaussian: mean squared error) with its standard error, and
        that of the rows that each fold was fitted to.
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
        NaN without a penalty.
    alpha, alpha_1se : float
        Strength with the lowest held-out error, and the largest one within a standard error of
        it (NaN without a penalty).
    coef, coef_per_sd : ndarray of shape (n_features,), for several classes (n_classes, n_features)
        In original units, and the change of the linear predictor (Gaussian: of `y`) for one
        standard deviation of the feature.
    intercept : float, for several classes ndarray of shape (n_classes,)
    n_nonzero, n_nonzero_1se : int
        Features kept at `alpha` and at `alpha_1se`, of several classes in any of these.
    training_error, held_out_error, held_out_se : float
        Mean deviances (Gaussian: mean squared errors) at `alpha`. The held-out one is slightly
        too good: the same folds chose `alpha`.
    fold_errors : ndarray of shape (n_folds,)
    difference, difference_se : float
        Mean over the folds of the held-out error less that of the best contender, and the
        standard error of that difference; both 0 for the best.
    dual_gap : float
        Certified distance of the fit from the optimum, relative to the null model's loss.
    status : Status
        How the solver or the choice of alpha ended.
    curve : Curve or None
        None without a penalty.
    oof_predict : ndarray of shape (n_samples,) or (n_samples, n_classes), or None
        Mean predicted for each row by the fold that holds it out, for two classes the
        probability of the second; NaN where none does. None for the Gaussian family, like what
        follows from it.
    measures : dict of str to ByFold
        Of these predictions on each fold: "auc", "log_loss", "brier", "misclassification" of
        classifiers, "deviance_explained", "mean_absolute_error" of counts.
    calibration : Calibration or None
    confusion : ndarray of shape (n_classes, n_classes) or None
        Weight of the rows of each class (rows) predicted as each class (columns).
    """

    name: str
    slug: str
    l1_ratio: float
    alpha: float
    alpha_1se: float
    coef: FloatArray
    coef_per_sd: FloatArray
    intercept: float | FloatArray
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
    oof_predict: FloatArray | None
    measures: dict[str, ByFold]
    calibration: Calibration | None
    confusion: FloatArray | None

    @property
    def size(self) -> FloatArray:
        """Size of each feature's coefficient per standard deviation, of shape (n_features,).

        Of several classes the length of the vector of these.
        """
        size = np.abs(self.coef_per_sd)
        return size if size.ndim == 1 else np.sqrt(np.sum(size**2, axis=0))

    @property
    def is_penalised(self) -> bool:
        """Whether there is a penalty."""
        return not math.isnan(self.l1_ratio)
