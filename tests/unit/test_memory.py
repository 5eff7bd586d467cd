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
import scipy.sparse
import shrinkage

n, p, order, dtype, call = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
rng = np.random.default_rng(0)
if order == "sparse":
    X = scipy.sparse.random_array((n, p), density=0.02, rng=rng, format="csc", dtype=dtype)
else:
    X = np.empty((n, p), dtype=dtype, order=order)
    rng.standard_normal(out=X if order == "C" else X.T, dtype=dtype)
y = np.ravel(X[:, :20].sum(axis=1)) + 0.1 * rng.standard_normal(n)

def peak():
    line = next(x for x in Path("/proc/self/status").read_text().split("\\n") if "VmHWM" in x)
    return 1024 * int(line.split()[1])

def fit():
    if call == "path":
        return shrinkage.elastic_net_path(X, y, alphas=20, alpha_min_ratio=0.1)
    if call == "binomial path":
        z = (y > np.median(y)).astype(float)
        z[rng.random(n) < 0.2] = 1.0
        return shrinkage.elastic_net_path(
            X, z, family="binomial", alphas=20, alpha_min_ratio=0.01)
    if call == "binomial ridge":
        return shrinkage.elastic_net_path(
            X, (y > np.median(y)).astype(float), family="binomial", alphas=5, l1_ratio=0.0)
    return shrinkage.LassoCV(alphas=20, cv=5).fit(X, y).path_

fit()  # loads modules, and the buffers of BLAS
Path("/proc/self/clear_refs").write_text("5")
before = peak()
path = fit()
extra = peak() - before
print(extra / (n * p * X.dtype.itemsize), (extra - path.plan.nbytes) / (n * p * X.dtype.itemsize))
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
        (20_000, 200, "F", "float64", "binomial path"),
        (20_000, 200, "C", "float64", "binomial path"),
        (300, 20_000, "F", "float32", "binomial path"),
    ],
)
def test_less_than_a_tenth_of_X_is_allocated(n, p, order, dtype, call):
    """Native and Python allocations together, beside what the plan announces."""
    assert _shares(n, p, order, dtype, call)[1] < 0.1


@needs_proc
def test_a_wide_ridge_of_classes_takes_a_few_copies_of_X():
    """A Gram matrix of all features would be 60 times X."""
    assert _shares(100, 6_000, "F", "float64", "binomial ridge")[0] < 10


@needs_proc
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_working_set_takes_what_enters_and_no_more(dtype):
    """Though as much as its plan announces could be needed by other data."""
    assert _shares(2_000, 20_000, "F", dtype, "path")[0] < 0.05


@needs_proc
@pytest.mark.parametrize(("n", "p"), [(3_000, 40_000), (40_000, 3_000)])
def test_sparse_columns_are_never_made_dense(n, p):
    """A fiftieth of them are stored; the share is of X with all its zeros."""
    assert _shares(n, p, "sparse", "float64", "path")[0] < 0.03


def _shares(n, p, order, dtype, call):
    """Return what was allocated, over the size of X; and that without what the plan announces."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(n), str(p), order, dtype, call],
        capture_output=True,
        text=True,
        timeout=120,
        # memory goes back to the system as soon as it is freed, so the peak is the fit's own
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"},
    )
    assert done.returncode == 0, done.stderr
    return [float(share) for share in done.stdout.split()]
