"""A network as plain data: layers by kind and arguments, and the graph that joins them.

Only the layers and operations that are listed here are described or made, so that a description
from elsewhere can ask for nothing else.
"""

from __future__ import annotations

import inspect
import keyword
import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn
from torch.nn import Parameter

from shrinkage.errors import ArgumentError, listed
from shrinkage.torch.graph import KeptInputs

# Stock layers whose arguments are attributes of the same names.
_KINDS: dict[str, type[nn.Module]] = {
    kind.__name__: kind
    for kind in (
        *(nn.Linear, nn.Bilinear, nn.Embedding, nn.PReLU, nn.Identity, nn.Flatten, nn.Unflatten),
        *(nn.Conv1d, nn.Conv2d, nn.Conv3d),
        *(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
        *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm),
        *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
        *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU),
        *(nn.Mish, nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Tanhshrink, nn.Softplus, nn.Softsign),
        *(nn.Softshrink, nn.Hardshrink, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Threshold),
        *(nn.GLU, nn.Softmax, nn.LogSoftmax, nn.Softmax2d),
        *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
        nn.FeatureAlphaDropout,
        *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
        *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
        *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
        *(nn.Upsample, nn.ZeroPad1d, nn.ZeroPad2d, nn.PixelShuffle, nn.PixelUnshuffle),
    )
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"operator.{f.__name__}": f for f in (operator.add, operator.sub, operator.mul)},
    **{f"operator.{f.__name__}": f for f in (operator.truediv, operator.neg, operator.matmul)},
    **{f"operator.{f.__name__}": f for f in (operator.getitem, operator.iadd, operator.imul)},
    **{
        f"torch.{name}": getattr(torch, name)
        for name in (
            *("add", "sub", "mul", "div", "matmul", "bmm", "cat", "concat", "stack", "flatten"),
            *("mean", "sum", "amax", "amin", "abs", "exp", "log", "sqrt", "square", "clamp"),
            *("relu", "tanh", "sigmoid", "softmax", "log_softmax", "squeeze", "unsqueeze"),
            *("transpose", "permute", "reshape", "chunk", "split", "index_select", "maximum"),
        )
    },
    **{
        f"F.{name}": getattr(F, name)
        for name in (
            *("relu", "gelu", "silu", "elu", "leaky_relu", "softmax", "log_softmax", "pad"),
            *("normalize", "interpolate", "scaled_dot_product_attention", "softplus", "glu"),
        )
    },
    "getattr": getattr,
}
_METHODS = frozenset(
    (
        *("view", "reshape", "flatten", "permute", "transpose", "squeeze", "unsqueeze", "expand"),
        *("contiguous", "mean", "sum", "amax", "amin", "size", "dim", "chunk", "split", "add"),
        *("mul", "sub", "div", "matmul", "relu", "tanh", "sigmoid", "softmax", "abs", "clamp"),
    )
)
_ATTRIBUTES = ("shape", "ndim", "T", "mT")
_NAMES = {id(function): name for name, function in _FUNCTIONS.items()}


def describe(module: nn.Module, name: str = "") -> dict[str, Any]:
    """Return a network as data: its kind, its arguments and the layers in it.

    Parameters
    ----------
    module : torch.nn.Module
    name : str
        Where it stands, for the message.

    Raises
    ------
    ArgumentError
        If a layer or operation in it is not listed.
    """
    kind = type(module)
    if module._forward_hooks or module._forward_pre_hooks:
        raise ArgumentError.cannot("network", f"have hooks, as {name or 'it'} has")
    if kind is nn.Sequential:
        return {"kind": "Sequential", "layers": _children(module, name)}
    if isinstance(module, KeptInputs):
        n_kept = module.index.numel()
        return {"kind": "KeptInputs", "arguments": {"n_kept": n_kept, "axis": module.axis}}
    if isinstance(module, fx.GraphModule) or kind is nn.Module:
        # A graph, or a folder of layers inside one; either may hold tensors of its own.
        layers, tensors = _children(module, name), _own_tensors(module)
        folder = {"kind": "Module", "layers": layers, "tensors": tensors}
        if not isinstance(module, fx.GraphModule):
            return folder
        return {**folder, "kind": "Graph", "nodes": [_node(node) for node in module.graph.nodes]}
    if _KINDS.get(kind.__name__) is not kind:
        failure = f"hold {name or 'it'}, of type {kind.__name__}, which is no layer that can be"
        hint = "torch.save(network.state_dict(), file), and make the class again to load it"
        raise ArgumentError.cannot("network", f"{failure} described as data", hint)
    return {"kind": kind.__name__, "arguments": _arguments(module)}


def _children(module: nn.Module, name: str) -> list[list[Any]]:
    return [
        [key, describe(child, f"{name}.{key}" if name else key)]
        for key, child in module._modules.items()
        if child is not None
    ]


def _own_tensors(module: nn.Module) -> dict[str, Any]:
    """Return the shape of each tensor of a module itself, and whether it is a parameter."""
    tensors = {**module._parameters, **module._buffers}
    return {
        name: [list(tensor.shape), isinstance(tensor, Parameter)]
        for name, tensor in tensors.items()
        if tensor is not None
    }


