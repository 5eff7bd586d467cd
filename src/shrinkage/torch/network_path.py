"""One network for many alphas, from dense to sparse, each started from the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from shrinkage._typing import FloatArray
from shrinkage._validate import check_alpha, check_alphas, check_choice, check_flag
from shrinkage.errors import ArgumentError, Phrase, listed
from shrinkage.penalties import GroupLasso, Penalty
from shrinkage.solve.path import frame_of
from shrinkage.torch.groups import groups_of
from shrinkage.torch.regularizer import Regularizer, attach
from shrinkage.torch.rules import Block, Rule
from shrinkage.torch.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Score: TypeAlias = "float | tuple[float, float]"
Rules: TypeAlias = "Sequence[Rule] | Callable[[float], Sequence[Rule]]"

_REQUIREMENT = "return a number, or a pair of a number and its standard error"


def regularization_path(
    make_model: Callable[[], nn.Module],
    fit: Callable[[nn.Module, Regularize], Score],
    rules: Rules,
    *,
    alphas: Sequence[float] | FloatArray,
    higher_is_better: bool = True,
) -> NetworkPath:
    """Train a network for each of many alphas, from the weakest penalty to the strongest.

    The network is made once. For the smallest alpha it starts from the weights of `make_model`,
    for every other from the weights that the alpha before has left: dense first, because a unit
    that is gone has no gradient that could bring it back.

    Parameters
    ----------
    make_model : callable () -> Module
        Makes a new network with random weights.
    fit : callable (model, regularize) -> float, or (float, float)
        Your training loop. It makes an optimizer for `model`, calls `regularize(optimizer)` once,
        trains, and returns the score on rows that were held out; or the score and its standard
        error, which `best("1se")` needs. `regularize` is `attach` with the model and the rules
        filled in: it takes `default`, `method` and `schedule`, and returns the `Regularizer`,
        for example to `polish` at the end.
    rules : sequence of Rule, or callable (alpha) -> sequence of Rule
        As in `attach`. The alpha of each rule is multiplied by each of `alphas`: with
        `L1(1.0)` and `GroupLasso(0.5)` the second is always half as strong. A function returns
        the rules for an alpha, where they are to differ in another way.
    alphas : sequence of float >= 0
        In any order; 0 is no penalty. There is no default: a network has no smallest alpha
        with all weights zero that a formula could tell. Three to five a decade, from one that
        changes nothing to one that costs accuracy; `1e-5` to `1e-2` is a usual range for a mean
        cross-entropy.
    higher_is_better : bool, default True
        Give False if `fit` returns a loss.

    Returns
    -------
    NetworkPath

    Raises
    ------
    ArgumentError
        If `fit` does not call `regularize` exactly once, or returns no number; if the rules match
        nothing; if `alphas` are not numbers >= 0.

    Notes
    -----
    Cost: `fit` once for each alpha (with warm starts it needs fewer epochs than from scratch), and
    one copy of the weights for each alpha, on the CPU. Unlike `elastic_net_path` nothing here is
    certified: the loss of a network is not convex, so each point is what your training has
    found, and another order of alphas or another seed finds another. The optimizer is
    made anew for each alpha; only weights and buffers are carried over.

    References
    ----------
    Lemhadri, Ruan, Abraham and Tibshirani (2021), "LassoNet: a neural network with feature
    sparsity", section 3.2: the warm starts from dense to sparse.

    Examples
    --------
    >>> import torch
    >>> from shrinkage.torch import L1, Rule, regularization_path
    >>> X, y = torch.eye(3), torch.tensor([[4.0], [2.0], [1.0]])
    >>> def fit(model, regularize):
    ...     optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    ...     regularize(optimizer)
    ...     for _ in range(60):
    ...         optimizer.zero_grad()
    ...         (0.5 * (model(X) - y).square().mean()).backward()
    ...         optimizer.step()
    ...     return (model(X) - y).square().mean()
    >>> path = regularization_path(lambda: torch.nn.Linear(3, 1, bias=False), fit,
    ...     [Rule("weight", L1(1.0))], alphas=[0.1, 0.5, 1.0], higher_is_better=False)
    >>> path.n_nonzero
    array([1, 2, 3])
    >>> path.at(0.5).weight.data.round(decimals=3)
    tensor([[2.5000, 0.5000, 0.0000]])
    """
    grid = _checked_alphas(alphas)
    better = check_flag("higher_is_better", higher_is_better)
    rules_at = _rules_at(rules)
    model = make_model()
    if not isinstance(model, nn.Module):
        raise ArgumentError.must("make_model", "return a torch.nn.Module", model)
    points = [_point(model, fit, rules_at, float(alpha)) for alpha in grid[::-1]]
    return NetworkPath(make_model, points[::-1], better)


class Regularize:
    """What `fit` calls with its optimizer: `attach`, with the model and the rules filled in."""

    def __init__(self, model: nn.Module, rules: Sequence[Rule]) -> None:
        self._model, self._rules = model, rules
        self.made: list[Regularizer] = []

    def __call__(
        self,
        optimizer: Optimizer,
        *,
        default: Penalty | None = None,
        method: str = "prox",
        schedule: Schedule | None = None,
    ) -> Regularizer:
        """Attach the rules at the present alpha; the keywords are those of `attach`."""
        options: dict[str, Any] = {"default": default, "method": method, "schedule": schedule}
        self.made.append(attach(optimizer, self._model, self._rules, **options))
        return self.made[-1]


@dataclass(frozen=True, eq=False)
class NetworkPoint:
    """The network for one alpha.

    Attributes
    ----------
    alpha : float
    score, standard_error : float
        What `fit` returned; the second NaN if it returned one number.
    n_nonzero, n_weights : int
        Over all penalised parameters.
    living : dict of str to int
        For each penalised parameter the inputs or channels that some weight leaves; for one
        with a single axis its non-zero entries.
    sizes : dict of str to int
        All of these, living or not.
    state : dict of str to tensor
        The `state_dict`, on the CPU.
    """

    alpha: float
    score: float
    standard_error: float
    n_nonzero: int
    n_weights: int
    living: dict[str, int]
    sizes: dict[str, int]
    state: dict[str, Tensor]


class NetworkPath:
    """Networks for a decreasing sequence of alphas; made by `regularization_path`.

    Nothing of it is certified: each point is what the training has found.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        Decreasing; the training went the other way.
    higher_is_better : bool
        Whether a high score is a good one.
    points : tuple of NetworkPoint
    n_weights : int
        Size of all penalised parameters together.
    """

    def __init__(
        self,
        make_model: Callable[[], nn.Module],
        points: Sequence[NetworkPoint],
        higher_is_better: bool,
    ) -> None:
        self._make_model = make_model
        self.points = tuple(points)
        self.alphas: FloatArray = np.array([point.alpha for point in points])
        self.higher_is_better = higher_is_better
        self.n_weights = points[0].n_weights

    @property
    def scores(self) -> FloatArray:
        """Held-out score for each alpha, as `fit` returned it."""
        return np.array([point.score for point in self.points])

    @property
    def standard_errors(self) -> FloatArray:
        """Standard error of each score; NaN where `fit` returned one number."""
        return np.array([point.standard_error for point in self.points])

    @property
    def n_nonzero(self) -> NDArray[np.intp]:
        """Number of non-zero weights for each alpha, over all penalised parameters."""
        return np.array([point.n_nonzero for point in self.points], dtype=np.intp)

    @property
    def living(self) -> dict[str, NDArray[np.intp]]:
        """Living inputs of each penalised parameter, one entry for each alpha.

        An input, unit or channel lives if some weight leaves it: if its column of the layer's
        weight is not zero. A parameter with one axis counts its non-zero entries.
        """
        return {
            name: np.array([point.living[name] for point in self.points], dtype=np.intp)
            for name in self.points[0].living
        }

    def at(self, alpha: float) -> nn.Module:
        """Return a new network with the weights for one of `alphas`, in evaluation mode.

        Raises
        ------
        ArgumentError
            If alpha is not one of `alphas`: a network can't be interpolated.
        """
        alpha = check_alpha(alpha)
        found = np.flatnonzero(np.isclose(self.alphas, alpha, rtol=1e-12, atol=0.0))
        if not found.size:
            got = Phrase(f"{alpha:g}; `alphas` are {listed(self.alphas.tolist(), 12)}")
            hint = "regularization_path with this alpha among `alphas` trains a network for it"
            raise ArgumentError.must_be("alpha", "one of `alphas`", got, hint)
        with torch.random.fork_rng(devices=[]):
            model = self._make_model()
        model.load_state_dict(self.points[int(found[0])].state)
        return model.eval()

    def best(self, rule: str = "best") -> float:
        """Return the alpha that a rule chooses; `at(best())` is its network.

        Parameters
        ----------
        rule : {"best", "1se"}, default "best"
            "best": the alpha with the best held-out score, of equal ones the largest. "1se": the
            largest alpha whose score is within one standard error of the best.

        Raises
        ------
        ArgumentError
            For "1se" if `fit` returned no standard error; if no score is a number.
        """
        check_choice("rule", rule, ("best", "1se"))
        scores = self.scores if self.higher_is_better else -self.scores
        if np.isnan(scores).all():
            raise ArgumentError.must("fit", "return a number for some alpha", Phrase("NaN for all"))
        top = int(np.nanargmax(scores))
        if rule == "best":
            return float(self.alphas[top])
        margin = self.points[top].standard_error
        if np.isnan(margin):
            hint = "let `fit` return (score, standard error)"
            raise ArgumentError.cannot("rule", "be '1se' without standard errors", hint)
        return float(self.alphas[np.flatnonzero(scores >= scores[top] - margin)[0]])

    def to_frame(self) -> Any:
        """Return one row for each alpha: alpha, score, standard_error, n_nonzero, living units.

        The living units have a column for each penalised parameter, named "living NAME".

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or dict of str to ndarray
            pandas if it is installed, else polars, else the columns as arrays.
        """
        table: dict[str, Any] = {
            "alpha": self.alphas,
            "score": self.scores,
            "standard_error": self.standard_errors,
            "n_nonzero": self.n_nonzero,
        }
        return frame_of(table | {f"living {name}": kept for name, kept in self.living.items()})

    def plot(self, score: str = "held-out score") -> Figure:
        """Draw the score against the non-zero weights, and living units over alpha.

        Parameters
        ----------
        score : str
            What `fit` returned, in words, for the axis.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        MissingDependencyError
            Without matplotlib.
        """
        from shrinkage.draw.network import network_path_figure

        return network_path_figure(
            self.alphas,
            self.n_nonzero,
            self.scores,
            self.standard_errors,
            self.living,
            self.points[0].sizes,
            n_weights=self.n_weights,
            chosen=self.best(),
            measure=score,
            asked_by="path.plot",
        )

    def __len__(self) -> int:
        """Return the number of alphas."""
        return len(self.points)

    def __repr__(self) -> str:
        """Return the range of alphas and of sizes, the best score, and that none is certified."""
        kept, best = self.n_nonzero, self.best()
        at_best = self.points[int(np.flatnonzero(self.alphas == best)[0])]
        return (
            f"NetworkPath({len(self)} alphas from {self.alphas[0]:.4g} to {self.alphas[-1]:.4g}, "
            f"{kept.min()} to {kept.max()} of {self.n_weights} weights non-zero, best score "
            f"{at_best.score:.4g} at alpha {best:.4g}; not convex, so not certified)"
        )


def _point(
    model: nn.Module,
    fit: Callable[[nn.Module, Regularize], Score],
    rules_at: Callable[[float], list[Rule]],
    alpha: float,
) -> NetworkPoint:
    """Train for one alpha from where the weights are."""
    regularize = Regularize(model, rules_at(alpha))
    model.train()
    try:
        returned = fit(model, regularize)
    finally:
        for regularizer in regularize.made:
            regularizer.detach()
    if len(regularize.made) != 1:
        got = Phrase(f"{len(regularize.made)} calls")
        hint = "right after making the optimizer: regularize(optimizer)"
        raise ArgumentError.must("fit", "call `regularize` exactly once", got, hint)
    score, error = _checked_score(returned)
    blocks = [block for block in regularize.made[0].blocks if block.penalty is not None]
    return NetworkPoint(
        alpha,
        score,
        error,
        sum(int(torch.count_nonzero(block.parameter)) for block in blocks),
        sum(block.parameter.numel() for block in blocks),
        {block.name: int((_inputs(block) > 0).sum()) for block in blocks},
        {block.name: _inputs(block).numel() for block in blocks},
        {key: value.detach().cpu().clone() for key, value in model.state_dict().items()},
    )


def _inputs(block: Block) -> Tensor:
    """Return the length of what leaves each input of a layer; of a vector, the absolute values."""
    weight = block.parameter.detach()
    if weight.dim() < 2:
        return weight.abs()
    return groups_of(GroupLasso(1.0, groups="in"), weight, block.module).lengths(weight)


def _checked_alphas(alphas: Any) -> FloatArray:
    grid = check_alphas(alphas)
    if isinstance(grid, int):
        hint = "for example numpy.geomspace(1e-5, 1e-2, 10)"
        raise ArgumentError.must_be("alphas", "a list of numbers >= 0", alphas, hint)
    return grid


def _checked_score(returned: Any) -> tuple[float, float]:
    pair = returned if isinstance(returned, tuple) else (returned, float("nan"))
    numbers = [_number(value) for value in pair]
    if len(numbers) != 2 or None in numbers:
        raise ArgumentError.must("fit", _REQUIREMENT, returned)
    score, error = numbers
    assert score is not None
    assert error is not None
    return score, error


def _number(value: Any) -> float | None:
    if isinstance(value, Tensor) and value.numel() == 1:
        return float(value.detach())
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return float(value) if is_number else None


def _rules_at(rules: Rules) -> Callable[[float], list[Rule]]:
    if callable(rules):
        made = rules
        return lambda alpha: _checked_rules(made(alpha))
    unit = _checked_rules(rules)

    def scaled(alpha: float) -> list[Rule]:
        return [
            replace(rule, penalty=replace(rule.penalty, alpha=rule.penalty.alpha * alpha))
            for rule in unit
        ]

    return scaled


def _checked_rules(rules: Any) -> list[Rule]:
    requirement = "a list of Rule, at least one, or a function of alpha that returns it"
    if isinstance(rules, (str, bytes)) or not isinstance(rules, Sequence):
        raise ArgumentError.must_be("rules", requirement, rules)
    found = list(rules)
    if not found or not all(isinstance(rule, Rule) for rule in found):
        raise ArgumentError.must_be("rules", requirement, rules)
    return found
