"""The descent methods in one picture: why |b| needs more than a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import ArrayLike
from shrinkage._validate import check_alpha, check_choice, check_count
from shrinkage.draw.descent import Course, Kink, descent_figure
from shrinkage.draw.figure import BLUE, GREEN, INK, ORANGE, PINK, describe, new_figure
from shrinkage.draw.table import significant
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.lessons.exercise import Exercise
from shrinkage.lessons.look import look_of
from shrinkage.lessons.read import read
from shrinkage.lessons.steps import METHODS
from shrinkage.lessons.trace import Trace, refuse_gradient, run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colour and line of each method, and the name by which papers know it.
_LOOK = {
    "gradient": (INK, "-", "gradient"),
    "subgradient": (ORANGE, "-", "subgradient"),
    "proximal": (BLUE, "--", "proximal (ISTA)"),
    "accelerated": (GREEN, "-.", "accelerated (FISTA)"),
    "coordinate": (PINK, ":", "coordinate"),
}
_WITH_KINK = ("subgradient", "proximal", "accelerated", "coordinate")
_SMOOTH = ("gradient", "accelerated", "coordinate")


def plot_descents(
    X: Any,
    y: ArrayLike | str,
    alpha: float | None = None,
    l1_ratio: float = 1.0,
    *,
    methods: Sequence[str] | None = None,
    n_steps: int = 200,
) -> Figure:
    """Draw several descent methods on one problem: how near they get, and their exact zeros.

    Above, over the number of times that X was read: the objective minus its certified minimum,
    and the number of coefficients that are exactly 0, with that of the certified solution.
    Below, one coefficient: the objective along it, with its two slopes at the kink and the last
    values of the subgradient method, and its course. X is standardized.

    Parameters
    ----------
    X : array-like, scipy.sparse matrix or data frame, shape (n, p)
    y : array-like of shape (n,), or str
        The response, or the name of its column in a data frame X.
    alpha : float >= 0, optional
        Strength of the penalty, in units of y. None means a tenth of alpha_max; for l1_ratio 0 a
        tenth of the lasso's: a model of moderate size, which the methods need a while for.
    l1_ratio : float in [0, 1], default 1.0
        Share of L1. At 0 there is no kink.
    methods : sequence of str, optional
        Methods of `descent`. None means "subgradient", "proximal", "accelerated" and
        "coordinate"; for l1_ratio 0 "gradient", "accelerated" and "coordinate", because there
        the subgradient is the gradient, and the proximal step is the gradient's.
    n_steps : int >= 2, default 200
        Steps of each method.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        If an argument is outside its range, "gradient" is asked for with L1, or every column
        of X is constant.
    DataError
        If the data hold something else than finite numbers.
    MissingDependencyError
        Without matplotlib.

    Notes
    -----
    Cost: that of `descent` for each method; the certified solution is computed once. The
    coefficient below is, of those that the certified solution sets to 0 and that the subgradient
    method carries over 0 in its second half, the one that goes furthest from 0 on the way; if no
    coefficient is 0, the smallest one.

    Examples
    --------
    >>> import numpy as np, shrinkage
    >>> X = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> figure = shrinkage.plot_descents(X, X @ [3.0, 1.0], alpha=1.0, n_steps=50)
    >>> figure.texts[0].get_text()
    'Lasso by descent: the subgradient method never has a zero'
    """
    new_figure("plot_descents", (1.0, 1.0))
    n_steps = check_count("n_steps", n_steps, 2)
    alpha = None if alpha is None else check_alpha(alpha)
    reading = read(X, y, l1_ratio=l1_ratio)
    l1_ratio = reading.problem.l1_ratio
    has_kink = l1_ratio > 0.0 and alpha != 0.0
    chosen = _checked(methods, _WITH_KINK if has_kink else _SMOOTH)
    for method in chosen:
        refuse_gradient(method, 1.0 if alpha is None else alpha, l1_ratio)
    exercise = Exercise(reading, alpha)
    if not exercise.usable.any():
        raise ArgumentError.must("X", "have a column that is not constant", Phrase("none"))
    traces = [run(exercise, method, n_steps) for method in chosen]
    j = _coefficient_to_show(exercise, traces)
    figure = descent_figure(
        [_course(trace, exercise, j) for trace in traces],
        kink_along(exercise, j),
        certified_zeros=traces[0].n_zeros_certified,
        n_features=int(exercise.usable.sum()),
        known_to=exercise.known_to,
        heading=_heading(traces),
        numbers=_numbers(exercise, traces),
        unit=reading.target,
        asked_by="plot_descents",
    )
    describe(figure, _description(exercise, traces, reading.names[j]))
    return figure


def _checked(methods: Sequence[str] | None, default: Sequence[str]) -> tuple[str, ...]:
    if methods is None:
        return tuple(default)
    if isinstance(methods, str) or not isinstance(methods, Sequence) or len(methods) == 0:
        raise ArgumentError.must_be("methods", "None or a non-empty list of methods", methods)
    names = tuple(check_choice("methods", method, tuple(METHODS)) for method in methods)
    if len(set(names)) < len(names):
        raise ArgumentError.must("methods", "hold each method once", methods)
    return names


def _coefficient_to_show(exercise: Exercise, traces: Sequence[Trace]) -> int:
    """Return the certified zero that goes furthest on the way, else the smallest coefficient.

    Of the certified zeros, those that the subgradient method carries over 0 at last come first.
    """
    size = np.abs(exercise.standardized(exercise.solution.coef))
    shown = exercise.usable & (size == 0.0)
    if not shown.any():
        return int(np.argmin(np.where(exercise.usable, size, np.inf)))
    for trace in traces:
        if trace.method == "subgradient":
            late = np.sign(trace.coef[trace.n_steps // 2 :])
            crosses = shown & (np.abs(np.diff(late, axis=0)) > 1.0).any(axis=0)
            shown = crosses if crosses.any() else shown
    calm = next((trace for trace in traces if trace.method != "subgradient"), traces[0])
    reach = np.abs(exercise.standardized(calm.coef)).max(axis=0)
    return int(np.argmax(np.where(shown, reach, -1.0)))


def _course(trace: Trace, exercise: Exercise, j: int) -> Course:
    colour, line, name = _LOOK[trace.method]
    return Course(
        name=name,
        colour=colour,
        line=line,
        passes=trace.passes,
        excess=trace.excess,
        zeros=trace.n_zeros,
        values=trace.coef[:, j] * exercise.scale[j],
        jumps=trace.method == "subgradient" and exercise.descent.l1 > 0.0,
    )


def kink_along(exercise: Exercise, j: int) -> Kink:
    """Return the objective along coefficient j, the others at the certified solution."""
    descent = exercise.descent
    t = exercise.standardized(exercise.solution.coef)
    curvature = float(descent.curvature[j] + descent.l2)
    slope = float(descent.slope(t)[j]) - curvature * float(t[j])
    slopes = (slope - descent.l1, slope + descent.l1)
    return Kink(exercise.names[j], float(t[j]), slopes, curvature)


def _heading(traces: Sequence[Trace]) -> str:
    penalty = traces[0]
    name = look_of(penalty.l1_ratio).name if penalty.alpha > 0.0 else "least squares"
    name = name.capitalize()
    if traces[0].n_zeros_certified == 0:
        return f"{name} by descent: no coefficient is zero"
    never = [trace for trace in traces if not trace.n_zeros[1:].any()]
    if [trace.method for trace in never] == ["subgradient"]:
        return f"{name} by descent: the subgradient method never has a zero"
    return f"{name} by descent: how many exact zeros"


def _numbers(exercise: Exercise, traces: Sequence[Trace]) -> str:
    most = max(float(trace.passes[-1]) for trace in traces)
    ends = ", ".join(f"{trace.method} {trace.n_zeros[-1]}" for trace in traces)
    return (
        f"alpha {significant(exercise.solution.alpha, 3)}: {traces[0].n_zeros_certified} of "
        f"{int(exercise.usable.sum())} are zero, certified; after {most:.0f} passes: {ends}"
    )


def _description(exercise: Exercise, traces: Sequence[Trace], name: str) -> str:
    ends = "; ".join(
        f"{trace.method}: {_nearness(float(trace.excess[-1]), exercise.known_to)} "
        f"after {len(trace.excess) - 1} steps with {_counted(int(trace.n_zeros[-1]))}"
        for trace in traces
    )
    return (
        f"Four panels on descent methods. {ends}. The certified solution has "
        f"{traces[0].n_zeros_certified} zeros. Below, the objective along the coefficient of "
        f"{name} and its course."
    )


def _nearness(excess: float, known_to: float) -> str:
    """Return how near a method came; below what the certificate knows, no number means anything."""
    if excess <= known_to:
        return "at the minimum as far as it is certified"
    return f"{significant(excess, 2)} above the minimum"


def _counted(n_zeros: int) -> str:
    return f"{n_zeros} exact zero{'' if n_zeros == 1 else 's'}"
