"""Where the scale escapes a penalty, attach says so once, and only there."""

import warnings

import pytest
import torch
from torch import nn

from shrinkage.errors import DataWarning
from shrinkage.penalties import L1, L2, ElasticNet, GroupLasso
from shrinkage.torch import Rule, attach
from shrinkage.torch.ill_posed import escapes
from shrinkage.torch.rules import assign

DOUBLE = torch.float64


def relu_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)).to(DOUBLE)


def norm_net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)
    ).to(DOUBLE)


def found(model, rules, default=None, weight_decay=0.0):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=weight_decay)
    return escapes(model, assign(optimizer, model, rules, default))


@pytest.mark.parametrize("penalty", [L1(0.1), ElasticNet(0.1), GroupLasso(0.1)])
def test_a_relu_net_can_give_the_scale_to_the_next_layer(penalty):
    (sentence,) = found(relu_net(), [Rule("0.weight", penalty)])
    assert "0.weight (before 2)" in sentence
    assert "default=L2(1e-4)" in sentence


def test_or_to_the_layer_before():
    (sentence,) = found(relu_net(), [Rule("2.weight", GroupLasso(0.1))])
    assert "2.weight (after 0)" in sentence
    assert "default=L2(1e-4)" in sentence
    assert found(relu_net(), [Rule("2.weight", L1(0.1)), Rule("0.bias", L2(0.1))]) == []


@pytest.mark.parametrize(("shrunk", "grown"), [(0, 2), (2, 0)])
def test_the_claim_in_numbers(shrunk, grown):
    """The outputs stay while the penalty falls: there is no minimiser."""
    model, x = relu_net(), torch.randn(7, 4, dtype=DOUBLE)
    outputs, penalty, scale = model(x), L1(0.1), 2.0**-20
    before = penalty.value(model[shrunk].weight.detach())
    with torch.no_grad():
        model[shrunk].weight *= scale
        model[grown].weight /= scale
        model[0].bias *= scale if shrunk == 0 else 1.0 / scale
    assert torch.equal(model(x), outputs)
    assert penalty.value(model[shrunk].weight.detach()) == before * scale


def test_the_cure_in_numbers():
    """With L2 on the next layer the best scale is finite: its cost has a minimum inside."""
    model = relu_net()
    w1, w2 = model[0].weight.detach(), model[2].weight.detach()

    def total(scale):
        return L1(0.1).value(w1 * scale) + L2(1e-4).value(w2 / scale)

    costs = [total(2.0**k) for k in range(-25, 10)]
    best = min(range(len(costs)), key=costs.__getitem__)
    assert 0 < best < len(costs) - 1


def test_a_norm_undoes_the_scale_whatever_follows():
    model, x = norm_net(), torch.randn(6, 1, 6, 6, dtype=DOUBLE)
    (sentence,) = found(model, [Rule("0.weight", L1(0.1))], L2(1e-4))
    assert "0.weight (before 1) penalised before a norm" in sentence
    model[1].eps = 1e-30
    outputs = model(x)
    with torch.no_grad():
        model[0].weight *= 2.0**-20
        model[0].bias *= 2.0**-20
    assert torch.allclose(model(x), outputs, rtol=1e-9)


def test_what_the_sentences_advise_is_well_posed():
    assert found(relu_net(), [Rule("0.weight", L1(0.1))], L2(1e-4)) == []
    assert found(norm_net(), [Rule("1.weight", L1(0.1))], L2(1e-4)) == []
    scale = Rule((nn.BatchNorm2d, "weight"), L2(1e-4))
    assert found(norm_net(), [Rule("4.weight", GroupLasso(0.1)), scale]) == []


def test_the_scale_of_a_norm_can_shrink_or_grow_as_well():
    (sentence,) = found(norm_net(), [Rule("1.weight", L1(0.1))])
    assert "1.weight (before 4)" in sentence
    (sentence,) = found(norm_net(), [Rule("4.weight", GroupLasso(0.1))], L2(1e-4))
    assert "4.weight (after 1)" in sentence
    assert "the scale of the norm before it is not" in sentence


def chain(*layers):
    return nn.Sequential(*layers).to(DOUBLE)


