"""Logistic and Poisson paths in the core: every point certified or honest about why not."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, xlogy

from shrinkage import _core
from shrinkage.solve.certificate import certify
from tests.unit.least_squares import coefs_of

N, P = 120, 30
FAMILIES = ["binomial", "poisson"]
OPTIONS = [(True, True), (True, False), (False, True), (False, False)]
CONVERGED, MAX_ROUNDS, NULL_MODEL, CONSTANT_TARGET, SEPARATED = 0, 1, 2, 3, 6
TOL = 1e-8


def correlated(n, p, seed=0, rho=0.5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def response(family, eta, seed=0):
    rng = np.random.default_rng(seed)
    if family == "binomial":
        return (rng.random(len(eta)) < expit(eta)).astype(float)
    return rng.poisson(np.exp(eta)).astype(float)


def make_data(family, kind="F", weights=False, n=N, p=P, seed=0):
    rng = np.random.default_rng(seed)
    X = correlated(n, p, seed) * np.exp(0.5 * rng.normal(size=p))
    if kind == "sparse":
        X *= rng.random((n, p)) < 0.3
    else:
        X += rng.normal(size=p)
    X = np.asfortranarray(X.astype(np.float32).astype(float))
    X[:, 6] = 4.0
    eta = X[:, :5] @ (np.arange(5) - 2.0)
    y = response(family, 0.3 + (eta - eta.mean()) / eta.std(), seed)
    w = None
    if weights:
        w = rng.random(n)
        w[[1, 7]] = 0.0
        w /= w.sum()
    return X, y, w


def design_of(X, kind="F"):
    if kind.startswith("sparse"):
        columns = sparse.csc_array(X.astype(np.float32) if "float32" in kind else X)
        indices, indptr = columns.indices, columns.indptr
        if "int64" in kind:
            indices, indptr = indices.astype(np.int64), indptr.astype(np.int64)
        return _core.sparse(columns.data, indices, indptr, *X.shape)
    return _core.dense(np.asfortranarray(X, dtype=np.float32 if kind == "float32" else float))


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
    v[[1, 4]] = 1.0
    lower, upper = np.full(p, -np.inf), np.full(p, np.inf)
    lower[0], upper[[3, 5]] = -0.2, (0.0, 0.05)
    lower[10:20] = 0.0
    lower[7], upper[7] = 0.0, 0.0
    return v, lower, upper


def grid_for(problem, l1_ratio, v, lower, upper, n=20, ratio=0.01):
    c = problem.null_correlations(v, lower, upper, 1000)
    counted = (v > 0) & np.isfinite(v)
    if lower is not None:
        counted &= np.where(c > 0, upper > 0, lower < 0)
    first = np.max(np.abs(c[counted]) / v[counted]) / max(l1_ratio, 0.05)
    return first * np.geomspace(1.0, ratio, n)


def judge(path, X, y, alphas, family, **options):
    certificates = [
        certify(X, y, coef, path.intercepts[k], family=family, alpha=alphas[k], **options)
        for k, coef in enumerate(coefs_of(path, X.shape[1]))
    ]
    gaps = np.array([each.dual_gap for each in certificates])
    violations = np.array([each.kkt_violation for each in certificates])
    return gaps, violations


def check_path(
    family, X, y, w=None, *, kind="F", l1_ratio=1.0, penalty=None, options=(True, True),
    offset=None, n_alphas=20, ratio=0.01,
):  # fmt: skip
    """Return a path after the judge has certified it, and agreed with the core's own figures."""
    v, lower, upper = penalty or penalty_of("plain", X.shape[1])
    problem = _core.Glm(design_of(X, kind), y, w, offset, family, *options, 1)
    alphas = grid_for(problem, l1_ratio, v, lower, upper, n_alphas, ratio)
    path = problem.path(alphas, l1_ratio, v, lower, upper, 200, TOL, 1)
    gaps, violations = judge(
        path, X, y, alphas, family,
        l1_ratio=l1_ratio, sample_weight=w, offset=offset, penalty_factor=v, lower=lower,
        upper=upper, fit_intercept=options[0], standardize=options[1],
    )  # fmt: skip
    assert gaps.max() <= 1.05 * TOL
    np.testing.assert_allclose(path.dual_gap, gaps, atol=0.3 * TOL)
    np.testing.assert_allclose(path.kkt_violation, violations, atol=1e-7)
    assert set(path.status) <= {CONVERGED, NULL_MODEL}
    return path


