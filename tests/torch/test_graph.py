"""Tracing writes a network as layers, and leaves the network as it was."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from shrinkage.torch.graph import (
    Untraceable,
    layer_of,
    shapes_of,
    shared_layers,
    trace,
    views_to_flatten,
)

# What is traced, and the layer that does the same.
CALLS = {
    "F.relu": (lambda x: F.relu(x), nn.ReLU()),
    "in place": (lambda x: F.relu(x, inplace=True), nn.ReLU(inplace=True)),
    "torch.relu": (torch.relu, nn.ReLU()),
    "method relu": (lambda x: x.relu(), nn.ReLU()),
    "leaky": (lambda x: F.leaky_relu(x, 0.3), nn.LeakyReLU(0.3)),
    "elu": (lambda x: F.elu(x, alpha=0.7), nn.ELU(0.7)),
    "gelu": (lambda x: F.gelu(x, approximate="tanh"), nn.GELU("tanh")),
    "softplus": (lambda x: F.softplus(x, 2), nn.Softplus(2)),
    "hardtanh": (lambda x: F.hardtanh(x, -0.3, 0.4), nn.Hardtanh(-0.3, 0.4)),
    "sigmoid": (torch.sigmoid, nn.Sigmoid()),
    "silu": (F.silu, nn.SiLU()),
    "max": (lambda x: F.max_pool2d(x, 2), nn.MaxPool2d(2)),
    "max stride": (lambda x: F.max_pool2d(x, 3, stride=1, padding=1), nn.MaxPool2d(3, 1, 1)),
    "average": (lambda x: F.avg_pool2d(x, 2, 2), nn.AvgPool2d(2, 2)),
    "adaptive": (lambda x: F.adaptive_avg_pool2d(x, (2, 1)), nn.AdaptiveAvgPool2d((2, 1))),
    "adaptive max": (lambda x: F.adaptive_max_pool2d(x, 2), nn.AdaptiveMaxPool2d(2)),
    "softmax": (lambda x: F.softmax(x, dim=1), nn.Softmax(1)),
    "log softmax": (lambda x: x.log_softmax(-1), nn.LogSoftmax(-1)),
    "flatten": (lambda x: torch.flatten(x, 1), nn.Flatten()),
    "flatten all": (lambda x: x.flatten(), nn.Flatten(0)),
    "flatten some": (lambda x: x.flatten(start_dim=2), nn.Flatten(2)),
    "contiguous": (lambda x: x.contiguous(), nn.Identity()),
    "dropout": (lambda x: F.dropout(x, 0.2, training=False), nn.Dropout(0.2)),
}


class Call(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def layers(graph):
    return [layer_of(n) for n in graph.graph.nodes if n.op not in ("placeholder", "output")]


@pytest.mark.parametrize(("function", "layer"), CALLS.values(), ids=CALLS.keys())
def test_a_function_becomes_the_layer_that_does_the_same(function, layer):
    graph = trace(Call(function))
    (found,) = layers(graph)
    assert repr(found) == repr(layer)
    x = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(graph(x.clone()), function(x.clone()))
    assert torch.equal(found(x.clone()), function(x.clone()))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.dropout(x, 0.5),  # random in eval mode, too
        lambda x: F.max_pool2d(x, 2, return_indices=True)[0],
        lambda x: F.relu(x) + x,
        lambda x: F.softmax(x, dim=1, dtype=torch.float64),
    ],
)
def test_what_no_layer_does_stays_a_function(function):
    assert any(
        layer is None or getattr(layer, "return_indices", False)
        for layer in layers(trace(Call(function)))
    )


VIEWS = {
    "size": (lambda x: x.view(x.size(0), -1), True),
    "shape": (lambda x: x.reshape(x.shape[0], -1), True),
    "number": (lambda x: x.view(-1, 12), True),
    "tuple": (lambda x: x.view((x.size()[0], -1)), True),
    "rows": (lambda x: x.view(-1, 6), False),
    "channels": (lambda x: x.view(x.size(1), -1), False),
    "fixed": (lambda x: x.view(2, -1), False),
    "three": (lambda x: x.view(x.size(0), 3, -1), False),
}


@pytest.mark.parametrize(("function", "is_flatten"), VIEWS.values(), ids=VIEWS.keys())
def test_views_that_keep_rows_become_flatten(function, is_flatten):
    graph = trace(Call(function))
    x = torch.randn(2, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    views_to_flatten(graph, shapes_of(graph, [x]))
    assert any(isinstance(layer, nn.Flatten) for layer in layers(graph)) == is_flatten
    assert torch.equal(graph(x), function(x))


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(2, 2))
        self.inner = Call(lambda x: torch.tanh(x))

    def forward(self, x):
        self.seen = x
        return self.inner(torch.relu(self.block(x)))


def test_layers_are_named_where_they_stand():
    targets = [str(n.target) for n in trace(Nested()).graph.nodes]
    assert targets == ["x", "block.0", "relu", "inner.tanh", "output"]


def test_tracing_leaves_nothing_behind_and_shares_the_parameters():
    model = Nested().train()
    graph = trace(model)
    assert not hasattr(model, "seen")
    assert model.training
    assert model.block[0].training
    assert graph.get_submodule("block.0").weight is model.block[0].weight
    copy.deepcopy(model)


def test_parameters_with_two_homes_are_found():
    twice, tied = nn.Linear(2, 2), nn.Linear(2, 2)
    other = nn.Linear(2, 2)
    other.weight = tied.weight
    model = nn.Sequential(twice, nn.Linear(2, 2), twice, tied, other, nn.ReLU())
    # fx knows a module by one of its names.
    assert shared_layers(trace(model)) == {"0", "3", "4"}


class Branch(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


def test_what_cannot_be_traced_says_why_or_stays_whole():
    with pytest.raises(Untraceable, match="control flow"):
        trace(Branch())
    graph = trace(nn.Sequential(nn.Linear(2, 2), Branch()))
    assert [type(layer) for layer in layers(graph)] == [nn.Linear, Branch]


def test_a_single_layer_is_a_network():
    assert [type(layer) for layer in layers(trace(nn.Linear(2, 2)))] == [nn.Linear]
