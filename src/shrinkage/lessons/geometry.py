"""Where the loss touches the penalty, in the plane of two coefficients.

The textbook draws two coefficients, the contours of the loss, and the ball of the penalty: a
diamond with corners for the lasso, a circle for ridge. With more than two features a plane can
show the same picture and still be true, if the other coefficients are at their best. In the
notation of docs/objective.md, with t_j = s_j b_j, l1 = alpha l1_ratio and
l2 = alpha (1 - l1_ratio) / tau, for the features i and j:

    pen(t)      = l1 |t| + l2 t^2 / 2                           the penalty of one coefficient
    L(t_i, t_j) = min over all t_k but t_i, t_j of  |y - sum_k t_k z_k|^2 / 2 + sum pen(t_k)

with y and z_k as in the certificate (centred, rows times sqrt(wt)), and the last sum over the
same k.

The others keep their penalty. So L(t_i, t_j) + pen(t_i) + pen(t_j), minimised over the pair, is
the whole problem, so that

- the pair of the certified solution minimises it, and by convexity it is also where L is smallest
  on the ball {pen(t_i) + pen(t_j) <= its value at the solution}: the level line of L through the
  solution touches the ball there. The contact is solved, not projected, and a coefficient is drawn
  at zero only if the model has it exactly at zero;
- it is true for any number of features and rows. With the others unpenalised (the rejected
  alternative; its contours are ellipses by Frisch and Waugh) the contact would belong to a model
  that nobody fitted, and with more features than rows L would be zero everywhere;
- with two features L is the least-squares loss: the classical picture.

L is convex with a continuous gradient; the contours are ellipses for ridge, and made of pieces of
ellipses where l1 > 0, one piece for each support of the others (`ProfiledLoss`). For classes and
counts the loss of docs/objective.md takes the place of the squares: the same is true, but the
contours are no ellipses, and every point of them is a fit of its own (`ProfiledGlm`).

The picture: Hastie, Tibshirani, Friedman (2009), figure 3.11.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray
from shrinkage._validate import check_l1_ratios, check_number
from shrinkage.draw.figure import describe
from shrinkage.draw.geometry import Panel, blank_geometry, draw_geometry, short_name
from shrinkage.draw.table import significant
from shrinkage.errors import ArgumentError, DataWarning, Phrase, listed
from shrinkage.families import Family
from shrinkage.lessons.level_lines import ball, level_lines
from shrinkage.lessons.look import look_of
from shrinkage.lessons.profiled_glm import ProfiledGlm
from shrinkage.lessons.profiled_loss import ProfiledLoss
from shrinkage.lessons.read import Reading, read
from shrinkage.solve import Path, Problem, Solution, solve_path
from shrinkage.solve.scaled_data import GlmData, ScaledData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REFINED = 50  # alphas between two of a default path


def plot_geometry(
    X: Any,
    y: ArrayLike | str,
    features: Sequence[str | int] | None = None,
    *,
    family: str | Family = "gaussian",
    l1_ratio: float | Sequence[float] = (1.0, 0.5, 0.0),
    alpha: float | None = None,
) -> Figure:
    """Draw where the contours of the loss touch the ball of the penalty, for two coefficients.

    Each panel is one model with an intercept and standardized columns. It shows the loss over the
    plane of two coefficients, all others at their best under the same penalty; the ball of the
    penalty through the solution; and the contact of the two, which is the solution itself.

    Parameters
    ----------
    X : array-like, scipy.sparse matrix or data frame, shape (n, p), p >= 2
        Text columns are encoded, one column for each level.
    y : array-like of shape (n,), or str
        The response, or the name of its column in a data frame X; for the binomial family labels
        of two classes.
    features : pair of str or int, optional
        Names ("bmi", "sex=female"; "x0", "x1", ... of an array) or positions from 0 after the
        encoding. None takes the two with the largest coefficients per standard deviation at the
        end of the lasso's default path, where the penalty is weakest.
    family : {"gaussian", "binomial", "poisson"} or Family, default "gaussian"
        Whose loss: the squared error, the log loss of two classes, or that of counts.
    l1_ratio : float or sequence of float in [0, 1], default (1.0, 0.5, 0.0)
        One panel for each: lasso, elastic net, ridge.
    alpha : float > 0, optional
        Strength of the penalty in every panel; for the Gaussian family in units of y. None
        chooses for the lasso an alpha at which exactly one of the two is zero if there is one:
        the middle, in the logarithm, of the longest such stretch of its path; otherwise where the
        two together are half as large as they get. The other panels take the alpha at which
        their model explains as much of the deviance (Gaussian: of the variance of y) as that
        lasso does, so that they differ in the shape of the penalty alone.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown. Coefficients are per standard deviation of their column, in units of y; for
        classes in log odds of the second one, for counts in logarithms of the mean.

    Raises
    ------
    ArgumentError
        If an argument is outside its range, `features` are not two different columns with spread,
        X has one column, y is constant, or the two features separate the classes by themselves,
        so that the loss has no minimum.
    DataError
        If the data hold something else than finite numbers or text.
    MissingDependencyError
        Without matplotlib.

    Notes
    -----
    Cost: a few paths, and for each panel one small certified fit for each piece of the contours
    (hundreds with 50 features); for classes and counts one for each point of the contours, about
    a thousand: seconds for 1000 rows. X is widened to a dense matrix.

    References
    ----------
    Hastie, Tibshirani, Friedman (2009), figure 3.11 and section 3.4.3.

    Examples
    --------
    >>> import numpy as np, shrinkage
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> figure = shrinkage.plot_geometry(X, X @ [3.0, 1.0], l1_ratio=1.0)
    >>> print(figure.axes[0].texts[-1].get_text().splitlines()[-1])
    x1 exactly 0
    """
    ratios = check_l1_ratios(l1_ratio)
    if alpha is not None:
        requirement = "None or a finite number > 0"
        alpha = check_number("alpha", alpha, requirement, low=0.0)
        if alpha == 0.0:
            raise ArgumentError.must_be("alpha", requirement, alpha)
    figure = blank_geometry(len(ratios), "plot_geometry")
    reading = read(X, y, family=family)
    pair, _, panels = panels_of(reading, features, ratios, alpha)
    _finish(figure, panels, reading, pair)
    return figure


def panels_of(
    reading: Reading,
    features: Sequence[str | int] | None,
    ratios: Sequence[float],
    alpha: float | None,
) -> tuple[tuple[int, int], list[Solution], list[Panel]]:
    """Return the positions of the pair, the models, and what their panels show.

    Parameters as in `plot_geometry`, checked but for `features`.
    """
    data = _scaled(reading)
    chosen = None if features is None else _positions(features, reading.names, data.scale)
    lasso = solve_path(reading.problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the first path has said it
        pair = _largest_two(lasso) if chosen is None else chosen
        if alpha is None:
            models = _models_of_one_fit(reading.problem, ratios, lasso, pair)
        else:
            models = [_model(reading.problem, ratio, alpha) for ratio in ratios]
        panels = [_panel(model, data, pair, reading.names) for model in models]
    return pair, models, panels


def _scaled(reading: Reading) -> ScaledData | GlmData:
    """Return the standardized data, after refusing those without two features or a target."""
    problem = reading.problem
    if problem.matrix.shape[1] < 2:
        raise ArgumentError.must("X", "have at least 2 columns", Phrase("1 column"))
    data: ScaledData | GlmData
    if problem.is_gaussian:
        data = ScaledData(problem.matrix.source, problem.y, None, None, True, True)
    else:
        data = GlmData(problem.family, problem.matrix.source, problem.y, None, None, True, True)
    if data.null_loss == 0.0:
        raise ArgumentError.must("y", "vary", Phrase("the same number in every row"))
    if np.count_nonzero(data.scale) < 2:
        got = Phrase(f"{np.count_nonzero(data.scale)}")
        raise ArgumentError.must("X", "have at least 2 columns with spread", got)
    return data


def _positions(
    features: Sequence[str | int], names: tuple[str, ...], scale: FloatArray
) -> tuple[int, int]:
    requirement = "a pair of names or positions of columns"
    if isinstance(features, (str, bytes)) or not isinstance(features, Sequence | np.ndarray):
        raise ArgumentError.must_be("features", requirement, features)
    if len(features) != 2:
        raise ArgumentError.must_be("features", requirement, features)
    first, second = (_position(feature, names) for feature in features)
    if first == second:
        got = Phrase(f"{names[first]!r} twice")
        raise ArgumentError.must("features", "be two different columns", got)
    for position in (first, second):
        if scale[position] == 0.0:
            got = Phrase(f"{names[position]!r}, which is constant")
            raise ArgumentError.must("features", "be columns with spread", got)
    return first, second


def _position(feature: object, names: tuple[str, ...]) -> int:
    if isinstance(feature, Integral) and not isinstance(feature, bool):
        position = int(feature)
        if 0 <= position < len(names):
            return position
        raise ArgumentError.must("features", f"be positions from 0 to {len(names) - 1}", position)
    if isinstance(feature, str) and feature in names:
        return names.index(feature)
    hint = f"the columns are {listed(names, 20)}"
    raise ArgumentError.must("features", "name columns of `X`", feature, hint)


def _largest_two(lasso: Path) -> tuple[int, int]:
    """Return the features with the largest coefficients at the end of the path."""
    size = np.abs(lasso.coef_path[-1] * lasso.spread)
    # Where fewer than two entered, a column with spread is better than one without.
    first, second = np.lexsort((-lasso.spread, -size))[:2].tolist()
    return (first, second) if first < second else (second, first)


def _model(problem: Problem, ratio: float, alpha: float) -> Solution:
    return solve_path(problem.with_l1_ratio(ratio), [alpha]).solution(0)


def _models_of_one_fit(
    problem: Problem, ratios: Sequence[float], lasso: Path, pair: tuple[int, int]
) -> list[Solution]:
    """Return one model for each l1_ratio, all with the fit of the lasso that teaches most."""
    reference = lasso.solution(_telling(lasso, pair))
    models = []
    for ratio in ratios:
        if ratio == 1.0:
            models.append(reference)
            continue
        path = solve_path(problem.with_l1_ratio(ratio))
        after = int(np.searchsorted(path.deviance_ratio, reference.deviance_ratio))
        ends = np.clip([after - 1, after], 0, len(path) - 1)
        if ends[0] < ends[1]:
            between = np.geomspace(path.alphas[ends[0]], path.alphas[ends[1]], _REFINED)
            path = solve_path(problem.with_l1_ratio(ratio), between)
        missed = np.abs(path.deviance_ratio - reference.deviance_ratio)
        models.append(path.solution(int(missed.argmin())))
    return models


def _telling(lasso: Path, pair: tuple[int, int]) -> int:
    """Return the point of the lasso's path that shows most of a pair: `plot_geometry` says how."""
    size = np.abs(lasso.coef_path[:, pair] * lasso.spread[list(pair)])
    corner = np.count_nonzero(size, axis=1) == 1
    if corner.any():
        edges = np.flatnonzero(np.diff(np.concatenate([[0], corner.astype(int), [0]])))
        starts, ends = edges[::2], edges[1::2]
        longest = int((ends - starts).argmax())
        return int(starts[longest] + ends[longest] - 1) // 2
    total = size.sum(axis=1)
    return int(np.abs(total - 0.5 * total.max()).argmin())


