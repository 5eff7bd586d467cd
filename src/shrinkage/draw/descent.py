"""The picture of descent methods: how near, how many exact zeros, and one kink, from arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.draw.figure import GREY, INK, new_figure, plain_axes, write_title
from shrinkage.draw.table import significant, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (10.5, 8.2)
# Points that a line is thinned to, so that the picture stays small.
_MOST_POINTS = 120
_LONGEST, _LONGEST_UNIT = 24, 14
# Values of a method that jumps over the kink that are drawn.
_LAST_VALUES = 30


@dataclass(frozen=True, eq=False)
class Course:
    """What one method did, one entry for each step from 0 on.

    Attributes
    ----------
    name, colour, line : str
    passes, excess, zeros : ndarray of shape (n_steps + 1,)
        How often X was read, objective minus its minimum, and coefficients that are exactly 0.
    values : ndarray of shape (n_steps + 1,)
        The coefficient that `Kink` is about.
    jumps : bool
        Whether it jumps over the kink: its last values are drawn on the slice.
    """

    name: str
    colour: str
    line: str
    passes: FloatArray
    excess: FloatArray
    zeros: IndexArray
    values: FloatArray
    jumps: bool


@dataclass(frozen=True, eq=False)
class Kink:
    """The objective along one coefficient, the others at the solution.

    Attributes
    ----------
    name : str
        Of the feature.
    minimum : float
        The coefficient of the solution.
    slopes : tuple of float
        Slopes of the objective at 0, from the left and from the right: equal without L1.
    curvature : float
        Second derivative on both sides.
    """

    name: str
    minimum: float
    slopes: tuple[float, float]
    curvature: float

    def at(self, values: FloatArray) -> FloatArray:
        """Return the objective at values of the coefficient, minus that at the minimum."""
        both = np.append(values, self.minimum)
        slope = np.where(both < 0.0, *self.slopes)
        height = slope * both + 0.5 * self.curvature * both**2
        return np.asarray(height[:-1] - height[-1])


def descent_figure(
    courses: Sequence[Course],
    kink: Kink,
    *,
    certified_zeros: int,
    n_features: int,
    known_to: float,
    heading: str,
    numbers: str,
    unit: str,
    asked_by: str = "descent_figure",
) -> Figure:
    """Draw excess and exact zeros over the work done, and the course of one coefficient.

    Parameters
    ----------
    courses : sequence of Course
    kink : Kink
    certified_zeros : int
        Exact zeros of the solution.
    n_features : int
        Coefficients that could be 0.
    known_to : float
        Excess below which nothing is known.
    heading, numbers : str
        The two lines of the title.
    unit : str
        Of the response.
    asked_by : str
        What the user called, for the error if matplotlib is missing.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = new_figure(asked_by, _INCHES)
    places = {"wspace": 0.24, "hspace": 0.42}
    places |= {"left": 0.085, "right": 0.975, "top": 0.845, "bottom": 0.07}
    axes = figure.subplots(2, 2, gridspec_kw=places).ravel()
    unit = _short(unit, _LONGEST_UNIT)
    _draw_excess(axes[0], courses, known_to, unit)
    _draw_zeros(axes[1], courses, certified_zeros, n_features)
    _draw_slice(axes[2], courses, kink, unit)
    _draw_values(axes[3], courses, kink, unit)
    write_title(figure, heading, numbers)
    handles = [_sample(course) for course in courses]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.07, 0.928),
        ncols=len(handles),
        frameon=False,
        fontsize=10,
        handlelength=3.0,
    )
    return figure


def _sample(course: Course) -> Any:
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {"color": course.colour, "linestyle": course.line, "linewidth": 2.0}
    return Line2D([], [], label=course.name, **look)


def _line(axes: Axes, course: Course, y: FloatArray, height: FloatArray) -> None:
    """Draw y over the passes; `height` is y in the units in which the axis is even."""
    x = course.passes[: len(y)]
    kept = _thinned(len(y))
    kept = kept[_needed(np.log(x[kept]), height[kept])]
    axes.plot(x[kept], y[kept], course.line, color=course.colour, linewidth=1.8)


def _thinned(size: int) -> IndexArray:
    """Return positions from 1 to size - 1, evenly in their logarithm once there are many.

    A logarithmic axis has no place for the start, where nothing was read.
    """
    if size <= _MOST_POINTS:
        return np.arange(1, size)
    places = np.geomspace(1, size - 1, 2 * _MOST_POINTS).round().astype(np.intp)
    return np.unique(places)


