"""Penalties that the scale of a layer can escape, so that they have no minimiser.

The output of a ReLU network does not change when the weights and biases that enter a unit are
multiplied by e > 0 and the weights that leave it divided by e. If only the first are penalised,
their penalty goes to 0 with e while the others grow without bound. Before a batch or layer norm
it is enough to let the weights shrink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import fx, nn
from torch.nn import Parameter

from shrinkage.torch.graph import Untraceable, label, layer_of, shared_layers, trace
from shrinkage.torch.rules import Block

# f(e x) = e f(x) for e > 0.
_HOMOGENEOUS = (
    nn.ReLU,
    nn.LeakyReLU,
    nn.RReLU,
    nn.PReLU,
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.Flatten,
    nn.Unflatten,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.MaxPool3d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AvgPool3d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d,
)
_METHODS = ("view", "reshape", "permute", "transpose", "squeeze", "unsqueeze", "mean", "sum")
_LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
)


@dataclass
class _Followers:
    """Which layers take up the scale of a layer; `all_do` is False if something does not."""

    layers: list[nn.Module] = field(default_factory=list)
    norms: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    all_do: bool = True


def escapes(model: nn.Module, blocks: Sequence[Block]) -> list[str]:
    """Return a sentence for each L1 or group penalty that the scale of its layer can escape.

    Parameters
    ----------
    model : torch.nn.Module
        It is traced, not run and not changed. One that cannot be traced gives no sentence.
    blocks : sequence of Block
        What each parameter gets.

    Returns
    -------
    list of str
        Each names the layers and the cure. Empty if nothing escapes, or nothing can be said.

    Notes
    -----
    Only what certainly escapes is reported: through entry-wise functions f(e x) = e f(x) (ReLU,
    LeakyReLU, PReLU), pooling, dropout and flatten, where all layers that follow are trained and
    neither penalised nor decayed, or norms.
    """
    by_parameter = {id(block.parameter): block for block in blocks}
    if not any(_is_sparse(block) for block in blocks):
        return []
    try:
        graph = trace(model)
        shared = shared_layers(graph)
    except Untraceable:
        return []
    found = []
    for node in graph.graph.nodes:
        layer = layer_of(node)
        weight = getattr(layer, "weight", None)
        block = by_parameter.get(id(weight))
        if not isinstance(layer, (*_LINEAR, *_NORMS)) or block is None or not _is_sparse(block):
            continue
        if str(node.target) in shared or not _bias_follows(layer, by_parameter):
            continue
        followers = _Followers()
        _follow(node, followers)
        if followers.all_do and not any(name in shared for name in followers.names):
            found += _sentence(block.name, followers, by_parameter)
    return found


def _follow(node: fx.Node, followers: _Followers) -> None:
    """Collect what takes up the scale of a value, through what hands it on."""
    if not node.users:
        followers.all_do = False
    for user in node.users:
        layer = layer_of(user)
        if isinstance(layer, _LINEAR):
            followers.layers.append(layer)
            followers.names.append(label(user))
        elif isinstance(layer, _NORMS):
            followers.norms.append(label(user))
        elif isinstance(layer, _HOMOGENEOUS) or _is_view(user, node):
            _follow(user, followers)
        elif not _is_size(user):
            followers.all_do = False


def _sentence(name: str, followers: _Followers, by_parameter: dict[int, Block]) -> list[str]:
    if not all(_is_free(layer, by_parameter) for layer in followers.layers):
        return []
    norms, layers = followers.norms, followers.names
    if norms and not layers:
        return [
            f"{name} is penalised before the norm {norms[0]}, which undoes its scale: the penalty "
            "falls to 0 while the outputs stay. Penalise instead the scale of the norm, "
            f"Rule('{norms[0]}.weight', L1(alpha)) with default=L2(1e-4), or the columns of the "
            "next layer, GroupLasso(alpha, groups='in')"
        ]
    if not layers:
        return []
    return [
        f"{name} is penalised and {', '.join(layers)} after it is not: the first can shrink and "
        "the other grow, the outputs stay and the penalty falls to 0. Give the rest a small "
        "penalty: default=L2(1e-4)"
    ]


def _is_sparse(block: Block) -> bool:
    penalty = block.penalty
    return penalty is not None and (penalty.l1 > 0.0 or penalty.group > 0.0)


def _is_trained(parameter: object, by_parameter: dict[int, Block]) -> bool:
    block = by_parameter.get(id(parameter))
    if not isinstance(parameter, Parameter) or block is None:
        return False
    return parameter.requires_grad and block.position >= 0


def _bias_follows(layer: nn.Module, by_parameter: dict[int, Block]) -> bool:
    """Return whether a layer's bias, if it has one, can shrink with its weight."""
    bias = getattr(layer, "bias", None)
    return bias is None or _is_trained(bias, by_parameter)


def _is_free(layer: nn.Module, by_parameter: dict[int, Block]) -> bool:
    """Return whether a layer's weight is trained, and nothing holds it back."""
    if not _is_trained(layer.weight, by_parameter):
        return False
    block = by_parameter[id(layer.weight)]
    return block.penalty is None and block.weight_decay == 0.0


def _is_view(user: fx.Node, source: fx.Node) -> bool:
    return user.op == "call_method" and user.target in _METHODS and user.args[0] is source


def _is_size(user: fx.Node) -> bool:
    if user.op == "call_function":
        return user.target is getattr and user.args[1] == "shape"
    return user.op == "call_method" and user.target in ("size", "dim")
