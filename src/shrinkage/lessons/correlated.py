"""What ridge, elastic net and lasso do with features that are correlated, sample after sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage._validate import check_count, check_number
from shrinkage.design import Columns, correlations
from shrinkage.draw.correlated import CoefPanel, group_figure, pair_figure, percent
from shrinkage.draw.figure import describe, new_figure
from shrinkage.draw.table import significant
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.families import Family
from shrinkage.lessons.look import look_of
from shrinkage.lessons.pick import most_correlated_pair, named_columns
from shrinkage.lessons.read import check_family, read
from shrinkage.lessons.samples import Unfinished, by_columns, fits_to, resamples
from shrinkage.lessons.simulation import simulate
from shrinkage.select.crossval import cross_validate
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.folds import make_splits
from shrinkage.solve import Problem, Settings, choose, make_problem
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.solver import Solver

if TYPE_CHECKING:
    from matplotlib.figure import Figure

L1_RATIOS = (0.0, 0.5, 1.0)
RHO = 0.95
# The simulation: half of the variance of y is noise.
N_ROWS, _SNR, _N_ALPHAS = 30, 1.0, 60
_N_FOLDS = 10
_SHORT = 6


@dataclass(frozen=True, eq=False)
class Effects:
    """Coefficients of correlated features for three penalties over many samples.

    Attributes
    ----------
    names : tuple of str, length k
    correlations : ndarray of shape (k, k)
        On all rows; of a simulation the true ones.
    l1_ratios : tuple of float, length 3
    alphas : tuple of float, length 3
        The same for all samples.
    coefs : ndarray of shape (3, n_samples, k)
        Per standard deviation of the column.
    marks : ndarray of shape (3, k)
        The truth, or the coefficients on all rows.
    is_simulated : bool
    """

    names: tuple[str, ...]
    correlations: FloatArray
    l1_ratios: tuple[float, ...]
    alphas: tuple[float, ...]
    coefs: FloatArray
    marks: FloatArray
    is_simulated: bool

    @property
    def n_kept(self) -> IndexArray:
        """How many of the features each sample keeps, of shape (3, n_samples)."""
        return np.asarray(np.count_nonzero(self.coefs, axis=2), dtype=np.intp)

    @property
    def zero(self) -> FloatArray:
        """Share of the samples in which each coefficient is exactly 0, of shape (3, k)."""
        return np.asarray((self.coefs == 0.0).mean(axis=1))


def plot_correlated(
    X: Any = None,
    y: ArrayLike | str | None = None,
    columns: Sequence[str | int] | None = None,
    *,
    family: str | Family = "gaussian",
    rho: float = RHO,
    n_resamples: int = 200,
    random_state: int = 0,
) -> Figure:
    """Draw how ridge, elastic net and lasso share weight among correlated features.

    Ridge shares it, the lasso tends to pick one, and which one changes from sample to sample;
    the elastic net (l1_ratio 0.5) lies between. Two features are drawn against each other, a dot
    for each sample; of more features the spread of each coefficient and how often it is 0.

    Without X the two features and y are simulated: correlation `rho`, true coefficients 1 and 1,
    as much noise as signal, and a fresh sample of 30 rows each time. With X the samples are
    bootstrap resamples of its rows, and the other columns take part in every fit.

    Parameters
    ----------
    X : array, scipy.sparse matrix or data frame of shape (n_samples, n_features), optional
        At least 4 rows. Text columns of a frame become one 0/1 column for each level.
    y : array-like of shape (n_samples,) or str, optional
        Response, or the name of its column in the frame X; for the binomial family labels of two
        classes.
    columns : sequence of 2 to 30 str or int, optional
        Names or positions of the features to look at; the name of a text column means all its
        levels. None means the two numeric ones of the largest absolute correlation (if there are
        more than 2000, among those most correlated with y).
    family : {"gaussian", "binomial", "poisson"} or Family, default "gaussian"
        Whose loss: the squared error, the log loss of two classes, or that of counts. Another
        than the Gaussian needs X.
    rho : float in [0, 1), default 0.95
        Correlation of the simulated features; only without X.
    n_resamples : int >= 2, default 200
    random_state : int >= 0, default 0
        Makes other samples and other folds.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        If an argument is outside its range, or `rho` is given together with X.
    DataError
        If the data hold something else than finite numbers or text.
    MissingDependencyError
        Without matplotlib.

    Warns
    -----
    ConvergenceWarning
        Once, if a fit to a resample did not reach the tolerance.
    DataWarning
        Once, if columns are constant or repeat another one.

    Notes
    -----
    Each penalty has one alpha for all samples, so that only the data change: with X the one that
    cross-validation on all rows chose, the folds being the same for the three; without X the one
    with the smallest error on new data, averaged over the samples, which the known truth gives.
    It is not tuned again in each resample, for a row that is there twice would be in two folds,
    and the held-out error would be too small.
    A resample is a weight for each row, so X is never copied; it is standardized on its own, and
    every fit is certified. Coefficients are per standard deviation on all rows.
    Cost: n_resamples times three fits, and three cross-validated paths. Ridge takes
    O(min(n, p)^3) operations for each resample: minutes where both exceed a thousand.

    References
    ----------
    Zou and Hastie (2005), section 2.3, theorem 1: the elastic net's coefficients per standard
    deviation of two features with correlation r differ by at most
    tau^2 sqrt(2 (1 - r)) / (alpha (1 - l1_ratio)) in the notation of docs/objective.md, if both
    have the same sign. Efron and Tibshirani (1993), chapter 6, for the bootstrap.

    Examples
    --------
    >>> import shrinkage
    >>> figure = shrinkage.plot_correlated(rho=0.99)
    >>> print(figure.texts[1].get_text())
    How ridge, elastic net and lasso treat two correlated features
    """
    new_figure("plot_correlated", (1.0, 1.0))  # so that a missing matplotlib is told of first
    n_resamples = check_count("n_resamples", n_resamples, minimum=2)
    seed = check_count("random_state", random_state, minimum=0)
    if X is None:
        is_linear = check_family(family).name == "gaussian"
        other = None if is_linear else family
        for name, value in (("y", y), ("columns", columns), ("family", other)):
            if value is not None:
                hint = "without X the data are simulated, by a linear model"
                raise ArgumentError.cannot(name, "be given without `X`", hint)
        return _figure(simulated_effects(rho, n_resamples, seed))
    if rho != RHO:
        hint = "it is the correlation of simulated features; leave X and y out"
        raise ArgumentError.cannot("rho", "be given together with `X`", hint)
    reading = read(X, y, family=family)  # type: ignore[arg-type]
    wanted = None if columns is None else named_columns(columns, reading.columns)
    return _figure(bootstrap_effects(reading.problem, reading.columns, wanted, n_resamples, seed))


def simulated_effects(rho: float, n_samples: int, seed: int) -> Effects:
    """Return the coefficients on fresh samples of two features of correlation rho."""
    requirement = "a number >= 0 and below 1"
    rho = check_number("rho", rho, requirement, low=0.0, high=np.nextafter(1.0, 0.0))
    truth = simulate(N_ROWS, 2, signal="dense", rho=rho, snr=_SNR, random_state=seed)
    X, y = truth.sample(n_samples * N_ROWS, seed + 1)
    settings, unfinished = Settings(), Unfinished()
    grids: list[FloatArray] = []
    paths: list[list[FloatArray]] = [[] for _ in L1_RATIOS]
    for first in range(0, n_samples * N_ROWS, N_ROWS):
        rows = slice(first, first + N_ROWS)
        problem = make_problem(X[rows], y[rows])
        plans = [choose(problem.with_l1_ratio(ratio), alphas=_N_ALPHAS) for ratio in L1_RATIOS]
        if not grids:
            grids = [
                Solver(problem, plan, settings).grid(_N_ALPHAS, None, ratio)
                for plan, ratio in zip(plans, L1_RATIOS, strict=True)
            ]
        fits = fits_to(problem, plans, L1_RATIOS, grids, settings)
        for found, points, grid in zip(paths, fits, grids, strict=True):
            unfinished.look_at(points, grid)
            found.append(points.dense(2))
    unfinished.warn(settings.gap)
    coefs, alphas = [], []
    for grid, found in zip(grids, paths, strict=True):
        each = np.array(found)
        best = int(truth.model_error(each).mean(axis=0).argmin())
        alphas.append(float(grid[best]))
        coefs.append(each[:, best])
    marks = np.tile(truth.coef, (len(L1_RATIOS), 1))
    return Effects(
        ("x0", "x1"), truth.covariance, L1_RATIOS, tuple(alphas), np.array(coefs), marks, True
    )


def bootstrap_effects(
    problem: Problem, about: Columns, wanted: IndexArray | None, n_resamples: int, seed: int
) -> Effects:
    """Return the coefficients of the wanted features on bootstrap resamples of the rows."""
    n = problem.matrix.shape[0]
    if n < 4:
        raise ArgumentError.must("X", "have at least 4 rows", Phrase(str(n)))
    settings, unfinished = Settings(), Unfinished()
    splits = make_splits(min(_N_FOLDS, n), n, seed=seed)
    opened = FoldSolver(problem, splits, settings)
    solver = opened.solver(opened.plan(1.0, 100))
    spread = np.asarray(solver.core.spread)
    mention_columns(problem.matrix, spread)
    if wanted is None:
        with_y = np.abs(solver.null_correlations())
        wanted = most_correlated_pair(problem.matrix.source, about, spread, with_y)
    elif (spread[wanted] == 0.0).any():
        constant = about.names[int(wanted[spread[wanted] == 0.0][0])]
        raise ArgumentError.must("columns", "name columns that vary", constant)
    chosen = [
        cross_validate(problem, splits, l1_ratios=(ratio,), settings=settings, opened=opened)
        for ratio in L1_RATIOS
    ]
    marks = [found.path.points.coef(found.index[1], spread.size)[wanted] for found in chosen]
    grids = [np.array([found.alpha]) for found in chosen]
    plans = [
        choose(problem.with_l1_ratio(ratio), alphas=grid)
        for ratio, grid in zip(L1_RATIOS, grids, strict=True)
    ]
    coefs = np.empty((len(L1_RATIOS), n_resamples, wanted.size))
    problem = by_columns(problem, plans)
    for sample, part in enumerate(resamples(problem, n_resamples, seed)):
        fits = fits_to(part, plans, L1_RATIOS, grids, settings)
        for row, (points, grid) in enumerate(zip(fits, grids, strict=True)):
            unfinished.look_at(points, grid)
            coefs[row, sample] = points.coef(0, spread.size)[wanted]
    unfinished.warn(settings.gap_of(problem.family.name))
    return Effects(
        tuple(about.names[j] for j in wanted),
        correlations(problem.matrix.source, wanted),
        L1_RATIOS,
        tuple(found.alpha for found in chosen),
        coefs * spread[wanted],
        np.array(marks) * spread[wanted],
        False,
    )


def _figure(found: Effects) -> Figure:
    k, n_samples = len(found.names), found.coefs.shape[1]
    looks = [look_of(ratio) for ratio in found.l1_ratios]
    of = f"samples of {N_ROWS} rows" if found.is_simulated else "bootstrap resamples"
    of = f"{n_samples} {of}"
    panels = [
        CoefPanel(
            f"{look.name}, alpha {significant(alpha, 3)}",
            _pair_numbers(found, row) if k == 2 else _group_numbers(found, row),
            look.colour,
            coefs,
            mark,
        )
        for row, (look, alpha, coefs, mark) in enumerate(
            zip(looks, found.alphas, found.coefs, found.marks, strict=True)
        )
    ]
    mark = "truth" if found.is_simulated else "all rows"
    if k == 2:
        return _pair(found, panels, mark, of)
    r = found.correlations[np.triu_indices(k, 1)]
    kept = ", ".join(
        f"{look.name} {significant(float(n.mean()), 2)}"
        for look, n in zip(looks, found.n_kept, strict=True)
    )
    numbers = f"of {k} features, correlations {r.min():.2f} to {r.max():.2f}, kept on average"
    numbers = f"{numbers} in {of}: {kept}"
    heading = f"How ridge, elastic net and lasso treat {k} correlated features"
    figure = group_figure(
        panels, found.names, mark=mark, heading=heading, numbers=numbers, asked_by="plot_correlated"
    )
    describe(figure, f"{heading}: {numbers}.")
    return figure


def _pair(found: Effects, panels: Sequence[CoefPanel], mark: str, of: str) -> Figure:
    r = float(found.correlations[0, 1])
    one = ", ".join(
        f"{percent(float((n == 1).mean()))} ({look_of(ratio).name})"
        for ratio, n in zip(found.l1_ratios, found.n_kept, strict=True)
    )
    heading = "How ridge, elastic net and lasso treat two correlated features"
    numbers = f"correlation {_correlation(r)}; only one of them is kept in {one} of {of}"
    figure = pair_figure(
        panels,
        found.names,
        mark=mark,
        sign=-1.0 if r < 0.0 else 1.0,
        heading=heading,
        numbers=numbers,
        asked_by="plot_correlated",
    )
    details = "; ".join(f"{panel.title}: {' '.join(panel.numbers.split())}" for panel in panels)
    describe(figure, f"{heading}: {numbers}. {details[:1].upper()}{details[1:]}.")
    return figure


def _correlation(r: float) -> str:
    """Return a correlation with two decimals, or with as many, up to six, as tell it from 1."""
    telling = (n for n in range(2, 7) if abs(round(r, n)) < 1.0)
    return f"{r:.{next(telling, 2)}f}"


def _pair_numbers(found: Effects, row: int) -> str:
    """Return how often one is kept and which one, and how far the two move against each other."""
    coefs, kept = found.coefs[row], found.n_kept[row]
    only = [float(((kept == 1) & (coefs[:, j] != 0.0)).mean()) for j in (0, 1)]
    if (kept == 1).any():
        # A long name is on the axis; an arrow tells which one.
        is_short = max(map(len, found.names)) <= _SHORT
        marks = found.names if is_short else ("\N{RIGHTWARDS ARROW}", "\N{UPWARDS ARROW}")
        which = ", ".join(f"{mark} {percent(each)}" for mark, each in zip(marks, only, strict=True))
        words = f"picks one in {percent(float((kept == 1).mean()))}: {which}"
    else:
        words = f"keeps both in {percent(float((kept == 2).mean()))}"
    neither = f"neither {percent(float((kept == 0).mean()))}; " if (kept == 0).any() else ""
    difference, total = (
        significant(float((coefs @ signs).std()), 2) for signs in ([1.0, -1.0], [1.0, 1.0])
    )
    return f"{words}\n{neither}sd of difference {difference}, of sum {total}"


def _group_numbers(found: Effects, row: int) -> str:
    kept = found.n_kept[row]
    low, high = int(kept.min()), int(kept.max())
    k = len(found.names)
    if low == high:
        return f"keeps {low} of {k} each time"
    return f"keeps {significant(float(kept.mean()), 2)} of {k} on average,\nfrom {low} to {high}"
