"""What classifiers predict, of two classes and of more."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin

from shrinkage._typing import AnyArray, ArrayLike, FloatArray
from shrinkage._validate import check_choice, check_vector
from shrinkage.errors import describe
from shrinkage.estimators.base import LinearModel
from shrinkage.estimators.classes import (
    ClassWeight,
    read_labels,
    two_classes,
    weights_of_rows,
)
from shrinkage.families import Binomial, Family, Multinomial

BY_CLASSES = "auto"
_CHOICES = (BY_CLASSES, Binomial.name, Multinomial.name)


class Classifier(ClassifierMixin, LinearModel):
    """Base of the classifiers, with coefficients in the shape of scikit-learn.

    Two classes have one row of coefficients, those of the log odds, whatever the family.
    """

    family: str | Family
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
        """Return X coef + intercept + offset.

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.

        Returns
        -------
        ndarray of shape (n,) for two classes, (n, K) for more
            The log odds of `classes_[1]`; for more classes the logarithms of the probabilities
            of `classes_`, but for a number that all of a row have in common.
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
        """Predict the most probable class; of equally probable ones the first of `classes_`.

        Parameters
        ----------
        X : array, scipy.sparse matrix or data frame of shape (n, n_features)
            The columns of `fit`. In a data frame they are found by name, in any order.
        offset : array-like of shape (n,), or (n, K) for more than two classes, optional
            Known part of the log odds, or of the linear predictor of each class. Needed where
            `fit` had one.
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
        eta = self._predictor(X, offset, unseen, extra)
        best = eta > 0.0 if eta.ndim == 1 else eta.argmax(axis=1)
        return np.asarray(self.classes_[best.astype(np.intp)])

    def predict_proba(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the probability of each of `classes_`, of shape (n, K).

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.
        """
        eta = self._predictor(X, offset, unseen, extra)
        if eta.ndim == 2:
            return np.asarray(softmax(eta, axis=1))
        return np.column_stack([expit(-eta), expit(eta)])

    def predict_log_proba(
        self,
        X: Any,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "base"] = "error",
        extra: Literal["error", "ignore"] = "error",
    ) -> FloatArray:
        """Return the logarithms of `predict_proba`, finite for any linear predictor.

        Parameters
        ----------
        X, offset, unseen, extra
            As in `predict`.
        """
        eta = self._predictor(X, offset, unseen, extra)
        if eta.ndim == 2:
            return np.asarray(log_softmax(eta, axis=1))
        return np.column_stack([log_expit(-eta), log_expit(eta)])

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
        """Return scikit-learn's tags: X may be sparse, classes are two or more."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = _name_of(self.family) != Binomial.name
        return tags

    def _family(self) -> Family:
        name = _name_of(self.family)
        if name == BY_CLASSES:
            several = np.size(getattr(self, "classes_", ())) > 2
            name = Multinomial.name if several else Binomial.name
        return Binomial() if name == Binomial.name else Multinomial()

    def _meaning(self) -> str:
        words = "intercept + sum of coefficient times feature"
        if self.classes_.size > 2:
            return f"log probability of each class, but for a number common to all = {words}"
        other, label = (describe(label) for label in self.classes_)
        return f"log odds of {label} against {other} = {words}"

    def _target(self, y: ArrayLike) -> FloatArray:
        name = check_choice("family", _name_of(self.family), _CHOICES)
        if name == Binomial.name:
            self.classes_, target = two_classes(y)
            return target
        self.classes_, codes = read_labels(y)
        if self._family().name == Binomial.name:
            return codes.astype(np.float64)
        return np.asarray(codes[:, None] == np.arange(self.classes_.size), dtype=np.float64)

    def _known_part(self, offset: ArrayLike | None, target: FloatArray) -> ArrayLike | None:
        # Two classes have an offset of the log odds, also where each has coefficients of its own.
        if offset is None or target.shape[1:] != (2,):
            return offset
        known = check_vector("offset", offset, target.shape[0])
        return np.column_stack([np.zeros_like(known), known])

    def _row_weights(self, target: FloatArray, sample_weight: ArrayLike | None) -> ArrayLike | None:
        return weights_of_rows(self.class_weight, self.classes_, target, sample_weight)

    def _line(self) -> tuple[FloatArray, FloatArray | float]:
        if self.coef_.shape[0] > 1:
            return self.coef_, self.intercept_
        return self.coef_[0], float(self.intercept_[0])

    def _set_line(self, coef: FloatArray, intercept: FloatArray | float) -> None:
        if coef.shape[0] == 2 and coef.ndim == 2:  # what makes the log odds of the second class
            coef, intercept = np.diff(coef, axis=0), np.diff(intercept)
        self.coef_, self.intercept_ = np.atleast_2d(coef), np.atleast_1d(intercept)


def _name_of(family: str | Family) -> str:
    return family.name if isinstance(family, Family) else family
