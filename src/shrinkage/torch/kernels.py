"""The proximal steps of `shrinkage.penalties` on tensors, in place and in the optimizer's metric.

Entry by entry (L1, L2, elastic net), on a CPU: one tensor at a time, in pieces that stay in cache
with two scratch pieces, so that memory sees three streams: the second moment and the weights are
read, the weights written. On other devices: all tensors of a block in one `foreach` call after
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from shrinkage.torch.groups import Groups
from shrinkage.torch.metric import Scalar, Step

# Entries of a piece: with its two scratch pieces and the second moment it fits into half a MB.
PIECE = 32_768

# A metric of 0 (no gradient yet, eps 0) would make 0 * inf out of an alpha of 0.
_TINY = 1e-37


@dataclass(frozen=True, eq=False)
class Strength:
    """What a penalty asks of one parameter at one step, its gain and schedule included."""

    l1: Scalar
    l2: Scalar
    group: Scalar


def shrink(weights: Sequence[Tensor], steps: Sequence[Step], strengths: Sequence[Strength]) -> None:
    """Take the proximal step of an entry-wise penalty, in place.

    Parameters
    ----------
    weights : sequence of tensors of one device and dtype
    steps : sequence of Step
        What the optimizer just did to each.
    strengths : sequence of Strength
        `group` is not looked at.
    """
    if weights[0].device.type == "cpu":
        scratch: dict[torch.dtype, tuple[Tensor, Tensor]] = {}
        for weight, step, strength in zip(weights, steps, strengths, strict=True):
            _shrink_in_pieces(weight, step, strength, scratch)
    else:
        shrink_together(weights, steps, strengths)


def shrink_together(
    weights: Sequence[Tensor], steps: Sequence[Step], strengths: Sequence[Strength]
) -> None:
    """Do what `shrink` does by `foreach` calls, which take all tensors at once."""
    adaptive = [k for k, step in enumerate(steps) if step.second is not None]
    plain = [k for k, step in enumerate(steps) if step.second is None]
    if adaptive:
        sizes = _step_sizes([steps[k] for k in adaptive])
        some = [weights[k] for k in adaptive]
        l1 = [strengths[k].l1 for k in adaptive]
        l2 = [strengths[k].l2 for k in adaptive]
        if any(_is_positive(one) for one in l1):
            limit = torch._foreach_mul(sizes, l1)
            below = torch._foreach_neg(limit)
            kept = torch._foreach_maximum(some, below)
            torch._foreach_minimum_(kept, limit)
            torch._foreach_sub_(some, kept)
        if any(_is_positive(one) for one in l2):
            torch._foreach_mul_(sizes, l2)
            torch._foreach_add_(sizes, 1.0)
            torch._foreach_div_(some, sizes)
    for k in plain:
        _shrink_plain(weights[k], steps[k].rate, strengths[k])


def _step_sizes(steps: Sequence[Step]) -> list[Tensor]:
    """Return rate / D for each step of one optimizer, as new tensors."""
    seconds = []
    for step in steps:
        assert step.second is not None
        seconds.append(step.second if step.centre is None else step.second - step.centre**2)
    if steps[0].is_squared:
        sizes = list(torch._foreach_sqrt(seconds))
    else:
        sizes = [second.clone() for second in seconds]
    torch._foreach_mul_(sizes, [step.scale for step in steps])
    torch._foreach_add_(sizes, [_positive(step.shift) for step in steps])
    torch._foreach_reciprocal_(sizes)
    torch._foreach_mul_(sizes, [step.rate for step in steps])
    return sizes


def step_size(step: Step) -> Tensor | Scalar:
    """Return rate / D of one step: a number, or a new tensor of the parameter's shape."""
    return step.rate if step.second is None else _step_sizes([step])[0]


def _shrink_in_pieces(
    weight: Tensor,
    step: Step,
    strength: Strength,
    scratch: dict[torch.dtype, tuple[Tensor, Tensor]],
) -> None:
    streams = [t for t in (weight, step.second, step.centre) if t is not None]
    is_flat = all(_is_dense_like(t, weight) for t in streams)
    if not is_flat or isinstance(strength.l1, Tensor):
        shrink_together([weight], [step], [strength])
        return
    if weight.dtype not in scratch:
        scratch[weight.dtype] = (weight.new_empty(PIECE), weight.new_empty(PIECE))
    size, kept = scratch[weight.dtype]
    pieces = [_flat(t).split(PIECE) for t in streams]
    has_l1, has_l2 = _is_positive(strength.l1), _is_positive(strength.l2)
    for k, part in enumerate(pieces[0]):
        n = part.numel()
        s, u = (size, kept) if n == PIECE else (size[:n], kept[:n])
        if step.second is None:
            _shrink_plain(part, step.rate, strength, u)
            continue
        second = pieces[1][k]
        if step.centre is not None:
            torch.mul(pieces[2][k], pieces[2][k], out=s)
            torch.sub(second, s, out=s).sqrt_()
        elif step.is_squared:
            torch.sqrt(second, out=s)
        else:
            s.copy_(second)
        s.mul_(step.scale).add_(_positive(step.shift)).reciprocal_()
        if has_l1:
            s.mul_(step.rate * strength.l1)
            torch.neg(s, out=u)
            torch.maximum(part, u, out=u)
            torch.minimum(u, s, out=u)
            part.sub_(u)
            if has_l2:
                part.div_(s.mul_(strength.l2 / strength.l1).add_(1.0))
        elif has_l2:
            part.div_(s.mul_(step.rate * strength.l2).add_(1.0))


def _shrink_plain(
    weight: Tensor, rate: Scalar, strength: Strength, scratch: Tensor | None = None
) -> None:
    if _is_positive(strength.l1):
        limit = rate * strength.l1
        if isinstance(limit, Tensor):
            kept = torch.clamp(weight, -limit, limit)
        else:
            kept = torch.clamp(weight, -limit, limit, out=scratch)
        weight.sub_(kept)
    if _is_positive(strength.l2):
        weight.div_(1.0 + rate * strength.l2)


def shrink_groups(weight: Tensor, step: Step, strength: Strength, groups: Groups) -> None:
    """Take the proximal step of a penalty with groups, in place.

    First the squared term joins the metric, then entries are soft-thresholded, then the groups
    are scaled; `shrinkage.penalties` says why this composition is exact.
    """
    shrink([weight], [step], [strength])
    size = step_size(step)
    if _is_positive(strength.l2):
        size = size / (1.0 + size * strength.l2)
    groups.scale(weight, size, strength.group)


def _flat(tensor: Tensor) -> Tensor:
    return tensor.as_strided((tensor.numel(),), (1,))


def _is_dense_like(tensor: Tensor, weight: Tensor) -> bool:
    if tensor.stride() != weight.stride() or tensor.dtype != weight.dtype:
        return False
    if tensor.is_contiguous():
        return True
    return tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)


def _positive(shift: Scalar) -> Scalar:
    return max(shift, _TINY) if not isinstance(shift, Tensor) else shift + _TINY


def _is_positive(value: Scalar) -> bool:
    return True if isinstance(value, Tensor) else value > 0.0
