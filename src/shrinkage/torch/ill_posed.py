"""Penalties that the scale of a layer can escape, so that they have no minimiser.

The output of a ReLU network does not change when the weights and biases that enter its units are
multiplied by e > 0 and the weights that leave them divided by e. If only one side is penalised,
the penalty goes to 0 while the other side grows without bound. Before a batch or layer norm it is
enough to let the weights shrink: the norm undoes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import fx, nn
from torch.nn import Parameter

from shrinkage.errors import Phrase, listed
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
    """Which layers and norms read a value; `are_all` is False if something else does."""

    layers: list[fx.Node] = field(default_factory=list)
    norms: list[fx.Node] = field(default_factory=list)
    are_all: bool = True


# Why a penalty is escaped, and the cure.
_BOTH = "the one can shrink and the other grow while the outputs stay, and the penalty falls to 0. "
_REASONS = {
    "after": "penalised, but the layer after it is not: " + _BOTH + "Give the rest a small "
    "penalty: default=L2(1e-4)",
    "before": "penalised, but the layer before it is not: " + _BOTH + "Give the rest a small "
    "penalty: default=L2(1e-4)",
    "scale": "penalised, but the scale of the norm before it is not: " + _BOTH + "Give the scale "
    "a small penalty, which a default leaves out: Rule((torch.nn.BatchNorm2d, 'weight'), L2(1e-4))",
    "norm": "penalised before a norm, which undoes its scale: the weights can shrink while the "
    "outputs stay, and the penalty falls to 0. Penalise the scale of the norm instead, "
    "Rule((torch.nn.BatchNorm2d, 'weight'), L1(alpha)) with default=L2(1e-4); or the columns of a "
    "layer after it that no norm follows, GroupLasso(alpha, groups='in'), with L2 on the scale",
}


def escapes(model: nn.Module, blocks: Sequence[Block]) -> list[str]:
    """Return a sentence for each way in which an L1 or group penalty can be escaped.

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
    Only what certainly escapes is reported: through entry-wise functions with f(e x) = e f(x)
    (ReLU, LeakyReLU, PReLU), pooling, dropout and flatten, where everything that reads the layer
    is a trained layer or a norm, and the side that is to grow is neither penalised nor decayed.
    """
    state = {id(block.parameter): block for block in blocks}
    if not any(_is_sparse(block) for block in blocks):
        return []
    try:
        graph = trace(model)
        shared = shared_layers(graph)
    except Untraceable:
        return []
    found: dict[str, list[str]] = {}
    for node in graph.graph.nodes:
        if isinstance(layer_of(node), (*_LINEAR, *_NORMS)):
            followers = _Followers()
            _follow(node, followers)
            nodes = [node, *followers.layers]
            if followers.are_all and not any(str(one.target) in shared for one in nodes):
                _judge(node, followers, state, found)
    return [f"{listed(list(map(Phrase, names)))} {_REASONS[why]}" for why, names in found.items()]


def _judge(
    node: fx.Node, followers: _Followers, state: dict[int, Block], found: dict[str, list[str]]
) -> None:
    """Add what escapes between a layer and those that read it."""
    layer, block = _weighted(node, state)
    after = [_weighted(one, state) for one in followers.layers]
    if layer is None or block is None or not _is_trained(getattr(layer, "bias", None), state):
        return
    if any(one is None or not _is_trained(one.weight, state) for one, _ in after):
        return
    sparse = [one.name for _, one in after if one is not None and _is_sparse(one)]
    if _is_sparse(block) and not after and followers.norms:
        found.setdefault("norm", []).append(f"{block.name} (before {label(followers.norms[0])})")
    elif (
        _is_sparse(block) and after and all(_is_free(one.weight, state) for one, _ in after if one)
    ):
        reader = label(followers.layers[0])
        found.setdefault("after", []).append(f"{block.name} (before {reader})")
    elif sparse and _is_free(layer.weight, state) and _is_free(getattr(layer, "bias", None), state):
        why = "scale" if isinstance(layer, _NORMS) else "before"
        found.setdefault(why, []).append(f"{sparse[0]} (after {label(node)})")


def _follow(node: fx.Node, followers: _Followers) -> None:
    """Collect what reads a value, through what hands it on."""
    if not node.users:
        followers.are_all = False
    for user in node.users:
        layer = layer_of(user)
        if isinstance(layer, _LINEAR):
            followers.layers.append(user)
        elif isinstance(layer, _NORMS):
            followers.norms.append(user)
        elif isinstance(layer, _HOMOGENEOUS) or _is_view(user, node):
            _follow(user, followers)
        elif not _is_size(user):
            followers.are_all = False


def _weighted(node: fx.Node, state: dict[int, Block]) -> tuple[nn.Module | None, Block | None]:
    """Return the layer of a node if it has a weight, and what that weight gets."""
    layer = layer_of(node)
    weight = getattr(layer, "weight", None)
    return (None, None) if weight is None else (layer, state.get(id(weight)))


def _is_sparse(block: Block) -> bool:
    penalty = block.penalty
    return penalty is not None and (penalty.l1 > 0.0 or penalty.group > 0.0)


def _is_trained(parameter: object, state: dict[int, Block]) -> bool:
    """Return whether a parameter can change; a bias that is None need not."""
    block = state.get(id(parameter))
    if parameter is None:
        return True
    if not isinstance(parameter, Parameter) or block is None:
        return False
    return parameter.requires_grad and block.position >= 0


def _is_free(parameter: object, state: dict[int, Block]) -> bool:
    """Return whether a parameter can change and nothing holds it back."""
    if parameter is None:
        return True
    if not _is_trained(parameter, state):
        return False
    block = state[id(parameter)]
    return block.penalty is None and block.weight_decay == 0.0


def _is_view(user: fx.Node, source: fx.Node) -> bool:
    return user.op == "call_method" and user.target in _METHODS and user.args[0] is source


def _is_size(user: fx.Node) -> bool:
    if user.op == "call_function":
        return user.target is getattr and user.args[1] == "shape"
    return user.op == "call_method" and user.target in ("size", "dim")
