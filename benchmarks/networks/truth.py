"""Whose alpha is alpha: one lasso and one elastic net, solved by optimizers of PyTorch.

    python -m benchmarks.networks.truth

Full batches, float64, half the mean squared error. The judge is scikit-learn: a row says how
many weights are not zero, and how far the worst of them is from scikit-learn's for this alpha.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import Ridge as SklearnRidge
from torch import nn
from torch.optim import SGD, Adagrad, Adam, Adamax, AdamW, NAdam, Optimizer, RAdam, RMSprop

from shrinkage.torch import L1, ElasticNet, Rule, attach

ALPHA = 0.1
N_STEPS = 4000


@dataclass(frozen=True, eq=False)
class Problem:
    """A regression with 6 true coefficients of 30, centred."""

    X: np.ndarray
    y: np.ndarray

    @classmethod
    def make(cls, n: int = 200, p: int = 30, n_true: int = 6) -> Problem:
        """Return the problem of the table; always the same."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((n, p)) @ (np.eye(p) + 0.3 * np.eye(p, k=1))
        coef = np.zeros(p)
        coef[:n_true] = [2.0, -1.5, 1.0, -0.8, 0.6, 0.5]
        y = X @ coef + 0.5 * rng.standard_normal(n)
        return cls(X - X.mean(axis=0), y - y.mean())

    def solution(self, alpha: float, l1_ratio: float = 1.0) -> np.ndarray:
        """Return scikit-learn's coefficients, iterated to rounding."""
        options = {"fit_intercept": False, "tol": 1e-14, "max_iter": 1_000_000}
        if alpha == 0.0:
            return np.linalg.lstsq(self.X, self.y, rcond=None)[0]
        if l1_ratio == 0.0:
            ridge = SklearnRidge(alpha * len(self.y), fit_intercept=False, solver="cholesky")
            return ridge.fit(self.X, self.y).coef_
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SklearnElasticNet(alpha, l1_ratio=l1_ratio, **options)
            return model.fit(self.X, self.y).coef_


Make = Callable[[Any], Optimizer]

OPTIMIZERS: dict[str, Make] = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "SGD, momentum 0.9": lambda p: SGD(p, lr=0.02, momentum=0.9),
    "SGD, nesterov 0.9": lambda p: SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "Adam": lambda p: Adam(p, lr=0.02),
    "Adam, amsgrad": lambda p: Adam(p, lr=0.02, amsgrad=True),
    "AdamW": lambda p: AdamW(p, lr=0.02, weight_decay=0.0),
    "NAdam": lambda p: NAdam(p, lr=0.02),
    "RAdam": lambda p: RAdam(p, lr=0.02),
    "Adamax": lambda p: Adamax(p, lr=0.05),
    "RMSprop": lambda p: RMSprop(p, lr=0.01),
    "Adagrad": lambda p: Adagrad(p, lr=0.5),
}


def train(
    problem: Problem,
    make: Make,
    *,
    prepare: Callable[[Optimizer, nn.Linear], Any] | None = None,
    after_step: Callable[[Optimizer, torch.Tensor], None] | None = None,
    n_steps: int = N_STEPS,
) -> np.ndarray:
    """Return the weights after training with full batches; the learning rate ends at 0."""
    X, y = torch.tensor(problem.X), torch.tensor(problem.y)[:, None]
    torch.manual_seed(0)
    model = nn.Linear(X.shape[1], 1, bias=False, dtype=X.dtype)
    optimizer = make(model.parameters())
    if prepare is not None:
        prepare(optimizer, model)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps + 1)
    for _ in range(n_steps):
        optimizer.zero_grad()
        (0.5 * (model(X) - y).square().mean()).backward()
        optimizer.step()
        if after_step is not None:
            with torch.no_grad():
                after_step(optimizer, model.weight)
        decay.step()
    return model.weight.detach().numpy()[0].copy()


