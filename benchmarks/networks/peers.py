"""What lambda means in other packages: the lasso of `truth`, given to the packages themselves.

    python -m benchmarks.networks.peers

Needs torchao (`torchao.prototype.pat`) and lassonet; what is not installed is left out, and said.
LassoNet with M=0 is a linear model with an L1 penalty: its hidden layer is held at zero. Its loss
is the mean squared error without a half, so it gets twice the alpha. It works in float32.
"""

from __future__ import annotations

import importlib.metadata
import warnings
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from benchmarks.networks.truth import (
    ALPHA,
    HEADER,
    N_STEPS,
    OPTIMIZERS,
    Make,
    Problem,
    Row,
    markdown,
    ours,
    row,
)


def version(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def pruned(problem: Problem, make: Make) -> np.ndarray:
    """Return what torchao's PruneOptimizer with ProxLasso gives."""
    from torchao.prototype.pat.optim import PruneOptimizer

    X, y = torch.tensor(problem.X), torch.tensor(problem.y)[:, None]
    torch.manual_seed(0)
    model = nn.Linear(X.shape[1], 1, bias=False, dtype=X.dtype)
    group = {"params": [model.weight], "group_type": "ElemGrouper", "prox_type": "ProxLasso"}
    base: Optimizer = make([group])
    optimizer = PruneOptimizer(base, reg_lambda=ALPHA)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(base, N_STEPS + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the scheduler does not see the wrapper's steps
        for _ in range(N_STEPS):
            optimizer.zero_grad()
            (0.5 * (model(X) - y).square().mean()).backward()
            optimizer.step()
            decay.step()
    return model.weight.detach().numpy()[0].copy()


def lassonet(problem: Problem, make: Make) -> np.ndarray:
    """Return the skip weights of LassoNet with M=0 at one lambda."""
    from lassonet import LassoNetRegressor

    model = LassoNetRegressor(
        hidden_dims=(1,),
        M=0,
        lambda_seq=[2.0 * ALPHA],
        optim=(partial(SGD, lr=0.01), make),
        n_iters=(1, N_STEPS),
        patience=None,
        val_size=0,
        verbose=0,
        torch_seed=0,
        device=torch.device("cpu"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(problem.X, problem.y)
    return model.model.skip.weight.detach().numpy()[0].astype(np.float64)


def peers_table(problem: Problem) -> tuple[list[Row], list[str]]:
    """Return the rows of every package that is installed, and what is missing."""
    rows, missing = [], []
    for name in ("SGD", "SGD, momentum 0.9", "Adam"):
        rows.append(row(problem, "shrinkage", name, ours(problem, OPTIMIZERS[name])))
    found = version("torchao")
    if found is None:
        missing.append("torchao is not installed")
    else:
        for name in ("SGD", "SGD, momentum 0.9", "Adam"):
            coef = pruned(problem, OPTIMIZERS[name])
            rows.append(row(problem, f"torchao {found}, PruneOptimizer", name, coef))
    found = version("lassonet")
    if found is None:
        missing.append("lassonet is not installed")
    else:
        # Constant learning rates: it takes no scheduler. The second is its own default.
        makes: dict[str, Make] = {
            "SGD, lr 0.01": partial(SGD, lr=0.01),
            "SGD, lr 0.001, momentum 0.9 (its default)": partial(SGD, lr=1e-3, momentum=0.9),
            "Adam, lr 0.01": partial(Adam, lr=0.01),
            "AdamW, lr 0.01": partial(AdamW, lr=0.01, weight_decay=0.0),
        }
        for name, make in makes.items():
            rows.append(row(problem, f"lassonet {found}, M=0", name, lassonet(problem, make)))
    return rows, missing


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    problem = Problem.make()
    rows, missing = peers_table(problem)
    kept = np.count_nonzero(problem.solution(ALPHA))
    print(f"The lasso at alpha {ALPHA} has {kept} non-zero weights of {problem.X.shape[1]}.\n")
    print(markdown(HEADER, [line.cells() for line in rows]))
    for sentence in missing:
        print(f"\n{sentence}; pip install it to see its rows.")


if __name__ == "__main__":
    main()
