"""The loss over all batches: stationarity, and the steps that end the training."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from shrinkage.errors import ArgumentError
from shrinkage.torch import (
    L1,
    L2,
    Cosine,
    DecoupledDecay,
    ElasticNet,
    GroupLasso,
    Ramp,
    Rule,
    SparseGroupLasso,
    attach,
)
from shrinkage.torch.full_gradient import FullLoss
from shrinkage.torch.methods import CARRY, LATENT, TAKEN
from tests.torch.regression import (
    ALPHA,
    coef_of,
    elastic_net,
    half_mse,
    lasso,
    linear,
    regression,
    tensors,
)

X, Y = regression()


def loader(size=70):
    """Batches of unequal size."""
    return DataLoader(TensorDataset(*tensors(X, Y)), batch_size=size)


def attached(model, penalty=None, **options):
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    return attach(optimizer, model, [Rule("weight", penalty or L1(ALPHA))], **options)


@pytest.mark.parametrize(
    ("penalty", "certified"),
    [(L1(ALPHA), lasso), (ElasticNet(ALPHA), elastic_net)],
)
def test_polishing_alone_solves_the_convex_problem(penalty, certified):
    model = linear()
    regularizer = attached(model, penalty)
    found = regularizer.polish(loader(), half_mse, n_steps=150)
    wanted = certified(X, Y)
    assert_allclose(coef_of(model), wanted, atol=1e-8)
    assert_allclose(coef_of(model) != 0, wanted != 0)
    assert found.objective_after < found.objective_before
    assert (found.n_nonzero_before, found.n_nonzero_after) == (30, np.count_nonzero(wanted))
    assert regularizer.stationarity(loader(), half_mse).largest < 1e-7


@pytest.mark.parametrize("penalty", [GroupLasso(0.1), SparseGroupLasso(0.1, "out"), L2(0.1)])
def test_stationarity_is_the_kkt_violation_of_the_penalty(penalty):
    model = nn.Linear(30, 2, bias=False).double()
    with torch.no_grad():
        model.weight[:, ::3] = 0.0
    targets = torch.randn(200, 2, dtype=torch.float64)
    regularizer = attached(model, penalty)
    W = model.weight.detach().numpy()
    gradient = (X @ W.T - targets.numpy()).T @ X / (2 * 200)
    batches = list(zip(torch.tensor(X).split(90), targets.split(90), strict=True))
    found = regularizer.stationarity(batches, half_mse)
    assert_allclose(found.largest, penalty.kkt_violation(W, gradient) / 0.1, rtol=1e-10)
    assert_allclose(found.loss, 0.5 * np.mean((X @ W.T - targets.numpy()) ** 2), rtol=1e-12)
    regularizer.polish(batches, half_mse, n_steps=200)
    assert regularizer.stationarity(batches, half_mse).largest < 1e-6


def test_what_has_no_penalty_counts_by_its_gradient():
    model = nn.Linear(30, 1).double()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for rules in ([], [Rule("weight", DecoupledDecay(0.5))], [Rule("weight", L1(0.0))]):
        regularizer = attach(optimizer, model, rules)
        found = regularizer.stationarity(loader(), half_mse)
        residual = model(torch.tensor(X)).detach().numpy().ravel() - Y
        assert_allclose(
            found.violations, [np.abs(X.T @ residual).max() / 200, abs(residual.mean())]
        )
        assert found.n_nonzero == found.sizes == (30, 1)
        regularizer.detach()


def test_the_schedule_is_in_the_objective():
    for schedule, factor in ((Ramp(4), 0.5), (Cosine(2, last=0.25), 0.25)):
        model = linear()
        regularizer = attached(model, schedule=schedule)
        for _ in range(2):
            model.weight.grad = torch.zeros_like(model.weight)
            regularizer.optimizer.step()
        found = regularizer.polish(loader(), half_mse, n_steps=150)
        assert_allclose(coef_of(model), lasso(X, Y, ALPHA * factor), atol=1e-8)
        assert_allclose(
            found.objective_after,
            float(half_mse(model(torch.tensor(X)).detach(), torch.tensor(Y)[:, None]))
            + float(regularizer.value()),
        )
        assert regularizer.stationarity(loader(), half_mse).largest < 1e-6


def test_the_batch_size_does_not_matter():
    coefs = []
    for size in (200, 64):
        model = linear()
        attached(model).polish(loader(size), half_mse, n_steps=10)
        coefs.append(coef_of(model))
    assert_allclose(*coefs, rtol=1e-9, atol=1e-12)


def test_nothing_else_is_touched():
    """Gradients, modes, buffers, the numbers of frozen and of other optimizers' parameters."""
    model = nn.Sequential(
        nn.Linear(30, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)
    ).double()
    model[2].eval()
    model[0].bias.requires_grad_(False)
    optimizer = optim.Adam(model[0].parameters(), lr=0.01)
    regularizer = attach(optimizer, model, [Rule("0.weight", L2(0.01)), Rule("0.bias", L2(0.01))])
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 3.0)
    before = copy.deepcopy(model.state_dict())
    modes = [module.training for module in model.modules()]
    regularizer.stationarity(loader(), half_mse)
    regularizer.polish(loader(), half_mse, n_steps=2)
    assert [module.training for module in model.modules()] == modes
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) == (name != "0.weight")
    for parameter in model.parameters():
        if parameter.requires_grad:
            assert torch.equal(parameter.grad, torch.full_like(parameter, 3.0))
        else:
            assert parameter.grad is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_low_precision_falls_and_needs_few_passes(dtype):
    model = linear(dtype=torch.float64).to(dtype)
    regularizer = attached(model)
    data = [(torch.tensor(X).to(dtype), torch.tensor(Y)[:, None].to(dtype))]
    passes = 0

    def counted(outputs, targets):
        nonlocal passes
        passes += 1
        return half_mse(outputs.float(), targets.float())

    found = regularizer.polish(data, counted, n_steps=40)
    assert found.objective_after < found.objective_before
    assert passes <= 40 * 5
    if dtype == torch.float32:
        assert_allclose(coef_of(model), lasso(X, Y), atol=1e-4)
        assert_allclose(coef_of(model) != 0, lasso(X, Y) != 0)


