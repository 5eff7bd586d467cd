"""Penalties as values: what they cost, their proximal step, and when a point is stationary.

Every penalty here is one sum with three strengths,

    value(w) = l1 sum_j |w_j| + l2/2 sum_j w_j^2 + group sum_g weight_g |w_g|_2,

so one formula serves all. Its proximal step in a diagonal metric is exact: first the squared term
joins the metric, then the entries are soft-thresholded, then the groups are scaled, where the
length theta of a group solves |z / (theta + t step)|_2 = 1 (composition: Yuan, Liu and Ye 2011,
theorem 1; it holds in a diagonal metric because scaling a group keeps signs and zeros).
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from shrinkage import _core
from shrinkage._typing import AnyArray, FloatArray, IndexArray
from shrinkage._validate import check_alpha, check_l1_ratio
from shrinkage.errors import ArgumentError

GROUPS = ("in", "out", "kernel", "whole")
SKIPPED = ("bias", "norm", "embedding")

# Newton for the length of a group rises monotonically; eight rounds reach rounding.
_ROUNDS = 12


@dataclass(frozen=True, eq=True)
class Penalty:
    """Base of the penalties: a strength, and what the default of a network leaves out.

    Parameters
    ----------
    alpha : float >= 0
        Strength. It multiplies the penalty of the *mean* loss, so it does not depend on the
        number of rows or on the size of a batch.
    skip : tuple of {"bias", "norm", "embedding"}
        Parameters that a network's default penalty leaves out. A rule that names parameters does
        not look at it.
    """

    alpha: float
    _: KW_ONLY
    skip: tuple[str, ...] = SKIPPED

    is_grouped: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", check_alpha(self.alpha))
        skip = (self.skip,) if isinstance(self.skip, str) else tuple(self.skip)
        for kind in skip:
            if kind not in SKIPPED:
                raise ArgumentError.must("skip", f"hold only {', '.join(SKIPPED)}", kind)
        object.__setattr__(self, "skip", skip)

    @property
    def l1(self) -> float:
        """Factor of the sum of absolute weights."""
        return 0.0

    @property
    def l2(self) -> float:
        """Factor of half the sum of squared weights."""
        return 0.0

    @property
    def group(self) -> float:
        """Factor of the sum of the lengths of the groups, each times its weight."""
        return 0.0

    def labels(self, shape: tuple[int, ...]) -> IndexArray:
        """Return the group of each entry of an array of this shape, counted from 0."""
        return np.zeros(shape, dtype=np.intp)

    def group_weights(self, labels: IndexArray) -> FloatArray:
        """Return the weight of each group in the sum."""
        return np.sqrt(np.bincount(labels.ravel()))

    def value(self, w: AnyArray) -> float:
        """Return what the weights cost.

        Parameters
        ----------
        w : array-like of any shape
        """
        w = np.asarray(w, dtype=np.float64)
        cost = self.l1 * float(np.abs(w).sum()) + 0.5 * self.l2 * float((w * w).sum())
        if self.group > 0.0 and w.size:
            labels = self.labels(w.shape)
            lengths = np.sqrt(np.bincount(labels.ravel(), (w * w).ravel()))
            cost += self.group * float(self.group_weights(labels) @ lengths)
        return cost

    def prox(self, x: AnyArray, step: AnyArray | float = 1.0) -> FloatArray:
        """Return the proximal step from `x`, in the metric 1/step.

        Law: it minimises sum_j (z_j - x_j)^2 / (2 step_j) + value(z) over z.

        Parameters
        ----------
        x : array-like of any shape
        step : float > 0, or array-like of the shape of x
            Step size; one for each entry is a diagonal metric.

        Returns
        -------
        ndarray of float64, of the shape of x
            An entry that comes out as zero is exactly 0.0.

        Raises
        ------
        ArgumentError
            If a step is not a number > 0.
        """
        x = np.asarray(x, dtype=np.float64)
        step = np.broadcast_to(np.asarray(step, dtype=np.float64), x.shape)
        if not (step > 0.0).all():
            raise ArgumentError.must_be("step", "a number > 0, or one for each entry", step)
        shrunk = 1.0 / (1.0 + step * self.l2)
        x, step = x * shrunk, step * shrunk
        x = _soft(x, step * self.l1)
        if self.group > 0.0 and x.size:
            labels = self.labels(x.shape)
            threshold = self.group * self.group_weights(labels)
            x = _scaled_groups(x, step, labels, threshold)
        return x + 0.0  # no -0.0

    def kkt_violation(self, w: AnyArray, gradient: AnyArray) -> float:
        """Return the largest distance of -gradient from the subdifferential at w.

        Zero at a stationary point of loss + penalty. For the groups the distance is that of the
        whole group, in the Euclidean norm.

        Parameters
        ----------
        w, gradient : array-like of equal shape
            Weights, and the gradient of the loss there.
        """
        w = np.asarray(w, dtype=np.float64)
        pull = -np.asarray(gradient, dtype=np.float64) - self.l2 * w
        rest = np.where(w != 0.0, pull - self.l1 * np.sign(w), _soft(pull, self.l1))
        if self.group == 0.0 or w.size == 0:
            return float(np.abs(rest).max(initial=0.0))
        labels = self.labels(w.shape)
        strength = self.group * self.group_weights(labels)
        length = np.sqrt(np.bincount(labels.ravel(), (w * w).ravel()))
        alive = length > 0.0
        direction = w / np.where(alive, length, 1.0)[labels]
        inside = rest - strength[labels] * direction
        # Zero entries of a living group keep their l1 interval, which `rest` has used already.
        left = np.sqrt(np.bincount(labels.ravel(), (inside * inside).ravel()))
        outside = np.sqrt(np.bincount(labels.ravel(), (rest * rest).ravel())) - strength
        return float(np.where(alive, left, np.maximum(outside, 0.0)).max(initial=0.0))


def _soft(x: FloatArray, threshold: AnyArray | float) -> FloatArray:
    return x - np.clip(x, -threshold, threshold)


def _scaled_groups(
    z: FloatArray, step: FloatArray, labels: IndexArray, threshold: FloatArray
) -> FloatArray:
    """Return the group step: 0 if |z / step| <= threshold, else theta z / (theta + threshold step).

    theta solves |z / (theta + threshold step)|_2 = 1. Newton on 1/|.| - 1, which is concave,
    rises to it from any point below; the largest |z_j| - threshold step_j is below.
    """
    group, size, step = labels.ravel(), np.abs(z).ravel(), step.ravel()
    alive = np.sqrt(np.bincount(group, (size / step) ** 2)) > threshold
    step = step * threshold[group]
    theta = np.zeros_like(threshold)
    np.maximum.at(theta, group, size - step)
    kept = alive[group] & (size > 0.0)
    group_kept, size_kept, step_kept = group[kept], size[kept], step[kept]
    for _ in range(_ROUNDS):
        scale = theta[group_kept] + step_kept
        square = (size_kept / scale) ** 2
        total = np.bincount(group_kept, square, len(theta))
        slope = np.bincount(group_kept, square / scale, len(theta))
        theta += np.where(alive, (np.sqrt(total) - 1.0) * total / np.where(alive, slope, 1.0), 0.0)
    factor = np.zeros_like(size)
    factor[kept] = theta[group_kept] / (theta[group_kept] + step_kept)
    return z * factor.reshape(z.shape)


@dataclass(frozen=True)
class L1(Penalty):
    """alpha * sum |w|: exact zeros, entry by entry.

    Examples
    --------
    >>> L1(0.5).prox([2.0, -0.3])
    array([1.5, 0. ])
    """

    @property
    def l1(self) -> float:
        """Factor of the sum of absolute weights."""
        return self.alpha


@dataclass(frozen=True)
class L2(Penalty):
    """alpha / 2 * sum w^2: smooth, shrinks all and zeroes none; torch's `weight_decay`, coupled.

    Examples
    --------
    >>> L2(1.0).prox([2.0, -0.5])
    array([ 1.  , -0.25])
    """

    @property
    def l2(self) -> float:
        """Factor of half the sum of squared weights."""
        return self.alpha


@dataclass(frozen=True)
class ElasticNet(Penalty):
    """alpha * (l1_ratio * sum |w| + (1 - l1_ratio) / 2 * sum w^2): exact zeros, and shrinkage.

    Parameters
    ----------
    alpha : float >= 0
    l1_ratio : float in [0, 1], default 0.5
        Share of L1: 1 is `L1`, 0 is `L2`.
    skip : tuple of {"bias", "norm", "embedding"}
        As for `Penalty`.

    Examples
    --------
    >>> ElasticNet(1.0, l1_ratio=0.5).prox([2.0, -0.5])
    array([1., 0.])
    """

    l1_ratio: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "l1_ratio", check_l1_ratio(self.l1_ratio))

    @property
    def l1(self) -> float:
        """Factor of the sum of absolute weights."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Factor of half the sum of squared weights."""
        return self.alpha * (1.0 - self.l1_ratio)


