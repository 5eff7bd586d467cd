"""Random degenerate problems: the kinds that break solvers, with every option at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


def gaussian(rng, n, p):
    return rng.normal(size=(n, p))


def random_walks(rng, n, p):
    return rng.normal(size=(n, p)).cumsum(axis=0)


def rounded(rng, n, p):
    return np.round(rng.normal(size=(n, p)))


def near_singular(rng, n, p):
    """Differences of few columns, and noise between 1e-11 and 1e-3 of them."""
    X = rng.normal(size=(n, p))
    base = max(1, p // 3)
    first, second = rng.integers(0, base, size=(2, p - base))
    X[:, base:] *= 10.0 ** rng.uniform(-11, -3)
    X[:, base:] += X[:, first] - X[:, second]
    return X


def duplicated(rng, n, p):
    X = rng.normal(size=(n, p))
    half = p // 2
    X[:, p - half :] = X[:, :half] * rng.choice([-1.0, 1.0], size=half)
    return X


def zero_one(rng, n, p):
    return (rng.uniform(size=(n, p)) < rng.uniform(0.05, 0.5)).astype(float)


KINDS = (gaussian, random_walks, rounded, near_singular, duplicated, zero_one)
N_ALPHAS = 10


@dataclass(frozen=True)
class RandomProblem:
    """Arguments of elastic_net_path, and whether the columns are far from zero."""

    X: np.ndarray
    y: np.ndarray
    options: dict[str, Any]
    alpha_min_ratio: float
    is_shifted: bool


def random_problem(seed: int) -> RandomProblem:
    """Return problem number `seed`: n 5..120, p 1..250, kind seed mod 6."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(5, 121)), int(rng.integers(1, 251))
    X = np.asfortranarray(KINDS[seed % len(KINDS)](rng, n, p))
    if rng.uniform() < 0.2:
        X *= 10.0 ** rng.uniform(-3, 3, size=p)
    is_shifted = bool(rng.uniform() < 0.2)
    options = _penalty(rng, p) | _rows(rng, n)
    if is_shifted:
        # Without an intercept nothing is centred, and what cancels takes digits with it.
        far = 100.0 if options["fit_intercept"] else 3.0
        X += rng.normal(scale=far, size=p) * X.std(axis=0)
    if KINDS[seed % len(KINDS)] is near_singular:
        _keep_one_free(options)
    ratio = 10.0 ** rng.uniform(-4, -0.3)
    return RandomProblem(X, _target(rng, X), options, ratio, is_shifted)


def random_family_problem(seed: int, of_response: Callable[..., Any]) -> RandomProblem:
    """Return problem number `seed` with another response, and with offsets or ridge at times.

    Parameters
    ----------
    of_response : callable
        Makes y from a random generator and a linear predictor, as `cases.FAMILIES` have it.
    """
    problem, rng = random_problem(seed), np.random.default_rng(seed)
    z = (problem.y - problem.y.mean()) / (problem.y.std() or 1.0)
    y = of_response(rng, z * rng.choice([0.5, 1.0, 3.0]))
    options = dict(problem.options)
    if rng.uniform() < 0.3:
        options["offset"] = rng.normal(size=len(y)) * rng.choice([0.5, 3.0, 10.0])
    if rng.uniform() < 0.2:
        options["l1_ratio"] = 0.0
    return replace(problem, y=y, options=options)


def random_sparse_problem(seed: int) -> RandomProblem:
    """Return problem number `seed` with hundreds of non-zero coefficients; X is dense yet.

    Sparse columns are not solved for by a factor from the beginning when they are many.
    """
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(200, 500)), int(rng.integers(200, 900))
    density = rng.uniform(0.03, 0.3)
    X = KINDS[seed % len(KINDS)](rng, n, p) * (rng.uniform(size=(n, p)) < density)
    if rng.uniform() < 0.3:
        X *= 10.0 ** rng.uniform(-3, 3, size=p)
    true = rng.normal(size=p) * (rng.uniform(size=p) < 0.1) / (X.std(axis=0) + 1e-9)
    y = X @ true + rng.uniform(0.1, 5.0) * rng.normal(size=n)
    options = _penalty(rng, p)
    if KINDS[seed % len(KINDS)] is near_singular:
        _keep_one_free(options)
    return RandomProblem(X, y, options, 10.0 ** rng.uniform(-3.5, -1), is_shifted=False)


def _target(rng, X):
    """Signal and noise, signal alone, or noise alone."""
    n, p = X.shape
    signal = np.zeros(n)
    for j in rng.integers(0, p, size=rng.integers(1, 9)):
        signal += 3.0 * rng.normal() * (X[:, j] - X[:, j].mean()) / (X[:, j].std() + 1e-9)
    noise = rng.normal(size=n)
    shift = rng.choice([0.0, 5.0])
    return shift + [signal + noise, signal, noise][rng.choice(3, p=[0.6, 0.2, 0.2])]


def _penalty(rng, p):
    options: dict[str, Any] = {"l1_ratio": 1.0 if rng.uniform() < 0.5 else rng.uniform(0.05, 1.0)}
    if rng.uniform() < 0.4:
        factor = rng.uniform(0.3, 3.0, size=p)
        factor[rng.uniform(size=p) < 0.1] = np.inf
        if rng.uniform() < 0.5:
            factor[rng.integers(0, p, size=2)] = 0.0
        options["penalty_factor"] = factor
    if rng.uniform() < 0.4:
        draw = rng.uniform(size=(2, p))
        far = np.where(rng.uniform(size=(2, p)) < 0.5, np.inf, rng.uniform(0, 0.5, size=(2, p)))
        options["lower"] = np.where(draw[0] < 0.2, 0.0, -far[0])
        options["upper"] = np.where(draw[1] < 0.2, 0.0, far[1])
    options["fit_intercept"] = bool(rng.uniform() < 0.8)
    options["standardize"] = bool(rng.uniform() < 0.6)
    return options


def _keep_one_free(options):
    # Two free features that differ by 1e-9 have no solution that float64 could tell.
    factor = options.get("penalty_factor", np.ones(1))
    factor[np.flatnonzero(factor == 0.0)[1:]] = 1.0


def _rows(rng, n):
    options = {}
    if rng.uniform() < 0.4:
        weight = rng.uniform(0.1, 2.0, size=n)
        weight[rng.uniform(size=n) < 0.2] = 0.0
        weight[:2] = 1.0
        options["sample_weight"] = weight
    return options
