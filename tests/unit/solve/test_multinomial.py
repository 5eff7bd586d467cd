"""Several classes through the path function: what the laws do not reach."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from shrinkage import Settings, elastic_net_path, make_problem
from shrinkage.select.crossval import cross_validate
from shrinkage.select.folds import make_splits
from shrinkage.solve import Status
from shrinkage.solve.certificate import certify
from tests import cases
from tests.separable import separated_rows

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")

TIGHT = Settings(tol=1e-13)


def data(n=120, p=10, K=4, seed=0, size=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    eta = size * X[:, : min(p, 4)] @ rng.normal(size=(min(p, 4), K))
    y = np.argmax(eta + rng.gumbel(size=eta.shape), axis=1)
    y[:K] = np.arange(K)
    return X, y


def assert_certified(X, y, path, limit=1.01e-8, **options):
    for k, alpha in enumerate(path.alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert judged.dual_gap <= limit, (k, alpha, judged, path.status[k])
        assert path.status[k].converged


def test_shapes():
    X, y = data()
    offset = np.random.default_rng(1).normal(size=(120, 4))
    path = elastic_net_path(X, y, family="multinomial", offset=offset, alphas=6)
    assert path.coef_path.shape == (6, 4, 10)
    assert path.intercepts.shape == (6, 4)
    assert_allclose(path.intercepts.sum(axis=1), 0.0, atol=1e-12)
    assert_array_equal(path.n_nonzero, np.count_nonzero(path.coef_path.any(axis=1), axis=1))
    eta = np.einsum("ij,mkj->imk", X, path.coef_path) + path.intercepts + offset[:, None]
    assert_allclose(path.predict_linear(X, offset=offset), eta, atol=1e-12)
    assert_allclose(path.predict(X, offset=offset).sum(axis=2), 1.0)
    alpha = path.alphas[3]
    assert_allclose(path.predict_linear(X, alpha, offset=offset), eta[:, 3], atol=1e-12)
    found = path.at(alpha)
    assert found.coef.shape == (4, 10)
    assert found.intercept.shape == (4,)
    halfway = path.at(0.5 * (path.alphas[3] + path.alphas[4]), how="linear")
    assert_allclose(halfway.coef, path.coef_path[3:5].mean(axis=0))
    table = path.to_frame()
    assert list(table) == ["alpha", "class", "feature", "coef"]
    assert len(table["coef"]) == 6 * 4 * np.count_nonzero(path.coef_path.any(axis=(0, 1)))


@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"standardize": False}], ids=str)
def test_two_classes_are_the_binomial_model(options):
    X, y = data(K=2)
    options = options | {"settings": TIGHT}
    alphas = np.geomspace(0.1, 1e-3, 6)
    # alpha/2 (b_1^2 + b_2^2) is alpha/4 of the difference squared
    one = elastic_net_path(X, y, family="binomial", l1_ratio=0.0, alphas=alphas / 2, **options)
    two = elastic_net_path(X, y, family="multinomial", l1_ratio=0.0, alphas=alphas, **options)
    assert_allclose(two.coef_path[:, 1], one.coef_path / 2, atol=1e-7)
    assert_allclose(two.coef_path[:, 0], -one.coef_path / 2, atol=1e-7)
    assert_allclose(two.intercepts[:, 1], one.intercepts / 2, atol=1e-7)
    assert_allclose(two.df, one.df, rtol=1e-6)
    one = elastic_net_path(X, y, family="binomial", alphas=alphas, **options)
    two = elastic_net_path(X, y, family="multinomial", alphas=alphas, **options)
    assert two.alpha_max == pytest.approx(one.alpha_max)
    difference = two.coef_path[:, 1] - two.coef_path[:, 0]
    assert_allclose(difference, one.coef_path, atol=1e-6)
    assert_allclose(two.predict(X)[:, :, 1], one.predict(X), atol=1e-6)
    assert_array_equal(two.df, one.df)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_the_order_of_classes_does_not_matter(l1_ratio):
    X, y = data(K=3)
    order = np.array([2, 0, 1])
    options = {"family": "multinomial", "l1_ratio": l1_ratio, "alphas": 8, "settings": TIGHT}
    path = elastic_net_path(X, y, **options)
    other = elastic_net_path(X, order[y], **options)
    assert_allclose(other.coef_path[:, order], path.coef_path, atol=1e-6)
    assert_allclose(other.intercepts[:, order], path.intercepts, atol=1e-6)


def test_shares_of_classes_are_repeated_rows():
    X, _ = data(n=40, K=3)
    rng = np.random.default_rng(3)
    counts = rng.multinomial(5, [0.5, 0.3, 0.2], size=40)
    options = {"family": "multinomial", "l1_ratio": 0.5, "alphas": 5, "settings": TIGHT}
    shares = elastic_net_path(X, counts / 5, **options)
    rows = np.repeat(np.arange(40), 5)
    classes = np.concatenate([np.repeat(np.arange(3), each) for each in counts])
    single = elastic_net_path(X[rows], classes, **options)
    assert_allclose(shares.alphas, single.alphas, rtol=1e-10)
    assert_allclose(shares.coef_path, single.coef_path, atol=1e-6)


def separable(rng):
    X, y = data(n=60, p=3, K=3)
    return X + 5.0 * np.eye(3)[y], y


def wide_and_separable(rng):
    return data(n=30, p=80, K=4)


def one_row_in_a_class(rng):
    X, y = data(K=3)
    return X, np.where(y == 2, np.where(np.arange(120) == 2, 2, 0), y)


def duplicates_and_sums(rng):
    X, y = data(n=80, p=5)
    return np.column_stack([X, X[:, 0], X[:, 1] + X[:, 2]]), y


def constant_columns(rng):
    X, y = data(p=5)
    return np.column_stack([X, np.zeros(120), np.full(120, 3.0)]), y


def far_from_zero(rng):
    X, y = data(p=5)
    return X + 1e6, y


def unequal_units(rng):
    X, y = data(p=5)
    return X * 10.0 ** np.arange(-4, 6, 2), y


def one_column(rng):
    return data(p=1, K=3)


def three_rows(rng):
    return data(n=3, p=2, K=3)


def twenty_classes(rng):
    return data(n=200, p=6, K=20)


def strong(rng):
    return data(n=100, p=6, K=3, size=8.0)


DEGENERATE = [
    separable,
    wide_and_separable,
    one_row_in_a_class,
    duplicates_and_sums,
    constant_columns,
    far_from_zero,
    unequal_units,
    one_column,
    three_rows,
    twenty_classes,
    strong,
]


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("case", DEGENERATE, ids=lambda case: case.__name__)
def test_degenerate_data_are_certified(case, l1_ratio):
    X, y = case(np.random.default_rng(0))
    options = {"family": "multinomial", "l1_ratio": l1_ratio}
    path = elastic_net_path(X, y, alphas=12, alpha_min_ratio=1e-5, **options)
    assert_certified(X, y, path, **options)
    # Steps between alphas that are far apart count.
    assert path.counts["passes"] <= 700


@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("size", [10.0, 30.0, 300.0])
def test_far_offsets_end_in_a_certified_answer_or_a_status(size):
    X, y = data(n=100, p=20, K=3)
    offset = size * np.random.default_rng(1).choice([-1.0, 1.0], size=(100, 3))
    options = {"family": "multinomial", "offset": offset}
    path = elastic_net_path(X, y, alphas=6, alpha_min_ratio=1e-2, **options)
    for k, alpha in enumerate(path.alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert path.status[k].converged == (path.dual_gap[k] <= 1e-8)
        assert judged.dual_gap <= 1.01 * path.dual_gap[k] + 1e-10
        assert size > 30.0 or path.status[k].converged


def test_weights_over_sixteen_decades():
    X, y = data(n=100, p=8, K=3)
    weight = 10.0 ** np.random.default_rng(1).uniform(-8, 8, size=100)
    options = {"family": "multinomial", "sample_weight": weight}
    path = elastic_net_path(X, y, alphas=8, alpha_min_ratio=1e-3, **options)
    assert_certified(X, y, path, **options)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_a_single_alpha_is_solved_to_many_digits_at_the_default_tolerance(l1_ratio):
    # As the square root of a gap of 1e-8 would not be.
    X, y = data(K=3)
    weight = np.random.default_rng(0).integers(1, 4, size=120)
    options = {"family": "multinomial", "alphas": [0.02], "l1_ratio": l1_ratio}
    one = elastic_net_path(X, y, sample_weight=weight, **options)
    many = elastic_net_path(np.repeat(X, weight, axis=0), np.repeat(y, weight), **options)
    assert_allclose(many.coef_path, one.coef_path, atol=1e-9)
    exact = elastic_net_path(X, y, sample_weight=weight, settings=TIGHT, **options)
    assert_allclose(one.coef_path, exact.coef_path, atol=1e-6)


@pytest.mark.parametrize("tol", [1e-8, 1e-11, 1e-12])
def test_without_a_penalty_the_tolerance_is_met(tol):
    X, y = data(n=200, p=5, K=3)
    path = elastic_net_path(X, y, family="multinomial", alphas=[0.0], settings=Settings(tol=tol))
    assert path.status[0] is Status.CONVERGED
    share = np.mean(np.abs((X - X.mean(axis=0)).T @ (np.eye(3)[y] - path.predict(X, 0.0))))
    assert share / 200 <= 10 * tol


@pytest.mark.parametrize("seed", [4, 28, 32, 39])
def test_more_free_features_within_bounds_than_rows_can_be_judged(seed):
    # Their correlations can't all be made to vanish; within bounds they cost what they are worth.
    rng = np.random.default_rng(seed)
    n, K, l1_ratio = (12, 5, 0.01) if seed % 2 else (5, 3, 0.0)
    X = rng.normal(size=(n, 45)) * 10.0 ** rng.integers(-3, 4, 45)
    factor = np.where(np.arange(45) < 10, 0.0, 1.0)
    options = {"lower": -0.2, "upper": 0.1, "penalty_factor": factor, "l1_ratio": l1_ratio}
    options |= {"family": "multinomial"}
    path = elastic_net_path(X, np.arange(n) % K, alphas=[1e-3, 1e-6], **options)
    assert_certified(X, np.arange(n) % K, path, **options)


def test_without_a_penalty_coefficients_sum_to_zero_over_the_classes():
    X, y = data(size=0.5)
    path = elastic_net_path(X, y, family="multinomial", alphas=[0.1, 0.0])
    assert path.status[1] is Status.CONVERGED
    assert_allclose(path.coef_path[1].sum(axis=0), 0.0, atol=1e-12)
    residual = np.eye(4)[y] - path.predict(X, 0.0)
    assert_allclose(X.T @ residual, 0.0, atol=1e-6)
    factor = np.r_[0.0, 0.0, np.ones(8)]
    free = elastic_net_path(X, y, family="multinomial", alphas=5, penalty_factor=factor)
    assert_allclose(free.coef_path[:, :, :2].sum(axis=1), 0.0, atol=1e-12)
    assert_certified(X, y, free, family="multinomial", penalty_factor=factor)


@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
def test_free_features_that_tell_the_classes_apart_are_named():
    X, y = data(n=60, p=4, K=3)
    X[:, 1] = y + 0.01 * X[:, 1]
    path = elastic_net_path(X, y, family="multinomial", alphas=4, penalty_factor=[1, 0, 1, 1])
    assert path.status[-1] is Status.SEPARATED
    with pytest.warns(UserWarning, match="The largest of these coefficients: 1"):
        elastic_net_path(X, y, family="multinomial", alphas=4, penalty_factor=[1, 0, 1, 1])


@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("option", ["plain", "weights", "offset", "lower"])
def test_free_features_are_called_separating_exactly_where_they_are(option):
    verdicts = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        K, p = 3 + seed % 3, 1 + seed % 5
        n = rng.integers(2 * K, 5 * K * p + 2 * K)
        X = rng.normal(size=(n, p + 1))
        eta = X[:, :p] @ rng.normal(size=(p, K)) * (1.0, 5.0)[seed % 2]
        y = np.argmax(eta + rng.gumbel(size=eta.shape), axis=1)
        y[:K] = np.arange(K)
        lower = 0.0 if option == "lower" else -np.inf
        options = {
            "plain": {},
            "weights": {"sample_weight": 10.0 ** rng.uniform(-2, 2, size=n)},
            "offset": {"offset": rng.normal(scale=2.0, size=(n, K))},
            "lower": {"lower": np.append(np.zeros(p), -np.inf)},
        }[option]
        factor = np.append(np.zeros(p), 1.0)
        path = elastic_net_path(
            X, y, family="multinomial", alphas=[0.05], penalty_factor=factor, **options
        )
        verdicts.append(separated_rows(X[:, :p], y, lower=lower) > 0.0)
        assert (path.status[0] is Status.SEPARATED) == verdicts[-1], seed
    assert 3 < sum(verdicts) < 37


@pytest.mark.parametrize("family", cases.NEWTON_FAMILIES)
@pytest.mark.parametrize("options", cases.OPTIONS)
def test_wide_ridge_is_solved_in_the_space_of_its_rows(family, options):
    case = cases.Case("wide", "ridge", options, family)
    X, y = case.data()
    options = case.options(X, y)
    alphas = np.geomspace(1.0, 1e-2, 4)
    settings = Settings(tol=1e-12)
    path = elastic_net_path(X, y, alphas=alphas, settings=settings, **options)
    # A little L1 goes the other way.
    near = elastic_net_path(X, y, alphas=alphas, settings=settings, **options | {"l1_ratio": 1e-9})
    scale = np.abs(path.coef_path).max()
    assert_allclose(path.coef_path, near.coef_path, atol=1e-4 * scale)
    assert_allclose(path.points.loss, near.points.loss, rtol=1e-5)
    for k, alpha in enumerate(alphas):
        judged = certify(X, y, path.coef_path[k], path.intercepts[k], alpha=alpha, **options)
        assert path.kkt_violation[k] == pytest.approx(judged.kkt_violation, rel=1e-3, abs=1e-9)


def test_wide_ridge_of_sparse_columns_and_folds():
    X, y = data(n=40, p=70, K=3)
    X[np.abs(X) < 0.8] = 0.0
    options = {"family": "multinomial", "l1_ratio": 0.0}
    dense = elastic_net_path(X, y, alphas=6, **options)
    columns = elastic_net_path(sparse.csc_array(X), y, alphas=6, **options)
    assert_allclose(columns.coef_path, dense.coef_path, atol=1e-8)
    problem = make_problem(X, y, **options)
    ids = np.arange(40) % 4
    found = cross_validate(problem, make_splits(4, 40, fold_ids=ids), alphas=dense.alphas)
    errors = []
    for fold in range(4):
        train, test = ids != fold, ids == fold
        refit = elastic_net_path(X[train], y[train], alphas=dense.alphas, **options)
        mu = refit.predict(X[test])
        errors.append(-2.0 * np.log(mu[np.arange(10), :, y[test]]).mean(axis=0))
    assert_allclose(found.cv_mean[0], np.mean(errors, axis=0), rtol=1e-5)
    assert found.oof_predict.shape == (40, 3)


def test_measures_of_several_classes():
    X, y = data(K=3)
    ids = np.arange(120) % 5
    problem = make_problem(X, y, family="multinomial")
    splits = make_splits(5, 120, fold_ids=ids)
    alphas = [0.1, 0.05, 0.01]
    settings = Settings(tol=1e-11)
    probabilities = np.empty((120, 3, 3))
    for fold in range(5):
        train, test = ids != fold, ids == fold
        refit = elastic_net_path(
            X[train], y[train], family="multinomial", alphas=alphas, settings=settings
        )
        probabilities[test] = refit.predict(X[test])
    truth = np.eye(3)[y][:, None]
    expected = {
        "misclassification": (probabilities.argmax(axis=2) != y[:, None]).mean(axis=0),
        "mse": ((truth - probabilities) ** 2).sum(axis=2).mean(axis=0),
        "mae": np.abs(truth - probabilities).sum(axis=2).mean(axis=0),
        "neg_log_loss": np.log(probabilities[np.arange(120), :, y]).mean(axis=0),
        "accuracy": (probabilities.argmax(axis=2) == y[:, None]).mean(axis=0),
    }
    for scoring, value in expected.items():
        found = cross_validate(problem, splits, alphas=alphas, scoring=scoring, settings=settings)
        assert_allclose(found.cv_mean[0], value, rtol=1e-5, err_msg=scoring)
    assert found.path.family.name == "multinomial"


def test_threads_and_memory_order_change_nothing():
    X, y = data(n=4000, p=30)
    options = {"family": "multinomial", "alphas": 4, "alpha_min_ratio": 0.1}
    one = elastic_net_path(X, y, settings=Settings(n_threads=1), **options)
    four = elastic_net_path(X, y, settings=Settings(n_threads=4), **options)
    assert one.coef_path.tobytes() == four.coef_path.tobytes()
    assert one.counts == four.counts
    columns = elastic_net_path(np.asfortranarray(X), y, **options)
    assert_allclose(columns.coef_path, one.coef_path, atol=1e-12)


def test_few_passes_and_curvatures_do():
    X, y = data(n=500, p=30)
    path = elastic_net_path(X, y, family="multinomial", alpha_min_ratio=1e-3)
    assert path.counts["passes"] <= 400
    assert path.counts["grams"] <= 50
    assert path.counts["rejects"] == 0
