"""Which algorithm will solve a problem, and why: by flop counts and memory, never by timers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from shrinkage._typing import FloatArray
from shrinkage.solve.problem import Problem
from shrinkage.solve.row_space import suits

CROSS_PRODUCTS = "cross-products"
WORKING_SET = "working set"
RIDGE_P = "ridge p x p"
RIDGE_N = "ridge n x n"
NEWTON = "proximal Newton"

# Measured cross-overs: from this many columns on, a short path of a tall problem touches few
# enough of them for the working set to win; up to this many, a moderately wide one does not.
SHORT_PATH_COLUMNS = 500
WIDE_CROSS_PRODUCTS_COLUMNS = 1000
SHORT_PATH = 0.1
LONG_PATH = 1e-2
# With so many columns an elastic-net path on cross-products is solved as two chains side by side.
CHAINS_COLUMNS = range(48, 2001)
# Alphas that the working set solves ahead; members of sparse columns that a factor may have.
BATCH = 8
MOST_FACTORED_SPARSE = 4000
# Numbers that are kept of each column: penalty, bounds, scale, and what rules it out unread.
ARRAYS_OF_COLUMNS = 40


@dataclass(frozen=True)
class Plan:
    """The algorithm that will be used, the reason, and the memory it takes beside X.

    Attributes
    ----------
    name : {"cross-products", "working set", "ridge p x p", "ridge n x n", "proximal Newton"}
    because : str
        The numbers that decided.
    nbytes : int
        Largest memory in bytes, beside X and the result; an upper estimate.
    """

    name: str
    because: str
    nbytes: int

    @property
    def reads_columns(self) -> bool:
        """Whether a row-major X has to be copied to column-major order first."""
        return self.name in (WORKING_SET, RIDGE_N, NEWTON)

    def __str__(self) -> str:
        """Return the plan as one sentence."""
        return f"{self.name}: {self.because}; at most {_size(self.nbytes)} beside X"


def choose(
    problem: Problem,
    *,
    alphas: int | FloatArray = 100,
    alpha_min_ratio: float | None = None,
    n_folds: int = 0,
) -> Plan:
    """Return the plan for a path, or for a path and its cross-validation.

    - cross-products: one pass over X gives Z'Z and Z'y, and X is never read again; with folds,
      one pass gives them per fold, and training sets are merged from the others. Costs n p^2
      and, without limit to the support, p^2 numbers.
    - working set: the few columns that can enter are copied, bounds exclude the others; X is
      read 2 to 10 times. With folds, one such path for each, in threads.
    - ridge p x p and n x n: one eigendecomposition for all alphas, in the smaller of the two.
    - proximal Newton, for all families but the Gaussian: columns that can enter are copied, bounds
      exclude the others; their weighted cross-products serve several alphas. 2 to 4 passes over
      the copied columns for each alpha.

    Parameters
    ----------
    problem : Problem
    alphas : int or ndarray, default 100
        As in `elastic_net_path`.
    alpha_min_ratio : float, optional
        As in `elastic_net_path`.
    n_folds : int, default 0
        Number of folds if the path is to be cross-validated on a partition.

    Notes
    -----
    Cross-products are used only if they take less than half of this machine's memory.

    Examples
    --------
    >>> import numpy as np, shrinkage
    >>> X = np.random.default_rng(0).normal(size=(200, 30))
    >>> print(shrinkage.choose(shrinkage.make_problem(X, X[:, 0])))
    cross-products: n=200, p=30: 2e+05 flops, then X is not read again; at most 14.4 kB beside X
    """
    if not problem.is_gaussian:
        return _newton(problem, n_folds)
    n, p = problem.n_effective, problem.matrix.shape[1]
    square = _square_bytes(p, n_folds)
    fits = square <= _memory() // 2
    shape = f"n={n}, p={p}"
    if problem.is_ridge:
        if p <= n and fits:
            return Plan(RIDGE_P, f"{shape}: p x p is the smaller system", 2 * square)
        # kernel, eigenvectors and the work of the decomposition; folds share one more kernel
        copies = 4 if n_folds == 0 else 1 + 4 * min(n_folds, os.cpu_count() or 1)
        return Plan(
            RIDGE_N, f"{shape}: n x n is the smaller system", 8 * copies * n * n + _copy(problem)
        )
    if problem.matrix.kind == "sparse":
        return _working_set(problem, f"{shape}: X is sparse", n_folds)
    if not fits:
        return _working_set(
            problem, f"{shape}: {_size(square)} of cross-products do not fit", n_folds
        )
    ratio = _path_ratio(problem, alphas, alpha_min_ratio)
    if p > 2 * n:
        return _working_set(problem, f"{shape}: p > 2 n", n_folds)
    if p > n and problem.l1_ratio > 0 and (p > WIDE_CROSS_PRODUCTS_COLUMNS or ratio > LONG_PATH):
        return _working_set(problem, f"{shape}: p > n, and {ratio:.0e} is not a long path", n_folds)
    if p >= SHORT_PATH_COLUMNS and ratio >= SHORT_PATH and problem.l1_ratio > 0:
        return _working_set(problem, f"{shape}: the path ends at {ratio:.0e}", n_folds)
    because = f"{shape}: {float(n) * p * p:.0e} flops, then X is not read again"
    if n_folds:
        because += f"; {n_folds} folds are merged from their own cross-products"
    factors = 2 * 8 * p * p if problem.l1_ratio < 1 and p in CHAINS_COLUMNS else 0
    return Plan(CROSS_PRODUCTS, because, square + factors)


def _working_set(problem: Problem, because: str, n_folds: int) -> Plan:
    n, p = problem.n_effective, problem.matrix.shape[1]
    kept, factored = min(p, 2 * min(n, p)), min(n, p)
    column, vectors = 8 * n, 2 * BATCH * 8 * n + 8 * ARRAYS_OF_COLUMNS * p
    if problem.matrix.kind == "sparse":
        # Values and rows; a column that is more than half full is kept with its zeros.
        column = min(2 * 12 * problem.matrix.source.nnz // p, 12 * n)
        factored = min(factored, MOST_FACTORED_SPARSE)
    at_once = 1 if n_folds == 0 else min(n_folds, os.cpu_count() or 1)
    # Arrays grow by half, while the old one is still there; the factor has two more beside it.
    nbytes = at_once * (column * kept * 3 // 2 + 3 * 8 * factored**2 + vectors) + _copy(problem)
    if n_folds:
        because += f"; {n_folds} folds in threads"
    if _copy(problem):
        because += "; row-major X is copied by columns"
    return Plan(WORKING_SET, because, nbytes)


def _newton(problem: Problem, n_folds: int) -> Plan:
    n, p = problem.matrix.shape
    of_rows = problem.l1_ratio == 0.0 and suits(problem)
    copies = problem.n_classes or 1
    kept = n if of_rows else min(p, 2 * min(n, p))
    pairs = kept * copies
    column = 8 * n
    if problem.matrix.kind == "sparse" and not of_rows:
        column = 2 * 12 * problem.matrix.source.nnz // p  # by columns and by rows
    at_once = 1 if n_folds == 0 or of_rows else min(n_folds, os.cpu_count() or 1)
    # Arrays grow by half, while the old one is still there; four alphas share a pass over rows, and
    # the gradients of the last ones are kept.
    vectors = 8 * copies * (32 * n + ARRAYS_OF_COLUMNS * p)
    nbytes = at_once * (2 * column * kept + 4 * 8 * pairs**2 + vectors) + _copy(problem)
    because = f"n={n}, p={p}: the loss is that of the {problem.family.name} family"
    if of_rows:
        nbytes += 3 * 8 * n * p
        because += "; ridge in the space of the rows"
        because += f"; {n_folds} folds one after the other" if n_folds else ""
    elif n_folds:
        because += f"; {n_folds} folds in threads"
    if _copy(problem):
        because += "; row-major X is copied by columns"
    return Plan(NEWTON, because, nbytes)


def _copy(problem: Problem) -> int:
    """Return the size of the column-major copy that a row-major X needs."""
    matrix = problem.matrix
    return int(matrix.source.nbytes) if matrix.kind == "dense C" else 0


def _square_bytes(p: int, n_folds: int) -> int:
    matrices = 2 if n_folds == 0 else 2 * n_folds + 3
    return 8 * matrices * p * p


def _path_ratio(problem: Problem, alphas: int | FloatArray, alpha_min_ratio: float | None) -> float:
    """Return the last alpha over the first; 0 for one alpha alone, whose place is not known."""
    if isinstance(alphas, int):
        if alpha_min_ratio is not None:
            return float(alpha_min_ratio)
        return default_alpha_min_ratio(problem)
    return float(alphas[-1] / alphas[0]) if alphas.size > 1 else 0.0


def default_alpha_min_ratio(problem: Problem) -> float:
    """Return the last over the first alpha of the default grid (of lasso and elastic net)."""
    return 1e-4 if problem.n_effective > problem.matrix.shape[1] else 1e-2


@cache
def _memory() -> int:
    """Return the bytes of this machine's memory."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 4 << 30  # where it can't be asked, as much as a small machine has


def _size(nbytes: int) -> str:
    if nbytes < 1000:
        return f"{nbytes} bytes"
    power = min((len(str(nbytes)) - 1) // 3, 3)
    return f"{nbytes / 1000**power:.3g} {('kB', 'MB', 'GB')[power - 1]}"
