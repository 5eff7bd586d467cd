"""The path of the elastic net, the primitive that everything else is made of."""

from __future__ import annotations

from typing import Any

from shrinkage._typing import ArrayLike, PerFeature
from shrinkage._validate import check_alphas, check_number
from shrinkage.errors import ArgumentError
from shrinkage.families import Family
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.path import Path
from shrinkage.solve.plan import NEWTON, WORKING_SET, Plan, choose
from shrinkage.solve.problem import Problem, make_problem
from shrinkage.solve.settings import Settings, check_settings
from shrinkage.solve.solver import open_problem
from shrinkage.solve.threads import one_blas_thread


def elastic_net_path(
    X: Any,
    y: ArrayLike | str,
    *,
    family: str | Family = "gaussian",
    l1_ratio: float = 1.0,
    alphas: int | ArrayLike = 100,
    alpha_min_ratio: float | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    penalty_factor: PerFeature | None = None,
    lower: PerFeature | None = None,
    upper: PerFeature | None = None,
    fit_intercept: bool = True,
    standardize: bool = True,
    settings: Settings | None = None,
) -> Path:
    """Return ridge, lasso or elastic net for a decreasing sequence of alphas.

    Each point minimises the objective of docs/objective.md and carries its duality gap.

    Parameters
    ----------
    X : array-like, scipy.sparse matrix or data frame of numbers, shape (n, p)
        float32 and float64 arrays with contiguous columns or rows, and CSC matrices with sorted
        indices, are read in place; others are copied. Row-major X is copied by columns
        if the plan is the working set or ridge n x n (`choose` tells).
    y : array-like of shape (n,) or (n, K), or str
        The response, or the name of its column in a data frame X. Binomial: 0 and 1, or shares of
        ones with the number of trials as `sample_weight`; Poisson: counts or rates >= 0;
        multinomial: classes 0..K-1, or the shares of K classes in each row.
    family : {"gaussian", "binomial", "poisson", "multinomial"} or Family, default "gaussian"
        How y scatters around its mean: a name, or a value of `shrinkage.families`.
    l1_ratio : float in [0, 1], default 1.0
        Share of L1: 1 is the lasso, 0 is ridge.
    alphas : int or array-like, default 100
        Length of the default grid, or strengths >= 0, sorted decreasing here. An alpha multiplies
        the penalty of the *mean* loss; for the Gaussian family and standardize=True it has the
        unit of y. 0 is the unpenalised fit, Gaussian of minimum norm if there are several.
    alpha_min_ratio : float in (0, 1), optional
        Last over first alpha of the default grid. None means 1e-4 if n > p, else 1e-2; for
        l1_ratio < 1e-3 the grid runs from 1e3 to 1e-4 times the lasso's alpha_max.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0; only their ratios matter.
    offset : array-like of shape (n,), or (n, K) for K classes, optional
        Known part of the linear predictor, in its units: those of y for the Gaussian family;
        for counts with a known exposure, its logarithm.
    penalty_factor : float, array-like of shape (p,) or dict by column name, optional
        Multiplier of the penalty per feature: 0 is never penalised, inf is excluded. Like the
        bounds it holds for the coefficients of every class.
    lower, upper : float, array-like of shape (p,) or dict by column name, optional
        Bounds on the coefficients in original units, lower <= 0 <= upper.
    fit_intercept : bool, default True
    standardize : bool, default True
        Whether the penalty is on coefficients per standard deviation of each column.
    settings : Settings, optional
        How hard to solve.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        If an argument is outside its range.
    DataError
        If the data hold something else than finite numbers.

    Warns
    -----
    ConvergenceWarning
        Once, if points did not reach the tolerance; they and the others are returned.
    DataWarning
        Once, if columns are constant or repeat another one.

    Notes
    -----
    Cost: see `choose`. Ctrl-C is answered between blocks of work; one LAPACK decomposition of
    more than about 500 columns ends first.

    Examples
    --------
    >>> import numpy as np, shrinkage
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> path = shrinkage.elastic_net_path(X, X @ [3.0, 1.0], alphas=[1.0, 0.5])
    >>> path.coef_path.round(3)
    array([[1.586, 0.   ],
           [2.293, 0.293]])
    """
    problem = make_problem(
        X,
        y,
        family=family,
        l1_ratio=l1_ratio,
        sample_weight=sample_weight,
        offset=offset,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        fit_intercept=fit_intercept,
        standardize=standardize,
    )
    return solve_path(problem, alphas, alpha_min_ratio, settings)


def solve_path(
    problem: Problem,
    alphas: int | ArrayLike = 100,
    alpha_min_ratio: float | None = None,
    settings: Settings | None = None,
) -> Path:
    """Return the path of a checked problem; parameters as in `elastic_net_path`."""
    grid = check_alphas(alphas)
    alpha_min_ratio = check_alpha_min_ratio(alpha_min_ratio)
    plan = choose(problem, alphas=grid, alpha_min_ratio=alpha_min_ratio)
    l1_ratio = problem.l1_ratio
    with one_blas_thread:
        solver = open_problem(problem, plan, check_settings(settings))
        mention_columns(problem.matrix, solver.core.spread, solver.n_threads)
        if isinstance(grid, int):
            grid = solver.grid(grid, alpha_min_ratio, l1_ratio)
        path = Path(solver, grid, l1_ratio, solver.path(grid, l1_ratio))
    path.warn_unless_converged()
    return path


def alpha_max(
    X: Any,
    y: ArrayLike | str,
    *,
    family: str | Family = "gaussian",
    l1_ratio: float = 1.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    penalty_factor: PerFeature | None = None,
    lower: PerFeature | None = None,
    upper: PerFeature | None = None,
    fit_intercept: bool = True,
    standardize: bool = True,
) -> float:
    """Return the smallest alpha at which every penalised coefficient is zero.

    max_j |z_j'u| / (penalty_factor_j l1_ratio) at the null model (docs/objective.md), so it has
    the unit of alpha. Infinite when `l1_ratio` is 0: ridge never reaches zero.

    Parameters are those of `elastic_net_path`.

    Notes
    -----
    Cost: one pass over X; row-major X is copied by columns.

    References
    ----------
    Friedman, Hastie, Tibshirani (2010), section 2.5.

    Examples
    --------
    >>> import numpy as np, shrinkage
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(shrinkage.alpha_max(X, X @ [3.0, 1.0]), 3)
    2.121
    """
    problem = make_problem(
        X,
        y,
        family=family,
        l1_ratio=l1_ratio,
        sample_weight=sample_weight,
        offset=offset,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        fit_intercept=fit_intercept,
        standardize=standardize,
    )
    name = WORKING_SET if problem.is_gaussian else NEWTON
    plan = Plan(name, "alpha_max takes one pass over the columns", 0)
    return open_problem(problem, plan, check_settings(None)).alpha_max(problem.l1_ratio)


def check_alpha_min_ratio(alpha_min_ratio: float | None) -> float | None:
    """Return the last over the first alpha of the default grid, checked."""
    if alpha_min_ratio is None:
        return None
    requirement = "None or a number above 0 and below 1"
    ratio = check_number("alpha_min_ratio", alpha_min_ratio, requirement, low=0.0, high=1.0)
    if ratio in (0.0, 1.0):
        raise ArgumentError.must_be("alpha_min_ratio", requirement, alpha_min_ratio)
    return ratio
