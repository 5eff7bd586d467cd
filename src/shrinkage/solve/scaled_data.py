"""The data as the judge sees them: plain NumPy, every column centred explicitly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, lsmr

from shrinkage._typing import AnyArray, ArrayLike, BoolArray, FloatArray
from shrinkage.families import Family

# Columns that are widened to float64 at a time.
BLOCK = 256


class ScaledColumns:
    """Columns times sqrt(weight), centred and scaled a block at a time, never all at once.

    Rows of weight 0 are left out; `kept` says which stay.
    """

    def __init__(
        self, X: Any, sample_weight: ArrayLike | None, fit_intercept: bool, standardize: bool
    ) -> None:
        self.is_sparse = sparse.issparse(X)
        X = X.tocsc() if self.is_sparse else np.asarray(X)
        n, self.n_features = X.shape
        weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, float)
        self.kept = weight > 0
        if not self.kept.all():
            X, weight = X[self.kept], weight[self.kept]
        self.X = X
        self.fit_intercept = fit_intercept
        self.weight = weight / weight.sum()
        self.root = np.sqrt(self.weight)
        mean, spread, size = self._moments()
        flat = spread <= 1e-13 * size
        if standardize:
            self.scale = np.where(flat, 0.0, spread)
        else:
            self.scale = np.where(flat if fit_intercept else size == 0, 0.0, 1.0)
        self.mean = mean if fit_intercept else np.zeros_like(mean)
        self.inverse = np.where(self.scale > 0, 1.0 / np.where(self.scale > 0, self.scale, 1), 0.0)

    def _moments(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return mean (extended precision), deviation about it and largest size per column."""
        p = self.n_features
        mean = np.zeros(p, dtype=np.longdouble)
        spread, size = np.zeros(p), np.zeros(p)
        for j in range(p) if self.is_sparse else range(0, p, BLOCK):
            if self.is_sparse:
                stored = slice(self.X.indptr[j], self.X.indptr[j + 1])
                values = self.X.data[stored].astype(float)
                weight = self.weight[self.X.indices[stored]]
                here: slice | int = j
            else:
                here = slice(j, j + BLOCK)
                values, weight = self.X[:, here].astype(float), self.weight
            if not values.size:
                continue
            rough = weight @ values
            centred = values - rough
            absent = max(1.0 - float(weight.sum()), 0.0)
            shift = weight @ centred - (absent * rough if self.is_sparse else 0.0)
            mean[here] = np.longdouble(rough) + shift.astype(np.longdouble)
            square = weight @ (centred - shift) ** 2
            if self.is_sparse:
                square += absent * (rough + shift) ** 2
            spread[here] = np.sqrt(square)
            size[here] = np.max(np.abs(values), axis=0)
        return mean, spread, size

    def columns(self, which: AnyArray) -> FloatArray:
        """Return the scaled columns `which`, dense, of shape (n, len(which))."""
        block = self.X[:, which]
        values = (block.toarray() if self.is_sparse else block).astype(float)
        mean = self.mean[which].astype(float)
        values -= mean
        if self.fit_intercept:
            values -= (self.mean[which] - mean).astype(float)
        values *= self.root[:, None]
        values *= self.inverse[which]
        return np.asarray(values)

    def correlations(self, u: FloatArray) -> FloatArray:
        """Return z_j'u for every column; u is a vector, or vectors side by side."""
        if self.is_sparse:
            weighted = (self.root * u.T).T
            centre = np.multiply.outer(self.mean, weighted.sum(axis=0)).astype(float)
            return np.asarray(((self.X.T @ weighted - centre).T * self.inverse).T)
        result = np.empty((self.n_features, *u.shape[1:]))
        for first in range(0, self.n_features, BLOCK):
            which = np.arange(first, min(first + BLOCK, self.n_features))
            result[which] = self.columns(which).T @ u
        return result

    def predictor(self, coef: FloatArray, intercept: FloatArray) -> FloatArray:
        """Return intercept + X coef, for coefficients of shape (p, K) of shape (n, K)."""
        support = np.flatnonzero(coef.any(axis=1))
        t = (coef.T * self.scale).T
        eta = np.zeros((self.root.size, coef.shape[1]))
        for first in range(0, len(support), BLOCK):
            which = support[first : first + BLOCK]
            eta += self.columns(which) @ t[which]
        # Where all is far from 0 the large numbers cancel here, in extended precision.
        shift = intercept.astype(np.longdouble) + self.mean[support] @ coef[support]
        return np.asarray(eta / self.root[:, None] + shift.astype(float))

    def centred(self, u: FloatArray) -> FloatArray:
        """Return u made orthogonal to the intercept's column, if there is one."""
        if not self.fit_intercept:
            return u
        return np.asarray(u - np.multiply.outer(self.root, self.root @ u))

    def without_columns(self, u: FloatArray, which: BoolArray) -> FloatArray:
        """Return u, a vector or columns side by side, minus its projection on `which`."""
        chosen = np.flatnonzero(which)
        if not chosen.size:
            return u
        if self.is_sparse and chosen.size > BLOCK:
            return self._without_by_iteration(u, chosen)
        basis, _ = self.span(chosen)
        for _ in range(2):  # the second time removes what rounding left
            u = self.centred(u - basis @ (basis.T @ u))
        return u

    def are_nearly_dependent(self, which: BoolArray) -> bool:
        """Return whether a combination of columns at length 1 is short, but more than rounding.

        More than `BLOCK` sparse columns are not looked at.
        """
        chosen = np.flatnonzero(which)
        if chosen.size < 2 or (self.is_sparse and chosen.size > BLOCK):
            return False
        _, sizes = self.span(chosen)
        return bool(sizes.size and sizes[-1] < 1e-2 * sizes[0])

    def span(self, chosen: AnyArray) -> tuple[FloatArray, FloatArray]:
        """Return an orthonormal basis of columns, and the singular values at length 1."""
        columns = self.columns(chosen)
        norms = np.sqrt(np.sum(columns**2, axis=0))
        basis, sizes, _ = np.linalg.svd(
            columns / np.where(norms > 0, norms, 1.0), full_matrices=False
        )
        kept = sizes > 4.0 * max(columns.shape) * np.finfo(float).eps * sizes[0]
        return basis[:, kept], sizes[kept]

    def _without_by_iteration(self, u: FloatArray, chosen: AnyArray) -> FloatArray:
        if u.ndim == 2:
            return np.column_stack([self._without_by_iteration(each, chosen) for each in u.T])
        X, mean, inverse = self.X[:, chosen], self.mean[chosen].astype(float), self.inverse[chosen]

        def product(t: FloatArray) -> FloatArray:
            coef = inverse * np.ravel(t)
            return np.asarray(self.root * (X @ coef - mean @ coef))

        def adjoint(v: FloatArray) -> FloatArray:
            weighted = self.root * np.ravel(v)
            return np.asarray(inverse * (X.T @ weighted - mean * weighted.sum()))

        operator = LinearOperator(X.shape, matvec=product, rmatvec=adjoint, dtype=float)
        fit = lsmr(operator, u, atol=1e-15, btol=1e-15, conlim=0.0, maxiter=20 * len(chosen))[0]
        return np.asarray(u - product(fit))


