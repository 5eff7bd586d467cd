"""How hard to solve."""

import numpy as np
import pytest

from shrinkage import ArgumentError, ConvergenceWarning, Settings, elastic_net_path
from shrinkage.solve import Status
from tests import cases


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"tol": 0.0}, "`tol` must be None or a number above 0, got 0.0."),
        ({"tol": "small"}, "`tol` must be None or a number above 0, got 'small'."),
        ({"tol": float("nan")}, "`tol` must be None or a number above 0, got NaN."),
        ({"max_rounds": 0}, "`max_rounds` must be an integer >= 1, got 0."),
        ({"max_rounds": 2.5}, "`max_rounds` must be an integer >= 1, got 2.5."),
        ({"n_threads": True}, "`n_threads` must be None or an integer >= 1, got True."),
    ],
)
def test_out_of_range(keywords, message):
    with pytest.raises(ArgumentError) as caught:
        Settings(**keywords)
    assert str(caught.value) == message


def test_defaults():
    settings = Settings()
    assert settings.gap == 1e-9
    assert settings.threads >= 1
    assert Settings(tol=1e-6, n_threads=3).gap == 1e-6
    assert Settings(n_threads=3).threads == 3
    assert Settings() == Settings()


def test_what_is_not_a_settings_object():
    X, y = cases.tall(np.random.default_rng(0))
    with pytest.raises(ArgumentError, match=r"`settings` must be None or a shrinkage\.Settings"):
        elastic_net_path(X, y, settings={"tol": 1e-6})


def test_limit_of_rounds_warns_once_and_keeps_the_points():
    X, y = cases.nearly_collinear(np.random.default_rng(0))
    with pytest.warns(ConvergenceWarning) as caught:
        path = elastic_net_path(X, y, alphas=10, settings=Settings(max_rounds=1))
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "did not converge" in text
    assert "asked was 1.0e-09" in text
    assert "Hint: The limit of rounds was reached first." in text
    assert caught[0].filename == __file__
    failed = [status is Status.MAX_ROUNDS for status in path.status]
    assert any(failed)
    assert not all(failed)
    assert (path.dual_gap[np.array(failed)] > 1e-9).all()
    assert (path.dual_gap[~np.array(failed)] <= 1e-9).all()


@pytest.mark.parametrize("n_threads", [1, 2])
def test_threads_do_not_change_a_bit(n_threads):
    for design in ("tall", "wide", "moderately_wide", "wide_mostly_zeros"):
        X, y = cases.DESIGNS[design](np.random.default_rng(0))
        for l1_ratio in (1.0, 0.5, 0.0):
            one, more = (
                elastic_net_path(X, y, l1_ratio=l1_ratio, alphas=20, settings=Settings(n_threads=n))
                for n in (1, n_threads)
            )
            np.testing.assert_array_equal(one.coef_path, more.coef_path)
            np.testing.assert_array_equal(one.dual_gap, more.dual_gap)


def test_tolerance_decides_the_status_of_ridge_too():
    X, y = cases.far_from_zero(np.random.default_rng(0))
    options = {"l1_ratio": 0.0, "fit_intercept": False, "alphas": [1.0, 1e-3]}
    loose = elastic_net_path(X, y, settings=Settings(tol=1e-2), **options)
    assert [status is Status.CONVERGED for status in loose.status] == [True, True]
    tight = Settings(tol=1e-30)
    with pytest.warns(ConvergenceWarning, match=r"asked was 1\.0e-30"):
        path = elastic_net_path(X, y, settings=tight, **options)
    assert path.status[1] is Status.STALLED
    np.testing.assert_array_equal(path.coef_path, loose.coef_path)
