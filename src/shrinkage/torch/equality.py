"""Whether two networks have the same outputs, up to rounding."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from shrinkage.errors import ArgumentError, Phrase

_TOLERANCE, _TOLERANCE_DOUBLE = 1e-6, 1e-10
_N_RANDOM = 2


def tensors_of(output: Any) -> list[Tensor]:
    """Return the tensors in what a network returned, in order."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, (tuple, list)):
        return [tensor for part in output for tensor in tensors_of(part)]
    return []


def check_same(
    model: nn.Module, small: nn.Module, inputs: Sequence[Any], outputs: Sequence[Tensor]
) -> float:
    """Return the largest relative difference of outputs, on these inputs and on random ones.

    Raises
    ------
    ArgumentError
        If it is more than rounding explains.
    """
    double = _in_double(model)
    worst = _difference(small, inputs, outputs, double)
    for seed in range(_N_RANDOM):
        random = _random_like(inputs, seed)
        expected = tensors_of(model(*random))
        worst = max(worst, _difference(small, random, expected, double))
    return worst


def _difference(
    small: nn.Module, inputs: Sequence[Any], expected: Sequence[Tensor], double: nn.Module | None
) -> float:
    got = tensors_of(small(*inputs))
    scale = max(1.0, max((_size(one) for one in expected), default=0.0))
    worst = _distance(got, expected) / scale
    is_double = all(one.dtype == torch.float64 for one in expected)
    allowed = _TOLERANCE_DOUBLE if is_double else _TOLERANCE
    if not worst <= allowed:
        # What the model itself loses by rounding is no fault of the smaller one.
        allowed = max(allowed, 10.0 * _rounding(double, inputs, expected) / scale)
        if not worst <= allowed:
            got_words = Phrase(f"a difference of {worst:.1e}, where {allowed:.1e} is rounding")
            hint = "does it draw random numbers in eval mode, or depend on earlier calls?"
            raise ArgumentError.must(
                "model", "have the same outputs when units go", got_words, hint
            )
    return worst


def _rounding(double: nn.Module | None, inputs: Sequence[Any], expected: Sequence[Tensor]) -> float:
    """Return how far the outputs are from those in double precision."""
    coarse = max((torch.finfo(t.dtype).eps for t in expected if t.is_floating_point()), default=0.0)
    fallback = coarse * max((_size(one) for one in expected), default=0.0)
    if double is None or all(one.dtype == torch.float64 for one in expected):
        return fallback
    wide = [x.double() if isinstance(x, Tensor) and x.is_floating_point() else x for x in inputs]
    try:
        return _distance(tensors_of(double(*wide)), expected)
    except RuntimeError:
        return fallback


def _in_double(model: nn.Module) -> nn.Module | None:
    if any(parameter.device.type == "mps" for parameter in model.parameters()):
        return None
    if all(parameter.dtype == torch.float64 for parameter in model.parameters()):
        return None
    return copy.deepcopy(model).double()


def _distance(got: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    if len(got) != len(expected):
        return float("inf")
    worst = 0.0
    for one, other in zip(got, expected, strict=True):
        if one.shape != other.shape:
            return float("inf")
        gap = (one.double() - other.double()).abs()
        gap[one == other] = 0.0  # equal infinities
        gap[one.isnan() & other.isnan()] = 0.0
        worst = max(worst, float(gap.max()) if gap.numel() else 0.0)
    return worst


def _size(tensor: Tensor) -> float:
    finite = tensor[tensor.isfinite()]
    return float(finite.abs().max()) if finite.numel() else 0.0


def _random_like(inputs: Sequence[Any], seed: int) -> list[Any]:
    """Return normal numbers with mean and spread of each input, by a generator of our own."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for value in inputs:
        if isinstance(value, Tensor) and value.is_floating_point() and value.numel():
            noise = torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value)
            spread = value.std(correction=0)
            made.append(value.mean() + noise * torch.where(spread > 0, spread, 1.0))
        else:
            made.append(value)
    return made
