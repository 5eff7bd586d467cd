"""What estimators of a number predict, and how their predictions are scored."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.base import RegressorMixin

from shrinkage._typing import ArrayLike, FloatArray
from shrinkage._validate import as_numbers
from shrinkage.estimators.base import LinearModel
from shrinkage.estimators.deviance import deviance_ratio


class LeastSquaresModel(RegressorMixin, LinearModel):
    """Base of the estimators of the Gaussian family."""

    intercept_: float

    def predict(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Predict the mean of y, in its unit: X coef + intercept + offset.

        Parameters
        ----------
        X : array, scipy.sparse matrix or data frame of shape (n, n_features)
            The columns of `fit`. In a data frame they are found by name, in any order.
        offset : array-like of shape (n,), optional
            Known part of the prediction, in units of y. Needed where `fit` had one.
        unseen : {"error", "base"}, default "error"
            For text columns: what to do with a level that `fit` did not see. "base" treats the
            row as having none of the levels.
        extra : {"error", "ignore"}, default "error"
            What to do with columns of a data frame that `fit` did not see.

        Returns
        -------
        ndarray of shape (n,)
            float64.
        """
        return self._predictor(X, offset, unseen, extra)

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return R^2 of the predictions: 1 is perfect, 0 no better than the mean of y.

        Parameters
        ----------
        X, offset
            As in `predict`.
        y : array-like of shape (n,)
        sample_weight : array-like of shape (n,), optional
            Weights >= 0.
        """
        from sklearn.metrics import r2_score

        predicted = self.predict(X, offset)
        return float(r2_score(y, predicted, sample_weight=sample_weight))


class GeneralizedModel(RegressorMixin, LinearModel):
    """Base of the estimators whose mean is a function of the linear predictor."""

    def predict(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Predict the mean of y.

        Parameters
        ----------
        X : array, scipy.sparse matrix or data frame of shape (n, n_features)
            The columns of `fit`. In a data frame they are found by name, in any order.
        offset : array-like of shape (n,), or (n, K) for K classes, optional
            Known part of the linear predictor, for counts the logarithm of the exposure. Needed
            where `fit` had one.
        unseen : {"error", "base"}, default "error"
            For text columns: what to do with a level that `fit` did not see. "base" treats the
            row as having none of the levels.
        extra : {"error", "ignore"}, default "error"
            What to do with columns of a data frame that `fit` did not see.

        Returns
        -------
        ndarray of shape (n,), or (n, K) for K classes
            float64.
        """
        eta = self.predict_linear(X, offset, unseen=unseen, extra=extra)
        return self._family().mean(eta)

    def predict_linear(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the linear predictor X coef + intercept + offset, shaped as the mean.

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`, which returns the mean that belongs to it.
        """
        return self._predictor(X, offset, unseen, extra)

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return the share of the deviance that the predictions explain.

        1 is perfect, 0 no better than the best intercept with the same offset. Where that
        already is perfect, as for counts that are all 0, the score is 0.

        Parameters
        ----------
        X, offset
            As in `predict`.
        y : array-like of shape (n,), or (n, K)
            As in `fit`.
        sample_weight : array-like of shape (n,), optional
            Weights >= 0.
        """
        eta = self.predict_linear(X, offset)
        return deviance_ratio(self._family(), y, eta, sample_weight, offset)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: X may be sparse, counts are not negative."""
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self._family().name == "poisson"
        return tags

    def _target(self, y: ArrayLike) -> FloatArray:
        # Shares of several classes are a matrix; the family checks what is in it.
        if self._family().name == "multinomial" and np.ndim(y) == 2:
            return np.asarray(as_numbers("y", y), dtype=np.float64)
        return super()._target(y)