def _needed(x: FloatArray, y: FloatArray) -> IndexArray:
    """Return the points of a line that it can't do without: Douglas and Peucker (1973).

    Leaving out the others moves it by no more than 0.3 % of its height.
    """
    far = 0.003 * float(np.ptp(y))
    kept, parts = {0, len(x) - 1}, [(0, len(x) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        inner = np.arange(first + 1, last)
        chord = np.interp(x[inner], [x[first], x[last]], [y[first], y[last]])
        away = np.abs(y[inner] - chord)
        middle = int(inner[np.argmax(away)])
        if away.max() > far:
            kept.add(middle)
            parts += [(first, middle), (middle, last)]
    return np.array(sorted(kept), dtype=np.intp)


def _prepare(axes: Axes, title: str, courses: Sequence[Course] = ()) -> None:
    """Set the common look; with courses, the passes that they took are the x-axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

    plain_axes(axes)
    axes.set_title(title, loc="left", fontsize=10.5, color=INK, parse_math=False)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_major_formatter(plain)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    if courses:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axes.xaxis.minorticks_off()
        first = min(float(course.passes[1]) for course in courses)
        last = max(float(course.passes[-1]) for course in courses)
        axes.set_xlim(first / 1.15, last * 1.15)
        axes.set_xlabel("passes over X", color=INK)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(plain)


def _note(axes: Axes, words: str, side: str, height: float, points: float) -> None:
    """Write words at the left or right end of the axes, some points above `height`."""
    axes.annotate(
        words,
        (0.01 if side == "left" else 0.99, height),
        (0, points),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha=side,
        va="bottom" if points > 0 else "top",
        size=9,
        color=INK,
    )


def _draw_excess(axes: Axes, courses: Sequence[Course], known_to: float, unit: str) -> None:
    _prepare(axes, "How near: the objective above its minimum", courses)
    axes.set_xlabel("passes over X (X b and X'r are one each)", color=INK)
    axes.set_ylabel(f"above the minimum [{unit}, squared]", color=INK, parse_math=False)
    highest = max(float(course.excess.max()) for course in courses)
    if highest <= known_to:
        axes.set_yticks([])
        words = "zero is the solution: no step is needed"
        axes.text(0.5, 0.5, words, ha="center", color=INK, transform=axes.transAxes)
        return
    axes.set_yscale("log")
    axes.yaxis.minorticks_off()
    for course in courses:
        below = np.flatnonzero(course.excess[1:] <= known_to) + 1
        end = int(below[0]) + 1 if below.size else len(course.excess)
        reached = np.maximum(course.excess[:end], known_to)
        _line(axes, course, reached, np.log(reached))
        if below.size:
            axes.plot(course.passes[end - 1], known_to, "o", color=course.colour)
    low, high = axes.get_ylim()
    if low < 2.0 * known_to:
        axes.axhline(known_to, color=GREY, linewidth=1.0, zorder=0)
        _note(axes, "the minimum is certified to here", "left", known_to, -3.0)
        axes.set_ylim(known_to * (known_to / high) ** 0.12, high)


def _draw_zeros(axes: Axes, courses: Sequence[Course], certified: int, most: int) -> None:
    from matplotlib.ticker import MaxNLocator

    _prepare(axes, "How many exact zeros", courses)
    axes.axhline(certified, color=GREY, linewidth=5.0, zorder=0)
    for course in courses:
        # Only where the number changes: lines in steps need no more.
        changes = np.flatnonzero(np.diff(course.zeros[1:])) + 2
        kept = np.unique(np.concatenate([[1], changes, [len(course.zeros) - 1]]))
        look: dict[str, Any] = {"color": course.colour, "drawstyle": "steps-post"}
        axes.plot(course.passes[kept], course.zeros[kept], course.line, linewidth=1.8, **look)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_ylim(-0.04 * most, 1.1 * most)
    _note(axes, f"certified: {certified} of {most}", "right", certified, 5.0)
    axes.set_ylabel("coefficients that are exactly 0", color=INK)


def _draw_slice(axes: Axes, courses: Sequence[Course], kink: Kink, unit: str) -> None:
    """Draw the objective along one coefficient with its slopes at 0 and where methods stand."""
    _prepare(axes, f"The objective along {_short(kink.name)}")
    jumping = [course for course in courses if course.jumps]
    last = [course.values[-_LAST_VALUES:] for course in jumping]
    width = 1.35 * float(np.abs(np.concatenate([*last, [kink.minimum]])).max()) or 1.0
    left = np.linspace(-width, 0.0, 16)
    grid = np.append(left, -left[-2::-1])
    highest = float(kink.at(grid).max()) or 1.0
    axes.plot(grid, kink.at(grid), color=INK, linewidth=1.6, zorder=1)
    bar = 0.04 * highest * np.array([-1.0, 1.0, np.nan])
    for course, values in zip(jumping, last, strict=True):
        heights = kink.at(values)[:, None] + bar
        axes.plot(np.repeat(values, 3), heights.ravel(), color=course.colour, linewidth=1.2)
    axes.plot(kink.minimum, 0.0, marker="o", markersize=8, color=INK, zorder=4)
    axes.set_xlim(-width, width)
    axes.set_ylim(-0.06 * highest, 1.5 * highest)  # room for the words
    axes.set_xlabel(f"coefficient [{unit} per sd]", color=INK, parse_math=False)
    axes.set_ylabel(f"above the minimum [{unit}, squared]", color=INK, parse_math=False)
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "top", "size": 9}
    axes.text(0.5, 0.98, _slope_words(kink), color=INK, linespacing=1.4, **place)
    for course, values in zip(jumping, last, strict=True):
        words = f"bars: the last {len(values)} values of the {course.name} method"
        axes.text(0.5, 0.82, words, color=course.colour, **place)


def _slope_words(kink: Kink) -> str:
    below, above = (significant(slope, 2) for slope in kink.slopes)
    at_zero = "the minimum is at 0" if kink.minimum == 0.0 else "the minimum is not at 0"
    if kink.slopes[0] == kink.slopes[1]:
        return f"no kink: one slope at 0, {above},\nso {at_zero}"
    is_between = kink.slopes[0] <= 0.0 <= kink.slopes[1]
    return (
        f"slope at 0: {below} from the left, {above} from the right;\n"
        f"0 is {'' if is_between else 'not '}between them, so {at_zero}"
    )


def _draw_values(axes: Axes, courses: Sequence[Course], kink: Kink, unit: str) -> None:
    _prepare(axes, f"The coefficient of {_short(kink.name)} on the way", courses)
    axes.axhline(kink.minimum, color=GREY, linewidth=5.0, zorder=0)
    for course in courses:
        _line(axes, course, course.values, course.values)
    axes.set_ylabel(f"coefficient [{unit} per sd]", color=INK, parse_math=False)


def _short(name: str, longest: int = _LONGEST) -> str:
    name = visible(name)
    return name if len(name) <= longest else name[: longest - 3] + "..."
