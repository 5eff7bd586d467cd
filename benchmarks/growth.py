"""How the working set's time grows with n and with p: `python -m benchmarks.growth --out FILE.png`.

The support is the same for all sizes: ten features of equal size among independent ones, and a
path that ends before others can enter. The slopes of the log-log lines say whether time grows
faster than linearly.
"""

import argparse
import os
import time
from pathlib import Path

SIZES = {
    "n": [(n, 4_000) for n in (1_000, 2_000, 4_000, 8_000, 16_000)],
    "p": [(1_500, p) for p in (2_500, 5_000, 10_000, 20_000, 40_000)],
}
N_TRUE = 10
LAST = 0.5  # of the largest alpha
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)

    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, constrained_layout=True)
    for axis, (name, sizes) in zip(axes, SIZES.items(), strict=True):
        found = [_measured(n, p, options.threads) for n, p in sizes]
        grown = [n if name == "n" else p for n, p in sizes]
        slope = _slope(grown, [seconds for seconds, _ in found])
        counts = [count for _, count in found]
        fixed = f"p = {sizes[0][1]}" if name == "n" else f"n = {sizes[0][0]}"
        print(f"{name}: slope {slope:.2f}, support {min(counts)} to {max(counts)}")
        axis.loglog(grown, [1e3 * seconds for seconds, _ in found], marker="o", color="#d1342f")
        axis.set_xlabel(f"{name} ({fixed})")
        axis.set_title(f"slope {slope:.2f}", fontsize=10)
        axis.grid(alpha=0.25, which="both", linewidth=0.5)
    axes[0].set_ylabel("milliseconds, 100 alphas")
    figure.savefig(options.out, dpi=90)


def _measured(n: int, p: int, n_threads: int) -> tuple[float, int]:
    """Return the least time of several runs, and the size of the support at the last alpha."""
    import numpy as np

    from shrinkage import Plan, Settings
    from shrinkage.solve.path import Path as SolvedPath
    from shrinkage.solve.problem import make_problem
    from shrinkage.solve.solver import Solver

    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.standard_normal((p, n)).T)
    y = X[:, :N_TRUE].sum(axis=1) + rng.standard_normal(n)
    problem = make_problem(X, y, standardize=False)
    largest = np.abs(X.T @ (y - y.mean())).max() / n
    alphas = largest * np.geomspace(1.0, LAST, 100)
    best, count = float("inf"), 0
    for _ in range(REPEATS):
        start = time.perf_counter()
        solver = Solver(problem, Plan("working set", "asked for", 0), Settings(n_threads=n_threads))
        points = solver.path(alphas, 1.0)
        best = min(best, time.perf_counter() - start)
        count = int(SolvedPath(solver, alphas, 1.0, points).n_nonzero[-1])
    return best, count


def _slope(sizes: list[int], seconds: list[float]) -> float:
    import numpy as np

    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


if __name__ == "__main__":
    main()
