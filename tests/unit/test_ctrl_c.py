"""Ctrl-C during the pass over X, paths and cross-validation; and in the command.

Answered within 0.1 s by the clock. Another program may hold the processor in the meantime, so an
answer counts as late only if several in a row are; the limit itself is never looser.
"""

import subprocess
import sys

import numpy as np
import pytest

LIMIT = 0.1
ATTEMPTS = 8

PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import shrinkage
from shrinkage import _core
from shrinkage.select.folds import make_splits
from shrinkage.solve import choose, make_problem
from shrinkage.solve.plan import CROSS_PRODUCTS, WORKING_SET, Plan
from shrinkage.solve.solver import open_problem

moment, attempts, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
n, p = {"pass": (60_000, 400), "path": (1_500, 900), "folds": (1_200, 500),
        "path of a working set": (1_000, 20_000), "folds of a working set": (400, 6_000),
        "path of classes": (5_000, 300), "path of counts": (5_000, 300),
        "folds of classes": (3_000, 120), "folds of counts": (3_000, 120),
        "path of wide classes": (800, 6_000), "path of labels": (2_000, 60),
        "folds of labels": (1_000, 30)}[moment]
rng = np.random.default_rng(0)
X = rng.standard_normal((p, n), dtype=np.float32).T
y = X[:, :50].sum(axis=1) + 5 * rng.standard_normal(n)
family = "gaussian"
if "classes" in moment:
    family, y = "binomial", (y > 0.0).astype(float)
elif "counts" in moment:
    family, y = "poisson", rng.poisson(np.exp(y / y.std())).astype(float)
elif "labels" in moment:
    family, y = "multinomial", np.digitize(y, [-10.0, 0.0, 10.0]).astype(float)
problem = make_problem(X, y, family=family, l1_ratio=0.9)
if family == "gaussian":
    plan = Plan(WORKING_SET if p > 5000 else CROSS_PRODUCTS, "", 0)
else:
    plan = choose(problem)
fold_ids = make_splits(10, n).fold_ids
settings = shrinkage.Settings(n_threads=1 + ("folds" in moment))

def open_it():
    return open_problem(problem, plan, settings, fold_ids, 10)

if moment == "pass":
    work = open_it
else:
    solver = open_it()
    alphas = solver.grid(100, 1e-4 if p < n else 1e-2, 0.9)
    run = solver.path if "path" in moment else solver.crossval
    work = lambda: run(alphas, 0.9)

started = time.perf_counter()
work()
whole = time.perf_counter() - started
assert whole > limit, f"too short to be interrupted: {whole:.3f} s"

def press(seconds):
    time.sleep(seconds)
    pressed.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

delays = []
for attempt in range(attempts):
    pressed = []
    hand = threading.Thread(target=press, args=(whole * (0.2 + 0.05 * attempt),))
    hand.start()
    try:
        while True:
            work()
    except KeyboardInterrupt:
        delays.append(time.perf_counter() - pressed[0])
    hand.join()
    if delays[-1] < limit:
        break
# what was interrupted can be used again, and gives what it gave before
path = shrinkage.elastic_net_path(X[:50, :10], y[:50], family=family)
assert path.dual_gap.max() <= (1e-9 if family == "gaussian" else 1e-8)
if moment != "pass":
    again, more = solver.path(alphas[:5], 0.9), open_it().path(alphas[:5], 0.9)
    assert (again.values == more.values).all()
print(min(delays))
"""


GAUSSIAN = ["pass", "path", "path of a working set", "folds", "folds of a working set"]
CLASSES = ["path of classes", "path of wide classes", "folds of classes"]
LABELS_AND_COUNTS = ["path of labels", "folds of labels", "path of counts", "folds of counts"]


@pytest.mark.parametrize("moment", [*GAUSSIAN, *CLASSES, *LABELS_AND_COUNTS])
def test_ctrl_c_is_answered_within_a_tenth_of_a_second(moment):
    command = [sys.executable, "-c", PROGRAM, moment, str(ATTEMPTS), str(LIMIT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < LIMIT


COMMAND = """
import os, signal, sys, threading
from shrinkage.cli import main
from shrinkage.solve.solver import Solver

name, seconds, *argv = sys.argv[1:]
inner = getattr(Solver, name)

def outer(*arguments):
    threading.Timer(float(seconds), os.kill, (os.getpid(), signal.SIGINT)).start()
    return inner(*arguments)

setattr(Solver, name, outer)
raise SystemExit(main(argv))
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return a CSV file whose comparison takes seconds."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_500, 300)).round(3)
    y = X[:, :50].sum(axis=1) + 3 * rng.normal(size=len(X))
    file = tmp_path_factory.mktemp("table") / "table.csv"
    header = ",".join([f"x{j}" for j in range(300)] + ["y"])
    np.savetxt(file, np.column_stack([X, y]), delimiter=",", header=header, comments="", fmt="%.4g")
    return file


@pytest.mark.parametrize("command", ["compare", "fit"])
@pytest.mark.parametrize(
    ("call", "seconds"), [("__init__", 0.0), ("path", 0.005), ("crossval", 0.05)]
)
def test_ctrl_c_while_the_command_fits_leaves_nothing_half_written(
    table, tmp_path, command, call, seconds
):
    out = tmp_path / "out"
    arguments = [command, str(table), "-y", "y", "-o", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, call, str(seconds), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 130, done.stderr
    assert done.stdout == ""
    assert done.stderr.endswith("shrinkage: interrupted\n")
    assert not out.exists() or not list(out.iterdir())
