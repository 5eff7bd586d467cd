"""Checkpoints, copies and detaching: what lives in the optimizer and what does not."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from torch import nn, optim

from shrinkage.torch import L1, GroupLasso, Ramp, Rule, attach
from shrinkage.torch.methods import CARRY, LATENT, TAKEN
from tests.torch.test_optimizers import OPTIMIZERS, made

RULES = [Rule("0.weight", GroupLasso(0.05)), Rule("2.weight", L1(0.02))]
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
every_method = pytest.mark.parametrize("method", ["prox", "dual", "subgradient"])
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)


def batches(dtype):
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(8, 6, generator=generator).to(dtype) for _ in range(12)]


def start(name, dtype, method, with_penalty=True, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)).to(dtype)
    optimizer = made(name, model, **options)
    schedule = Ramp(10)
    if with_penalty:
        attach(optimizer, model, RULES, method=method, schedule=schedule)
    return model, optimizer


def go_on(model, optimizer, inputs):
    for x in inputs:
        optimizer.zero_grad()
        (model(x) - 1.0).square().mean().backward()
        optimizer.step()


def through_a_file(*states):
    file = io.BytesIO()
    torch.save(states, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def equal(one, other):
    return all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


@every_optimizer
@every_method
@every_dtype
def test_a_run_goes_on_bit_by_bit(name, method, dtype):
    inputs = batches(dtype)
    model, optimizer = start(name, dtype, method)
    go_on(model, optimizer, inputs[:6])
    weights, state = through_a_file(model.state_dict(), optimizer.state_dict())
    go_on(model, optimizer, inputs[6:])
    again, its_optimizer = start(name, dtype, method)
    again.load_state_dict(weights)
    its_optimizer.load_state_dict(state)
    for one in its_optimizer.state.values():
        if CARRY in one:
            assert one[CARRY].dtype == torch.float32
    go_on(again, its_optimizer, inputs[6:])
    assert equal(model, again)
    assert its_optimizer.param_groups[0]["shrinkage_step"] == 12


@pytest.mark.parametrize("method", ["prox", "dual"])
@pytest.mark.parametrize("name", ["SGD momentum", "Adam", "RAdam", "Adagrad"])
def test_attached_after_the_loading_a_run_in_full_precision_goes_on_bit_by_bit(name, method):
    inputs = batches(torch.float64)
    model, optimizer = start(name, torch.float64, method)
    go_on(model, optimizer, inputs[:6])
    weights, state = through_a_file(model.state_dict(), optimizer.state_dict())
    go_on(model, optimizer, inputs[6:])
    again, its_optimizer = start(name, torch.float64, method, with_penalty=False)
    again.load_state_dict(weights)
    its_optimizer.load_state_dict(state)
    attach(its_optimizer, again, RULES, method=method, schedule=Ramp(10))
    go_on(again, its_optimizer, inputs[6:])
    assert equal(model, again)


@pytest.mark.parametrize("name", ["SGD momentum", "Adam"])
def test_a_checkpoint_without_penalty_can_be_gone_on_with(name):
    inputs = batches(torch.float32)
    model, optimizer = start(name, torch.float32, "prox", with_penalty=False)
    go_on(model, optimizer, inputs[:6])
    again, its_optimizer = start(name, torch.float32, "prox")
    again.load_state_dict(model.state_dict())
    its_optimizer.load_state_dict(optimizer.state_dict())
    go_on(again, its_optimizer, inputs[6:])
    assert its_optimizer.param_groups[0]["shrinkage_step"] == 6
    if name == "Adam":  # its own count of steps is read once
        assert its_optimizer.state[again[0].weight]["shrinkage_steps"] == 12


@every_method
@every_dtype
@pytest.mark.parametrize("name", ["SGD", "SGD momentum", "Adam", "RMSprop all"])
def test_detach_leaves_the_optimizer_as_it_was(name, method, dtype):
    inputs = batches(dtype)
    model, optimizer = start(name, dtype, method, with_penalty=False)
    keys = set(optimizer.param_groups[0])
    regularizer = attach(optimizer, model, RULES, method=method)
    go_on(model, optimizer, inputs[:3])
    regularizer.detach()
    regularizer.detach()
    assert set(optimizer.param_groups[0]) == keys
    for hooks in ("step_pre", "step_post", "load_state_dict_pre", "load_state_dict_post"):
        assert not getattr(optimizer, f"_optimizer_{hooks}_hooks")
    twin, its_optimizer = start(name, dtype, method, with_penalty=False)
    go_on(twin, its_optimizer, inputs[:3])
    ours, theirs = optimizer.state_dict()["state"], its_optimizer.state_dict()["state"]
    assert {k: set(v) for k, v in ours.items()} == {k: set(v) for k, v in theirs.items()}
    before = copy.deepcopy(model)
    for optimizer_of, net in ((optimizer, model), (copy.deepcopy(optimizer), before)):
        assert "shrinkage" not in str(optimizer_of.state_dict()).lower()
        del net
    attach(optimizer, model, RULES, method=method)  # and it may be attached again


def test_a_copy_of_the_optimizer_has_no_hooks_and_can_be_attached_again():
    inputs = batches(torch.float64)
    model, optimizer = start("Adam", torch.float64, "prox")
    go_on(model, optimizer, inputs[:6])
    for copied in (
        copy.deepcopy((model, optimizer)),
        pickle.loads(pickle.dumps((model, optimizer))),
    ):
        again, its_optimizer = copied
        assert not its_optimizer._optimizer_step_post_hooks
        attach(its_optimizer, again, RULES, schedule=Ramp(10))
        reference = copy.deepcopy((model, optimizer))
        attach(reference[1], reference[0], RULES, schedule=Ramp(10))
        go_on(again, its_optimizer, inputs[6:])
        go_on(*reference, inputs[6:])
        assert equal(again, reference[0])
    go_on(model, optimizer, inputs[6:])
    assert equal(model, again)


def test_dual_holds_what_it_needs_in_the_state():
    model, optimizer = start("Adam", torch.bfloat16, "dual")
    go_on(model, optimizer, batches(torch.bfloat16)[:2])
    state = optimizer.state[model[0].weight]
    assert state[LATENT].dtype == torch.bfloat16
    assert state[TAKEN].dtype == torch.float32


def test_two_parameter_groups():
    """The rate of each group is used, and rates of a scheduler are saved with them."""
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).double()
    optimizer = optim.SGD(
        [{"params": model[0].parameters(), "lr": 0.5}, {"params": model[1].parameters()}], lr=0.1
    )
    attach(optimizer, model, [Rule("*.weight", L1(0.1))])
    before = [layer.weight.detach().numpy().copy() for layer in model]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for layer, weight, rate in zip(model, before, (0.5, 0.1), strict=True):
        np.testing.assert_allclose(layer.weight.detach(), L1(0.1).prox(weight, rate), rtol=1e-12)
