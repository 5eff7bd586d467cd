"""The named groups of each kind of layer, against plain loops over its inputs and outputs."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from shrinkage.errors import ArgumentError
from shrinkage.penalties import GroupLasso, SparseGroupLasso
from shrinkage.torch import Rule, attach
from shrinkage.torch.groups import groups_of

torch_layers = {
    "linear": nn.Linear(4, 3),
    "conv1d": nn.Conv1d(4, 6, 3),
    "conv2d": nn.Conv2d(4, 6, 3),
    "conv2d in parts": nn.Conv2d(4, 6, 3, groups=2),
    "depthwise": nn.Conv2d(4, 4, 3, groups=4),
    "transposed conv": nn.ConvTranspose2d(4, 6, 3),
    "transposed conv in parts": nn.ConvTranspose2d(4, 6, 3, groups=2),
    "embedding": nn.Embedding(5, 3),
}
every_layer = pytest.mark.parametrize("kind", torch_layers)


def leaving(layer, channel):
    """Where the weights are that leave an input: those whose gradient that input alone makes."""
    if isinstance(layer, nn.Embedding):
        return mask(layer, torch.tensor([channel]))
    inputs = layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels
    n_axes = layer.weight.dim() - 2
    x = torch.zeros(1, inputs, *(5,) * n_axes)
    x[:, channel] = 1.0
    return mask(layer, x)


def entering(layer, channel):
    """Where the weights are that enter an output: those whose gradient that output has."""
    if isinstance(layer, nn.Embedding):
        return mask(layer, torch.arange(5), channel)
    inputs = layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels
    x = torch.ones(1, inputs, *(5,) * (layer.weight.dim() - 2))
    return mask(layer, x, channel)


def mask(layer, x, channel=None):
    layer.zero_grad()
    out = layer(x)
    (out.sum() if channel is None else out[:, channel].sum()).backward()
    return layer.weight.grad != 0


def counts(layer):
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, nn.Embedding):
        return layer.num_embeddings, layer.embedding_dim
    return layer.in_channels, layer.out_channels


def labels_of(groups, shape):
    if groups.index is not None:
        return groups.index.view(shape)
    labels = torch.arange(groups.weights.numel()).view(groups.weights.shape)
    return labels.expand(shape)


@every_layer
@pytest.mark.parametrize("groups", ["in", "out"])
def test_groups_are_what_leaves_an_input_or_enters_an_output(kind, groups):
    layer = torch_layers[kind]
    found = groups_of(GroupLasso(1.0, groups), layer.weight.detach(), layer)
    labels = labels_of(found, layer.weight.shape)
    n_channels = counts(layer)[0 if groups == "in" else 1]
    assert found.weights.numel() == n_channels
    seen = set()
    for channel in range(n_channels):
        where = leaving(layer, channel) if groups == "in" else entering(layer, channel)
        inside = labels[where].unique()
        assert inside.numel() == 1
        assert (labels == inside).sum() == where.sum()
        seen.add(int(inside))
    assert len(seen) == n_channels


@every_layer
@pytest.mark.parametrize("groups", ["in", "out", "kernel", "whole"])
@pytest.mark.parametrize("weights", [None, 2.0])
def test_sums_and_weights(kind, groups, weights):
    layer = torch_layers[kind]
    weight = layer.weight.detach()
    found = groups_of(GroupLasso(1.0, groups, weights), weight, layer)
    labels = labels_of(found, weight.shape).reshape(-1).numpy()
    assert_allclose(
        found.lengths(weight).reshape(-1),
        np.sqrt(np.bincount(labels, weight.reshape(-1).double().numpy() ** 2)),
        rtol=1e-5,
    )
    wanted = np.sqrt(np.bincount(labels)) if weights is None else np.full(labels.max() + 1, 2.0)
    assert_allclose(found.weights.reshape(-1), wanted, rtol=1e-6)
    spread = found.spread(found.weights, weight).expand(weight.shape)
    assert_allclose(spread.reshape(-1), wanted[labels], rtol=1e-6)
    largest = found.largest(weight.abs())
    most = [weight.abs().reshape(-1)[labels == k].max() for k in range(labels.max() + 1)]
    assert_allclose(largest.reshape(-1), most)


def test_whole_is_one_group_and_kernel_one_filter():
    conv = nn.Conv2d(4, 6, 3)
    assert groups_of(GroupLasso(1.0, "whole"), conv.weight.detach(), conv).weights.numel() == 1
    kernels = groups_of(GroupLasso(1.0, "kernel"), conv.weight.detach(), conv)
    assert kernels.weights.numel() == 24
    assert_allclose(kernels.weights.reshape(-1), np.full(24, 3.0))


def test_groups_by_an_index_array_may_be_any():
    index = [[0, 0, 1, 2], [2, 1, 1, 0], [2, 2, 2, 2]]
    layer = torch_layers["linear"]
    found = groups_of(GroupLasso(1.0, index), layer.weight.detach(), layer)
    assert labels_of(found, layer.weight.shape).tolist() == index
    assert_allclose(found.weights, np.sqrt([3, 3, 6]))


@every_layer
@pytest.mark.parametrize("groups", ["in", "out", "kernel", "whole"])
def test_one_step_of_sgd_is_the_prox_with_the_layers_groups(kind, groups):
    """End to end: hook, groups and kernel, against NumPy with the same labels."""
    layer = torch_layers[kind]
    penalty = SparseGroupLasso(0.4, groups, l1_ratio=0.3)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.2)
    before = layer.weight.detach().clone()
    found = groups_of(penalty, before, layer)
    labels = labels_of(found, before.shape).numpy()
    regularizer = attach(optimizer, layer, [Rule("weight", penalty)])
    layer.weight.grad = torch.zeros_like(layer.weight)
    optimizer.step()
    wanted = SparseGroupLasso(0.4, labels, l1_ratio=0.3).prox(before.double().numpy(), 0.2)
    assert_allclose(layer.weight.detach().numpy(), wanted, atol=1e-6)
    regularizer.detach()


@pytest.mark.parametrize("moved", ["dtype", "layout"])
def test_a_model_may_be_cast_or_laid_out_anew_after_attach(moved):
    conv = nn.Conv2d(4, 6, 3)
    optimizer = torch.optim.SGD(conv.parameters(), lr=0.1)
    penalty = GroupLasso(0.1, "in")
    regularizer = attach(optimizer, conv, [Rule("weight", penalty)])
    conv.to(dtype=torch.float64) if moved == "dtype" else conv.to(memory_format=torch.channels_last)
    before = conv.weight.detach().double().numpy().copy()
    conv.weight.grad = torch.zeros_like(conv.weight)
    optimizer.step()
    assert_allclose(conv.weight.detach().numpy(), penalty.prox(before, 0.1), atol=1e-6)
    now = conv.weight.detach().double().numpy()
    assert_allclose(float(regularizer.value()), penalty.value(now), rtol=1e-6)


def test_errors_name_the_parameter():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for penalty, message in (
        (GroupLasso(1.0, [0, 1]), r"1\.weight: `groups` must be an array of the weight's shape"),
        (GroupLasso(1.0, "in", weights=[1.0]), r"1\.weight: `weights` must be one number for each"),
    ):
        with pytest.raises(ArgumentError, match=message):
            attach(optimizer, model, [Rule("1.weight", penalty)])
    with pytest.raises(ArgumentError, match=r"0\.bias: `groups` can't be 'in' for weights with 1"):
        attach(optimizer, model, [Rule("0.bias", GroupLasso(1.0, "in"))])
