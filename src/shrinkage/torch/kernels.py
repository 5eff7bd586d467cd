"""The proximal steps of `shrinkage.penalties` on tensors, in place and in the optimizer's metric.

Entry by entry (L1, L2, elastic net), on a CPU: one pass of the core over each tensor, so that
memory sees three streams: the second moment and the weights are read, the weights written. On
other devices, and where a scalar is known on the device only: all tensors in one `foreach` call
after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shrinkage._typing import AnyArray
from shrinkage.penalties import shrink_entries
from shrinkage.torch.groups import Groups
from shrinkage.torch.metric import Scalar, Step

# A metric of 0 (no gradient yet, eps 0) would make 0 * inf out of an alpha of 0, and inf - inf out
# of an infinite weight.
_TINY = 1e-30


# One thread nearly fills the memory's bandwidth, and torch's own threads still spin after its step:
# on 4 million entries a second one of ours made it slower. Far more are left to all threads.
_ALONE = 1 << 24


@dataclass(frozen=True, eq=False)
class Strength:
    """What a penalty asks of one parameter at one step.

    Attributes
    ----------
    l1, l2, group : float
        The factors of the penalty.
    by : float or tensor of one number
        What multiplies all three: the gain of the step and the schedule; a tensor where it is
        only known on the device.
    """

    l1: float
    l2: float
    group: float
    by: Scalar = 1.0

    @property
    def is_off(self) -> bool:
        """Whether there is certainly nothing to do."""
        return not isinstance(self.by, Tensor) and self.by <= 0.0


def shrink(weights: Sequence[Tensor], steps: Sequence[Step], strengths: Sequence[Strength]) -> None:
    """Take the proximal step of an entry-wise penalty, in place.

    Law: each weight w becomes what `Penalty.prox(w, rate / D)` returns, with the penalty
    multiplied by `strength.by`.

    Parameters
    ----------
    weights : sequence of tensors of one device and dtype, float32 or float64
    steps : sequence of Step
        What the optimizer just did to each.
    strengths : sequence of Strength
        `group` is not looked at.
    """
    rest = []
    for entry in zip(weights, steps, strengths, strict=True):
        if _fits_core(*entry):
            _shrink_in_core(*entry)
        else:
            rest.append(entry)
    if rest:
        shrink_together(*zip(*rest, strict=True))


def shrink_together(
    weights: Sequence[Tensor], steps: Sequence[Step], strengths: Sequence[Strength]
) -> None:
    """Do what `shrink` does by `foreach` calls, which take all tensors at once."""
    alive = [k for k, strength in enumerate(strengths) if not strength.is_off]
    adaptive = [k for k in alive if steps[k].second is not None]
    plain = [k for k in alive if steps[k].second is None]
    for some, kernel in ((adaptive, _shrink_adaptive), (plain, _shrink_plain)):
        if some:
            kernel(
                [weights[k] for k in some],
                [steps[k] for k in some],
                [strengths[k] for k in some],
            )


def _shrink_adaptive(
    weights: list[Tensor], steps: Sequence[Step], strengths: Sequence[Strength]
) -> None:
    sizes = _step_sizes(steps, strengths)
    if any(strength.l1 > 0.0 for strength in strengths):
        limit = torch._foreach_mul(sizes, [strength.l1 for strength in strengths])
        below = torch._foreach_neg(limit)
        torch._foreach_maximum_(below, weights)
        torch._foreach_minimum_(below, limit)
        torch._foreach_sub_(weights, below)
    if any(strength.l2 > 0.0 for strength in strengths):
        torch._foreach_mul_(sizes, [strength.l2 for strength in strengths])
        torch._foreach_add_(sizes, 1.0)
        torch._foreach_div_(weights, sizes)


def _shrink_plain(
    weights: list[Tensor], steps: Sequence[Step], strengths: Sequence[Strength]
) -> None:
    """Take the step in the metric 1 / rate, one number for each tensor."""
    like = weights[0]
    sizes = [step.rate * strength.by for step, strength in zip(steps, strengths, strict=True)]
    if any(strength.l1 > 0.0 for strength in strengths):
        limit = [size * strength.l1 for size, strength in zip(sizes, strengths, strict=True)]
        below = [-one for one in limit]
        kept = torch._foreach_maximum(weights, _alike(below, like))
        torch._foreach_minimum_(kept, _alike(limit, like))
        torch._foreach_sub_(weights, kept)
    if any(strength.l2 > 0.0 for strength in strengths):
        by = [1.0 + size * strength.l2 for size, strength in zip(sizes, strengths, strict=True)]
        torch._foreach_div_(weights, _alike(by, like))


def _step_sizes(steps: Sequence[Step], strengths: Sequence[Strength]) -> list[Tensor]:
    """Return by * rate / D for each step of one optimizer, as new tensors."""
    seconds = []
    for step in steps:
        assert step.second is not None
        seconds.append(step.second if step.centre is None else _variance(step.second, step.centre))
    if steps[0].is_squared:
        sizes = list(torch._foreach_sqrt(seconds))
    else:
        sizes = [second.clone() for second in seconds]
    like = sizes[0]
    torch._foreach_mul_(sizes, _alike([step.scale for step in steps], like))
    torch._foreach_add_(sizes, _alike([_positive(step.shift) for step in steps], like))
    torch._foreach_reciprocal_(sizes)
    rates = [step.rate * strength.by for step, strength in zip(steps, strengths, strict=True)]
    torch._foreach_mul_(sizes, _alike(rates, like))
    return sizes


def step_size(step: Step, by: Scalar = 1.0) -> Tensor | Scalar:
    """Return by * rate / D of one step: a number, or a new tensor of the parameter's shape."""
    if step.second is None:
        return step.rate * by
    return _step_sizes([step], [Strength(0.0, 0.0, 0.0, by)])[0]


