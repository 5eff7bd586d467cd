"""The problems, one function each in a small file; `PROBLEMS` has them by name."""

from benchmarks.datasets.real import diabetes, nci60
from benchmarks.datasets.simulated import dense, sparse

PROBLEMS = {
    "100x10": lambda: dense(100, 10),
    "442x64 diabetes": diabetes,
    "2000x400": lambda: dense(2000, 400, rho=0.7),
    "100000x200": lambda: dense(100_000, 200),
    "500x10000": lambda: dense(500, 10_000),
    "64x6829 NCI60": nci60,
    "sparse 20000x50000": lambda: sparse(20_000, 50_000),
}
