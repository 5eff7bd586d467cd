"""Peak memory beside X: `python -m benchmarks.memory [--out FILE.md]`.

Each problem is solved in a process of its own, which resets the kernel's peak counter when X and y
are there and the packages loaded. What counts is how far the peak then rises, held against a tenth
of X and what `choose` announces. Linux only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Case
from benchmarks.process import ROOT
from benchmarks.report import row_of
from benchmarks.suite import Row

ROWS = (
    Row("gaussian", "100000x200"),
    Row("gaussian", "100000x200", "crossval"),
    Row("gaussian", "1000000x100"),
    Row("gaussian", "1000000x100 float32"),
    Row("gaussian", "500x10000"),
    Row("gaussian", "200x100000"),
    Row("gaussian", "sparse 20000x50000"),
    Row("gaussian", "sparse 20000x50000", "crossval"),
    Row("binomial", "100000x50"),
    Row("binomial", "300x5000"),
    Row("binomial", "text 20000x50000"),
)
SHARE = 0.1  # of X, that may be used beside what is announced
MB = 1e-6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE.md")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keeps the problems' data")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--solve", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.solve:
        print(json.dumps(_solve(*options.solve, options.threads)))
        return
    lines = [
        "# Peak memory beside X\n",
        "In MB. Allowed is a tenth of X and what `choose` announces; the result is in the peak.\n",
        row_of("problem", "plan", "X", "announced", "peak beside X", "allowed", "reached"),
        "|" + "---|" * 7,
    ]
    with tempfile.TemporaryDirectory() as folder:
        for row in ROWS:
            lines.append(_line(row, options.data or Path(folder), options.threads))
            print(lines[-1], file=sys.stderr, flush=True)
    text = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(text)
    print(text)


def _line(row: Row, folder: Path, n_threads: int) -> str:
    case = Case(row, folder)
    words = str(case.folder.resolve()), str(case.row_folder.resolve()), row.family, row.task
    command = [sys.executable, "-m", "benchmarks.memory", "--threads", str(n_threads)]
    run = subprocess.run(
        [*command, "--solve", *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found = json.loads(run.stdout)
    allowed = SHARE * found["X"] + found["announced"]
    sizes = (
        f"{MB * each:.1f}" for each in (found["X"], found["announced"], found["peak"], allowed)
    )
    name = f"{row.family} {row.problem} {row.task}"
    return row_of(name, found["plan"], *sizes, "yes" if found["peak"] <= allowed else "**no**")


def _solve(folder: str, row_folder: str, family: str, task: str, n_threads: int) -> dict[str, Any]:
    """Solve in this process, and return how far its memory rose."""
    import numpy as np

    import shrinkage
    from benchmarks.problem import N_FOLDS, load
    from benchmarks.solvers.shrinkage_ import Shrinkage

    data = load(Path(folder), family)
    data.grid = np.load(Path(row_folder) / "alphas.npy")
    solver = Shrinkage(n_threads)
    fit = getattr(solver, f"fit_{task}")
    few = slice(0, min(50, data.X.shape[0]))
    small = type(data)(np.array(np.eye(50, 5) + 0.1), np.asarray(data.y[few]), family)
    small.y = np.resize(small.y, 50)
    fit(small, None)  # loads what is loaded when it is first used, and starts the threads
    problem = shrinkage.make_problem(data.X, data.y, family=family, standardize=False)
    n_folds = N_FOLDS if task == "crossval" else 0
    plan = shrinkage.choose(problem, alphas=data.alphas, n_folds=n_folds)
    del problem
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmRSS")
    found = fit(data, None)
    peak = _status("VmHWM") - before
    del found
    X = data.X
    parts = (X.data, X.indices, X.indptr) if data.is_sparse else (X,)
    return {
        "X": sum(part.nbytes for part in parts),
        "announced": plan.nbytes,
        "plan": plan.name,
        "peak": peak,
    }


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise SystemExit(f"the kernel does not tell {name}")


if __name__ == "__main__":
    main()
