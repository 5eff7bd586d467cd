"""Bias^2 + variance + noise is the test error, and a penalty trades the first two."""

import numpy as np
import pytest

from shrinkage import bias_variance, elastic_net_path, simulate

SIGNALS = ("sparse", "dense", "groups")
RATIOS = (0.0, 0.5, 1.0)
N, P, N_REPEATS, N_TEST = 40, 15, 100, 500


@pytest.fixture(scope="module")
def measured():
    """Return truth and parts for every signal and penalty."""
    truths = {signal: simulate(N, P, signal=signal, snr=1.5) for signal in SIGNALS}
    return {
        (signal, ratio): (
            truth,
            bias_variance(truth, ratio, n_repeats=N_REPEATS, n_test=N_TEST, alphas=20),
        )
        for signal, truth in truths.items()
        for ratio in RATIOS
    }


CASES = [(signal, ratio) for signal in SIGNALS for ratio in RATIOS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_parts_add_up_to_the_simulated_test_error(measured, case):
    """Given the fits, all that separates the two is the noise of the new responses.

    For e ~ N(0, s^2) and a fit d away from the truth, (e - d)^2 - d^2 - s^2 has mean 0 and
    variance 2 s^4 + 4 s^2 d^2, and the parts add up to the mean of d^2 + s^2 exactly.
    """
    truth, parts = measured[case]
    noise, away = truth.noise_sd**2, parts.model_errors.mean(axis=0)
    np.testing.assert_allclose(parts.bias_squared + parts.variance, away, rtol=1e-9)
    se = np.sqrt((2.0 * noise**2 + 4.0 * noise * away) / (N_REPEATS * N_TEST))
    difference = parts.test_error - (parts.bias_squared + parts.variance + parts.noise)
    assert (np.abs(difference) <= 4.0 * se).all()
    # It would be seen if a part were missing: at the ends bias and variance are far larger.
    assert parts.bias_squared[0] > 10.0 * se[0]
    assert parts.variance[-1] > 10.0 * se[-1]
    assert parts.noise > 10.0 * se.max()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_standard_error_is_that_of_the_samples_and_of_the_new_noise(measured, case):
    """Variance of d^2 from sample to sample, and that of the noise given d, over R samples."""
    truth, parts = measured[case]
    noise, errors = truth.noise_sd**2, parts.model_errors
    of_noise = (2.0 * noise**2 + 4.0 * noise * errors.mean(axis=0)) / N_TEST
    expected = np.sqrt((errors.var(axis=0, ddof=1) + of_noise) / N_REPEATS)
    # A standard deviation from R numbers is off by 1 / sqrt(2 R), more with their heavy tails.
    np.testing.assert_allclose(parts.test_error_se, expected, rtol=5 / np.sqrt(2 * N_REPEATS))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_stronger_penalty_has_less_variance_and_more_bias(measured, case):
    _, parts = measured[case]
    assert parts.variance[0] < 0.2 * parts.variance[-1]
    assert np.abs(parts.bias_squared[-1]) < 0.2 * parts.bias_squared[0]
    # The sweet spot is between the ends, and the training error does not know of it.
    assert 0 < parts.best < len(parts.alphas) - 1
    assert parts.expected_error[parts.best] < 0.9 * min(
        parts.expected_error[0], parts.expected_error[-1]
    )
    assert (np.diff(parts.training_error) <= 1e-9 * parts.training_error[0]).all()


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_null_model_is_the_mean_of_the_responses(measured, signal):
    """Its variance is that of a mean: (variance of y) / n; its squared bias the variance of f."""
    truth, parts = measured[signal, 1.0]
    of_y = truth.coef @ truth.covariance @ truth.coef + truth.noise_sd**2
    # Of R independent squares: relative standard error sqrt(2 / (R - 1)).
    assert parts.variance[0] == pytest.approx(of_y / N, rel=4 * np.sqrt(2 / (N_REPEATS - 1)))
    of_f = of_y - truth.noise_sd**2
    assert parts.bias_squared[0] == pytest.approx(of_f, rel=4 * np.sqrt(2 / N_TEST))


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_unpenalised_fit_has_the_variance_of_least_squares(signal):
    """For normal rows: noise (1 / n + (1 + 1 / n) p / (n - p - 2)), and no bias.

    The inverse of a Wishart matrix with n - 1 degrees of freedom has the mean S^-1 / (n - p - 2).
    """
    truth = simulate(N, P, signal=signal, snr=1.5)
    parts = bias_variance(truth, alphas=[0.0], n_repeats=400, n_test=2000)
    expected = truth.noise_sd**2 * (1 / N + (1 + 1 / N) * P / (N - P - 2))
    errors = parts.model_errors[:, 0]
    se = errors.std(ddof=1) / np.sqrt(errors.size)
    assert se < 0.05 * expected
    points = expected * np.sqrt(2.0 / (P * 2000))
    assert abs(parts.variance[0] - expected) <= 4 * np.hypot(se, points)
    # The mean of R fits is off by variance / R; that is taken out.
    assert abs(parts.bias_squared[0]) <= 4 * expected / 400


@pytest.mark.parametrize("ratio", RATIOS)
def test_bias_and_variance_add_up_to_the_exact_model_error(measured, ratio):
    """The error over the whole population, from the coefficients and no test points."""
    truth, parts = measured["sparse", ratio]
    exact = []
    for seed in range(N_REPEATS):
        X, y = truth.sample(N, random_state=seed)
        path = elastic_net_path(X, y, l1_ratio=ratio, alphas=parts.alphas)
        exact.append(truth.model_error(path.coef_path, path.intercepts))
    exact = np.array(exact)
    sums = parts.bias_squared + parts.variance
    spread = [e.std(axis=0, ddof=1) / np.sqrt(N_REPEATS) for e in (exact, parts.model_errors)]
    se = np.sqrt(spread[0] ** 2 + spread[1] ** 2 + 2.0 / N_TEST * sums**2)
    assert (np.abs(exact.mean(axis=0) - sums) <= 4.0 * se).all()