def _panel(
    model: Solution, data: ScaledData | GlmData, pair: tuple[int, int], names: tuple[str, ...]
) -> Panel:
    """Return what one panel shows: the loss around its minimum, the ball, and their contact."""
    l1 = model.alpha * model.l1_ratio
    l2 = model.alpha * (1.0 - model.l1_ratio) / data.tau
    loss = _profile(data, pair, l1, l2)
    if np.isnan(loss.minimum).any():
        got = Phrase(" and ".join(repr(names[j]) for j in pair))
        hint = "the loss has no minimum where more always fits better; choose other features"
        requirement = "be two that don't separate the classes by themselves"
        raise ArgumentError.must("features", requirement, got, hint)
    contact = (model.coef * data.scale)[list(pair)]
    rings, touching = level_lines(loss, contact)
    look = look_of(model.l1_ratio)
    said = [
        f"{short_name(names[j])} {_number(t) if t else 'exactly 0'}"
        for j, t in zip(pair, contact, strict=True)
    ]
    what = "variance" if isinstance(data, ScaledData) else "deviance"
    explained = f"explains {100 * model.deviance_ratio:.3g} % of the {what}"
    return Panel(
        look.name,
        look.colour,
        look.line,
        ball(contact, l1, l2),
        rings,
        touching,
        contact,
        loss.minimum,
        f"alpha {significant(model.alpha, 3)}, {explained}\n" + "\n".join(said),
    )


