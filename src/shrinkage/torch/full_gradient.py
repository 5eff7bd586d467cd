"""The loss over all batches: how far from stationary a network is, and steps that end the training.

Both take the network in evaluation mode (no dropout, batch norm by its running statistics), so
that loss and gradient are functions of the weights alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from shrinkage.draw.table import aligned, significant
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.torch.decay import DecoupledDecay
from shrinkage.torch.kernels import Strength, shrink, shrink_groups
from shrinkage.torch.metric import Step
from shrinkage.torch.rules import Block

Loss: TypeAlias = Callable[[Any, Any], Tensor]

# How far a step may lie above its quadratic bound by rounding alone, relative to the loss.
_ROUNDING = 1e-12
_ROUNDING_EPS = 8.0


@dataclass(frozen=True)
class Stationarity:
    """How far the weights are from a stationary point of loss plus penalty.

    Attributes
    ----------
    loss : float
        Mean loss over all rows.
    names : tuple of str
    n_nonzero, sizes : tuple of int
        Non-zero weights of each parameter, and all of them.
    violations : tuple of float
        Largest distance of minus the gradient from the penalty's subdifferential, for each
        parameter; in units of alpha where there is one, else of the gradient.
    """

    loss: float
    names: tuple[str, ...]
    n_nonzero: tuple[int, ...]
    sizes: tuple[int, ...]
    violations: tuple[float, ...]

    @property
    def largest(self) -> float:
        """The largest violation."""
        return max(self.violations, default=0.0)

    def __str__(self) -> str:
        """Return a table with one row for each parameter."""
        rows = [
            (name, f"{kept} of {size}", significant(violation, 3))
            for name, kept, size, violation in zip(
                self.names, self.n_nonzero, self.sizes, self.violations, strict=True
            )
        ]
        return "\n".join(aligned(rows, ("parameter", "non-zero", "violation / alpha")))


@dataclass(frozen=True)
class Polish:
    """What the last steps with the full gradient did.

    Attributes
    ----------
    n_steps : int
    objective_before, objective_after : float
        Mean loss plus penalty.
    n_nonzero_before, n_nonzero_after : int
        Over all penalised parameters.
    """

    n_steps: int
    objective_before: float
    objective_after: float
    n_nonzero_before: int
    n_nonzero_after: int

    def __str__(self) -> str:
        """Return one sentence."""
        return (
            f"{self.n_steps} steps with the full gradient: loss + penalty "
            f"{significant(self.objective_before, 6)} -> {significant(self.objective_after, 6)}, "
            f"non-zero weights {self.n_nonzero_before} -> {self.n_nonzero_after}"
        )


class FullLoss:
    """The mean loss over all rows of a loader, weighing batches by their size.

    Parameters
    ----------
    model : torch.nn.Module
    loader : iterable of (inputs, targets)
        Gone through once for each call.
    loss : callable of (outputs, targets)
        Must return the mean over the rows of a batch.
    """

    def __init__(self, model: nn.Module, loader: Iterable[Any], loss: Loss) -> None:
        self._model, self._loader, self._loss = model, loader, loss
        self._device = next((p.device for p in model.parameters()), torch.device("cpu"))

    def value(self) -> float:
        """Return the loss; one forward pass over the data."""
        with torch.no_grad():
            return self._total()

    def gradient(self, parameters: Sequence[Tensor]) -> tuple[float, list[Tensor]]:
        """Return the loss and its gradient; one forward and one backward pass over the data."""
        found = [torch.zeros_like(parameter) for parameter in parameters]
        with torch.enable_grad():
            total = self._total(parameters, found)
        return total, found

    def _total(self, parameters: Sequence[Tensor] = (), found: Sequence[Tensor] = ()) -> float:
        """Return the mean loss and add its gradient to `found`; no .grad is touched."""
        total, n_rows = 0.0, 0
        for batch in self._loader:
            inputs, targets = _pair(batch, self._device)
            rows = len(targets)
            loss = self._loss(self._model(inputs), targets)
            if parameters:
                slopes = torch.autograd.grad(loss, parameters, allow_unused=True)
                for slope, sum_so_far in zip(slopes, found, strict=True):
                    if slope is not None:
                        sum_so_far.add_(slope, alpha=rows)
            total += float(loss.detach()) * rows
            n_rows += rows
        if n_rows == 0:
            raise ArgumentError.must("loader", "give at least one batch", Phrase("none"))
        for one in found:
            one.div_(n_rows)
        return total / n_rows


def measure(
    model: nn.Module, blocks: Sequence[Block], loader: Any, loss: Loss, factor: float = 1.0
) -> Stationarity:
    """Return how far from stationary the weights are, with every alpha times `factor`."""
    live = [block for block in blocks if block.position >= 0 and block.parameter.requires_grad]
    with evaluating(model):
        total, gradients = FullLoss(model, loader, loss).gradient([b.parameter for b in live])
    violations = []
    for block, gradient in zip(live, gradients, strict=True):
        weight, slope = block.parameter.detach(), gradient.detach()
        penalty = block.penalty
        if penalty is None or isinstance(penalty, DecoupledDecay) or penalty.alpha * factor == 0.0:
            violations.append(float(slope.abs().amax()) if slope.numel() else 0.0)
        else:
            violations.append(_violation(block, weight, slope, factor) / (penalty.alpha * factor))
    return Stationarity(
        total,
        tuple(block.name for block in live),
        tuple(int(torch.count_nonzero(block.parameter)) for block in live),
        tuple(block.parameter.numel() for block in live),
        tuple(violations),
    )


def _violation(block: Block, weight: Tensor, gradient: Tensor, factor: float) -> float:
    """Return what `Penalty.kkt_violation` returns, with the groups of the block."""
    assert block.penalty is not None
    l1, l2, group = (factor * s for s in (block.penalty.l1, block.penalty.l2, block.penalty.group))
    pull = -gradient - l2 * weight
    rest = torch.where(weight != 0.0, pull - l1 * weight.sign(), pull - pull.clamp(-l1, l1))
    if block.groups is None:
        return float(rest.abs().amax())
    groups = block.groups.to(weight)
    strength, length = group * groups.weights, groups.lengths(weight)
    along = strength / torch.where(length > 0.0, length, 1.0)
    alive = groups.lengths(rest - weight * groups.spread(along, weight))
    dead = (groups.lengths(rest) - strength).clamp_min(0.0)
    return float(torch.where(length > 0.0, alive, dead).amax())


def polish(
    model: nn.Module,
    blocks: Sequence[Block],
    loader: Any,
    loss: Loss,
    n_steps: int,
    factor: float = 1.0,
) -> Polish:
    """Take accelerated proximal steps with the full gradient, every alpha times `factor`."""
    live = [block for block in blocks if block.position >= 0 and block.parameter.requires_grad]
    full = FullLoss(model, loader, loss)
    with evaluating(model):
        before = (_objective(full.value(), live, factor), _n_nonzero(live))
        _accelerated(live, full, n_steps, factor)
        after = (_objective(full.value(), live, factor), _n_nonzero(live))
    return Polish(n_steps, before[0], after[0], before[1], after[1])


def _accelerated(live: Sequence[Block], full: FullLoss, n_steps: int, factor: float) -> None:
    """FISTA with backtracking and restarts (Beck and Teboulle 2009; O'Donoghue and Candes 2015)."""
    parameters = [block.parameter for block in live]
    weights = [parameter.detach() for parameter in parameters]
    last = [weight.clone() for weight in weights]
    rate, momentum = 2.0, 1.0
    for _ in range(n_steps):
        start = [weight.clone() for weight in weights]
        loss, gradients = full.gradient(parameters)
        rate = _step(live, full, start, loss, gradients, rate, factor)
        moved = [weight - before for weight, before in zip(weights, last, strict=True)]
        turned = sum(
            float(torch.sum((s - w) * m)) for s, w, m in zip(start, weights, moved, strict=True)
        )
        last = [weight.clone() for weight in weights]
        following = 1.0 if turned > 0.0 else 0.5 * (1.0 + (1.0 + 4.0 * momentum**2) ** 0.5)
        share = 0.0 if turned > 0.0 else (momentum - 1.0) / following
        for weight, move in zip(weights, moved, strict=True):
            weight.add_(move, alpha=share)
        momentum = following
    # The point behind the last extrapolation is the one that a proximal step made: it has zeros.
    for weight, kept in zip(weights, last, strict=True):
        weight.copy_(kept)


def _step(
    live: Sequence[Block],
    full: FullLoss,
    start: Sequence[Tensor],
    loss: float,
    gradients: Sequence[Tensor],
    rate: float,
    factor: float,
) -> float:
    """Take one proximal step, short enough for its quadratic bound; return the next rate to try."""
    eps = max((torch.finfo(block.parameter.dtype).eps for block in live), default=0.0)
    slack = max(_ROUNDING, _ROUNDING_EPS * eps) * abs(loss)
    for _ in range(60):
        linear = square = 0.0
        for block, origin, slope in zip(live, start, gradients, strict=True):
            weight = block.parameter.detach()
            weight.copy_(origin).add_(slope, alpha=-rate)
            _prox(block, weight, rate, factor)
            move = weight - origin
            linear += float(torch.sum(move * slope))
            square += float(torch.sum(move * move))
        bound = loss + linear + square / (2.0 * rate)
        if full.value() <= bound + slack:
            # So short a step tells nothing of the curvature: rounding hides what it changed.
            is_short = square / (2.0 * rate) <= 10.0 * slack
            return rate if is_short else 2.0 * rate
        rate *= 0.5
    return rate


def _prox(block: Block, weight: Tensor, rate: float, factor: float) -> None:
    penalty = block.penalty
    if penalty is None:
        return
    strength = Strength(penalty.l1, penalty.l2, penalty.group, factor)
    if block.groups is not None:
        shrink_groups(weight, Step(rate), strength, block.groups)
    else:
        shrink([weight], [Step(rate)], [strength])


def _objective(loss: float, live: Sequence[Block], factor: float) -> float:
    return loss + factor * sum(float(value_of(block)) for block in live)


def value_of(block: Block) -> Tensor:
    """Return what a block's penalty costs now, as a tensor of one number."""
    penalty, weight = block.penalty, block.parameter.detach()
    if penalty is None:
        return weight.new_zeros(())
    cost = weight.new_zeros(())
    if penalty.l1 > 0.0:
        cost = cost + penalty.l1 * weight.abs().sum()
    if penalty.l2 > 0.0:
        cost = cost + 0.5 * penalty.l2 * (weight * weight).sum()
    if block.groups is not None:
        groups = block.groups.to(weight)
        cost = cost + penalty.group * (groups.weights * groups.lengths(weight)).sum()
    return cost


def _n_nonzero(live: Sequence[Block]) -> int:
    return sum(int(torch.count_nonzero(b.parameter)) for b in live if b.penalty is not None)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode and back, module by module."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, was_training in modes:
            module.training = was_training


def _pair(batch: Any, device: torch.device) -> tuple[Any, Any]:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise ArgumentError.must("loader", "give pairs of inputs and targets", batch)
    inputs, targets = batch
    return (
        inputs.to(device) if isinstance(inputs, Tensor) else inputs,
        targets.to(device) if isinstance(targets, Tensor) else targets,
    )
