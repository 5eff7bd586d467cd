"""What is drawn has the truth that it says."""

import numpy as np
import pytest

from shrinkage import ArgumentError, Simulation, simulate

SIGNALS = ("sparse", "dense", "groups")


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("snr", [0.25, 3.0])
def test_a_large_sample_has_the_covariance_and_the_noise_of_the_truth(signal, snr):
    n = 40_000
    truth = simulate(n, 15, signal=signal, snr=snr)
    # The standard error of a covariance between standard normal columns is at most sqrt(2 / n).
    np.testing.assert_allclose(np.cov(truth.X.T), truth.covariance, atol=5 * np.sqrt(2 / n))
    np.testing.assert_allclose(truth.X.mean(axis=0), 0.0, atol=5 / np.sqrt(n))
    noise = truth.y - truth.X @ truth.coef - truth.intercept
    assert noise.std() == pytest.approx(truth.noise_sd, rel=5 / np.sqrt(2 * n))
    assert abs(noise.mean()) < 5 * truth.noise_sd / np.sqrt(n)
    assert truth.snr == pytest.approx(snr, rel=1e-12)
    assert truth.coef @ truth.covariance @ truth.coef / truth.noise_sd**2 == pytest.approx(snr)


def test_the_features_that_matter_are_those_of_the_signal():
    sparse, dense = simulate(n_features=20), simulate(n_features=20, signal="dense")
    np.testing.assert_array_equal(np.flatnonzero(sparse.coef), [0, 4, 8, 12, 16])
    np.testing.assert_array_equal(dense.coef, np.ones(20))
    grouped = simulate(n_features=23, signal="groups", n_informative=10)
    np.testing.assert_array_equal(np.flatnonzero(grouped.coef), np.arange(10))
    np.testing.assert_array_equal(grouped.groups, np.arange(23) // 5)
    assert (sparse.groups == -1).all()
    assert np.count_nonzero(simulate(n_features=3).coef) == 3
    assert np.count_nonzero(simulate(n_features=3, signal="groups").coef) == 3
    assert np.count_nonzero(simulate(n_features=40, signal="groups").coef) == 10
    assert np.count_nonzero(simulate(n_features=40, n_informative=7).coef) == 7


@pytest.mark.parametrize("rho", [-0.8, 0.0, 0.5])
@pytest.mark.parametrize("signal", ["sparse", "dense"])
def test_the_correlation_falls_with_the_distance_of_the_columns(signal, rho):
    covariance = simulate(n_features=6, signal=signal, rho=rho).covariance
    expected = [[rho ** abs(i - j) for j in range(6)] for i in range(6)]
    np.testing.assert_allclose(covariance, expected, rtol=1e-14)


def test_features_correlate_only_within_their_group():
    covariance = simulate(n_features=7, signal="groups", rho=0.6).covariance
    together = np.arange(7) // 5
    expected = np.where(together[:, None] == together, 0.6, 0.0) + 0.4 * np.eye(7)
    np.testing.assert_allclose(covariance, expected, rtol=1e-14)


def test_the_same_number_gives_the_same_data_and_another_gives_others():
    one, same, other = simulate(), simulate(), simulate(random_state=1)
    np.testing.assert_array_equal(one.X, same.X)
    np.testing.assert_array_equal(one.y, same.y)
    assert not np.isclose(one.X, other.X).any()
    np.testing.assert_array_equal(one.coef, other.coef)


def test_more_rows_and_more_noise_keep_what_was_there():
    small, large = simulate(10), simulate(20, snr=0.5)
    np.testing.assert_allclose(large.X[:10], small.X, rtol=1e-12, atol=1e-12)
    noise = [data.y[:10] - data.mean(data.X[:10]) for data in (small, large)]
    np.testing.assert_allclose(
        noise[0] / small.noise_sd, noise[1] / large.noise_sd, rtol=0, atol=1e-9
    )


def test_a_sample_is_new_also_with_the_number_of_the_simulation():
    data = simulate(500, random_state=3)
    X, y = data.sample(500, random_state=3)
    assert abs(np.corrcoef(X[:, 0], data.X[:, 0])[0, 1]) < 5 / np.sqrt(500)
    again = data.sample(500, random_state=3)
    np.testing.assert_array_equal(X, again[0])
    np.testing.assert_array_equal(y, again[1])
    assert not np.isclose(X, data.sample(500, random_state=4)[0]).any()
    residual = y - data.mean(X)
    assert residual.std() == pytest.approx(data.noise_sd, rel=5 / np.sqrt(1000))


def test_the_model_error_is_the_mean_squared_distance_from_the_true_mean():
    truth = Simulation.of(
        [3.0, 0.0, -1.0],
        [[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.0]],
        noise_sd=1.5,
        intercept=10.0,
    )
    coefs, intercepts = np.array([[2.0, 1.0, 0.0], [3.0, 0.0, -1.0]]), np.array([9.0, 10.0])
    X, y = truth.sample(200_000, random_state=0)
    predicted = X @ coefs.T + intercepts
    away = (predicted - truth.mean(X)[:, None]) ** 2
    error = truth.model_error(coefs, intercepts)
    assert error[0] == pytest.approx(away[:, 0].mean(), rel=5 * np.sqrt(2 / 200_000))
    assert error[1] == 0.0
    squared = ((y[:, None] - predicted) ** 2).mean(axis=0)
    np.testing.assert_allclose(squared, error + 1.5**2, rtol=5 * np.sqrt(2 / 200_000))


def test_a_truth_of_ones_own_may_have_duplicates_and_no_noise():
    twins = Simulation.of([1.0, 1.0], np.ones((2, 2)), noise_sd=0.0, n_samples=30, groups=[0, 0])
    np.testing.assert_allclose(twins.X[:, 0], twins.X[:, 1], rtol=1e-7)
    np.testing.assert_array_equal(twins.y, twins.mean(twins.X))
    assert twins.snr == np.inf
    assert twins.signal == "given"
    assert np.isnan(twins.rho)
    np.testing.assert_array_equal(twins.groups, [0, 0])
    assert twins.names == ("x0", "x1")


def test_the_callers_arrays_are_not_kept():
    coef, covariance = np.ones(2), np.eye(2)
    truth = Simulation.of(coef, covariance, noise_sd=1.0)
    coef[0], covariance[0, 0] = 7.0, 9.0
    np.testing.assert_array_equal(truth.coef, [1.0, 1.0])
    np.testing.assert_array_equal(truth.covariance, np.eye(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "`n_samples` must be an integer >= 1, got 0."),
        ({"n_features": 2.5}, "`n_features` must be an integer >= 1, got 2.5."),
        ({"signal": "few"}, "`signal` must be one of 'sparse', 'dense', 'groups', got 'few'."),
        ({"n_informative": 21}, "`n_informative` must be at most n_features, got 21 of 20."),
        ({"n_informative": 0}, "`n_informative` must be an integer >= 1, got 0."),
        ({"signal": "groups", "n_informative": 7}, "a multiple of 5"),
        ({"rho": 1.0}, "`rho` must be a number between -1 and 1, both excluded, got 1.0."),
        ({"rho": -1.5}, "`rho` must be a number between -1 and 1"),
        ({"rho": -0.1, "signal": "groups"}, r"`rho` must be a number in \[0, 1\)"),
        ({"snr": 0.0}, "`snr` must be a finite number > 0, got 0.0."),
        ({"snr": np.inf}, "`snr` must be a finite number > 0, got inf."),
        ({"random_state": -1}, "`random_state` must be an integer >= 0, got -1."),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        simulate(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"covariance": np.eye(3)}, "`covariance` must have one row and column per coefficient"),
        ({"covariance": [[1.0, 0.5], [0.0, 1.0]]}, "`covariance` must be finite and symmetric"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, "must be positive semi-definite, got one with"),
        ({"noise_sd": -1.0}, "`noise_sd` must be a finite number >= 0, got -1.0."),
        ({"groups": [0]}, "`groups` must have one entry per coefficient, got 1 for 2."),
        ({"intercept": np.nan}, "`intercept` must be a finite number, got NaN."),
    ],
)
def test_a_truth_that_is_none_is_refused(arguments, message):
    given = {"coef": [1.0, 2.0], "covariance": np.eye(2), "noise_sd": 1.0} | arguments
    with pytest.raises(ArgumentError, match=message):
        Simulation.of(**given)


def test_the_mean_needs_all_columns():
    with pytest.raises(ArgumentError, match=r"`X` must have 20 columns, got an array of shape"):
        simulate().mean(np.ones((3, 2)))
