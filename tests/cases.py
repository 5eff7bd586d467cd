"""The conformance table: families, data, penalties and options; every law runs over its rows.

A new family, kind of data, penalty or option joins by one entry. A test fails if a family of the
package is missing (`laws/test_family_derivatives.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy import sparse

from shrinkage.families import Binomial, Family, Gaussian, Multinomial, Poisson
from shrinkage.penalties import L1, L2, ElasticNet, GroupLasso, Penalty, SparseGroupLasso
from shrinkage.solve.problem import SOLVED

Data = tuple[Any, np.ndarray]


def _response(rng, X, noise=0.5):
    p = X.shape[1]
    coef = np.zeros(p)
    coef[: min(4, p)] = [1.5, -1.0, 0.7, 0.3][: min(4, p)]
    spread = X.std(axis=0)
    eta = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)) @ coef
    return 3.0 + eta + noise * rng.normal(size=X.shape[0])


def _normal(rng, n, p, rho=0.5):
    """Columns that correlate with their neighbours by rho."""
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def tall(rng):
    X = _normal(rng, 60, 8)
    return np.asfortranarray(X), _response(rng, X)


def wide(rng):
    X = _normal(rng, 24, 60)
    return np.asfortranarray(X), _response(rng, X)


def moderately_wide(rng):
    X = _normal(rng, 30, 40)
    return X, _response(rng, X)


def nearly_collinear(rng):
    X = _normal(rng, 50, 12, rho=0.99)
    return X, _response(rng, X)


def duplicates(rng):
    X = _normal(rng, 40, 5)
    X = np.column_stack([X, X[:, 1], -X[:, 2], X[:, 3] + X[:, 4]])
    return X, _response(rng, X)


def dummies(rng):
    """Two full sets of 0/1 columns: each sums to 1."""
    levels = rng.integers(0, [3, 4], size=(50, 2))
    X = np.column_stack([np.eye(3)[levels[:, 0]], np.eye(4)[levels[:, 1]]])
    return X, _response(rng, X)


def constant_columns(rng):
    X = _normal(rng, 40, 6)
    X[:, 2], X[:, 4] = 7.0, 0.0
    return X, _response(rng, X)


def far_from_zero(rng):
    X = _normal(rng, 60, 6) + 1e6
    return X, _response(rng, X)


def unequal_scales(rng):
    X = _normal(rng, 60, 7) * 10.0 ** np.arange(-3, 4)
    return X, _response(rng, X)


def powers(rng):
    x = np.linspace(-1.0, 1.0, 40)
    X = x[:, None] ** np.arange(1, 11)
    return X, np.sin(3 * x) + 0.1 * rng.normal(size=40)


def one_column(rng):
    X = rng.normal(size=(15, 1))
    return X, _response(rng, X)


def two_rows(rng):
    X = rng.normal(size=(2, 3))
    return X, np.array([1.0, 3.0])


def noiseless(rng):
    X = _normal(rng, 50, 6)
    return X, _response(rng, X, noise=0.0)


def hadamard(rng):
    """Orthogonal columns with equal correlations: ties everywhere."""
    H = np.array([[1.0]])
    for _ in range(4):
        H = np.block([[H, H], [H, -H]])
    return H[:, 1:9].copy(), H[:, 1:9] @ np.full(8, 0.5) + H[:, 12]


def mostly_zeros(rng):
    X = sparse.random_array((60, 30), density=0.15, rng=rng, format="csc")
    return X, _response(rng, X.toarray())


def wide_mostly_zeros(rng):
    X = sparse.random_array((30, 90), density=0.25, rng=rng, format="csc")
    X = X + sparse.csc_array((np.ones(90), (np.arange(90) % 30, np.arange(90))), shape=(30, 90))
    return X, _response(rng, X.toarray())


def single_precision(rng):
    X = _normal(rng, 60, 8).astype(np.float32)
    return X, _response(rng, X.astype(float))


def wide_single_precision(rng):
    X = np.asfortranarray(_normal(rng, 24, 60).astype(np.float32))
    return X, _response(rng, X.astype(float))


DESIGNS: dict[str, Callable[[np.random.Generator], Data]] = {
    design.__name__: design
    for design in (
        tall,
        wide,
        moderately_wide,
        nearly_collinear,
        duplicates,
        dummies,
        constant_columns,
        far_from_zero,
        unequal_scales,
        powers,
        one_column,
        two_rows,
        noiseless,
        hadamard,
        mostly_zeros,
        wide_mostly_zeros,
        single_precision,
        wide_single_precision,
    )
}


@dataclass(frozen=True)
class FamilyCase:
    """A family, and targets for it.

    `of_response(rng, z)` makes a target from a Gaussian response of mean 0 and deviation 1; `rows`
    are targets that `check_target` takes, its extremes among them; `etas` are linear predictors
    between which its curvature does not vanish.
    """

    family: Family
    of_response: Callable[[np.random.Generator, np.ndarray], np.ndarray]
    rows: np.ndarray
    etas: np.ndarray

    def __str__(self) -> str:
        return self.family.name

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Return every row of `rows` with every one of `etas`."""
        y = self.family.check_target(self.rows)
        pairs = np.array(list(product(range(len(y)), range(len(self.etas)))))
        return y[pairs[:, 0]], self.etas[pairs[:, 1]]


