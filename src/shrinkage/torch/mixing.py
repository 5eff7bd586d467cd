"""Layers that sum over units, and depthwise convolutions: weights say what depends on what."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from shrinkage.torch.removal import Op, Value, fresh, largest, select, with_constant


class Mixing(Op):
    """Linear layers and convolutions: every output may depend on every input."""

    makes_units = True

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse units along another axis than the one it sums over."""
        n_axes = self.module.weight.dim()
        if axis != self.axis(shape) or (n_axes > 2 and len(shape) != n_axes):
            return "it does not sum over the units"
        return None

    def axis(self, shape: tuple[int, ...]) -> int:
        """Return the axis that it sums over."""
        return len(shape) - 1 if isinstance(self.module, nn.Linear) else 1

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Return new units: those with no incoming weight, but from constants, are constant."""
        weight, bias = self.module.weight, self.module.bias
        made = fresh(len(weight), self.axis(shape), weight)
        foldable = self.foldable(value)
        is_fixed = ~(_joined(weight) & ~foldable).any(1)
        constant = self._folded(value, foldable.nonzero().squeeze(1), bias)
        return with_constant(made, is_fixed, constant)

    def foldable(self, value: Value) -> Tensor:
        """Return which inputs are constants that the bias can take over."""
        if _pads_zeros(self.module):
            return value.is_fixed & (value.constant == 0)
        return value.is_fixed

    def needs(self, needed: Tensor, value: Value, shape: tuple[int, ...]) -> Tensor:
        """Need the inputs with a weight to a needed unit, unless the bias takes them over."""
        return (_joined(self.module.weight) & needed[:, None]).any(0) & ~self.foldable(value)

    def cut(self, value: Value, kept: Tensor) -> None:
        """Keep these outputs, and the inputs that stay; fold constants of the others."""
        module, stay = self.module, value.kept()
        gone = self.foldable(value)
        gone[stay] = False
        bias = self._folded(value, gone.nonzero().squeeze(1), module.bias)
        if module.bias is not None or bool((bias[kept] != 0).any()):
            learns = module.weight if module.bias is None else module.bias
            module.bias = Parameter(bias[kept].clone(), requires_grad=learns.requires_grad)
        if len(kept) < len(module.weight):
            select(module, "weight", kept)
        if len(stay) < module.weight.shape[1]:
            select(module, "weight", stay, 1)
        names = ("out_features", "in_features")
        if not isinstance(module, nn.Linear):
            names = ("out_channels", "in_channels")
        setattr(module, names[0], len(kept))
        setattr(module, names[1], len(stay))

    def _folded(self, value: Value, columns: Tensor, bias: Tensor | None) -> Tensor:
        """Return the bias with the constants of some inputs added, rounded once."""
        weight: Tensor = self.module.weight
        wide = torch.float32 if weight.device.type == "mps" else torch.float64
        part = weight[:, columns].to(wide)
        if part.dim() > 2:
            part = part.flatten(2).sum(2)
        total = part @ value.constant[columns].to(wide)
        return (total if bias is None else total + bias.to(wide)).to(weight.dtype)


class Depthwise(Op):
    """A convolution with one filter for each channel, which stays a channel of its own."""

    def refusal(self, axis: int, shape: tuple[int, ...]) -> str | None:
        """Refuse units that are not its channels."""
        if axis != 1 or len(shape) != self.module.weight.dim():
            return "it does not filter the units"
        return None

    def forward(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Map constants; a filter of zeros makes one."""
        module = self.module
        dead = ~_joined(module.weight).squeeze(1)
        is_fixed = value.is_fixed & ((value.constant == 0) | (not _pads_zeros(module)))
        constant = module.weight.flatten(1).sum(1) * value.constant
        constant = torch.where(dead, 0.0, constant)
        if module.bias is not None:
            constant = constant + module.bias
        return with_constant(value, is_fixed | dead, constant)

    def needs(self, needed: Tensor, value: Value, shape: tuple[int, ...]) -> Tensor:
        """Need no channel with a filter of zeros."""
        return needed & _joined(self.module.weight).squeeze(1)

    def cut(self, value: Value, kept: Tensor) -> None:
        """Keep the filters of the channels that stay."""
        select(self.module, "weight", kept)
        select(self.module, "bias", kept)
        self.module.in_channels = self.module.out_channels = self.module.groups = len(kept)


def _joined(weight: Tensor) -> Tensor:
    """Return for each (output, input) whether a weight joins them."""
    return (weight != 0).flatten(2).any(2) if weight.dim() > 2 else weight != 0


def _pads_zeros(module: nn.Module) -> bool:
    if not isinstance(module, (nn.Conv1d, nn.Conv2d)) or module.padding_mode != "zeros":
        return False
    if isinstance(module.padding, str):
        return module.padding == "same" and math.prod(module.kernel_size) > 1
    return largest(module.padding) > 0
