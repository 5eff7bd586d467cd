"""What a step of each optimizer was: the metric and the gain that a proximal step must share.

Every optimizer here moves w by -rate * gain * g / D for a constant gradient g, with a diagonal D.
The proximal step leads to the penalised optimum of the *same alpha* exactly if it is taken in the
metric D / rate with the penalty multiplied by the gain (ProxGen: Yun, Lozano and Yang 2021,
equation 3, with the gain of momentum added).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import unwrap
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.optim import Optimizer

from shrinkage.errors import ArgumentError, Phrase

Scalar: TypeAlias = "float | Tensor"


@dataclass(frozen=True, eq=False)
class Step:
    """One optimizer step of one parameter: D = scale * sqrt(second - centre^2) + shift.

    Attributes
    ----------
    rate : float or tensor of one number
    gain : float or tensor of one number
    second : tensor of the parameter's shape, or None
        None means D = 1.
    is_squared : bool
        False: D = second.
    scale, shift : float or tensor of one number
    centre : tensor of the parameter's shape, or None
    """

    rate: Scalar
    gain: Scalar = 1.0
    second: Tensor | None = None
    is_squared: bool = True
    scale: Scalar = 1.0
    shift: Scalar = 0.0
    centre: Tensor | None = None


# The names under which a parameter's state remembers what optimizers don't.
STEPS, GAIN = "shrinkage_steps", "shrinkage_gain"


def count_step(state: dict[str, Any], is_on_device: bool) -> Scalar:
    """Return how many steps the parameter has taken, the last one included.

    On the host this is a counter of our own, so that nothing is read from the device. Where the
    optimizer may have skipped the step without telling (fused, with a gradient scaler) or is
    captured in a graph, its own counter is used, on its device; at least 1, for a first step that
    was skipped must not divide by 1 - beta^0.
    """
    taken = state.get("step")
    if is_on_device and isinstance(taken, Tensor):
        state.pop(STEPS, None)
        return taken.to(exact_dtype(taken)).clamp_min(1.0)
    if STEPS in state:
        state[STEPS] += 1
    else:  # attached just now: read it once
        state[STEPS] = int(taken) if taken is not None else 1
    steps: int = state[STEPS]
    return steps


def exact_dtype(like: Tensor) -> torch.dtype:
    """Return the precision for the few numbers of a step, on the device of a tensor."""
    return torch.float32 if like.device.type == "mps" else torch.float64  # that one has no float64


def _momentum_gain(state: dict[str, Any], momentum: float, share: float, ran: Scalar) -> Scalar:
    """Return the momentum buffer's gain: the buffer of a constant gradient of 1."""
    before: Scalar | None = state.get(GAIN)
    after: Scalar = 1.0 if before is None else momentum * before + share
    if isinstance(ran, Tensor):  # a skipped step leaves the buffer as it was
        kept = 0.0 if before is None else before
        after = kept + ran * (after - kept)
    if isinstance(before, Tensor) and isinstance(
        after, Tensor
    ):  # in place, for a captured graph that is run again
        return before.copy_(after)
    state[GAIN] = after
    return after


def _sgd(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    momentum = group["momentum"]
    if momentum == 0.0:
        return Step(group["lr"])
    gain = _momentum_gain(state, momentum, 1.0 - group["dampening"], ran)
    return Step(group["lr"], 1.0 + momentum * gain if group["nesterov"] else gain)


def _adam(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    second = state["max_exp_avg_sq"] if group["amsgrad"] else state["exp_avg_sq"]
    scale = (1.0 - group["betas"][1] ** t) ** -0.5
    return Step(group["lr"], second=second, scale=scale, shift=group["eps"])


def _nadam(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    beta1, beta2 = group["betas"]
    decay = group["momentum_decay"]
    now = beta1 * (1.0 - 0.5 * 0.96 ** (t * decay))
    later = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * decay))
    product = state["mu_product"].to(torch.float64)
    gain = (1.0 - now) / (1.0 - product)
    gain = gain + later * (1.0 - beta1**t) / (1.0 - product * later)
    scale = (1.0 - beta2**t) ** -0.5
    return Step(group["lr"], gain, state["exp_avg_sq"], scale=scale, shift=group["eps"])


def _radam(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    beta2 = group["betas"][1]
    longest = 2.0 / (1.0 - beta2) - 1.0
    length = longest - 2.0 * t * beta2**t / (1.0 - beta2**t)
    on_device = isinstance(length, Tensor)
    if not on_device and length <= 5.0:
        return Step(group["lr"])
    rectified = (length - 4.0) * (length - 2.0) * longest
    rectified = rectified / ((longest - 4.0) * (longest - 2.0) * length)
    scale = (1.0 - beta2**t) ** -0.5
    rate, shift = rectified**0.5, group["eps"] * scale
    if on_device:  # D = 1 in the first steps, without a look at which step it is
        is_plain = length <= 5.0
        rate = torch.where(is_plain, 1.0, rate)
        scale, shift = torch.where(is_plain, 0.0, scale), torch.where(is_plain, 1.0, shift)
    return Step(group["lr"] * rate, second=state["exp_avg_sq"], scale=scale, shift=shift)


def _adamax(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    return Step(group["lr"], second=state["exp_inf"], is_squared=False)


def _rmsprop(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    gain: Scalar = 1.0
    if group["momentum"] > 0.0:
        if group["capturable"] and not isinstance(ran, Tensor):
            moments = state["square_avg"]
            ran = torch.ones((), device=moments.device, dtype=exact_dtype(moments))
        gain = _momentum_gain(state, group["momentum"], 1.0, ran)
    centre = state["grad_avg"] if group["centered"] else None
    return Step(group["lr"], gain, state["square_avg"], shift=group["eps"], centre=centre)


def _adagrad(group: dict[str, Any], state: dict[str, Any], t: Scalar, ran: Scalar) -> Step:
    rate = group["lr"] / (1.0 + (t - 1) * group["lr_decay"])
    return Step(rate, second=state["sum"], shift=group["eps"])


Adapter: TypeAlias = Callable[[dict[str, Any], dict[str, Any], Scalar, Scalar], Step]

# From the optimizers' sources; tests/torch has the lasso that each of them must reach.
ADAPTERS: dict[type[Optimizer], Adapter] = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
    torch.optim.NAdam: _nadam,
    torch.optim.RAdam: _radam,
    torch.optim.Adamax: _adamax,
    torch.optim.RMSprop: _rmsprop,
    torch.optim.Adagrad: _adagrad,
}


def adapter_of(optimizer: Optimizer) -> Adapter:
    """Return how the steps of an optimizer are read.

    A subclass counts as its base if it takes over its `step`.

    Raises
    ------
    ArgumentError
        If the optimizer is none that is known: with a wrong threshold the answer would be that
        of another alpha, or of no penalty at all, and nothing would show it.
    """
    for known, adapter in ADAPTERS.items():
        if isinstance(optimizer, known) and unwrap(type(optimizer).step) is unwrap(known.step):
            return adapter
    names = ", ".join(known.__name__ for known in ADAPTERS)
    raise ArgumentError.must_be(
        "optimizer",
        f"one of torch's {names}",
        Phrase(type(optimizer).__name__),
        "its steps are scaled in a way that is not known here, so alpha would not mean alpha and "
        "zeros might never come; train with one of these, or with method='subgradient', which "
        "needs to know nothing and gives no exact zeros",
    )