def _classes(rng, z):
    y = (z + rng.logistic(size=z.size) > 0.0).astype(float)
    y[:2] = 0.0, 1.0
    return y


def _counts(rng, z):
    y = rng.poisson(np.exp(0.5 + 0.7 * z)).astype(float)
    y[0] += 1.0
    return y


def _three_classes(rng, z):
    preference = np.column_stack([z, -z, np.full(z.size, 0.5)])
    y = np.argmax(preference + rng.gumbel(size=preference.shape), axis=1)
    y[:2] = 0, 1
    return np.unique(y, return_inverse=True)[1]


def _shares_of_three(rng):
    shares = rng.dirichlet(np.ones(3), size=4)
    return np.vstack([np.eye(3), shares, [[0.5, 0.5, 0.0]]])


FAMILIES = {
    case.family.name: case
    for case in (
        FamilyCase(Gaussian(), lambda rng, z: 3.0 + z, np.r_[-2.0, 0.0, 1e3], np.r_[-5.0:5.0:11j]),
        FamilyCase(Binomial(), _classes, np.r_[0.0, 0.3, 1.0], np.r_[-20.0:20.0:17j]),
        FamilyCase(Poisson(), _counts, np.r_[0.0, 0.5, 1.0, 40.0], np.r_[-5.0:6.0:12j]),
        FamilyCase(
            Multinomial(),
            _three_classes,
            _shares_of_three(np.random.default_rng(0)),
            3.0 * np.random.default_rng(1).normal(size=(12, 3)),
        ),
    )
}

PENALTIES = {"lasso": 1.0, "elastic net": 0.5, "mostly L2": 0.05, "ridge": 0.0}


def _nothing(rng, X, y):
    return {}


def _no_intercept(rng, X, y):
    return {"fit_intercept": False}


def _original_units(rng, X, y):
    return {"standardize": False}


def _neither(rng, X, y):
    return {"standardize": False, "fit_intercept": False}


def _weights(rng, X, y):
    weight = rng.integers(0, 4, size=len(y)).astype(float)
    weight[:2] = 1.0, 2.0
    return {"sample_weight": weight, "offset": rng.normal(size=len(y))}


def _factors(rng, X, y):
    factor = rng.uniform(0.3, 3.0, size=X.shape[1])
    factor[::5], factor[3::7] = 0.0, np.inf
    return {"penalty_factor": factor}


def _bounds(rng, X, y):
    p = X.shape[1]
    lower, upper = np.full(p, -np.inf), np.full(p, np.inf)
    lower[::2], upper[1::3], upper[::4] = 0.0, 0.2, 0.05
    return {"lower": lower, "upper": upper}


def _everything(rng, X, y):
    return (
        _weights(rng, X, y) | _factors(rng, X, y) | _bounds(rng, X, y) | _original_units(rng, X, y)
    )


