"""What happens around an optimizer step: the proximal step, dual averaging, or the subgradient.

All of them see the optimizer only through `metric.Step`. State that a checkpoint must hold lives
in the optimizer's own state, under names that begin with "shrinkage".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from shrinkage.torch.decay import DecoupledDecay
from shrinkage.torch.kernels import Strength, shrink, shrink_groups, step_size
from shrinkage.torch.metric import Adapter, Scalar, Step, adapter_of, count_step
from shrinkage.torch.rules import Block

# Tensors that a checkpoint holds in float32 whatever the parameter's own precision.
CARRY, LATENT, TAKEN = "shrinkage_carry", "shrinkage_latent", "shrinkage_taken"
TENSORS = (CARRY, LATENT, TAKEN)


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
            group, state = _group_of(optimizer, block), optimizer.state[block.parameter]
            step, ran = last_step(optimizer, group, state, self._adapter)
            if isinstance(block.penalty, DecoupledDecay):
                decay(block, group["lr"], factor, ran)
                continue
            strength = strength_of(block, step.gain, factor, ran)
            weight = block.parameter.detach()
            if weight.dtype in (torch.float16, torch.bfloat16):
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
        carry = state.get(CARRY)
        if carry is not None:
            exact.add_(carry)
        wide = _widened(step)
        if block.groups is not None:
            shrink_groups(exact, wide, strength, block.groups.to(exact))
        else:
            shrink([exact], [wide], [strength])
        weight.copy_(exact)
        state[CARRY] = exact.sub_(weight.float())


class Dual:
    """Regularised dual averaging: thresholds add up, so noise averages out of the zeros.

    The weights w are the proximal step from a second copy u that only the optimizer moves, by
    the sum of all its step sizes (Xiao 2010, equation 8; an entry-wise sum for an adaptive
    optimizer). Memory: one copy of the weights, and the sum for an adaptive optimizer.
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
            group, state = _group_of(optimizer, block), optimizer.state[block.parameter]
            step, ran = last_step(optimizer, group, state, self._adapter)
            weight = block.parameter.detach()
            if isinstance(block.penalty, DecoupledDecay):
                decay(block, group["lr"], factor, ran)
                continue
            taken = step_size(step) * step.gain * factor
            taken = taken if ran is None else taken * ran
            taken = state[TAKEN] + taken if TAKEN in state else taken
            state[TAKEN] = taken
            state[LATENT] = weight.clone()
            strength = strength_of(block, 1.0, 1.0, None)
            if isinstance(taken, Tensor) and taken.dim() > 0:
                total = Step(1.0, second=taken.reciprocal(), is_squared=False)
            else:
                total = Step(taken)
            if block.groups is not None:
                shrink_groups(weight, total, strength, block.groups)
            else:
                shrink([weight], [total], [strength])


class Subgradient:
    """The textbook's way: a subgradient of the penalty is added to the gradient.

    Never an exact zero. For comparison, and for optimizers whose steps are not known.
    """

    def before(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Add the subgradient, 0 at 0."""
        scale = getattr(optimizer, "grad_scale", None)
        for block in blocks:
            assert block.penalty is not None
            if isinstance(block.penalty, DecoupledDecay):
                continue
            slope = subgradient(block) * factor
            assert block.parameter.grad is not None
            block.parameter.grad.add_(slope if scale is None else slope * scale)

    def after(self, optimizer: Optimizer, blocks: Sequence[Block], factor: float) -> None:
        """Decay what is to be decayed."""
        for block in blocks:
            if isinstance(block.penalty, DecoupledDecay):
                decay(block, _group_of(optimizer, block)["lr"], factor, _ran(optimizer))


def last_step(
    optimizer: Optimizer, group: dict[str, Any], state: dict[str, Any], adapter: Adapter
) -> tuple[Step, Tensor | None]:
    """Return what the optimizer just did to a parameter, and 0 or 1 if it may have skipped it."""
    ran = _ran(optimizer)
    on_device = ran is not None or bool(group.get("capturable"))
    return adapter(group, state, count_step(state, on_device), 1.0 if ran is None else ran), ran


def _ran(optimizer: Optimizer) -> Tensor | None:
    """Return whether a fused optimizer with a gradient scaler stepped: on the device, unread."""
    found = getattr(optimizer, "found_inf", None)
    return None if found is None else 1.0 - found


def strength_of(block: Block, gain: Scalar, factor: float, ran: Tensor | None) -> Strength:
    """Return the strengths of a block's penalty at a step with this gain."""
    penalty = block.penalty
    assert penalty is not None
    by = gain * factor if ran is None else gain * factor * ran

    def times(strength: float) -> Scalar:
        return strength * by if strength * factor > 0.0 else 0.0

    return Strength(times(penalty.l1), times(penalty.l2), times(penalty.group))


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


def _widened(step: Step) -> Step:
    if step.second is None:
        return step
    centre = None if step.centre is None else step.centre.float()
    return Step(
        step.rate,
        step.gain,
        step.second.float(),
        step.is_squared,
        step.scale,
        step.shift,
        centre,
    )
