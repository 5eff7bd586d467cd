"""The plan that `choose` picks against the others: `python -m benchmarks.plans [--out FILE.md]`.

Each problem is solved under every plan that can solve it, in turns, on one core. The last column
is the time of the chosen plan over that of the fastest: near 1 means a good choice.
"""

import argparse
import os
import time
from pathlib import Path

PLANS = {
    "lasso": ("cross-products", "working set"),
    "ridge": ("ridge p x p", "ridge n x n"),
}
REPEATS = 5
SLOW = 1.0  # seconds; slower runs are not repeated


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE.md")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

    from benchmarks.datasets.simulated import dense, sparse
    from benchmarks.machine import describe
    from benchmarks.report import row_of

    problems = {
        "2000x100": ("lasso", dense(2_000, 100), 1e-4),
        "400x600": ("lasso", dense(400, 600), 1e-2),
        "5000x1000, short path": ("lasso", dense(5_000, 1_000), 1e-1),
        "300x5000": ("lasso", dense(300, 5_000), 1e-2),
        "sparse 4000x2000": ("lasso", sparse(4_000, 2_000), 5e-2),
        "3000x200": ("ridge", dense(3_000, 200), None),
        "200x3000": ("ridge", dense(200, 3_000), None),
    }
    lines = [
        f"# Plans, {time.strftime('%Y-%m-%d')}\n\n{describe(1)}\n",
        row_of(
            "problem",
            "chosen",
            *(plan for pair in PLANS.values() for plan in pair),
            "chosen / best",
        ),
        "|" + "---|" * 7,
    ]
    for name, (kind, data, ratio) in problems.items():
        chosen, times = _times(kind, data, ratio)
        cells = [
            f"{1e3 * times[plan]:.3g} ms" if plan in times else ""
            for pair in PLANS.values()
            for plan in pair
        ]
        lines.append(row_of(name, chosen, *cells, f"{times[chosen] / min(times.values()):.2f}"))
    text = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(text)
    print(text)


def _times(kind, data, ratio):  # type: ignore[no-untyped-def]
    """Return the chosen plan, and the least time of each plan in seconds."""
    from shrinkage import Plan, Settings, choose
    from shrinkage.solve.problem import make_problem
    from shrinkage.solve.solver import Solver

    problem = make_problem(
        data.X, data.y, l1_ratio=1.0 if kind == "lasso" else 0.0, standardize=False
    )
    settings = Settings(n_threads=1)
    times: dict[str, float] = {}
    for repeat in range(REPEATS):
        for plan in PLANS[kind]:
            if repeat and times[plan] > SLOW:
                continue
            start = time.perf_counter()
            solver = Solver(problem, Plan(plan, "asked for", 0), settings)
            solver.path(solver.grid(100, ratio, problem.l1_ratio), problem.l1_ratio)
            times[plan] = min(times.get(plan, float("inf")), time.perf_counter() - start)
    return choose(problem, alpha_min_ratio=ratio).name, times


if __name__ == "__main__":
    main()
