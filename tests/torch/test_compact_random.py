"""Random networks with random zeros: compaction changes no output and nothing grows."""

import copy
import itertools

import pytest
import torch
from torch import nn

from shrinkage.torch.compaction import compact
from tests.torch.networks import ACTIVATIONS, same

DOUBLE = torch.float64

pytestmark = pytest.mark.usefixtures("in_double")


def pick(generator, n):
    return int(torch.randint(n, (), generator=generator))


def some_zeros(generator, layer):
    """Zero rows, columns, kernels and scales at random, and sometimes biases."""
    with torch.no_grad():
        for parameter in layer.parameters():
            if parameter.dim() == 1:
                parameter.normal_(generator=generator)
            for axis in range(min(parameter.dim(), 2)):
                if pick(generator, 2):
                    gone = torch.rand(parameter.shape[axis], generator=generator) < 0.4
                    parameter.transpose(0, axis)[gone] = 0.0
            if parameter.dim() > 2 and pick(generator, 2):
                gone = torch.rand(parameter.shape[:2], generator=generator) < 0.3
                parameter[gone] = 0.0
        for buffer in layer.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 2.0, generator=generator)
    return layer


def conv_part(generator, channels, size):
    """Return layers and what they make: channels and side."""
    layers = []
    for _ in range(1 + pick(generator, 3)):
        out, kernel = 1 + pick(generator, 6), 1 + pick(generator, min(3, size))
        mode = ["zeros", "zeros", "circular"][pick(generator, 3)]
        padding = pick(generator, 2) if kernel > 1 else 0
        layers.append(
            nn.Conv2d(
                channels, out, kernel,
                padding=padding, padding_mode=mode, bias=bool(pick(generator, 2)),
            )
        )  # fmt: skip
        channels, size = out, size + 2 * padding - kernel + 1
        if pick(generator, 2):
            layers.append(nn.BatchNorm2d(channels, affine=bool(pick(generator, 4))))
        if pick(generator, 3) == 0:
            layers.append(nn.Conv2d(channels, channels, 3, padding=1, groups=channels))
        layers.append(copy.deepcopy(ACTIVATIONS[pick(generator, len(ACTIVATIONS))]))
        pools = [nn.MaxPool2d(2), nn.AvgPool2d(3, 2, padding=1), nn.AdaptiveAvgPool2d(3), None]
        pool = pools[pick(generator, 4)] if size >= 4 else None
        if pool is not None:
            layers.append(pool)
            size = pool(torch.zeros(1, 1, size, size)).shape[-1]
    return layers, channels, size


def chain(seed):
    generator = torch.Generator().manual_seed(seed)
    layers, n = [], 2 + pick(generator, 6)
    shape = (3, n)
    if pick(generator, 2):
        shape = (3, n, 10, 10)
        layers, channels, size = conv_part(generator, n, 10)
        layers.append(nn.Flatten())
        n = channels * size * size
    elif pick(generator, 3) == 0:
        layers.append(nn.BatchNorm1d(n))
    for _ in range(1 + pick(generator, 3)):
        out = 1 + pick(generator, 7)
        layers.append(nn.Linear(n, out, bias=bool(pick(generator, 3))))
        if pick(generator, 3) == 0:
            layers.append(nn.BatchNorm1d(out))
        layers.append(copy.deepcopy(ACTIVATIONS[pick(generator, len(ACTIVATIONS))]))
        n = out
    layers.append(nn.Linear(n, 2))
    return nn.Sequential(*(some_zeros(generator, layer.double()) for layer in layers)), shape


@pytest.mark.parametrize("seed", range(50))
def test_random_chains_keep_their_outputs_and_never_grow(seed):
    model, shape = chain(seed)
    x = torch.randn(shape)
    small, report = compact(model, x, n_repeats=0)
    same(model, small, x)
    # A bias that folding makes is paid for by the unit that went.
    assert report.after.parameters <= report.before.parameters
    assert report.after.multiply_adds <= report.before.multiply_adds
    single, _ = compact(model.float(), x.float(), n_repeats=0)
    same(model, single, x.float(), tolerance=1e-5)
    _, second = compact(small, x, n_repeats=0)
    assert second.after.parameters == second.before.parameters
    assert all(after >= 1 for _, _, after in report.units)


def test_random_chains_are_not_all_trivial():
    shrunk = 0
    for seed in itertools.islice(range(50), 20):
        model, shape = chain(seed)
        _, report = compact(model, torch.randn(shape), n_repeats=0)
        shrunk += report.after.parameters < 0.7 * report.before.parameters
    assert shrunk >= 10


class Program(nn.Module):
    """A random network with forks, sums and joins: each layer reads one or two earlier values."""

    def __init__(self, generator):
        super().__init__()
        self.parts, self.steps, sizes = nn.ModuleList(), [], [4]
        for _ in range(6):
            k = pick(generator, len(sizes))
            twins = [j for j, size in enumerate(sizes) if size == sizes[k]]
            j = twins[pick(generator, len(twins))]
            kind = ["linear", "linear", "linear", "sum", "join"][pick(generator, 5)]
            n = sizes[k] + sizes[j] if kind == "join" else sizes[k]
            out = 2 + pick(generator, 4)
            layer = nn.Sequential(
                nn.Linear(n, out), copy.deepcopy(ACTIVATIONS[pick(generator, len(ACTIVATIONS))])
            )
            self.parts.append(some_zeros(generator, layer.double()))
            self.steps.append((kind, k, j))
            sizes.append(out)
        self.head = some_zeros(generator, nn.Linear(sizes[-1], 2).double())

    def forward(self, x):
        values = [x]
        for (kind, k, j), part in zip(self.steps, self.parts, strict=True):
            x = values[k]
            if kind == "sum":
                x = x + values[j]
            elif kind == "join":
                x = torch.cat([x, values[j]], dim=1)
            values.append(part(x))
        return self.head(values[-1])


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_keep_their_outputs_and_never_grow(seed):
    model = Program(torch.Generator().manual_seed(seed))
    small, report = compact(model, torch.randn(3, 4), n_repeats=0)
    same(model, small, torch.randn(5, 4))
    assert report.after.parameters <= report.before.parameters
    again, second = compact(small, torch.randn(3, 4), n_repeats=0)
    assert second.after.parameters == report.after.parameters
    same(model, again, torch.randn(5, 4))
