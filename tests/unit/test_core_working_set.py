"""The plan "working set" in the core: every point certified, X read a few times, folds, threads."""

import numpy as np
import pytest
from scipy import sparse

from shrinkage import _core
from shrinkage.solve.certificate import certify
from tests.judge import judge
from tests.random_problems import random_problem
from tests.unit.least_squares import coefs_of

N, P = 60, 300
OPTIONS = [(True, True), (True, False), (False, True), (False, False)]


def make_data(kind="F", weights=False, n=N, p=P, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    X *= np.exp(rng.normal(size=p))
    if kind == "sparse":
        X *= rng.random((n, p)) < 0.2
    else:
        X += rng.normal(size=p)
    X = np.asfortranarray(X.astype(np.float32).astype(float))
    X[:, 6] = 4.0
    y = X[:, :8] @ (np.arange(8) - 3.0) + rng.normal(size=n) + 2.0
    w = None
    if weights:
        w = rng.random(n)
        w[[1, 7]] = 0.0
        w /= w.sum()
    return X, y, w


def design_of(X, kind):
    if kind == "sparse":
        columns = sparse.csc_array(X)
        return _core.sparse(columns.data, columns.indices, columns.indptr, *X.shape)
    if kind == "sparse float32 int64":
        columns = sparse.csc_array(X.astype(np.float32))
        indices, indptr = columns.indices.astype(np.int64), columns.indptr.astype(np.int64)
        return _core.sparse(columns.data, indices, indptr, *X.shape)
    if kind == "float32":
        return _core.dense(np.asfortranarray(X, dtype=np.float32))
    if kind == "leading dimension":
        wide = np.full((X.shape[0] + 3, X.shape[1]), np.nan, order="F")
        wide[: X.shape[0]] = X
        return _core.dense(wide[: X.shape[0]])
    return _core.dense(X)


def penalty_of(kind, p=P):
    """Return penalty factors and bounds."""
    v = np.ones(p)
    if kind == "plain":
        return v, None, None
    v = np.linspace(0.5, 2.0, p)
    v[[1, 4]] = 0.0
    v[2] = np.inf
    if kind == "factors":
        return v, None, None
    lower, upper = np.full(p, -np.inf), np.full(p, np.inf)
    lower[[0, 4]] = -0.2, 0.0
    upper[[3, 4, 5]] = 0.0, 0.1, 0.05
    lower[50:100] = 0.0
    lower[7], upper[7] = 0.0, 0.0
    if kind == "positive":
        return np.ones(p), np.zeros(p), np.full(p, np.inf)
    return v, lower, upper


def alphas_for(problem, l1_ratio, v, lower, upper, n=25, ratio=0.03):
    c = np.abs(problem.null_correlations(v, lower, upper, 1000))
    penalised = (v > 0) & np.isfinite(v)
    first = (c[penalised] / v[penalised]).max(initial=0.0) / max(l1_ratio, 0.05)
    return first * np.geomspace(1.0, ratio, n)


def assert_certified(path, X, y, w, alphas, l1_ratio, penalty, options):
    v, lower, upper = penalty
    certificates = [
        certify(
            X,
            y,
            coef,
            path.intercepts[k],
            alpha=alphas[k],
            l1_ratio=l1_ratio,
            sample_weight=w,
            penalty_factor=v,
            lower=lower,
            upper=upper,
            fit_intercept=options[0],
            standardize=options[1],
        )
        for k, coef in enumerate(coefs_of(path, X.shape[1]))
    ]
    gaps = np.array([each.dual_gap for each in certificates])
    assert gaps.max() <= 1e-9
    assert max(each.kkt_violation for each in certificates) <= 1e-9
    np.testing.assert_allclose(path.dual_gap, gaps, atol=1e-10)
    assert set(path.status) <= {0, 2}


def check_path(kind, weights, penalty, l1_ratio, options):
    X, y, w = make_data("sparse" if kind.startswith("sparse") else kind, weights)
    problem = _core.WorkingSet(design_of(X, kind), y, w, *options, 1)
    v, lower, upper = penalty_of(penalty)
    alphas = alphas_for(problem, l1_ratio, v, lower, upper)
    path = problem.path(alphas, l1_ratio, v, lower, upper, 1000, 1e-9, 1)
    assert_certified(path, X, y, w, alphas, l1_ratio, (v, lower, upper), options)
    return path


@pytest.mark.parametrize("penalty", ["plain", "factors", "bounds", "positive"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1, 0.05])
@pytest.mark.parametrize("kind", ["F", "sparse"])
def test_every_point_is_certified(kind, l1_ratio, penalty):
    check_path(kind, True, penalty, l1_ratio, (True, True))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("kind", ["F", "sparse"])
def test_every_unit_is_certified(kind, weights, options):
    check_path(kind, weights, "plain", 0.7, options)


@pytest.mark.parametrize(
    ("kind", "same"),
    [("float32", "F"), ("leading dimension", "F"), ("sparse float32 int64", "sparse")],
)
def test_every_kind_of_matrix_gives_the_same_path(kind, same):
    found = check_path(kind, True, "factors", 1.0, (True, True))
    expected = check_path(same, True, "factors", 1.0, (True, True))
    np.testing.assert_allclose(coefs_of(found, P), coefs_of(expected, P), atol=1e-9)


@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("penalty", ["factors", "bounds"])
def test_both_plans_find_the_same_path(penalty, l1_ratio, kind):
    X, y, w = make_data(kind, True, n=80, p=40)
    v, lower, upper = penalty_of(penalty, 40)
    if l1_ratio == 0.0 and lower is None:
        return  # ridge without bounds has its own plan
    design = design_of(X, kind)
    problem = _core.WorkingSet(design, y, w, True, True, 1)
    alphas = alphas_for(problem, l1_ratio, v, lower, upper, n=12)
    if lower is not None:
        alphas = np.append(alphas, 0.0)
    arguments = (alphas, l1_ratio, v, lower, upper, 1000, 1e-9, 1)
    found = problem.path(*arguments)
    expected = _core.CrossProducts(design, y, w, True, True, None, 0, 1).path(*arguments)
    np.testing.assert_allclose(coefs_of(found, 40), coefs_of(expected, 40), atol=1e-8)
    np.testing.assert_allclose(found.intercepts, expected.intercepts, atol=1e-8)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-9)


