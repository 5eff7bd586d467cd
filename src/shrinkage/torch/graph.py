"""A network as a graph of layers: who feeds whom, traced by `torch.fx`.

Functions and methods that a stock layer also does (`F.relu(x)`, `x.flatten(1)`) are made that
layer, so that whoever reads the graph has one form to know.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn


class Untraceable(Exception):
    """A network cannot be written as a graph; the message says why."""


class KeptInputs(nn.Module):
    """Select some entries of an input; stands before the first layer of a smaller network.

    Parameters
    ----------
    index : tensor of int64
        The entries that are kept.
    axis : int
        Where they are counted.
    """

    index: Tensor

    def __init__(self, index: Tensor, axis: int) -> None:
        super().__init__()
        self.register_buffer("index", index)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Return the kept entries of x."""
        return x.index_select(self.axis, self.index)

    def extra_repr(self) -> str:
        """Return how many entries are kept."""
        return f"n_kept={self.index.numel()}, axis={self.axis}"


def trace(model: nn.Module) -> fx.GraphModule:
    """Return a network in eval mode as a graph of stock layers; the model is not changed.

    The graph shares the model's parameters. Modules that cannot be traced stay whole.

    Raises
    ------
    Untraceable
        If the forward of the model itself cannot be traced, for example because it branches on
        the values of its input.
    """
    model = getattr(model, "_orig_mod", model)
    if model._forward_hooks or model._forward_pre_hooks:
        raise Untraceable("it has forward hooks, which a graph would leave out")
    try:
        model = shell(model).eval()
        tracer = _Tracer()
        root: nn.Module = model if not tracer.is_leaf_module(model, "") else nn.Sequential(model)
        traced = fx.GraphModule(root, tracer.trace(root))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Untraceable(reason) from error
    _as_layers(traced)
    return traced


def shell(model: nn.Module) -> nn.Module:
    """Return a copy of a model that shares its tensors, so that tracing leaves no trace in it."""
    tensors = [*model.parameters(), *model.buffers(), *loose_tensors(model)]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})


def loose_tensors(model: nn.Module) -> list[Tensor]:
    """Return tensors that are plain attributes: weights that a hook computes, for example."""
    return [
        value
        for module in model.modules()
        for value in vars(module).values()
        if isinstance(value, Tensor)
    ]


def layer_of(node: fx.Node) -> nn.Module | None:
    """Return the layer that a node calls on one value and nothing else, or None."""
    if node.op != "call_module" or len(node.args) != 1 or node.kwargs:
        return None
    if not isinstance(node.args[0], fx.Node):
        return None
    module = node.graph.owning_module
    assert module is not None
    return module.get_submodule(str(node.target))


def label(node: fx.Node) -> str:
    """Return what a user would call a node."""
    if node.op == "call_module":
        return str(node.target)
    return "the output" if node.op == "output" else f"{_function(node)} ({node.name})"


def shared_layers(graph: fx.GraphModule) -> set[str]:
    """Return the targets of layers whose parameters are used in more than one place."""
    targets = [str(n.target) for n in graph.graph.nodes if n.op == "call_module"]
    homes: dict[int, set[str]] = {}
    for position, target in enumerate(targets):
        for tensor in graph.get_submodule(target).parameters():
            homes.setdefault(id(tensor), set()).add(f"{position} {target}")
    for node in graph.graph.nodes:
        if node.op == "get_attr":
            homes.setdefault(id(_attribute(graph, str(node.target))), set()).add("")
    return {use.split(" ", 1)[1] for uses in homes.values() if len(uses) > 1 for use in uses if use}


def shapes_of(graph: fx.GraphModule, inputs: Sequence[Any]) -> dict[fx.Node, tuple[int, ...]]:
    """Return the shape of each tensor that flows in the graph, by running it once."""
    runner = _Shapes(graph)
    runner.run(*inputs)
    return runner.shapes


