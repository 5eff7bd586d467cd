"""Make the tables and the figures of `neural_networks.md`, from the runs that they are about.

    python docs/network_figures.py [--only truth peers digits path cnn] [--jobs 2]

A table stands in the page between two comments with its name; what is between them is replaced.
`peers` needs torchao and lassonet. All of it takes some minutes on two cores.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import torch

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent)]

from benchmarks.networks import cnn, digits, peers, truth  # noqa: E402
from shrinkage.draw import ErrorCurves, error_figure  # noqa: E402
from shrinkage.draw.figure import describe, svg_of  # noqa: E402
from shrinkage.draw.network import TradeOff, trade_off_figure  # noqa: E402
from shrinkage.torch import Rule  # noqa: E402

PAGE = DOCS / "neural_networks.md"


def put(name: str, text: str) -> None:
    """Replace what stands in the page between the comments of this name."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    page = PAGE.read_text()
    if begin not in page or end not in page:
        raise SystemExit(f"{PAGE.name} has no place called {name!r}")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page))


def draw_truth(jobs: int) -> None:
    """Make the table of what each method solves."""
    problem = truth.Problem.make()
    rows = truth.truth_table(problem)
    put("truth", truth.markdown(truth.HEADER, [row.cells() for row in rows]))


def draw_peers(jobs: int) -> None:
    """Make the table of other packages."""
    rows, missing = peers.peers_table(truth.Problem.make())
    if missing:
        raise SystemExit("; ".join(missing))
    put("peers", truth.markdown(truth.HEADER, [row.cells() for row in rows]))


def draw_digits(jobs: int) -> None:
    """Make the table of the perceptron, and its two figures."""
    found = digits.study(jobs)
    put("digits", truth.markdown(digits.HEADER, digits.table(found)))
    put("compact", truth.markdown(digits.COMPACT_HEADER, digits.compact_table(found)))
    save("network-trade-off.svg", trade_off(found))
    save("network-sweet-spot.svg", sweet_spot(found))


def draw_path(jobs: int) -> None:
    """Make the figure of one path of the perceptron."""
    rules = [Rule("*.weight", digits.PENALTIES["group lasso"])]
    path = digits.path_of(digits.mlp, rules, digits.split(0), 0)
    save("network-path.svg", path.plot("held-out cross-entropy"))


def draw_cnn(jobs: int) -> None:
    """Make the table of the convolutional network."""
    put("cnn", truth.markdown(*cnn.table(cnn.study(jobs))))


def trade_off(found: digits.Study) -> object:
    """Return the figure of accuracy against living weights."""
    curves = []
    for name in ("L1", "elastic net", "group lasso"):
        curves.append(
            TradeOff(name, found.mean(name, "n_nonzero")[0], *found.mean(name, "accuracy"))
        )
    best = found.chosen("L2")["min"]
    accuracy, error = (part[best] for part in found.mean("L2", "thresholded"))
    curves.append(TradeOff("L2, thresholded", digits.SHARES * digits.N_WEIGHTS, accuracy, error))
    free, error = digits.mean_and_error(found.unpenalised[:, 0])
    return trade_off_figure(
        curves,
        reference=float(free),
        reference_error=float(error),
        lowest=0.85,
        heading="Digits, 64-40-20-10: accuracy against living weights",
    )


def sweet_spot(found: digits.Study) -> object:
    """Return the figure of training and test loss along alpha."""
    train, _ = found.mean("L1", "train_loss")
    test, error = found.mean("L1", "test_loss")
    alphas = digits.ALPHAS[::-1]
    best = found.chosen("L1")["min"]
    figure = error_figure(
        alphas,
        ErrorCurves(train, test, error, "cross-entropy"),
        chosen=float(alphas[best]),
        heading="Digits, L1 on all weights: under- and overfitting along alpha",
    )
    describe(
        figure,
        "Cross-entropy on training and on test rows over alpha, strong to the left. The test loss "
        f"is {test[0]:.3f} at the strongest, {test[best]:.3f} at the chosen and {test[-1]:.3f} at "
        f"the weakest alpha, where the training loss is {train[-1]:.3f}.",
    )
    return figure


def save(name: str, figure: object) -> None:
    """Write a figure into the folder of images."""
    svg = svg_of(figure)  # type: ignore[arg-type]
    if len(svg) > 60_000:
        raise SystemExit(f"{name} is {len(svg)} characters long")
    (DOCS / "images" / name).write_text(svg)


PARTS = {
    "truth": draw_truth,
    "peers": draw_peers,
    "digits": draw_digits,
    "path": draw_path,
    "cnn": draw_cnn,
}


def main() -> None:
    """Make what is asked for, by default all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.only:
        PARTS[name](options.jobs)
        print(f"made {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
