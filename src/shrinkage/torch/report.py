"""What a network costs before and after it was made smaller, and what had to stay."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from shrinkage.draw.table import aligned

_WARM_UP = 3


@dataclass(frozen=True)
class Cost:
    """What one network costs.

    Attributes
    ----------
    parameters : int
        Numbers that it learns; tied ones count once.
    multiply_adds : int
        Of the matrix products and convolutions of one call on the example inputs.
    milliseconds : float or None
        Median of the repeated calls on the example inputs; None if none was timed.
    """

    parameters: int
    multiply_adds: int
    milliseconds: float | None


@dataclass(frozen=True)
class Report:
    """What `compact` did.

    Attributes
    ----------
    before, after : Cost
    units : tuple of (layer, units before, units after)
        One for each layer whose units were looked at, inputs first.
    kept_inputs : dict of str to tuple of int
        For each input with entries that nothing depends on: those that are kept. The smaller
        network takes the whole input and selects them itself.
    left : tuple of (where, why)
        What had to stay though it might have gone, and where the search stopped.
    difference : float
        Largest difference between the outputs of the two networks, on the example inputs and on
        random ones, divided by the largest output (if that is above 1).
    """

    before: Cost
    after: Cost
    units: tuple[tuple[str, int, int], ...]
    kept_inputs: dict[str, tuple[int, ...]]
    left: tuple[tuple[str, str], ...]
    difference: float

    def __str__(self) -> str:
        """Return two tables: costs, and units of each layer; then what was left."""
        old, new = self.before, self.after
        costs = [
            _row("parameters", old.parameters, new.parameters),
            _row("multiply-adds", old.multiply_adds, new.multiply_adds),
        ]
        if old.milliseconds is not None and new.milliseconds is not None:
            costs.append(_row("milliseconds", old.milliseconds, new.milliseconds))
        lines = aligned(costs, ("", "before", "after", "ratio"))
        units = [_row(*entry) for entry in self.units]
        if units:
            lines += ["", *aligned(units, ("units of", "before", "after", "ratio"))]
        lines += [f"left: {where}: {why}" for where, why in self.left]
        return "\n".join([*lines, f"largest relative difference of outputs: {self.difference:.1e}"])


def cost(model: nn.Module, inputs: Sequence[Any], milliseconds: float | None) -> Cost:
    """Return what a network costs, given what a call took."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(*inputs)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(n_parameters, counter.get_total_flops() // 2, milliseconds)


def timed(
    models: Sequence[nn.Module], inputs: Sequence[Any], n_repeats: int
) -> list[float] | list[None]:
    """Return the median milliseconds of a call of each network, in turns, so that all see one load.

    The threads are those that PyTorch has; on a GPU each call is waited for.
    """
    if n_repeats == 0:
        return [None] * len(models)
    taken: list[list[float]] = [[] for _ in models]
    with torch.no_grad():
        for repeat in range(-_WARM_UP, n_repeats):
            for model, times in zip(models, taken, strict=True):
                start = time.perf_counter()
                model(*inputs)
                _wait(inputs)
                if repeat >= 0:
                    times.append(1e3 * (time.perf_counter() - start))
    return [median(times) for times in taken]


def _wait(inputs: Sequence[Any]) -> None:
    for value in inputs:
        if isinstance(value, Tensor) and value.device.type != "cpu":
            getattr(torch, value.device.type).synchronize()
            return


def _row(name: str, before: float, after: float) -> tuple[str, str, str, str]:
    ratio = f"{after / before:.2f}" if before else "-"
    if isinstance(before, int):
        return name, f"{before:,}", f"{after:,}", ratio
    return name, f"{before:.4g}", f"{after:.4g}", ratio
