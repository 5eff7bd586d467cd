"""Bias and variance against the textbook's formulas, and the figure's words."""

import subprocess
import sys

import numpy as np
import pytest

from shrinkage import (
    ArgumentError,
    BiasVariance,
    Simulation,
    bias_variance,
    plot_bias_variance,
    simulate,
)
from shrinkage.draw.figure import description_of, svg_of
from shrinkage.lessons.decomposition import _Seeds


def ridge(X, y, alpha, points):
    """Return the predictions of docs/objective.md at l1_ratio 0, in closed form."""
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    gram = Z.T @ Z / len(y) + alpha / y.std() * np.eye(X.shape[1])
    coef = np.linalg.solve(gram, Z.T @ (y - y.mean()) / len(y)) / X.std(axis=0)
    return y.mean() + (points - X.mean(axis=0)) @ coef


def test_the_parts_are_those_of_the_textbook():
    truth, alphas, n_repeats = simulate(25, 6, snr=1.0), [2.0, 0.3], 12
    parts = bias_variance(truth, 0.0, alphas=alphas, n_repeats=n_repeats, n_test=40)
    seeds = _Seeds(0)
    points, _ = truth.sample(40, seeds.test)
    f = truth.mean(points)
    for k, alpha in enumerate(alphas):
        samples = [truth.sample(25, seed) for seed in seeds.training(n_repeats)]
        fits = np.array([ridge(X, y, alpha, points) for X, y in samples])
        variance = fits.var(axis=0, ddof=1)
        bias = (fits.mean(axis=0) - f) ** 2 - variance / n_repeats
        assert parts.variance[k] == pytest.approx(variance.mean(), rel=1e-6)
        assert parts.bias_squared[k] == pytest.approx(bias.mean(), rel=1e-6)
        np.testing.assert_allclose(
            parts.model_errors[:, k], ((fits - f) ** 2).mean(axis=1), rtol=1e-6
        )
        training = np.mean([((y - ridge(X, y, alpha, X)) ** 2).mean() for X, y in samples])
        assert parts.training_error[k] == pytest.approx(training, rel=1e-6)
    assert parts.noise == truth.noise_sd**2
    np.testing.assert_array_equal(parts.n_nonzero, [6.0, 6.0])


def test_the_same_samples_are_fitted_by_every_penalty_and_more_begin_with_them():
    truth = simulate(20, 5)
    few = bias_variance(truth, 1.0, alphas=[0.1], n_repeats=4, n_test=30)
    more = bias_variance(truth, 1.0, alphas=[0.1], n_repeats=7, n_test=30)
    np.testing.assert_array_equal(few.model_errors, more.model_errors[:4])
    free = [bias_variance(truth, r, alphas=[0.0], n_repeats=4, n_test=30) for r in (0.0, 1.0)]
    np.testing.assert_allclose(free[0].model_errors, free[1].model_errors, rtol=1e-6)
    np.testing.assert_allclose(free[0].test_error, free[1].test_error, rtol=1e-6)


def test_the_seeds_differ():
    numbers = [_Seeds(0).test, _Seeds(0).noise, *_Seeds(0).training(50), *_Seeds(1).training(50)]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.2])
def test_the_default_grid_starts_where_all_models_are_empty(l1_ratio):
    parts = bias_variance(simulate(30, 8), l1_ratio, n_repeats=5, n_test=10)
    assert parts.n_nonzero[0] == 0.0
    assert parts.n_nonzero[1] > 0.0
    assert parts.alphas[0] * l1_ratio / parts.alphas[-1] == pytest.approx(100.0)
    assert (np.diff(parts.alphas) < 0.0).all()


def curve(errors):
    k = len(errors)
    nothing = np.zeros(k)
    alphas = np.arange(k, 0.0, -1.0)
    errors = np.array(errors)
    return BiasVariance(1.0, alphas, errors, nothing, 1.0, *[nothing] * 4, errors[None])


def test_the_flat_part_ends_where_the_error_has_grown():
    parts = curve([5.0, 1.01, 1.0, 1.005, 3.0, 1.0])  # expected errors: one more
    assert parts.best_alpha == 4.0
    assert parts.flat() == (3.0, 5.0)
    assert parts.flat(0.0) == (4.0, 4.0)
    assert parts.flat(0.5) == (3.0, 5.0)
    assert parts.flat(10.0) == (1.0, 6.0)