@pytest.mark.parametrize("method", ["prox", "dual"])
def test_training_can_go_on_after_polishing(method):
    """What belonged to the weights before is forgotten, so they do not jump back."""
    model = nn.Linear(30, 1, bias=False, dtype=torch.bfloat16)
    optimizer = optim.SGD(model.parameters(), lr=1e-3)
    regularizer = attach(optimizer, model, [Rule("weight", L1(1e-3))], method=method)
    data = [(torch.tensor(X).bfloat16(), torch.tensor(Y)[:, None].bfloat16())]
    for _ in range(3):
        model.weight.grad = torch.zeros_like(model.weight)
        optimizer.step()
    regularizer.polish(data, half_mse, n_steps=5)
    assert not {CARRY, LATENT, TAKEN} & set(optimizer.state[model.weight])
    polished = model.weight.detach().clone()
    model.weight.grad = torch.zeros_like(model.weight)
    optimizer.step()
    assert_allclose(model.weight.detach().float(), polished.float(), atol=1e-2)


def test_a_network_polishes_downhill():
    model = nn.Sequential(nn.Linear(30, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    regularizer = attach(optimizer, model, default=L1(0.01))
    before = float(regularizer.value()) + FullLoss(model, loader(), half_mse).value()
    found = regularizer.polish(loader(), half_mse)
    assert_allclose(found.objective_before, before, rtol=1e-12)
    after = float(regularizer.value()) + FullLoss(model, loader(), half_mse).value()
    assert_allclose(found.objective_after, after, rtol=1e-12)
    assert after < before
    assert found.n_steps == 20


def test_reports_read_as_sentences():
    model = linear()
    regularizer = attached(model)
    table = str(regularizer.stationarity(loader(), half_mse)).splitlines()
    assert table[0].split() == ["parameter", "non-zero", "violation", "/", "alpha"]
    assert table[-1].split()[:4] == ["weight", "30", "of", "30"]
    sentence = str(regularizer.polish(loader(), half_mse, n_steps=3))
    assert sentence.startswith("3 steps with the full gradient: loss + penalty ")
    assert "non-zero weights 30 -> " in sentence


def test_errors():
    regularizer = attached(linear())
    with pytest.raises(ArgumentError, match="`n_steps` must be an integer >= 1"):
        regularizer.polish(loader(), half_mse, n_steps=0)
    with pytest.raises(ArgumentError, match="`loader` must give at least one batch"):
        regularizer.polish([], half_mse)
    with pytest.raises(ArgumentError, match="`loader` must give pairs of inputs and targets"):
        regularizer.stationarity([torch.tensor(X)], half_mse)
