"""Attach penalties to an optimizer: the training loop stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from shrinkage._validate import check_choice, check_count
from shrinkage.errors import ArgumentError, DataWarning, warn
from shrinkage.penalties import Penalty
from shrinkage.torch.explain import Explanation, decay_notes, explain
from shrinkage.torch.full_gradient import Loss, Polish, Stationarity, measure, polish, value_of
from shrinkage.torch.ill_posed import escapes
from shrinkage.torch.methods import (
    CARRY,
    LATENT,
    TAKEN,
    TENSORS,
    Dual,
    Method,
    Prox,
    Subgradient,
)
from shrinkage.torch.rules import Block, Rule, assign
from shrinkage.torch.schedule import Constant, Schedule

_STEP = "shrinkage_step"
_METHODS = ("prox", "dual", "subgradient")

# Optimizers that a regularizer is at work on.
_ATTACHED: WeakSet[Optimizer] = WeakSet()


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
    `ElasticNet` or `Ridge` with `standardize=False`, if the loss is *half* the mean squared
    error, and weights that should be zero are exactly 0.0. `torch.nn.MSELoss` has no half: with
    it, L1(alpha) is Lasso(alpha / 2).

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
    weights written, three streams where AdamW has seven. Nothing is read from the device.

    Checkpoints: what is needed to go on lives in `optimizer.state_dict()`. Call `attach` before
    `optimizer.load_state_dict`, and the run goes on bit by bit; after it, parameters in half
    precision lose digits of what their rounding took away, since PyTorch casts an optimizer's
    state to its parameter's precision. With "dual" the weights that are trained are in the
    optimizer's state, so load the model and the optimizer together.

    A copy of the optimizer (`copy.deepcopy`, pickle) has no hooks: attach again. A CUDA graph
    repeats the alpha of its capture, so use no schedule there. `step(closure)` works with "prox".

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
    """Penalties at work on an optimizer; made by `attach`.

    Attributes
    ----------
    optimizer : torch.optim.Optimizer
    model : torch.nn.Module
        The one inside, if a compiled one was given.
    blocks : list of Block
        Each parameter of the model, with its penalty or none.
    method : str
    schedule : Constant, WarmUp, Ramp or Cosine
    """

    def __init__(
        self,
        optimizer: Optimizer,
        model: nn.Module,
        rules: Sequence[Rule],
        default: Penalty | None,
        method: str,
        schedule: Schedule,
    ) -> None:
        _check(optimizer, model, method, schedule)
        # The names and the graph of a compiled model are those of the model in it.
        self.model: nn.Module = getattr(model, "_orig_mod", model)
        self.optimizer = optimizer
        self.blocks: list[Block] = assign(optimizer, self.model, rules, default)
        self.schedule = schedule
        self.method = method
        self._method = _made(method, optimizer)
        if any(b.weight_decay > 0.0 and b.penalty is not None for b in self.blocks):
            if method == "dual":
                hint = "weight_decay=0, and the squared term as a penalty: ElasticNet"
                failure = "be 'dual' with the optimizer's own decay"
                raise ArgumentError.cannot("method", failure, hint)
            warn("; ".join(decay_notes(optimizer, self.blocks)), DataWarning)
        if escaping := escapes(self.model, self.blocks):
            warn("; ".join(escaping), DataWarning)
        self._kept: dict[int, dict[str, Tensor]] = {}
        optimizer.param_groups[0].setdefault(_STEP, 0)
        # A compiled step leaves the hooks out: their counters would have it compiled again and
        # again.
        self._handles = [
            optimizer.register_step_pre_hook(torch.compiler.disable(self._before)),
            optimizer.register_step_post_hook(torch.compiler.disable(self._after)),
            optimizer.register_load_state_dict_pre_hook(self._keep_precise),
            optimizer.register_load_state_dict_post_hook(self._put_back),
        ]
        _ATTACHED.add(optimizer)

    def value(self) -> Tensor:
        """Return what the penalties cost now, schedule included.

        Returns
        -------
        tensor of one number, without gradient
            In the unit of the mean loss: loss + value is what is minimised. Nothing is read from
            the device until you do, for example by `float(reg.value())`.

        Notes
        -----
        Cost: one pass over the penalised weights.
        """
        factor = self._factor()
        return sum((value_of(block) * factor for block in self._penalised()), torch.zeros(()))

    def sparsity(self) -> dict[str, float]:
        """Return the share of exact zeros, in [0, 1].

        Returns
        -------
        dict
            "all": the share in all penalised parameters together; then each of them by name.
        """
        blocks = self._penalised()
        zeros = [int((block.parameter == 0).sum()) for block in blocks]
        sizes = [block.parameter.numel() for block in blocks]
        shares = {b.name: z / n for b, z, n in zip(blocks, zeros, sizes, strict=True)}
        return {"all": sum(zeros) / max(sum(sizes), 1), **shares}

    def stationarity(self, loader: Any, loss: Loss) -> Stationarity:
        """Return how far the weights are from a stationary point of loss plus penalty.

        Parameters
        ----------
        loader : iterable of (inputs, targets)
            All the data; the same rows in every pass (no `drop_last` with shuffling, no random
            augmentation). The last batch may be smaller.
        loss : callable of (outputs, targets)
            Must return the *mean* over the rows of a batch.

        Returns
        -------
        Stationarity
            `largest` is 0 at the exact answer. The network is taken in evaluation mode, the
            penalty as the schedule has it now.

        Notes
        -----
        Cost: one forward and one backward pass over the data.
        """
        return measure(self.model, self.blocks, loader, loss, self._factor())

    def polish(self, loader: Any, loss: Loss, n_steps: int = 20) -> Polish:
        """End the training with proximal steps of the full gradient, which find the exact zeros.

        Mini-batch steps keep moving small weights off zero by the noise of the gradient; the full
        gradient has none. All parameters that the optimizer trains move.

        Parameters
        ----------
        loader, loss
            As for `stationarity`.
        n_steps : int >= 1, default 20
            Enough to settle which weights are zero after training; the loss still falls slowly
            after it.

        Returns
        -------
        Polish
            Loss plus penalty, and the non-zeros, before and after.

        Notes
        -----
        Cost of a step: one forward and backward pass over the data and, for the length of the
        step, about two forward passes. Training can go on afterwards; "dual" then starts its
        sums again.

        References
        ----------
        Beck and Teboulle (2009), "A fast iterative shrinkage-thresholding algorithm", section 4,
        with the restarts of O'Donoghue and Candes (2015), section 3.2.
        """
        check_count("n_steps", n_steps)
        with torch.no_grad():
            found = polish(self.model, self.blocks, loader, loss, n_steps, self._factor())
        for block in self._penalised():  # what belongs to the weights that were
            for key in (CARRY, LATENT, TAKEN):
                self.optimizer.state.get(block.parameter, {}).pop(key, None)
        return found

    def explain(self) -> Explanation:
        """Return a table of what is penalised by what, what is not and why.

        Returns
        -------
        Explanation
            `print` it; `rows` and `notes` hold the words. The notes say what a `weight_decay` of
            the optimizer does.
        """
        return explain(self.optimizer, self.blocks)

    def detach(self) -> None:
        """Stop penalising: the optimizer is as if it had never been; the weights stay."""
        _ATTACHED.discard(self.optimizer)
        for handle in self._handles:
            handle.remove()
        self.optimizer.param_groups[0].pop(_STEP, None)
        for state in self.optimizer.state.values():
            for key in [key for key in state if str(key).startswith("shrinkage")]:
                del state[key]
        for parameter in [p for p, state in self.optimizer.state.items() if not state]:
            del self.optimizer.state[parameter]

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
        if self.method != "prox" and (kwargs.get("closure") or any(args[1:])):
            hint = "call backward() before step(), or use method='prox'"
            raise ArgumentError.cannot("closure", f"be given to step() with {self.method!r}", hint)
        group = optimizer.param_groups[0]
        group[_STEP] = group.get(_STEP, 0) + 1
        self._method.before(optimizer, self._taking_part(), self._factor())

    @torch.no_grad()
    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._method.after(optimizer, self._taking_part(), self._factor())

    def _factor(self) -> float:
        return self.schedule.factor(self.optimizer.param_groups[0].get(_STEP, 0))

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


def _check(optimizer: Any, model: Any, method: str, schedule: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError.must_be("optimizer", "a torch.optim.Optimizer", optimizer)
    if not isinstance(model, nn.Module):
        raise ArgumentError.must_be("model", "a torch.nn.Module", model)
    check_choice("method", method, _METHODS)
    if not isinstance(schedule, Schedule):
        raise ArgumentError.must_be("schedule", "Constant, WarmUp, Ramp or Cosine", schedule)
    if optimizer in _ATTACHED:
        hint = "detach() the first, or give all rules in one call"
        raise ArgumentError.cannot("optimizer", "have two regularizers", hint)
    if any(group.get("maximize") for group in optimizer.param_groups):
        raise ArgumentError.cannot("optimizer", "maximise under a penalty", "minimise -loss")


def _made(method: str, optimizer: Optimizer) -> Method:
    if method == "subgradient":
        return Subgradient()
    return Dual(optimizer) if method == "dual" else Prox(optimizer)
