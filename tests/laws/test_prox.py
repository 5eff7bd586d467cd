"""Penalties are values: what their cost, their proximal step and their stationarity must obey."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import shrinkage.penalties
from shrinkage.errors import ArgumentError
from shrinkage.penalties import L1, L2, ElasticNet, GroupLasso, Penalty, SparseGroupLasso
from tests.cases import PENALTY_VALUES

SHAPE = (3, 4)
SEEDS = st.integers(0, 2**32 - 1)
every_penalty = pytest.mark.parametrize("name", PENALTY_VALUES)


def point(seed, decades=1.0):
    """Weights, some of them zero, and step sizes that span so many decades."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=SHAPE) * (rng.random(SHAPE) < 0.8)
    return x, 10.0 ** rng.uniform(-decades / 2, decades / 2, size=SHAPE), rng


def subclasses(cls):
    return {cls}.union(*(subclasses(child) for child in cls.__subclasses__()))


def test_every_penalty_is_in_the_table():
    ours = {c for c in subclasses(Penalty) if c.__module__.startswith("shrinkage.penalties.")} - {
        Penalty
    }
    assert {type(penalty) for penalty in PENALTY_VALUES.values()} == ours


@every_penalty
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS, diagonal=st.booleans())
def test_prox_minimises_its_own_definition(name, seed, diagonal):
    penalty = PENALTY_VALUES[name]
    x, step, rng = point(seed)
    step = step if diagonal else float(step[0, 0])

    def cost(z):
        return float(np.sum((z - x) ** 2 / (2 * np.asarray(step)))) + penalty.value(z)

    z = penalty.prox(x, step)
    least = cost(z)
    for size in (1e-6, 1e-3, 0.1, 1.0):
        for other in (z + size * rng.normal(size=SHAPE), z + size * (x - z), z * (1 - size)):
            assert least <= cost(other) + 1e-12 * max(1.0, least)
    labels = penalty.labels(SHAPE)
    for group in np.unique(labels):  # without one group, and with it as it came
        assert least <= cost(np.where(labels == group, 0.0, z)) + 1e-12
        assert least <= cost(np.where(labels == group, x, z)) + 1e-12


@every_penalty
@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS, decades=st.sampled_from([0.0, 2.0, 8.0]), strength=st.floats(-3.0, 3.0))
def test_prox_is_stationary_over_eight_decades_of_the_metric(name, seed, decades, strength):
    penalty = PENALTY_VALUES[name]
    x, step, _ = point(seed, decades)
    step = step * 10.0**strength
    z = penalty.prox(x, step)
    scale = max(1.0, np.abs(x / step).max())
    assert penalty.kkt_violation(z, (z - x) / step) <= 1e-10 * scale


@every_penalty
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_prox_never_lengthens_a_difference_in_its_metric(name, seed):
    penalty = PENALTY_VALUES[name]
    x, step, rng = point(seed, 4.0)
    other = x + rng.normal(size=SHAPE)
    moved = penalty.prox(x, step) - penalty.prox(other, step)
    assert np.sum(moved**2 / step) <= np.sum((x - other) ** 2 / step) * (1 + 1e-9)


@every_penalty
def test_prox_keeps_signs_and_zeros(name):
    penalty = PENALTY_VALUES[name]
    x, step, _ = point(5)
    z = penalty.prox(x, step)
    assert np.all(z * x >= 0)
    assert np.all(z[x == 0] == 0)
    assert np.all(np.abs(z) <= np.abs(x))
    assert not np.signbit(z[z == 0]).any()


@every_penalty
def test_value_and_prox_of_nothing(name):
    penalty = PENALTY_VALUES[name]
    assert penalty.value(np.zeros(SHAPE)) == 0.0
    assert_array_equal(penalty.prox(np.zeros(SHAPE)), np.zeros(SHAPE))
    assert penalty.kkt_violation(np.zeros(SHAPE), np.zeros(SHAPE)) == 0.0


@every_penalty
def test_value_by_plain_loops(name):
    penalty = PENALTY_VALUES[name]
    w, _, _ = point(3)
    labels = penalty.labels(SHAPE)
    weights = penalty.group_weights(labels)
    cost = sum(penalty.l1 * abs(v) + penalty.l2 / 2 * v * v for v in w.ravel())
    for group in set(labels.ravel().tolist()):
        cost += penalty.group * weights[group] * np.linalg.norm(w[labels == group])
    assert_allclose(penalty.value(w), cost, rtol=1e-14)


def test_closed_forms():
    x = np.array([3.0, -0.2, -1.5])
    assert_allclose(L1(0.5).prox(x, 2.0), [2.0, 0.0, -0.5])
    assert_allclose(L2(0.5).prox(x, 2.0), x / 2.0)
    assert_allclose(ElasticNet(1.0, 0.5).prox(x, 2.0), np.array([2.0, 0.0, -0.5]) / 2.0)
    w = np.array([[3.0], [4.0]])
    assert_allclose(GroupLasso(1.0, "whole", weights=1.0).prox(w), w * (1 - 1 / 5))
    assert_allclose(GroupLasso(1.0, "whole").prox(w), w * (1 - np.sqrt(2) / 5))
    assert_array_equal(GroupLasso(1.0, "whole").prox(w, 4.0), np.zeros_like(w))


