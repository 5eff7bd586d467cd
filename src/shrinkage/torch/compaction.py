"""Remove from a network what its zeros have made superfluous, without changing its outputs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.parameter import is_lazy

from shrinkage._validate import check_count
from shrinkage.errors import ArgumentError, DataWarning, Phrase, warn
from shrinkage.torch.equality import check_same, tensors_of
from shrinkage.torch.graph import Untraceable, loose_tensors, shapes_of, trace, views_to_flatten
from shrinkage.torch.report import Report, cost, timed
from shrinkage.torch.units import Units


def compact(
    model: nn.Module, example_inputs: Any, *, n_repeats: int = 20
) -> tuple[nn.Module, Report]:
    """Return a smaller network with the same outputs, and a report of what was removed.

    A unit or channel goes if all weights that leave it are zero, or if it is constant (no
    incoming weight, or a batch norm of scale 0) and the bias of the next layer can take the
    constant over; so do the units before it that mattered to nothing else. This is exact in
    eval mode, through Linear, Conv1d, Conv2d (depthwise, too), BatchNorm1d, BatchNorm2d, PReLU
    and entry-wise activations, pooling, dropout, flatten and identity, as modules or functions.
    At anything else (sums, concatenation, layer norm, attention, layers used twice) the units
    stay, and the report says why. No layer is emptied: one unit stays.

    Parameters
    ----------
    model : torch.nn.Module
        With finite weights. It is not changed.
    example_inputs : tensor, or tuple of what the model is called with
        A small batch; its shapes decide how units are laid out.
    n_repeats : int >= 0, default 20
        Timed calls of each network, of which the report has the median; 0 times nothing.

    Returns
    -------
    small : torch.nn.Module
        For a chain of layers a `Sequential`, nested and named as the model was; otherwise a
        `torch.fx.GraphModule`. It takes the same inputs: where entries of an input went, a
        first layer selects those that are kept. Same device, dtypes and training mode; it can
        be trained on, and in training mode the batch statistics of the channels that stayed are
        what they were.
    report : Report

    Raises
    ------
    ArgumentError
        If the model cannot be called with the example inputs, or has NaN or infinite weights; if
        the outputs differ by more than 1e-6 of the largest (float64: 1e-10; half precision: ten
        times the rounding of the model itself), which happens for a model that draws random
        numbers in eval mode.

    Warns
    -----
    DataWarning
        If the model cannot be traced; then `small` is a copy.

    Notes
    -----
    Cost: some ten calls of the model, and a copy. Weights that are zero one by one, in no whole
    row, column or filter, stay: they cost as much as others.

    Examples
    --------
    >>> import torch
    >>> from shrinkage.torch import compact
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)
    ... )
    >>> with torch.no_grad():
    ...     model[2].weight[:, 1:3] = 0
    ...     model[0].weight[:, 2] = 0
    >>> small, report = compact(model, torch.ones(2, 3), n_repeats=0)
    >>> report.units
    (('input', 3, 2), ('0', 4, 2), ('2', 1, 1))
    """
    # A compiled model is made smaller as the model that it was.
    model = getattr(model, "_orig_mod", model)
    inputs = _checked_inputs(example_inputs)
    n_repeats = check_count("n_repeats", n_repeats, 0)
    original = _copied(model)
    outputs = _outputs(original, inputs)
    with torch.no_grad():
        small, units = _smaller(original, inputs)
        difference = check_same(original, small, inputs, outputs)
    _restore_modes(model, small)
    modes = [(module, module.training) for module in small.modules()]
    small.eval()
    before, after = timed([original, small], inputs, n_repeats)
    costs = cost(original, inputs, before), cost(small, inputs, after)
    for module, mode in modes:
        module.training = mode
    rows = units.rows()
    return small, Report(*costs, rows, units.kept_inputs(), tuple(units.left), difference)


def _smaller(original: nn.Module, inputs: Sequence[Any]) -> tuple[nn.Module, Units]:
    """Return the smaller network and what became of its units."""
    try:
        graph = trace(original)
        shapes = _shapes(graph, inputs)
    except Untraceable as error:
        warn(f"compact: the model can't be traced, so nothing was removed: {error}", DataWarning)
        units = Units()
        units.left.append(("the model", f"torch.fx can't trace it: {error}"))
        return copy.deepcopy(original), units
    views_to_flatten(graph, shapes)
    units = Units()
    units.look_forwards(graph, shapes)
    units.look_backwards(graph)
    units.cut(graph)
    graph.delete_all_unused_submodules()
    graph.recompile()
    chain = _chain(graph)
    return (graph if chain is None else chain), units


def _shapes(graph: fx.GraphModule, inputs: Sequence[Any]) -> dict[fx.Node, tuple[int, ...]]:
    try:
        return shapes_of(graph, inputs)
    except Exception as error:
        raise Untraceable(str(error).splitlines()[0]) from error


def _chain(graph: fx.GraphModule) -> nn.Sequential | None:
    """Return a graph without branches as a `Sequential`; None if it has some."""
    layers: list[tuple[str, nn.Module]] = []
    last: fx.Node | None = None
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            if last is not None:
                return None
        elif node.op == "output":
            if node.args[0] is not last:
                return None
        elif node.op != "call_module" or node.args != (last,) or node.kwargs:
            return None
        else:
            layer = graph.get_submodule(str(node.target))
            if any(str(node.target) == name for name, _ in layers):
                if next(layer.parameters(), None) is not None:
                    return None
                layers.append((str(node.name), copy.deepcopy(layer)))
            else:
                layers.append((str(node.target), layer))
        last = node
    return _nested(layers) or _flat(layers)


def _nested(layers: Sequence[tuple[str, nn.Module]]) -> nn.Sequential | None:
    """Return layers named a.b inside a `Sequential` a; None if the order or a name forbids it."""
    made = nn.Sequential()
    done: set[str] = set()
    k = 0
    while k < len(layers):
        head, _, rest = layers[k][0].partition(".")
        if head in done or hasattr(nn.Sequential, head):
            return None
        done.add(head)
        if not rest:
            made.add_module(head, layers[k][1])
            k += 1
            continue
        inner = []
        while k < len(layers) and layers[k][0].startswith(f"{head}."):
            inner.append((layers[k][0].partition(".")[2], layers[k][1]))
            k += 1
        part = _nested(inner)
        if part is None:
            return None
        made.add_module(head, part)
    return made


def _flat(layers: Sequence[tuple[str, nn.Module]]) -> nn.Sequential:
    made = nn.Sequential()
    for k, (name, layer) in enumerate(layers):
        made.add_module(f"{k}_{name.replace('.', '_')}", layer)
    return made


def _checked_inputs(example_inputs: Any) -> tuple[Any, ...]:
    is_many = isinstance(example_inputs, (tuple, list))
    inputs = tuple(example_inputs) if is_many else (example_inputs,)
    if not any(isinstance(value, Tensor) for value in inputs):
        requirement = "a tensor, or a tuple of what the model is called with"
        raise ArgumentError.must_be("example_inputs", requirement, example_inputs)
    for value in inputs:
        if isinstance(value, Tensor) and not bool(value.isfinite().all()):
            raise ArgumentError.must_be("example_inputs", "finite", Phrase("NaN or infinity"))
    return inputs


def _copied(model: nn.Module) -> nn.Module:
    """Return a copy in eval mode of a model, whose weights must be finite."""
    if not isinstance(model, nn.Module):
        raise ArgumentError.must_be("model", "a torch.nn.Module", model)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if is_lazy(tensor):
            hint = "call it once, so that its layers know their sizes"
            raise ArgumentError.must("model", "be initialised", Phrase(f"a lazy {name}"), hint)
        if not bool(tensor.isfinite().all()):
            got = Phrase(f"NaN or infinity in {name}")
            raise ArgumentError.must("model", "have finite weights", got)
    try:
        # Only leaves can be copied; what a hook computed is computed again.
        computed = {id(t): t.detach().clone() for t in loose_tensors(model)}
        return copy.deepcopy(model, computed).eval()
    except Exception as error:
        raise ArgumentError.cannot("model", f"be copied: {error}") from error


def _outputs(model: nn.Module, inputs: Sequence[Any]) -> list[Tensor]:
    try:
        with torch.no_grad():
            outputs = tensors_of(model(*inputs))
    except Exception as error:
        failure = f"be what the model is called with: {error}"
        raise ArgumentError.cannot("example_inputs", failure) from error
    if not outputs:
        raise ArgumentError.must("model", "return a tensor, or some in a tuple, list or dict")
    return outputs


def _restore_modes(model: nn.Module, small: nn.Module) -> None:
    """Give each layer the mode of its namesake, the others that of the model."""
    modes = {name: module.training for name, module in model.named_modules()}
    for name, module in small.named_modules():
        module.training = modes.get(name, model.training)