OPTIONS = {
    "plain": _nothing,
    "no intercept": _no_intercept,
    "original units": _original_units,
    "neither": _neither,
    "weights and offset": _weights,
    "penalty factors": _factors,
    "bounds": _bounds,
    "everything": _everything,
}


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    design: str
    penalty: str
    option: str
    family: str = "gaussian"

    def __str__(self) -> str:
        family = "" if self.family == "gaussian" else f"{self.family}-"
        return f"{family}{self.design}-{self.penalty}-{self.option}"

    @property
    def l1_ratio(self) -> float:
        return PENALTIES[self.penalty]

    def data(self, seed: int = 0) -> Data:
        X, y = DESIGNS[self.design](np.random.default_rng(seed))
        if self.family != "gaussian":
            z = (y - y.mean()) / y.std()
            y = FAMILIES[self.family].of_response(np.random.default_rng(seed + 100), z)
        return X, y

    def options(self, X: Any, y: np.ndarray, seed: int = 1) -> dict[str, Any]:
        """Keywords of elastic_net_path, without alphas."""
        chosen = OPTIONS[self.option](np.random.default_rng(seed), X, y)
        if self.family == "multinomial" and "penalty_factor" in chosen:
            # Three classes are soon told apart by what is free: one feature is enough here.
            factor = chosen["penalty_factor"]
            factor[np.flatnonzero(factor == 0.0)[1:]] = 0.5
        if self.family == "multinomial" and "offset" in chosen:
            chosen["offset"] = np.multiply.outer(
                chosen["offset"], np.r_[1.0 : -1.0 : y.max() * 1j + 1j]
            )
        if self.family != "gaussian":
            chosen["family"] = self.family
        return {"l1_ratio": self.l1_ratio} | chosen


CASES = [Case(*row) for row in product(DESIGNS, PENALTIES, OPTIONS)]
OTHER_FAMILIES = tuple(name for name in FAMILIES if name != "gaussian")
GLM_CASES = [Case(*row) for row in product(DESIGNS, PENALTIES, OPTIONS, OTHER_FAMILIES)]
# The families of these that the core solves.
NEWTON_FAMILIES = tuple(name for name in OTHER_FAMILIES if name in SOLVED)
NEWTON_CASES = [case for case in GLM_CASES if case.family in NEWTON_FAMILIES]


def some(**chosen: str | tuple[str, ...]) -> list[Case]:
    """Return the rows of the table with these values, those of the Gaussian if no family is."""
    chosen = {"family": "gaussian"} | chosen
    wanted = {key: (value,) if isinstance(value, str) else value for key, value in chosen.items()}
    return [
        case
        for case in CASES + GLM_CASES
        if all(getattr(case, key) in wanted[key] for key in wanted)
    ]


# Penalties of `shrinkage.penalties`; tests/laws/test_prox.py fails if a class is missing.
PENALTY_VALUES: dict[str, Penalty] = {
    "L1": L1(0.4),
    "L2": L2(0.7),
    "elastic net": ElasticNet(0.6, l1_ratio=0.3),
    "elastic net, all L1": ElasticNet(0.6, l1_ratio=1.0),
    "group lasso in": GroupLasso(0.3, "in"),
    "group lasso out": GroupLasso(0.3, "out"),
    "group lasso kernel": GroupLasso(0.3, "kernel"),
    "group lasso whole": GroupLasso(0.2, "whole"),
    "group lasso, own weights": GroupLasso(0.5, "in", weights=[0.0, 1.0, 2.0, 0.5]),
    "group lasso, index": GroupLasso(0.4, [[0, 0, 1, 3], [1, 3, 3, 0], [0, 1, 1, 1]]),
    "sparse group lasso in": SparseGroupLasso(0.4, "in", l1_ratio=0.3),
    "sparse group lasso out": SparseGroupLasso(0.4, "out", weights=1.0, l1_ratio=0.6),
    "no penalty": L1(0.0),
    "no groups": GroupLasso(0.0),
}