@every_penalty
def test_the_mixtures_have_the_others_as_their_ends(name):
    x, step, _ = point(7, 4.0)
    pairs = [
        (ElasticNet(0.3, 1.0), L1(0.3)),
        (ElasticNet(0.3, 0.0), L2(0.3)),
        (SparseGroupLasso(0.3, l1_ratio=1.0), L1(0.3)),
        (SparseGroupLasso(0.3, l1_ratio=0.0), GroupLasso(0.3)),
        (GroupLasso(0.3, "kernel"), L1(0.3)),
        (GroupLasso(0.3, np.arange(12).reshape(SHAPE)), L1(0.3)),
        (GroupLasso(0.3, np.zeros(SHAPE, int)), GroupLasso(0.3, "whole")),
    ]
    for mixture, end in pairs:
        assert_allclose(mixture.prox(x, step), end.prox(x, step), rtol=1e-12, atol=1e-15)
        assert_allclose(mixture.value(x), end.value(x), rtol=1e-14)


def test_kkt_violation_measures_the_distance():
    assert L1(1.0).kkt_violation([2.0, 0.0], [-1.0, 0.9]) == 0.0
    assert L1(1.0).kkt_violation([2.0, 0.0], [-1.0, 1.5]) == pytest.approx(0.5)
    assert L1(1.0).kkt_violation([-2.0], [-1.0]) == pytest.approx(2.0)
    assert L2(0.5).kkt_violation([2.0], [-1.0]) == 0.0
    whole = GroupLasso(1.0, "whole", weights=5.0)
    assert whole.kkt_violation([0.0, 0.0], [3.0, 4.0]) == 0.0
    assert whole.kkt_violation([0.0, 0.0], [6.0, 8.0]) == pytest.approx(5.0)
    assert whole.kkt_violation([3.0, 4.0], [-3.0, -4.0]) == pytest.approx(0.0, abs=1e-15)


def test_labels():
    assert_array_equal(GroupLasso(1.0, "in").labels((2, 3)), [[0, 1, 2], [0, 1, 2]])
    assert_array_equal(GroupLasso(1.0, "out").labels((2, 3)), [[0, 0, 0], [1, 1, 1]])
    assert_array_equal(GroupLasso(1.0, "kernel").labels((2, 2, 3))[1, 1], [3, 3, 3])
    assert GroupLasso(1.0, "whole").labels((2, 3)).max() == 0
    assert_allclose(
        GroupLasso(1.0, "in").group_weights(GroupLasso(1.0).labels((4, 3))), np.full(3, 2.0)
    )


def test_equal_values_are_equal_and_hash_alike():
    index = [[0, 1], [1, 0]]
    for make in (
        lambda: L1(0.1),
        lambda: ElasticNet(0.1, 0.3, skip="bias"),
        lambda: GroupLasso(0.1, index, weights=[1.0, 2.0]),
        lambda: SparseGroupLasso(0.1, "out", l1_ratio=0.3),
    ):
        one, two = make(), make()
        assert one == two
        assert hash(one) == hash(two)
        assert len({one, two}) == 1
        assert copy.deepcopy(one) == one
        assert pickle.loads(pickle.dumps(one)) == one
    assert L1(0.1) != L2(0.1)
    assert L1(0.1) != L1(0.2)
    assert L1(0.1) != L1(0.1, skip="bias")
    assert GroupLasso(0.1) != GroupLasso(0.1, "out")
    assert GroupLasso(0.1) != SparseGroupLasso(0.1)
    assert GroupLasso(0.1, index) != GroupLasso(0.1, [[0, 0], [1, 1]])
    assert GroupLasso(0.1, weights=1.0) != GroupLasso(0.1)
    assert SparseGroupLasso(0.1, l1_ratio=0.2) != SparseGroupLasso(0.1, l1_ratio=0.3)


def test_values_cannot_be_changed_from_outside():
    index, weights = np.array([[0, 1]]), np.array([1.0, 2.0])
    penalty = GroupLasso(1.0, index, weights)
    index[:], weights[:] = 0, 9.0
    assert penalty == GroupLasso(1.0, [[0, 1]], [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        penalty.groups[0, 0] = 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L1(-1.0), "`alpha` must be a finite number >= 0, got -1.0"),
        (lambda: L2(np.inf), "`alpha` must be a finite number >= 0, got inf"),
        (lambda: ElasticNet(1.0, 1.5), r"`l1_ratio` must be between 0 \(ridge\) and 1"),
        (lambda: SparseGroupLasso(1.0, l1_ratio=-1), "`l1_ratio` must be"),
        (lambda: L1(1.0, skip=("bias", "weight")), "`skip` must hold only bias, norm, embedding"),
        (lambda: GroupLasso(1.0, "rows"), "`groups` must be one of 'in', 'out'"),
        (lambda: GroupLasso(1.0, [0.5, 1.0]), "`groups` must be one of"),
        (lambda: GroupLasso(1.0, [0, -1]), "`groups` must be one of"),
        (lambda: GroupLasso(1.0, [[0, 1], [0]]), "`groups` must be one of"),
        (lambda: GroupLasso(1.0, weights=-1.0), "`weights` must be None, a number >= 0"),
        (lambda: GroupLasso(1.0, weights="sqrt"), "`weights` must be None, a number >= 0"),
        (lambda: GroupLasso(1.0, weights=[1.0]).value(np.ones((2, 3))), "each of the 3 groups"),
        (lambda: GroupLasso(1.0, [0, 1]).value([1.0]), r"an array of the weight's shape \(1,\)"),
        (lambda: GroupLasso(1.0, "in").value(np.ones(3)), "`groups` can't be 'in' for weights"),
        (lambda: L1(1.0).prox([1.0], 0.0), "`step` must be a number > 0"),
        (lambda: L1(1.0).prox([1.0, 1.0], [1.0, np.nan]), "`step` must be a number > 0"),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_the_examples_of_the_docstrings():
    import doctest

    assert doctest.testmod(shrinkage.penalties).failed == 0
