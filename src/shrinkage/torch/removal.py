"""What each kind of layer knows about its units: which are constant, which are needed.

Two questions have exact answers that compose along a network. Forwards: is an output of a layer
the same number for every input? Backwards: does anything that follows depend on an input of the
layer? A unit may go if nothing depends on it once constants are folded into the next bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn import Parameter


@dataclass(eq=False)
class Space:
    """Units that live or go together: those that one layer, or an input, makes.

    Attributes
    ----------
    name : str
        Of the layer or input that makes them.
    size : int
    needed : tensor of bool, (size,)
        Which must stay.
    kept : tensor of int64
        Which stay, once that is decided.
    """

    name: str
    size: int
    needed: Tensor
    kept: Tensor


@dataclass(frozen=True, eq=False)
class Value:
    """What flows between two layers, unit by unit.

    Attributes
    ----------
    space : Space
    place : tensor of int64, (n,)
        The unit of the space at each position along the axis.
    axis : int
    is_fixed : tensor of bool, (n,)
        Whether the position has the same number for every input, everywhere.
    constant : tensor, (n,)
        That number; 0 where it is not fixed.
    """

    space: Space
    place: Tensor
    axis: int
    is_fixed: Tensor
    constant: Tensor

    def kept(self) -> Tensor:
        """Return the positions that stay."""
        stays = torch.zeros_like(self.space.needed)
        stays[self.space.kept] = True
        return stays[self.place].nonzero().squeeze(1)


def fresh(size: int, axis: int, like: Tensor) -> Value:
    """Return the value of new units, none of them constant."""
    place = torch.arange(size, device=like.device)
    space = Space("", size, torch.zeros_like(place, dtype=torch.bool), place)
    return Value(space, place, axis, torch.zeros_like(space.needed), like.new_zeros(size))


class Op:
    """A layer that acts on each unit alone, entry by entry: the base, and most activations."""

    # A layer that mixes units makes new ones.
    makes_units = False

    def __init__(self, module: nn.Module) -> None:
        self.module: Any = module

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Return why units along this axis of an input of this shape are beyond it, or None."""
        return None

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Return what is known of the output, for an input of this shape."""
        constant = self.module(value.constant.unsqueeze(0).clone()).squeeze(0)
        return with_constant(value, value.is_fixed, constant)

    def needs(self, needed: Tensor, value: Value, shape: tuple[int, ...]) -> Tensor:
        """Return which inputs matter if these outputs do."""
        return needed

    def cut(self, value: Value, kept: Tensor) -> None:
        """Remove the inputs and outputs that do not stay, in place."""


class PerUnit(Op):
    """PReLU: a slope for all or for each unit."""

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Map constants."""
        constant = value.constant.unsqueeze(0).to(self.module.weight)
        return with_constant(value, value.is_fixed, self.module(constant).squeeze(0))

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse slopes that are counted along another axis."""
        if self.module.num_parameters > 1 and axis != 1:
            return "its slopes are not those of the units"
        return None

    def cut(self, value: Value, kept: Tensor) -> None:
        """Keep the slopes of the units that stay."""
        if self.module.num_parameters > 1:
            select(self.module, "weight", kept)
            self.module.num_parameters = len(kept)


class Pool(Op):
    """Max and average pooling, which leave a constant what it is unless padding dilutes it."""

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse pooling over the units themselves, and two outputs."""
        n_spatial = 2 if type(self.module).__name__.endswith("2d") else 1
        if axis != 1 or len(shape) != n_spatial + 2:
            return "it does not pool within the units"
        return "it returns indices" if getattr(self.module, "return_indices", False) else None

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Keep constants, but not where zeros are averaged in."""
        dilutes = getattr(self.module, "divisor_override", None) is not None
        if getattr(self.module, "count_include_pad", False):
            dilutes = dilutes or largest(self.module.padding) > 0
        if dilutes:
            return with_constant(value, value.is_fixed & (value.constant == 0), value.constant)
        return value


class Norm(Op):
    """Batch norm with its running statistics: an affine function of each unit."""

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse units that are not its channels."""
        return None if axis == 1 else "it does not norm the units"

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Map constants; a scale of 0 makes one."""
        norm, constant, is_fixed = self.module, value.constant, value.is_fixed
        if norm.running_mean is None:
            constant, is_fixed = torch.zeros_like(constant), torch.zeros_like(is_fixed)
        else:
            constant = F.batch_norm(
                constant.unsqueeze(0).to(norm.running_mean),
                norm.running_mean,
                norm.running_var,
                norm.weight,
                norm.bias,
                False,
                0.0,
                norm.eps,
            ).squeeze(0)
        if norm.weight is not None:
            dead = norm.weight == 0
            constant = torch.where(dead, norm.bias.to(constant), constant)
            is_fixed = is_fixed | dead
        return with_constant(value, is_fixed, constant)

    def needs(self, needed: Tensor, value: Value, shape: tuple[int, ...]) -> Tensor:
        """Need no unit whose scale is 0."""
        return needed if self.module.weight is None else needed & (self.module.weight != 0)

    def cut(self, value: Value, kept: Tensor) -> None:
        """Keep scale, shift and statistics of the units that stay."""
        for name in ("weight", "bias", "running_mean", "running_var"):
            select(self.module, name, kept)
        self.module.num_features = len(kept)


class Flatten(Op):
    """Flatten: each unit becomes the places that it had."""

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse to flatten rows into units."""
        start, end = self._range(shape)
        return "it flattens the rows, too" if start == 0 and axis <= end else None

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Return a position for each place of each unit."""
        start, end = self._range(shape)
        if value.axis < start:
            return value
        if value.axis > end:
            axis = value.axis - (end - start)
            return Value(value.space, value.place, axis, value.is_fixed, value.constant)
        unit = self._unit(value, shape)
        fixed, constant = value.is_fixed[unit], value.constant[unit]
        return Value(value.space, value.place[unit], start, fixed, constant)

    def needs(self, needed: Tensor, value: Value, shape: tuple[int, ...]) -> Tensor:
        """Need a unit if one of its places is needed."""
        start, end = self._range(shape)
        if not start <= value.axis <= end:
            return needed
        found = torch.zeros_like(value.is_fixed)
        found[self._unit(value, shape)[needed]] = True
        return found

    def _range(self, shape: tuple[int, ...]) -> tuple[int, int]:
        n = len(shape)
        return self.module.start_dim % n, self.module.end_dim % n

    def _unit(self, value: Value, shape: tuple[int, ...]) -> Tensor:
        start, end = self._range(shape)
        sizes = shape[start : end + 1]
        unit = torch.arange(len(value.place), device=value.place.device)
        tail = [1] * (end - value.axis)
        return unit.view(-1, *tail).expand(sizes).reshape(-1)


class Selection(Op):
    """The selection at the front of a network that was made smaller before: it can select less."""

    makes_units = True

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse another axis than its own."""
        return None if axis == self.module.axis else "it selects along another axis"

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Return the selected entries as units."""
        return fresh(self.module.index.numel(), value.axis, value.constant)

    def needs(self, needed: Tensor, value: Value, shape: tuple[int, ...]) -> Tensor:
        """Need the whole input: it is the caller's."""
        return torch.ones(len(value.place), dtype=torch.bool, device=needed.device)

    def cut(self, value: Value, kept: Tensor) -> None:
        """Select less."""
        self.module.index = self.module.index[kept]


def with_constant(value: Value, is_fixed: Tensor, constant: Tensor) -> Value:
    """Return a value with these constants; what is not finite is none."""
    is_fixed = is_fixed & constant.isfinite()
    constant = torch.where(is_fixed, constant, 0.0)
    return Value(value.space, value.place, value.axis, is_fixed, constant)


def largest(sizes: int | tuple[int, ...]) -> int:
    """Return the largest of some sizes, or the one."""
    return max(sizes) if isinstance(sizes, tuple) else sizes


def select(module: nn.Module, name: str, kept: Tensor, axis: int = 0) -> None:
    """Keep some entries of a parameter or buffer; None stays None."""
    tensor = getattr(module, name)
    if tensor is None:
        return
    chosen = tensor.detach().index_select(axis, kept).clone()
    if isinstance(tensor, Parameter):
        chosen = Parameter(chosen, requires_grad=tensor.requires_grad)
    setattr(module, name, chosen)