def _arguments(module: nn.Module) -> dict[str, Any]:
    """Return the arguments of a stock layer's constructor, from its attributes."""
    arguments = {}
    for parameter in inspect.signature(type(module)).parameters.values():
        is_plain = parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        name = parameter.name
        if not is_plain or not hasattr(module, name) or name in ("device", "dtype"):
            continue
        value = getattr(module, name)
        arguments[name] = value is not None if name == "bias" else _plain(value)
    return arguments


def _plain(value: Any) -> Any:
    """Return sizes and the like as plain data, which the file may hold."""
    if isinstance(value, (tuple, list)):
        parts = [_plain(part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ArgumentError.must("network", "have arguments that are numbers or text", value)


def _node(node: fx.Node) -> dict[str, Any]:
    """Return a node of a graph as data."""
    target: Any = node.target
    if node.op == "call_function":
        target = _NAMES.get(id(node.target))
        is_known = target is not None and (target != "getattr" or node.args[1] in _ATTRIBUTES)
    else:
        is_known = node.op != "call_method" or target in _METHODS
    if not is_known:
        failure = f"hold the operation {node.name}, which can't be described as data"
        hint = "torch.save(network.state_dict(), file), and make the class again to load it"
        raise ArgumentError.cannot("network", failure, hint)
    args, kwargs = _encoded(node.args), _encoded(dict(node.kwargs))
    return {"name": node.name, "op": node.op, "target": target, "args": args, "kwargs": kwargs}


def _encoded(value: Any) -> Any:
    if isinstance(value, fx.Node):
        return {"node": value.name}
    if isinstance(value, slice):
        return {"slice": [_encoded(part) for part in (value.start, value.stop, value.step)]}
    if isinstance(value, dict):
        return {"dict": [[key, _encoded(part)] for key, part in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(part) for part in value]}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    if value is Ellipsis:
        return {"ellipsis": True}
    return _plain(value)


def _decoded(value: Any, nodes: dict[str, fx.Node]) -> Any:
    if isinstance(value, list):
        return [_decoded(part, nodes) for part in value]
    if not isinstance(value, dict):
        return _plain(value)
    (kind, content), *_ = value.items()
    if kind == "node":
        return nodes[content]
    if kind == "slice":
        return slice(*(_decoded(part, nodes) for part in content))
    if kind == "dict":
        return {str(key): _decoded(part, nodes) for key, part in content}
    if kind == "tuple":
        return tuple(_decoded(part, nodes) for part in content)
    return Ellipsis


def make(description: dict[str, Any]) -> nn.Module:
    """Return a network from its description, with empty tensors.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        If it is no description; nothing in it is run.
    """
    kind = description["kind"]
    if kind == "KeptInputs":
        arguments = description["arguments"]
        index = torch.empty(int(arguments["n_kept"]), dtype=torch.int64)
        return KeptInputs(index, int(arguments["axis"]))
    if kind in ("Sequential", "Module", "Graph"):
        module = nn.Sequential() if kind == "Sequential" else nn.Module()
        for name, layer in description["layers"]:
            module.add_module(str(name), make(layer))
        for name, (shape, is_parameter) in description.get("tensors", {}).items():
            empty = torch.empty(shape)
            if is_parameter:
                module.register_parameter(name, Parameter(empty))
            else:
                module.register_buffer(name, empty)
        return _graph(module, description) if kind == "Graph" else module
    if kind not in _KINDS:
        known = listed(sorted(_KINDS), len(_KINDS))
        raise ValueError(f"a layer of kind {kind!r} is none of {known}")
    return _KINDS[kind](**description["arguments"])


def _graph(root: nn.Module, description: dict[str, Any]) -> fx.GraphModule:
    graph = fx.Graph()
    nodes: dict[str, fx.Node] = {}
    for entry in description["nodes"]:
        op, name = entry["op"], entry["name"]
        args, kwargs = _decoded(entry["args"], nodes), _decoded(entry["kwargs"], nodes)
        target = _target(op, entry["target"], args)
        if not all(map(_is_name, (name, *kwargs))):
            raise ValueError(f"the names at node {name!r} are not proper")
        nodes[name] = graph.create_node(op, target, args, kwargs, name=name)
    return fx.GraphModule(root, graph)


def _target(op: str, target: Any, args: Any) -> Any:
    """Return what a node calls, if it is listed: names become part of the graph's code."""
    if op == "call_function" and target in _FUNCTIONS:
        is_known = target != "getattr" or args[1] in _ATTRIBUTES
        target = _FUNCTIONS[target]
    elif op in ("call_module", "get_attr"):
        is_known = all(part.isdecimal() or _is_name(part) for part in target.split("."))
    elif op == "call_method":
        is_known = target in _METHODS
    else:
        is_known = (op == "placeholder" and _is_name(target)) or (op, target) == ("output",) * 2
    if not is_known:
        raise ValueError(f"{op} {target!r} is not known")
    return target


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and text.isidentifier() and not keyword.iskeyword(text)
