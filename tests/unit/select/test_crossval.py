"""What cross-validation does beside the laws."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import make_scorer, mean_absolute_error

from shrinkage import ArgumentError, ConvergenceWarning, Settings
from shrinkage.select.crossval import cross_validate
from shrinkage.select.fold_solver import FoldSolver
from shrinkage.select.folds import make_splits
from shrinkage.solve import Status, make_problem
from shrinkage.solve.settings import check_settings
from tests import cases


def problem_of(X, y, **options):
    defaults = {
        "l1_ratio": 1.0,
        "sample_weight": None,
        "offset": None,
        "penalty_factor": None,
        "lower": None,
        "upper": None,
        "fit_intercept": True,
        "standardize": True,
    }
    return make_problem(X, y, **defaults | options)


@pytest.fixture(scope="module")
def tall():
    X, y = cases.tall(np.random.default_rng(0))
    return problem_of(X, y), make_splits(5, len(y))


def test_several_l1_ratios(tall):
    problem, splits = tall
    found = cross_validate(
        problem, splits, alphas=15, alpha_min_ratio=1e-7, l1_ratios=[0.0, 0.5, 1.0]
    )
    assert found.cv_mean.shape == found.alphas.shape == (3, 15)
    assert found.fold_errors.shape == (3, 5, 15)
    row, column = found.index
    assert found.l1_ratio == found.path.l1_ratio == (0.0, 0.5, 1.0)[row]
    assert found.alpha == found.alphas[row, column]
    np.testing.assert_array_equal(found.path.alphas, found.alphas[row])
    assert found.cv_mean[row, column] == found.cv_mean.min()
    for k, l1_ratio in enumerate((0.0, 0.5, 1.0)):
        alone = cross_validate(problem.with_l1_ratio(l1_ratio), splits, alphas=found.alphas[k])
        assert_allclose(alone.cv_mean[0], found.cv_mean[k], rtol=1e-9)


def test_what_was_read_is_used_again(tall):
    problem, splits = tall
    opened = FoldSolver(problem, splits, check_settings(None))
    for l1_ratio in (1.0, 0.0):
        again = cross_validate(problem.with_l1_ratio(l1_ratio), splits, alphas=10, opened=opened)
        fresh = cross_validate(problem.with_l1_ratio(l1_ratio), splits, alphas=10)
        np.testing.assert_array_equal(again.cv_mean, fresh.cv_mean)
    assert len(opened._solvers) == 1


def test_default_grid_grows_once_and_a_given_one_never():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X @ [1.0, 1.0, 1.0] + 1e-6 * rng.normal(size=80)
    problem, splits = problem_of(X, y), make_splits(5, 80)
    found = cross_validate(problem, splits, alphas=9)
    assert found.alphas.shape == (1, 9 + 4)
    ratios = found.alphas[0, 1:] / found.alphas[0, :-1]
    assert_allclose(ratios, 10**-0.5, rtol=1e-9)
    assert len(found.path) == 13
    assert found.fold_errors.shape == (1, 5, 13)
    assert found.oof_predict.shape == (80,)
    given = cross_validate(problem, splits, alphas=found.alphas[0, :9])
    assert given.alphas.shape == (1, 9)
    assert given.status is Status.GRID_EDGE
    assert cross_validate(problem, splits, alphas=50).alphas.shape == (1, 50 + 25)


def test_grid_of_ridge_grows_upwards_for_noise():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 40)), rng.normal(size=60)
    found = cross_validate(
        problem_of(X, y, l1_ratio=0.0), make_splits(5, 60), alphas=20, alpha_min_ratio=1e-7
    )
    given = found.alphas[0, -20:]
    assert found.alphas.shape == (1, 26)
    assert found.index[1] == 0
    assert_allclose(found.alphas[0, :6] / given[0], (given[0] / given[1]) ** np.arange(6, 0, -1))
    assert found.status is Status.CONVERGED  # flat there: all are the null model


@pytest.mark.parametrize("design", ["tall", "wide", "wide_mostly_zeros"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
@pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")
def test_scorers(design, l1_ratio):
    X, y = cases.DESIGNS[design](np.random.default_rng(0))
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    offset = np.linspace(0.0, 1.0, len(y))
    problem = problem_of(X, y, l1_ratio=l1_ratio, sample_weight=weight, offset=offset)
    splits = make_splits(4, len(y), weights=problem.weights)
    plain = cross_validate(problem, splits, alphas=8)
    scored = cross_validate(problem, splits, alphas=8, scoring="neg_mean_squared_error")
    assert_allclose(scored.cv_mean, -plain.cv_mean, rtol=1e-7)
    assert_allclose(scored.train_mean, -plain.train_mean, rtol=1e-6, atol=1e-10)
    assert_allclose(scored.cv_se, plain.cv_se, rtol=1e-6)
    assert scored.index == plain.index
    assert scored.larger_is_better
    assert scored.measure == "neg_mean_squared_error"
    r2 = cross_validate(problem, splits, alphas=8, scoring="r2")
    assert (r2.cv_mean <= 1.0).all()
    absolute = make_scorer(mean_absolute_error, greater_is_better=False)
    assert (cross_validate(problem, splits, alphas=8, scoring=absolute).cv_mean < 0).all()

    def own(model, rows, target):
        assert rows.shape == (len(target), X.shape[1])
        return -float(np.max(np.abs(target - model.predict(rows))))

    found = cross_validate(problem, splits, alphas=8, scoring=own)
    assert found.measure == "own"


def test_scoring_that_is_none(tall):
    for scoring in ("best", 3):
        with pytest.raises(ArgumentError, match=r"`scoring` must be None, .*the name of a"):
            cross_validate(*tall, scoring=scoring)


def test_rules(tall):
    least = cross_validate(*tall, alphas=20)
    assert least.alpha == least.alphas[least.best_index]
    one_se = cross_validate(*tall, alphas=20, rule="1se")
    assert one_se.alpha == least.alpha_1se > least.alpha
    own = cross_validate(*tall, alphas=20, rule=lambda cv: 3)
    assert own.index == (0, 3)


def test_one_warning_for_path_and_folds():
    X, y = cases.nearly_collinear(np.random.default_rng(0))
    with pytest.warns(ConvergenceWarning) as caught:
        found = cross_validate(
            problem_of(X, y),
            make_splits(3, len(y)),
            alphas=10,
            settings=Settings(max_rounds=1),
        )
    assert len(caught) == 1
    assert "of 40 alphas did not converge" in str(caught[0].message)
    assert np.isfinite(found.cv_mean).all()


def test_rows_that_are_never_held_out_help_every_fold():
    X, y = cases.tall(np.random.default_rng(0))
    fold_ids = np.where(np.arange(60) < 20, -1, np.arange(60) % 4)
    splits = make_splits(4, 60, fold_ids=fold_ids)
    found = cross_validate(problem_of(X, y), splits, alphas=[0.1])
    assert np.isnan(found.oof_predict[:20]).all()
    np.testing.assert_array_equal(found.fold_ids, fold_ids)
    assert_allclose(np.sum((found.oof_predict - y)[20:] ** 2) / 40, found.cv_mean[0, 0], rtol=1e-9)


def test_alpha_0_among_the_alphas():
    for design in ("tall", "wide"):
        X, y = cases.DESIGNS[design](np.random.default_rng(0))
        splits = make_splits(4, len(y))
        found = cross_validate(problem_of(X, y), splits, alphas=[0.5, 0.1, 0.0])
        ridge = cross_validate(problem_of(X, y, l1_ratio=0.0), splits, alphas=[0.0])
        assert_allclose(found.cv_mean[0, 2], ridge.cv_mean[0, 0], rtol=1e-9)
        bounded = cross_validate(problem_of(X, y, lower=-1.0), splits, alphas=[0.5, 0.1, 0.0])
        assert np.isfinite(bounded.cv_mean).all()