class ScaledData(ScaledColumns):
    """The same with the response of the Gaussian family: y - offset, centred like the columns."""

    def __init__(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
        fit_intercept: bool,
        standardize: bool,
    ) -> None:
        super().__init__(X, sample_weight, fit_intercept, standardize)
        response = np.asarray(y, float) - (0.0 if offset is None else np.asarray(offset, float))
        self._set_response(response[self.kept], standardize)

    def _set_response(self, response: FloatArray, standardize: bool) -> None:
        mean = self._mean_of(response)
        centred = (response - mean).astype(float)
        if math.sqrt(self.weight @ centred**2) <= 1e-13 * np.max(np.abs(response)):
            centred = np.zeros_like(centred)
        self.y_mean = mean if self.fit_intercept else np.longdouble(0)
        self.y = self.root * (centred if self.fit_intercept else response)
        self.tau = math.sqrt(self.y @ self.y) if standardize else 1.0
        self.tau = self.tau or 1.0
        self.null_loss = 0.5 * float(self.y @ self.y)

    def _mean_of(self, values: FloatArray) -> np.longdouble:
        rough = float(self.weight @ values)
        return np.longdouble(rough) + np.longdouble(self.weight @ (values - rough))

    def residual(self, coef: FloatArray, intercept: float) -> FloatArray:
        """Return sqrt(weight) (y - offset - intercept - X coef)."""
        residual = self.y.copy()
        support = np.flatnonzero(coef)
        for first in range(0, len(support), BLOCK):
            which = support[first : first + BLOCK]
            residual -= self.columns(which) @ (coef * self.scale)[which]
        shift = self.y_mean - np.longdouble(intercept) - self.mean[support] @ coef[support]
        return np.asarray(residual + self.root * float(shift))


class GlmData(ScaledColumns):
    """The same with the target and the offset of another family, as they are.

    Both have one column for each output: one, or one for each class.
    """

    tau = 1.0

    def __init__(
        self,
        family: Family,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
        fit_intercept: bool,
        standardize: bool,
    ) -> None:
        super().__init__(X, sample_weight, fit_intercept, standardize)
        self.family = family
        self.y = family.check_target(np.asarray(y)[self.kept])
        self.offset = np.zeros(self.y.shape)
        if offset is not None:
            self.offset = np.asarray(offset, float)[self.kept]
        self.null_loss = family.null_loss(self.y, self.weight, self.offset, fit_intercept)
