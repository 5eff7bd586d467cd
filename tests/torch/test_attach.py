"""The front door: what attach takes, refuses and returns."""

import doctest
import importlib
import pkgutil

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn, optim

import shrinkage.torch
from shrinkage.errors import ArgumentError
from shrinkage.torch import L1, L2, DecoupledDecay, GroupLasso, Rule, attach


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)).double()


RULES = [Rule("0.weight", GroupLasso(0.5)), Rule("2.weight", L1(0.1))]


def sgd(model, **options):
    return optim.SGD(model.parameters(), lr=0.1, **options)


def test_value_is_what_the_penalties_cost():
    model = net()
    regularizer = attach(sgd(model), model, RULES, default=L2(1.0, skip=()))
    wanted = GroupLasso(0.5).value(model[0].weight.detach().numpy())
    wanted += L1(0.1).value(model[2].weight.detach().numpy())
    wanted += sum(L2(1.0).value(layer.bias.detach().numpy()) for layer in (model[0], model[2]))
    assert_allclose(float(regularizer.value()), wanted, rtol=1e-12)
    assert not regularizer.value().requires_grad


def test_nothing_costs_nothing():
    model = net()
    assert float(attach(sgd(model), model).value()) == 0.0
    assert float(attach(sgd(model), model, default=DecoupledDecay(1.0)).value()) == 0.0
    assert attach(sgd(model), model).sparsity() == {"all": 0.0}


def test_sparsity_counts_exact_zeros():
    model = net()
    with torch.no_grad():
        model[0].weight[:, :2] = 0.0
        model[2].weight[0, 0] = 1e-300
        model[2].bias.zero_()
    shares = attach(sgd(model), model, RULES).sparsity()
    assert shares == {"all": 6 / 18, "0.weight": 0.5, "2.weight": 0.0}


def test_the_optimizer_stays_the_object_it_is():
    model = net()
    optimizer = sgd(model)
    regularizer = attach(optimizer, model, RULES)
    assert type(optimizer) is optim.SGD
    assert regularizer.optimizer is optimizer
    assert regularizer.model is model


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: attach(m, sgd(m)), "`optimizer` must be a torch.optim.Optimizer"),
        (lambda m: attach(sgd(m), "net"), "`model` must be a torch.nn.Module, got 'net'"),
        (lambda m: attach(sgd(m), m, method="l1"), "`method` must be one of 'prox', 'dual', 'sub"),
        (lambda m: attach(sgd(m), m, schedule=3), "`schedule` must be Constant, WarmUp, Ramp or"),
        (lambda m: attach(sgd(m, maximize=True), m), "`optimizer` can't maximise under a penalty"),
        (
            lambda m: attach(sgd(m, weight_decay=0.1), m, RULES, method="dual"),
            "`method` can't be 'dual' with the optimizer's own decay",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ArgumentError, match=message):
        call(net())


def test_a_refused_call_leaves_no_trace():
    model = net()
    optimizer = sgd(model)
    keys = set(optimizer.param_groups[0])
    with pytest.raises(ArgumentError):
        attach(optimizer, model, [Rule("nothing", L1(0.1))])
    assert set(optimizer.param_groups[0]) == keys
    assert not optimizer._optimizer_step_post_hooks
    attach(optimizer, model, RULES)


def test_two_regularizers_would_count_twice():
    model = net()
    optimizer = sgd(model)
    first = attach(optimizer, model, RULES)
    with pytest.raises(ArgumentError, match="`optimizer` can't have two regularizers"):
        attach(optimizer, model, RULES)
    first.detach()
    attach(optimizer, model, RULES)


def test_detached_weights_are_left_alone():
    model = net()
    optimizer = sgd(model)
    regularizer = attach(optimizer, model, RULES)
    regularizer.detach()
    before = model[2].weight.detach().clone()
    model[2].weight.grad = torch.zeros_like(before)
    optimizer.step()
    assert torch.equal(model[2].weight, before)


def test_two_optimizers_for_one_model_each_penalise_their_own():
    model = net()
    one, two = optim.SGD(model[0].parameters(), lr=0.1), optim.Adam(model[2].parameters())
    attach(one, model, [Rule("0.weight", L1(0.1))])
    attach(two, model, [Rule("2.weight", L1(0.1))])
    before = [layer.weight.detach().clone() for layer in (model[0], model[2])]
    model[0].weight.grad = torch.zeros_like(before[0])
    one.step()
    assert not torch.equal(model[0].weight, before[0])
    assert torch.equal(model[2].weight, before[1])


MODULES = [
    f"shrinkage.torch.{found.name}" for found in pkgutil.iter_modules(shrinkage.torch.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
