"""Digits, 64-40-20-10: what each penalty leaves of a network, and what that costs.

    python -m benchmarks.networks.digits [--jobs 2]

scikit-learn's digits, 8 x 8 pixels in [0, 1]. A quarter of the rows, the same for all seeds, is for
the test. Each seed holds out a fifth of the others and has its own initial weights and batches.
Every network is trained by Adam in batches of 128 along `regularization_path`; the network without
a penalty gets as many epochs as a whole path. Alpha is chosen as in a cross-validation: by the mean
over seeds of the held-out cross-entropy, the smallest ("min"), or the largest alpha within one
standard error of it ("1se"). The test rows have no say in it.
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
    compact,
    regularization_path,
)
from shrinkage.torch.report import Report

SEEDS = range(5)
LAYERS = ("0.weight", "2.weight", "4.weight")
SIZES = (64, 40, 20)
# Of the first point of a path, and of each that follows.
EPOCHS = (300, 50)
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
    """Return the digits, in equal shares of each; the test rows are the same for all seeds."""
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
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


def fit_on(data: Split, n_epochs: Callable[[int], int]) -> Callable[[nn.Module, Any], float]:
    """Return a training loop for a path; `n_epochs` of the number of the point."""
    count = iter(range(1_000))

    def fit(model: nn.Module, regularize: Any) -> float:
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
        return data.choose.loss(model)

    return fit


def path_of(
    make: Callable[[], nn.Module],
    rules: Sequence[Rule],
    data: Split,
    seed: int,
    epochs: tuple[int, int] = EPOCHS,
) -> NetworkPath:
    """Return the path of one penalty."""
    torch.manual_seed(seed)
    fit = fit_on(data, lambda point: epochs[point > 0])
    return regularization_path(make, fit, rules, alphas=ALPHAS, higher_is_better=False)


def unpenalised(
    make: Callable[[], nn.Module],
    rules: Sequence[Rule],
    data: Split,
    seed: int,
    epochs: tuple[int, int] = EPOCHS,
) -> nn.Module:
    """Return a network without a penalty, trained for as many epochs as a whole path."""
    torch.manual_seed(seed)
    fit = fit_on(data, lambda point: epochs[0] + (len(ALPHAS) - 1) * epochs[1])
    return regularization_path(make, fit, rules, alphas=[0.0]).at(0.0)


@dataclass(frozen=True, eq=False)
class Run:
    """One penalty and one seed.

    Attributes
    ----------
    held_out : ndarray, shape (n_alphas,)
        Cross-entropy by which alpha is chosen.
    accuracy, train_loss, test_loss, n_nonzero : ndarray, shape (n_alphas,)
        Accuracy on the test rows.
    living : ndarray, shape (n_alphas, 3)
    thresholded : ndarray, shape (n_alphas, n_shares)
        Accuracy of each network with only the largest weights, a share of `SHARES` of them.
    compacted : ndarray, shape (n_alphas, 5)
        Parameters before and after `compact`, milliseconds before and after for the test rows,
        largest difference of outputs.
    """

    held_out: np.ndarray
    accuracy: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    n_nonzero: np.ndarray
    living: np.ndarray
    thresholded: np.ndarray
    compacted: np.ndarray


SHARES = np.geomspace(0.02, 1.0, 12)


def run(name: str, seed: int) -> Run:
    """Train one path of the MLP and judge each of its networks on the test rows."""
    torch.set_num_threads(1)
    data = split(seed)
    rules = [Rule("*.weight", PENALTIES[name])]
    path = path_of(mlp, rules, data, seed)
    networks = [path.at(alpha) for alpha in path.alphas]
    compacted = [compact(network, data.test.X)[1] for network in networks]
    return Run(
        path.scores,
        np.array([data.test.accuracy(network) for network in networks]),
        np.array([data.train.loss(network) for network in networks]),
        np.array([data.test.loss(network) for network in networks]),
        path.n_nonzero,
        np.column_stack([path.living[layer] for layer in LAYERS]),
        np.array([thresholded(network, data) for network in networks]),
        np.array([_numbers(report) for report in compacted]),
    )


def _numbers(report: Report) -> list[float]:
    nan = float("nan")
    costs = (report.before, report.after)
    sizes = [float(cost.parameters) for cost in costs]
    return [*sizes, *(cost.milliseconds or nan for cost in costs), report.difference]


def run_unpenalised(seed: int) -> tuple[float, float, float]:
    """Return accuracy, training loss and test loss of the network without a penalty."""
    torch.set_num_threads(1)
    data = split(seed)
    model = unpenalised(mlp, [Rule("*.weight", L1(1.0))], data, seed)
    return data.test.accuracy(model), data.train.loss(model), data.test.loss(model)


def thresholded(model: nn.Module, data: Split) -> list[float]:
    """Return the accuracy with the smallest weights set to zero, for each of `SHARES` kept."""
    weights = [model.get_parameter(layer).detach() for layer in LAYERS]
    originals = [weight.clone() for weight in weights]
    sizes = torch.cat([weight.abs().ravel() for weight in weights]).sort(descending=True).values
    accuracy = []
    for share in SHARES:
        n = round(float(share) * len(sizes))
        for weight, original in zip(weights, originals, strict=True):
            weight.copy_(original * (original.abs() >= sizes[n - 1]))
        accuracy.append(data.test.accuracy(model))
    return accuracy


@dataclass(frozen=True, eq=False)
class Study:
    """All runs."""

    runs: dict[str, list[Run]]
    unpenalised: np.ndarray

    def mean(self, name: str, what: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and its standard error over seeds, for each alpha."""
        return mean_and_error(np.array([getattr(run, what) for run in self.runs[name]]))

    def chosen(self, name: str) -> dict[str, int]:
        """Return the place of the alpha that each rule chooses."""
        return chosen(np.array([run.held_out for run in self.runs[name]]))


