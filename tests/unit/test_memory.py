"""X is read in place: what a fit allocates beside the result is a small part of X."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import shrinkage

n, p, order, dtype, call = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
rng = np.random.default_rng(0)
X = np.empty((n, p), dtype=dtype, order=order)
rng.standard_normal(out=X if order == "C" else X.T, dtype=dtype)
y = X[:, :20].sum(axis=1) + rng.standard_normal(n)

def peak():
    line = next(x for x in Path("/proc/self/status").read_text().split("\\n") if "VmHWM" in x)
    return 1024 * int(line.split()[1])

def fit():
    if call == "path":
        return shrinkage.elastic_net_path(X, y, alphas=20, alpha_min_ratio=0.1)
    return shrinkage.LassoCV(alphas=20, cv=5).fit(X, y).path_

fit()  # loads modules, and the buffers of BLAS
Path("/proc/self/clear_refs").write_text("5")
before = peak()
path = fit()
extra = peak() - before - path.plan.nbytes
print(extra / X.nbytes)
"""

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak can be reset on Linux only"
)


@needs_proc
@pytest.mark.parametrize(
    ("n", "p", "order", "dtype", "call"),
    [
        (20_000, 200, "F", "float64", "path"),
        (20_000, 200, "C", "float64", "path"),
        (40_000, 200, "F", "float32", "path"),
        (20_000, 200, "F", "float64", "cv"),
        (2_000, 20_000, "F", "float64", "path"),
    ],
)
def test_less_than_a_tenth_of_X_is_allocated(n, p, order, dtype, call):
    """Native and Python allocations together, beside what the plan announces."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(n), str(p), order, dtype, call],
        capture_output=True,
        text=True,
        timeout=120,
        # memory goes back to the system as soon as it is freed, so the peak is the fit's own
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"},
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.1
