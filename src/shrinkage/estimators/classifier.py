"""What classifiers of two classes predict."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import expit, log_expit
from sklearn.base import ClassifierMixin

from shrinkage._typing import AnyArray, ArrayLike, FloatArray
from shrinkage.errors import describe
from shrinkage.estimators.base import LinearModel
from shrinkage.estimators.classes import ClassWeight, two_classes, weights_of_rows
from shrinkage.families import Binomial, Family


class BinaryClassifier(ClassifierMixin, LinearModel):
    """Base of the classifiers of two classes, with coefficients in the shape of scikit-learn."""

    class_weight: ClassWeight

    classes_: AnyArray
    coef_: FloatArray
    intercept_: FloatArray

    def decision_function(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the log odds of `classes_[1]`: X coef + intercept + offset, of shape (n,).

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.
        """
        return self._predictor(X, offset, unseen, extra)

    def predict_linear(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the linear predictor, another name of `decision_function`.

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.
        """
        return self._predictor(X, offset, unseen, extra)

    def predict(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> AnyArray:
        """Predict the class that is more probable; for equal odds `classes_[0]`.

        Parameters
        ----------
        X : array, scipy.sparse matrix or data frame of shape (n, n_features)
            The columns of `fit`. In a data frame they are found by name, in any order.
        offset : array-like of shape (n,), optional
            Known part of the log odds. Needed where `fit` had one.
        unseen : {"error", "base"}, default "error"
            For text columns: what to do with a level that `fit` did not see. "base" treats the
            row as having none of the levels.
        extra : {"error", "ignore"}, default "error"
            What to do with columns of a data frame that `fit` did not see.

        Returns
        -------
        ndarray of shape (n,)
            Entries of `classes_`.
        """
        odds = self._predictor(X, offset, unseen, extra)
        return np.asarray(self.classes_[(odds > 0.0).astype(np.intp)])

    def predict_proba(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the probability of each of `classes_`, of shape (n, 2).

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.
        """
        odds = self._predictor(X, offset, unseen, extra)
        return np.column_stack([expit(-odds), expit(odds)])

    def predict_log_proba(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the logarithms of `predict_proba`, finite for any log odds.

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.
        """
        odds = self._predictor(X, offset, unseen, extra)
        return np.column_stack([log_expit(-odds), log_expit(odds)])

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return the accuracy: the share of rows whose class is predicted.

        Parameters
        ----------
        X, offset
            As in `predict`.
        y : array-like of shape (n,)
            Labels.
        sample_weight : array-like of shape (n,), optional
            Weights >= 0.
        """
        from sklearn.metrics import accuracy_score

        predicted = self.predict(X, offset)
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: two classes, X may be sparse."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _family(self) -> Family:
        return Binomial()

    def _meaning(self) -> str:
        other, label = (describe(label) for label in self.classes_)
        return f"log odds of {label} against {other} = intercept + sum of coefficient times feature"

    def _target(self, y: ArrayLike) -> FloatArray:
        self.classes_, target = two_classes(y)
        return target

    def _row_weights(self, target: FloatArray, sample_weight: ArrayLike | None) -> ArrayLike | None:
        return weights_of_rows(self.class_weight, self.classes_, target, sample_weight)

    def _line(self) -> tuple[FloatArray, float]:
        return self.coef_[0], float(self.intercept_[0])

    def _set_line(self, coef: FloatArray, intercept: float) -> None:
        self.coef_, self.intercept_ = coef[None, :], np.array([intercept])
