"""The folds: the documented rule word for word, and every way to give them."""

import numpy as np
import pytest
from sklearn.model_selection import (
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from shrinkage.errors import ArgumentError
from shrinkage.select.folds import assign_folds, make_splits

MASK = 2**64 - 1


def philox(seed, counter):
    """Philox4x64-10 of Salmon, Moraes, Dror, Shaw (2011), in plain integers."""
    words, keys = [counter, 0, 0, 0], [seed, 0]
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * words[0], 0xCA5A826395121157 * words[2]
        words = [
            (second >> 64) ^ words[1] ^ keys[0],
            second & MASK,
            (first >> 64) ^ words[3] ^ keys[1],
            first & MASK,
        ]
        keys = [(keys[0] + 0x9E3779B97F4A7C15) & MASK, (keys[1] + 0xBB67AE8584CAA73B) & MASK]
    return words


def fold_of(row, n_folds, seed):
    """The rule of the docstring, for one row and without NumPy."""
    block = range(row // n_folds * n_folds, (row // n_folds + 1) * n_folds)
    words = [philox(seed, 1 + i // 4)[i % 4] for i in block]
    return sorted(words).index(words[row % n_folds])


@pytest.mark.parametrize(("n", "n_folds", "seed"), [(23, 5, 0), (40, 10, 1), (9, 2, 2**64 - 1)])
def test_folds_follow_the_documented_rule(n, n_folds, seed):
    expected = [fold_of(row, n_folds, seed) for row in range(n)]
    np.testing.assert_array_equal(assign_folds(n, n_folds, seed), expected)


def test_a_part_of_the_rows_can_be_assigned_alone():
    whole = assign_folds(1000, 10, seed=7)
    # Blocks 40 to 59, that is words 400 to 599: 100 times four words after the start.
    generator = np.random.Philox(key=7)
    generator.advance(100)
    words = generator.random_raw(200).reshape(20, 10)
    part = (words[:, :, None] > words[:, None, :]).sum(axis=2).ravel()
    np.testing.assert_array_equal(whole[400:600], part)


def test_rows_of_weight_zero_are_in_no_fold_and_move_no_other():
    weights = np.ones(30)
    weights[[0, 7, 8, 29]] = 0.0
    folds = assign_folds(30, 4, 3, weights)
    assert (folds[weights == 0] == -1).all()
    np.testing.assert_array_equal(folds[weights > 0], assign_folds(26, 4, 3))


def test_whole_groups_are_held_out_together():
    groups = np.repeat(list("abcdef"), [5, 1, 4, 2, 3, 3])
    splits = make_splits(3, 18, groups=groups)
    assert splits.n_folds == 3
    for group in np.unique(groups):
        assert np.unique(splits.fold_ids[groups == group]).size == 1
    np.testing.assert_array_equal(np.bincount(splits.fold_ids), [6, 6, 6])


def test_groups_are_counted_among_rows_of_positive_weight():
    groups = np.array([0, 0, 1, 1, 2, 2])
    weights = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    with pytest.raises(ArgumentError, match="at most the number of groups, 2, got 3"):
        make_splits(3, 6, groups=groups, weights=weights)


@pytest.mark.parametrize(
    "cv",
    [
        KFold(3),
        list(KFold(3).split(np.zeros(10))),
        (pair for pair in KFold(3).split(np.zeros(10))),
        [
            (np.isin(np.arange(10), train), np.isin(np.arange(10), test))
            for train, test in KFold(3).split(np.zeros(10))
        ],
        PredefinedSplit([0] * 4 + [1] * 3 + [2] * 3),
    ],
    ids=["splitter", "list", "generator", "masks", "predefined"],
)
def test_splits_that_hold_out_every_row_once_become_fold_ids(cv):
    splits = make_splits(cv, 10)
    np.testing.assert_array_equal(splits.fold_ids, [0] * 4 + [1] * 3 + [2] * 3)
    assert splits.pairs is None
    pairs = list(KFold(3).split(np.zeros(10)))
    for (train, test), (expected_train, expected_test) in zip(splits, pairs, strict=True):
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)


@pytest.mark.parametrize(
    ("cv", "n_folds"), [(TimeSeriesSplit(3), 3), (RepeatedKFold(n_splits=2, n_repeats=2), 4)]
)
def test_other_splits_stay_pairs(cv, n_folds):
    splits = make_splits(cv, 12)
    assert splits.fold_ids is None
    assert splits.n_folds == len(splits.pairs) == n_folds
    assert list(map(len, splits)) == [2] * n_folds


def test_one_split_is_one_fold():
    splits = make_splits(ShuffleSplit(1, random_state=0), 10)
    assert splits.n_folds == 1
    assert sorted(set(splits.held_out_in())) == [-1, 0]


def test_held_out_in_names_the_last_fold_and_minus_one():
    splits = make_splits([([0, 1], [2, 3]), ([0, 2], [3])], 5)
    np.testing.assert_array_equal(splits.held_out_in(), [-1, -1, 0, 1, -1])


def test_a_splitter_gets_y_and_groups():
    splits = make_splits(LeaveOneGroupOut(), 6, groups=list("aabbcc"))
    np.testing.assert_array_equal(splits.fold_ids, [0, 0, 1, 1, 2, 2])


def test_fold_ids_override_an_integer():
    splits = make_splits(10, 5, fold_ids=[1, 0, -1, 1, 0.0])
    np.testing.assert_array_equal(splits.fold_ids, [1, 0, -1, 1, 0])
    assert splits.fold_ids.dtype == np.int32
    assert splits.n_folds == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cv": 1}, "`cv` must be an integer >= 2, got 1"),
        ({"cv": 7}, "at most the number of rows of positive weight, 6, got 7"),
        ({"cv": None}, "an integer >= 2, a scikit-learn splitter, or a list"),
        ({"cv": "loo"}, "an integer >= 2, a scikit-learn splitter, or a list"),
        ({"cv": KFold(7)}, "`cv` can't split these rows: Cannot have number of splits"),
        ({"cv": []}, "must give at least one split"),
        ({"cv": [1, 2]}, r"must give pairs \(train, test\), got 1 as split 0"),
        ({"cv": [([0], [6])]}, "positions from 0 to 5, got 6 in split 0"),
        ({"cv": [([-1], [0])]}, "positions from 0 to 5, got -1 in split 0"),
        ({"cv": [([0.5], [0])]}, "positions or masks of rows"),
        ({"cv": [([0, 0], [1])]}, "each row once, got a row twice in split 0"),
        ({"cv": [([0, 1], [1])]}, "got row 1 in both parts of split 0"),
        ({"cv": [([0, 1], [])]}, "hold out a row of positive weight in each fold, got none"),
        ({"cv": [([], [1])]}, "leave rows of positive weight to fit to"),
        ({"cv": 3, "seed": -1}, "`random_state` must be an integer >= 0, got -1"),
        ({"cv": 3, "seed": 2**64}, r"`random_state` must be less than 2\*\*64"),
        ({"cv": 4, "groups": [0, 0, 1, 1, 2, 2]}, "at most the number of groups, 3, got 4"),
        ({"cv": 3, "groups": [0, 1]}, "`groups` must have one entry per row"),
        ({"cv": 3, "groups": [[0]] * 6}, "`groups` must be one-dimensional"),
        ({"cv": [([0], [1])], "groups": [0] * 6}, "`groups` can't be given together"),
        ({"cv": KFold(2), "fold_ids": [0, 1] * 3}, "`fold_ids` can't be given together"),
        ({"groups": [0] * 6, "fold_ids": [0, 1] * 3}, "`fold_ids` can't be given together"),
        ({"fold_ids": [0, 1]}, "`fold_ids` must have one entry per row"),
        ({"fold_ids": [0, 1, 0, 1, 0, -2]}, r"got -2 at fold_ids\[5\]"),
        ({"fold_ids": [0.5, 1, 0, 1, 0, 1]}, r"got 0.5 at fold_ids\[0\]"),
        ({"fold_ids": [0, 1, np.nan, 1, 0, 1]}, r"got NaN at fold_ids\[2\]"),
        ({"fold_ids": list("ababab")}, "`fold_ids` must be one integer per row"),
        ({"fold_ids": [1, 2, 1, 2, 1, 2]}, "got none in fold 0"),
        ({"fold_ids": [0] * 6}, "leave rows of positive weight to fit to"),
        ({"fold_ids": [-1] * 6}, "must hold out some row"),
        (
            {"fold_ids": [0, 1] * 3, "weights": np.array([1.0, 0.0] * 3)},
            "got none in fold 1",
        ),
    ],
)
def test_folds_that_cannot_be_used_are_refused(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        make_splits(**({"cv": 10, "n": 6} | arguments))
