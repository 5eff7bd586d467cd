"""Laws of cross-validation: it is what refits on each fold say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Lasso as PeerLasso
from sklearn.model_selection import GridSearchCV, KFold, RepeatedKFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shrinkage import Lasso, LassoCV, Settings, elastic_net_path
from shrinkage.select.crossval import cross_validate
from shrinkage.select.folds import make_splits
from shrinkage.solve import Status, make_problem
from tests import cases, twins

DESIGNS = ("tall", "wide", "moderately_wide", "mostly_zeros", "wide_mostly_zeros", "far_from_zero")
SOME = [
    case
    for case in cases.some(design=DESIGNS, option=("plain", "no intercept", "everything"))
    if case.penalty != "mostly L2"
]

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")


def problem_of(X, y, options):
    defaults = {
        "sample_weight": None,
        "offset": None,
        "penalty_factor": None,
        "lower": None,
        "upper": None,
        "fit_intercept": True,
        "standardize": True,
    }
    return make_problem(X, y, **defaults | options)


@pytest.mark.parametrize("case", SOME, ids=str)
def test_folds_equal_refits(case):
    X, y = case.data()
    options = case.options(X, y)
    problem = problem_of(X, y, options)
    n = len(y)
    splits = make_splits(4, n, weights=problem.weights)
    alphas = elastic_net_path(X, y, alphas=8, **options).alphas
    found = cross_validate(problem, splits, alphas=alphas)
    weight = options.pop("sample_weight", np.ones(n))
    offset = options.pop("offset", np.zeros(n))

    def fit(rows, target, row_weight):
        path = elastic_net_path(rows, target, alphas=alphas, sample_weight=row_weight, **options)
        return path.predict

    mean, se, train = twins.cross_validate(X, y - offset, fit, splits, weight)
    assert_allclose(found.cv_mean[0], mean, rtol=1e-7)
    assert_allclose(found.cv_se[0], se, rtol=1e-6, atol=1e-9)
    assert_allclose(found.train_mean[0], train, rtol=1e-6, atol=1e-9)
    k = found.index[1]
    for train_rows, test_rows in splits:
        path = elastic_net_path(
            X[train_rows],
            (y - offset)[train_rows],
            alphas=[alphas[k]],
            sample_weight=weight[train_rows],
            **options,
        )
        expected = path.predict(X[test_rows])[:, 0] + offset[test_rows]
        assert_allclose(found.oof_predict[test_rows], expected, rtol=1e-6, atol=1e-6)


NEWTON = [
    case
    for case in cases.some(
        design=("tall", "wide", "mostly_zeros"),
        option=("plain", "weights and offset", "everything"),
        family=cases.NEWTON_FAMILIES,
    )
    if case.penalty != "mostly L2"
]


@pytest.mark.filterwarnings("ignore:.* no finite optimum:shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("case", NEWTON, ids=str)
def test_folds_of_the_other_families_equal_refits(case):
    """Where a training set has a finite optimum: free features may separate few rows."""
    X, y = case.data()
    options = case.options(X, y)
    problem = problem_of(X, y, options)
    n, tight = len(y), Settings(tol=1e-12)
    splits = make_splits(4, n, weights=problem.weights)
    alphas = elastic_net_path(X, y, alphas=6, alpha_min_ratio=0.01, **options).alphas
    found = cross_validate(problem, splits, alphas=alphas, settings=tight)
    weight = options.pop("sample_weight", np.ones(n))
    offset = options.pop("offset", np.zeros(problem.y.shape))
    separated = 0
    for fold, (train, test) in enumerate(splits):
        path = elastic_net_path(
            X[train],
            y[train],
            alphas=alphas,
            sample_weight=weight[train],
            offset=offset[train],
            settings=tight,
            **options,
        )
        if Status.SEPARATED in path.status:
            separated += 1
            continue
        eta = path.predict_linear(X[test], offset=offset[test])
        deviance = 2.0 * problem.family.loss(problem.y[test, None], eta)
        expected = weight[test] @ deviance / weight[test].sum()
        assert_allclose(found.fold_errors[0, fold], expected, rtol=1e-5)
        mean = problem.family.mean(eta[:, found.index[1]])
        assert_allclose(found.oof_predict[test], mean, rtol=1e-4, atol=1e-6)
    sizes = [weight[test].sum() for _, test in splits]
    mean = np.average(found.fold_errors[0], axis=0, weights=sizes)
    assert_allclose(found.cv_mean[0], mean, rtol=1e-12)
    assert separated < 4
    assert found.measure == "mean deviance"


@pytest.mark.parametrize("family", cases.NEWTON_FAMILIES)
def test_pairs_equal_fold_ids_for_other_families(family):
    X, y = cases.Case("tall", "lasso", "plain", family).data()
    problem = problem_of(X, y, {"l1_ratio": 0.5, "family": family})
    splits = make_splits(5, len(y))
    fast = cross_validate(problem, splits, alphas=10)
    slow = cross_validate(problem, make_splits([*splits, *splits], len(y)), alphas=10)
    assert_allclose(slow.cv_mean, fast.cv_mean, rtol=1e-9)
    assert_allclose(slow.train_mean, fast.train_mean, rtol=1e-9)
    assert_allclose(slow.oof_predict, fast.oof_predict, rtol=1e-9)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_partition_given_as_pairs_equals_fold_ids(l1_ratio):
    X, y = cases.tall(np.random.default_rng(0))
    problem = problem_of(X, y, {"l1_ratio": l1_ratio})
    splits = make_splits(5, len(y))
    pairs = [*splits, *splits]  # every row is held out twice: one path for each
    fast = cross_validate(problem, splits, alphas=20)
    slow = cross_validate(problem, make_splits(pairs, len(y)), alphas=20)
    assert_allclose(slow.cv_mean, fast.cv_mean, rtol=1e-9)
    assert_allclose(slow.train_mean, fast.train_mean, rtol=1e-8)
    assert_allclose(slow.oof_predict, fast.oof_predict, rtol=1e-7)
    assert slow.alpha == pytest.approx(fast.alpha, rel=1e-12)


def test_fold_errors_equal_a_grid_search_over_a_pipeline():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 1, 0, 100]
    y = X @ [1, 0.2, 3, 0, 0] + rng.normal(size=80)
    alphas = np.geomspace(2.0, 0.01, 6)
    folds = KFold(5, shuffle=True, random_state=0)
    splits = make_splits(folds, 80, y)
    found = cross_validate(problem_of(X, y, {"l1_ratio": 1.0}), splits, alphas=alphas)
    for fold, (train, test) in enumerate(folds.split(X)):
        for k, alpha in enumerate(alphas):
            model = make_pipeline(StandardScaler(), PeerLasso(alpha=alpha, tol=1e-12))
            model.fit(X[train], y[train])
            error = np.mean((y[test] - model.predict(X[test])) ** 2)
            assert found.fold_errors[0, fold, k] == pytest.approx(error, rel=1e-7)


def test_lasso_cv_equals_a_grid_search_over_a_pipeline_of_our_own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 1, 0, 100]
    y = X @ [1, 0.2, 3, 0, 0] + rng.normal(size=80)
    alphas, folds = np.geomspace(2.0, 0.01, 6), KFold(5, shuffle=True, random_state=0)
    model = LassoCV(alphas=alphas, cv=folds).fit(X, y)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Lasso(standardize=False)),
        {"lasso__alpha": alphas},
        cv=folds,
        scoring="neg_mean_squared_error",
    ).fit(X, y)
    # All folds weigh the same here, as in the grid search.
    assert_allclose(np.ravel(model.cv_mean_), -search.cv_results_["mean_test_score"], rtol=1e-9)
    assert model.alpha_ == search.best_params_["lasso__alpha"]


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("seed", range(5))
def test_one_standard_error_rule_never_chooses_a_weaker_penalty(l1_ratio, seed):
    X, y = cases.tall(np.random.default_rng(seed))
    found = cross_validate(
        problem_of(X, y, {"l1_ratio": l1_ratio}), make_splits(5, len(y), seed=seed), alphas=30
    )
    assert found.alpha_1se >= found.alpha
    row, column = found.one_se_index
    assert (
        found.cv_mean[row, column]
        <= found.cv_mean[found.best_index] + found.cv_se[found.best_index]
    )


@pytest.mark.parametrize("family", ["gaussian", *cases.NEWTON_FAMILIES])
@pytest.mark.parametrize("design", ["tall", "wide"])
def test_threads_do_not_change_a_bit(design, family):
    X, y = cases.Case(design, "elastic net", "plain", family).data()
    problem = problem_of(X, y, {"l1_ratio": 0.5, "family": family})
    splits = make_splits(5, len(y))
    one, two = (
        cross_validate(problem, splits, alphas=20, settings=Settings(n_threads=n)) for n in (1, 2)
    )
    np.testing.assert_array_equal(one.cv_mean, two.cv_mean)
    np.testing.assert_array_equal(one.path.coef_path, two.path.coef_path)


def test_repeated_and_single_splits():
    X, y = cases.tall(np.random.default_rng(0))
    problem = problem_of(X, y, {"l1_ratio": 1.0})
    repeated = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    found = cross_validate(problem, make_splits(repeated, len(y), y), alphas=10)
    assert found.fold_errors.shape == (1, 6, 10)
    assert np.isfinite(found.oof_predict).all()
    once = ShuffleSplit(1, test_size=0.3, random_state=0)
    found = cross_validate(problem, make_splits(once, len(y), y), alphas=10)
    assert np.isnan(found.cv_se).all()
    assert np.isnan(found.alpha_1se)
    assert np.isnan(found.oof_predict).sum() == (found.fold_ids == -1).sum() == 42
