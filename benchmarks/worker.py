"""One solver in a process of its own, in the environment that has its packages.

`python -m benchmarks.worker NAME|FILE N_THREADS` reads commands, one a line, and answers each with
a line; words are separated by tabs there and by spaces here. `solvers/glmnet.R` does the same in R.

    load DATA ROW TASK L1_RATIO FAMILY   the folders of the problem and of its grid and folds
    run TOL OUT                          solve once; "ok SECONDS SHAPE...", and OUT.coefs, OUT.curve
    repeat TOL SECONDS                   solve again and again; "ok LEAST"
    versions                             "ok " and the versions
"""

import sys

if __name__ == "__main__":
    print("started", flush=True)  # before anything is imported: what comes now is the import

import importlib
import importlib.metadata
import importlib.util
import os
import time
from pathlib import Path
from typing import IO, Any


class Worker:
    """Holds a solver and the problem that it works on."""

    def __init__(self, make: Any, n_threads: int) -> None:
        self.make = make
        self.solver = make(n_threads)
        self.data: Any = None
        self.task = ""

    def load(self, folder: str, row: str, task: str, l1_ratio: str, family: str) -> str:
        import numpy as np

        from benchmarks.problem import load

        data = load(Path(folder), family)
        data.l1_ratio = float(l1_ratio)
        data.grid = np.load(Path(row) / "alphas.npy")
        if getattr(self.make, "is_centred", False) and not data.is_sparse:
            data.X, data.y = data.centred
            del data.centred
        self.data, self.task = data, task
        return "ok"

    def run(self, tol: str, out: str) -> str:
        import numpy as np

        fit = getattr(self.solver, f"fit_{self.task}")
        start = time.perf_counter()
        found = fit(self.data, _tolerance(tol))
        seconds = time.perf_counter() - start
        if self.task in ("crossval", "loo"):
            curve = np.asarray(self.solver.curve(self.data, found), dtype=float)
            curve.tofile(f"{out}.curve")
        if self.task == "loo":
            return f"ok {seconds!r}"
        if self.task == "crossval":  # the judge wants the path on all rows, whatever was kept
            found = self.solver.fit_path(self.data, _tolerance(tol))
        coefs = np.ascontiguousarray(self.solver.coefs(found), dtype=float)
        coefs.tofile(f"{out}.coefs")
        return " ".join(["ok", repr(seconds), *map(str, coefs.shape)])

    def repeat(self, tol: str, seconds: str) -> str:
        fit = getattr(self.solver, f"fit_{self.task}")
        best, end = float("inf"), time.perf_counter() + float(seconds)
        while True:
            start = time.perf_counter()
            fit(self.data, _tolerance(tol))
            best = min(best, time.perf_counter() - start)
            if time.perf_counter() > end:
                return f"ok {best!r}"

    def versions(self) -> str:
        root = getattr(self.make, "module", "numpy").split(".")[0]
        # The package says it itself if it isn't installed but found by its path.
        names = importlib.metadata.packages_distributions().get(root)
        if names:
            found = [f"{names[0]} {importlib.metadata.version(names[0])}"]
        else:
            found = [f"{root} {getattr(sys.modules[root], '__version__', '')}"]
        found.append(f"numpy {importlib.metadata.version('numpy')}")
        return f"ok {', '.join(dict.fromkeys(found))}, Python {sys.version.split()[0]}"


def find(name: str) -> Any:
    """Return the class of a solver, by its name or from a file of its own."""
    if name.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(name).stem, name)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{name} is no Python file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.Solver
    from benchmarks.solvers import SOLVERS

    return next(make for make in SOLVERS if make.__name__ == name)


def _tolerance(word: str) -> float | None:
    return None if word == "None" else float(word)


def _serve(worker: Worker, answers: IO[str]) -> None:
    for line in sys.stdin:
        command, *words = line.rstrip("\n").split("\t")
        try:
            reply = getattr(worker, command)(*words)
        except Exception as error:  # a peer may fail in any way; the next row goes on
            reply = " ".join(["error", type(error).__name__, *str(error).split()])
        print(reply, file=answers, flush=True)


def main() -> None:
    # What a solver prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    make = find(sys.argv[1])
    if module := getattr(make, "module", None):
        importlib.import_module(module)
    worker = Worker(make, int(sys.argv[2]))
    print("ready", file=answers, flush=True)
    _serve(worker, answers)


if __name__ == "__main__":
    main()