@dataclass(frozen=True, eq=False)
class GroupLasso(Penalty):
    """alpha * sum over groups of weight_g |w_g|_2: whole groups become zero.

    Parameters
    ----------
    alpha : float >= 0
    groups : {"in", "out", "kernel", "whole"} or array-like of int, default "in"
        "in": all weights that leave one input or channel (axis 1 of a layer's weight), so that a
        zero group makes the input or the unit before it superfluous. "out": all weights that
        enter one unit (axis 0). "kernel": one filter for one channel. "whole": the whole array.
        An array of integers >= 0 of the weight's shape gives the group of each entry.
    weights : None, float or array-like of one number >= 0 for each group, default None
        None means sqrt(size of the group), which treats large and small groups alike
        (Yuan and Lin 2006, section 2).
    skip : tuple of {"bias", "norm", "embedding"}
        As for `Penalty`.

    Examples
    --------
    >>> GroupLasso(1.0, "in", weights=1.0).prox([[3.0, 0.5], [4.0, 0.5]])
    array([[2.4, 0. ],
           [3.2, 0. ]])
    """

    groups: str | AnyArray = "in"
    weights: AnyArray | float | None = None

    is_grouped: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "groups", _checked_groups(self.groups))
        object.__setattr__(self, "weights", _checked_weights(self.weights))

    @property
    def group(self) -> float:
        """Factor of the sum of the lengths of the groups, each times its weight."""
        return self.alpha

    def labels(self, shape: tuple[int, ...]) -> IndexArray:
        """Return the group of each entry of an array of this shape, counted from 0."""
        if not isinstance(self.groups, str):
            if self.groups.shape != shape:
                raise ArgumentError.must_be(
                    "groups", f"an array of the weight's shape {shape}", self.groups
                )
            return self.groups
        kept = kept_axes(self.groups, len(shape))
        sizes = [size if axis in kept else 1 for axis, size in enumerate(shape)]
        index = np.arange(math.prod(sizes), dtype=np.intp).reshape(sizes)
        return np.broadcast_to(index, shape)

    def group_weights(self, labels: IndexArray) -> FloatArray:
        """Return the weight of each group in the sum."""
        sizes = np.bincount(labels.ravel())
        if self.weights is None:
            return np.sqrt(sizes)
        weights = np.asarray(self.weights)
        if weights.ndim == 1 and weights.size != sizes.size:
            requirement = f"one number for each of the {sizes.size} groups"
            raise ArgumentError.must_be("weights", requirement, weights)
        return np.broadcast_to(weights, sizes.shape).astype(np.float64)

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same penalty on the same groups."""
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, GroupLasso)
        return (
            self._scalars() == other._scalars()
            and np.array_equal(np.asarray(self.groups), np.asarray(other.groups))
            and _same_weights(self.weights, other.weights)
        )

    def __hash__(self) -> int:
        """Return a hash of the scalars."""
        return hash(self._scalars())

    def _scalars(self) -> tuple[Any, ...]:
        return (type(self), self.alpha, self.skip)


@dataclass(frozen=True, eq=False)
class SparseGroupLasso(GroupLasso):
    """alpha * (l1_ratio * sum |w| + (1 - l1_ratio) * sum of weight_g |w_g|_2).

    Whole groups become zero, and entries inside the groups that stay (Simon, Friedman, Hastie and
    Tibshirani 2013, equation 3).

    Parameters
    ----------
    alpha : float >= 0
    groups, weights
        As for `GroupLasso`.
    l1_ratio : float in [0, 1], default 0.5
        Share of L1: 1 is `L1`, 0 is `GroupLasso`.
    skip : tuple of {"bias", "norm", "embedding"}
        As for `Penalty`.

    Examples
    --------
    >>> SparseGroupLasso(2.0, "whole", weights=1.0).prox([4.0, 0.5, -5.0])
    array([ 2.4,  0. , -3.2])
    """

    l1_ratio: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "l1_ratio", check_l1_ratio(self.l1_ratio))

    @property
    def l1(self) -> float:
        """Factor of the sum of absolute weights."""
        return self.alpha * self.l1_ratio

    @property
    def group(self) -> float:
        """Factor of the sum of the lengths of the groups, each times its weight."""
        return self.alpha * (1.0 - self.l1_ratio)

    def _scalars(self) -> tuple[Any, ...]:
        return (*super()._scalars(), self.l1_ratio)


def shrink_entries(
    weight: AnyArray,
    second: AnyArray | None,
    *,
    is_squared: bool,
    scale: float,
    shift: float,
    l1: float,
    l2: float,
    n_threads: int,
) -> None:
    """Take the proximal step of l1 |w| + l2/2 w^2 in the metric D, in place.

    D = scale * sqrt(second) + shift where `is_squared`, else scale * second + shift, else (None)
    shift: what `Penalty.prox(weight, 1 / D)` returns, for the networks' inner loop.

    Parameters
    ----------
    weight : ndarray of shape (n,), float32 or float64, writeable and contiguous
    second : ndarray of shape (n,) and of the weight's dtype, or None
    is_squared : bool
        Not looked at without `second`.
    scale, shift, l1, l2 : float
        Such that D > 0.
    n_threads : int >= 1

    Notes
    -----
    Cost: one pass, three streams of memory; nothing is allocated.
    """
    _core.shrink_entries(weight, second, is_squared, scale, shift, l1, l2, n_threads)


def kept_axes(groups: str, n_axes: int) -> tuple[int, ...]:
    """Return the axes along which the named groups are told apart.

    Raises
    ------
    ArgumentError
        If an array with so few axes has no such groups.
    """
    kept: dict[str, tuple[int, ...]] = {"in": (1,), "out": (0,), "kernel": (0, 1), "whole": ()}
    axes = kept[groups]
    if axes and max(axes) >= n_axes:
        hint = 'L1 for a vector; or groups="out", "whole" or an array of integers'
        failure = f"be {groups!r} for weights with {n_axes} axes"
        raise ArgumentError.cannot("groups", failure, hint)
    return axes


def _checked_groups(groups: Any) -> str | IndexArray:
    names = ", ".join(repr(name) for name in GROUPS)
    requirement = f"one of {names}, or an array of integers >= 0"
    if isinstance(groups, str):
        if groups not in GROUPS:
            raise ArgumentError.must_be("groups", requirement, groups)
        return groups
    try:
        index = np.array(groups)
    except ValueError:  # ragged
        raise ArgumentError.must_be("groups", requirement, groups) from None
    if index.dtype.kind not in "iu" or index.size == 0 or index.min() < 0:
        raise ArgumentError.must_be("groups", requirement, groups)
    index = index.astype(np.intp)
    index.flags.writeable = False
    return index


def _checked_weights(weights: Any) -> FloatArray | None:
    if weights is None:
        return None
    requirement = "None, a number >= 0 or a sequence of them"
    try:
        checked = np.array(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError.must_be("weights", requirement, weights) from None
    if checked.ndim > 1 or not np.isfinite(checked).all() or (checked < 0).any():
        raise ArgumentError.must_be("weights", requirement, weights)
    checked.flags.writeable = False
    return checked


def _same_weights(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
