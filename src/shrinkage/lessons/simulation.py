"""Data whose truth is known."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray, IndexArray
from shrinkage._validate import as_numbers, check_choice, check_count, check_number, check_vector
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.solve.threads import one_blas_thread

SIGNALS = ("sparse", "dense", "groups")
GROUP_SIZE = 5
_RHO = {"sparse": 0.35, "dense": 0.5, "groups": 0.9}


@dataclass(frozen=True, eq=False)
class Simulation:
    """A linear model whose truth is known, and one sample of it.

    y = intercept + X coef + noise; the rows of X are normal with mean 0 and a known covariance,
    the noise is normal. Made by `simulate`, or from a truth of your own by `Simulation.of`.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_features,)
        The true coefficients.
    intercept : float
    noise_sd : float
        Standard deviation of the noise, in units of y.
    covariance : ndarray of shape (n_features, n_features)
        Of the columns of X.
    groups : ndarray of int, shape (n_features,)
        Number of the group of each feature, from 0; -1 where it is in none.
    signal : str
        "sparse", "dense" or "groups"; "given" for a truth of your own.
    rho : float
        The correlation asked for; NaN for a truth of your own.
    random_state : int
    """

    X: FloatArray
    y: FloatArray
    coef: FloatArray
    intercept: float
    noise_sd: float
    covariance: FloatArray
    groups: IndexArray
    signal: str
    rho: float
    random_state: int

    @classmethod
    def of(
        cls,
        coef: ArrayLike,
        covariance: ArrayLike,
        noise_sd: float,
        *,
        n_samples: int = 100,
        intercept: float = 0.0,
        groups: ArrayLike | None = None,
        random_state: int = 0,
    ) -> Simulation:
        """Return the simulation of a truth of your own.

        Parameters
        ----------
        coef : array-like of shape (p,)
        covariance : array-like of shape (p, p)
            Symmetric and positive semi-definite: a duplicate of a column is allowed.
        noise_sd : float >= 0
            In units of y.
        n_samples : int >= 1, default 100
        intercept : float, default 0.0
        groups : array-like of int, shape (p,), optional
            -1 for a feature in no group, which is the default for all.
        random_state : int >= 0, default 0

        Raises
        ------
        ArgumentError
            If an argument is outside its range, or the shapes do not agree.

        Examples
        --------
        >>> from shrinkage import Simulation
        >>> truth = Simulation.of([3.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], noise_sd=1.5)
        >>> truth.X.shape, truth.snr
        ((100, 2), 4.0)
        """
        true = check_vector("coef", coef)
        if groups is None:
            labels = np.full(true.size, -1, dtype=np.intp)
        else:
            labels = check_vector("groups", groups).astype(np.intp)
        if labels.size != true.size:
            got = Phrase(f"{labels.size} for {true.size}")
            raise ArgumentError.must("groups", "have one entry per coefficient", got)
        truth = cls(
            X=np.empty((0, true.size)),
            y=np.empty(0),
            coef=true.copy(),
            intercept=check_number("intercept", intercept, "a finite number"),
            noise_sd=check_number("noise_sd", noise_sd, "a finite number >= 0", low=0.0),
            covariance=_check_covariance(covariance, true.size),
            groups=labels,
            signal="given",
            rho=math.nan,
            random_state=check_count("random_state", random_state, minimum=0),
        )
        return _sampled(truth, check_count("n_samples", n_samples))

    @property
    def snr(self) -> float:
        """Variance of the true mean over variance of the noise; infinite without noise."""
        variance = float(self.coef @ self.covariance @ self.coef)
        return variance / self.noise_sd**2 if self.noise_sd > 0.0 else math.inf

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features: "x0", "x1", ..."""
        return tuple(f"x{j}" for j in range(self.coef.size))

    def sample(self, n_samples: int, random_state: int) -> tuple[FloatArray, FloatArray]:
        """Return new rows of the same truth: X of shape (n_samples, n_features), and y.

        They are independent of the `X` and `y` kept here, also with the same `random_state`.

        Examples
        --------
        >>> from shrinkage import simulate
        >>> X, y = simulate().sample(1000, random_state=1)
        >>> X.shape, y.shape
        ((1000, 20), (1000,))
        """
        n_samples = check_count("n_samples", n_samples)
        return self._draw(n_samples, 1, check_count("random_state", random_state, minimum=0))

    def mean(self, X: ArrayLike) -> FloatArray:
        """Return the true mean of the response for the rows of X: intercept + X coef."""
        rows = as_numbers("X", X)
        if rows.ndim != 2 or rows.shape[1] != self.coef.size:
            got = Phrase(f"an array of shape {rows.shape}")
            raise ArgumentError.must("X", f"have {self.coef.size} columns", got)
        result: FloatArray = self.intercept + rows @ self.coef
        return result

    def model_error(self, coef: ArrayLike, intercept: ArrayLike = 0.0) -> FloatArray:
        """Return the expected squared distance of a model's prediction from the true mean.

        (coef - true)' covariance (coef - true) + (intercept - true)^2, in units of y squared,
        exact for new rows. With noise_sd^2 it adds up to the expected squared error.

        Parameters
        ----------
        coef : array-like of shape (..., p)
            Of one model, or of many, such as the `coef_path` of a path.
        intercept : array-like of shape (...), default 0.0

        Returns
        -------
        ndarray of shape (...)

        Examples
        --------
        >>> from shrinkage import Simulation
        >>> truth = Simulation.of([3.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], noise_sd=1.5)
        >>> truth.model_error([[3.0, 0.0], [2.0, 0.0], [2.0, 1.0]]).tolist()
        [0.0, 1.0, 1.0]
        """
        away = np.asarray(coef, dtype=np.float64) - self.coef
        off = np.asarray(intercept, dtype=np.float64) - self.intercept
        result: FloatArray = np.einsum("...j,...j->...", away @ self.covariance, away) + off**2
        return result

    @functools.cached_property
    def _root(self) -> FloatArray:
        """The symmetric square root of the covariance, which is unique even if it is singular."""
        values, vectors = np.linalg.eigh(self.covariance)
        root: FloatArray = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        return root

    def _draw(self, n_samples: int, stream: int, seed: int) -> tuple[FloatArray, FloatArray]:
        # Row by row, features and noise together: a longer sample begins with the shorter one.
        normal = np.random.default_rng((stream, seed))
        drawn = normal.standard_normal((n_samples, self.coef.size + 1))
        with one_blas_thread:  # more threads make so small a product slower
            X = np.asfortranarray(drawn[:, :-1] @ self._root)
            return X, self.mean(X) + self.noise_sd * drawn[:, -1]


