"""The problems, one function each in a small file; `PROBLEMS` has them by family and name."""

from collections.abc import Callable

from benchmarks.datasets.real import diabetes, khan, nci60
from benchmarks.datasets.simulated import categories, classes, dense, in_float32, sparse, text
from benchmarks.problem import Data


def _likelihood(family: str) -> dict[str, Callable[[], Data]]:
    """The problems of a family with a likelihood."""
    return {
        "300x20": lambda: dense(300, 20, family=family, ratio=1e-4),
        "5000x300": lambda: dense(5_000, 300, family=family),
        "100000x50": lambda: dense(100_000, 50, family=family, ratio=1e-4),
        "300x5000": lambda: dense(300, 5_000, family=family),
        "text 20000x50000": lambda: text(20_000, 50_000, family=family),
    }


PROBLEMS: dict[str, dict[str, Callable[[], Data]]] = {
    "gaussian": {
        "100x10": lambda: dense(100, 10),
        "442x64 diabetes": diabetes,
        "1000x50": lambda: dense(1_000, 50),
        "2000x400": lambda: dense(2_000, 400, rho=0.7),
        "1000x500 AR.95": lambda: dense(1_000, 500, rho=0.95),
        "200x5000 AR.95": lambda: dense(200, 5_000, rho=0.95),
        "100000x200": lambda: dense(100_000, 200),
        "1000000x100": lambda: dense(1_000_000, 100),
        "1000000x100 float32": lambda: in_float32(dense(1_000_000, 100)),
        "500x10000": lambda: dense(500, 10_000),
        "200x100000": lambda: dense(200, 100_000),
        "64x6829 NCI60": nci60,
        "sparse 20000x50000": lambda: sparse(20_000, 50_000),
        "categories 50000x1500": lambda: categories(50_000, levels=(1000, 300, 150, 50)),
    },
    "binomial": _likelihood("binomial"),
    "poisson": _likelihood("poisson"),
    "multinomial": {
        "63x2308 Khan": khan,
        "500x30, 4 classes": lambda: classes(500, 30),
        "5000x100, 4 classes": lambda: classes(5_000, 100),
    },
}
