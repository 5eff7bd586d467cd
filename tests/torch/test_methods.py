"""What happens around a step: changed options, missing and infinite gradients, half precision."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn, optim

from shrinkage.errors import ArgumentError
from shrinkage.torch import (
    L1,
    L2,
    DecoupledDecay,
    ElasticNet,
    GroupLasso,
    Rule,
    SparseGroupLasso,
    attach,
)
from shrinkage.torch.kernels import step_size
from shrinkage.torch.methods import CARRY, LATENT, TAKEN
from shrinkage.torch.metric import GAIN, adapter_of
from tests.torch.regression import ALPHA, coef_of, half_mse, lasso, linear, regression, tensors
from tests.torch.test_optimizers import OPTIMIZERS, X, Y, made, same

METHODS = ["prox", "dual", "subgradient"]
PENALTIES = {
    "L1": L1(0.1),
    "L2": L2(0.1),
    "elastic net": ElasticNet(0.1),
    "group lasso": GroupLasso(0.1),
    "sparse group lasso": SparseGroupLasso(0.1, "out"),
    "decoupled decay": DecoupledDecay(0.1),
    "alpha 0": GroupLasso(0.0),
}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
every_method = pytest.mark.parametrize("method", METHODS)


def small_net(dtype=torch.float32):
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1)).to(dtype)


def step(model, optimizer, x):
    optimizer.zero_grad()
    model(x).square().mean().backward()
    optimizer.step()


# Options that change in the middle of a run.


def test_the_gain_is_the_buffer_of_a_constant_gradient_of_one():
    weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    model = nn.Module()
    model.weight = weight
    optimizer = optim.SGD([weight], lr=0.1, momentum=0.9, dampening=0.3)
    attach(optimizer, model, [Rule("weight", L1(0.1))])
    for momentum, dampening in [(0.9, 0.3)] * 3 + [(0.5, 0.0)] * 3 + [(0.99, 0.5)] * 3:
        optimizer.param_groups[0].update(momentum=momentum, dampening=dampening)
        weight.grad = torch.ones(3, dtype=torch.float64)
        optimizer.step()
        state = optimizer.state[weight]
        assert_allclose(state[GAIN], state["momentum_buffer"].numpy(), rtol=1e-14)


@pytest.mark.parametrize("name", ["SGD momentum", "SGD nesterov", "Adam", "NAdam"])
def test_momentum_and_rate_changed_in_the_middle_of_a_run(name):
    model = linear()
    optimizer = made(name, model)
    attach(optimizer, model, [Rule("weight", L1(ALPHA))])
    inputs, targets = tensors(X, Y)
    rate = optimizer.param_groups[0]["lr"]
    for k in range(1200):
        if k == 300:
            optimizer.param_groups[0].update(lr=rate / 3)
            if "SGD" in name:
                optimizer.param_groups[0].update(momentum=0.5)
            else:
                optimizer.param_groups[0].update(betas=(0.8, 0.99))
        if k == 500 and name == "SGD momentum":
            optimizer.param_groups[0].update(momentum=0.0)
        if k == 700:
            optimizer.param_groups[0].update(lr=rate / 10)
            if "SGD" in name:
                optimizer.param_groups[0].update(momentum=0.95)
        optimizer.zero_grad()
        half_mse(model(inputs), targets).backward()
        optimizer.step()
    same(coef_of(model), lasso(X, Y))


# Gradients that are missing, zero or infinite.


@every_optimizer
@pytest.mark.parametrize("method", ["prox", "dual"])
def test_a_parameter_without_gradient_rests(name, method):
    """Steps in which it takes no part count for nothing: not for it, not for the others."""
    results = []
    for pauses in (set(), {0, 3, 4}):
        torch.manual_seed(1)
        model = nn.Linear(4, 3)
        optimizer = made(name, model)
        attach(optimizer, model, [Rule("*", L1(0.05))], method=method)
        for k in range(10 + len(pauses)):
            seen = 10 + len(pauses) - k
            model.bias.grad = torch.full((3,), 0.1 * (-1.0) ** k)
            model.weight.grad = torch.full((3, 4), 0.1 * (-1.0) ** seen)
            if k in pauses:
                before = model.weight.detach().clone()
                model.weight.grad = None
            optimizer.step()
            if k in pauses:
                assert torch.equal(model.weight, before)
        results.append(optimizer.state[model.weight].get("shrinkage_steps"))
    assert results == [10, 10]


@every_method
@every_optimizer
@pytest.mark.parametrize("kind", PENALTIES)
def test_no_nan_from_zero_weights_and_a_rate_of_zero(name, method, kind):
    model = small_net()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    optimizer = made(name, model)
    rates = [0.0, 0.0, optimizer.param_groups[0]["lr"]]
    attach(optimizer, model, [Rule("*.weight", PENALTIES[kind])], method=method)
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        step(model, optimizer, torch.randn(8, 6))
        for parameter in model.parameters():
            assert parameter.isfinite().all()
            assert rate > 0 or (parameter == 0).all()


@every_optimizer
@pytest.mark.parametrize("method", ["prox", "dual"])
@pytest.mark.parametrize("kind", ["L1", "elastic net", "group lasso", "sparse group lasso"])
def test_a_rate_of_zero_moves_nothing(name, method, kind):
    model = small_net()
    with torch.no_grad():
        model[0].weight[:, 0] = 0.0
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = made(name, model, lr=0.0)
    attach(optimizer, model, [Rule("*.weight", PENALTIES[kind])], method=method)
    for _ in range(3):
        step(model, optimizer, torch.randn(8, 6))
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])


@every_optimizer
@pytest.mark.parametrize("kind", PENALTIES)
def test_infinite_gradients_make_no_nan_of_ours(name, kind):
    """Where a weight is no number, the optimizer alone has made it so."""
    model, twin = small_net(), small_net()
    twin.load_state_dict(model.state_dict())
    optimizer, alone = made(name, model), made(name, twin)
    attach(optimizer, model, [Rule("*.weight", PENALTIES[kind])])
    for k in range(4):
        for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
            parameter.grad = torch.ones_like(parameter)
            if k == 1:
                parameter.grad.view(-1)[0] = torch.inf
            other.grad = parameter.grad.clone()
        optimizer.step()
        alone.step()
        for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
            assert not (parameter.isnan() & ~other.isnan()).any()


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_sparse_gradients():
    table = nn.Embedding(6, 3, sparse=True)
    for optimizer in (
        optim.SGD(table.parameters(), lr=0.1),
        optim.Adagrad(table.parameters(), lr=0.1),
    ):
        for method in ("prox", "subgradient"):
            regularizer = attach(optimizer, table, [Rule("weight", GroupLasso(0.1))], method=method)
            optimizer.zero_grad()
            table(torch.tensor([1, 2])).sum().backward()
            optimizer.step()
            assert table.weight.isfinite().all()
            regularizer.detach()


# Half precision.


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("method", ["prox", "dual"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("penalty", [L1(1e-2), GroupLasso(1e-2, "in"), SparseGroupLasso(1e-2)])
def test_small_thresholds_are_not_lost_in_half_precision(dtype, method, momentum, penalty):
    """0.1 - 1e-4 is 0.1 in bfloat16, a thousand times over; what rounding took is carried on."""
    assert torch.tensor(0.1, dtype=torch.bfloat16) - 1e-4 == torch.tensor(0.1).bfloat16()
    model = nn.Linear(2, 1, bias=False, dtype=dtype)
    nn.init.constant_(model.weight, 0.1)
    optimizer = optim.SGD(model.parameters(), lr=1e-2 * (1 - momentum), momentum=momentum)
    attach(optimizer, model, [Rule("weight", penalty)], method=method)
    for k in range(1040):
        model.weight.grad = torch.zeros_like(model.weight)
        optimizer.step()
        if k == 499:
            assert_allclose(model.weight.detach().float(), 0.05, rtol=0.03)
    assert (model.weight == 0).all()


@pytest.mark.parametrize("name", ["SGD momentum", "Adam", "RMSprop centered", "Adagrad"])
@pytest.mark.parametrize("kind", ["L1", "elastic net", "group lasso"])
def test_half_precision_follows_single_precision(name, kind):
    """The metric is taken in float32; one float32 tensor is all that is kept."""
    model = small_net(torch.bfloat16)
    optimizer = made(name, model, lr=1e-3)
    attach(optimizer, model, [Rule("*.weight", PENALTIES[kind])])
    for _ in range(5):
        step(model, optimizer, torch.randn(8, 6, dtype=torch.bfloat16))
    for layer in (model[0], model[2]):
        state = optimizer.state[layer.weight]
        carry = state[CARRY]
        assert layer.weight.isfinite().all()
        assert carry.dtype == torch.float32
        # The carry is less than half of the last digit.
        exact = layer.weight.float() + carry
        assert torch.equal(exact.bfloat16(), layer.weight)


def test_full_precision_keeps_no_second_copy():
    model = small_net()
    optimizer = optim.Adam(model.parameters())
    attach(optimizer, model, default=L1(0.1))
    step(model, optimizer, torch.randn(8, 6))
    plain = {"step", "exp_avg", "exp_avg_sq"}
    for state in optimizer.state.values():
        assert {key for key, value in state.items() if torch.is_tensor(value)} == plain


# Numbers that are only known on the device.


@every_optimizer
def test_numbers_on_the_device_are_those_on_the_host(name):
    """What a scaler or a captured graph makes a tensor, against the same as a float."""
    model = nn.Linear(4, 3, dtype=torch.float64)
    optimizer = made(name, model)
    on_host, on_device = {}, {}
    for t in range(1, 9):
        step(model, optimizer, torch.randn(8, 4, dtype=torch.float64))
        state = optimizer.state[model.weight]
        count, ran = (
            torch.tensor(float(t), dtype=torch.float64),
            torch.ones((), dtype=torch.float64),
        )
        adapter = adapter_of(optimizer)
        group = optimizer.param_groups[0]
        on_host, on_device = state | on_host, state | on_device
        host = adapter(group, on_host, t, 1.0)
        device = adapter(group | {"capturable": True}, on_device, count, ran)
        on_host = {GAIN: on_host[GAIN]} if GAIN in on_host else {}
        on_device = {GAIN: on_device[GAIN]} if GAIN in on_device else {}
        sizes = [step_size(one, one.gain) for one in (host, device)]
        wanted, found = (torch.as_tensor(size, dtype=torch.float64).expand(3, 4) for size in sizes)
        assert_allclose(found, wanted, rtol=1e-12)


def test_the_gain_rests_where_a_step_was_skipped():
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    group, state = optimizer.param_groups[0], {}
    adapter = adapter_of(optimizer)
    gains = [
        float(adapter(group, state, 1, torch.tensor(ran, dtype=torch.float64)).gain)
        for ran in (1.0, 0.0, 1.0, 0.0)
    ]
    assert_allclose(gains, [1.0, 1.0, 1.9, 1.9], rtol=1e-15)


# Dual averaging and the subgradient.


@pytest.mark.parametrize("name", ["SGD", "SGD momentum", "SGD nesterov"])
def test_dual_averaging_comes_to_the_lasso(name):
    model = linear()
    optimizer = made(name, model)
    attach(optimizer, model, [Rule("weight", L1(ALPHA))], method="dual")
    inputs, targets = tensors(X, Y)
    for _ in range(1500):
        optimizer.zero_grad()
        half_mse(model(inputs), targets).backward()
        optimizer.step()
    certified = lasso(X, Y)
    assert_allclose(coef_of(model) != 0, certified != 0)
    assert_allclose(coef_of(model), certified, atol=2e-3)


def test_dual_is_the_prox_of_the_latent_weights_by_all_steps_so_far():
    model = nn.Linear(4, 3, dtype=torch.float64)
    optimizer = optim.RMSprop(model.parameters(), lr=0.01, momentum=0.5)
    penalty = SparseGroupLasso(0.3, "in")
    attach(optimizer, model, [Rule("weight", penalty)], method="dual")
    for _ in range(7):
        step(model, optimizer, torch.randn(8, 4, dtype=torch.float64))
        state = optimizer.state[model.weight]
        wanted = penalty.prox(state[LATENT].numpy(), state[TAKEN].numpy())
        assert_allclose(model.weight.detach().numpy(), wanted, rtol=1e-12, atol=1e-14)


def test_the_subgradient_is_that_of_the_penalty():
    """Where no weight is zero, autograd differentiates `value` to the same."""
    model = nn.Linear(4, 3, dtype=torch.float64)
    for penalty in PENALTIES.values():
        optimizer = optim.SGD(model.parameters(), lr=1.0)
        regularizer = attach(optimizer, model, [Rule("weight", penalty)], method="subgradient")
        weight = model.weight.detach().clone().requires_grad_()
        cost = penalty.l1 * weight.abs().sum() + penalty.l2 / 2 * weight.square().sum()
        if isinstance(penalty, GroupLasso):
            along = (0,) if penalty.groups == "in" else (1,)
            root = 3**0.5 if penalty.groups == "in" else 2.0
            cost = cost + penalty.group * root * weight.square().sum(along).sqrt().sum()
        (slope,) = torch.autograd.grad(cost + 0 * weight.sum(), weight)
        before = model.weight.detach().clone()
        model.weight.grad = torch.zeros_like(model.weight)
        optimizer.step()
        decay = 1 - penalty.alpha if isinstance(penalty, DecoupledDecay) else 1.0
        assert_allclose(model.weight.detach(), (before - slope) * decay, rtol=1e-12)
        regularizer.detach()
    assert_allclose(float(cost.detach()), 0.0)


@pytest.mark.parametrize("method", ["dual", "subgradient"])
def test_a_closure_is_refused_where_it_would_go_wrong(method):
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    attach(optimizer, model, [Rule("weight", L1(0.1))], method=method)
    for call in (lambda: optimizer.step(lambda: 0.0), lambda: optimizer.step(closure=lambda: 0.0)):
        with pytest.raises(ArgumentError, match=f"`closure` can't be given to step.*{method}"):
            call()


def test_any_optimizer_may_have_the_subgradient():
    model = linear()
    optimizer = optim.Adadelta(model.parameters())
    attach(optimizer, model, [Rule("weight", L1(0.1))], method="subgradient")
    step(model, optimizer, torch.randn(8, 30, dtype=torch.float64))
    assert model.weight.isfinite().all()


def test_other_data_than_the_first():
    """The answer does not hang on one draw of the data."""
    for seed in (1, 2):
        data, target = regression(n=100, p=20, n_true=4, seed=seed)
        model = linear(20, seed)
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        attach(optimizer, model, [Rule("weight", L1(ALPHA))])
        inputs, targets = tensors(data, target)
        falling = optim.lr_scheduler.ExponentialLR(optimizer, 0.998)
        for _ in range(1000):
            optimizer.zero_grad()
            half_mse(model(inputs), targets).backward()
            optimizer.step()
            falling.step()
        same(coef_of(model), lasso(data, target))
        assert np.count_nonzero(coef_of(model)) < 20