def _fits_core(weight: Tensor, step: Step, strength: Strength) -> bool:
    if weight.device.type != "cpu" or step.centre is not None:
        return False
    scalars = (step.rate, step.scale, step.shift, strength.by)
    if any(isinstance(scalar, Tensor) for scalar in scalars):
        return False
    return _is_dense(weight) and (step.second is None or _is_alike(step.second, weight))


def _shrink_in_core(weight: Tensor, step: Step, strength: Strength) -> None:
    if strength.is_off or weight.numel() == 0:
        return
    rate = step.rate * strength.by
    shrink_entries(
        _flat(weight),
        None if step.second is None else _flat(step.second),
        is_squared=step.is_squared,
        scale=float(step.scale),
        shift=1.0 if step.second is None else max(float(step.shift), _TINY),
        l1=float(rate * strength.l1),
        l2=float(rate * strength.l2),
        n_threads=torch.get_num_threads() if weight.numel() > _ALONE else 1,
    )


def shrink_groups(weight: Tensor, step: Step, strength: Strength, groups: Groups) -> None:
    """Take the proximal step of a penalty with groups, in place.

    First the squared term joins the metric, then entries are soft-thresholded, then the groups
    are scaled; `shrinkage.penalties` says why this composition is exact.
    """
    if strength.is_off:
        return
    shrink([weight], [step], [strength])
    if strength.group > 0.0:
        size = step_size(step, strength.by)
        if strength.l2 > 0.0:
            size = size / (1.0 + size * strength.l2)
        groups.to(weight).scale(weight, size, strength.group)


def _variance(second: Tensor, centre: Tensor) -> Tensor:
    # Rounding can take it below 0, whose root is no number.
    return torch.addcmul(second, centre, centre, value=-1.0).clamp_min_(0.0)


def _flat(tensor: Tensor) -> AnyArray:
    """Return the entries in the order of memory, as NumPy sees them: nothing is copied."""
    flat: AnyArray = tensor.detach().as_strided((tensor.numel(),), (1,)).numpy()
    return flat


def _is_dense(tensor: Tensor) -> bool:
    if tensor.dtype not in (torch.float32, torch.float64):
        return False
    if tensor.is_contiguous():
        return True
    return tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)


def _is_alike(tensor: Tensor, weight: Tensor) -> bool:
    same = tensor.stride() == weight.stride() and tensor.dtype == weight.dtype
    return same and tensor.device == weight.device


def _alike(scalars: Sequence[Scalar], like: Tensor) -> Any:
    """Return the numbers all as floats or all as tensors: `foreach` takes no mixture."""
    if not any(isinstance(one, Tensor) for one in scalars):
        return list(scalars)
    return [
        one.to(like.dtype)
        if isinstance(one, Tensor)
        else torch.full((), one, dtype=like.dtype, device=like.device)
        for one in scalars
    ]


def _positive(shift: Scalar) -> Scalar:
    return shift + _TINY if isinstance(shift, Tensor) else max(shift, _TINY)