def _profile(
    data: ScaledData | GlmData, pair: tuple[int, int], l1: float, l2: float
) -> ProfiledLoss | ProfiledGlm:
    columns = data.columns(np.arange(data.n_features))
    if isinstance(data, ScaledData):
        return ProfiledLoss(columns, data.y, pair, l1, l2)
    return ProfiledGlm(columns / data.root[:, None], data.y, data.family, pair, l1, l2)


def _number(value: float) -> str:
    return significant(float(value), 3)


def _finish(
    figure: Figure,
    panels: Sequence[Panel],
    reading: Reading,
    pair: tuple[int, int],
) -> None:
    """Draw the panels, and say in the title and the description what they show."""
    names = (reading.names[pair[0]], reading.names[pair[1]])
    others = len(reading.names) - 2
    kept = "the third coefficient" if others == 1 else f"the other {others} coefficients"
    held = f" with {kept} at best, under the same penalty" if others else ""
    contacts = ", ".join(
        f"{panel.name} ({_number(panel.contact[0])}, {_number(panel.contact[1])})"
        for panel in panels
    )
    shown = [short_name(name) for name in names]
    numbers = f"({shown[0]}, {shown[1]}) at the contact: {contacts}. Grey: equal loss{held}."
    draw_geometry(
        figure,
        panels,
        names,
        unit=short_name(reading.unit),
        heading="Where the loss touches the penalty",
        numbers=numbers,
    )
    told = " ".join(f"{panel.name}: {panel.words.replace(chr(10), ', ')}." for panel in panels)
    describe(
        figure,
        f"Contours of the loss and ball of the penalty in the plane of the coefficients of "
        f"{names[0]} and {names[1]}, per standard deviation. Contact at the solution. {told}",
    )
