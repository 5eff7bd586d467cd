"""Penalties as values: what they cost, their proximal step, and when a point is stationary.

Every penalty here is one sum with three strengths,

    value(w) = l1 sum_j |w_j| + l2/2 sum_j w_j^2 + group sum_g weight_g |w_g|_2,

so one formula serves all. Its proximal step in a diagonal metric is exact: first the squared term
joins the metric, then the entries are soft-thresholded, then the groups are scaled, where the
length theta of a group solves |z / (theta + t step)|_2 = 1 (composition: Yu 2013;
it holds in a diagonal metric because scaling a group keeps signs and zeros).
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

from shrinkage._typing import AnyArray, FloatArray, IndexArray
from shrinkage._validate import check_alpha
from shrinkage.errors import ArgumentError

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
