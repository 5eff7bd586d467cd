"""What the tests of compaction share."""

import copy

import torch
from torch import nn

ACTIVATIONS = [
    nn.ReLU(), nn.LeakyReLU(0.1), nn.GELU(), nn.Tanh(), nn.Sigmoid(), nn.SiLU(), nn.ELU(),
    nn.Softplus(), nn.Hardtanh(), nn.Identity(), nn.Dropout(), nn.Mish(), nn.Softshrink(),
    nn.Threshold(0.1, 0.4), nn.ReLU(inplace=True), nn.PReLU(),
]  # fmt: skip


def same(model, small, x, tolerance=1e-10):
    """Compare on fresh inputs, apart from the check inside of compact."""
    model = copy.deepcopy(model).eval()
    small = copy.deepcopy(small).eval()
    with torch.no_grad():
        for inputs in (x, 3.0 * torch.randn_like(x), torch.zeros_like(x)):
            assert torch.allclose(model(inputs), small(inputs), rtol=tolerance, atol=tolerance)


def zero(parameter, index, value=0.0):
    with torch.no_grad():
        parameter[index] = value


def n_parameters(model):
    return sum(p.numel() for p in model.parameters())


def mlp():
    return nn.Sequential(
        nn.Linear(6, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)
    )
