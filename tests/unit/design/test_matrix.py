"""X as one object: what is read in place, what is copied, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from shrinkage.design import as_matrix
from shrinkage.errors import ArgumentError, DataError, DataTypeError

ROWS = np.random.default_rng(0).normal(size=(6, 3))


def in_place(X):
    return {
        "F": np.asfortranarray(X),
        "C": np.ascontiguousarray(X),
        "F, leading dimension": np.asfortranarray(np.vstack([X, X]))[: len(X)],
        "C, leading dimension": np.ascontiguousarray(np.hstack([X, X]))[:, : X.shape[1]],
        "float32 F": np.asfortranarray(X, dtype=np.float32),
        "float32 C": np.ascontiguousarray(X, dtype=np.float32),
    }


def copied(X):
    wide = np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)
    shifted = np.frombuffer(b"\0" + X.tobytes(), dtype=np.uint8)[1:].view(X.dtype).reshape(X.shape)
    return {
        "strided both ways": wide[::2, ::2],
        "reversed": X[::-1][::-1][::-1],
        "big-endian": X.astype(">f8"),
        "float16": X.astype(np.float16),
        "longdouble": X.astype(np.longdouble),
        "int": (10 * X).astype(np.int16),
        "bool": X > 0,
        "unaligned": shifted,
        "broadcast": np.broadcast_to(X[0], X.shape),
        "float32, strided both ways": wide.astype(np.float32)[::2, ::2],
    }


@pytest.mark.parametrize("layout", in_place(ROWS))
@pytest.mark.parametrize("writeable", [True, False])
def test_whole_rows_or_columns_of_floats_are_read_in_place(layout, writeable):
    X = in_place(ROWS)[layout]
    X.flags.writeable = writeable
    matrix = as_matrix(X)
    assert np.shares_memory(matrix.source, X)
    assert matrix.kind == ("dense C" if layout.split()[-1] == "C" or "C," in layout else "dense F")
    assert matrix.shape == X.shape


@pytest.mark.parametrize("layout", copied(ROWS))
def test_everything_else_is_copied_in_fortran_order(layout):
    X = copied(ROWS)[layout]
    matrix = as_matrix(X)
    assert matrix.kind == "dense F"
    assert matrix.source.flags.f_contiguous
    assert matrix.source.dtype == (np.float32 if X.dtype == np.float32 else np.float64)
    assert not np.shares_memory(matrix.source, X)
    np.testing.assert_array_equal(matrix.source, X.astype(np.float64))


def test_row_major_is_copied_only_where_columns_are_asked_for():
    X = np.ascontiguousarray(ROWS)
    assert as_matrix(X).source is X
    matrix = as_matrix(X, columns=True)
    assert matrix.kind == "dense F"
    np.testing.assert_array_equal(matrix.source, X)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (6, 1)])
def test_one_row_and_one_column_are_column_by_column_already(shape):
    matrix = as_matrix(np.ascontiguousarray(ROWS[: shape[0], : shape[1]]), columns=True)
    assert matrix.kind == "dense F"
    assert matrix.shape == shape


@pytest.mark.parametrize(
    "X", [ROWS.tolist(), [tuple(row) for row in ROWS], ROWS.astype(object)], ids=type
)
def test_what_becomes_an_array_is_taken(X):
    np.testing.assert_array_equal(as_matrix(X).source, ROWS)


@pytest.mark.parametrize("container", [sparse.csc_array, sparse.csc_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_canonical_csc_is_read_in_place(container, dtype, index):
    X = container(np.where(ROWS > 0, ROWS, 0).astype(dtype))
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    matrix = as_matrix(X)
    assert matrix.kind == "sparse"
    assert np.shares_memory(matrix.source.data, X.data)
    assert np.shares_memory(matrix.source.indices, X.indices)


@pytest.mark.parametrize("form", ["csr", "coo", "lil", "dok", "bsr", "dia"])
def test_other_sparse_formats_are_converted(form):
    X = sparse.csc_array(np.where(ROWS > 0, ROWS, 0)).asformat(form)
    matrix = as_matrix(X)
    assert matrix.source.format == "csc"
    np.testing.assert_array_equal(matrix.source.toarray(), np.where(ROWS > 0, ROWS, 0))


def test_unsorted_and_duplicate_entries_are_merged_in_a_copy():
    X = sparse.csc_array(
        (np.array([1.0, 2.0, 4.0]), np.array([2, 0, 2]), np.array([0, 3])), shape=(3, 1)
    )
    before = X.indices.copy()
    np.testing.assert_array_equal(as_matrix(X).source.toarray(), [[2.0], [0.0], [5.0]])
    np.testing.assert_array_equal(X.indices, before)


def test_sparse_integers_become_float64():
    assert as_matrix(sparse.csc_array(ROWS > 0)).source.dtype == np.float64


@pytest.mark.parametrize(
    ("indices", "indptr"),
    [([0, 7], [0, 2]), ([-1, 0], [0, 2]), ([0, 1], [0, 2, 1, 2]), ([0, 1], [0, 5])],
)
def test_a_broken_sparse_matrix_is_refused_before_native_code_reads_it(indices, indptr):
    X = sparse.csc_array((3, len(indptr) - 1))
    X.data = np.ones(2)
    X.indices, X.indptr = np.array(indices, dtype=np.int32), np.array(indptr, dtype=np.int32)
    with pytest.raises(DataError, match="must be a valid sparse matrix"):
        as_matrix(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("convert", [np.asfortranarray, np.ascontiguousarray, sparse.csc_array])
def test_the_first_entry_that_is_not_finite_is_named(bad, convert):
    X = ROWS.copy()
    X[4, 0] = X[2, 1] = X[2, 2] = bad
    with pytest.raises(DataError, match=r"at X\[2, 1\]") as caught:
        as_matrix(convert(X))
    assert (caught.value.row, caught.value.column) == (2, 1)
    assert as_matrix(convert(X), check_finite=False).shape == X.shape


@pytest.mark.parametrize(
    ("X", "error"),
    [
        (ROWS[0], ArgumentError),
        (ROWS[None], ArgumentError),
        (np.ones((12, 0)), ArgumentError),
        (np.ones((0, 3)), ArgumentError),
        (ROWS + 1j, DataTypeError),
        (sparse.csc_array(ROWS + 1j), DataTypeError),
        (ROWS.astype(str), DataTypeError),
        (ROWS.astype("M8[s]"), DataTypeError),
        (np.ma.masked_array(ROWS, ROWS > 0), DataError),
        ([[1.0, 2.0], [3.0]], DataError),
        (None, DataTypeError),
        ("X", DataTypeError),
    ],
    ids=str,
)
def test_what_is_not_a_matrix_of_numbers_is_refused(X, error):
    with pytest.raises(error):
        as_matrix(X)


def test_a_sparse_vector_is_refused():
    vector = sparse.coo_array(np.ones(3))
    if vector.ndim == 2:
        pytest.skip("this SciPy has no sparse vectors")
    with pytest.raises(ArgumentError, match="Reshape your data"):
        as_matrix(vector)


def test_min_rows_is_for_fits():
    assert as_matrix(ROWS[:1]).shape == (1, 3)
    with pytest.raises(ArgumentError, match="at least 2 rows, got 1 sample"):
        as_matrix(ROWS[:1], min_rows=2)


def test_a_frame_of_numbers_gives_names_and_is_not_copied():
    frame = pd.DataFrame(np.asfortranarray(ROWS), columns=["a", "b", "c"])
    matrix = as_matrix(frame)
    assert matrix.names == ("a", "b", "c")
    assert np.shares_memory(matrix.source, frame.to_numpy())
    assert as_matrix(pd.DataFrame(ROWS)).names is None