def mean_and_error(values: np.ndarray) -> tuple[Any, Any]:
    """Return the mean over the first axis and its standard error."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / len(values) ** 0.5


def chosen(held_out: np.ndarray) -> dict[str, int]:
    """Return the place of each rule's alpha; losses have a row for each seed, alphas decrease."""
    mean, error = mean_and_error(held_out)
    best = int(np.argmin(mean))
    return {"min": best, "1se": int(np.flatnonzero(mean <= mean[best] + error[best])[0])}


def study(jobs: int = 1) -> Study:
    """Train everything: 5 paths and the network without a penalty, for each seed."""
    with ProcessPoolExecutor(jobs) as pool:
        futures = {name: [pool.submit(run, name, seed) for seed in SEEDS] for name in PENALTIES}
        free = np.array(list(pool.map(run_unpenalised, SEEDS)))
        return Study({name: [f.result() for f in made] for name, made in futures.items()}, free)


N_WEIGHTS = 64 * 40 + 40 * 20 + 20 * 10
HEADER = [
    "penalty",
    "rule",
    "alpha",
    "accuracy on test rows",
    "exact zeros",
    "living of 64 inputs",
    "of 40 units",
    "of 20 units",
]


def table(found: Study) -> list[list[str]]:
    """Return the cells of the table of the page."""
    accuracy, error = mean_and_error(found.unpenalised[:, 0])
    rows = [["none", "-", "-", f"{accuracy:.3f} ± {error:.3f}", "0 %", *map(str, SIZES)]]
    for name in found.runs:
        accuracy, error = found.mean(name, "accuracy")
        kept, _ = found.mean(name, "n_nonzero")
        living, _ = found.mean(name, "living")
        for rule, k in found.chosen(name).items():
            alpha = ALPHAS[::-1][k] * PENALTIES[name].alpha
            zeros = f"{100.0 * (1.0 - kept[k] / N_WEIGHTS):.0f} %"
            cells = [name, rule, f"{alpha:.2g}", f"{accuracy[k]:.3f} ± {error[k]:.3f}", zeros]
            rows.append(cells + [f"{count:.1f}".removesuffix(".0") for count in living[k]])
    return rows


COMPACT_HEADER = [
    "penalty (1se)",
    "parameters",
    "compacted",
    "ms, 450 rows, one thread",
    "compacted",
    "largest difference of outputs",
]


def compact_table(found: Study) -> list[list[str]]:
    """Return the cells of the table of what compaction did."""
    rows = []
    for name in ("L1", "group lasso", "sparse group"):
        k = found.chosen(name)["1se"]
        one = np.array([run.compacted[k] for run in found.runs[name]])
        before, after, old, new, _ = one.mean(axis=0)
        cells = [name, f"{before:,.0f}", f"{after:,.0f}", f"{old:.2f}", f"{new:.2f}"]
        rows.append([*cells, f"{one[:, 4].max():.0e}"])
    return rows


def main() -> None:
    """Print the table."""
    from benchmarks.networks.truth import markdown

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    found = study(parser.parse_args().jobs)
    print(markdown(HEADER, table(found)), "\n")
    print(markdown(COMPACT_HEADER, compact_table(found)))


if __name__ == "__main__":
    main()
