"""What happens around an optimizer step: the proximal step, dual averaging, or the subgradient.

All of them see the optimizer only through `metric.Step`. State that a checkpoint must hold lives
in the optimizer's own state, under names that begin with "shrinkage".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from shrinkage.torch.decay import DecoupledDecay
from shrinkage.torch.kernels import Strength, shrink, shrink_groups, step_size
from shrinkage.torch.metric import (
    GAIN,
    Adapter,
    Scalar,
    Step,
    adapter_of,
    count_step,
    exact_dtype,
)
from shrinkage.torch.rules import Block

# Tensors that a checkpoint holds as they are, whatever the parameter's own precision.
CARRY, LATENT, TAKEN = "shrinkage_carry", "shrinkage_latent", "shrinkage_taken"
TENSORS = (CARRY, LATENT, TAKEN, GAIN)


class Method(Protocol):
    """What to do before and after a step with the blocks that took part in it."""

    def before(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Act before the optimizer steps; `factor` multiplies every alpha."""

    def after(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Act after the optimizer has stepped."""


class Prox:
    """The proximal step in the optimizer's own metric and with its own gain.

    A parameter in half precision keeps what its rounding took away in one float32 tensor, so
    that thresholds smaller than a rounding error add up; others keep nothing.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._adapter = adapter_of(optimizer)

    def before(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Do nothing."""

    def after(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Take the proximal step."""
        together: dict[Any, list[tuple[Tensor, Step, Strength]]] = {}
        for block in blocks:
            assert block.penalty is not None
            step, ran = last_step(optimizer, block, self._adapter)
            if isinstance(block.penalty, DecoupledDecay):
                decay(block, _group_of(optimizer, block)["lr"], factor, ran)
                continue
            strength = strength_of(block, step.gain, factor, ran)
            weight, state = block.parameter.detach(), optimizer.state[block.parameter]
            if _is_half(weight):
                self._half(weight, state, step, strength, block)
            elif block.groups is not None:
                shrink_groups(weight, step, strength, block.groups)
            else:
                together.setdefault((weight.device, weight.dtype), []).append(
                    (weight, step, strength)
                )
        for entries in together.values():
            weights, steps, strengths = zip(*entries, strict=True)
            shrink(weights, steps, strengths)

    @staticmethod
    def _half(
        weight: Tensor, state: dict[str, Any], step: Step, strength: Strength, block: Block
    ) -> None:
        exact = weight.float()
        if CARRY in state:
            exact.add_(state[CARRY])
        _prox(exact, _widened(step), strength, block)
        weight.copy_(exact)
        _keep(state, CARRY, exact.sub_(weight))


class Dual:
    """Regularised dual averaging: thresholds add up, so noise averages out of the zeros.

    The weights w are the proximal step from a second copy u that only the optimizer moves, by
    the sum of all its step sizes (Xiao 2010, equation 8; an entry-wise sum for an adaptive
    optimizer). Memory: one copy of the weights, and the sum for an adaptive optimizer (in float32
    for half precision, where a sum of small steps would stop growing).
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._adapter = adapter_of(optimizer)

    def before(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Let the optimizer step from u."""
        for block in blocks:
            latent = optimizer.state.get(block.parameter, {}).get(LATENT)
            if latent is not None:
                block.parameter.detach().copy_(latent)

    def after(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Keep u and set the weights to its proximal step."""
        for block in blocks:
            step, ran = last_step(optimizer, block, self._adapter)
            if isinstance(block.penalty, DecoupledDecay):
                decay(block, _group_of(optimizer, block)["lr"], factor, ran)
                continue
            weight, state = block.parameter.detach(), optimizer.state[block.parameter]
            by = strength_of(block, step.gain, factor, ran).by
            _add(state, TAKEN, step_size(_widened(step) if _is_half(weight) else step, by))
            _keep(state, LATENT, weight)
            exact = weight.float() if _is_half(weight) else weight
            _prox(exact, _of_size(state[TAKEN]), strength_of(block, 1.0, 1.0, None), block)
            if exact is not weight:
                weight.copy_(exact)


class Subgradient:
    """The textbook's way: a subgradient of the penalty is added to the gradient.

    Never an exact zero. For comparison, and for optimizers whose steps are not known.
    """

    def before(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Add the subgradient, 0 at 0."""
        scale = getattr(optimizer, "grad_scale", None)
        for block in blocks:
            if isinstance(block.penalty, DecoupledDecay):
                continue
            slope = subgradient(block) * factor
            slope = slope if scale is None else slope * scale
            grad = block.parameter.grad
            assert grad is not None
            if grad.is_sparse:
                block.parameter.grad = slope + grad
            else:
                grad.add_(slope)

    def after(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Decay what is to be decayed."""
        for block in blocks:
            if isinstance(block.penalty, DecoupledDecay):
                ran = _ran(optimizer, block.parameter)
                decay(block, _group_of(optimizer, block)["lr"], factor, ran)


def last_step(optimizer: Optimizer, block: Block, adapter: Adapter) -> tuple[Step, Tensor | None]:
    """Return what the optimizer just did to a parameter, and 0 or 1 if it may have skipped it."""
    group, state = _group_of(optimizer, block), optimizer.state[block.parameter]
    ran = _ran(optimizer, block.parameter)
    on_device = ran is not None or bool(group.get("capturable"))
    return adapter(group, state, count_step(state, on_device), 1.0 if ran is None else ran), ran


def _ran(optimizer: Optimizer, parameter: Tensor) -> Tensor | None:
    """Return whether a fused optimizer with a gradient scaler stepped: on the device, unread."""
    found: Tensor | None = getattr(optimizer, "found_inf", None)
    if found is None:
        return None
    ran = 1.0 - found.reshape(())
    return ran.to(device=parameter.device, dtype=exact_dtype(parameter), non_blocking=True)


def strength_of(block: Block, gain: Scalar, factor: float, ran: Tensor | None) -> Strength:
    """Return the strengths of a block's penalty at a step with this gain."""
    penalty = block.penalty
    assert penalty is not None
    if penalty.alpha * factor == 0.0:
        by: Scalar = 0.0
    else:
        by = gain * factor if ran is None else gain * factor * ran
    return Strength(penalty.l1, penalty.l2, penalty.group, by)


def _prox(weight: Tensor, step: Step, strength: Strength, block: Block) -> None:
    if block.groups is not None:
        shrink_groups(weight, step, strength, block.groups)
    else:
        shrink([weight], [step], [strength])


def _of_size(size: Scalar) -> Step:
    """Return the step whose rate / D is this."""
    if isinstance(size, Tensor) and size.dim() > 0:
        return Step(1.0, second=size.reciprocal(), is_squared=False)
    return Step(size)


def _keep(state: dict[str, Any], key: str, value: Tensor) -> None:
    """Keep a copy, in place from the second time on: a captured graph runs on the same memory."""
    if key in state:
        state[key].copy_(value)
    else:
        state[key] = value.clone()


def _add(state: dict[str, Any], key: str, value: Scalar) -> None:
    """Add to a sum that may begin as a number and become a tensor."""
    before = state.get(key, 0.0)
    if isinstance(before, Tensor) and getattr(value, "shape", before.shape) == before.shape:
        before.add_(value)
    else:
        state[key] = before + value


def subgradient(block: Block) -> Tensor:
    """Return a subgradient of a block's penalty at its weights, 0 where they are 0."""
    penalty, weight = block.penalty, block.parameter.detach()
    assert penalty is not None
    slope = penalty.l2 * weight + penalty.l1 * weight.sign()
    if block.groups is not None:
        length = block.groups.lengths(weight)
        rate = (
            penalty.group * block.groups.weights / length.clamp_min(torch.finfo(weight.dtype).tiny)
        )
        slope = slope + weight * block.groups.spread(torch.where(length > 0, rate, 0.0), weight)
    return slope


def decay(block: Block, lr: Scalar, factor: float, ran: Tensor | None) -> None:
    """Multiply the weights by 1 - lr * alpha."""
    assert block.penalty is not None
    share = lr * (block.penalty.alpha * factor)
    block.parameter.detach().mul_(1.0 - (share if ran is None else share * ran))


def _group_of(optimizer: Optimizer, block: Block) -> dict[str, Any]:
    group: dict[str, Any] = optimizer.param_groups[block.position]
    return group


def _is_half(tensor: Tensor) -> bool:
    return tensor.dtype in (torch.float16, torch.bfloat16)


def _widened(step: Step) -> Step:
    """Return the step in float32."""
    if step.second is None:
        return step
    centre = None if step.centre is None else step.centre.float()
    return replace(step, second=step.second.float(), centre=centre)
