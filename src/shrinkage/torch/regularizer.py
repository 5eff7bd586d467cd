"""Attach penalties to an optimizer: the training loop stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from shrinkage._validate import check_choice, check_count
from shrinkage.errors import ArgumentError
from shrinkage.penalties import L2, Penalty
from shrinkage.torch.decay import DecoupledDecay
from shrinkage.torch.full_gradient import Loss, Polish, Stationarity, measure, polish, value_of
from shrinkage.torch.methods import TENSORS, Dual, Method, Prox, Subgradient
from shrinkage.torch.rules import Block, Rule, assign
from shrinkage.torch.schedule import Constant, Schedule

_STEP = "shrinkage_step"
_METHODS = ("prox", "dual", "subgradient")


def attach(
    optimizer: Optimizer,
    model: nn.Module,
    rules: Sequence[Rule] = (),
    *,
    default: Penalty | None = None,
    method: str = "prox",
    schedule: Schedule | None = None,
) -> Regularizer:
    """Penalise the parameters of a model from the next step of its optimizer on."""
    return Regularizer(optimizer, model, rules, default, method, schedule or Constant())


class Regularizer:
    """Penalties at work on an optimizer; made by `attach`."""

    def __init__(
        self,
        optimizer: Optimizer,
        model: nn.Module,
        rules: Sequence[Rule],
        default: Penalty | None,
        method: str,
        schedule: Schedule,
    ) -> None:
        check_choice("method", method, _METHODS)
        if any(
            getattr(hook, "__self__", None).__class__ is Regularizer for hook in _hooks(optimizer)
        ):
            hint = "detach() the first, or give all rules in one call"
            raise ArgumentError.cannot("optimizer", "have two regularizers", hint)
        if any(group.get("maximize") for group in optimizer.param_groups):
            raise ArgumentError.cannot("optimizer", "maximise under a penalty", "minimise -loss")
        self.model = model
        self.optimizer = optimizer
        self.blocks: list[Block] = assign(optimizer, model, rules, default)
        self.schedule = schedule
        self.method = method
        self._method = _made(method, optimizer)
        if method == "dual" and any(
            block.weight_decay > 0.0 and block.penalty is not None for block in self.blocks
        ):
            hint = "weight_decay=0, and the squared term as a penalty: ElasticNet"
            raise ArgumentError.cannot("method", "be 'dual' with the optimizer's own decay", hint)
        self._kept: dict[int, dict[str, Tensor]] = {}
        optimizer.param_groups[0].setdefault(_STEP, 0)
        self._handles = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
            optimizer.register_load_state_dict_pre_hook(self._keep_precise),
            optimizer.register_load_state_dict_post_hook(self._put_back),
        ]

    def value(self) -> Tensor:
        """Return what the penalties cost now, schedule included, as a tensor of one number.

        Nothing is read from the device until you do, for example by `float(reg.value())`.
        """
        factor = self._factor()
        return sum((value_of(block) * factor for block in self._penalised()), torch.zeros(()))

    def sparsity(self) -> dict[str, float]:
        """Return the share of exact zeros in each penalised parameter, and in all of them."""
        blocks = self._penalised()
        zeros = [int((block.parameter == 0).sum()) for block in blocks]
        sizes = [block.parameter.numel() for block in blocks]
        shares = {b.name: z / n for b, z, n in zip(blocks, zeros, sizes, strict=True)}
        return {"all": sum(zeros) / max(sum(sizes), 1), **shares}

    def stationarity(self, loader: Any, loss: Loss) -> Stationarity:
        """Return how far the weights are from a stationary point of loss plus penalty."""
        return measure(self.model, self.blocks, loader, loss)

    def polish(self, loader: Any, loss: Loss, n_steps: int = 20) -> Polish:
        """End the training with proximal steps of the full gradient, which find the exact zeros."""
        with torch.no_grad():
            return polish(self.model, self.blocks, loader, loss, check_count("n_steps", n_steps))

    def detach(self) -> None:
        """Stop penalising; the optimizer is as if it had never been."""
        for handle in self._handles:
            handle.remove()
        self.optimizer.param_groups[0].pop(_STEP, None)
        for state in self.optimizer.state.values():
            for key in [key for key in state if str(key).startswith("shrinkage")]:
                del state[key]

    def _penalised(self) -> list[Block]:
        return [block for block in self.blocks if block.penalty is not None]

    def _taking_part(self) -> list[Block]:
        return [
            block
            for block in self.blocks
            if block.penalty is not None and block.parameter.grad is not None
        ]

    @torch.no_grad()
    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        group = optimizer.param_groups[0]
        group[_STEP] = group.get(_STEP, 0) + 1
        self._method.before(optimizer, self._taking_part(), self._factor())

    @torch.no_grad()
    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._method.after(optimizer, self._taking_part(), self._factor())

    def _factor(self) -> float:
        return self.schedule.factor(self.optimizer.param_groups[0][_STEP])

    def _keep_precise(self, optimizer: Optimizer, state_dict: dict[str, Any]) -> None:
        """Keep our float32 tensors as they are: the optimizer casts them to the parameter's."""
        self._kept = {
            int(index): {key: state[key] for key in TENSORS if isinstance(state.get(key), Tensor)}
            for index, state in state_dict["state"].items()
        }

    def _put_back(self, optimizer: Optimizer) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for index, tensors in self._kept.items():
            parameter = parameters[index]
            for key, tensor in tensors.items():
                optimizer.state[parameter][key] = tensor.to(parameter.device, copy=True)
        self._kept = {}


def _made(method: str, optimizer: Optimizer) -> Method:
    if method == "subgradient":
        return Subgradient()
    return Dual(optimizer) if method == "dual" else Prox(optimizer)


def _hooks(optimizer: Optimizer) -> list[Any]:
    return list(getattr(optimizer, "_optimizer_step_post_hooks", {}).values())
