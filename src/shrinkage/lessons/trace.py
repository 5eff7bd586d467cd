"""Gradient, subgradient, proximal and coordinate descent, step by step, for learning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from shrinkage._typing import ArrayLike, BoolArray, FloatArray, IndexArray
from shrinkage._validate import check_alpha, check_choice, check_count
from shrinkage.errors import ArgumentError
from shrinkage.lessons.exercise import Exercise
from shrinkage.lessons.read import read
from shrinkage.lessons.steps import METHODS
from shrinkage.solve import Solution


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What a descent method did, one entry for each step; step 0 is the start at zero.

    Attributes
    ----------
    method : str
    alpha, l1_ratio : float
        The penalty.
    coef : ndarray of shape (n_steps + 1, n_features)
        Coefficients in original units.
    intercepts : ndarray of shape (n_steps + 1,)
        The best intercept for the coefficients of the step; zeros without an intercept.
    objective : ndarray of shape (n_steps + 1,)
        The objective of docs/objective.md, in squared units of y, computed afresh for each step.
    excess : ndarray of shape (n_steps + 1,)
        `objective - optimum`, as it is: near the optimum it may be below 0, by no more than
        `known_to`.
    n_zeros : ndarray of int, shape (n_steps + 1,)
        Coefficients that are exactly 0.0, without those of columns that can't be used (constant
        ones).
    passes : ndarray of shape (n_steps + 1,)
        How often X was read since the start. X b and X'r are one pass each.
    optimum : float
        The objective of `solution`.
    known_to : float
        How far above the smallest possible objective `optimum` may be: the certified duality
        gap, and the rounding of the objective (1e-14 of the null loss).
    solution : Solution
        The certified solution, from the package's own solver.
    n_zeros_certified : int
        As `n_zeros`, of the certified solution.
    support_step : int or None
        The first step from which on, until the last, exactly the coefficients of the certified
        solution are 0. None if the last step has others.
    step_size : float
        Of the first step, in units of standardized coefficients; NaN for "coordinate".
    setup_passes : float
        How often X was read to find the step size, which is not in `passes`.
    names : tuple of str, length n_features
    """

    method: str
    alpha: float
    l1_ratio: float
    coef: FloatArray
    intercepts: FloatArray
    objective: FloatArray
    excess: FloatArray
    n_zeros: IndexArray
    passes: FloatArray
    optimum: float
    known_to: float
    solution: Solution
    n_zeros_certified: int
    support_step: int | None
    step_size: float
    setup_passes: float
    names: tuple[str, ...]

    @property
    def n_steps(self) -> int:
        """Number of steps, the start not counted."""
        return len(self.excess) - 1

    def __repr__(self) -> str:
        """Return the method, its work, and where it ended."""
        return (
            f"Trace({self.method}, {self.n_steps} steps, {self.passes[-1]:.0f} passes: "
            f"excess {self.excess[-1]:.1e}, {self.n_zeros[-1]} exact zeros, "
            f"certified {self.n_zeros_certified})"
        )


