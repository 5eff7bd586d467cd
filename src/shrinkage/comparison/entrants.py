"""What takes part in a comparison: each model, fitted on the folds that all share."""

from __future__ import annotations

import logging
import math
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shrinkage import errors
from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage.comparison.calibration import calibration_of
from shrinkage.comparison.contender import Contender, Curve
from shrinkage.comparison.held_out import ByFold, HeldOutRows, confusion_table, measured
from shrinkage.comparison.target import CLASSIFIERS, Target
from shrinkage.errors import ArgumentError, DataWarning, Phrase
from shrinkage.select.crossval import CrossValidation, cross_validate
from shrinkage.select.curves import mean_and_se
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.folds import Splits
from shrinkage.solve import Problem, Settings, Status
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.elastic_net import solve_path
from shrinkage.solve.settings import check_settings

LEAST_SQUARES, UNPENALISED = "OLS", "unpenalised"
# A classifier that leaves less of the deviance fits its rows perfectly.
_PERFECT = 1e-6
_INFINITE = (
    "without a penalty the features fit the rows, or those of a fold, ever better as the "
    "coefficients grow, so no finite ones are best."
)

_log = logging.getLogger("shrinkage")


@dataclass(frozen=True, eq=False)
class NullModel:
    """The model without features.

    Attributes
    ----------
    error, se : float
        Held-out mean deviance (Gaussian: mean squared error) and its standard error.
    fold_errors : ndarray of shape (n_folds,)
    measures : dict of str to ByFold
    """

    error: float
    se: float
    fold_errors: FloatArray
    measures: dict[str, ByFold]


