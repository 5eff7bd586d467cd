"""Digits, 64-40-20-10: what each penalty leaves of a network, and what that costs.

    python -m benchmarks.networks.digits [--jobs 2]

scikit-learn's digits, 8 x 8 pixels in [0, 1]; for each seed a quarter of the rows is for the test,
a fifth of the rest for choosing alpha. Every network is trained by Adam in batches of 128 along
`regularization_path`; the network without a penalty gets as many epochs as a whole path.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from shrinkage.torch import (
    L1,
    L2,
    ElasticNet,
    GroupLasso,
    NetworkPath,
    Rule,
    SparseGroupLasso,
    regularization_path,
)

SEEDS = range(5)
LAYERS = ("0.weight", "2.weight", "4.weight")
SIZES = (64, 40, 20)
FIRST_EPOCHS, EPOCHS = 300, 50
ALPHAS = np.geomspace(1e-4, 1e-2, 9)

# At alpha = 1. Group penalties count sqrt(group size) for each group, so theirs are smaller.
PENALTIES: dict[str, Any] = {
    "L2": L2(1.0),
    "L1": L1(1.0),
    "elastic net": ElasticNet(1.0, l1_ratio=0.5),
    "group lasso": GroupLasso(0.5, groups="in"),
    "sparse group": SparseGroupLasso(0.8, groups="in", l1_ratio=0.5),
}


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of the data."""

    X: Tensor
    y: Tensor

    def accuracy(self, model: nn.Module) -> float:
        """Return the share of rows that a network gets right."""
        with torch.no_grad():
            return float((model(self.X).argmax(dim=1) == self.y).float().mean())

    def loss(self, model: nn.Module) -> float:
        """Return the mean cross-entropy."""
        with torch.no_grad():
            return float(cross_entropy(model(self.X), self.y))


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to train on, to choose alpha by, and to judge by."""

    train: Part
    choose: Part
    test: Part


def split(seed: int, as_images: bool = False) -> Split:
    """Return the digits, split at random but in equal shares of each digit."""
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)
    X, X_choose, y, y_choose = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
    shape = (-1, 1, 8, 8) if as_images else (-1, 64)
    parts = (
        Part(torch.tensor(A, dtype=torch.float32).view(shape), torch.tensor(b))
        for A, b in ((X, y), (X_choose, y_choose), (X_test, y_test))
    )
    return Split(*parts)


def mlp() -> nn.Module:
    """Return the network of Scardapane et al. (2017)."""
    return nn.Sequential(
        nn.Linear(64, 40), nn.ReLU(), nn.Linear(40, 20), nn.ReLU(), nn.Linear(20, 10)
    )


def fit_on(
    data: Split, n_epochs: Callable[[int], int]
) -> Callable[[nn.Module, Any], tuple[float, float]]:
    """Return a training loop for a path; `n_epochs` of the number of the point."""
    count = iter(range(1_000))

    def fit(model: nn.Module, regularize: Any) -> tuple[float, float]:
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        regularize(optimizer)
        epochs = n_epochs(next(count))
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=5e-5)
        for _ in range(epochs):
            for rows in torch.randperm(len(data.train.y)).split(128):
                optimizer.zero_grad()
                cross_entropy(model(data.train.X[rows]), data.train.y[rows]).backward()
                optimizer.step()
            decay.step()
        model.eval()
        share = data.choose.accuracy(model)
        return share, (share * (1.0 - share) / len(data.choose.y)) ** 0.5

    return fit


def path_of(
    make: Callable[[], nn.Module], rules: Sequence[Rule], data: Split, seed: int
) -> NetworkPath:
    """Return the path of one penalty."""
    torch.manual_seed(seed)
    fit = fit_on(data, lambda point: EPOCHS if point else FIRST_EPOCHS)
    return regularization_path(make, fit, rules, alphas=ALPHAS)


def unpenalised(
    make: Callable[[], nn.Module], rules: Sequence[Rule], data: Split, seed: int
) -> nn.Module:
    """Return a network without a penalty, trained for as many epochs as a whole path."""
    torch.manual_seed(seed)
    fit = fit_on(data, lambda point: FIRST_EPOCHS + (len(ALPHAS) - 1) * EPOCHS)
    return regularization_path(make, fit, rules, alphas=[0.0]).at(0.0)


@dataclass(frozen=True, eq=False)
class Run:
    """One penalty and one seed.

    Attributes
    ----------
    accuracy, train_loss, test_loss, n_nonzero : ndarray, shape (n_alphas,)
        On the test rows where they were not trained on.
    living : ndarray, shape (n_alphas, 3)
    chosen, by_1se : int
        Places of the alphas that the rows for choosing chose.
    thresholded : tuple of (n_nonzero, accuracy), each of shape (n_shares,)
        Of the chosen network without its smallest weights.
    """

    accuracy: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    n_nonzero: np.ndarray
    living: np.ndarray
    chosen: int
    by_1se: int
    thresholded: tuple[np.ndarray, np.ndarray]


SHARES = np.geomspace(0.02, 1.0, 12)


def run(name: str, seed: int) -> Run:
    """Train one path of the MLP and judge each of its networks on the test rows."""
    torch.set_num_threads(1)
    data = split(seed)
    rules = [Rule("*.weight", PENALTIES[name])]
    path = path_of(mlp, rules, data, seed)
    networks = [path.at(alpha) for alpha in path.alphas]
    chosen, by_1se = (
        int(np.flatnonzero(path.alphas == path.best(rule))[0]) for rule in ("best", "1se")
    )
    return Run(
        np.array([data.test.accuracy(network) for network in networks]),
        np.array([data.train.loss(network) for network in networks]),
        np.array([data.test.loss(network) for network in networks]),
        path.n_nonzero,
        np.column_stack([path.living[layer] for layer in LAYERS]),
        chosen,
        by_1se,
        thresholded(networks[chosen], data),
    )


def run_unpenalised(seed: int) -> tuple[float, float, float]:
    """Return accuracy, training loss and test loss of the network without a penalty."""
    torch.set_num_threads(1)
    data = split(seed)
    model = unpenalised(mlp, [Rule("*.weight", L1(1.0))], data, seed)
    return data.test.accuracy(model), data.train.loss(model), data.test.loss(model)


def thresholded(model: nn.Module, data: Split) -> tuple[np.ndarray, np.ndarray]:
    """Return how many weights are kept and the accuracy with the smallest ones set to zero."""
    weights = [model.get_parameter(layer).detach() for layer in LAYERS]
    originals = [weight.clone() for weight in weights]
    sizes = torch.cat([weight.abs().ravel() for weight in weights]).sort(descending=True).values
    kept, accuracy = [], []
    for share in SHARES:
        n = round(float(share) * len(sizes))
        for weight, original in zip(weights, originals, strict=True):
            weight.copy_(original * (original.abs() >= sizes[n - 1]))
        kept.append(n)
        accuracy.append(data.test.accuracy(model))
    return np.array(kept), np.array(accuracy)


@dataclass(frozen=True, eq=False)
class Study:
    """All runs."""

    runs: dict[str, list[Run]]
    unpenalised: np.ndarray

    def mean(self, name: str, what: str, k: Sequence[int] | None = None) -> tuple[float, float]:
        """Return the mean and its standard error over seeds, each at its own place in k."""
        places = k or [run.chosen for run in self.runs[name]]
        values = [getattr(r, what)[j] for r, j in zip(self.runs[name], places, strict=True)]
        return mean_and_error(np.array(values))


def mean_and_error(values: np.ndarray) -> tuple[Any, Any]:
    """Return the mean over the first axis and its standard error."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / len(values) ** 0.5