WELL_POSED = {
    "both": (relu_net(), [Rule("*.weight", L1(0.1))], 0.0),
    "decay": (relu_net(), [Rule("0.weight", L1(0.1))], 1e-4),
    "decay of the rest": (relu_net(), [Rule("2.weight", L1(0.1))], 1e-4),
    "no zeros": (relu_net(), [Rule("0.weight", L2(0.1))], 0.0),
    "alpha 0": (relu_net(), [Rule("0.weight", L1(0.0))], 0.0),
    "tanh": (chain(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), [Rule("0.weight", L1(0.1))], 0.0),
    "linear model": (chain(nn.Linear(2, 1)), [Rule("0.weight", L1(0.1))], 0.0),
    "softmax": (chain(nn.Linear(2, 2), nn.Softmax(1)), [Rule("0.weight", L1(0.1))], 0.0),
}


@pytest.mark.parametrize(("model", "rules", "decay"), WELL_POSED.values(), ids=WELL_POSED.keys())
def test_what_cannot_escape_is_not_reported(model, rules, decay):
    assert found(model, rules, weight_decay=decay) == []


HANDED_ON = [nn.LeakyReLU(), nn.PReLU(), nn.Dropout(), nn.Identity(), nn.Flatten()]


@pytest.mark.parametrize("layer", HANDED_ON, ids=lambda layer: type(layer).__name__)
def test_homogeneous_layers_hand_the_scale_on(layer):
    model = chain(nn.Linear(3, 4), layer, nn.Linear(4, 2))
    assert len(found(model, [Rule("0.weight", L1(0.1))])) == 1


def test_a_layer_norm_undoes_the_scale_too():
    model = chain(nn.Linear(3, 4), nn.ReLU(), nn.LayerNorm(4), nn.Linear(4, 2))
    rules = [Rule("0.weight", L1(0.1))]
    assert "0.weight (before 2) penalised before a norm" in found(model, rules)[0]


class Forked(nn.Module):
    def __init__(self, adds):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
        self.adds = adds

    def forward(self, x):
        x = torch.relu(self.a(x)).view(x.size(0), -1)
        return self.b(x) + (x if self.adds else self.c(x))


def test_all_that_follows_must_take_the_scale_up():
    rules = [Rule("a.weight", L1(0.1))]
    assert len(found(Forked(adds=False), rules)) == 1
    assert found(Forked(adds=True), rules) == []
    assert found(Forked(adds=False), [*rules, Rule("c.weight", L2(1e-4))]) == []


def test_many_layers_make_one_sentence():
    hidden = [layer for _ in range(8) for layer in (nn.Linear(3, 3), nn.ReLU())]
    model = chain(*hidden, nn.Linear(3, 1))
    rules = [Rule(f"{k}.weight", L1(0.1)) for k in range(0, 16, 4)]
    before, after = sorted(found(model, rules))
    assert "0.weight (before 2), 4.weight (before 6), 8.weight (before 10)" in before
    assert "4.weight (after 2)" in after


def test_layers_that_are_not_trained_take_nothing_up():
    model = relu_net()
    model[2].weight.requires_grad_(False)
    assert found(model, [Rule("0.weight", L1(0.1))]) == []
    model = relu_net()
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)
    assert escapes(model, assign(optimizer, model, [Rule("0.weight", L1(0.1))], None)) == []


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = relu_net()

    def forward(self, x):
        return self.net(x) if x.sum() > 0 else x


def test_a_model_that_cannot_be_traced_is_left_alone():
    assert found(Branch(), [Rule("net.0.weight", L1(0.1))]) == []


def test_attach_warns_once_with_the_names_and_the_cure():
    model = relu_net()
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.warns(DataWarning, match=r"0\.weight \(before 2\) .*default=L2") as record:
        regularizer = attach(optimizer, model, [Rule("0.weight", L1(0.1))])
    assert len(record) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(torch.randn(3, 4, dtype=DOUBLE)).sum().backward()
        optimizer.step()
        regularizer.detach()
        attach(optimizer, model, [Rule("0.weight", L1(0.1))], default=L2(1e-4))
