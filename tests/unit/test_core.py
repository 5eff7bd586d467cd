"""The compiled module: X is held and read, never copied; results are views."""

import gc
import sys

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose

from shrinkage import _core
from shrinkage.penalties import ElasticNet

X = np.random.default_rng(0).normal(size=(40, 7))
COEFS = np.zeros((3, 7))
COEFS[1, 4] = 2.0
COEFS[2] = np.arange(7) - 3.5
INTERCEPTS = np.array([1.0, -2.0, 0.5])

DENSE = {
    "F": np.asfortranarray(X),
    "C": np.ascontiguousarray(X),
    "F, leading dimension": np.asfortranarray(X)[5:30],
    "C, leading dimension": np.ascontiguousarray(X)[:, 1:5],
    "float32": X.astype(np.float32),
    "one row": X[:1],
    "one column": np.asfortranarray(X)[:, 2:3],
    "one entry": X[:1, :1],
}


def sparse_design(matrix):
    return _core.sparse(matrix.data, matrix.indices, matrix.indptr, *matrix.shape)


def compressed(coefs):
    rows = scipy.sparse.csr_array(coefs)
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data


def expected(matrix):
    return np.asarray(matrix, dtype=float) @ COEFS[:, : matrix.shape[1]].T + INTERCEPTS


@pytest.mark.parametrize("matrix", DENSE.values(), ids=DENSE)
def test_linear_predictor_of_dense_columns(matrix):
    design = _core.dense(matrix)
    eta = _core.linear_predictor(design, *compressed(COEFS[:, : matrix.shape[1]]), INTERCEPTS)
    assert design.shape == matrix.shape
    assert not design.is_sparse
    assert eta.flags.f_contiguous
    np.testing.assert_allclose(eta, expected(matrix), atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_linear_predictor_of_sparse_columns(dtype, index):
    matrix = scipy.sparse.csc_array(np.where(X > 0.5, X, 0).astype(dtype))
    matrix.indices, matrix.indptr = matrix.indices.astype(index), matrix.indptr.astype(index)
    eta = _core.linear_predictor(sparse_design(matrix), *compressed(COEFS), INTERCEPTS)
    np.testing.assert_allclose(eta, expected(matrix.toarray()), atol=1e-13)


@pytest.mark.parametrize("matrix", DENSE.values(), ids=DENSE)
def test_a_design_holds_its_array_and_lets_it_go(matrix):
    before = sys.getrefcount(matrix)
    design = _core.dense(matrix)
    assert sys.getrefcount(matrix) == before + 1
    del design
    assert sys.getrefcount(matrix) == before


def test_a_sparse_design_holds_its_three_arrays_and_lets_them_go():
    matrix = scipy.sparse.csc_array(X)
    parts = (matrix.data, matrix.indices, matrix.indptr)
    before = [sys.getrefcount(part) for part in parts]
    design = sparse_design(matrix)
    assert [sys.getrefcount(part) for part in parts] == [count + 1 for count in before]
    del design
    assert [sys.getrefcount(part) for part in parts] == before


def test_views_of_a_result_outlive_it():
    design = _core.dense(np.asfortranarray(X))
    problem = _core.CrossProducts(design, X[:, 0].copy(), None, True, True, None, 0, 1)
    path = problem.path(np.array([0.5, 0.1]), 1.0, np.ones(7), None, None, 100, 1e-9, 1)
    values = path.values
    kept = values.copy()
    assert not values.flags.writeable
    del path, problem, design
    gc.collect()
    assert np.array_equal(values, kept)


@pytest.mark.parametrize("order", ["F", "C"])
def test_the_first_bad_entry_is_found_row_by_row(order):
    bad = np.array(X, order=order)
    assert _core.first_nonfinite(_core.dense(bad)) is None
    bad[7, 1] = bad[3, 5] = np.inf
    bad[3, 2] = np.nan
    assert _core.first_nonfinite(_core.dense(bad)) == (3, 2)
    assert _core.first_nonfinite(sparse_design(scipy.sparse.csc_array(bad))) == (3, 2)


def test_a_sum_that_overflows_is_not_a_bad_entry():
    assert _core.first_nonfinite(_core.dense(np.full((50, 3), 1.7e308))) is None


@pytest.mark.parametrize("matrix", [X[::2, ::2], X[::-1], X.astype(np.int64)])
def test_layouts_that_the_core_does_not_know_are_our_bug(matrix):
    with pytest.raises(RuntimeError, match="X"):
        _core.dense(matrix)


def test_the_instruction_set_has_a_name():
    assert _core.instruction_set() in {"baseline", "avx2"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_weights_shrink_in_one_pass_as_the_penalty_says(dtype, n_threads):
    rng = np.random.default_rng(0)
    weight = rng.normal(size=300_001).astype(dtype)
    second = np.square(rng.normal(size=weight.size)).astype(dtype)
    for is_squared in (True, False):
        made = weight.copy()
        _core.shrink_entries(made, second, is_squared, 1.25, 0.25, 0.5, 0.75, n_threads)
        metric = (np.sqrt(second) if is_squared else second).astype(float) * 1.25 + 0.25
        expected = ElasticNet(1.25, l1_ratio=0.4).prox(weight, 1.0 / metric)
        assert_allclose(made, expected, rtol=0, atol=4 * np.finfo(dtype).eps)
        assert ((made == 0) == (expected == 0)).mean() > 0.999
    made = weight.copy()
    _core.shrink_entries(made, None, False, 0.0, 0.5, 0.5, 0.75, n_threads)
    expected = ElasticNet(1.25, l1_ratio=0.4).prox(weight, 2.0)
    assert_allclose(made, expected, rtol=0, atol=4 * np.finfo(dtype).eps)
    with pytest.raises(TypeError):
        _core.shrink_entries(weight, second.astype(np.float16), True, 1.0, 1.0, 1.0, 1.0, 1)
