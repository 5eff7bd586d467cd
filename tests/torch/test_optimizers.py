"""The truth table: alpha means alpha under every optimizer; what the usual ways solve instead."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn, optim

from shrinkage.errors import ArgumentError
from shrinkage.torch import L1, L2, DecoupledDecay, ElasticNet, GroupLasso, Rule, attach
from shrinkage.torch.metric import ADAPTERS
from tests.torch.regression import (
    ALPHA,
    coef_of,
    elastic_net,
    half_mse,
    lasso,
    linear,
    regression,
    ridge,
    tensors,
    train,
)

# Optimizers with each option that changes their steps, and a rate that suits them. `centered`
# divides by the variance of the gradient, which vanishes at any optimum of the full batch: it needs
# an eps, and in the end PyTorch takes the root of a variance that rounding made negative. With
# momentum the weights settle only as fast as the metric, so that has a short memory.
OPTIMIZERS = {
    "SGD": (optim.SGD, dict(lr=0.5)),
    "SGD momentum": (optim.SGD, dict(lr=0.02, momentum=0.9)),
    "SGD dampening": (optim.SGD, dict(lr=0.1, momentum=0.9, dampening=0.5)),
    "SGD nesterov": (optim.SGD, dict(lr=0.02, momentum=0.9, nesterov=True)),
    "Adam": (optim.Adam, dict(lr=0.05)),
    "Adam amsgrad": (optim.Adam, dict(lr=0.05, amsgrad=True)),
    "AdamW": (optim.AdamW, dict(lr=0.05, weight_decay=0)),
    "NAdam": (optim.NAdam, dict(lr=0.05)),
    "RAdam": (optim.RAdam, dict(lr=0.3)),
    "Adamax": (optim.Adamax, dict(lr=0.5)),
    "RMSprop": (optim.RMSprop, dict(lr=0.1)),
    "RMSprop momentum": (optim.RMSprop, dict(lr=0.05, momentum=0.5, alpha=0.9)),
    "RMSprop centered": (optim.RMSprop, dict(lr=0.01, centered=True, eps=0.01)),
    "RMSprop all": (optim.RMSprop, dict(lr=0.3, momentum=0.5, alpha=0.95, centered=True, eps=1.0)),
    "Adagrad": (optim.Adagrad, dict(lr=2.0, lr_decay=1e-4)),
}
N_STEPS = {"RMSprop all": 600}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)

X, Y = regression()


def made(name, model, **more):
    cls, options = OPTIMIZERS[name]
    return cls(model.parameters(), **options | more)


def trained(name, penalty, loss=half_mse, n_steps=None, **options):
    model = linear()
    optimizer = made(name, model)
    attach(optimizer, model, [Rule("weight", penalty)], **options)
    return train(model, optimizer, X, Y, n_steps or N_STEPS.get(name, 800), loss=loss)


def same(coef, certified, atol=1e-8):
    assert_allclose(coef, certified, rtol=0, atol=atol)
    assert_allclose(coef == 0, certified == 0)


def test_every_supported_optimizer_is_in_the_table():
    assert {cls for cls, _ in OPTIMIZERS.values()} == set(ADAPTERS)


@every_optimizer
def test_lasso(name):
    certified = lasso(X, Y)
    assert np.count_nonzero(certified) == 6
    same(trained(name, L1(ALPHA)), certified)


@every_optimizer
def test_elastic_net(name):
    same(trained(name, ElasticNet(ALPHA, l1_ratio=0.5)), elastic_net(X, Y))


@pytest.mark.parametrize("name", ["SGD nesterov", "Adam", "Adagrad"])
def test_ridge(name):
    """L2 by the prox is ridge, under Adam too."""
    same(trained(name, L2(ALPHA)), ridge(X, Y))


@pytest.mark.parametrize("name", ["SGD momentum", "Adam", "RMSprop all"])
def test_group_lasso_is_stationary(name):
    labels = np.arange(30)[None, :] // 3
    penalty = GroupLasso(ALPHA, labels)
    coef = trained(name, penalty)
    gradient = X.T @ (X @ coef - Y) / len(Y)
    assert penalty.kkt_violation(coef[None, :], gradient[None, :]) <= 1e-8
    alive = np.abs(coef.reshape(10, 3)).max(axis=1) > 0
    assert 0 < alive.sum() < 10


@pytest.mark.parametrize("name", ["SGD momentum", "Adam"])
def test_mse_loss_without_the_half_is_the_lasso_at_half_the_alpha(name):
    same(trained(name, L1(ALPHA), nn.MSELoss()), lasso(X, Y, ALPHA / 2))
    same(trained(name, L1(2 * ALPHA), nn.MSELoss()), lasso(X, Y, ALPHA))


@pytest.mark.parametrize("name", ["SGD momentum", "Adam"])
def test_coupled_weight_decay_besides_l1_is_the_elastic_net(name):
    model = linear()
    optimizer = made(name, model, weight_decay=ALPHA / 2)
    with pytest.warns(UserWarning, match="weight_decay of the optimizer acts besides"):
        attach(optimizer, model, [Rule("weight", L1(ALPHA / 2))])
    same(train(model, optimizer, X, Y, 800), elastic_net(X, Y, ALPHA, 0.5))


@pytest.mark.parametrize("name", ["SGD momentum", "Adam", "NAdam", "RMSprop momentum"])
def test_implementations_of_one_optimizer_agree(name):
    """foreach, fused and a tensor as rate take the same steps."""
    coefs = []
    for more in ({"foreach": False}, {"foreach": True}, {"fused": True}, {"capturable": False}):
        if next(iter(more)) not in OPTIMIZERS[name][0](linear().parameters()).defaults:
            continue
        if "fused" in more and name not in ("SGD momentum", "Adam"):
            continue
        model = linear()
        optimizer = made(name, model, **more)
        attach(optimizer, model, [Rule("weight", L1(ALPHA))])
        coefs.append(train(model, optimizer, X, Y, 50))
    for coef in coefs[1:]:
        assert_allclose(coef, coefs[0], rtol=1e-10, atol=1e-12)


def test_a_tensor_as_rate():
    model = linear()
    optimizer = optim.Adam(model.parameters(), lr=torch.tensor(0.05))
    attach(optimizer, model, [Rule("weight", L1(ALPHA))])
    same(train(model, optimizer, X, Y), lasso(X, Y))


class OwnStep(optim.SGD):
    def step(self, closure=None):
        return super().step(closure)


class OwnDefaults(optim.Adam):
    pass


@pytest.mark.parametrize("make", [optim.Adadelta, optim.Rprop, optim.LBFGS, OwnStep])
def test_an_unknown_optimizer_is_refused_and_told_why(make):
    model = linear()
    with pytest.raises(
        ArgumentError, match="`optimizer` must be one of torch's SGD, Adam"
    ) as error:
        attach(make(model.parameters(), lr=0.1), model, [Rule("weight", L1(ALPHA))])
    assert "alpha would not mean alpha" in str(error.value)
    assert "subgradient" in str(error.value)


def test_a_subclass_that_takes_over_the_step_is_known():
    model = linear()
    optimizer = OwnDefaults(model.parameters(), lr=0.05)
    attach(optimizer, model, [Rule("weight", L1(ALPHA))])
    same(train(model, optimizer, X, Y), lasso(X, Y))


# What the usual ways solve.


def soft_threshold(model, optimizer, alpha=ALPHA):
    """The naive proximal step: rate * alpha, whatever the optimizer did."""
    limit = optimizer.param_groups[0]["lr"] * alpha
    with torch.no_grad():
        model.weight.sub_(model.weight.clamp(-limit, limit))


def naive(name):
    model = linear()
    optimizer = made(name, model)
    return train(model, optimizer, X, Y, 3000, after_step=lambda: soft_threshold(model, optimizer))


def least_squares():
    return np.linalg.lstsq(X, Y, rcond=None)[0]


def test_naive_thresholding_is_right_under_plain_sgd():
    same(naive("SGD"), lasso(X, Y))


def test_naive_thresholding_after_momentum_solves_a_tenth_of_alpha():
    same(naive("SGD momentum"), lasso(X, Y, (1 - 0.9) * ALPHA))


def test_naive_thresholding_after_adam_solves_no_lasso():
    coef = naive("Adam")
    assert np.abs(coef - least_squares()).max() < 0.1 * np.abs(lasso(X, Y) - least_squares()).max()
    assert np.count_nonzero(coef) > 25


@pytest.mark.parametrize("name", ["SGD momentum", "Adam"])
def test_the_subgradient_comes_near_and_never_to_zero(name):
    coef = trained(name, L1(ALPHA), method="subgradient")
    assert np.count_nonzero(coef) == 30
    assert_allclose(coef, lasso(X, Y), atol=5e-2)


def test_weight_decay_of_adam_is_ridge_and_of_adamw_is_not():
    coefs = {}
    for cls in (optim.Adam, optim.AdamW):
        model = linear()
        optimizer = cls(model.parameters(), lr=0.05, weight_decay=ALPHA)
        coefs[cls] = train(model, optimizer, X, Y, 3000)
    same(coefs[optim.Adam], ridge(X, Y))
    far = np.abs(coefs[optim.AdamW] - ridge(X, Y)).max()
    assert far > 0.1
    assert_allclose(coefs[optim.AdamW], least_squares(), atol=0.1 * far)


@pytest.mark.parametrize("cls", [optim.Adam, optim.AdamW])
def test_decoupled_decay_does_what_adamw_does(cls):
    model, twin = linear(), linear()
    optimizer = cls(model.parameters(), lr=0.05, weight_decay=0)
    regularizer = attach(optimizer, model, [Rule("weight", DecoupledDecay(ALPHA))])
    theirs = optim.AdamW(twin.parameters(), lr=0.05, weight_decay=ALPHA)
    ours = train(model, optimizer, X, Y, 1500, gamma=0.996)
    assert_allclose(ours, train(twin, theirs, X, Y, 1500, gamma=0.996), atol=1e-3)
    assert np.abs(ours - ridge(X, Y)).max() > 0.02
    assert float(regularizer.value()) == 0.0


def test_closures_go_on_working():
    model = linear()
    optimizer = made("SGD momentum", model)
    attach(optimizer, model, [Rule("weight", L1(ALPHA))])
    inputs, targets = tensors(X, Y)

    def closure():
        optimizer.zero_grad()
        loss = half_mse(model(inputs), targets)
        loss.backward()
        return loss

    for _ in range(600):
        optimizer.step(closure)
    same(coef_of(model), lasso(X, Y))
