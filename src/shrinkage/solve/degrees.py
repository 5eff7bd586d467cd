"""Effective degrees of freedom of solutions, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.solve.points import Points
from shrinkage.solve.predictor import predictor
from shrinkage.solve.problem import Problem

# Singular values below this share of the largest one are rounding.
RANK_TOL = 1e-10
ROWS = 4096


class DegreesOfFreedom:
    """df = tr[Z_A (Z_A'W Z_A + L2)^-1 Z_A'W] of solutions of one problem.

    A is the support without the coefficients at a bound; with L2 = 0 this is the rank of Z_A. W
    are the curvatures of the loss at the solution times the weights of the rows, and with an
    intercept Z_A is centred by them. For K classes A holds pairs of a class and a feature, Z_A has
    K rows for each row of X, W is the K x K matrix of curvatures in each, and the K intercepts are
    projected out.
    Free features (penalty_factor 0) come first, with L2 = 0, and the rest counts what they
    leave: sum of d / (d + l2) over the eigenvalues d of the system left.

    Parameters
    ----------
    problem : Problem
    mean, scale : ndarray of shape (p,)
        What columns are centred and scaled with; scale 0 never enters.
    l2_unit : float
        (1 - l1_ratio) / tau: l2_j is alpha times this times the penalty factor.

    Notes
    -----
    Cost: one eigendecomposition in the smaller of |A| and n for each support; supports that
    return are not decomposed again. Makes a float64 copy of the columns of the largest
    support unless n is larger than their number, when their cross-products are enough.
    With an L2 penalty and another family than the Gaussian W changes with alpha: one
    decomposition, and one reading of the columns, for each.
    """

    def __init__(
        self, problem: Problem, mean: FloatArray, scale: FloatArray, l2_unit: float
    ) -> None:
        self._problem = problem
        self._mean = mean
        self._scale = scale
        self._l2_unit = l2_unit
        self._spectra: dict[bytes, tuple[int, FloatArray]] = {}

    def of(self, points: Points, alphas: FloatArray) -> FloatArray:
        """Return df for each alpha; the intercept is not counted."""
        supports = [self._support(points, k, alpha) for k, alpha in enumerate(alphas)]
        union = np.unique(np.concatenate(supports)) if supports else np.zeros(0, dtype=np.intp)
        system: _System | None = None
        df = np.empty(len(alphas))
        for k, (support, alpha) in enumerate(zip(supports, alphas, strict=True)):
            l2 = alpha * self._l2_unit
            if l2 > 0.0 and not self._problem.is_gaussian:
                n_free, spectrum = self._weighted_spectrum(points, k, support)
            else:
                if system is None:
                    system = self._system(union, self._equal_curvatures())
                n_free, spectrum = self._spectrum(system, np.searchsorted(union, support), support)
            df[k] = n_free + (spectrum.size if l2 == 0.0 else np.sum(spectrum / (spectrum + l2)))
        return df

    def _support(self, points: Points, k: int, alpha: float) -> IndexArray:
        problem = self._problem
        features, values = points.row(k)
        kept = features.astype(np.intp)
        if problem.lower is not None and problem.upper is not None:
            slack, p = 1e-12, self._mean.size
            at_bound = (values >= problem.upper[kept % p] * (1 - slack)) & (values > 0)
            at_bound |= (values <= problem.lower[kept % p] * (1 - slack)) & (values < 0)
            kept = kept[~at_bound]
        # Free features count even where their coefficient happens to be 0.
        free = (problem.penalty_factor == 0.0) & (self._scale > 0.0)
        if problem.n_classes is not None:
            free = np.tile(free, problem.n_classes)
        if alpha == 0.0 or not free.any() or problem.lower is not None:
            return np.sort(kept)
        return np.union1d(kept, np.flatnonzero(free))

    def _spectrum(
        self,
        system: _System,
        positions: IndexArray,
        support: IndexArray,
    ) -> tuple[int, FloatArray]:
        key = support.tobytes()
        if key not in self._spectra:
            factor = self._problem.penalty_factor[support % self._mean.size]
            self._spectra[key] = system.spectrum(positions, factor)
        return self._spectra[key]

    def _weighted_spectrum(
        self, points: Points, k: int, support: IndexArray
    ) -> tuple[int, FloatArray]:
        """Return what `_spectrum` does, each row weighted by its curvature at the solution."""
        problem = self._problem
        eta = problem.eta(predictor(problem.matrix, points, k))
        root = problem.root_weights()
        if problem.n_classes is None:
            curvature = problem.family.curvature(problem.y, eta)
            # The curvature of a row of weight 0 may be infinite.
            root *= np.sqrt(np.where(root > 0.0, curvature, 0.0))
        else:
            root = _root_of_classes(problem.family.mean(eta), root)
        system = self._system(support, root)
        factor = problem.penalty_factor[support % self._mean.size]
        return system.spectrum(np.arange(support.size), factor)

    def _equal_curvatures(self) -> FloatArray:
        """Return the weights' roots: the rank of the columns does not depend on curvatures."""
        problem = self._problem
        if problem.n_classes is None:
            return problem.root_weights()
        mean = np.full(problem.y.shape, 1.0 / problem.n_classes)
        return _root_of_classes(mean, problem.root_weights())

    def _system(self, columns: IndexArray, root: FloatArray) -> _System:
        """Return the columns weighted by `root`, centred by it if there is an intercept.

        Gaussian columns and those of equal curvatures are centred as they are.
        """
        n_rows = root.size if root.ndim == 1 else root.shape[0] * root.shape[2]
        system = _System(n_rows, columns.size)
        for block, ones in self._blocks(columns, root):
            system.add(block, ones)
        if self._problem.fit_intercept and not self._problem.is_gaussian:
            system.centre()
        return system

    def _blocks(
        self, columns: IndexArray, root: FloatArray
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield weighted rows of the columns, and of those of the intercepts."""
        X: Any = self._problem.matrix.source
        is_sparse = self._problem.matrix.kind == "sparse"
        features, places = np.unique(columns % self._mean.size, return_inverse=True)
        shift, stretch = self._mean[features], 1.0 / self._scale[features]
        if is_sparse:
            X = X[:, features].tocsr()
        for first in range(0, X.shape[0], ROWS):
            rows = slice(first, first + ROWS)
            block = X[rows].toarray() if is_sparse else X[rows][:, features]
            block = (block.astype(np.float64) - shift) * stretch
            if root.ndim == 1:
                yield block * root[rows, None], root[rows, None]
            else:
                weights = root[rows].transpose(0, 2, 1)
                of_class = weights[:, :, columns // self._mean.size]
                weighted = block[:, None, places] * of_class
                ones = weights.reshape(-1, root.shape[1])
                yield weighted.reshape(ones.shape[0], columns.size), ones


def _root_of_classes(mean: FloatArray, root_weight: FloatArray) -> FloatArray:
    """Return S of shape (n, K, K) with S S' = weight (diag(mu) - mu mu')."""
    half = np.sqrt(mean)
    root = half[:, :, None] * np.eye(mean.shape[1]) - mean[:, :, None] * half[:, None, :]
    return np.asarray(root * root_weight[:, None, None])


class _System:
    """Columns as cross-products, or as they are if they are more than rows."""

    def __init__(self, n_rows: int, n_columns: int) -> None:
        self._is_gram = n_columns <= n_rows
        self._columns = np.zeros((n_columns if self._is_gram else n_rows, n_columns))
        self._ones: list[FloatArray] = []  # the columns of the intercepts
        self._along: Any = 0.0  # their products with the others
        self._n_rows = 0

    def add(self, block: FloatArray, ones: FloatArray) -> None:
        """Take further rows."""
        self._along = self._along + ones.T @ block
        self._ones.append(ones)
        if self._is_gram:
            self._columns += block.T @ block
        else:
            self._columns[self._n_rows : self._n_rows + block.shape[0]] = block
        self._n_rows += block.shape[0]

    def centre(self) -> None:
        """Make the columns orthogonal to those of the intercepts."""
        ones = np.concatenate(self._ones)
        explained = np.linalg.pinv(ones.T @ ones, rcond=1e-13, hermitian=True) @ self._along
        if self._is_gram:
            self._columns -= self._along.T @ explained
        else:
            self._columns -= ones @ explained

    def spectrum(
        self,
        chosen: IndexArray,
        factor: FloatArray,
    ) -> tuple[int, FloatArray]:
        """Return the rank of the free columns, and the non-zero eigenvalues of the rest.

        The rest is divided by sqrt(factor) and made orthogonal to the free columns.
        """
        free = factor == 0.0
        inverse_root = 1.0 / np.sqrt(np.where(free, 1.0, factor))
        if self._is_gram or chosen.size <= self._columns.shape[0]:
            if self._is_gram:
                gram = self._columns[np.ix_(chosen, chosen)]
            else:
                gram = self._columns[:, chosen].T @ self._columns[:, chosen]
            gram = gram * inverse_root * inverse_root[:, None]
            n_free, rest = _without_free(gram, free)
            return n_free, _positive_eigenvalues(rest, gram[~free][:, ~free])
        Z = self._columns[:, chosen] * inverse_root
        n_free, rest = 0, Z[:, ~free]
        if free.any():
            basis, sizes, _ = np.linalg.svd(Z[:, free], full_matrices=False)
            basis = basis[:, sizes**2 > RANK_TOL * sizes[0] ** 2]
            n_free, rest = basis.shape[1], rest - basis @ (basis.T @ rest)
        outer = rest @ rest.T
        return n_free, _positive_eigenvalues(outer, outer)


def _without_free(gram: FloatArray, free: BoolArray) -> tuple[int, FloatArray]:
    """Return the rank of the free block, and the Gram matrix of what it leaves of the rest."""
    if not free.any():
        return 0, gram
    values, vectors = np.linalg.eigh(gram[np.ix_(free, free)])
    kept = values > RANK_TOL * values[-1]
    half = (vectors[:, kept] / np.sqrt(values[kept])).T @ gram[np.ix_(free, ~free)]
    return int(np.count_nonzero(kept)), gram[np.ix_(~free, ~free)] - half.T @ half


def _positive_eigenvalues(matrix: FloatArray, reference: FloatArray) -> FloatArray:
    """Return the eigenvalues that are not rounding, against the size of `reference`."""
    if not matrix.size:
        return np.zeros(0)
    values = np.linalg.eigvalsh(matrix)
    return np.asarray(values[values > RANK_TOL * np.max(np.diag(reference))])