def test_repeated_columns_and_tiny_samples_do_not_warn():
    twins = Simulation.of([1.0, 1.0], np.ones((2, 2)), noise_sd=1.0, n_samples=3)
    bias_variance(twins, 1.0, n_repeats=3, n_test=5)
    bias_variance(simulate(2, 3), 0.0, n_repeats=3, n_test=5)
    silent = Simulation.of([0.0], [[1.0]], noise_sd=0.0, n_samples=3)
    assert (bias_variance(silent, n_repeats=2, n_test=5).expected_error == 0.0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"simulation": "sparse"}, "`simulation` must be a Simulation, got 'sparse'."),
        ({"simulation": simulate(1)}, "`simulation` must have at least 2 rows, got 1."),
        ({"l1_ratio": 2.0}, "`l1_ratio` must be between 0"),
        ({"n_repeats": 1}, "`n_repeats` must be an integer >= 2, got 1."),
        ({"n_test": 0}, "`n_test` must be an integer >= 1, got 0."),
        ({"random_state": -1}, "`random_state` must be an integer >= 0, got -1."),
        ({"alphas": [-1.0]}, "`alphas` must be finite and >= 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        bias_variance(**({"simulation": simulate(5, 2)} | arguments))


@pytest.mark.parametrize("l1_ratios", [[], [0.5, 0.5], [2.0], 1.0, "lasso", [None]])
def test_the_figure_wants_different_penalties(l1_ratios):
    with pytest.raises(ArgumentError, match="`l1_ratios` must be a non-empty list of numbers"):
        plot_bias_variance(l1_ratios=l1_ratios)


@pytest.mark.parametrize(
    ("signal", "winner", "truth"),
    [
        ("sparse", "The lasso", "5 of 40 features matter"),
        ("dense", "Ridge", "every feature matters a little"),
        ("groups", "Elastic net 0.5", "2 of 8 groups of correlated features matter"),
    ],
)
def test_the_title_says_which_penalty_wins_where(signal, winner, truth):
    figure = plot_bias_variance(signal)
    heading, numbers = (text.get_text() for text in figure.texts[:2])
    assert heading.startswith(f"{winner} has the lowest test error")
    assert heading.endswith(truth)
    assert "not clearly" not in heading
    assert numbers.startswith("lowest error (noise = 1): ridge 1.")
    assert numbers.endswith("50 rows, signal-to-noise 2, 100 training samples")
    assert heading in description_of(figure)
    assert "squared bias from" in description_of(figure)
    assert len(svg_of(figure)) < 60_000


def test_a_lead_within_the_simulations_error_is_called_so():
    heading = plot_bias_variance(l1_ratios=(0.9, 1.0), n_repeats=3).texts[0].get_text()
    assert ", but not clearly: " in heading


def test_the_same_seed_gives_the_same_picture():
    pictures = [svg_of(plot_bias_variance(n_repeats=3, random_state=s)) for s in (0, 0, 1)]
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_features": 1, "n_samples": 2},
        {"signal": "groups", "n_features": 6},
        {"n_features": 200},
        {"snr": 50.0, "rho": 0.0, "l1_ratios": [0.001]},
        {"snr": 1e-6, "signal": "dense", "l1_ratios": [0.0, 0.2, 0.4, 0.6]},
    ],
)
def test_extreme_data_can_be_drawn(arguments):
    svg_of(plot_bias_variance(n_repeats=3, **arguments))


def test_matplotlib_is_missed_before_anything_is_computed():
    code = (
        "import sys, shrinkage\n"
        "from shrinkage.lessons import bias_variance as lesson\n"
        "assert 'matplotlib' not in sys.modules\n"
        "sys.modules['matplotlib'] = None\n"
        "lesson.bias_variance = None\n"
        "try: shrinkage.plot_bias_variance()\n"
        "except shrinkage.MissingDependencyError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == [
        "`plot_bias_variance` can't be used without matplotlib.",
        "Hint: pip install 'shrinkage[plot]'",
    ]
