"""The kernels on tensors do what `shrinkage.penalties` defines, in every metric and layout."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from shrinkage.penalties import GroupLasso
from shrinkage.torch.groups import groups_of
from shrinkage.torch.kernels import Strength, shrink, shrink_groups, shrink_together, step_size
from shrinkage.torch.metric import Step
from tests.cases import PENALTY_VALUES

SHAPE = (3, 4)
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}

every_penalty = pytest.mark.parametrize("name", PENALTY_VALUES)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE, ids=str)


def positive(shape, dtype, decades=4.0):
    return 10.0 ** (decades * (torch.rand(shape, dtype=torch.float64) - 0.5)).to(dtype)


def metrics(shape, dtype):
    """One step of each kind of optimizer, numbers given as floats and as tensors."""
    second = positive(shape, dtype)
    centre = (0.5 * second.sqrt()).to(dtype)
    steps = {
        "scalar": Step(0.3, 1.7),
        "diagonal": Step(0.3, 1.0, second, scale=1.3, shift=1e-8),
        "unsquared": Step(0.3, 2.0, second, is_squared=False),
        "centred": Step(0.3, 1.0, second, shift=1e-3, centre=centre),
    }
    numbers = ("rate", "gain", "scale", "shift")
    for name, step in list(steps.items()):
        held = {key: torch.tensor(float(getattr(step, key)), dtype=dtype) for key in numbers}
        steps[f"{name}, tensors"] = replace(step, **held)
    return steps


def sizes(step, weight):
    """Step sizes in float64, from the definition of Step."""
    if step.second is None:
        return np.full(weight.shape, float(step.rate))
    second = step.second.double()
    if step.centre is not None:
        second = second - step.centre.double() ** 2
    D = float(step.scale) * (second.sqrt() if step.is_squared else second) + float(step.shift)
    return (float(step.rate) / D).numpy()


def expected(penalty, weight, step):
    gained = replace(penalty, alpha=penalty.alpha * float(step.gain))
    return gained.prox(weight.double().numpy(), sizes(step, weight))


def apply(penalty, weight, step, kernel=shrink):
    strength = Strength(penalty.l1, penalty.l2, penalty.group, step.gain)
    if isinstance(penalty, GroupLasso):
        shrink_groups(weight, step, strength, groups_of(penalty, weight, None))
    else:
        kernel([weight], [step], [strength])
    return weight


def close(actual, wanted, dtype):
    scale = max(1.0, np.abs(wanted).max())
    assert_allclose(actual.double().numpy(), wanted, rtol=0, atol=TOLERANCE[dtype] * scale)
    assert ((actual == 0).numpy() == (wanted == 0)).all()


@every_dtype
@every_penalty
def test_kernels_are_the_prox_of_the_penalty(name, dtype):
    penalty = PENALTY_VALUES[name]
    for step in metrics(SHAPE, dtype).values():
        weight = 3 * torch.randn(SHAPE, dtype=dtype)
        weight[0, 0] = 0.0
        wanted = expected(penalty, weight, step)
        close(apply(penalty, weight.clone(), step), wanted, dtype)
        close(apply(penalty, weight.clone(), step, shrink_together), wanted, dtype)


@every_penalty
@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "transposed", "sliced"])
def test_every_layout(name, layout):
    penalty = PENALTY_VALUES[name]
    if np.ndim(getattr(penalty, "weights", None)) or np.ndim(getattr(penalty, "groups", "in")):
        penalty = GroupLasso(0.3, np.arange(120).reshape(5, 4, 3, 2) % 7)
    shape = (5, 4, 3, 2)
    weight = torch.randn(shape, dtype=torch.float64)
    second = positive(shape, torch.float64)
    if layout == "channels_last":
        weight = weight.to(memory_format=torch.channels_last)
        second = second.to(memory_format=torch.channels_last)
    elif layout == "transposed":
        weight = torch.randn(shape[::-1], dtype=torch.float64).permute(3, 2, 1, 0)
    elif layout == "sliced":
        weight = torch.randn(5, 4, 3, 4, dtype=torch.float64)[..., ::2]
    for step in (Step(0.3, 1.5), Step(0.3, 1.5, second, shift=1e-8)):
        wanted = expected(penalty, weight, step)
        close(apply(penalty, weight, step), wanted, torch.float64)


@pytest.mark.parametrize("name", ["L1", "L2", "elastic net"])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 30])
def test_a_weight_of_any_length(name, length):
    for step in metrics((length,), torch.float64).values():
        weight = 3 * torch.randn(length, dtype=torch.float64)
        wanted = expected(PENALTY_VALUES[name], weight, step)
        close(apply(PENALTY_VALUES[name], weight, step), wanted, torch.float64)


def test_many_tensors_at_once_are_each_on_its_own():
    """Floats and tensors, adaptive and plain steps, several penalties in one call."""
    dtype = torch.float64
    names = ["L1", "L2", "elastic net", "no penalty"]
    shapes = [(3, 4), (5,), (2, 2, 2), (7, 1)]
    for kinds in (
        ["diagonal", "diagonal, tensors", "diagonal", "diagonal, tensors"],
        ["scalar", "scalar, tensors", "scalar", "diagonal"],
        ["centred", "centred", "scalar", "centred, tensors"],
        ["unsquared", "unsquared", "unsquared, tensors", "scalar, tensors"],
    ):
        steps = [metrics(shape, dtype)[kind] for shape, kind in zip(shapes, kinds, strict=True)]
        weights = [3 * torch.randn(shape, dtype=dtype) for shape in shapes]
        wanted = [
            expected(PENALTY_VALUES[name], weight, step)
            for name, weight, step in zip(names, weights, steps, strict=True)
        ]
        strengths = [
            Strength(PENALTY_VALUES[name].l1, PENALTY_VALUES[name].l2, 0.0, step.gain)
            for name, step in zip(names, steps, strict=True)
        ]
        for kernel in (shrink, shrink_together):
            moved = [weight.clone() for weight in weights]
            kernel(moved, steps, strengths)
            for one, wish in zip(moved, wanted, strict=True):
                close(one, wish, dtype)


@every_dtype
@every_penalty
def test_stationary_over_eight_decades_of_the_metric(name, dtype):
    """The certificate is that of the penalty, in float64."""
    penalty = PENALTY_VALUES[name]
    limit = 1e-10 if dtype == torch.float64 else 1e-5
    for _ in range(20):
        weight = torch.randn(SHAPE, dtype=dtype)
        step = Step(1.0, 1.0, positive(SHAPE, dtype, 8.0), is_squared=False)
        size = sizes(step, weight)
        before = weight.double().numpy().copy()
        after = apply(penalty, weight, step).double().numpy()
        violation = penalty.kkt_violation(after, (after - before) / size)
        assert violation <= limit * max(1.0, np.abs(before / size).max())


@every_dtype
@every_penalty
def test_nothing_to_do(name, dtype):
    """A strength of 0, a rate of 0 and a metric without end leave the weights as they are."""
    penalty = PENALTY_VALUES[name]
    zero, second = torch.zeros((), dtype=dtype), positive(SHAPE, dtype)
    endless = torch.full(SHAPE, torch.inf, dtype=dtype)
    weight = torch.randn(SHAPE, dtype=dtype)
    weight[0] = 0.0
    for step in (
        Step(0.3, 0.0, second),
        Step(0.3, zero, second),
        Step(0.0, 1.0, second, shift=1e-8),
        Step(zero, 1.0, second, shift=1e-8),
        Step(0.0, 1.0),
        Step(zero, 1.0),
        Step(0.3, zero),
        Step(0.3, 1.0, endless),
        Step(0.3, zero, torch.zeros(SHAPE, dtype=dtype)),
    ):
        for kernel in (shrink, shrink_together):
            assert torch.equal(apply(penalty, weight.clone(), step, kernel), weight)


@every_dtype
@every_penalty
def test_no_nan_of_our_own(name, dtype):
    penalty = PENALTY_VALUES[name]
    second = positive(SHAPE, dtype)
    unseen = torch.zeros(SHAPE, dtype=dtype)
    for step in (Step(0.3), Step(0.3, 1.0, second), Step(0.3, 1.0, unseen), Step(1e3, 9.0, unseen)):
        for weight in (
            torch.zeros(SHAPE, dtype=dtype),
            torch.full(SHAPE, torch.finfo(dtype).tiny, dtype=dtype),
            torch.full(SHAPE, torch.finfo(dtype).max / 4, dtype=dtype),
            torch.randn(SHAPE, dtype=dtype).index_fill(0, torch.tensor(1), torch.inf),
            torch.randn(SHAPE, dtype=dtype).index_fill(1, torch.tensor(2), -torch.inf),
        ):
            moved = apply(penalty, weight.clone(), step)
            assert not moved.isnan().any()
            assert (moved.abs() <= weight.abs()).all()


def test_nan_is_not_hidden():
    for name in ("L1", "group lasso in", "sparse group lasso in"):
        for step in (Step(0.3), Step(0.3, 1.0, torch.ones(SHAPE))):
            weight = torch.ones(SHAPE)
            weight[1, 2] = torch.nan
            moved = apply(PENALTY_VALUES[name], weight, step)
            assert moved[1, 2].isnan()
            assert moved.isnan().sum() == 1


def test_rounding_below_zero_under_the_root_of_the_centred_metric():
    centre = torch.full((4,), 0.1)
    step = Step(0.3, 1.0, centre**2 * (1 - 1e-6), shift=1e-8, centre=centre)
    assert step_size(step).isfinite().all()
    assert apply(PENALTY_VALUES["L1"], torch.ones(4), step).isfinite().all()


@every_dtype
def test_large_groups_converge_in_the_fixed_number_of_rounds(dtype):
    penalty = GroupLasso(0.05, "whole")
    for decades in (0.0, 2.0, 8.0):
        weight = torch.randn(300, 40, dtype=dtype)
        step = Step(0.1, 1.0, positive(weight.shape, dtype, decades), is_squared=False)
        close(apply(penalty, weight.clone(), step), expected(penalty, weight, step), dtype)
