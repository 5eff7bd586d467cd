"""What all estimators share: reading X, reporting and saving."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted, validate_data

from shrinkage import errors
from shrinkage._typing import AnyArray, ArrayLike, FloatArray, PerFeature
from shrinkage._validate import check_flag, check_offset, check_target
from shrinkage.design import FrameEncoder, Matrix, as_matrix, column_names, is_frame
from shrinkage.errors import ArgumentError
from shrinkage.estimators.coef_table import ClassTable, CoefTable
from shrinkage.estimators.summary import Report
from shrinkage.families import Family, Gaussian
from shrinkage.solve import Path, Problem, Settings, Status, linear_predictor, make_problem
from shrinkage.solve.result import CORE_STATUS


@dataclass(frozen=True, eq=False)
class Training:
    """What reports and the model file say about the data of a fit.

    Attributes
    ----------
    n_rows : int
        Rows of positive weight.
    total_weight : float
        Sum of the weights; the number of rows without weights.
    target_spread : float
        Weighted standard deviation of y (Gaussian: of y - offset), about 0 without an intercept;
        of several classes the root of the sum of their squares.
    spreads : ndarray of shape (n_columns,)
        Weighted standard deviation of each column about its mean.
    """

    n_rows: int
    total_weight: float
    target_spread: float
    spreads: FloatArray


class LinearModel(BaseEstimator):
    """Base of the estimators of the objective in docs/objective.md."""

    fit_intercept: bool
    standardize: bool
    positive: bool
    penalty_factor: PerFeature | None
    lower: PerFeature | None
    upper: PerFeature | None
    settings: Settings | None

    coef_: FloatArray
    intercept_: float | FloatArray
    n_features_in_: int
    feature_names_in_: AnyArray
    status_: Status
    dual_gap_: float
    kkt_violation_: float
    n_iter_: int
    alpha_max_: float
    deviance_ratio_: float
    path_: Path

    _df: float | None
    _position: int
    _encoder: FrameEncoder | None
    _training: Training

    def _predictor(
        self,
        X: Any,
        offset: ArrayLike | None,
        unseen: str = "error",
        extra: str = "error",
    ) -> FloatArray:
        """Return X coef + intercept + offset for new rows."""
        check_is_fitted(self, "coef_")
        matrix = self._read_again(X, unseen, extra)
        eta = linear_predictor(matrix, *self._line())
        known = check_offset(offset, *eta.shape)
        return eta if known is None else eta + known

    def _line(self) -> tuple[FloatArray, FloatArray | float]:
        """Return coefficients and intercept: (n_columns,) and a number, or (K, n_columns), (K,)."""
        return self.coef_, self.intercept_

    def _set_line(self, coef: FloatArray, intercept: FloatArray | float) -> None:
        """Set `coef_` and `intercept_`."""
        self.coef_, self.intercept_ = coef, intercept

    def _family(self) -> Family:
        """Return the distribution of y."""
        return Gaussian()

    def _meaning(self) -> str | None:
        """Return what the linear predictor is, None where it is the mean of y."""
        return {
            "binomial": "log odds of y = intercept + sum of coefficient times feature",
            "poisson": "log of the mean of y = intercept + sum of coefficient times feature",
            "multinomial": "log share of each class, but for a number common to all = "
            "intercept + sum of coefficient times feature",
        }.get(self._family().name)

    def _target(self, y: ArrayLike) -> FloatArray:
        """Return the response of `fit` as numbers."""
        return check_target(y)

    def _known_part(self, offset: ArrayLike | None, target: FloatArray) -> ArrayLike | None:
        """Return the offset of `fit` as the family has it."""
        return offset

    def _row_weights(self, target: FloatArray, sample_weight: ArrayLike | None) -> ArrayLike | None:
        """Return the weights of the rows of `fit`."""
        return sample_weight

    @property
    def coef_names_(self) -> tuple[str, ...]:
        """Name of each entry of `coef_`: "x0", "x1", ... where X had no names."""
        check_is_fitted(self, "coef_")
        if self._encoder is not None:
            return self._encoder.names_out
        return tuple(f"x{j}" for j in range(self._line()[0].shape[-1]))

    @property
    def df_(self) -> float:
        """Effective degrees of freedom, the intercept not counted; computed when asked for."""
        check_is_fitted(self, "coef_")
        if self._df is None:
            self._df = self.path_.solution(self._position).df
        return self._df

    @property
    def levels_(self) -> dict[str, tuple[str, ...]]:
        """Levels of each text column of the fitted frame, sorted; empty where there was none."""
        check_is_fitted(self, "coef_")
        return {} if self._encoder is None else self._encoder.levels

    def coef_table(self) -> CoefTable | ClassTable:
        """Return names with coefficients in original units and per standard deviation.

        A `ClassTable` where each of several classes has coefficients.
        """
        check_is_fitted(self, "coef_")
        coef, intercept = self._line()
        known = (self.coef_names_, coef, coef * self._training.spreads, intercept)
        return (
            CoefTable(*known)
            if coef.ndim == 1
            else ClassTable(*known, tuple(map(str, self._labels())))
        )

    def _labels(self) -> list[Any]:
        """Return the classes, where each has coefficients of its own."""
        labels = getattr(self, "classes_", np.arange(self._line()[0].shape[0]))
        return list(labels.tolist())

    def summary(self) -> str:
        """Return a report of the fit: strength in every dialect, certificate, coefficients."""
        return self._report().text()

    def save(self, path: str | os.PathLike[str]) -> FilePath:
        """Write the fitted model to one JSON file, for `shrinkage.load`.

        The file is written beside its place and renamed when complete. It holds what
        predictions and `summary()` need, and no training row.

        Parameters
        ----------
        path : str or path-like
            For example "model.json". An existing file is replaced.

        Returns
        -------
        pathlib.Path
            Where the model is.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ArgumentError
            If the file can't be written.
        """
        from shrinkage.estimators.model_file import write

        check_is_fitted(self, "coef_")
        return write(self, path)

    def _repr_html_(self) -> str:
        # A notebook shows scikit-learn's diagram before fit, and the result after it.
        if not hasattr(self, "coef_"):
            return str(estimator_html_repr(self))
        return self._report().html()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: X may be sparse, y is one column."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _report(self) -> Report:
        check_is_fitted(self, "coef_")
        return Report.of(self)

    def _choice_lines(self) -> list[str]:
        """Return what the summary says about how alpha was chosen."""
        return []

    def _penalty(self) -> tuple[float, float]:
        """Return (alpha, l1_ratio) of the fitted coefficients."""
        raise NotImplementedError

    def _problem(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
        l1_ratio: float,
    ) -> Problem:
        """Read the data of `fit` and return what is to be solved."""
        # A fit that fails must not leave the coefficients of an old one with its own columns.
        self.__dict__.pop("coef_", None)
        target = self._target(y)
        matrix = self._read(X)
        weights = self._row_weights(target, sample_weight)
        lower = self.lower
        if check_flag("positive", self.positive):
            if lower is not None:
                raise ArgumentError.must_be("lower", "left out with positive=True", lower)
            lower = 0.0
        return make_problem(
            matrix,
            target,
            family=self._family(),
            l1_ratio=l1_ratio,
            sample_weight=weights,
            offset=self._known_part(offset, target),
            penalty_factor=self._by_column(self.penalty_factor),
            lower=self._by_column(lower),
            upper=self._by_column(self.upper),
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
        )

    def _read(self, X: Any) -> Matrix:
        """Read X of `fit`; sets what is known of its columns."""
        if not is_frame(X):
            matrix = as_matrix(X, min_rows=2)
            self._encoder = None
            if type(X) is np.ndarray:  # no names to look for
                self.n_features_in_ = X.shape[1]
                self.__dict__.pop("feature_names_in_", None)
            else:
                validate_data(self, X, skip_check_array=True)
            return matrix
        encoder = FrameEncoder().fit(X)
        matrix = as_matrix(encoder.transform(X), names=encoder.names_out, min_rows=2)
        self._encoder = encoder
        self.n_features_in_ = len(encoder.names_in)
        if column_names(X) is not None:
            self.feature_names_in_ = np.array(encoder.names_in, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return matrix

    def _read_again(self, X: Any, unseen: Any, extra: Any) -> Matrix:
        """Read X of `predict`, whose columns have to be those of `fit`."""
        encoder = self._encoder
        if encoder is not None and is_frame(X):
            numbers = encoder.transform(X, unseen=unseen, extra=extra)
            return as_matrix(numbers, names=encoder.names_out)
        if encoder is not None and encoder.levels:
            raise ArgumentError.must_be("X", "a data frame, as in fit: it had text columns", X)
        matrix = as_matrix(X)
        if matrix.shape[1] != self.n_features_in_:
            name = type(self).__name__
            raise errors.feature_count(name, matrix.shape[1], self.n_features_in_)
        # A dict of columns is a data frame that scikit-learn does not know.
        known = matrix.source if isinstance(X, Mapping) else X
        validate_data(self, known, reset=False, skip_check_array=True)
        return matrix

    def _by_column(self, values: PerFeature | None) -> PerFeature | None:
        """Let an entry for a text column stand for each of its levels."""
        encoder = self._encoder
        if encoder is None or not isinstance(values, Mapping):
            return values
        spread: dict[str, float] = {}
        for name, value in values.items():
            places = encoder.sources.get(name)
            names = [name] if places is None else [encoder.names_out[j] for j in places]
            spread.update(dict.fromkeys(names, value))
        return spread

    def _keep(self, path: Path, k: int, training: Training) -> Self:
        """Take over point number k of the path."""
        self.path_ = path
        intercept = path.intercepts[k]
        several = np.ndim(intercept) > 0
        self._set_line(
            path.points.coef(k, path.n_features), intercept if several else float(intercept)
        )
        self.n_iter_ = int(path.n_rounds[k])
        self.dual_gap_ = float(path.dual_gap[k])
        self.kkt_violation_ = float(path.kkt_violation[k])
        self.status_ = CORE_STATUS[path.points.status[k]]
        self.alpha_max_ = path.alpha_max
        self.deviance_ratio_ = path.deviance_ratio_of(k)
        self._position, self._df = k, None
        self._training = training
        return self


def training_of(problem: Problem, path: Path, row_weights: ArrayLike | None) -> Training:
    """Return what reports say about the data of a fit."""
    y, weights = problem.y, problem.weights
    n = y.shape[0]
    centre: Any = 0.0
    if problem.fit_intercept:  # sums, not products: waking the threads of BLAS takes longer
        centre = y.sum(axis=0) / n if weights is None else (weights * y.T).sum(axis=-1)
    squares = (y - centre) ** 2
    if weights is not None:
        squares = (squares.T * weights).T
    variance = squares.sum() / (n if weights is None else 1.0)
    total = n if row_weights is None else np.asarray(row_weights, dtype=np.float64).sum()
    return Training(
        n_rows=problem.n_effective,
        total_weight=float(total),
        target_spread=math.sqrt(variance),
        spreads=path.spread,
    )
