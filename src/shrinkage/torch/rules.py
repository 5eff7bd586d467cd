"""Which parameter gets which penalty: the first rule that matches, else the default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn import Parameter, UninitializedParameter
from torch.optim import Optimizer

from shrinkage.errors import ArgumentError, Phrase, listed
from shrinkage.penalties import SKIPPED, GroupLasso, Penalty
from shrinkage.torch.groups import Groups, groups_of

Selector: TypeAlias = "str | type[nn.Module] | tuple[type[nn.Module], str] | Callable[..., bool]"


@dataclass(frozen=True)
class Rule:
    """A penalty and the parameters that it is for.

    Parameters
    ----------
    selector : str, module type, tuple or callable
        A name as in `model.named_parameters()`, or a glob: "head.weight", "features.*.weight".
        A module type: the `weight` of each such module. A tuple (module type, name): that
        parameter of each such module. A function of (name, parameter, module) that returns
        whether to take it. A vector has no inputs: what is not an exact name passes over
        vectors where the penalty's groups are of matrices, such as the norms' scales among
        "features.*.weight".
    penalty : Penalty
        For example `L1(1e-4)`. It must not have a `skip` of its own: what a rule names, it gets.

    Raises
    ------
    ArgumentError
        If the selector is none of these, or the penalty is no penalty or has a `skip`.

    Examples
    --------
    >>> from shrinkage.torch import L1, GroupLasso, Rule
    >>> rules = [Rule("head.weight", L1(1e-3)), Rule(nn.Conv2d, GroupLasso(1e-3, "in"))]
    >>> rules.append(Rule(lambda name, parameter, module: parameter.dim() > 1, L1(1e-4)))
    """

    selector: Selector
    penalty: Penalty

    def __post_init__(self) -> None:
        if not isinstance(self.penalty, Penalty):
            raise ArgumentError.must_be("penalty", "a penalty such as L1(1e-4)", self.penalty)
        if self.penalty.skip != SKIPPED:
            raise ArgumentError.cannot(
                "skip", "be given in a rule, which names its parameters", "it is for `default`"
            )
        if not _is_selector(self.selector):
            raise ArgumentError.must_be(
                "selector",
                "a name or glob, a module type, a (module type, name) or a function",
                self.selector,
            )

    def matches(self, names: Sequence[str], parameter: Parameter, module: nn.Module) -> bool:
        """Return whether the rule is for a parameter, known by each of its names."""
        selector = self.selector
        if selector not in names and not _has_groups(self.penalty, parameter):
            return False
        if isinstance(selector, str):
            return any(fnmatchcase(name, selector) for name in names)
        if isinstance(selector, type):
            selector = (selector, "weight")
        if isinstance(selector, tuple):
            kind, last = selector
            return isinstance(module, kind) and any(_last(name) == last for name in names)
        return any(selector(name, parameter, module) for name in names)

    def __str__(self) -> str:
        """Return the selector in the words of the call."""
        if isinstance(self.selector, str):
            return repr(self.selector)
        if isinstance(self.selector, tuple):
            return f"({self.selector[0].__name__}, {self.selector[1]!r})"
        return getattr(self.selector, "__name__", "a function")


@dataclass(frozen=True, eq=False)
class Block:
    """One parameter and what becomes of it.

    Attributes
    ----------
    name : str
        First of its names.
    parameter : Parameter
    module : Module
        The one that owns it.
    penalty : Penalty or None
    groups : Groups or None
        For a penalty with groups.
    because : str
        The rule that decided, or why there is no penalty.
    position : int
        Of its parameter group in the optimizer; -1 if it is in none.
    weight_decay : float
        Of that group.
    """

    name: str
    parameter: Parameter
    module: nn.Module
    penalty: Penalty | None
    groups: Groups | None
    because: str
    position: int
    weight_decay: float


def assign(
    optimizer: Optimizer, model: nn.Module, rules: Sequence[Rule], default: Penalty | None
) -> list[Block]:
    """Return what each parameter of the model gets; tied ones count once.

    Parameters
    ----------
    optimizer, model, rules, default
        As for `attach`.

    Raises
    ------
    ArgumentError
        If a rule matches nothing that the optimizer trains, or asks for groups that a weight
        does not have.
    """
    _check(rules, default)
    positions = {
        id(parameter): k
        for k, group in enumerate(optimizer.param_groups)
        for parameter in group["params"]
    }
    used = [False] * len(rules)
    blocks = []
    for parameter, names, module in _parameters(model):
        position = positions.get(id(parameter), -1)
        penalty, because, weight_decay = None, "not trained by this optimizer", 0.0
        if position >= 0:
            penalty, because = _choice(parameter, names, module, rules, default, used)
            weight_decay = float(optimizer.param_groups[position].get("weight_decay", 0.0))
        blocks.append(
            Block(
                names[0],
                parameter,
                module,
                penalty,
                _groups(penalty, names[0], parameter, module),
                because,
                position,
                weight_decay,
            )
        )
    _refuse_idle(rules, used, [block.name for block in blocks])
    return blocks


def _choice(
    parameter: Parameter,
    names: Sequence[str],
    module: nn.Module,
    rules: Sequence[Rule],
    default: Penalty | None,
    used: list[bool],
) -> tuple[Penalty | None, str]:
    if isinstance(parameter, UninitializedParameter):
        failure = f"be attached before {names[0]} has a shape"
        raise ArgumentError.cannot("model", failure, "run it once on a batch first")
    for k, rule in enumerate(rules):
        if rule.matches(names, parameter, module):
            used[k] = True
            return rule.penalty, f"rule {rule}"
    if default is None:
        return None, "no rule, no default"
    if not parameter.is_floating_point() or parameter.numel() == 0:
        return None, "no real weights"
    for kind in default.skip:
        if _is_kind(kind, names, module):
            return None, f"{kind}: left out of the default"
    if isinstance(default, GroupLasso) and parameter.dim() < 2:
        return None, "a vector: no groups for the default"
    return default, "default"


def _check(rules: Any, default: Any) -> None:
    for k, rule in enumerate(rules):
        if not isinstance(rule, Rule):
            hint = 'Rule("head.weight", L1(1e-4))'
            raise ArgumentError.must_be(f"rules[{k}]", "a Rule", rule, hint)
    if default is not None and not isinstance(default, Penalty):
        raise ArgumentError.must_be("default", "None or a penalty such as L2(1e-4)", default)


def _groups(
    penalty: Penalty | None, name: str, parameter: Parameter, module: nn.Module
) -> Groups | None:
    if penalty is None or not penalty.is_grouped:
        return None
    try:
        return groups_of(penalty, parameter.detach(), module)
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}") from None


def _parameters(model: nn.Module) -> list[tuple[Parameter, list[str], nn.Module]]:
    """Return each parameter once, with all its names and the module of the first."""
    found: dict[int, tuple[Parameter, list[str], nn.Module]] = {}
    for prefix, module in model.named_modules(remove_duplicate=False):
        for last, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            name = f"{prefix}.{last}" if prefix else last
            if id(parameter) in found:
                found[id(parameter)][1].append(name)
            else:
                found[id(parameter)] = (parameter, [name], module)
    return list(found.values())


def _refuse_idle(rules: Sequence[Rule], used: Sequence[bool], names: Sequence[str]) -> None:
    for rule, hit in zip(rules, used, strict=True):
        if not hit:
            got = Phrase(f"{rule}, while the parameters are {listed(names, 12)}")
            raise ArgumentError.must(
                "rules",
                "each be the first to match a parameter that the optimizer trains",
                got,
            )


def _is_kind(kind: str, names: Sequence[str], module: nn.Module) -> bool:
    if kind == "bias":
        return any("bias" in _last(name) for name in names)
    if kind == "norm":
        return "Norm" in type(module).__name__
    return "Embedding" in type(module).__name__


def _has_groups(penalty: Penalty, parameter: Parameter) -> bool:
    """Return whether the parameter has axes enough for the penalty's named groups."""
    if not isinstance(penalty, GroupLasso) or not isinstance(penalty.groups, str):
        return True
    return parameter.dim() >= 2 or penalty.groups in ("out", "whole")


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_selector(selector: Any) -> bool:
    if isinstance(selector, tuple):
        pair = len(selector) == 2 and isinstance(selector[0], type)
        return pair and isinstance(selector[1], str)
    if isinstance(selector, type):
        return issubclass(selector, torch.nn.Module)
    return isinstance(selector, str) or callable(selector)