@pytest.mark.parametrize("penalty", ["plain", "factors", "bounds"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05, 0.0])
@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_point_is_certified(family, kind, l1_ratio, penalty):
    X, y, w = make_data(family, kind, weights=True)
    check_path(family, X, y, w, kind=kind, l1_ratio=l1_ratio, penalty=penalty_of(penalty))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_unit_is_certified(family, kind, options):
    X, y, w = make_data(family, kind)
    offset = np.sin(np.arange(N))
    check_path(family, X, y, w, kind=kind, options=options, offset=offset, l1_ratio=0.8)


@pytest.mark.parametrize(("kind", "same"), [("float32", "F"), ("sparse float32 int64", "sparse")])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_matrix_gives_the_same_path(family, kind, same):
    X, y, w = make_data(family, same, weights=True)
    found = check_path(family, X, y, w, kind=kind)
    expected = check_path(family, X, y, w, kind=same)
    np.testing.assert_allclose(coefs_of(found, P), coefs_of(expected, P), atol=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
def test_dense_and_sparse_agree(family):
    X, y, w = make_data(family, "sparse", weights=True)
    found = check_path(family, X, y, w, kind="F")
    expected = check_path(family, X, y, w, kind="sparse")
    np.testing.assert_allclose(found.loss, expected.loss, atol=1e-7)
    np.testing.assert_allclose(coefs_of(found, P), coefs_of(expected, P), atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_null_model_has_its_closed_form(family):
    X, y, w = make_data(family, weights=True)
    problem = _core.Glm(design_of(X), y, w, None, family, True, True, 1)
    mean = w @ y
    link = np.log(mean)
    loss = w @ xlogy(y, y) - mean * np.log(mean)
    if family == "binomial":
        link = np.log(mean / (1 - mean))
        loss = -(mean * np.log(mean) + (1 - mean) * np.log(1 - mean))
    assert problem.null_intercept == pytest.approx(link, abs=1e-12)
    assert problem.null_loss == pytest.approx(loss, rel=1e-12)
    Z = (X - w @ X) / np.where(problem.scale > 0, problem.scale, np.inf)
    expected = Z.T @ (w * (y - mean))
    found = problem.null_correlations(*penalty_of("plain"), 100)
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_proportions_leave_out_their_own_entropy():
    X, _, _ = make_data("binomial")
    y = np.random.default_rng(3).random(N)
    path = check_path("binomial", X, y)
    assert 0.0 < path.loss[-1] < path.loss[0]


@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("family", FAMILIES)
def test_rows_without_weight_change_nothing(family, kind):
    X, y, w = make_data(family, kind, weights=True)
    alphas = 0.1 * np.geomspace(1.0, 0.01, 8)
    arguments = (alphas, 1.0, *penalty_of("plain"), 200, 1e-12, 1)
    kept = w > 0
    whole = _core.Glm(design_of(X, kind), y, w, None, family, True, True, 1)
    part = _core.Glm(design_of(X[kept], kind), y[kept], w[kept], None, family, True, True, 1)
    found, expected = (coefs_of(each.path(*arguments), P) for each in (whole, part))
    np.testing.assert_allclose(found, expected, atol=1e-6)


SEPARABLE = correlated(100, 20, 3)
HARD = {
    "separable": (SEPARABLE, "binomial", lambda X: (X[:, 0] + X[:, 1] > 0) * 1.0, {"ratio": 1e-6}),
    "one positive": (SEPARABLE, "binomial", lambda X: np.eye(1, 100, 5)[0], {"ratio": 1e-4}),
    "one count": (SEPARABLE, "poisson", lambda X: np.eye(1, 100, 5)[0], {"ratio": 1e-4}),
    "a count of 1e6": (
        SEPARABLE,
        "poisson",
        lambda X: response("poisson", X[:, 0]) + 1e6 * np.eye(1, 100, 7)[0],
        {"ratio": 1e-3},
    ),
    "mean/sd of 1e6": (SEPARABLE + 1e6, "binomial", None, {"ratio": 1e-4}),
    "duplicates": (np.hstack([SEPARABLE[:, :10]] * 2), "poisson", None, {"ratio": 1e-4}),
    "units of 1e-4 to 1e4": (
        SEPARABLE * np.logspace(-4, 4, 20),
        "binomial",
        None,
        {"ratio": 1e-4, "options": (True, False)},
    ),
    "three rows": (SEPARABLE[:3], "binomial", lambda X: np.array([0.0, 1.0, 1.0]), {}),
    "one column": (SEPARABLE[:, :1], "poisson", None, {"ratio": 1e-4}),
}
for size in (10.0, 30.0):
    signs = size * np.random.default_rng(5).choice([-1.0, 1.0], 100)
    HARD[f"offsets of {size}"] = (SEPARABLE, "binomial", None, {"offset": signs, "ratio": 1e-3})
for spread in (30.0, 300.0):
    wide = spread * np.random.default_rng(6).uniform(-1, 1, 100)
    HARD[f"exposures of e^{spread}"] = (SEPARABLE, "poisson", None, {"offset": wide})


@pytest.mark.parametrize("case", HARD)
def test_hard_problems_are_certified(case):
    X, family, make_y, options = HARD[case]
    y = make_y(X) if make_y else response(family, 0.7 * (X[:, 0] - X[:, 0].mean()), 2)
    path = check_path(family, X, y, n_alphas=50, **options)
    assert path.counts["evaluations"] <= 25 * 50


def test_huge_weights_beside_tiny_ones():
    X, y, _ = make_data("binomial")
    w = 10.0 ** np.random.default_rng(1).uniform(-8, 8, N)
    path = check_path("binomial", X, y, w / w.sum(), n_alphas=50)
    assert path.counts["rejects"] <= 20


@pytest.mark.parametrize("family", FAMILIES)
def test_offsets_of_300_are_certified(family):
    """Half of the rows are misfit by 300: the loss is flat there, and has to be softened first."""
    rng = np.random.default_rng(0)
    offset = 300.0 * rng.choice([-1.0, 1.0], 100)
    y = response(family, SEPARABLE[:, 0])
    path = check_path(family, SEPARABLE, y, offset=offset, n_alphas=10)
    assert path.counts["evaluations"] <= 150 * 10


def unpenalised(family, X, y):
    penalty = penalty_of("plain", X.shape[1])
    problem = _core.Glm(design_of(X), y, None, None, family, True, True, 1)
    return problem.path(np.array([0.01, 0.0]), 1.0, *penalty, 200, TOL, 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_alpha_0_solves_the_score_equations(family):
    X = correlated(200, 5)
    y = response(family, X[:, 0] - 0.5 * X[:, 1])
    path = unpenalised(family, X, y)
    assert list(path.status) == [CONVERGED, CONVERGED]
    assert np.isnan(path.dual_gap[1])
    eta = X @ coefs_of(path, 5)[1] + path.intercepts[1]
    mean = expit(eta) if family == "binomial" else np.exp(eta)
    score = np.c_[X, np.ones(200)].T @ (y - mean) / 200
    assert np.abs(score).max() <= 1e-10


def test_separation_has_a_status_only_where_nothing_holds_it():
    X = SEPARABLE
    y = (X[:, 0] + X[:, 1] > 0) * 1.0
    path = unpenalised("binomial", X, y)
    assert list(path.status) == [CONVERGED, SEPARATED]
    assert np.isfinite(coefs_of(path, 20)).all()
    problem = _core.Glm(design_of(X), y, None, None, "binomial", True, True, 1)
    v = np.ones(20)
    v[:2] = 0.0
    path = problem.path(np.array([0.1, 0.01]), 1.0, v, None, None, 200, TOL, 1)
    assert list(path.status) == [SEPARATED, SEPARATED]


@pytest.mark.parametrize(
    ("family", "value"), [("binomial", 0.0), ("binomial", 1.0), ("poisson", 0.0), ("poisson", 3.0)]
)
def test_a_constant_target_ends_at_once(family, value):
    X, _, _ = make_data(family)
    problem = _core.Glm(design_of(X), np.full(N, value), None, None, family, True, True, 1)
    path = problem.path(np.array([0.1, 0.01]), 1.0, *penalty_of("plain"), 200, TOL, 1)
    assert list(path.status) == [CONSTANT_TARGET, CONSTANT_TARGET]
    assert np.isfinite(path.intercepts).all()
    assert path.counts["passes"] == 0


def test_too_few_rounds_are_reported_with_the_gap_reached():
    X, y, _ = make_data("binomial")
    problem = _core.Glm(design_of(X), y, None, None, "binomial", True, True, 1)
    penalty = penalty_of("plain")
    alphas = grid_for(problem, 1.0, *penalty, n=3, ratio=1e-3)
    path = problem.path(alphas, 1.0, *penalty, 1, TOL, 1)
    gaps, _ = judge(path, X, y, alphas, "binomial")
    assert path.status[-1] == MAX_ROUNDS
    np.testing.assert_allclose(path.dual_gap, gaps, rtol=1e-2, atol=TOL)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_path_takes_a_few_passes_and_far_fewer_gram_matrices(family):
    X = correlated(2000, 60)
    eta = X[:, :10] @ np.linspace(-1, 1, 10)
    path = check_path(family, X, response(family, 0.7 * eta / eta.std()), n_alphas=100, ratio=1e-3)
    counts = path.counts
    assert counts["evaluations"] == path.rounds.sum() + 1
    assert counts["evaluations"] <= 350
    assert counts["passes"] <= 1.05 * counts["evaluations"]  # few columns are read twice
    assert counts["grams"] <= 25
    assert counts["rejects"] == 0


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_features_without_a_penalty_cost_no_gram_matrices(l1_ratio):
    X = correlated(300, 40)
    y = response("binomial", X[:, 0] - X[:, 3])
    v = np.ones(40)
    v[[0, 20]] = 0.0
    path = check_path(
        "binomial", X, y, penalty=(v, None, None), l1_ratio=l1_ratio, n_alphas=60, ratio=1e-2
    )
    assert path.counts["grams"] <= 25


def test_alphas_share_passes_over_tall_data():
    X = correlated(20_000, 60)
    y = response("binomial", X[:, :10] @ np.linspace(-1, 1, 10))
    path = check_path("binomial", X, y, n_alphas=40, ratio=1e-3)
    # Reads of the columns, of which two a step would be 1.7.
    assert path.counts["passes"] <= 0.87 * path.counts["evaluations"]


def test_most_columns_of_a_wide_matrix_are_certified_unread():
    X = correlated(100, 2000)
    y = response("binomial", X[:, :5].sum(axis=1))
    path = check_path("binomial", X, y, n_alphas=60)
    assert path.counts["column_products"] <= 0.4 * 60 * 2000
    assert path.counts["working_set"] <= 200


@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("l1_ratio", [0.0, 0.01, 0.1])
def test_many_more_columns_than_rows_need_no_gram_matrix_of_all(l1_ratio, family, kind):
    X = correlated(40, 600)
    eta = X[:, :5].sum(axis=1)
    path = check_path(family, X, response(family, eta / eta.std()), kind=kind, l1_ratio=l1_ratio)
    assert path.counts["working_set"] > 2 * 40
    assert path.counts["rounds"] <= 12 * 20


@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("family", FAMILIES)
def test_threads_change_no_bit(family, kind):
    X, y, _ = make_data(family, kind, n=12_000, p=40)
    answers = []
    for n_threads in (1, 2, 3):
        problem = _core.Glm(design_of(X, kind), y, None, None, family, True, True, n_threads)
        penalty = penalty_of("plain", 40)
        alphas = grid_for(problem, 1.0, *penalty, n=6)
        answers.append(problem.path(alphas, 1.0, *penalty, 200, TOL, n_threads))
    for other in answers[1:]:
        for name in ("values", "features", "intercepts", "loss", "dual_gap"):
            np.testing.assert_array_equal(getattr(other, name), getattr(answers[0], name))
        assert other.counts == answers[0].counts


@pytest.mark.parametrize("kind", ["F", "sparse"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_fold_is_the_path_of_the_other_rows(family, kind):
    X, y, w = make_data(family, kind, weights=True)
    offset = 0.3 * np.cos(np.arange(N))
    fold_ids = (np.arange(N) % 4).astype(np.int32) - 1
    problem = _core.Glm(design_of(X, kind), y, w, offset, family, True, True, 1)
    penalty = penalty_of("plain")
    alphas = grid_for(problem, 1.0, *penalty, n=8)
    folds = problem.crossval(fold_ids, 3, alphas, 1.0, *penalty, 200, 1e-10, 2)
    for fold in range(3):
        out = fold_ids == fold
        assert folds.weight[fold] == pytest.approx(w[out].sum())
        training = np.where(out, 0.0, w)
        alone = _core.Glm(
            design_of(X, kind), y, training / training.sum(), offset, family, True, True, 1
        ).path(alphas, 1.0, *penalty, 200, 1e-10, 1)
        found = coefs_of(folds.paths[fold], P)
        np.testing.assert_allclose(found, coefs_of(alone, P), atol=1e-9)
        eta = X @ coefs_of(alone, P).T + alone.intercepts + offset[:, None]
        np.testing.assert_allclose(
            folds.error[fold], mean_deviance(family, y[out], eta[out], w[out]), rtol=1e-10
        )
        np.testing.assert_allclose(
            folds.train_error[fold], mean_deviance(family, y, eta, training), rtol=1e-10
        )


def mean_deviance(family, y, eta, w):
    y = y[:, None]
    if family == "binomial":
        unit = 2 * (np.logaddexp(0, eta) - y * eta)
    else:
        unit = 2 * (np.exp(eta) - y * eta - (y - xlogy(y, y)))
    return w @ unit / w.sum()


def test_an_unknown_family_is_our_bug():
    X, y, _ = make_data("binomial")
    with pytest.raises(ValueError, match="no such family"):
        _core.Glm(design_of(X), y, None, None, "gamma", True, True, 1)