def simulate(
    n_samples: int = 100,
    n_features: int = 20,
    *,
    signal: str = "sparse",
    n_informative: int | None = None,
    rho: float | None = None,
    snr: float = 3.0,
    random_state: int = 0,
) -> Simulation:
    """Draw data whose true coefficients are known: 1 for features that matter, 0 for others.

    Parameters
    ----------
    n_samples : int >= 1, default 100
    n_features : int >= 1, default 20
    signal : {"sparse", "dense", "groups"}, default "sparse"
        "sparse": few features matter, spread evenly over the columns; correlation
        rho^|i - j| between columns i and j.
        "dense": all features matter a little; the same correlation.
        "groups": columns in groups of 5 of pairwise correlation rho, groups independent of each
        other; all members of the first groups matter, no other feature does.
    n_informative : int, optional
        How many features matter. None means 5 for "sparse" (or all, if there are fewer), all for
        "dense", and a quarter of the groups, at least one, for "groups", where it must be a
        multiple of 5 (or all).
    rho : float, optional
        In (-1, 1); for "groups" in [0, 1). None means 0.35 for "sparse": real columns are never
        quite independent; 0.5 for "dense"; 0.9 for "groups": so close that the lasso picks among
        them almost by chance, so different that they are worth averaging.
    snr : float > 0, default 3.0
        Signal-to-noise ratio, coef' covariance coef / noise_sd^2. The best possible R^2 is
        snr / (1 + snr): 0.75 by default, so that there is something to find and something to
        overfit.
    random_state : int >= 0, default 0
        The same number gives the same data.

    Returns
    -------
    Simulation

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Notes
    -----
    All columns have mean 0 and variance 1, the intercept is 0, and the truth does not depend on
    `random_state`: only `snr` sets the scale of the noise.
    Cost: O(n_samples n_features^2 + n_features^3).

    References
    ----------
    "sparse" is beta-type 1 of Hastie, Tibshirani and Tibshirani (2020), section 3.1; "dense" is
    like example 2 and "groups" like example 4 of Zou and Hastie (2005), section 5.

    Examples
    --------
    >>> from shrinkage import simulate
    >>> data = simulate(n_features=10, n_informative=2)
    >>> data.coef
    array([1., 0., 0., 0., 0., 1., 0., 0., 0., 0.])
    >>> round(data.snr, 3)
    3.0
    """
    n_samples = check_count("n_samples", n_samples)
    p = check_count("n_features", n_features)
    signal = check_choice("signal", signal, SIGNALS)
    matters = _check_informative(n_informative, signal, p)
    rho = _check_rho(rho, signal)
    requirement = "a finite number > 0"
    snr = check_number("snr", snr, requirement, low=0.0)
    if snr == 0.0:
        raise ArgumentError.must_be("snr", requirement, snr)
    seed = check_count("random_state", random_state, minimum=0)
    groups = np.arange(p) // GROUP_SIZE if signal == "groups" else np.full(p, -1)
    covariance = _covariance(groups, signal, rho)
    coef = np.zeros(p)
    # Spread evenly, except that a group matters as a whole.
    coef[np.arange(matters) if signal == "groups" else np.arange(matters) * p // matters] = 1.0
    truth = Simulation(
        X=np.empty((0, p)),
        y=np.empty(0),
        coef=coef,
        intercept=0.0,
        noise_sd=math.sqrt(float(coef @ covariance @ coef) / snr),
        covariance=covariance,
        groups=groups.astype(np.intp),
        signal=signal,
        rho=rho,
        random_state=seed,
    )
    return _sampled(truth, n_samples)


def _sampled(truth: Simulation, n_samples: int) -> Simulation:
    """Return the simulation with its own sample, which only its truth can draw."""
    X, y = truth._draw(n_samples, 0, truth.random_state)
    return replace(truth, X=X, y=y)


def _covariance(groups: IndexArray, signal: str, rho: float) -> FloatArray:
    place = np.arange(groups.size)
    if signal == "groups":
        together = np.where(groups[:, None] == groups, rho, 0.0)
    else:
        together = rho ** np.abs(place[:, None] - place).astype(np.float64)
    covariance: FloatArray = np.where(np.eye(groups.size, dtype=bool), 1.0, together)
    return covariance


def _check_informative(n_informative: int | None, signal: str, p: int) -> int:
    if n_informative is None:
        groups = GROUP_SIZE * max(p // (4 * GROUP_SIZE), 1)
        return min({"sparse": 5, "dense": p, "groups": groups}[signal], p)
    count = check_count("n_informative", n_informative)
    if count > p:
        got = Phrase(f"{count} of {p}")
        raise ArgumentError.must_be("n_informative", "at most n_features", got)
    if signal == "groups" and count % GROUP_SIZE and count != p:
        requirement = f"a multiple of {GROUP_SIZE} (or all) where whole groups matter"
        raise ArgumentError.must_be("n_informative", requirement, count)
    return count


def _check_rho(rho: float | None, signal: str) -> float:
    if rho is None:
        return _RHO[signal]
    if signal == "groups":
        requirement, low = "a number in [0, 1), the correlation in a group", 0.0
    else:
        requirement, low = "a number between -1 and 1, both excluded", -1.0
    value = check_number("rho", rho, requirement, low=low, high=1.0)
    if value in (-1.0, 1.0):
        raise ArgumentError.must_be("rho", requirement, rho)
    return value


def _check_covariance(covariance: ArrayLike, p: int) -> FloatArray:
    matrix = as_numbers("covariance", covariance).astype(np.float64)
    if matrix.shape != (p, p):
        got = Phrase(f"an array of shape {matrix.shape} for {p} coefficients")
        raise ArgumentError.must("covariance", "have one row and column per coefficient", got)
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        got = Phrase("one that is not")
        raise ArgumentError.must_be("covariance", "finite and symmetric", got)
    smallest = float(np.linalg.eigvalsh(matrix).min(initial=0.0))
    if smallest < -1e-10 * max(float(np.abs(matrix).max(initial=0.0)), 1e-300):
        got = Phrase(f"one with the eigenvalue {smallest:.3g}")
        raise ArgumentError.must_be("covariance", "positive semi-definite", got)
    return matrix
