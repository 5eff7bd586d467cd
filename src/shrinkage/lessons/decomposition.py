"""What a penalty trades: bias against variance, on data whose truth is known."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage._typing import ArrayLike, FloatArray
from shrinkage._validate import check_alphas, check_count, check_l1_ratio
from shrinkage.draw.bias_variance import Panel, draw_bias_variance, inches_for
from shrinkage.draw.figure import describe, new_figure, write_title
from shrinkage.draw.table import significant
from shrinkage.errors import ArgumentError, DataWarning
from shrinkage.lessons.look import look_of
from shrinkage.lessons.simulation import GROUP_SIZE, Simulation, simulate
from shrinkage.solve import alpha_max, elastic_net_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of the lasso's alpha_max, which the weak end of a default grid is a share of.
_WEAKEST, _STRONGEST_RIDGE = 1e-2, 1e2


@dataclass(frozen=True, eq=False)
class BiasVariance:
    """Parts of the expected squared error of a penalised model, for a sequence of alphas.

    Made by `bias_variance`. All errors are means over the same test points, in units of y
    squared.

    Attributes
    ----------
    l1_ratio : float
    alphas : ndarray of shape (n_alphas,)
        Decreasing.
    bias_squared : ndarray of shape (n_alphas,)
        Squared distance of the mean prediction from the truth. Estimated without bias, so that
        it may be a little below 0 where there is none.
    variance : ndarray of shape (n_alphas,)
        Of the predictions from one training sample to another.
    noise : float
        Variance of the noise, which no model predicts.
    test_error : ndarray of shape (n_alphas,)
        Squared error on new noisy responses. Simulated: not the sum of the parts.
    test_error_se : ndarray of shape (n_alphas,)
        Its Monte-Carlo standard error, over the training samples.
    training_error : ndarray of shape (n_alphas,)
        Squared error on the rows that were fitted.
    n_nonzero : ndarray of shape (n_alphas,)
        Mean number of non-zero coefficients.
    model_errors : ndarray of shape (n_repeats, n_alphas)
        Squared distance of the predictions from the truth, for each training sample. Its mean
        over them is bias_squared + variance exactly.
    """

    l1_ratio: float
    alphas: FloatArray
    bias_squared: FloatArray
    variance: FloatArray
    noise: float
    test_error: FloatArray
    test_error_se: FloatArray
    training_error: FloatArray
    n_nonzero: FloatArray
    model_errors: FloatArray

    @property
    def expected_error(self) -> FloatArray:
        """bias_squared + variance + noise: the test error without the noise of simulating it."""
        return self.bias_squared + self.variance + self.noise

    @property
    def best(self) -> int:
        """Position of the lowest expected error: the sweet spot."""
        return int(np.argmin(self.expected_error))

    @property
    def best_alpha(self) -> float:
        """Alpha at the sweet spot."""
        return float(self.alphas[self.best])

    def flat(self, within: float = 0.01) -> tuple[float, float]:
        """Return the smallest and the largest alpha around the sweet spot that are as good.

        Parameters
        ----------
        within : float >= 0, default 0.01
            How much more expected error counts as good, as a share of the lowest.
        """
        good = self.expected_error <= (1.0 + within) * self.expected_error[self.best]
        bad = np.flatnonzero(~good)
        first = int(bad[bad < self.best].max(initial=-1)) + 1
        last = int(bad[bad > self.best].min(initial=len(good))) - 1
        return float(self.alphas[last]), float(self.alphas[first])


def bias_variance(
    simulation: Simulation,
    l1_ratio: float = 1.0,
    *,
    alphas: int | ArrayLike = 30,
    n_repeats: int = 100,
    n_test: int = 1000,
    random_state: int = 0,
) -> BiasVariance:
    """Measure bias, variance and test error by fitting many samples of the same truth.

    With f_r the model of the r-th of R training samples and f the truth, averaged over the
    test points x:

        variance     = mean_x sum_r (f_r(x) - mean_r f_r(x))^2 / (R - 1)
        bias_squared = mean_x (mean_r f_r(x) - f(x))^2 - variance / R

    The second term takes out what the mean over finitely many samples adds: both are unbiased,
    and their sum is the mean of (f_r(x) - f(x))^2 exactly.

    Parameters
    ----------
    simulation : Simulation
        The truth, and in its `X` the number of rows of a training sample (at least 2).
    l1_ratio : float in [0, 1], default 1.0
        1 is the lasso, 0 is ridge.
    alphas : int or array-like, default 30
        Strengths >= 0, the same for all training samples; or how many, spaced evenly in the
        logarithm from the alpha at which all coefficients of all samples are zero (at most
        100 times the lasso's, as for ridge) down to a hundredth of the lasso's.
    n_repeats : int >= 2, default 100
        Number of training samples. Each draws new rows, so that all that differs from one
        sample to the next counts as variance.
    n_test : int >= 1, default 1000
        Number of test points, the same for all training samples.
    random_state : int >= 0, default 0
        The same number gives the same training samples, whatever the other arguments.

    Returns
    -------
    BiasVariance

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Notes
    -----
    Cost: `n_repeats` paths, fitted as by `elastic_net_path` with standardized columns, and as
    many predictions of the test points.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), equation 7.9.

    Examples
    --------
    >>> from shrinkage import bias_variance, simulate
    >>> parts = bias_variance(simulate(50, 10), l1_ratio=0.0, alphas=[1.0, 0.01], n_repeats=20)
    >>> bool(parts.bias_squared[0] > parts.bias_squared[1])
    True
    >>> bool(parts.variance[0] < parts.variance[1])
    True
    """
    if not isinstance(simulation, Simulation):
        hint = "shrinkage.simulate(...) makes one"
        raise ArgumentError.must_be("simulation", "a Simulation", simulation, hint)
    if simulation.y.size < 2:
        raise ArgumentError.must("simulation", "have at least 2 rows", simulation.y.size)
    l1_ratio = check_l1_ratio(l1_ratio)
    given = check_alphas(alphas)
    seeds = _Seeds(check_count("random_state", random_state, minimum=0))
    n_repeats = check_count("n_repeats", n_repeats, minimum=2)
    samples = [simulation.sample(simulation.y.size, seed) for seed in seeds.training(n_repeats)]
    grid = _grid(samples, l1_ratio, given) if isinstance(given, int) else given
    points, _ = simulation.sample(check_count("n_test", n_test), seeds.test)
    with warnings.catch_warnings():
        # A truth may have columns that repeat each other, and a small sample any.
        warnings.simplefilter("ignore", DataWarning)
        return _measured(simulation, samples, l1_ratio, grid, points, seeds.noise)


def plot_bias_variance(
    signal: str = "sparse",
    *,
    snr: float = 2.0,
    n_samples: int = 50,
    n_features: int = 40,
    rho: float | None = None,
    l1_ratios: Sequence[float] = (0.0, 0.5, 1.0),
    n_repeats: int = 100,
    random_state: int = 0,
) -> Figure:
    """Draw bias, variance, noise and test error over alpha, one panel for each penalty.

    Parameters
    ----------
    signal : {"sparse", "dense", "groups"}, default "sparse"
        What the truth is like; see `simulate`. With "sparse" the lasso has the lowest error, with
        "dense" ridge, with "groups" the elastic net.
    snr : float > 0, default 2.0
        Signal-to-noise ratio: variance of the true mean over variance of the noise.
    n_samples : int >= 2, default 50
        Rows of a training sample. Hardly more than there are features, so that the unpenalised
        fit is far worse than the best one.
    n_features : int >= 1, default 40
    rho : float, optional
        Correlation of the features; None means that of `simulate`.
    l1_ratios : sequence of float in [0, 1], default (0.0, 0.5, 1.0)
        One panel each: 0 is ridge, 1 is the lasso.
    n_repeats : int >= 2, default 100
        Number of training samples for each penalty; the same ones for all.
    random_state : int >= 0, default 0

    Returns
    -------
    matplotlib.figure.Figure
        Errors are in units of the variance of the noise: 1 is the best possible. The areas are
        estimated by `bias_variance`; the dots are the test error, simulated besides.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.
    MissingDependencyError
        Without matplotlib.
    """
    ratios = _check_ratios(l1_ratios)
    n_samples = check_count("n_samples", n_samples, minimum=2)
    n_repeats = check_count("n_repeats", n_repeats, minimum=2)
    truth = simulate(
        n_samples, n_features, signal=signal, rho=rho, snr=snr, random_state=random_state
    )
    figure = new_figure("plot_bias_variance", inches_for(len(ratios)))
    parts = [
        bias_variance(truth, ratio, n_repeats=n_repeats, random_state=random_state)
        for ratio in ratios
    ]
    heading, numbers = _words(truth, parts)
    write_title(figure, heading, numbers)
    draw_bias_variance(figure, [_panel(part, truth) for part in parts])
    describe(figure, f"{heading}. {numbers}. {_shape_in_words(parts)}")
    return figure


class _Seeds:
    """Numbers for the training samples, the test points and their noise, each its own."""

    def __init__(self, random_state: int) -> None:
        self._sequence = np.random.SeedSequence(random_state)
        self.test, self.noise = (int(seed) for seed in self._numbers(2))

    def training(self, n_repeats: int) -> list[int]:
        """Return one number for each sample; a longer list begins with the shorter one."""
        return [int(seed) for seed in self._numbers(2 + n_repeats)[2:]]

    def _numbers(self, count: int) -> Any:
        return self._sequence.generate_state(count, np.uint64)


def _grid(
    samples: list[tuple[FloatArray, FloatArray]], l1_ratio: float, n_alphas: int
) -> FloatArray:
    """Return alphas common to all samples; the largest makes all of them zero but for ridge."""
    largest = max(alpha_max(X, y) for X, y in samples)
    if largest == 0.0:  # neither signal nor noise
        largest = 1.0
    strongest = min(1.0 / l1_ratio, _STRONGEST_RIDGE) if l1_ratio > 0.0 else _STRONGEST_RIDGE
    grid: FloatArray = largest * np.geomspace(strongest, _WEAKEST, n_alphas)
    return grid


def _measured(
    truth: Simulation,
    samples: list[tuple[FloatArray, FloatArray]],
    l1_ratio: float,
    alphas: FloatArray,
    points: FloatArray,
    noise_seed: int,
) -> BiasVariance:
    n_repeats, shape = len(samples), (len(samples), alphas.size)
    model_errors, test_errors, training_errors = np.empty(shape), np.empty(shape), np.empty(shape)
    n_nonzero = np.empty(shape)
    total = np.zeros((points.shape[0], alphas.size))
    normal = np.random.default_rng(noise_seed)
    f = truth.mean(points)[:, None]
    for r, (X, y) in enumerate(samples):
        path = elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=alphas)
        away = path.predict(points) - f
        noise = truth.noise_sd * normal.standard_normal((points.shape[0], 1))
        total += away
        model_errors[r] = (away**2).mean(axis=0)
        test_errors[r] = ((noise - away) ** 2).mean(axis=0)
        training_errors[r] = 2.0 * path.points.loss
        n_nonzero[r] = path.n_nonzero
    of_mean = ((total / n_repeats) ** 2).mean(axis=0)
    # Law of total variance: E (f_r - f)^2 = (E f_r - f)^2 + Var f_r, for the empirical means too.
    variance = (model_errors.mean(axis=0) - of_mean) * n_repeats / (n_repeats - 1)
    return BiasVariance(
        l1_ratio=l1_ratio,
        alphas=alphas,
        bias_squared=of_mean - variance / n_repeats,
        variance=variance,
        noise=truth.noise_sd**2,
        test_error=test_errors.mean(axis=0),
        test_error_se=test_errors.std(axis=0, ddof=1) / np.sqrt(n_repeats),
        training_error=training_errors.mean(axis=0),
        n_nonzero=n_nonzero.mean(axis=0),
        model_errors=model_errors,
    )


def _check_ratios(l1_ratios: Sequence[float]) -> list[float]:
    requirement = "a non-empty list of numbers between 0 (ridge) and 1 (lasso), each once"
    try:
        ratios = [check_l1_ratio(ratio) for ratio in l1_ratios]
    except (TypeError, ArgumentError):
        raise ArgumentError.must_be("l1_ratios", requirement, l1_ratios) from None
    if not ratios or len(set(ratios)) < len(ratios):
        raise ArgumentError.must_be("l1_ratios", requirement, l1_ratios)
    return ratios


def _panel(part: BiasVariance, truth: Simulation) -> Panel:
    look, unit = look_of(part.l1_ratio), part.noise
    kept = f"{part.n_nonzero[part.best]:.3g} of {truth.coef.size} features"
    edge = " (the weakest)" if part.best == len(part.alphas) - 1 else ""
    return Panel(
        name=look.name,
        colour=look.colour,
        line=look.line,
        alphas=part.alphas,
        bias_squared=part.bias_squared / unit,
        variance=part.variance / unit,
        test_error=part.test_error / unit,
        test_error_se=part.test_error_se / unit,
        best=part.best,
        note=f"at alpha {significant(part.best_alpha, 2)}{edge}, with {kept}",
    )


def _words(truth: Simulation, parts: list[BiasVariance]) -> tuple[str, str]:
    """Return which penalty has the lowest error where, and the numbers behind it."""
    lowest = [float(part.expected_error[part.best]) / part.noise for part in parts]
    order = np.argsort(lowest, kind="stable")
    best = parts[order[0]]
    name = look_of(best.l1_ratio).name
    heading = f"{'The ' if name == 'lasso' else ''}{name}"
    heading = f"{heading[0].upper()}{heading[1:]} has the lowest test error"
    if len(parts) > 1:
        heading += _how_clearly(best, parts[order[1]])
    heading = f"{heading}: {_truth_in_words(truth)}"
    figures = ", ".join(
        f"{look_of(part.l1_ratio).name} {value:.2f}"
        for part, value in zip(parts, lowest, strict=True)
    )
    numbers = (
        f"lowest error (noise = 1): {figures}; {truth.y.size} rows, signal-to-noise "
        f"{truth.snr:.3g}, {best.model_errors.shape[0]} training samples"
    )
    return heading, numbers


def _how_clearly(best: BiasVariance, second: BiasVariance) -> str:
    """Judge a lead by its paired Monte-Carlo error, and by its size."""
    lead = second.model_errors[:, second.best] - best.model_errors[:, best.best]
    se = float(lead.std(ddof=1)) / np.sqrt(lead.size)
    if lead.mean() < 2.0 * se:
        return ", but not clearly"
    return ", by a little" if lead.mean() < 0.02 * best.expected_error[best.best] else ""


def _truth_in_words(truth: Simulation) -> str:
    matters, p = int(np.count_nonzero(truth.coef)), truth.coef.size
    if truth.signal == "groups":
        n_groups, n_true = -(-p // GROUP_SIZE), -(-matters // GROUP_SIZE)
        return f"{n_true} of {n_groups} groups of correlated features matter{'s' * (n_true == 1)}"
    if matters == p:
        return (
            "every feature matters"
            if truth.signal == "sparse"
            else "every feature matters a little"
        )
    return f"{matters} of {p} features matter"


def _shape_in_words(parts: list[BiasVariance]) -> str:
    shapes = []
    for part in parts:
        bias, variance = part.bias_squared / part.noise, part.variance / part.noise
        shapes.append(
            f"{look_of(part.l1_ratio).name}: squared bias from {bias[0]:.2f} to {bias[-1]:.2f}, "
            f"variance from {variance[0]:.2f} to {variance[-1]:.2f}"
        )
    return f"From the strongest to the weakest penalty, {'; '.join(shapes)}."
