"""Attach penalties to an optimizer: the training loop stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from shrinkage._validate import check_choice, check_count
from shrinkage.errors import ArgumentError, DataWarning, warn
from shrinkage.penalties import Penalty
from shrinkage.torch.explain import Explanation, decay_notes, explain
from shrinkage.torch.full_gradient import Loss, Polish, Stationarity, measure, polish, value_of
from shrinkage.torch.methods import TENSORS, Dual, Method, Prox, Subgradient
from shrinkage.torch.rules import Block, Rule, assign
from shrinkage.torch.schedule import Constant, Schedule

_STEP = "shrinkage_step"
_METHODS = ("prox", "dual", "subgradient")


def attach(
    optimizer: Optimizer,
    model: nn.Module,
    rules: Sequence[Rule] = (),
    *,
    default: Penalty | None = None,
    method: str = "prox",
    schedule: Schedule | None = None,
) -> Regularizer:
    """Penalise a model's parameters from the next step of its optimizer on.

    The objective is loss + sum of the penalties, with alpha as in the rest of the package: under
    every optimizer that is supported the same alpha gives the same weights as `Lasso`,
    `ElasticNet` or `Ridge` with `standardize=False`, if the loss is *half* the mean squared error
    (with `torch.nn.MSELoss`, which has no half, the same model is at twice their alpha), and
    weights that should be zero are exactly 0.0.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        SGD, Adam, AdamW, NAdam, RAdam, Adamax, RMSprop or Adagrad with any options but
        `maximize`. It stays the object that it is; hooks on it do the work, so schedulers,
        gradient scalers, accumulation, clipping and checkpoints go on as before.
    model : torch.nn.Module
        Its parameters are found by name; tied ones count once.
    rules : sequence of Rule
        The first that matches a parameter decides. One that is first for nothing is an error.
    default : Penalty, optional
        For what no rule matches, but for biases, norms and embeddings (`skip` of the penalty).
        None means no penalty.
    method : {"prox", "dual", "subgradient"}, default "prox"
        "prox": the proximal step in the optimizer's own metric. No second copy of the weights
        (half precision: one float32 tensor for what rounding loses). With mini-batches it finds
        the objective and too many non-zeros; `polish` at the end finds the support.
        "dual": regularised dual averaging, which averages the noise out of the zeros; one copy
        of the weights, two for an adaptive optimizer. Best with SGD.
        "subgradient": the textbook's way, any optimizer, and never an exact zero.
    schedule : Constant, WarmUp, Ramp or Cosine, optional
        Multiplies every alpha; counted in steps of the optimizer. None means `Constant()`.

    Returns
    -------
    Regularizer

    Raises
    ------
    ArgumentError
        If the optimizer is not supported, has a regularizer already or maximises; if a rule
        matches nothing; if a weight has not the groups that its penalty asks for.

    Warns
    -----
    DataWarning
        If the optimizer has a `weight_decay` besides a penalty, or if the scale of a layer can
        escape a penalty (see `ill_posed`).

    Notes
    -----
    Cost of a step with "prox" on a CPU: the second moment and the weights are read and the
    weights written, three streams where AdamW has seven. Checkpoints: call `attach` before
    `optimizer.load_state_dict`.

    References
    ----------
    Yun, Lozano and Yang (2021), "Adaptive proximal gradient methods for structured neural
    networks", equation 3. Xiao (2010), "Dual averaging methods for regularized stochastic
    learning and online optimization", equation 8.

    Examples
    --------
    >>> import torch
    >>> from shrinkage.torch import L1, Rule, attach
    >>> model = torch.nn.Linear(2, 1, bias=False)
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    >>> regularizer = attach(optimizer, model, [Rule("weight", L1(0.5))])
    >>> X, y = torch.eye(2), torch.tensor([[3.0], [0.2]])
    >>> for _ in range(500):
    ...     optimizer.zero_grad()
    ...     (0.5 * (model(X) - y).square().mean()).backward()
    ...     optimizer.step()
    >>> model.weight.data.round(decimals=3)
    tensor([[2., 0.]])
    """
    return Regularizer(optimizer, model, rules, default, method, schedule or Constant())


class Regularizer:
    """Penalties at work on an optimizer; made by `attach`."""

    def __init__(
        self,
        optimizer: Optimizer,
        model: nn.Module,
        rules: Sequence[Rule],
        default: Penalty | None,
        method: str,
        schedule: Schedule,
    ) -> None:
        check_choice("method", method, _METHODS)
        if any(
            getattr(hook, "__self__", None).__class__ is Regularizer for hook in _hooks(optimizer)
        ):
            hint = "detach() the first, or give all rules in one call"
            raise ArgumentError.cannot("optimizer", "have two regularizers", hint)
        if any(group.get("maximize") for group in optimizer.param_groups):
            raise ArgumentError.cannot("optimizer", "maximise under a penalty", "minimise -loss")
        self.model = model
        self.optimizer = optimizer
        self.blocks: list[Block] = assign(optimizer, model, rules, default)
        self.schedule = schedule
        self.method = method
        self._method = _made(method, optimizer)
        if method == "dual" and any(
            block.weight_decay > 0.0 and block.penalty is not None for block in self.blocks
        ):
            hint = "weight_decay=0, and the squared term as a penalty: ElasticNet"
            raise ArgumentError.cannot("method", "be 'dual' with the optimizer's own decay", hint)
        if any(b.weight_decay > 0.0 and b.penalty is not None for b in self.blocks):
            warn("; ".join(decay_notes(optimizer, self.blocks)), DataWarning)
        self._kept: dict[int, dict[str, Tensor]] = {}
        optimizer.param_groups[0].setdefault(_STEP, 0)
        self._handles = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
            optimizer.register_load_state_dict_pre_hook(self._keep_precise),
            optimizer.register_load_state_dict_post_hook(self._put_back),
        ]

    def value(self) -> Tensor:
        """Return what the penalties cost now, schedule included, as a tensor of one number.

        Nothing is read from the device until you do, for example by `float(reg.value())`.
        """
        factor = self._factor()
        return sum((value_of(block) * factor for block in self._penalised()), torch.zeros(()))

    def sparsity(self) -> dict[str, float]:
        """Return the share of exact zeros in each penalised parameter, and in all of them."""
        blocks = self._penalised()
        zeros = [int((block.parameter == 0).sum()) for block in blocks]
        sizes = [block.parameter.numel() for block in blocks]
        shares = {b.name: z / n for b, z, n in zip(blocks, zeros, sizes, strict=True)}
        return {"all": sum(zeros) / max(sum(sizes), 1), **shares}

    def stationarity(self, loader: Any, loss: Loss) -> Stationarity:
        """Return how far the weights are from a stationary point of loss plus penalty."""
        return measure(self.model, self.blocks, loader, loss)

    def polish(self, loader: Any, loss: Loss, n_steps: int = 20) -> Polish:
        """End the training with proximal steps of the full gradient, which find the exact zeros."""
        with torch.no_grad():
            return polish(self.model, self.blocks, loader, loss, check_count("n_steps", n_steps))

    def explain(self) -> Explanation:
        """Return a table of what is penalised by what, what is not and why."""
        return explain(self.optimizer, self.blocks)

    def detach(self) -> None:
        """Stop penalising; the optimizer is as if it had never been."""
        for handle in self._handles:
            handle.remove()
        self.optimizer.param_groups[0].pop(_STEP, None)
        for state in self.optimizer.state.values():
            for key in [key for key in state if str(key).startswith("shrinkage")]:
                del state[key]

    def _penalised(self) -> list[Block]:
        return [block for block in self.blocks if block.penalty is not None]

    def _taking_part(self) -> list[Block]:
        return [
            block
            for block in self.blocks
            if block.penalty is not None and block.parameter.grad is not None
        ]

    @torch.no_grad()
    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        group = optimizer.param_groups[0]
        group[_STEP] = group.get(_STEP, 0) + 1
        self._method.before(optimizer, self._taking_part(), self._factor())

    @torch.no_grad()
    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._method.after(optimizer, self._taking_part(), self._factor())

    def _factor(self) -> float:
        return self.schedule.factor(self.optimizer.param_groups[0][_STEP])

    def _keep_precise(self, optimizer: Optimizer, state_dict: dict[str, Any]) -> None:
        """Keep our float32 tensors as they are: the optimizer casts them to the parameter's."""
        self._kept = {
            int(index): {key: state[key] for key in TENSORS if isinstance(state.get(key), Tensor)}
            for index, state in state_dict["state"].items()
        }

    def _put_back(self, optimizer: Optimizer) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for index, tensors in self._kept.items():
            parameter = parameters[index]
            for key, tensor in tensors.items():
                optimizer.state[parameter][key] = tensor.to(parameter.device, copy=True)
        self._kept = {}


def _made(method: str, optimizer: Optimizer) -> Method:
    if method == "subgradient":
        return Subgradient()
    return Dual(optimizer) if method == "dual" else Prox(optimizer)


def _hooks(optimizer: Optimizer) -> list[Any]:
    return list(getattr(optimizer, "_optimizer_step_post_hooks", {}).values())
