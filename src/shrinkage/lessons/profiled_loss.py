"""The loss as a function of two coefficients, the others at their best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from shrinkage._typing import BoolArray, FloatArray, IndexArray
from shrinkage.solve import make_problem, solve_path

# How far, as a share of the correlations, rounding may take an optimality condition.
_ROUNDING = 1e-9


class ProfiledLoss:
    """L(a, b) = min over w of |y - a z_i - b z_j - Z w|^2 / 2 + l1 |w|_1 + l2 |w|^2 / 2.

    Z are all columns but the pair z_i, z_j. L is convex and has a continuous gradient,
    -(z_i'r, z_j'r) with the residual r. Where the support and the signs of w do not change it is
    a quadratic, so that one solution gives L exactly on a whole piece of the plane; for l1 = 0
    there is one piece.

    Parameters
    ----------
    columns : ndarray of shape (n, p)
        Scaled and centred, p >= 2.
    y : ndarray of shape (n,)
    pair : tuple of int
        i and j.
    l1, l2 : float >= 0, not both 0
        Weights of the penalty of the others.

    Notes
    -----
    Cost: one QR decomposition; then for each piece one certified solution and one system of the
    size of its support.
    """

    n_rays, n_steps = 120, 13

    def __init__(
        self, columns: FloatArray, y: FloatArray, pair: tuple[int, int], l1: float, l2: float
    ) -> None:
        data = np.column_stack([columns, y])
        if data.shape[0] > data.shape[1]:
            # The same cross-products with fewer rows.
            data = np.asarray(np.linalg.qr(data, mode="r"))
        self.l1, self.l2 = l1, l2
        self._columns, self._y = data[:, :-1], data[:, -1]
        others = np.setdiff1d(np.arange(columns.shape[1]), pair)
        self._others = self._columns[:, others[self._columns[:, others].any(axis=0)]]
        self._pair = self._columns[:, list(pair)]
        # Times (1, a, b): y - a z_i - b z_j.
        self._shifted = np.column_stack([self._y, -self._pair])
        self._pieces: list[_Piece] = []
        self.minimum = self._minimum(pair)

    def __call__(self, points: FloatArray) -> FloatArray:
        """Return L at points of shape (n_points, 2)."""
        q = np.column_stack([np.ones(len(points)), points])
        values = np.full(len(points), np.nan)
        for piece in self._pieces:
            self._fill(values, q, piece)
        while np.isnan(values).any():
            first = int(np.flatnonzero(np.isnan(values))[0])
            coef = self._solve(self._others, self._shifted @ q[first])
            found = self._piece(coef)
            if found is not None:
                self._fill(values, q, found)
                self._pieces.append(found)
            if np.isnan(values[first]):  # no system of full rank: the solution speaks for itself
                values[first] = self._objective(coef, self._shifted @ q[first])
        return values

    def curvature(self) -> FloatArray:
        """Return the second derivatives of L at its minimum, of shape (2, 2)."""
        coef = self._solve(self._others, self._shifted @ np.append(1.0, self.minimum))
        piece = self._piece(coef)
        if piece is None:
            return np.asarray(self._pair.T @ self._pair)
        return piece.square[1:, 1:]

    def _minimum(self, pair: tuple[int, int]) -> FloatArray:
        """Return where L is smallest: the pair of the solution that does not penalise it."""
        factor = np.ones(self._columns.shape[1])
        factor[list(pair)] = 0.0
        return self._solve(self._columns, self._y, factor)[list(pair)]

    def _solve(
        self, columns: FloatArray, y: FloatArray, factor: FloatArray | None = None
    ) -> FloatArray:
        if columns.shape[1] == 0:
            return np.zeros(0)
        rows = np.sqrt(len(y))  # the package's loss is a mean
        alpha = self.l1 + self.l2
        problem = make_problem(
            columns * rows,
            y * rows,
            l1_ratio=self.l1 / alpha,
            penalty_factor=factor,
            fit_intercept=False,
            standardize=False,
        )
        return np.asarray(solve_path(problem, [alpha]).coef_path[0])

    def _piece(self, coef: FloatArray) -> _Piece | None:
        """Return the quadratic of the support and the signs of `coef`."""
        signs = np.sign(coef)
        active = np.flatnonzero(signs) if self.l1 > 0.0 else np.arange(len(coef))
        chosen = self._others[:, active]
        right = chosen.T @ self._shifted
        right[:, 0] -= self.l1 * signs[active]
        try:
            weights = _solve_system(chosen, self.l2, right)
        except LinAlgError:
            return None
        residual = self._shifted - chosen @ weights
        square = residual.T @ residual + self.l2 * (weights.T @ weights)
        slope = self.l1 * (signs[active] @ weights)
        return _Piece(active, signs, weights, residual, square, slope)

    def _fill(self, values: FloatArray, q: FloatArray, piece: _Piece) -> None:
        """Write the values of `piece` where they are missing and its conditions hold."""
        missing = np.flatnonzero(np.isnan(values))
        here = q[missing]
        holds = self._holds(here, piece)
        here = here[holds]
        values[missing[holds]] = (
            0.5 * np.einsum("ki,ij,kj->k", here, piece.square, here) + here @ piece.slope
        )

    def _holds(self, q: FloatArray, piece: _Piece) -> BoolArray:
        """Return at which points the optimality conditions say that `piece` is the minimum."""
        if self.l1 == 0.0 or not len(q):
            return np.ones(len(q), dtype=bool)
        weights = (q @ piece.weights.T) * piece.signs[piece.active]
        slack = _ROUNDING * np.abs(weights).max(initial=0.0)
        holds = (weights >= -slack).all(axis=1)
        # The signs exclude most points, and take fewer columns than the correlations.
        correlations = np.abs(q[holds] @ (piece.residual.T @ self._others))
        correlations[:, piece.active] = 0.0
        holds[holds] = (correlations <= self.l1 * (1 + _ROUNDING)).all(axis=1)
        return np.asarray(holds)

    def _objective(self, coef: FloatArray, y: FloatArray) -> float:
        residual = y - self._others @ coef
        penalty = self.l1 * np.abs(coef).sum() + 0.5 * self.l2 * (coef @ coef)
        return float(0.5 * (residual @ residual) + penalty)


def _solve_system(Z: FloatArray, l2: float, right: FloatArray) -> FloatArray:
    """Return (Z'Z + l2 I)^-1 right, from the smaller of Z'Z and ZZ'."""
    rows, columns = Z.shape
    if columns == 0:
        return right
    if columns <= rows or l2 == 0.0:
        factor = cho_factor(Z.T @ Z + l2 * np.eye(columns))
        return np.asarray(cho_solve(factor, right))
    factor = cho_factor(Z @ Z.T + l2 * np.eye(rows))
    return np.asarray((right - Z.T @ cho_solve(factor, Z @ right)) / l2)


@dataclass(frozen=True, eq=False)
class _Piece:
    """L = q'square q / 2 + slope'q with q = (1, a, b); w = weights q on the support `active`."""

    active: IndexArray
    signs: FloatArray
    weights: FloatArray
    residual: FloatArray
    square: FloatArray
    slope: FloatArray