def study(jobs: int = 1) -> Study:
    """Train everything: 5 paths and the network without a penalty, for each seed."""
    with ProcessPoolExecutor(jobs) as pool:
        futures = {name: [pool.submit(run, name, seed) for seed in SEEDS] for name in PENALTIES}
        free = np.array(list(pool.map(run_unpenalised, SEEDS)))
        return Study({name: [f.result() for f in made] for name, made in futures.items()}, free)


N_WEIGHTS = 64 * 40 + 40 * 20 + 20 * 10
HEADER = [
    "penalty",
    "alpha chosen by",
    "accuracy on test rows",
    "exact zeros",
    "living of 64 inputs",
    "of 40 units",
    "of 20 units",
]


def table(found: Study) -> list[list[str]]:
    """Return the cells of the table of the page."""
    accuracy, error = mean_and_error(found.unpenalised[:, 0])
    rows = [["none", "-", f"{accuracy:.3f} ± {error:.3f}", "0 %", *map(str, SIZES)]]
    for name, runs in found.runs.items():
        for rule, places in (
            ("best", [r.chosen for r in runs]),
            ("1se", [r.by_1se for r in runs]),
        ):
            accuracy, error = found.mean(name, "accuracy", places)
            kept, _ = found.mean(name, "n_nonzero", places)
            living = np.mean([r.living[k] for r, k in zip(runs, places, strict=True)], axis=0)
            zeros = f"{1.0 - kept / N_WEIGHTS:.0%}".replace("%", " %")
            cells = [name, rule, f"{accuracy:.3f} ± {error:.3f}", zeros]
            rows.append(cells + [f"{count:.1f}".removesuffix(".0") for count in living])
    return rows


def main() -> None:
    """Print the table."""
    from benchmarks.networks.truth import markdown

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    print(markdown(HEADER, table(study(parser.parse_args().jobs))))


if __name__ == "__main__":
    main()
