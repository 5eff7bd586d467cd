"""Which layers are understood, and by what."""

from __future__ import annotations

from torch import nn

from shrinkage.torch.graph import KeptInputs
from shrinkage.torch.mixing import Depthwise, Mixing
from shrinkage.torch.removal import Flatten, Norm, Op, PerUnit, Pool, Selection

_ACTIVATIONS = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.RReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Sigmoid,
    nn.LogSigmoid,
    nn.Tanh,
    nn.Tanhshrink,
    nn.Softplus,
    nn.Softsign,
    nn.Softshrink,
    nn.Hardshrink,
    nn.Hardtanh,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Threshold,
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
_POOLS = (
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
)
_OPS: dict[type[nn.Module], type[Op]] = {
    **dict.fromkeys(_ACTIVATIONS, Op),
    **dict.fromkeys(_POOLS, Pool),
    nn.PReLU: PerUnit,
    nn.BatchNorm1d: Norm,
    nn.BatchNorm2d: Norm,
    nn.Linear: Mixing,
    nn.Conv1d: Mixing,
    nn.Conv2d: Mixing,
    nn.Flatten: Flatten,
    KeptInputs: Selection,
}


def op_of(module: nn.Module) -> Op | str:
    """Return what is known about a layer, or why nothing is."""
    kind = type(module)
    if kind not in _OPS:
        name = kind.__name__
        if "Norm" in name or "Softmax" in name or "Attention" in name:
            return f"{name} mixes its units"
        return f"{name} is not a layer whose units can be told apart"
    if module._forward_hooks or module._forward_pre_hooks:
        return "it has hooks; torch.nn.utils.prune.remove makes a pruned layer plain"
    if isinstance(module, (nn.Conv1d, nn.Conv2d)) and module.groups > 1:
        if module.groups == module.in_channels == module.out_channels:
            return Depthwise(module)
        return "its channels are in groups that must stay equally large"
    return _OPS[kind](module)
