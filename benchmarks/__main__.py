"""Run the benchmark: `python -m benchmarks [--families ...] [--problems ...] [--out FILE.md]`.

Every solver climbs its ladder of tolerances; a solver's time at gap g is that of its cheapest
run whose worst certified gap along the path is at most g. Runs of different solvers alternate,
so that a slow minute of the machine hits all of them. A run is cut at `--limit` seconds.
"""

import argparse
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def main() -> None:
    options = _parse()
    # One core means one core: BLAS reads these when it is loaded, so before NumPy is.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    if options.threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    from benchmarks.report import header
    from benchmarks.solvers import SOLVERS

    lines = [header("Benchmark", options.threads), RULES.format(limit=options.limit)]
    for family in options.families:
        all_solvers = [*SOLVERS, *_extra_solvers(options.solver)]
        solvers = [make(options.threads) for make in all_solvers if family in make.families]
        for task in options.tasks:
            lines += _table(task, family, solvers, options)
    text = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(text)
    print(text)


def _table(task: str, family: str, solvers: list[Any], options: Any) -> list[str]:
    """Measure one task on the problems of one family."""
    from benchmarks.datasets import PROBLEMS
    from benchmarks.objective import GAP
    from benchmarks.report import row

    lines = [
        f"\n## {TITLES[task].format(family=family.capitalize(), gap=GAP[family])}\n",
        row("problem", *(s.name for s in solvers), "best other / first"),
        "|" + "---|" * (len(solvers) + 2),
    ]
    for name, make in PROBLEMS[family].items():
        if options.problems and name not in options.problems:
            continue
        if task == "crossval" and name in options.skip_crossval:
            continue
        data = make()
        cells = [_measure(task, solver, data, options) for solver in solvers]
        _alternate(task, solvers, data, cells, options)
        lines.append(row(name, *map(str, cells), _ratio(cells)))
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


RULES = """
Times are the least of several alternating runs; in brackets the worst certified relative gap of the
path, or the largest relative error of the cross-validated deviance. `standardize=False`; peers get
X centred for a dense path. A run is cut at {limit:g} s."""

TITLES = {
    "path": "{family}: lasso path, 100 alphas, certified gap <= {gap:g} at every point judged",
    "crossval": "{family}: 10-fold cross-validation and the path on all rows, 100 alphas",
}


class Cell:
    """The cheapest run of one solver that is accurate enough."""

    def __init__(self) -> None:
        self.tol: Any = None
        self.seconds = float("inf")
        self.reached = float("nan")
        self.note = "-"

    def __str__(self) -> str:
        if self.seconds == float("inf"):
            return self.note
        return f"{1e3 * self.seconds:.3g} ms ({self.reached:.0e})"


def _measure(task: str, solver: Any, data: Any, options: Any) -> Cell:
    """Climb the ladder of tolerances to the first one that reaches the gap."""
    from benchmarks.objective import ERROR_OF_CURVE, GAP, error_of_curve, worst_gap

    cell = Cell()
    fit = getattr(solver, f"fit_{task}")
    for tol in solver.tolerances:
        try:
            with _time_limit(options.limit):
                start = time.perf_counter()
                found = fit(data, tol)
                seconds = time.perf_counter() - start
        except TimeoutError:
            cell.note = f"> {options.limit:g} s"
            return cell
        if task == "path":
            cell.reached = worst_gap(data, solver.coefs(found))
            enough = cell.reached <= GAP[data.family]
        else:
            cell.reached = error_of_curve(data, solver.curve(data, found))
            enough = cell.reached <= ERROR_OF_CURVE[data.family]
        cell.note = f"not reached: {cell.reached:.0e} in {1e3 * seconds:.3g} ms"
        if enough:
            cell.tol, cell.seconds = tol, seconds
            return cell
    return cell


def _alternate(task: str, solvers: list[Any], data: Any, cells: list[Cell], options: Any) -> None:
    """Repeat the runs that were accurate enough, in turns, and keep each one's least time."""
    turns = [(s, c) for s, c in zip(solvers, cells, strict=True) if c.seconds < float("inf")]
    for solver, cell in list(turns):
        if cell.seconds > options.limit / 6:
            turns.remove((solver, cell))
    if not turns:
        return
    slowest = max(cell.seconds for _, cell in turns)
    for _ in range(max(2, min(50, int(options.budget / max(slowest, TURN))))):
        for solver, cell in turns:
            fit: Callable[..., Any] = getattr(solver, f"fit_{task}")
            end = time.perf_counter() + TURN
            while True:
                start = time.perf_counter()
                fit(data, cell.tol)
                cell.seconds = min(cell.seconds, time.perf_counter() - start)
                if time.perf_counter() > end:
                    break


FAMILIES = ("gaussian", "binomial", "poisson", "multinomial")
TURN = 0.02  # seconds; a fast run is repeated, so that its own data are in cache


def _ratio(cells: list[Cell]) -> str:
    """How many times faster the first solver is than the best of the others."""
    ours, others = cells[0].seconds, min((c.seconds for c in cells[1:]), default=float("inf"))
    return f"{others / ours:.3g}" if max(ours, others) < float("inf") else "-"


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    late = False

    def stop(signum: int, frame: Any) -> None:
        nonlocal late
        late = True
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except Exception as error:  # compiled code may turn the one that stopped it into another
        if late:
            raise TimeoutError from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _extra_solvers(files: list[Path]) -> list[Any]:
    """Solvers that live outside the project: each file defines a class `Solver`."""
    found = []
    for file in files:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{file} is no Python file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module.Solver)
    return found


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--problems", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--tasks", nargs="*", default=list(TITLES), choices=list(TITLES))
    parser.add_argument(
        "--skip-crossval",
        nargs="*",
        default=[],
        metavar="NAME",
        help="problems without cross-validation",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per run")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds of repetitions")
    parser.add_argument(
        "--solver",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file with a class Solver",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
