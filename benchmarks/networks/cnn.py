"""A small convolutional network with batch norm on digits: channels that group lasso removes.

    python -m benchmarks.networks.cnn

Batch norm makes the scale of the layer before it free, so a penalty there would shrink the weights
and not the network. What is penalised is what *leaves* a channel: the second convolution by input
channel, and the last layer by the channel that its 4 inputs come from. The scale of the batch norm
itself gets a little L2, so that it can't grow to make up for it. Alpha is chosen as in `digits`,
but by the share of held-out rows that the network gets wrong.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from torch import nn

from benchmarks.networks.digits import (
    ALPHAS,
    SEEDS,
    chosen,
    mean_and_error,
    path_of,
    split,
    unpenalised,
)
from shrinkage.torch import L2, GroupLasso, Rule, compact

CHANNELS = (16, 32)
EPOCHS = (60, 50)
BY_CHANNEL = np.tile(np.arange(4 * CHANNELS[1]) // 4, (10, 1))

# At alpha = 1.
RULES = [
    Rule("4.weight", GroupLasso(1.0, groups="in")),
    Rule("8.weight", GroupLasso(1.0, groups=BY_CHANNEL)),
    Rule((nn.BatchNorm2d, "weight"), L2(1.0)),
]


def cnn() -> nn.Module:
    """Return two convolutions, one with batch norm, and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, CHANNELS[0], 3, padding=1),
        nn.BatchNorm2d(CHANNELS[0]),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(CHANNELS[0], CHANNELS[1], 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * CHANNELS[1], 10),
    )


def run(seed: int) -> dict[str, np.ndarray]:
    """Return what one seed gives at each alpha, compacted, and without a penalty."""
    torch.set_num_threads(1)
    data = split(seed, as_images=True)
    free = unpenalised(cnn, RULES, data, seed, EPOCHS)
    path = path_of(cnn, RULES, data, seed, EPOCHS)
    found: dict[str, list[float]] = {}
    for alpha in path.alphas:
        model = path.at(alpha)
        small, report = compact(model, data.test.X)
        accuracy = data.test.accuracy(small)
        here = {
            "held-out error": 1.0 - data.choose.accuracy(model),
            "accuracy": accuracy,
            "no penalty accuracy": data.test.accuracy(free),
            "same accuracy": float(accuracy == data.test.accuracy(model)),
            "difference": report.difference,
        }
        for place, cost in (("no penalty ", report.before), ("", report.after)):
            here[f"{place}parameters"] = cost.parameters
            here[f"{place}multiply-adds"] = cost.multiply_adds
            here[f"{place}ms"] = cost.milliseconds or float("nan")
        for name, before, after in report.units:
            here |= {f"no penalty units {name}": before, f"units {name}": after}
        for name, value in here.items():
            found.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in found.items()}


def study(jobs: int = 1) -> dict[str, np.ndarray]:
    """Return the results, each of shape (n_seeds, n_alphas)."""
    with ProcessPoolExecutor(jobs) as pool:
        runs = list(pool.map(run, SEEDS))
    return {name: np.array([one[name] for one in runs]) for name in runs[0]}


ROWS = {
    "units 0": f"channels of the first convolution ({CHANNELS[0]})",
    "units 4": f"channels of the second ({CHANNELS[1]})",
    "parameters": "parameters",
    "multiply-adds": "multiply-adds, one batch of 450",
    "ms": "milliseconds for it, one thread",
}


def table(found: dict[str, np.ndarray]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the cells of the table of the page."""
    places = chosen(found["held-out error"])
    alphas = [f"{ALPHAS[::-1][k]:.2g} ({rule})" for rule, k in places.items()]
    header = ["", "no penalty", *(f"group lasso, alpha {alpha}, compacted" for alpha in alphas)]
    columns = [("no penalty ", 0), *(("", k) for k in places.values())]
    means = [mean_and_error(found[f"{kind}accuracy"][:, k]) for kind, k in columns]
    rows = [["accuracy on test rows", *(f"{m:.3f} ± {e:.3f}" for m, e in means)]]
    for name, title in ROWS.items():
        rows.append([title, *(_short(found[f"{kind}{name}"][:, k].mean()) for kind, k in columns)])
    worst = [f"{found['difference'][:, k].max():.0e}" for _, k in columns[1:]]
    rows.append(["compaction: largest difference of outputs", "-", *worst])
    same = [f"{found['same accuracy'][:, k].sum():.0f} of {len(SEEDS)}" for _, k in columns[1:]]
    rows.append(["seeds with exactly the same accuracy after it", "-", *same])
    return header, rows


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}".removesuffix(".0")


def main() -> None:
    """Print the table."""
    from benchmarks.networks.truth import markdown

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    print(markdown(*table(study(parser.parse_args().jobs))))


if __name__ == "__main__":
    main()
