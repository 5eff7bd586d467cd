"""Schedules count optimizer steps and multiply every alpha."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn, optim

from shrinkage.errors import ArgumentError
from shrinkage.torch import L1, L2, Constant, Cosine, GroupLasso, Ramp, Rule, WarmUp, attach

SCHEDULES = [Constant(), WarmUp(3), Ramp(4), Ramp(4, start=2, power=3.0), Cosine(5), Cosine(5, 0.2)]


def test_factors():
    assert [Constant().factor(k) for k in (0, 1, 100)] == [1.0, 1.0, 1.0]
    assert [WarmUp(2).factor(k) for k in (1, 2, 3, 9)] == [0.0, 0.0, 1.0, 1.0]
    assert [WarmUp(0).factor(k) for k in (1, 2)] == [1.0, 1.0]
    assert [Ramp(4).factor(k) for k in (0, 1, 2, 4, 9)] == [0.0, 0.25, 0.5, 1.0, 1.0]
    assert [Ramp(2, start=3).factor(k) for k in (1, 3, 4, 5)] == [0.0, 0.0, 0.5, 1.0]
    assert Ramp(4, power=3.0).factor(2) == 0.125
    assert [round(Cosine(4).factor(k), 12) for k in (0, 2, 4, 9)] == [1.0, 0.5, 0.0, 0.0]
    assert Cosine(4, last=0.5).factor(9) == 0.5


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("penalty", [L1(0.1), L2(0.1), GroupLasso(0.1)], ids=str)
def test_each_step_takes_its_factor(schedule, penalty):
    model = nn.Linear(4, 3).double()
    optimizer = optim.SGD(model.parameters(), lr=0.2)
    regularizer = attach(optimizer, model, [Rule("weight", penalty)], schedule=schedule)
    for k in range(1, 9):
        before = model.weight.detach().numpy().copy()
        model.weight.grad = torch.zeros_like(model.weight)
        optimizer.step()
        factor = schedule.factor(k)
        wanted = before if factor == 0 else type(penalty)(0.1 * factor).prox(before, 0.2)
        assert_allclose(model.weight.detach(), wanted, rtol=1e-12, atol=1e-15)
        cost = factor * penalty.value(model.weight.detach().numpy())
        assert_allclose(float(regularizer.value()), cost, rtol=1e-12)


@pytest.mark.parametrize("method", ["dual", "subgradient"])
def test_a_factor_of_zero_is_no_penalty_by_any_method(method):
    weights = []
    for attached in (True, False):
        torch.manual_seed(0)
        model = nn.Linear(4, 3)
        optimizer = optim.Adam(model.parameters(), lr=0.1)
        if attached:
            attach(optimizer, model, default=L1(1.0), method=method, schedule=WarmUp(5))
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.ones(2, 4)).square().mean().backward()
            optimizer.step()
        weights.append(model.weight.detach())
    assert torch.equal(*weights)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WarmUp(-1), "`steps` must be an integer >= 0"),
        (lambda: Ramp(0), "`steps` must be an integer >= 1"),
        (lambda: Ramp(4, start=0.5), "`start` must be an integer >= 0"),
        (lambda: Ramp(4, power=0.0), "`power` must be a number > 0"),
        (lambda: Cosine(4, last=2.0), r"`last` must be a number in \[0, 1\]"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