@pytest.mark.parametrize("options", OPTIONS)
def test_both_plans_have_the_same_units(options):
    X, y, w = make_data("F", True, p=20)
    design = _core.dense(X)
    found = _core.WorkingSet(design, y, w, *options, 1)
    expected = _core.CrossProducts(design, y, w, *options, None, 0, 1)
    for name in ("mean", "scale", "spread", "y_mean", "y_spread", "tau", "null_loss"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)
    for kind in ("plain", "factors"):
        np.testing.assert_allclose(
            found.null_correlations(*penalty_of(kind, 20), 1000),
            expected.null_correlations(*penalty_of(kind, 20), 1000),
            atol=1e-12,
        )


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_a_path_reads_x_a_few_times(l1_ratio):
    X, y, _ = make_data(n=100, p=2000)
    problem = _core.WorkingSet(_core.dense(X), y, None, True, True, 1)
    penalty = (np.ones(2000), None, None)
    alphas = alphas_for(problem, l1_ratio, *penalty, n=100, ratio=0.01)
    path = problem.path(alphas, l1_ratio, *penalty, 1000, 1e-9, 1)
    assert path.counts["column_products"] <= 10 * 2000
    assert path.counts["rounds"] <= 400
    assert path.counts["working_set"] <= 500


@pytest.mark.parametrize("n_alphas", [1, 3])
def test_a_coarse_grid_is_certified(n_alphas):
    X, y, _ = make_data()
    problem = _core.WorkingSet(_core.dense(X), y, None, True, True, 1)
    penalty = (np.ones(P), None, None)
    alphas = alphas_for(problem, 1.0, *penalty, n=4, ratio=1e-3)[4 - n_alphas :]
    path = problem.path(alphas, 1.0, *penalty, 1000, 1e-9, 1)
    assert_certified(path, X, y, None, alphas, 1.0, penalty, (True, True))


def test_too_few_rounds_are_reported_with_the_gap_reached():
    X, y, _ = make_data()
    problem = _core.WorkingSet(_core.dense(X), y, None, True, True, 1)
    penalty = (np.ones(P), None, None)
    alphas = alphas_for(problem, 1.0, *penalty)
    path = problem.path(alphas, 1.0, *penalty, 1, 1e-9, 1)
    assert 1 in path.status
    assert set(path.status) <= {0, 1, 2}
    np.testing.assert_array_equal(path.status == 1, path.dual_gap > 1e-9)
    judged = [
        certify(X, y, coef, path.intercepts[k], alpha=alphas[k]).dual_gap
        for k, coef in enumerate(coefs_of(path, P))
    ]
    np.testing.assert_allclose(path.dual_gap, judged, atol=1e-10)