def descent(
    X: Any,
    y: ArrayLike | str,
    alpha: float,
    l1_ratio: float = 1.0,
    *,
    method: str = "accelerated",
    n_steps: int = 200,
    fit_intercept: bool = True,
    standardize: bool = True,
) -> Trace:
    """Return what a method of the textbooks does on its way to ridge, lasso or elastic net.

    For learning: the objective is that of docs/objective.md, every step is kept, and is
    compared with the certified optimum. To solve a problem, use `elastic_net_path`, which
    takes none of these methods and is exact and faster.

    Parameters
    ----------
    X : array-like, scipy.sparse matrix or data frame, shape (n, p)
        A sparse X stays sparse. An X of float64 is read in place; `choose` tells whether the
        certified solver copies it.
    y : array-like of shape (n,), or str
        The response, or the name of its column in a data frame X.
    alpha : float >= 0
        Strength of the penalty, in units of y (standardize=True).
    l1_ratio : float in [0, 1], default 1.0
        Share of L1: 1 is the lasso, 0 is ridge.
    method : str, default "accelerated"
        "gradient" (only without L1), "subgradient", "proximal" (ISTA), "accelerated" (FISTA) or
        "coordinate"; see the notes.
    n_steps : int >= 1, default 200
        For "coordinate" a step is one sweep over all features.
    fit_intercept : bool, default True
    standardize : bool, default True
        Whether the penalty is on coefficients per standard deviation of each column.

    Returns
    -------
    Trace

    Raises
    ------
    ArgumentError
        If an argument is outside its range, or the method is "gradient" and there is L1: |b|
        has no gradient at b = 0.
    DataError
        If the data hold something else than finite numbers.

    Warns
    -----
    ConvergenceWarning
        If the optimum itself is not known to 1e-9 of the loss of the null model.
    DataWarning
        If columns are constant or repeat another one.

    Notes
    -----
    With t = s * b, f(t) the loss and the L2 term, F(t) = f(t) + l1 |t|_1 the objective with its
    minimum at t*, and L the largest curvature of f (found by the Lanczos method, at most 0.1 %
    too large), a step from t_k is

    gradient
        t_k - f'(t_k) / L. With the smallest curvature mu > 0 of f, excess_k <=
        (1 - mu/L)^k excess_0: Karimi, Nutini, Schmidt (2016), theorem 1.
    subgradient
        t_k - h_k g_k with the diminishing step h_k = 1 / (L sqrt(k + 1)) and the subgradient
        g_k = f'(t_k) + l1 sign(t_k), sign(0) = 0. The steps sum to infinity and go to 0, so
        the *best* excess until step k goes to 0: it is at most
        (|t_0 - t*|^2 + sum h_i^2 |g_i|^2) / (2 sum h_i), sums over i < k, of order log k / sqrt k:
        Shor (1985), section 2; Boyd, Xiao, Mutapcic (2003), section 3. A coefficient steps over
        0 and is never exactly 0, but by coincidence.
    proximal
        soft(t_k - f'(t_k) / L, l1 / L), ISTA. excess_k <= L |t_0 - t*|^2 / (2 k), and it never
        rises: Beck, Teboulle (2009), theorem 3.1.
    accelerated
        the same step from a point ahead of t_k, FISTA with constant step.
        excess_k <= 2 L |t_0 - t*|^2 / (k + 1)^2: Beck, Teboulle (2009), theorem 4.4; the order
        is the best possible (Nesterov 1983). It is not monotone: on the way the excess rises.
    coordinate
        one sweep, each t_j in turn set to the exact minimum over it, the others fixed. It never
        rises, and gets to t* although F has kinks, because they are separable: Tseng (2001),
        theorem 4.1.

    Cost: 2 passes over X for each step (a sweep reads a column a second time only if its
    coefficient moved), (n_steps + 1) p numbers of memory, one certified solution and n_steps
    evaluations of the objective, neither of which counts in `passes`. "coordinate" is a Python
    loop over the columns.

    References
    ----------
    Beck, Teboulle (2009), A fast iterative shrinkage-thresholding algorithm for linear inverse
    problems, SIAM J. Imaging Sci. 2(1). Boyd, Xiao, Mutapcic (2003), Subgradient methods,
    lecture notes, Stanford. Karimi, Nutini, Schmidt (2016), Linear convergence of gradient and
    proximal-gradient methods under the Polyak-Lojasiewicz condition, ECML. Nesterov (1983), A
    method of solving a convex programming problem with convergence rate O(1/k^2), Soviet Math.
    Dokl. 27. Shor (1985), Minimization methods for non-differentiable functions. Tseng (2001),
    Convergence of a block coordinate descent method for nondifferentiable minimization,
    J. Optim. Theory Appl. 109.

    Examples
    --------
    >>> import numpy as np, shrinkage
    >>> X = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> y = X @ [3.0, 1.0]
    >>> for method in ("subgradient", "proximal"):
    ...     trace = shrinkage.descent(X, y, alpha=1.0, method=method, n_steps=50)
    ...     print(method, trace.coef[-1].round(3), trace.n_zeros[-1], trace.support_step)
    subgradient [1.847 0.209] 0 None
    proximal [1.876 0.   ] 1 3
    """
    check_choice("method", method, tuple(METHODS))
    n_steps = check_count("n_steps", n_steps)
    alpha = check_alpha(alpha)
    reading = read(X, y, l1_ratio=l1_ratio, fit_intercept=fit_intercept, standardize=standardize)
    refuse_gradient(method, alpha, reading.problem.l1_ratio)
    return run(Exercise(reading, alpha), method, n_steps)


def refuse_gradient(method: str, alpha: float, l1_ratio: float) -> None:
    """Refuse the gradient where the objective has none."""
    if method == "gradient" and alpha * l1_ratio > 0.0:
        raise ArgumentError.must_be(
            "l1_ratio",
            '0 with method="gradient", because |b| has no gradient at b = 0',
            l1_ratio,
            'method="subgradient" takes a slope of the kink for it, "proximal" treats |b| exactly',
        )


def run(exercise: Exercise, method: str, n_steps: int) -> Trace:
    """Return `n_steps` steps of a method."""
    columns, solution = exercise.descent.columns, exercise.solution
    step, setup_passes = (math.nan, 0.0) if method == "coordinate" else exercise.step
    t = np.zeros((n_steps + 1, columns.p))
    passes = np.zeros(n_steps + 1)
    before = columns.passes
    for k, at in enumerate(islice(METHODS[method](exercise.descent, step), n_steps), start=1):
        t[k] = at
        passes[k] = columns.passes - before
    objective = exercise.objective(t)
    coef = t * columns.inverse
    is_zero = (t == 0.0)[:, exercise.usable]
    certified = (solution.coef == 0.0)[exercise.usable]
    return Trace(
        method=method,
        alpha=solution.alpha,
        l1_ratio=solution.l1_ratio,
        coef=coef,
        intercepts=exercise.y_mean - coef @ exercise.mean,
        objective=objective,
        excess=objective - exercise.optimum,
        n_zeros=is_zero.sum(axis=1),
        passes=passes,
        optimum=exercise.optimum,
        known_to=exercise.known_to,
        solution=solution,
        n_zeros_certified=int(certified.sum()),
        support_step=_first_of_last_run((is_zero == certified).all(axis=1)),
        step_size=step,
        setup_passes=setup_passes,
        names=exercise.names,
    )


def _first_of_last_run(holds: BoolArray) -> int | None:
    """Return the first position from which on all hold; None if the last does not."""
    if not holds[-1]:
        return None
    fails = np.flatnonzero(~holds)
    return int(fails[-1]) + 1 if fails.size else 0
