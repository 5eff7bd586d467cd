"""Every way to hand over the same numbers gives the same answer, and leaves them alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from shrinkage import Settings, elastic_net_path
from tests import cases

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")


def layouts(X):
    padded = np.zeros((X.shape[0] + 3, X.shape[1]), order="F")
    padded[:-3] = X
    wide_rows = np.zeros((X.shape[0], X.shape[1] + 2))
    wide_rows[:, :-2] = X
    frozen = np.asfortranarray(X.copy())
    frozen.flags.writeable = False
    return {
        "F": np.asfortranarray(X),
        "C": np.ascontiguousarray(X),
        "F with a leading dimension": padded[:-3],
        "C with a leading dimension": wide_rows[:, :-2],
        "read-only": frozen,
        "every other row": np.repeat(X, 2, axis=0)[::2],
        "reversed": X[::-1, ::-1].copy()[::-1, ::-1],
        "big-endian": X.astype(">f8"),
        "list": X.tolist(),
        "CSC": sparse.csc_array(X),
        "CSR": sparse.csr_array(X),
        "COO": sparse.coo_array(X),
        "CSC matrix, 64-bit": _with_int64(sparse.csc_matrix(X)),
    }


def _with_int64(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


@pytest.mark.parametrize("design", ["tall", "wide", "moderately_wide"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_layouts_agree(design, l1_ratio):
    X, y = cases.DESIGNS[design](np.random.default_rng(0))
    weight = np.random.default_rng(1).integers(1, 4, len(y)).astype(float)
    options = {"l1_ratio": l1_ratio, "alphas": 12, "sample_weight": weight}
    reference = elastic_net_path(X, y, **options)
    scale = np.abs(reference.coef_path).max()
    for name, given in layouts(X).items():
        path = elastic_net_path(given, y, **options)
        message = f"{name}, {path.plan.name}"
        assert_allclose(path.alphas, reference.alphas, rtol=1e-10, err_msg=message)
        assert_allclose(
            path.coef_path, reference.coef_path, rtol=1e-6, atol=1e-8 * scale, err_msg=message
        )
        eta = reference.predict(np.asarray(X))
        assert_allclose(path.predict(given), eta, rtol=1e-6, atol=1e-7, err_msg=message)


@pytest.mark.parametrize("family", cases.NEWTON_FAMILIES)
@pytest.mark.parametrize("case", cases.some(design=("tall", "wide"), option="plain"), ids=str)
def test_layouts_agree_for_other_families(case, family):
    X, y = replace(case, family=family).data()
    options = {"l1_ratio": case.l1_ratio, "alphas": 6, "family": family}
    options |= {"settings": Settings(tol=1e-12)}
    reference = elastic_net_path(X, y, **options)
    scale = np.abs(reference.coef_path).max()
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])]).assign(y=y)
    named = elastic_net_path(frame, "y", **options)
    assert_allclose(named.coef_path, reference.coef_path, atol=1e-6 * scale)
    eta = reference.predict_linear(X)
    assert_allclose(reference.predict(X), reference.family.mean(eta))
    for name, given in layouts(X).items():
        path = elastic_net_path(given, y, **options)
        assert_allclose(path.alphas, reference.alphas, rtol=1e-10, err_msg=name)
        assert_allclose(path.coef_path, reference.coef_path, atol=1e-5 * scale, err_msg=name)
        assert_allclose(path.predict_linear(given), eta, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("design", ["tall", "wide", "mostly_zeros", "wide_mostly_zeros"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_float32_equals_float64_of_the_same_numbers(design, l1_ratio):
    X, y = cases.DESIGNS[design](np.random.default_rng(0))
    narrow = X.astype(np.float32)
    wide = narrow.astype(np.float64)
    first = elastic_net_path(narrow, y, l1_ratio=l1_ratio, alphas=12)
    second = elastic_net_path(wide, y, l1_ratio=l1_ratio, alphas=12)
    scale = np.abs(second.coef_path).max()
    assert_allclose(first.coef_path, second.coef_path, rtol=1e-6, atol=1e-8 * scale)
    assert_allclose(first.predict(narrow), second.predict(wide), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.bool_, object])
def test_integers_and_booleans_are_numbers(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(40, 5))
    y = X @ rng.normal(size=5) + rng.normal(size=40)
    path = elastic_net_path(X.astype(dtype), y, alphas=5)
    assert_allclose(path.coef_path, elastic_net_path(X.astype(float), y, alphas=5).coef_path)


@pytest.mark.parametrize(
    "case",
    cases.some(option="everything", family=("gaussian", *cases.NEWTON_FAMILIES)),
    ids=str,
)
def test_inputs_are_not_touched(case):
    X, y = case.data()
    options = case.options(X, y)
    before = X.copy()
    kept = {name: np.copy(value) for name, value in options.items()}
    y_before = y.copy()
    path = elastic_net_path(X, y, alphas=5, **options)
    path.predict(X)
    assert (before != X).sum() == 0
    np.testing.assert_array_equal(y, y_before)
    for name, value in kept.items():
        np.testing.assert_array_equal(options[name], value)


def test_columns_far_from_zero_equal_centred_ones():
    rng = np.random.default_rng(0)
    Z = rng.integers(-1000, 1000, size=(200, 8)) / 64.0  # exact after the shift
    y = Z[:, :3].sum(axis=1) + rng.normal(size=200)
    shift = Z.std(axis=0) * 1e6
    shift = np.round(shift * 64) / 64
    for l1_ratio in (1.0, 0.5, 0.0):
        near = elastic_net_path(Z, y, l1_ratio=l1_ratio, alphas=20)
        far = elastic_net_path(Z + shift, y, l1_ratio=l1_ratio, alphas=20)
        scale = np.abs(near.coef_path).max()
        assert_allclose(far.coef_path, near.coef_path, rtol=1e-7, atol=1e-9 * scale)