def test_a_mean_of_a_million_costs_no_digits():
    X, y, _ = make_data()
    X /= X.std(axis=0) + (X.std(axis=0) == 0)
    far = X + 2.0**20
    penalty = (np.ones(P), None, None)
    near_problem = _core.WorkingSet(_core.dense(X), y, None, True, True, 1)
    alphas = alphas_for(near_problem, 1.0, *penalty)
    near = near_problem.path(alphas, 1.0, *penalty, 1000, 1e-9, 1)
    path = _core.WorkingSet(_core.dense(far), y, None, True, True, 1).path(
        alphas, 1.0, *penalty, 1000, 1e-9, 1
    )
    np.testing.assert_allclose(coefs_of(path, P), coefs_of(near, P), atol=1e-7)
    assert path.dual_gap.max() <= 1e-9


@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("penalty", ["plain", "bounds"])
@pytest.mark.parametrize("options", OPTIONS)
def test_fold_errors_are_those_of_fits_outside_each_fold(options, penalty, kind):
    X, y, w = make_data(kind, True)
    ids = np.random.default_rng(2).integers(0, 4, N).astype(np.int32)
    ids[:3] = -1
    X[ids != 2, 5] = -1.0  # without spread outside fold 2
    design = design_of(X, kind)
    problem = _core.WorkingSet(design, y, w, *options, 1)
    v, lower, upper = penalty_of(penalty)
    alphas = alphas_for(problem, 0.8, v, lower, upper, n=10)
    arguments = (alphas, 0.8, v, lower, upper, 1000, 1e-9)
    folds = problem.crossval(ids, 4, *arguments, 1)
    for fold in range(4):
        held = ids == fold
        outside = np.where(held, 0.0, w)
        alone = _core.WorkingSet(design, y, outside / outside.sum(), *options, 1).path(
            *arguments, 1
        )
        square = (y[:, None] - X @ coefs_of(alone, P).T - alone.intercepts) ** 2
        expected = np.average(square[held], axis=0, weights=w[held])
        np.testing.assert_allclose(folds.error[fold], expected, rtol=1e-9)
        expected = np.average(square[~held], axis=0, weights=w[~held])
        np.testing.assert_allclose(folds.train_error[fold], expected, rtol=1e-9)
        np.testing.assert_allclose(coefs_of(folds.paths[fold], P), coefs_of(alone, P), atol=1e-9)
        assert folds.weight[fold] == pytest.approx(w[held].sum())
    in_threads = problem.crossval(ids, 4, *arguments, 2)
    assert (folds.error == in_threads.error).all()
    assert (folds.train_error == in_threads.train_error).all()


def test_threads_change_no_bit():
    X, y, _ = make_data(n=60, p=20000)
    penalty = (np.ones(20000), None, None)
    one = _core.WorkingSet(_core.dense(X), y, None, True, True, 1)
    two = _core.WorkingSet(_core.dense(X), y, None, True, True, 2)
    assert (one.scale == two.scale).all()
    alphas = alphas_for(one, 1.0, *penalty, n=12, ratio=0.2)
    first = one.path(alphas, 1.0, *penalty, 1000, 1e-9, 1)
    second = two.path(alphas, 1.0, *penalty, 1000, 1e-9, 2)
    assert (first.features == second.features).all()
    assert (first.values == second.values).all()
    assert first.counts == second.counts


def assert_random_problem_is_certified(seed):
    random = random_problem(seed)
    X, y, options = random.X, random.y, random.options
    p, l1_ratio, w = X.shape[1], options["l1_ratio"], options.get("sample_weight")
    penalty = (options.get("penalty_factor", np.ones(p)), options.get("lower"))
    penalty += (options.get("upper"),)
    units = (options["fit_intercept"], options["standardize"])
    wt = None if w is None else w / w.sum()
    problem = _core.WorkingSet(_core.dense(X), y, wt, *units, 1)
    alphas = alphas_for(problem, l1_ratio, *penalty, 10, random.alpha_min_ratio)
    if alphas[0] <= 1e-10 * np.sqrt(problem.null_loss):
        return  # nothing to select
    path = problem.path(alphas, l1_ratio, *penalty, 5000, 1e-9, 1)
    verdict = judge(X, y, alphas, coefs_of(path, p), path.intercepts, **options)
    assert verdict.dual_gap.max() <= 1e-9, seed
    assert set(path.status) <= {0, 2}, seed


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_degenerate_problems(first):
    """Six kinds of columns, with every option at random."""
    for seed in range(first, first + 50):
        assert_random_problem_is_certified(seed)
