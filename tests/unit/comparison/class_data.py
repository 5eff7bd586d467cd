"""Data of every family with classes or counts, for the tests of the comparison."""

from __future__ import annotations

import numpy as np

from shrinkage.select.folds import make_splits

N, P, CV = 120, 5, 4
FAMILIES = ("binomial", "poisson", "multinomial")
LABELS = np.array(["flat", "house", "villa"], object)


def data(family: str, n: int = N, seed: int = 3):
    """Return features and a target with some signal and much noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, P))
    X[:, 1] = X[:, 0] + 0.4 * rng.standard_normal(n)
    line = X[:, 0] - 0.8 * X[:, 2]
    if family == "binomial":
        return X, np.where(line + rng.logistic(size=n) > 0.0, "yes", "no").astype(object)
    if family == "poisson":
        return X, rng.poisson(np.exp(0.5 * line + 0.3)).astype(float)
    return X, LABELS[np.digitize(line + rng.normal(size=n), [-0.7, 0.7])]


def splits():
    return [held_out for _, held_out in make_splits(CV, N)]
