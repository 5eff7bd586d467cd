"""How often each feature is kept if half of the rows had not been seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage._validate import check_alphas, check_count, check_number
from shrinkage.draw.figure import describe, new_figure
from shrinkage.draw.selection import SelectionPanel, selection_figure
from shrinkage.draw.table import significant
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.families import Family
from shrinkage.lessons.look import look_of
from shrinkage.lessons.read import Reading, read
from shrinkage.lessons.samples import Unfinished, by_columns, complementary_halves
from shrinkage.select.crossval import cross_validate
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.folds import Splits, make_splits
from shrinkage.solve import Problem, Settings
from shrinkage.solve.columns import mention_columns
from shrinkage.solve.opened import log_spaced
from shrinkage.solve.plan import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A feature that is kept in so many of the half-samples is counted as stable.
OFTEN = 0.8
_N_NAMED = 10
_N_FOLDS = 10
_MOST_PANELS = 3
# The grid ends where it has passed the chosen alpha, and at least so far below alpha_max.
_LAST, _PAST_CHOSEN = 0.05, 0.5


@dataclass(frozen=True, eq=False)
class Selection:
    """How often one penalty keeps each feature.

    Attributes
    ----------
    l1_ratio : float
    alphas : ndarray of shape (n_alphas,)
        Decreasing; `alpha` is among them.
    frequency : ndarray of shape (n_alphas, n_features)
        Share of the half-samples in which the coefficient is not zero.
    alpha : float
        Chosen by cross-validation on all rows.
    kept : ndarray
        Features that the fit to all rows keeps at `alpha`.
    n_halves : int
    """

    l1_ratio: float
    alphas: FloatArray
    frequency: FloatArray
    alpha: float
    kept: IndexArray
    n_halves: int

    @property
    def at_alpha(self) -> FloatArray:
        """The frequencies at `alpha`, of shape (n_features,)."""
        return np.asarray(self.frequency[int(np.flatnonzero(self.alphas == self.alpha)[0])])

    @property
    def n_often(self) -> int:
        """How many of `kept` are kept in at least 80 % of the half-samples."""
        # 80 of 100 is not quite 0.8 in binary.
        return int(np.count_nonzero(self.at_alpha[self.kept] >= OFTEN - 1e-9))


def plot_selection(
    X: Any,
    y: ArrayLike | str,
    *,
    family: str | Family = "gaussian",
    l1_ratios: float | Sequence[float] = (1.0, 0.5),
    n_halves: int = 100,
    alphas: int | ArrayLike = 50,
    random_state: int = 0,
) -> Figure:
    """Draw how often each feature is kept over half-samples, at each alpha.

    A feature that is kept whichever half of the rows is looked at owes it to more than chance;
    one that comes and goes could as well be another one. Each penalty has a panel. The dotted
    line is the alpha that cross-validation on all rows chose, the circles on it are the features
    that the fit to all rows keeps there, and the dashed line is at 80 %.

    Parameters
    ----------
    X : array, scipy.sparse matrix or data frame of shape (n_samples, n_features)
        At least 4 rows. Text columns of a frame become one 0/1 column for each level.
    y : array-like of shape (n_samples,) or str
        Response, or the name of its column in the frame X; for the binomial family labels of two
        classes.
    family : {"gaussian", "binomial", "poisson"} or Family, default "gaussian"
        Whose loss: the squared error, the log loss of two classes, or that of counts.
    l1_ratios : float or sequence of up to 3 floats in (0, 1], default (1.0, 0.5)
        Share of L1 of each panel: 1 is the lasso. Ridge, 0, keeps every feature always.
    n_halves : int, default 100
        Even: the half-samples come in pairs, in which each row is in one of the two.
    alphas : int or array-like, default 50
        Number of alphas from alpha_max down to 0.05 alpha_max or to half of the cross-validated
        alpha, whichever is less, evenly spaced in the logarithm (the cross-validated one is
        added); or strengths > 0, for the Gaussian family in units of y, from which
        cross-validation chooses, too.
    random_state : int, default 0
        Makes other half-samples and other folds.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        If an argument is outside its range.
    DataError
        If the data hold something else than finite numbers or text.
    MissingDependencyError
        Without matplotlib.

    Warns
    -----
    ConvergenceWarning
        Once, if points on half-samples did not reach the tolerance.
    DataWarning
        Once, if columns are constant or repeat another one.

    Notes
    -----
    Each half-sample is standardized on its own, and its path is certified. The alphas are the
    same for all, those of the full data. With an odd number of rows one half has one more.
    The share of half-samples is a description, and no bound on the number of false features:
    those of the references need a rule for the alphas and a threshold.
    Cost: n_halves paths on half of the rows for each l1_ratio, and one cross-validated path.

    References
    ----------
    Meinshausen and Buehlmann (2010), section 2.2; Shah and Samworth (2013), section 2.1, for the
    complementary pairs.

    Examples
    --------
    >>> import shrinkage
    >>> from sklearn.datasets import load_diabetes
    >>> figure = shrinkage.plot_selection(*load_diabetes(return_X_y=True), n_halves=10)
    >>> print(figure.texts[0].get_text())
    How often each feature is kept over half-samples
    """
    new_figure("plot_selection", (1.0, 1.0))  # so that a missing matplotlib is told of first
    ratios = _check_ratios(l1_ratios)
    n_halves = _check_halves(n_halves)
    grid = _check_grid(alphas)
    seed = check_count("random_state", random_state, minimum=0)
    reading = read(X, y, family=family)
    found = selections(reading.problem, ratios, n_halves=n_halves, alphas=grid, seed=seed)
    return _figure(reading, found)


def selections(
    problem: Problem,
    l1_ratios: Sequence[float],
    *,
    n_halves: int,
    alphas: int | FloatArray,
    seed: int,
) -> list[Selection]:
    """Return how often each penalty keeps each feature; parameters as in `plot_selection`."""
    n = problem.matrix.shape[0]
    if n < 4:
        raise ArgumentError.must("X", "have at least 4 rows, 2 in each half", Phrase(str(n)))
    settings = Settings()
    splits = make_splits(min(_N_FOLDS, n), n, seed=seed)
    opened = FoldSolver(problem, splits, settings)
    requests: list[tuple[Plan, float, FloatArray]] = []
    found: list[tuple[float, IndexArray]] = []
    for l1_ratio in l1_ratios:
        chosen = cross_validate(
            problem,
            splits,
            alphas=alphas if not isinstance(alphas, int) else 100,
            l1_ratios=(l1_ratio,),
            settings=settings,
            opened=opened,
        )
        path = chosen.path
        if not requests:
            mention_columns(problem.matrix, path.spread)
        grid = alphas
        if isinstance(grid, int):
            grid = _grid(path.alpha_max, chosen.alpha, grid)
        coef = path.points.coef(chosen.index[1], path.n_features)
        requests.append((opened.plan(l1_ratio, grid), l1_ratio, grid))
        found.append((chosen.alpha, np.flatnonzero(coef)))
    counts = _counts(problem, requests, n_halves, seed)
    return [
        Selection(l1_ratio, grid, count / n_halves, alpha, kept, n_halves)
        for (_, l1_ratio, grid), count, (alpha, kept) in zip(requests, counts, found, strict=True)
    ]


def _counts(
    problem: Problem,
    requests: Sequence[tuple[Plan, float, FloatArray]],
    n_halves: int,
    seed: int,
) -> list[IndexArray]:
    """Return in how many halves each coefficient is not 0, of shape (n_alphas, n_features)."""
    n, p = problem.matrix.shape
    problem = by_columns(problem, [plan for plan, _, _ in requests])
    counts = [np.zeros((grid.size, p), dtype=np.intp) for _, _, grid in requests]
    settings, unfinished = Settings(), Unfinished()
    for halves in complementary_halves(n, n_halves // 2, seed):
        # Two folds: each is fitted to the half that the other one holds out.
        pair = FoldSolver(problem, Splits(n, 2, halves, None), settings)
        folds = pair.folds(requests, need_paths=True)
        for count, fold, (_, _, grid) in zip(counts, folds, requests, strict=True):
            for points, place in fold.points():
                nonzero = points.values != 0.0
                rows = np.repeat(np.arange(len(points)), np.diff(points.starts)) + place.start
                count[rows[nonzero], points.features[nonzero]] += 1
                unfinished.look_at(points, grid[place])
    unfinished.warn(settings.gap_of(problem.family.name))
    return counts


def _grid(alpha_max: float, chosen: float, n_alphas: int) -> FloatArray:
    """Return alphas from alpha_max to below the chosen one, which is among them, decreasing."""
    if alpha_max == 0.0:  # nothing to learn: any alpha gives the null model
        return np.array([chosen])
    ratio = min(_LAST, _PAST_CHOSEN * chosen / alpha_max)
    return np.unique(np.append(log_spaced(alpha_max, ratio, n_alphas), chosen))[::-1].copy()


def _figure(reading: Reading, found: Sequence[Selection]) -> Figure:
    n, p = reading.problem.matrix.shape
    first = found[0]
    # The same features in every panel: those most often kept where the models were chosen, then
    # over the whole grid.
    mean = np.mean([each.frequency.mean(axis=0) for each in found], axis=0)
    chosen = np.mean([each.at_alpha for each in found], axis=0)
    named = np.lexsort((-mean, -chosen))[:_N_NAMED]
    named = named[mean[named] > 0.0]
    figure = selection_figure(
        [
            SelectionPanel(
                look_of(each.l1_ratio).name,
                _sentence(each, ";\n"),
                each.alphas,
                each.frequency,
                each.alpha,
                each.kept,
            )
            for each in found
        ],
        reading.names,
        named,
        threshold=OFTEN,
        heading="How often each feature is kept over half-samples",
        numbers=f"{n} rows, {p} features, {first.n_halves} half-samples of {n // 2} rows; "
        "circles: kept on all rows; grey: some of the others",
        asked_by="plot_selection",
    )
    words = "; ".join(f"{look_of(each.l1_ratio).name}: {_sentence(each, ', ')}" for each in found)
    describe(
        figure,
        f"Share of {first.n_halves} half-samples of {n // 2} rows in which each of {p} features "
        f"is kept, over the strength of the penalty. {words[:1].upper()}{words[1:]}.",
    )
    return figure


def _sentence(found: Selection, joint: str) -> str:
    count = found.kept.size
    words = f"{count} feature{'' if count == 1 else 's'} at the cross-validated alpha "
    words += f"{significant(found.alpha, 3)} (dotted)"
    if count == 0:
        return words
    return f"{words}{joint}{found.n_often} of them in at least 80 % of the half-samples"


def _check_ratios(l1_ratios: object) -> tuple[float, ...]:
    given = [l1_ratios] if isinstance(l1_ratios, Real) else l1_ratios
    requirement = f"a number in (0, 1] or a list of 1 to {_MOST_PANELS} different ones"
    if isinstance(given, (str, bytes, dict)) or not hasattr(given, "__len__"):
        raise ArgumentError.must_be("l1_ratios", requirement, l1_ratios)
    values: list[Any] = list(given)  # type: ignore[call-overload]
    ratios = [
        check_number("l1_ratios", value, requirement, low=np.nextafter(0.0, 1.0), high=1.0)
        for value in values
    ]
    if not 1 <= len(ratios) <= _MOST_PANELS or len(set(ratios)) < len(ratios):
        raise ArgumentError.must_be("l1_ratios", requirement, l1_ratios)
    return tuple(ratios)


def _check_halves(n_halves: object) -> int:
    count = check_count("n_halves", n_halves, minimum=2)
    if count % 2:
        hint = "half-samples come in pairs, in which each row is in one of the two"
        raise ArgumentError.must_be("n_halves", "even", count, hint)
    return count


def _check_grid(alphas: object) -> int | FloatArray:
    grid = check_alphas(alphas)
    if isinstance(grid, int):
        return check_count("alphas", grid, minimum=2)
    if grid[-1] == 0.0:
        hint = "without a penalty every feature is kept"
        raise ArgumentError.must_be("alphas", "above 0", 0.0, hint)
    return grid
