"""The groups of a weight, and the step that shortens or zeroes them as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from shrinkage.penalties import GroupLasso, Penalty, kept_axes
from shrinkage.torch.metric import Scalar

# Newton for the length of a group rises monotonically; six rounds reach rounding in float64, and
# two more cost little.
_ROUNDS = 8


@dataclass(frozen=True, eq=False)
class Groups:
    """Which entries of a weight belong together.

    Attributes
    ----------
    reduced : tuple of int or None
        Axes that a group runs along; None if `index` tells the groups.
    index : tensor of int64 or None
        The group of each entry of the flattened weight.
    weights : tensor
        Weight of each group in the sum, of the shape that `lengths` returns.
    """

    reduced: tuple[int, ...] | None
    index: Tensor | None
    weights: Tensor

    def to(self, like: Tensor) -> Groups:
        """Return the groups in the precision and on the device of a tensor."""
        if self.weights.dtype == like.dtype and self.weights.device == like.device:
            return self
        index = None if self.index is None else self.index.to(like.device)
        return Groups(self.reduced, index, self.weights.to(like))

    def sums(self, values: Tensor) -> Tensor:
        """Return the sum of the entries of each group."""
        if self.index is None:
            assert self.reduced is not None
            return values.sum(dim=self.reduced, keepdim=True) if self.reduced else values
        total = values.new_zeros(self.weights.shape)
        return total.index_add_(0, self.index, values.reshape(-1))

    def largest(self, values: Tensor) -> Tensor:
        """Return the largest entry, all >= 0, of each group."""
        if self.index is None:
            assert self.reduced is not None
            return values.amax(dim=self.reduced, keepdim=True) if self.reduced else values
        found = values.new_zeros(self.weights.shape)
        return found.scatter_reduce_(0, self.index, values.reshape(-1), "amax")

    def spread(self, per_group: Tensor, like: Tensor) -> Tensor:
        """Return one number for each entry, or a shape that broadcasts to it."""
        return per_group if self.index is None else per_group[self.index].view(like.shape)

    def lengths(self, weight: Tensor) -> Tensor:
        """Return the Euclidean length of each group."""
        return self.sums(weight * weight).sqrt()

    def scale(self, weight: Tensor, size: Tensor | Scalar, strength: float) -> None:
        """Take the proximal step of strength * sum of weights * lengths, in place.

        Parameters
        ----------
        weight : tensor
        size : number or tensor of the weight's shape
            Step size; a tensor is a diagonal metric.
        strength : float > 0
        """
        threshold = self.weights * strength
        if isinstance(size, Tensor) and size.dim() > 0:
            weight.mul_(self._factor(weight, size, threshold))
            return
        length = self.lengths(weight).clamp_min_(torch.finfo(weight.dtype).tiny)
        factor = (1.0 - threshold * size / length).clamp_min_(0.0)
        weight.mul_(self.spread(factor.nan_to_num_(1.0), weight))

    def _factor(self, weight: Tensor, size: Tensor, threshold: Tensor) -> Tensor:
        """Return theta / (theta + size * threshold), theta the length that each group will have.

        theta solves |w / (theta + size t)| = 1, here by Newton on 1/|.| - 1: concave, so that it
        rises to its root from any point below and never passes it. The largest |w_j| - size_j t
        is below, and from there on no |w_j| / (theta + size_j t) exceeds 1: nothing overflows.
        Everything is done for all groups at once and a fixed number of times: nothing is read
        from the device.
        """
        tiny = torch.finfo(weight.dtype).tiny
        # A rate of 0, or an infinite second moment, makes the step 0 and its inverse infinite.
        dead = self.lengths(weight / size.clamp_min(tiny)) <= threshold
        alive = (threshold == 0.0) | ~dead
        step = (size * self.spread(threshold, weight)).clamp_min_(tiny)
        theta = self.largest((weight.abs() - step).clamp_min_(0.0))
        for _ in range(_ROUNDS):
            scale = self.spread(theta, weight) + step
            square = (weight / scale).square_()
            total = self.sums(square)
            slope = self.sums(square / scale).clamp_min_(tiny)
            theta = torch.where(alive, theta + (total * total.sqrt() - total) / slope, 0.0)
        # A group that holds an infinite weight, or none that is a number, stays what it is.
        theta = torch.where(theta.isfinite(), theta, torch.inf)
        return 1.0 / (1.0 + step / self.spread(theta, weight))


def groups_of(penalty: Penalty, weight: Tensor, module: nn.Module | None) -> Groups:
    """Return the groups of a penalty on the weight of a module."""
    assert isinstance(penalty, GroupLasso)
    index = _index(penalty, weight, module)
    if index is None:
        assert isinstance(penalty.groups, str)
        kept = _axes(penalty.groups, weight, module)
        reduced = tuple(axis for axis in range(weight.dim()) if axis not in kept)
        shape = [n if axis in kept else 1 for axis, n in enumerate(weight.shape)]
        labels = torch.arange(torch.Size(shape).numel()).view(shape).expand(weight.shape)
        weights = penalty.group_weights(labels.numpy())
        return Groups(reduced, None, torch.as_tensor(weights).to(weight).view(shape))
    weights = penalty.group_weights(index.numpy())
    return Groups(None, index.reshape(-1).to(weight.device), torch.as_tensor(weights).to(weight))


_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TABLES = (nn.Embedding, nn.EmbeddingBag)


def _axes(groups: str, weight: Tensor, module: nn.Module | None) -> tuple[int, ...]:
    """Return the axes that tell groups apart: inputs are axis 0 of some layers."""
    if isinstance(module, _TRANSPOSED + _TABLES):
        groups = {"in": "out", "out": "in"}.get(groups, groups)
    return kept_axes(groups, weight.dim())


def _index(penalty: GroupLasso, weight: Tensor, module: nn.Module | None) -> Tensor | None:
    if not isinstance(penalty.groups, str):
        return torch.tensor(penalty.labels(tuple(weight.shape)))
    n_parts = getattr(module, "groups", 1)
    if n_parts == 1 or not isinstance(module, _CONVOLUTIONS + _TRANSPOSED):
        return None
    split = "out" if isinstance(module, _TRANSPOSED) else "in"
    if penalty.groups != split:
        return None
    # Axis 1 counts within the part of the channels that axis 0 belongs to.
    part = torch.arange(weight.shape[0]) // (weight.shape[0] // n_parts)
    label = part[:, None] * weight.shape[1] + torch.arange(weight.shape[1])
    tail = (1,) * (weight.dim() - 2)
    return label.view(*label.shape, *tail).expand(weight.shape).contiguous()