def ours(problem: Problem, make: Make, l1_ratio: float = 1.0, method: str = "prox") -> np.ndarray:
    """Return what `attach` gives."""
    penalty = L1(ALPHA) if l1_ratio == 1.0 else ElasticNet(ALPHA, l1_ratio=l1_ratio)

    def prepare(optimizer: Optimizer, model: nn.Linear) -> None:
        attach(optimizer, model, [Rule("weight", penalty)], method=method)

    return train(problem, make, prepare=prepare)


def naive(problem: Problem, make: Make) -> np.ndarray:
    """Return what soft-thresholding by lr * alpha after each step gives."""

    def soft_threshold(optimizer: Optimizer, weight: torch.Tensor) -> None:
        weight.copy_(nn.functional.softshrink(weight, optimizer.param_groups[0]["lr"] * ALPHA))

    return train(problem, make, after_step=soft_threshold)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    optimizer: str
    n_nonzero: int
    error: float
    solved: str

    def cells(self) -> list[str]:
        """Return the cells of a Markdown table."""
        return [self.method, self.optimizer, str(self.n_nonzero), f"{self.error:.0e}", self.solved]


HEADER = ["method", "optimizer", "non-zeros", "largest error", "what it solved"]


def row(
    problem: Problem, method: str, optimizer: str, coef: np.ndarray, l1_ratio: float = 1.0
) -> Row:
    """Judge weights: their error for alpha, and the problem that they do solve."""
    error = float(np.abs(coef - problem.solution(ALPHA, l1_ratio)).max())
    name = {1.0: "lasso", 0.0: "ridge"}.get(l1_ratio, "elastic net")
    known = {f"{name}(alpha)": error}
    for share in (0.1, 0.5, 2.0):
        other = problem.solution(share * ALPHA, l1_ratio)
        known[f"{name}({share:g} alpha)"] = float(np.abs(coef - other).max())
    known["least squares, no penalty"] = float(np.abs(coef - problem.solution(0.0)).max())
    nearest = min(known, key=known.__getitem__)
    off = f"{known[nearest]:.0e}"
    solved = f"{nearest}, to {off}" if known[nearest] < 1e-3 else f"none; {off} from {nearest}"
    return Row(method, optimizer, int(np.count_nonzero(coef)), error, solved)


def truth_table(problem: Problem) -> list[Row]:
    """Return the rows of the lasso, of ridge, and of the elastic net."""
    rows = [
        row(problem, "`attach`, `L1(alpha)`", name, ours(problem, make))
        for name, make in OPTIMIZERS.items()
    ]
    for name in ("SGD, momentum 0.9", "AdamW"):
        coef = ours(problem, OPTIMIZERS[name], 0.5)
        rows.append(row(problem, "`attach`, `ElasticNet(alpha)`", name, coef, 0.5))
    for name in ("SGD", "SGD, momentum 0.9", "Adam"):
        coef = naive(problem, OPTIMIZERS[name])
        rows.append(row(problem, "soft-thresholding by lr * alpha", name, coef))
    for name in ("SGD", "Adam"):
        coef = ours(problem, OPTIMIZERS[name], method="subgradient")
        rows.append(row(problem, "subgradient in the loss", name, coef))
    coef = train(problem, lambda p: Adam(p, lr=0.02, weight_decay=ALPHA))
    rows.append(row(problem, "`weight_decay=alpha`", "Adam", coef, 0.0))
    coef = train(problem, lambda p: AdamW(p, lr=0.02, weight_decay=ALPHA))
    rows.append(row(problem, "`weight_decay=alpha`", "AdamW", coef, 0.0))
    return rows


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    problem = Problem.make()
    n_nonzero = np.count_nonzero(problem.solution(ALPHA))
    print(f"The lasso at alpha {ALPHA} has {n_nonzero} non-zero weights of {problem.X.shape[1]}.\n")
    print(markdown(HEADER, [line.cells() for line in truth_table(problem)]))


if __name__ == "__main__":
    main()
