"""Simulated problems: autoregressive columns, sparse ones and words; few true features."""

import numpy as np
import scipy.sparse

from benchmarks.problem import Data

# Standard deviation of the true linear predictor.
SPREAD = {"binomial": 1.5, "poisson": 0.7}
# About 2000 words are used at the last alpha.
TEXT_RATIO = {"binomial": 1.5e-2, "poisson": 7e-3}


def dense(
    n: int,
    p: int,
    *,
    family: str = "gaussian",
    rho: float = 0.5,
    n_true: int = 20,
    ratio: float | None = None,
    seed: int = 0,
) -> Data:
    """Columns with correlation rho^|i - j|, F-ordered; Gaussian: signal and noise of equal
    variance."""
    rng = np.random.default_rng(seed)
    X = np.empty((n, p), order="F")
    X[:, 0] = rng.standard_normal(n)
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    signal = _signal(X, min(n_true, p), rng)
    return Data(X, _response(signal, family, rng), family, ratio)


def classes(n: int, p: int, *, n_classes: int = 4, n_true: int = 10) -> Data:
    """Independent columns, of which the first have a coefficient for each class."""
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.standard_normal((n, p)))
    coef = np.zeros((p, n_classes))
    coef[:n_true] = rng.standard_normal((n_true, n_classes))
    means = np.exp(0.7 * (X @ coef))
    means /= means.sum(axis=1, keepdims=True)
    y = (means.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return Data(X, y.astype(float), "multinomial")


def sparse(n: int, p: int, *, density: float = 1e-3, n_true: int = 50, seed: int = 0) -> Data:
    """CSC with positive entries, like counts of words."""
    rng = np.random.default_rng(seed)
    X = scipy.sparse.random_array(
        (n, p),
        density=density,
        format="csc",
        rng=rng,
        data_sampler=rng.standard_exponential,
    )
    X = scipy.sparse.csc_array(X)
    X.sort_indices()
    signal = _signal(X, n_true, rng)
    return Data(X, _response(signal, "gaussian", rng))


def categories(n: int, *, levels: tuple[int, ...], n_true: int = 50, seed: int = 0) -> Data:
    """CSC of indicators, a column for each level of each factor; level k has odds 1 / (k + 5)."""
    rng = np.random.default_rng(seed)
    codes, first = [], 0
    for count in levels:
        odds = 1.0 / (np.arange(count) + 5.0)
        codes.append(first + rng.choice(count, n, p=odds / odds.sum()))
        first += count
    columns = np.concatenate(codes).astype(np.int32)
    places = np.tile(np.arange(n, dtype=np.int32), len(levels)), columns
    X = scipy.sparse.csc_array(scipy.sparse.coo_array((np.ones(len(columns)), places), (n, first)))
    X.sort_indices()
    signal = _signal(X, n_true, rng)
    return Data(X, _response(signal, "gaussian", rng))


def in_float32(data: Data) -> Data:
    """The same with X and y rounded to single precision."""
    return Data(data.X.astype(np.float32), data.y.astype(np.float32), data.family, data.ratio)


def text(n: int, p: int, *, family: str, n_words: int = 100, n_true: int = 40) -> Data:
    """1 + log(count) of the words in n texts; word j is drawn with odds (j + 50)^-0.7, and the
    true features are among the thousand most frequent words."""
    rng = np.random.default_rng(0)
    odds = (np.arange(p) + 50.0) ** -0.7
    words = rng.choice(p, n * n_words, p=odds / odds.sum())
    places = np.repeat(np.arange(n, dtype=np.int32), n_words), words.astype(np.int32)
    counts = scipy.sparse.coo_array((np.ones(n * n_words), places), shape=(n, p))
    X = scipy.sparse.csc_array(counts.tocsc())
    X.sum_duplicates()
    X.data = 1.0 + np.log(X.data)
    signal = _signal(X[:, :1000], n_true, rng)
    return Data(X, _response(signal, family, rng), family, TEXT_RATIO[family])


def _signal(X, n_true, rng):  # type: ignore[no-untyped-def]
    coef = np.zeros(X.shape[1])
    coef[rng.choice(X.shape[1], n_true, replace=False)] = rng.standard_normal(n_true)
    return X @ coef


def _response(signal, family, rng):  # type: ignore[no-untyped-def]
    if family == "gaussian":
        return signal + np.std(signal) * rng.standard_normal(len(signal))
    eta = SPREAD[family] * (signal - signal.mean()) / np.std(signal)
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    return rng.poisson(np.exp(eta)).astype(float)