class Entrants:
    """The problem and the folds that all contenders share; what was read from X is kept.

    Parameters
    ----------
    problem : Problem
    target : Target
    splits : Splits
    total : float
        Sum of the weights of the rows; their number without weights.
    settings : Settings or None
    """

    def __init__(
        self,
        problem: Problem,
        target: Target,
        splits: Splits,
        total: float,
        settings: Settings | None,
    ) -> None:
        self.problem = problem
        self.splits = splits
        self._settings = check_settings(settings)
        self._opened = FoldSolver(problem, splits, self._settings)
        self._mentioned = False
        n = problem.y.shape[0]
        weights = np.full(n, 1.0 / n) if problem.weights is None else problem.weights
        self.rows = HeldOutRows(
            problem.family,
            problem.response,
            target.classes,
            weights,
            total,
            splits.held_out_in(),
            splits.n_folds,
        )
        self.fold_weights = np.array([weights[held_out].sum() for _, held_out in splits])
        self.null = self._null_model()

    @property
    def unpenalised_name(self) -> str:
        """What the model without a penalty is called."""
        return LEAST_SQUARES if self.problem.is_gaussian else UNPENALISED

    def penalised(self, name: str, l1_ratio: float, alphas: int | ArrayLike) -> Contender:
        """Return a penalty at the alpha that its folds chose."""
        _log.info("%s: %d folds", name, self.splits.n_folds)
        found = cross_validate(
            self.problem,
            self.splits,
            alphas=alphas,
            l1_ratios=(l1_ratio,),
            settings=self._settings,
            opened=self._opened,
        )
        if not self._mentioned:
            mention_columns(self.problem.matrix, found.path.spread)
            self._mentioned = True
        return self._contender(name, found)

    def unpenalised(self, commonest: IndexArray) -> tuple[list[Contender], list[str]]:
        """Return the model without a penalty if it has an answer, and what to say about it.

        Parameters
        ----------
        commonest : ndarray
            Columns to leave out, for they are the sum of others.
        """
        name, problem = self.unpenalised_name, self.problem
        n, p = problem.n_effective, problem.matrix.shape[1] - commonest.size
        if n <= p:
            return [], [f"{name} is left out: {p} features, but only {n} rows."]
        opened = self._opened
        if commonest.size:
            factor = np.ones(problem.matrix.shape[1])
            factor[commonest] = math.inf
            problem = replace(problem, penalty_factor=factor)
            opened = FoldSolver(problem, self.splits, self._settings)
        _log.info("%s: %d folds", name, self.splits.n_folds)
        found = self._without_penalty(problem, opened)
        if isinstance(found, str):
            return [], [f"{name} is left out: {found}"]
        made = self._contender(name, found)
        made = replace(made, l1_ratio=math.nan, alpha_1se=math.nan, curve=None)
        if made.status is not Status.SINGULAR:
            return [made], []
        return [made], [
            f"{name} has more than one solution, for some features are combinations of others; "
            "shown is the one of minimum norm."
        ]

    def _without_penalty(self, problem: Problem, opened: FoldSolver) -> CrossValidation | str:
        """Return the model without a penalty on the folds, or why there is none.

        Of the Gaussian family there always is one.
        """
        with warnings.catch_warnings():
            if not problem.is_gaussian:
                warnings.simplefilter("error", errors.ConvergenceWarning)
                warnings.simplefilter("ignore", DataWarning)  # said of the first penalty
            try:
                # One fit tells of most cases, before those of the folds.
                if not problem.is_gaussian:
                    path = solve_path(problem.with_l1_ratio(0.0), [0.0], settings=self._settings)
                    if self._is_perfect(1.0 - float(path.deviance_ratio[0])):
                        return _INFINITE
                found = cross_validate(
                    problem,
                    self.splits,
                    alphas=[0.0],
                    l1_ratios=(0.0,),
                    settings=self._settings,
                    opened=opened,
                )
            except errors.ConvergenceWarning as warning:  # named here, for it imports scikit-learn
                hint = str(warning).partition("Hint: ")[2]
                is_separated = hint.startswith(Status.SEPARATED.value)
                return _INFINITE if is_separated else f"it did not converge. {hint}"
        left = float(found.train_errors.min()) / max(self.null.error, 1e-300)
        return _INFINITE if self._is_perfect(left) else found

    def _is_perfect(self, left: float) -> bool:
        """Return whether a classifier leaves nothing of the deviance, but for rounding."""
        return self.problem.family.name in CLASSIFIERS and left < _PERFECT

    def _contender(self, name: str, found: CrossValidation) -> Contender:
        path, k = found.path, found.index[1]
        coef = path.points.coef(k, path.n_features)
        fold_errors = found.fold_errors[0, :, k]
        return Contender(
            name=name,
            slug=name.lower().replace(" ", "-"),
            l1_ratio=found.l1_ratio,
            alpha=found.alpha,
            alpha_1se=found.alpha_1se,
            coef=coef,
            coef_per_sd=coef * path.spread,
            intercept=_plain(path.intercepts[k]),
            n_nonzero=int(path.n_nonzero[k]),
            n_nonzero_1se=int(path.n_nonzero[found.one_se_index[1]]),
            training_error=float(found.train_mean[0, k]),
            held_out_error=float(found.cv_mean[0, k]),
            held_out_se=float(found.cv_se[0, k]),
            fold_errors=fold_errors,
            difference=0.0,
            difference_se=0.0,
            dual_gap=float(path.dual_gap[k]),
            status=found.status if found.status is Status.GRID_EDGE else path.status[k],
            curve=Curve(
                path, found.cv_mean[0], found.cv_se[0], found.train_mean[0], found.paired_se[0]
            ),
            **self._held_out(found, fold_errors),
        )

    def _held_out(self, found: CrossValidation, fold_errors: FloatArray) -> dict[str, Any]:
        """Return what there is to say of the predictions for rows that a fold holds out."""
        rows = self.rows
        if self.problem.is_gaussian:  # the mean squared error says it all
            return {"oof_predict": None, "measures": {}, "calibration": None, "confusion": None}
        mean = found.oof_predict
        return {
            "oof_predict": mean,
            "measures": measured(rows, mean, fold_errors, self.null.fold_errors),
            "calibration": calibration_of(rows, mean),
            "confusion": confusion_table(rows, mean) if rows.is_classified else None,
        }

    def _null_model(self) -> NullModel:
        """Return the errors of a model without features, fitted on the folds."""
        problem, weights = self.problem, self.rows.weights
        family, y = problem.family, problem.y
        offset = (
            np.zeros(y.shape) if problem.is_gaussian or problem.offset is None else problem.offset
        )
        mean, deviances = np.full(y.shape, np.nan), []
        for fold, (training, held_out) in enumerate(self.splits):
            training = training[weights[training] > 0.0]
            if family.name in CLASSIFIERS:
                _refuse_absent_classes(self.rows, training, fold)
            elif family.name == "poisson" and not y[training].any():
                got = Phrase(f"only zeros in that of fold {fold}")
                raise ArgumentError.must("cv", "leave positive counts in each training set", got)
            intercept = family.null_intercept(y[training], weights[training], offset[training])
            eta = offset[held_out] + intercept
            loss = family.loss(y[held_out], eta)
            deviances.append(2.0 * np.average(loss, weights=weights[held_out]))
            mean[held_out] = family.mean(eta)
        fold_errors = np.array(deviances)
        average, se = mean_and_se(fold_errors[:, None], self.fold_weights)
        return NullModel(
            float(average[0]),
            float(se[0]),
            fold_errors,
            measured(self.rows, mean, fold_errors, fold_errors),
        )


def against_best(contenders: list[Contender], fold_weights: FloatArray) -> list[Contender]:
    """Return the contenders with their paired differences to the best one."""
    best = min(contenders, key=lambda contender: contender.held_out_error)
    compared = []
    for contender in contenders:
        with np.errstate(invalid="ignore"):  # infinite ones have no difference
            apart = contender.fold_errors - best.fold_errors
        mean, se = mean_and_se(apart[:, None], fold_weights)
        compared.append(replace(contender, difference=float(mean[0]), difference_se=float(se[0])))
    return compared


def _plain(intercept: float | FloatArray) -> float | FloatArray:
    return np.array(intercept) if np.ndim(intercept) else float(intercept)


def _refuse_absent_classes(rows: HeldOutRows, training: IndexArray, fold: int) -> None:
    absent = np.flatnonzero(~rows.shares[training].any(axis=0))
    if not absent.size:
        return
    of_class = np.count_nonzero(rows.shares[rows.weights > 0.0, absent[0]])
    got = Phrase(f"no row of class {rows.labels[absent[0]]!r} in that of fold {fold}")
    hint = "fewer folds, or cv=StratifiedKFold() of scikit-learn"
    if of_class == 1:
        hint = "a class of one row can't be held out: leave it out, or join it to another"
    raise ArgumentError.must("cv", "leave rows of every class in each training set", got, hint)
