"""Follow the units of a network along its graph: which may go, and remove them."""

from __future__ import annotations

import operator
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from shrinkage.torch.graph import KeptInputs, is_shape, label, layer_of, shared_layers
from shrinkage.torch.layers import op_of
from shrinkage.torch.mixing import Mixing
from shrinkage.torch.removal import Flatten, Op, Selection, Space, Value, fresh

Shapes = dict[fx.Node, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Step:
    """A layer that is understood: what it is given, and what it makes."""

    op: Op
    given: Value
    made: Value
    shape: tuple[int, ...]


class Units:
    """The units of a network, in the order of its graph.

    Attributes
    ----------
    left : list of (where, why)
        What had to stay, and where the search stopped.
    """

    def __init__(self) -> None:
        self.left: list[tuple[str, str]] = []
        self._values: dict[fx.Node, Value] = {}
        self._steps: dict[fx.Node, Step] = {}
        self._reasons: dict[fx.Node, str] = {}
        self._inputs: dict[fx.Node, Value] = {}

    def look_forwards(self, graph: fx.GraphModule, shapes: Shapes) -> None:
        """Find units and constants, from the inputs to the outputs."""
        shared = shared_layers(graph)
        for node in graph.graph.nodes:
            if node not in shapes:
                continue
            if node.op == "placeholder":
                axis = _axis_of_input(node, shapes[node])
                if axis is not None:
                    self._add_input(node, shapes[node][axis], axis, _like(graph))
            elif str(node.target) in shared:
                self._reasons[node] = "its parameters are used in more than one place"
            elif (module := layer_of(node)) is not None:
                self._add_layer(node, module, shapes, graph)
            else:
                self._reasons[node] = _why_not(node)

    def look_backwards(self, graph: fx.GraphModule) -> None:
        """Find what is needed, from the outputs to the inputs, and decide what stays."""
        needed: dict[fx.Node, Tensor] = {}
        for node in reversed(list(graph.graph.nodes)):
            value = self._values.get(node)
            if value is None:
                continue
            here = torch.zeros_like(value.is_fixed)
            for user in node.users:
                step = self._steps.get(user)
                if step is not None:
                    here |= step.op.needs(needed[user], step.given, step.shape)
                elif not _asks_only_for(user, value.axis):
                    here |= True
                    self._note(user)
            needed[node] = here
            value.space.needed[value.place[here]] = True
        for space in self._spaces():
            if not bool(space.needed.any()):
                space.needed[0] = True
                self.left.append((space.name, "nothing depends on it; one unit stays"))
            space.kept = space.needed.nonzero().squeeze(1)
        self._note_padding(needed)

    def cut(self, graph: fx.GraphModule) -> None:
        """Remove what does not stay from the layers, in place."""
        for step in self._steps.values():
            given, made = step.given, step.made
            if len(given.kept()) < len(given.place) or len(made.kept()) < len(made.place):
                step.op.cut(given, made.kept() if step.op.makes_units else given.kept())
        for node, value in self._inputs.items():
            if len(value.space.kept) < value.space.size:
                _select_after(graph, node, value)

    def rows(self) -> tuple[tuple[str, int, int], ...]:
        """Return the name of each set of units, how many there were and how many stay."""
        return tuple((s.name, s.size, len(s.kept)) for s in self._spaces())

    def kept_inputs(self) -> dict[str, tuple[int, ...]]:
        """Return which entries of each input stay, if not all do."""
        found = {
            value.space.name: tuple(value.space.kept.tolist())
            for value in self._inputs.values()
            if len(value.space.kept) < value.space.size
        }
        for step in self._steps.values():
            if isinstance(step.op, Selection):
                found[step.given.space.name] = tuple(step.op.module.index.tolist())
        return found

    def _add_input(self, node: fx.Node, size: int, axis: int, like: Tensor) -> None:
        value = fresh(size, axis, like)
        source = node if node.op == "placeholder" else node.all_input_nodes[0]
        value.space.name = str(source.target)
        self._values[node] = self._inputs[node] = value

    def _add_layer(
        self, node: fx.Node, module: nn.Module, shapes: Shapes, graph: fx.GraphModule
    ) -> None:
        op, source = op_of(module), node.all_input_nodes[0]
        if isinstance(op, Op) and getattr(module, "inplace", False) and len(source.users) > 1:
            op = "it changes in place what others read, too"
        if isinstance(op, str):
            self._reasons[node] = op
            return
        given, shape = self._values.get(source), shapes[source]
        if given is None and isinstance(op, Flatten) and source.op == "placeholder":
            if module.start_dim == 1 and len(shapes[node]) == 2:
                self._add_input(node, shapes[node][1], 1, _like(graph))
            return
        if given is None and isinstance(op, Mixing):
            # Beyond a barrier: its inputs stay, but its outputs are units again.
            axis = op.axis(shape)
            given = fresh(shape[axis], axis, op.module.weight.detach())
            given.space.needed[:] = True
            given.space.kept = given.place
        if given is None:
            return
        refusal = op.refusal(given.axis, shape)
        if refusal is not None:
            self._reasons[node] = refusal
            return
        made = op.forward(given, shape)
        if op.makes_units:
            made.space.name = label(node)
        self._values[node] = made
        self._steps[node] = Step(op, given, made, shape)

    def _spaces(self) -> list[Space]:
        return list({id(v.space): v.space for v in self._values.values()}.values())

    def _note(self, node: fx.Node) -> None:
        entry = (label(node), self._reasons.get(node, _why_not(node)))
        if node.op != "output" and entry not in self.left:
            self.left.append(entry)

    def _note_padding(self, needed: dict[fx.Node, Tensor]) -> None:
        """Say where a constant unit stays because a convolution pads it with zeros."""
        for node, step in self._steps.items():
            if isinstance(step.op, Mixing):
                wanted = step.op.needs(needed[node], step.given, step.shape)
                n_stuck = int((step.given.is_fixed & wanted).sum())
                if n_stuck:
                    why = f"{n_stuck} constant channels stay: zero padding meets them at the border"
                    self.left.append((label(node), why))


def _axis_of_input(node: fx.Node, shape: tuple[int, ...]) -> int | None:
    """Return the axis along which an input's entries are its features, by who reads them."""
    wanted = set()
    for user in node.users:
        if is_shape(user) or user.target in ("size", "dim"):
            continue
        module = layer_of(user)
        op = None if module is None else op_of(module)
        if isinstance(op, Mixing):
            wanted.add(op.axis(shape))
        elif isinstance(op, Flatten) and len(shape) > 2:
            wanted.add(-1)
        elif isinstance(op, Selection):
            wanted.add(op.module.axis)
        elif isinstance(op, Op) and type(op) is Op:
            inner = _axis_of_input(user, shape)
            wanted.add(-1 if inner is None else inner)
        else:
            wanted.add(1)
    axis = wanted.pop() if len(wanted) == 1 else -1
    return axis if 0 <= axis < len(shape) else None


def _asks_only_for(user: fx.Node, axis: int) -> bool:
    """Return whether a node asks for sizes, but not for the number of units."""
    if user.op == "call_method" and user.target == "size" and len(user.args) == 2:
        return isinstance(user.args[1], int) and 0 <= user.args[1] != axis
    if is_shape(user):
        return all(
            use.op == "call_function"
            and use.target is operator.getitem
            and isinstance(use.args[1], int)
            and 0 <= use.args[1] != axis
            for use in user.users
        )
    return user.op == "call_method" and user.target == "dim"


def _why_not(node: fx.Node) -> str:
    name = label(node).split(" ")[0].strip("_")
    if len(node.all_input_nodes) > 1 and name in ("add", "iadd", "sub", "mul", "imul", "truediv"):
        return "values of two places meet unit by unit"
    if name in ("cat", "concat", "stack"):
        return "units of several layers are joined"
    if node.op == "call_module":
        return "it takes more than one value"
    return "not a layer whose units can be told apart"


def _like(graph: fx.GraphModule) -> Tensor:
    return next((p.detach() for p in graph.parameters()), torch.empty(0))


def _select_after(graph: fx.GraphModule, node: fx.Node, value: Value) -> None:
    name, k = "kept_inputs", 1
    while hasattr(graph, name):
        name, k = f"kept_inputs_{k}", k + 1
    graph.add_submodule(name, KeptInputs(value.space.kept, value.axis))
    with graph.graph.inserting_after(node):
        chosen = graph.graph.call_module(name, (node,))
    node.replace_all_uses_with(chosen, delete_user_cb=lambda user: user is not chosen)
