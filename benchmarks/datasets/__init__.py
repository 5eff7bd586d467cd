"""The problems, one function each in a small file; `PROBLEMS` has them by family and name."""

from collections.abc import Callable

from benchmarks.datasets.real import diabetes, khan, nci60
from benchmarks.datasets.simulated import classes, dense, sparse, text
from benchmarks.objective import Data


def _likelihood(family: str) -> dict[str, Callable[[], Data]]:
    """The problems of a family with a likelihood."""
    return {
        "5000x300": lambda: dense(5_000, 300, family=family),
        "100000x50": lambda: dense(100_000, 50, family=family, ratio=1e-4),
        "300x5000": lambda: dense(300, 5_000, family=family),
        "text 20000x50000": lambda: text(20_000, 50_000, family=family),
    }


PROBLEMS: dict[str, dict[str, Callable[[], Data]]] = {
    "gaussian": {
        "100x10": lambda: dense(100, 10),
        "442x64 diabetes": diabetes,
        "2000x400": lambda: dense(2000, 400, rho=0.7),
        "100000x200": lambda: dense(100_000, 200),
        "500x10000": lambda: dense(500, 10_000),
        "64x6829 NCI60": nci60,
        "sparse 20000x50000": lambda: sparse(20_000, 50_000),
    },
    "binomial": _likelihood("binomial"),
    "poisson": _likelihood("poisson"),
    "multinomial": {
        "63x2308 Khan": khan,
        "500x30, 4 classes": lambda: classes(500, 30),
        "5000x100, 4 classes": lambda: classes(5_000, 100),
    },
}
