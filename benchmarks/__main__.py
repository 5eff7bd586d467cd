"""Measure, and write the tables: `python -m benchmarks [--families ...] [--problems ...]`.

Every solver climbs its ladder of tolerances; its time at gap g is that of its cheapest run whose
worst certified gap along the path is at most g. A run is cut at `--limit` seconds.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FAMILIES = ("gaussian", "binomial", "poisson", "multinomial")
TASKS = ("path", "one", "crossval", "loo")


def main() -> None:
    options = _parse()
    # BLAS reads these when it is loaded, so before NumPy is.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    # One core means one core.
    if options.threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    from benchmarks.report import render
    from benchmarks.store import Store

    options.end = time.perf_counter() + options.stop_after
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.results or Path(folder) / "measured.jsonl")
        if not options.render:
            options.data = options.data or Path(folder)
            _measure(store, options)
        if options.out:
            store.compact()
            render(store, options.out)


def _measure(store: Any, options: Any) -> None:
    from benchmarks.measure import Case, measure
    from benchmarks.suite import rows

    chosen = [row for row in rows() if _is_asked(row, options)]
    if options.prepare:
        for row in chosen:
            case = Case(row, options.data)
            if row.task in ("crossval", "loo"):
                case.true_curve()
            print(row.name, file=sys.stderr, flush=True)
        return
    candidates = _candidates(options)
    try:
        for row in chosen:
            if time.perf_counter() > options.end:
                break
            measure(row, candidates, store, options)
    finally:
        for candidate in candidates:
            candidate.stop()


def _candidates(options: Any) -> list[Any]:
    """Return the solvers whose environments are there, some with one thread too."""
    from benchmarks.process import Candidate
    from benchmarks.solvers import SOLVERS
    from benchmarks.worker import find

    makes = [(make, None) for make in SOLVERS]
    makes += [(find(str(file)), file) for file in options.solver]
    found, missing = [], []
    for make, file in makes:
        if options.solvers and make.name not in options.solvers and file is None:
            continue
        counts = {options.threads, 1} if getattr(make, "is_threaded", False) else {options.threads}
        for n_threads in sorted(counts, reverse=True):
            candidate = Candidate(make, n_threads, options.environments, file)
            (found if candidate.is_installed else missing).append(candidate)
    if missing:
        names = ", ".join(dict.fromkeys(each.name for each in missing))
        print(f"not installed, left out: {names}", file=sys.stderr)
    return found


def _is_asked(row: Any, options: Any) -> bool:
    return (
        row.family in options.families
        and row.task in options.tasks
        and (not options.problems or row.problem in options.problems)
        and (not options.l1_ratios or row.l1_ratio in options.l1_ratios)
        and (not options.rows or row.name in options.rows)
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    several: dict[str, Any] = {"nargs": "*", "metavar": "NAME"}
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=TASKS)
    parser.add_argument("--problems", **several, help="default: all")
    parser.add_argument("--l1-ratios", nargs="*", type=float, metavar="RATIO", help="default: all")
    parser.add_argument("--rows", **several, help="family/problem/task/l1_ratio, as in the results")
    parser.add_argument("--solvers", **several, help="default: all that are installed")
    parser.add_argument(
        "--solver", type=Path, action="append", default=[], metavar="FILE",
        help="a file with a class Solver, from outside of the project",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per run")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds of repetitions a row")
    parser.add_argument("--resume", action="store_true", help="measure only what is not there")
    parser.add_argument(
        "--stop-after", type=float, default=float("inf"), metavar="SECONDS",
        help="begin nothing new after so long; --resume goes on",
    )  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="a new process for each row")
    parser.add_argument(
        "--environments", type=Path, default=Path("build/benchmarks"), metavar="FOLDER",
        help="has the peers' environments",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keeps the problems' data")
    parser.add_argument("--prepare", action="store_true", help="make the data, measure nothing")
    parser.add_argument(
        "--results", type=Path, metavar="FILE.jsonl", help="keeps what was measured"
    )
    parser.add_argument("--render", action="store_true", help="write the tables, measure nothing")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="tables; figures beside it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