def views_to_flatten(graph: fx.GraphModule, shapes: dict[fx.Node, tuple[int, ...]]) -> None:
    """Replace `x.view(len(x), -1)` and its kin, which hold a size, by `Flatten`."""
    for node in list(graph.graph.nodes):
        if node.op == "call_method" and node.target in ("view", "reshape"):
            source, sizes = node.args[0], node.args[1:]
            if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
                sizes = tuple(sizes[0])
            before, after = shapes.get(source), shapes.get(node)
            if before and after and len(sizes) == 2 and _keeps_rows(sizes, source, before, after):
                shapes[_replace(graph, node, nn.Flatten())] = after
    graph.graph.eliminate_dead_code()
    graph.recompile()


class _Tracer(fx.Tracer):
    def __init__(self) -> None:
        super().__init__()
        self._is_whole: dict[int, bool] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if super().is_leaf_module(m, module_qualified_name) or isinstance(m, KeptInputs):
            return True
        if id(m) not in self._is_whole:
            self._is_whole[id(m)] = module_qualified_name != "" and not _is_traceable(m)
        return self._is_whole[id(m)]


class _Shapes(fx.Interpreter):
    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.shapes: dict[fx.Node, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:
        out = super().run_node(n)
        if isinstance(out, Tensor):
            self.shapes[n] = tuple(out.shape)
        return out


def _is_traceable(module: nn.Module) -> bool:
    try:
        _Tracer().trace(module)
    except Exception:
        return False
    return True


# The layer for a function, and the names of the function's arguments after the input.
_SLOPE, _NONE = ("negative_slope", "inplace"), ("inplace",)
_MAX = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVG1 = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
_AVG2 = (*_AVG1, "divisor_override")
_SIZE = ("output_size",)
_LAYERS: dict[Any, tuple[type[nn.Module], tuple[str, ...]]] = {
    F.relu: (nn.ReLU, _NONE),
    torch.relu: (nn.ReLU, ()),
    "relu": (nn.ReLU, ()),
    F.leaky_relu: (nn.LeakyReLU, _SLOPE),
    F.relu6: (nn.ReLU6, _NONE),
    F.elu: (nn.ELU, ("alpha", "inplace")),
    F.selu: (nn.SELU, _NONE),
    F.gelu: (nn.GELU, ("approximate",)),
    F.silu: (nn.SiLU, _NONE),
    F.mish: (nn.Mish, _NONE),
    F.softplus: (nn.Softplus, ("beta", "threshold")),
    F.hardswish: (nn.Hardswish, _NONE),
    F.hardtanh: (nn.Hardtanh, ("min_val", "max_val", "inplace")),
    F.logsigmoid: (nn.LogSigmoid, ()),
    F.softsign: (nn.Softsign, ()),
    F.tanh: (nn.Tanh, ()),
    torch.tanh: (nn.Tanh, ()),
    "tanh": (nn.Tanh, ()),
    F.sigmoid: (nn.Sigmoid, ()),
    torch.sigmoid: (nn.Sigmoid, ()),
    "sigmoid": (nn.Sigmoid, ()),
    F.dropout: (nn.Dropout, ("p", "training", "inplace")),
    F.dropout2d: (nn.Dropout2d, ("p", "training", "inplace")),
    F.max_pool1d: (nn.MaxPool1d, _MAX),
    F.max_pool2d: (nn.MaxPool2d, _MAX),
    F.avg_pool1d: (nn.AvgPool1d, _AVG1),
    F.avg_pool2d: (nn.AvgPool2d, _AVG2),
    F.adaptive_avg_pool1d: (nn.AdaptiveAvgPool1d, _SIZE),
    F.adaptive_avg_pool2d: (nn.AdaptiveAvgPool2d, _SIZE),
    F.adaptive_max_pool1d: (nn.AdaptiveMaxPool1d, (*_SIZE, "return_indices")),
    F.adaptive_max_pool2d: (nn.AdaptiveMaxPool2d, (*_SIZE, "return_indices")),
    F.softmax: (nn.Softmax, ("dim",)),
    torch.softmax: (nn.Softmax, ("dim",)),
    "softmax": (nn.Softmax, ("dim",)),
    F.log_softmax: (nn.LogSoftmax, ("dim",)),
    torch.log_softmax: (nn.LogSoftmax, ("dim",)),
    "log_softmax": (nn.LogSoftmax, ("dim",)),
    torch.flatten: (nn.Flatten, ("start_dim", "end_dim")),
    "flatten": (nn.Flatten, ("start_dim", "end_dim")),
    "contiguous": (nn.Identity, ()),
}

_IGNORED = ("_stacklevel", "dtype")


def _as_layers(graph: fx.GraphModule) -> None:
    for node in list(graph.graph.nodes):
        known = node.op in ("call_function", "call_method") and node.target in _LAYERS
        if known and node.args and isinstance(node.args[0], fx.Node):
            layer = _layer(node)
            if layer is not None:
                _replace(graph, node, layer)
    graph.recompile()


def _layer(node: fx.Node) -> nn.Module | None:
    kind, names = _LAYERS[node.target]
    given = {name: value for name, value in node.kwargs.items() if name not in _IGNORED}
    if len(node.args) - 1 > len(names) or set(given) - set(names) or node.kwargs.get("dtype"):
        return None
    arguments = dict(zip(names, node.args[1:], strict=False)) | given
    if any(isinstance(value, fx.Node) for value in arguments.values()):
        return None
    if "training" in names and arguments.pop("training", True) is not False:
        return None
    if "dim" in names and arguments.get("dim") is None:
        return None
    if kind is nn.Flatten:
        arguments.setdefault("start_dim", 0)
    layer = kind(**arguments)
    return layer.eval()


def _replace(graph: fx.GraphModule, node: fx.Node, layer: nn.Module) -> fx.Node:
    """Call a layer in place of a function; its name says in which module the function stood."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    home = f"{stack[-1][0]}." if stack and stack[-1][0] else ""
    name, k = f"{home}{_function(node)}", 1
    while not _is_free(graph, name):
        name, k = f"{home}{_function(node)}_{k}", k + 1
    graph.add_submodule(name, layer)
    with graph.graph.inserting_before(node):
        new = graph.graph.call_module(name, (node.args[0],))
    new.meta = dict(node.meta)
    node.replace_all_uses_with(new)
    graph.graph.erase_node(node)
    return new


def _is_free(graph: fx.GraphModule, name: str) -> bool:
    at: Any = graph
    *path, last = name.split(".")
    for part in path:
        at = getattr(at, part, None)
        if at is None:
            return True
        if not isinstance(at, nn.Module):
            return False
    return not hasattr(at, last) and not hasattr(nn.Sequential, last)


def _function(node: fx.Node) -> str:
    target: Callable[..., Any] | str = node.target
    return target if isinstance(target, str) else getattr(target, "__name__", str(target))


def _keeps_rows(
    sizes: Sequence[Any], source: fx.Node, before: tuple[int, ...], after: tuple[int, ...]
) -> bool:
    rows, rest = sizes
    if len(after) != 2 or len(before) < 2 or after[0] != before[0]:
        return False
    if isinstance(rows, fx.Node):
        return rest == -1 and _is_length(rows, source)
    return bool(rows == -1 and isinstance(rest, int))


def _is_length(node: fx.Node, source: fx.Node) -> bool:
    """Return whether a node is `source.size(0)`, `source.shape[0]` or `len(source)`."""
    if node.op == "call_method" and node.target == "size":
        return node.args == (source, 0)
    if node.op == "call_function" and node.target is operator.getitem and node.args[1] == 0:
        shape = node.args[0]
        assert isinstance(shape, fx.Node)
        return is_shape(shape) and shape.args[0] is source
    return False


def is_shape(node: fx.Node) -> bool:
    """Return whether a node is `x.shape` or `x.size()`."""
    if node.op == "call_function" and node.target is getattr:
        return node.args[1] == "shape"
    return node.op == "call_method" and node.target == "size" and len(node.args) == 1


def _attribute(module: nn.Module, path: str) -> Any:
    at: Any = module
    for part in path.split("."):
        at = getattr(at, part)
    return at
