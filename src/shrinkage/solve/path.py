"""The solutions of one problem for many alphas."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shrinkage import errors
from shrinkage._typing import ArrayLike, FloatArray
from shrinkage._validate import check_alpha, check_choice, check_offset
from shrinkage.design import Matrix, as_matrix
from shrinkage.errors import ArgumentError
from shrinkage.families import Family
from shrinkage.solve.degrees import DegreesOfFreedom
from shrinkage.solve.opened import Opened
from shrinkage.solve.plan import Plan
from shrinkage.solve.points import CONSTANT_TARGET, Points
from shrinkage.solve.predictor import predictor
from shrinkage.solve.result import CORE_STATUS, Solution, Status, unfinished, warn_of
from shrinkage.solve.separation import separating

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Path:
    """Certified solutions of one problem for a decreasing sequence of alphas.

    Made by `elastic_net_path`. It keeps a reference to the data, for `at` and `df`, and drops it
    when pickled (`df` and `alpha_max` are computed then).

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        Decreasing.
    family : Family
    l1_ratio : float
    alpha_max : float
        Smallest alpha with every penalised coefficient zero; infinite for ridge.
    intercepts : ndarray of shape (n_alphas,), or (n_alphas, K) for K classes
        In units of the linear predictor (Gaussian: of y); zeros without an intercept.
    dual_gap : ndarray of shape (n_alphas,)
        (primal - dual value) / loss of the null model. But for the Gaussian family NaN at alpha 0,
        and where the status is SEPARATED.
    kkt_violation : ndarray of shape (n_alphas,)
        Largest distance from the optimality conditions, over alpha_max at l1_ratio 1.
    n_rounds : ndarray of shape (n_alphas,)
        Rounds of the active-set method (Newton steps but for the Gaussian family); 1 where one
        decomposition gives the answer.
    plan : Plan
        The algorithm that was used, and why.
    counts : dict of str to int
        Work done: rounds, columns appended and deleted, decompositions, columns read; passes,
        weighted Gram matrices and refused steps of Newton's method.
    names : tuple of str or None
        Names of the features, if X had them.
    n_features : int
    null_loss : float
        Loss of the fit with intercept and offset only; Gaussian: half the variance of y - offset.
    spread : ndarray of shape (n_features,)
        Standard deviation of each column about its mean; 0 for a constant one.
    """

    def __init__(self, solver: Opened, alphas: FloatArray, l1_ratio: float, points: Points) -> None:
        self.alphas = alphas
        self.family: Family = solver.problem.family
        self.l1_ratio = l1_ratio
        self.plan: Plan = solver.plan
        self.names = solver.problem.matrix.names
        self.n_features = solver.problem.matrix.shape[1]
        self.points = points
        self.null_loss = solver.null_loss
        self.spread: FloatArray = solver.core.spread
        self._solver: Opened | None = solver
        self._alpha_max: float | None = None
        self._coef_path: FloatArray | None = None
        self._df: FloatArray | None = None
        self._status: tuple[Status, ...] | None = None

    @property
    def alpha_max(self) -> float:
        """Smallest alpha with every penalised coefficient zero; computed when first asked for."""
        if self._alpha_max is None:
            self._alpha_max = self._data_solver("compute `alpha_max`").alpha_max(self.l1_ratio)
        return self._alpha_max

    @property
    def intercepts(self) -> FloatArray:
        """Intercept for each alpha."""
        return self.points.intercepts

    @property
    def dual_gap(self) -> FloatArray:
        """Duality gap for each alpha, as a share of the null model's loss."""
        return self.points.dual_gap

    @property
    def kkt_violation(self) -> FloatArray:
        """Violation of the optimality conditions for each alpha."""
        return self.points.kkt_violation

    @property
    def n_rounds(self) -> NDArray[np.int64]:
        """Rounds of the active-set method for each alpha."""
        return self.points.rounds

    @property
    def counts(self) -> dict[str, int]:
        """Work done for the whole path."""
        return self.points.counts

    @property
    def status(self) -> tuple[Status, ...]:
        """How each alpha ended."""
        if self._status is None:
            self._status = tuple(CORE_STATUS[code] for code in self.points.status.tolist())
        return self._status

    @property
    def coef_path(self) -> FloatArray:
        """Coefficients in original units, dense, of shape (n_alphas, n_features).

        For K classes of shape (n_alphas, K, n_features).
        Made when first asked for; inside, only the non-zero ones are kept.
        """
        if self._coef_path is None:
            self._coef_path = self.points.dense(self.n_features)
        return self._coef_path

    @property
    def n_nonzero(self) -> NDArray[np.intp]:
        """Number of features with a non-zero coefficient (of any class) for each alpha."""
        return self.points.n_nonzero(self.n_features)

    @property
    def deviance_ratio(self) -> FloatArray:
        """Share of the null model's deviance explained, for each alpha; 0 if there is none."""
        if self._has_constant_target:
            return np.zeros(len(self.alphas))
        return 1.0 - self.points.loss / self.null_loss

    def deviance_ratio_of(self, k: int) -> float:
        """Return `deviance_ratio` of alpha number k."""
        return (
            0.0 if self._has_constant_target else 1.0 - float(self.points.loss[k]) / self.null_loss
        )

    @property
    def _has_constant_target(self) -> bool:
        return self.null_loss == 0.0 or bool(self.points.status[0] == CONSTANT_TARGET)

    @property
    def df(self) -> FloatArray:
        """Effective degrees of freedom for each alpha, the intercept not counted.

        The exact trace of docs/objective.md. Computed when first asked for: one decomposition
        per support; with an L2 penalty one per alpha if the family is not the Gaussian.
        """
        if self._df is None:
            solver = self._data_solver("compute `df`")
            core = solver.core
            tau = core.tau if solver.problem.is_gaussian else 1.0
            l2_unit = (1.0 - self.l1_ratio) / tau if tau > 0.0 else 0.0
            degrees = DegreesOfFreedom(solver.problem, core.mean, core.scale, l2_unit)
            self._df = degrees.of(self.points, self.alphas)
        return self._df

    def at(self, alpha: float, how: str = "exact") -> Solution:
        """Return the solution for one alpha.

        Parameters
        ----------
        alpha : float >= 0
        how : {"exact", "linear"}, default "exact"
            "exact" returns the point of the path where alpha is one of `alphas`, and otherwise
            solves for alpha. "linear" interpolates between the two nearest alphas, which is no
            solution of the problem; the status says so.

        Raises
        ------
        ArgumentError
            If alpha is negative; with "linear", if it is outside `alphas`; with "exact", if
            it is not one of `alphas` and the path was unpickled, so that the data are gone.
        """
        alpha = check_alpha(alpha)
        check_choice("how", how, ("exact", "linear"))
        found = np.flatnonzero(self.alphas == alpha)
        if found.size:
            return self.solution(int(found[0]))
        if how == "linear":
            return self._interpolated(alpha)
        return self._refitted(alpha).solution(0)

    def solution(self, k: int) -> Solution:
        """Return the solution for `alphas[k]`."""
        return Solution(
            coef=self.points.coef(k, self.n_features),
            intercept=self._intercept(k),
            alpha=float(self.alphas[k]),
            l1_ratio=self.l1_ratio,
            status=self.status[k],
            dual_gap=float(self.dual_gap[k]),
            kkt_violation=float(self.kkt_violation[k]),
            n_rounds=int(self.n_rounds[k]),
            df=self._df_of(k),
            deviance_ratio=self.deviance_ratio_of(k),
            alpha_max=self.alpha_max,
        )

    def _intercept(self, k: int) -> float | FloatArray:
        given = self.intercepts[k]
        return np.array(given) if self.intercepts.ndim == 2 else float(given)

    def predict(
        self, X: Any, alpha: float | None = None, *, offset: ArrayLike | None = None
    ) -> FloatArray:
        """Return the mean for new rows; X is neither copied nor widened.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, n_features)
            The columns of a data frame are found by name.
        alpha : float, optional
            One alpha, solved for exactly if it is not on the path. None means all of `alphas`.
        offset : array-like of shape (n,), or (n, K) for K classes, optional
            Known part of the linear predictor.

        Returns
        -------
        ndarray of shape (n,), or (n, n_alphas) if alpha is None
            For K classes their probabilities, of shape (n, K) or (n, n_alphas, K).
        """
        return self.family.mean(self.predict_linear(X, alpha, offset=offset))

    def predict_linear(
        self, X: Any, alpha: float | None = None, *, offset: ArrayLike | None = None
    ) -> FloatArray:
        """Return the linear predictor X coef + intercept + offset for new rows.

        Parameters and shapes are those of `predict`, which returns the mean that belongs to it.
        """
        matrix = self._matched(as_matrix(X))
        if alpha is None:
            eta = predictor(matrix, self.points)
        else:
            alpha = check_alpha(alpha)
            found = np.flatnonzero(self.alphas == alpha)
            path, k = (self, int(found[0])) if found.size else (self._refitted(alpha), 0)
            eta = predictor(matrix, path.points, k)
        n_classes = self.intercepts.shape[1] if self.intercepts.ndim == 2 else None
        shift = check_offset(offset, matrix.shape[0], n_classes)
        if shift is None:
            return eta
        return eta + (shift if eta.ndim == shift.ndim else shift[:, None])

    def to_frame(self) -> Any:
        """Return the path as a long table with columns alpha, feature, coef.

        One row for each alpha and each feature that is non-zero somewhere on the path; with
        classes one for each of them too, and a column class.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or dict of str to ndarray
            pandas if it is installed, else polars, else the columns as arrays.
        """
        entered = np.unique(self.points.features % self.n_features)
        names = np.array(self.names if self.names is not None else range(self.n_features))[entered]
        coefs = self.coef_path[..., entered]
        table = {"alpha": np.repeat(self.alphas, coefs[0].size)}
        if coefs.ndim == 3:
            classes = np.arange(coefs.shape[1])
            table["class"] = np.tile(np.repeat(classes, entered.size), len(self.alphas))
        table["feature"] = np.tile(names, coefs.size // max(names.size, 1))
        table["coef"] = coefs.ravel()
        return frame_of(table)

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw each coefficient, per standard deviation of its column, against alpha.

        With classes those of every class, named "class: feature".

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a figure of its own by default.

        Returns
        -------
        matplotlib.figure.Figure
            The new figure, or that of `ax`.

        Raises
        ------
        MissingDependencyError
            Without matplotlib.
        """
        from shrinkage.draw.path import path_figure

        names = self.names or tuple(f"x{j}" for j in range(self.n_features))
        coefs = self.coef_path * self.spread
        if coefs.ndim == 3:
            names = tuple(f"{k}: {name}" for k in range(coefs.shape[1]) for name in names)
            coefs = coefs.reshape(len(self), -1)
        return path_figure(self.alphas, coefs, names, ax=ax, asked_by="path.plot")

    def __len__(self) -> int:
        """Return the number of alphas."""
        return len(self.alphas)

    def __repr__(self) -> str:
        """Return the range of alphas, sizes of the models, and the worst certificate."""
        kept = self.n_nonzero
        return (
            f"Path({len(self)} alphas from {self.alphas[0]:.4g} to {self.alphas[-1]:.4g}, "
            f"l1_ratio={self.l1_ratio:g}, {kept.min()} to {kept.max()} of {self.n_features} "
            f"coefficients non-zero, dual_gap <= {np.fmax.reduce(self.dual_gap):.1e})"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the path without its data; what needs them is computed first."""
        self.df, self.alpha_max  # noqa: B018
        return self.__dict__ | {"_solver": None, "_coef_path": None}

    def _df_of(self, k: int) -> float:
        if self._df is not None or len(self) == 1:
            return float(self.df[k])
        solver = self._data_solver("compute `df`")
        return float(Path(solver, self.alphas[k : k + 1], self.l1_ratio, self.points.only(k)).df[0])

    def _refitted(self, alpha: float) -> Path:
        solver = self._data_solver(f"solve for alpha = {alpha:.6g}, which is not one of `alphas`,")
        grid = np.array([alpha])
        refit = Path(solver, grid, self.l1_ratio, solver.path(grid, self.l1_ratio))
        refit.warn_unless_converged()
        return refit

    def _interpolated(self, alpha: float) -> Solution:
        last, first = float(self.alphas[-1]), float(self.alphas[0])
        if not last <= alpha <= first:
            requirement = f'in [{last:.6g}, {first:.6g}], the range of `alphas`, with how="linear"'
            raise ArgumentError.must_be("alpha", requirement, alpha)
        k = int(np.searchsorted(-self.alphas, -alpha))
        share = (self.alphas[k - 1] - alpha) / (self.alphas[k - 1] - self.alphas[k])
        left, right = self.solution(k - 1), self.solution(k)

        def between(a: Any, b: Any) -> Any:
            return (1.0 - share) * a + share * b

        return replace(
            right,
            coef=between(left.coef, right.coef),
            intercept=between(left.intercept, right.intercept),
            alpha=alpha,
            status=Status.INTERPOLATED,
            dual_gap=math.nan,
            kkt_violation=math.nan,
            n_rounds=0,
            df=between(left.df, right.df),
            deviance_ratio=math.nan,
        )

    def _data_solver(self, what: str) -> Opened:
        if self._solver is None:
            raise ArgumentError.cannot(
                "path",
                f"{what} without its data, which are dropped when it is pickled",
                'how="linear" interpolates; or fit the path again',
            )
        return self._solver

    def _matched(self, matrix: Matrix) -> Matrix:
        """Return the columns in the order of the fit."""
        given = matrix.names
        if self.names is not None and given is not None and given != self.names:
            missing = [name for name in self.names if name not in given]
            if missing:
                raise errors.missing_columns(missing)
            order = [given.index(name) for name in self.names]
            return as_matrix(matrix.source[:, order], check_finite=False, names=self.names)
        if matrix.shape[1] != self.n_features:
            raise errors.feature_count("Path", matrix.shape[1], self.n_features)
        return matrix

    def warn_unless_converged(self) -> None:
        """Warn once if points of the path are further from optimal than was asked."""
        failed = unfinished(self.points.status)
        if self._solver is None or not failed.size:
            return
        rounds = int(self.n_rounds.sum())
        named = separating(self._solver.problem, self.spread, [(self.points, self.alphas)])
        codes, tol = self.points.status, self._solver.tol
        warn_of(failed, self.alphas, codes, self.dual_gap, rounds, tol, named)


def frame_of(table: dict[str, Any]) -> Any:
    """Return columns as a data frame: pandas if installed, else polars, else as they are."""
    for library in ("pandas", "polars"):
        try:
            module = __import__(library)
        except ImportError:
            continue
        return module.DataFrame(table)
    return table
