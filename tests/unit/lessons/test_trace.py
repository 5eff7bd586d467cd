"""What `descent` refuses, what it counts, and its degenerate cases."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import shrinkage
from shrinkage.lessons.exercise import Exercise
from shrinkage.lessons.read import read
from shrinkage.lessons.steps import METHODS, Descent, ScaledColumns, soft
from shrinkage.lessons.trace import run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6)) + 1.0
Y = X[:, 0] - 2 * X[:, 3] + RNG.normal(size=40)


class Counting:
    """A matrix that counts how often it is read, in entries."""

    def __init__(self, values, read=None):
        self.values, self.shape = values, values.shape
        self.read = [0] if read is None else read

    @property
    def T(self):
        return Counting(self.values.T, self.read)

    def __matmul__(self, other):
        self.read[0] += self.values.size
        return self.values @ other

    def __getitem__(self, key):
        part = self.values[key]
        self.read[0] += part.size
        return part


def counted(matrix, l1, l2=0.0):
    mean = np.asarray(X.mean(axis=0))
    columns = ScaledColumns(matrix, mean, np.ones(6))
    curvature = ((X - mean) ** 2).mean(axis=0)
    return Descent(columns, Y - Y.mean(), curvature, l1, l2)


@pytest.mark.parametrize("method", list(METHODS))
def test_the_passes_are_those_that_the_matrix_saw(method):
    matrix = Counting(X)
    problem = counted(matrix, l1=0.0 if method == "gradient" else 0.3)
    steps = METHODS[method](problem, 0.1)
    for k in range(1, 6):
        next(steps)
        assert problem.columns.passes == matrix.read[0] / X.size
        if method != "coordinate":
            assert problem.columns.passes == 2 * k


def test_a_sweep_reads_the_columns_that_moved_twice():
    matrix = Counting(X)
    problem = counted(matrix, l1=0.8)
    steps = METHODS["coordinate"](problem, 0.0)
    first = next(steps)
    assert 0 < np.count_nonzero(first) < 6
    assert problem.columns.passes == 1 + np.count_nonzero(first) / 6


def test_a_sparse_pass_is_one_reading_of_the_stored_entries():
    dense = np.where(RNG.uniform(size=X.shape) < 0.3, X, 0.0)
    problem = counted(sparse.csc_array(dense), l1=1e9)
    next(METHODS["coordinate"](problem, 0.0))
    assert problem.columns.passes == 1.0
    problem.slope(problem.start)
    assert problem.columns.passes == 3.0


def test_the_trace_counts_from_the_start_and_the_step_size_apart():
    exercise = Exercise(read(X, Y), 0.1)
    for method in ("proximal", "accelerated", "subgradient"):
        trace = run(exercise, method, 7)
        assert trace.passes.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
        assert trace.setup_passes == 12  # 6 columns, so 6 products with Z'Z
    assert run(exercise, "coordinate", 2).setup_passes == 0
    assert 2 < run(exercise, "coordinate", 2).passes[-1] <= 4


@pytest.mark.parametrize("method", list(METHODS))
def test_sparse_X_is_not_widened(method, monkeypatch):
    def refuse(*_):
        raise AssertionError("X was made dense")

    for name in ("toarray", "todense"):
        monkeypatch.setattr(sparse.csc_array, name, refuse)
    thin = sparse.csc_array(np.where(RNG.uniform(size=X.shape) < 0.3, X, 0.0))
    trace = shrinkage.descent(thin, Y, 0.1, 0.0, method=method, n_steps=3)
    assert trace.excess[-1] < trace.excess[0]


def test_the_users_arrays_are_neither_changed_nor_copied():
    before = X.copy(), Y.copy()
    exercise = Exercise(read(X, Y), 0.1)
    assert exercise.X is X
    run(exercise, "coordinate", 3)
    assert np.array_equal(X, before[0])
    assert np.array_equal(Y, before[1])


def test_soft_is_the_proximal_map_of_the_absolute_value():
    t = np.array([-2.0, -0.5, 0.0, 0.3, 1.5])
    moved = soft(t, 0.5)
    grid = np.linspace(-3, 3, 6001)
    for start, end in zip(t, moved, strict=True):
        cost = (grid - start) ** 2 / 2 + 0.5 * np.abs(grid)
        assert (end - start) ** 2 / 2 + 0.5 * abs(end) <= cost.min() + 1e-12
    assert moved[1] == moved[2] == moved[3] == 0.0


def test_the_gradient_is_refused_where_there_is_none():
    with pytest.raises(shrinkage.ArgumentError) as caught:
        shrinkage.descent(X, Y, 0.1, 0.5, method="gradient")
    assert str(caught.value) == (
        '`l1_ratio` must be 0 with method="gradient", because |b| has no gradient at b = 0, '
        "got 0.5.\n"
        'Hint: method="subgradient" takes a slope of the kink for it, "proximal" treats |b| exactly'
    )


def test_without_a_penalty_there_is_a_gradient():
    trace = shrinkage.descent(X, Y, 0.0, method="gradient", n_steps=500)
    assert trace.excess[-1] <= trace.known_to
    expected = np.linalg.lstsq(np.column_stack([np.ones(40), X]), Y)[0]
    np.testing.assert_allclose(trace.coef[-1], expected[1:], rtol=1e-6)
    assert trace.intercepts[-1] == pytest.approx(expected[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "newton"}, "`method` must be one of 'gradient', 'subgradient', 'proximal'"),
        ({"alpha": -1.0}, "`alpha` must be a finite number >= 0, got -1.0"),
        ({"alpha": np.nan}, "`alpha` must be a finite number >= 0, got NaN"),
        ({"alpha": np.inf}, "`alpha` must be a finite number >= 0, got inf"),
        ({"l1_ratio": 1.5}, "`l1_ratio` must be between 0"),
        ({"n_steps": 0}, "`n_steps` must be an integer >= 1, got 0"),
        ({"n_steps": 2.0}, "`n_steps` must be an integer >= 1, got 2.0"),
        ({"fit_intercept": 1}, "`fit_intercept` must be True or False"),
        ({"X": np.where(X > 3, np.nan, X)}, "`X` must be finite, got NaN at"),
        ({"y": Y[:-1]}, "`y` must have one entry per row"),
        ({"y": "price"}, "`X` must be a data frame when `y` is the name of a column"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_arguments_are_named(change, words):
    arguments = {"X": X, "y": Y, "alpha": 0.1} | change
    with pytest.raises(shrinkage.ArgumentError) as caught:
        shrinkage.descent(**arguments)
    assert str(caught.value).startswith(words)


def test_a_frame_has_its_names_and_levels():
    frame = pd.DataFrame({"size": X[:, 0], "town": np.where(X[:, 1] > 1, "A", "B"), "price": Y})
    trace = shrinkage.descent(frame, "price", 0.05, n_steps=5)
    assert trace.names == ("size", "town=A", "town=B")
    assert trace.coef.shape == (6, 3)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("how", [(True, True), (True, False), (False, True)])
def test_a_constant_column_stays_out_and_is_not_counted(method, how):
    data = X.copy()
    data[:, 2] = 7.0
    options = {"fit_intercept": how[0], "standardize": how[1], "method": method, "n_steps": 50}
    with pytest.warns(shrinkage.DataWarning, match="constant"):
        trace = shrinkage.descent(data, Y, 0.05, 0.0, **options)
    assert not trace.coef[:, 2].any()
    assert trace.n_zeros[0] == 5
    assert trace.n_zeros[-1] == trace.n_zeros_certified == 0


@pytest.mark.parametrize("method", ["subgradient", "proximal", "accelerated", "coordinate"])
def test_a_constant_target_needs_no_step(method):
    trace = shrinkage.descent(X, np.full(40, 3.0), 0.1, 0.5, method=method, n_steps=4)
    assert not trace.coef.any()
    assert not trace.excess.any()
    assert trace.known_to == 0.0
    assert trace.intercepts.tolist() == [3.0] * 5
    assert trace.support_step == 0


@pytest.mark.parametrize("method", list(METHODS))
def test_only_constant_columns_leave_nothing_to_do(method):
    with pytest.warns(shrinkage.DataWarning, match="constant"):
        trace = shrinkage.descent(np.ones((5, 2)), Y[:5], 0.0, method=method, n_steps=3)
    assert not trace.coef.any()
    assert trace.n_zeros.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("p", [1, 40])
def test_one_column_and_more_columns_than_rows(method, p):
    data = np.random.default_rng(3).normal(size=(12, p))
    y = data[:, 0] + np.random.default_rng(4).normal(size=12)
    trace = shrinkage.descent(data, y, 0.3, 0.0, method=method, n_steps=400)
    assert trace.excess[-1] < 1e-2 * trace.excess[0]


def test_repr_says_where_it_ended():
    trace = shrinkage.descent(X, Y, 0.3, method="coordinate", n_steps=40)
    words = repr(trace)
    assert words.startswith(f"Trace(coordinate, 40 steps, {trace.passes[-1]:.0f} passes: excess ")
    assert words.endswith(f"{trace.n_zeros[-1]} exact zeros, certified {trace.n_zeros_certified})")
    assert trace.n_steps == 40


def test_the_support_is_found_only_if_it_stays():
    late = shrinkage.descent(X, Y, 0.3, method="proximal", n_steps=200)
    found = late.support_step
    assert found is not None
    assert found > 1
    assert shrinkage.descent(X, Y, 0.3, method="proximal", n_steps=found).support_step == found
    assert shrinkage.descent(X, Y, 0.3, method="proximal", n_steps=found - 1).support_step is None
