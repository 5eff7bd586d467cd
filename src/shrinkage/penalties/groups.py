"""Penalties of groups of weights: the group lasso, and the sparse-group lasso."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from shrinkage._typing import AnyArray, FloatArray, IndexArray
from shrinkage._validate import check_l1_ratio
from shrinkage.errors import ArgumentError
from shrinkage.penalties.penalty import Penalty

GROUPS = ("in", "out", "kernel", "whole")


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
