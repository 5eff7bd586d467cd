"""What the machine can do: the time of one symmetric product, or of one read of X."""

import os
import platform
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg.blas import dgemv, dsyrk

from benchmarks.problem import Data

PRODUCT = "one symmetric product"
READ = "one read of X"


def physical_limit(data: Data, task: str) -> tuple[float, str]:
    """Return seconds, and of what: the flops of X'X (ridge of wide X: X X') at the speed at which
    BLAS does them here, or the bytes of X at the speed at which a large matrix is read here."""
    is_ridge = task == "loo" or data.l1_ratio == 0.0
    if data.family == "gaussian" and not data.is_sparse and (data.is_tall or is_ridge):
        X = np.asfortranarray(data.X, dtype=np.float64)
        return _least(lambda: dsyrk(1.0, X, trans=data.is_tall)), PRODUCT
    parts = (data.X.data, data.X.indices, data.X.indptr) if data.is_sparse else (data.X,)
    return sum(part.nbytes for part in parts) / bandwidth(), READ


@cache
def bandwidth() -> float:
    """Bytes a second of a product of a vector with a matrix much larger than any cache."""
    large = np.ones((4_000, 16_000), order="F")
    vector = np.ones(4_000)
    return large.nbytes / _least(lambda: dgemv(1.0, large, vector, trans=True))


def _least(work: Callable[[], Any], seconds: float = 0.5) -> float:
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def describe(n_threads: int) -> str:
    """Return the processor and how much of it was used."""
    cores = os.cpu_count()
    return f"{_processor()}, {n_threads} of {cores} cores; {platform.system()} {platform.machine()}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()
