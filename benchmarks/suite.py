"""What is measured, and what is to be reached: the rows of the suite and the targets."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.datasets import PROBLEMS

TASKS = {
    "path": "path, 100 alphas",
    "one": "one alpha, the 50th of the path",
    "crossval": "10-fold cross-validation of 100 alphas, and the path on all rows",
    "loo": "leave-one-out over 100 alphas",
}


@dataclass(frozen=True)
class Row:
    """One problem and one task: all solvers side by side."""

    family: str
    problem: str
    task: str = "path"
    l1_ratio: float = 1.0
    grid: str = "usual"  # or "default": down to 1e-4 (n > p), as this package's own

    @property
    def name(self) -> str:
        """Name the row in files: family/problem/task/l1_ratio, and the grid if not the usual."""
        parts = [self.family, self.problem, self.task, f"{self.l1_ratio:g}"]
        return "/".join(parts if self.grid == "usual" else [*parts, self.grid])


@dataclass(frozen=True)
class Target:
    """At least so many times faster than the best peer at gap 1e-6, and than the fastest default.

    `of_limit` is the most that the time may be of one symmetric product.
    """

    title: str
    at_gap: float
    at_default: float
    of_limit: float | None = None


TARGETS = {
    "small": Target("tiny and small lasso paths (n p <= 50 000)", 12, 6),
    "small net": Target("the same, elastic net 0.5 and 0.1", 4, 2),
    "between": Target("in between (2 000 x 400): lasso", 8, 3),
    "between net": Target("in between (2 000 x 400): elastic net", 3, 1.5),
    "autoregressive": Target("AR 0.95 (1 000 x 500, 200 x 5 000)", 50, 4),
    "tall": Target("tall (n >= 100 p): path", 1.3, 1, 1.2),
    "tall folds": Target("tall (n >= 100 p): 10-fold CV with path", 30, 1, 1.5),
    "wide": Target("wide 500 x 10 000, 200 x 100 000", 50, 4),
    "NCI60": Target("NCI60", 12, 4),
    "wide net": Target("wide, elastic net 0.5", 10, 2),
    "sparse": Target("sparse text lasso", 6, 5),
    "wide folds": Target("10-fold CV of a wide path", 50, 10),
    "ridge loo": Target("ridge, 100 alphas, leave-one-out", 10, 10),
    "ridge folds": Target("ridge, 100 alphas, 10-fold", 100, 100),
    "likelihood": Target("logistic / Poisson: small, tall, wide", 5, 1.5),
    "likelihood text": Target("logistic / Poisson, sparse text", 2, 1),
    "likelihood net": Target("logistic / Poisson, l1_ratio 0.1, 300 x 5 000", 2, 1),
    "multinomial": Target("multinomial: Khan; 500 x 30; 5 000 x 100", 8, 1.2),
}

SMALL = ("100x10", "442x64 diabetes", "1000x50")
TALL = ("100000x200", "1000000x100", "1000000x100 float32")
WIDE = ("500x10000", "200x100000")
AUTOREGRESSIVE = ("1000x500 AR.95", "200x5000 AR.95")
RIDGE = ("100x10", "442x64 diabetes", "2000x400", "100000x200", "500x10000")
OF_LASSO = {
    **dict.fromkeys(SMALL, "small"),
    "2000x400": "between",
    **dict.fromkeys(AUTOREGRESSIVE, "autoregressive"),
    **dict.fromkeys(TALL, "tall"),
    **dict.fromkeys(WIDE, "wide"),
    "64x6829 NCI60": "NCI60",
    "sparse 20000x50000": "sparse",
    "categories 50000x1500": None,
}


def rows() -> dict[Row, str | None]:
    """Return all rows, the cheap ones first, and each one's target, if it has one."""
    return dict([*_paths(), *_folds(), *_ridge(), *_likelihoods(), *_one()])


def _paths() -> Iterator[tuple[Row, str | None]]:
    for problem, target in OF_LASSO.items():
        yield Row("gaussian", problem), target
        if problem in SMALL:
            yield Row("gaussian", problem, grid="default"), "small"
    for l1_ratio in (0.5, 0.1):
        for problem in SMALL:
            yield Row("gaussian", problem, l1_ratio=l1_ratio), "small net"
        yield Row("gaussian", "2000x400", l1_ratio=l1_ratio), "between net"
    for problem in ("500x10000", "200x5000 AR.95", "200x100000", "64x6829 NCI60"):
        yield Row("gaussian", problem, l1_ratio=0.5), "wide net"
    yield Row("gaussian", "500x10000", l1_ratio=0.1), None
    yield Row("gaussian", "sparse 20000x50000", l1_ratio=0.5), None


def _folds() -> Iterator[tuple[Row, str | None]]:
    for problem in (*SMALL, "2000x400"):
        for l1_ratio in (1.0, 0.5):
            yield Row("gaussian", problem, "crossval", l1_ratio), None
    yield Row("gaussian", "100000x200", "crossval"), "tall folds"
    yield Row("gaussian", "100000x200", "crossval", 0.5), None
    for problem in ("500x10000", "64x6829 NCI60"):
        yield Row("gaussian", problem, "crossval"), "wide folds"
        yield Row("gaussian", problem, "crossval", 0.5), None
    yield Row("gaussian", "sparse 20000x50000", "crossval"), None
    yield Row("gaussian", "categories 50000x1500", "crossval"), None


def _ridge() -> Iterator[tuple[Row, str | None]]:
    for problem in RIDGE:
        yield Row("gaussian", problem, "loo", 0.0), "ridge loo"
        yield Row("gaussian", problem, "crossval", 0.0), "ridge folds"


def _likelihoods() -> Iterator[tuple[Row, str | None]]:
    for family in ("binomial", "poisson"):
        for problem in PROBLEMS[family]:
            is_text = problem.startswith("text")
            yield Row(family, problem), "likelihood text" if is_text else "likelihood"
            yield Row(family, problem, "crossval"), None
        yield Row(family, "300x5000", l1_ratio=0.1), "likelihood net"
        yield Row(family, "5000x300", l1_ratio=0.5), None
    for problem in PROBLEMS["multinomial"]:
        yield Row("multinomial", problem), "multinomial"
        yield Row("multinomial", problem, "crossval"), None


def _one() -> Iterator[tuple[Row, str | None]]:
    for problem in ("100x10", "2000x400", "100000x200", "500x10000", "sparse 20000x50000"):
        yield Row("gaussian", problem, "one"), None
    for family in ("binomial", "poisson"):
        yield Row(family, "5000x300", "one"), None
